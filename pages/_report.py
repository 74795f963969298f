"""What is in a list: who can be mailed, who cannot and why, what was found, and the rows behind each number."""

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import audience, charts, limits, prepare, rejects, results, rows, wiring
from bulkmail.adapters import database
from bulkmail.model import Finding, say

COLUMNS = {
    "source_row": say("Row"),
    "name": say("Full name"),
    "original_address": say("Address as written"),
    "reason": say("Reason"),
    "details": say("Further reasons"),
    "suggestion": say("Suggestion"),
    "addressing_note": say("What is wrong with it"),
}


@st.cache_resource(max_entries=2, ttl=600, show_spinner=False)
def judged(key: str, known: str, _table: pd.DataFrame, _read: tuple[Finding, ...]) -> tuple:
    """The report on a list and its rows with their reasons, kept until something is learned of its people."""
    report = prepare.report_on_list(ui.house(), _table, _read, now=wiring.now())
    return report, rows.with_reasons(report.audience.eligible, report.audience.excluded)


def show_report(key: str, table: pd.DataFrame, read: tuple[Finding, ...], columns: dict[str, str]) -> None:
    with st.spinner(t("Judging every row…")):
        report, every_row = judged(key, database.last_change(ui.house()), table, read)
    people = report.audience
    ui.cards(
        (t("Rows"), people.rows, ""),
        (t("Can be mailed"), len(people.eligible), ui.share(len(people.eligible), people.rows)),
        (t("Left out"), len(people.excluded), ui.share(len(people.excluded), people.rows)),
    )
    st.caption(t("By the list alone. Whether people agreed depends on the purpose of a campaign: see Consent."))
    show_reasons(people)
    st.subheader(t("What was found"), anchor=False)
    ui.show_findings(report.findings)
    show_rows(people, every_row, report.findings, columns)


def show_reasons(people: audience.Audience) -> None:
    if not people.reasons:
        return
    words = {reason: t(text) for reason, text in audience.REASONS.items()}
    question = t("Why are rows left out?")
    labels = {**words, "rows": t("Rows"), "eligible": t("Can be mailed")}
    chart, table = st.columns(2, gap="medium")
    counts = {"rows": people.rows, "reasons": people.reasons, "eligible": len(people.eligible)}
    figure = charts.exclusion_funnel(**counts, title=question, x=t("rows"), labels=labels)
    alt = charts.alt_text(question, {words[reason]: count for reason, count in people.reasons.items()})
    chart.plotly_chart(figure, theme="streamlit", key="lists-why", alt=alt, config={"displayModeBar": False})
    heads = (t("Reason"), t("Rows"), t("What to do"))
    told = ((words[reason], f"{count:,}", t(audience.explain(reason))) for reason, count in people.reasons.items())
    table.table(pd.DataFrame(told, columns=heads), hide_index=True, border="horizontal", alt=question)


# ---------------------------------------------------------------- the rows behind


def show_rows(
    people: audience.Audience, every_row: pd.DataFrame, findings: tuple[Finding, ...], columns: dict[str, str]
) -> None:
    words = {reason: t(text) for reason, text in audience.REASONS.items()}
    named = {f"{place}-{finding.code}": finding for place, finding in enumerate(findings) if finding.rows}
    options = {
        "out": t("All rows left out ({count})", count=len(people.excluded)),
        **{reason: f"{words[reason]} ({count:,})" for reason, count in people.reasons.items()},
        **{key: f"{finding.code}: {t(finding.message)}" for key, finding in named.items()},
        "in": t("All rows that can be mailed ({count})", count=len(people.eligible)),
    }
    st.subheader(t("The rows behind"), anchor=False)
    choice, download = st.columns([5, 2], vertical_alignment="bottom")
    with choice:
        behind = ui.choose(t("Show"), options, "behind")
    narrowed = {
        "reason": behind if behind in people.reasons else None,
        "excluded": {"out": True, "in": False}.get(behind),
        "numbers": named[behind].rows if behind in named else None,
    }
    most = int(limits.ROWS_SHOWN.value)
    found, count = rows.behind(every_row, **narrowed, most=most)
    notes = {note: t(note) for note in found["addressing_note"].unique() if note}
    shown = results.harmless(rows.readable(found, words | notes))
    heads = {name: t(word) for name, word in COLUMNS.items()}
    st.dataframe(shown, hide_index=True, column_config=heads, key="lists-rows", alt=t("The rows behind"))
    st.caption(t("{shown} of {count} rows", shown=len(found), count=count))
    captions = (t("Row"), t("Reason"), t("Suggestion"))
    download.download_button(
        t("Rows left out, to correct (XLSX)"),
        lambda: rejects.reject_workbook(people.excluded, None, words, columns, captions),
        "rejected-rows.xlsx", key="lists-rejects", icon=":material/download:", on_click="ignore", width="stretch",
        disabled=people.excluded.empty,
    )  # fmt: skip
