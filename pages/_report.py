"""What is in a list: who can be mailed, who cannot and why, and what was found, with a way to the rows behind each."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

from bulkmail import audience, charts, forecast, prepare, wiring
from bulkmail.adapters import database
from bulkmail.adapters.lists import ListVersion
from bulkmail.model import Finding
from bulkmail.roles import Role


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A list as the page looks at it: a file that was read or a saved version, what was found in it, and the header of
    each column in the file. Only the newest version can be mended."""

    list: prepare.ListRead | ListVersion
    report: prepare.Overview
    columns: dict[str, str]
    newest: bool = False

    @property
    def version(self) -> ListVersion | None:
        """The version that is looked at; None for a file that is not saved."""
        return self.list if isinstance(self.list, ListVersion) else None

    @property
    def every_row(self) -> pd.DataFrame:
        """Every row as it was judged, with its reason."""
        return self.report.every_row

    @property
    def may_mend(self) -> bool:
        """Whether who is here can change its rows."""
        return self.version is not None and self.newest and ui.may(Role.AUTHOR)

    @property
    def behind(self) -> dict[str, Finding]:
        """The findings that have rows, by what stands for each in the address."""
        found = enumerate(self.report.findings)
        return {f"{place}-{finding.code}": finding for place, finding in found if finding.rows}


@st.cache_resource(max_entries=2, ttl=600, show_spinner=False)
def _judged(
    key: str, known: str, _list: prepare.ListRead | ListVersion, _tell: Callable[[int, int], object]
) -> prepare.Overview:
    """The overview of a list, kept until something is learned of its people."""
    return prepare.overview(ui.house(), _list, now=wiring.now(), on_progress=_tell)


def look(key: str, seen: prepare.ListRead | ListVersion, columns: dict[str, str], newest: bool = False) -> Seen:
    """The list, judged; `key` changes whenever its table does."""
    told: list[tuple[int, int]] = []
    context = (None, get_script_run_ctx())
    with st.spinner(t("Judging every row…")), ThreadPoolExecutor(1, "", add_script_run_ctx, context) as beside:
        known = database.last_change(ui.house())
        work = beside.submit(_judged, key, known, seen, lambda *numbers: told.append(numbers))
        show_asking(work, told)
    return Seen(list=seen, report=work.result(), columns=columns, newest=newest)


def show_asking(work: Future, told: list[tuple[int, int]]) -> None:
    """Draw how far the questions to DNS have come (the last of `told`), until the work is done."""
    place = st.empty()
    while wait([work], timeout=0.3).not_done:
        if told:
            done, domains = told[-1]
            place.progress(done / domains, t("Asking DNS: {done} of {domains} domains", done=done, domains=domains))
    place.empty()


def show_cards(seen: Seen) -> None:
    """Draw the three numbers that add up, and how many letters will likely bounce."""
    report = seen.report
    ui.cards(
        (t("Rows"), report.rows, ""),
        (t("Can be mailed"), report.eligible, ui.share(report.eligible, report.rows)),
        (t("Left out"), report.excluded, ui.share(report.excluded, report.rows)),
        card_of_bounces(report.bounces),
    )
    st.caption(t("By the list alone. Whether people agreed depends on the purpose of a campaign: see Consent."))


def card_of_bounces(told: forecast.BounceForecast) -> tuple[str, str, str]:
    if told.reason or told.expected is None:
        return t("Likely to bounce"), t("unknown"), t("not enough data")
    return t("Likely to bounce"), f"{told.low90:,} – {told.high90:,}", t("of {of}, 9 times in 10", of=told.planned)


def show_bounces(told: forecast.BounceForecast) -> None:
    """Draw what the forecast of bounces rests on, or why there is none."""
    if told.reason:
        said = t(told.reason)
    else:
        digits = 1 if told.expected < 10 else 0
        said = t(
            "Of {planned} letters about {expected} will bounce, and nine times in ten {low} to {high}. It rests on "
            "{events} bounces in {campaigns} campaigns of your own; {reached} of these people had a letter before, the "
            "others are new, and new addresses bounce more.",
            planned=told.planned, expected=f"{told.expected:,.{digits}f}", low=told.low90, high=told.high90,
            events=told.events, campaigns=told.campaigns, reached=told.reached,
        )  # fmt: skip
    st.caption(f":material/query_stats: **{t('Likely to bounce')}** · {ui.plain(said)}")


# ---------------------------------------------------------------- what was found


def show_found(seen: Seen) -> None:
    """Draw why rows are left out, and the findings."""
    show_reasons(seen.report)
    if seen.report.bounces.planned:
        show_bounces(seen.report.bounces)
    st.subheader(t("What was found"), anchor=False)
    ui.show_findings(seen.report.findings, below=lambda finding: show_way(seen, finding))


def show_way(seen: Seen, finding: Finding) -> None:
    for name, one in seen.behind.items():
        if one is finding:
            st.button(
                t("Look at the {count} rows", count=len(finding.rows)), key=f"lists-behind-{name}", type="tertiary",
                icon=":material/table_rows:", on_click=look_behind, args=(name,),
            )  # fmt: skip


def look_behind(behind: str) -> None:
    ui.take("seen", "rows")
    ui.take("behind", behind)


def show_reasons(report: prepare.Overview) -> None:
    if not report.reasons:
        return
    words = {reason: t(text) for reason, text in audience.REASONS.items()}
    question = t("Why are rows left out?")
    labels = {**words, "rows": t("Rows"), "eligible": t("Can be mailed")}
    chart, table = st.columns(2, gap="medium")
    counts = {"rows": report.rows, "reasons": report.reasons, "eligible": report.eligible}
    figure = charts.exclusion_funnel(**counts, title=question, x=t("rows"), labels=labels)
    alt = charts.alt_text(question, {words[reason]: count for reason, count in report.reasons.items()})
    chart.plotly_chart(figure, theme="streamlit", key="lists-why", alt=alt, config={"displayModeBar": False})
    heads = (t("Reason"), t("Rows"), t("What to do"))
    told = ((words[reason], f"{count:,}", t(audience.explain(reason))) for reason, count in report.reasons.items())
    table.table(pd.DataFrame(told, columns=heads), hide_index=True, border="horizontal", alt=question)
