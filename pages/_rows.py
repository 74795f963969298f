"""The rows behind each number of a list, page by page, and the workbook of those to correct."""

import _ui as ui
import numpy as np
import pandas as pd
import streamlit as st
from _mending import show_mending
from _report import Seen
from _ui import t

from bulkmail import audience, limits, prepare, results, rows
from bulkmail.model import say

COLUMNS = {
    "source_row": say("Row"),
    "name": say("Full name"),
    "original_address": say("Address as written"),
    "suggestion": say("Suggestion"),
    "reason": say("Reason"),
    "left_out": say("Why left out by hand"),
    "details": say("Further reasons"),
    "addressing_note": say("What is wrong with it"),
}

FEW = 10  # rows that need no scrolling of their own


def show_rows(seen: Seen) -> None:
    """Draw the choice of rows, the rows, and what can be done with them."""
    choice, search, download = st.columns([5, 3, 3], vertical_alignment="bottom")
    with choice:
        behind = ui.choose(t("Show"), options_of(seen), "behind")
    find = search.text_input(t("Find"), key="lists-find", placeholder=t("part of a name or address"))
    with download:
        show_download(seen)
    places = rows.places(seen.every_row, **narrowed(seen, behind), find=find.strip())
    if not len(places):
        st.info(t("No rows."), icon=":material/check_circle:")
        return
    shown = page_of(seen.every_row, places, f"{behind} {find}")
    picked = show_table(shown, seen.may_mend)
    if seen.may_mend:
        show_mending(seen, places, shown.iloc[picked])
    elif seen.version is None:
        st.caption(t("Save the list to mend its rows here."))
    elif not seen.newest:
        st.caption(t("An earlier version stays as it is; the newest can be mended."))


def options_of(seen: Seen) -> dict[str, str]:
    """What rows can be asked for, each with its number."""
    report, likely = seen.report, seen.report.suggested
    words = {reason: t(text) for reason, text in audience.REASONS.items()}
    return {
        "out": t("All rows left out ({count})", count=report.excluded),
        **({"suggested": t("All rows with a suggestion ({count})", count=likely)} if likely else {}),
        **{reason: f"{words[reason]} ({count:,})" for reason, count in report.reasons.items()},
        **{name: f"{finding.code}: {t(finding.message)}" for name, finding in seen.behind.items()},
        "in": t("All rows that can be mailed ({count})", count=report.eligible),
        "all": t("All rows ({count})", count=report.rows),
    }


def narrowed(seen: Seen, behind: str) -> dict[str, object]:
    if behind == "suggested":
        return {"numbers": seen.every_row.loc[seen.every_row["suggestion"] != "", "source_row"].tolist()}
    return {
        "reason": behind if behind in seen.report.reasons else None,
        "excluded": {"out": True, "in": False}.get(behind),
        "numbers": seen.behind[behind].rows if behind in seen.behind else None,
    }


def page_of(every_row: pd.DataFrame, places: np.ndarray, about: str) -> pd.DataFrame:
    """Draw which rows of how many are shown, and a choice of pages where there are several; the rows of the page."""
    size = int(limits.ROWS_PER_PAGE.value)
    pages = -(-len(places) // size)
    words, choice = st.columns([2, 3], vertical_alignment="center")
    page = 1
    if pages > 1:
        with choice, st.container(horizontal=True, horizontal_alignment="right"):
            page = min(st.pagination(pages, key=f"lists-page-{about}"), pages)
    first = (page - 1) * size
    shown = every_row.iloc[places[first : first + size]]
    told = t("Rows {first} to {last} of {count}", first=first + 1, last=first + len(shown), count=len(places))
    words.caption(told)
    return shown


def show_table(shown: pd.DataFrame, can_mend: bool) -> list[int]:
    """Draw the rows of a page; the places among them that were picked."""
    words = {reason: t(text) for reason, text in audience.REASONS.items()}
    notes = {note: t(note) for note in shown["addressing_note"].unique() if note}
    table = results.harmless(rows.readable(shown, words | notes))
    heads = {name: t(word) for name, word in COLUMNS.items()}
    looks = {"hide_index": True, "column_config": heads, "alt": t("The rows behind")}
    looks["height"] = "content" if len(shown) <= FEW else 420  # what mends them stays in sight
    if not can_mend:
        st.dataframe(table, key="lists-rows", **looks)
        return []
    turn = st.session_state.get("lists-turn", 0)
    picked = st.dataframe(table, key=f"lists-rows-{turn}", on_select="rerun", selection_mode="multi-row", **looks)
    return [place for place in picked.selection.rows if place < len(shown)]


def show_download(seen: Seen) -> None:
    """Draw the way to the workbook of rows to correct: those left out, and those with a suggestion."""
    words = {reason: t(text) for reason, text in audience.REASONS.items()} | {prepare.LIKELY: t("Likely a slip")}
    captions = (t("Row"), t("Reason"), t("Suggestion"))
    marked = prepare.mark(ui.house(), seen.version) if seen.version else ""
    st.download_button(
        t("Rows to correct (XLSX)"),
        lambda: prepare.workbook_to_correct(ui.house(), seen.list, seen.report, words, seen.columns, captions, marked),
        "rejected-rows.xlsx", key="lists-rejects", icon=":material/download:", on_click="ignore", width="stretch",
        help=t("Correct them in a spreadsheet and bring the workbook back here."),
        disabled=not (seen.report.excluded or seen.report.suggested),
    )  # fmt: skip
