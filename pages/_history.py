"""Who changed what in a list, cell by cell, with a way to undo it; and corrected workbooks brought back."""

import _ui as ui
import pandas as pd
import streamlit as st
from _mending import do, show_who, who
from _report import Seen
from _ui import t

from bulkmail import limits, mending, prepare, rejects, results, versions, wiring
from bulkmail.adapters import mends
from bulkmail.errors import BulkmailError


def show_last(seen: Seen) -> None:
    """Draw the last change of a list, if it holds, with its undo."""
    done = mends.deeds(ui.house(), seen.version.id)
    held = done[~done["id"].isin(mending.undone(done)) & (done["what"] != "undone")]
    if held.empty:
        return
    last = held.iloc[-1]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/edit: {ui.plain(words_of(last))}")
        show_undo(seen, int(last["id"]), t("Undo"), "lists-undo-last")


def words_of(deed: pd.Series) -> str:
    """One deed in a line."""
    what = t("{what}: {count} rows", what=t(mending.DEEDS[deed["what"]]), count=deed["rows"])
    return " · ".join(part for part in (what, deed["who"], ui.clock(deed["at"])) if part)


def show_undo(seen: Seen, deed: int, label: str, key: str) -> None:
    if seen.may_mend:
        st.button(label, key=key, icon=":material/undo:", on_click=undo, args=(deed,))


def undo(deed: int) -> None:
    try:
        mends.undo(ui.house(), deed, who(), wiring.now())
    except BulkmailError as problem:
        ui.report(problem)
    else:
        st.session_state["lists-turn"] = st.session_state.get("lists-turn", 0) + 1


# ---------------------------------------------------------------- the whole history


def show_history(seen: Seen) -> None:
    """Draw every change of this version, newest first, the cells of one of them, and the way back for a workbook."""
    if seen.may_mend:
        show_who()
        show_workbook(seen)
    done = mends.deeds(ui.house(), seen.version.id)
    if done.empty:
        lesson = t("Accepted suggestions, corrected rows and rows left out by hand stand here, each with who and when.")
        ui.empty("history", t("Nothing was changed since the upload"), lesson)
        return
    gone = mending.undone(done)
    table = pd.DataFrame(
        {
            t("Number"): done["id"],
            t("When"): [ui.clock(at) for at in done["at"]],
            t("Who"): done["who"],
            t("What"): [what_of(deed) for deed in done.to_dict("records")],
            t("Rows"): done["rows"],
            t("Holds"): [t("undone") if deed in gone else t("yes") for deed in done["id"]],
        }
    )
    st.dataframe(results.harmless(table.iloc[::-1]), hide_index=True, key="lists-deeds", alt=t("What was changed"))
    show_deed(seen, done.iloc[::-1], gone)


def what_of(deed: dict[str, object]) -> str:
    if deed["what"] == "undone":
        return t("Undone: number {number}", number=deed["undoes"])
    fates = (f"{deed['about'][fate]:,} {t(word)}" for fate, word in versions.FATES.items() if fate in deed["about"])
    return "; ".join((t(mending.DEEDS[deed["what"]]), *fates))


def show_deed(seen: Seen, done: pd.DataFrame, gone: set[int]) -> None:
    words = {str(deed["id"]): f"{deed['id']} · {what_of(deed)}" for deed in done.to_dict("records")}
    choice, button = st.columns([5, 2], vertical_alignment="bottom")
    with choice:
        deed = int(ui.choose(t("Change"), words, "deed"))
    if deed not in gone:
        with button:
            show_undo(seen, deed, t("Undo this change"), "lists-undo")
    cells = mends.mends(ui.house(), seen.version.id, deed_id=deed)
    if len(cells):
        show_cells(cells, seen.columns)


def show_cells(cells: pd.DataFrame, columns: dict[str, str], key: str = "lists-cells") -> None:
    """Draw cells that changed: row, column, before and after."""
    headers = {**columns, "original_address": columns.get("address", ""), "left_out": t("Why left out by hand")}
    shown = cells.head(int(limits.ROWS_SHOWN.value))
    heads = {"source_row": t("Row"), "column": t("Column"), "before": t("Before"), "after": t("After")}
    named = shown[list(heads)].assign(column=shown["column"].map(lambda name: headers.get(name) or name))
    st.dataframe(results.harmless(named), hide_index=True, column_config=heads, key=key, alt=t("Cells"))
    st.caption(t("{shown} of {count} cells", shown=len(shown), count=len(cells)))


# ---------------------------------------------------------------- a workbook comes back


def show_workbook(seen: Seen) -> None:
    """Draw the way back for a workbook of rows to correct."""
    with st.expander(t("Bring a corrected workbook back"), icon=":material/upload_file:", key="lists-workbook"):
        st.markdown(t("The workbook under *Rows to correct* finds its rows by their numbers. Nothing else is touched."))
        key = f"lists-corrected-{st.session_state.get('lists-turn', 0)}"
        file = st.file_uploader(t("Corrected workbook"), type=["xlsx"], key=key)
        if file is None:
            return
        try:
            found = prepare.corrections(ui.house(), seen.version, file.getvalue())
        except BulkmailError as problem:
            st.error(ui.plain(t(problem)), icon=":material/block:")
            return
        show_corrections(seen, found)


def show_corrections(seen: Seen, found: rejects.Corrections) -> None:
    changed = found.cells["source_row"].nunique()
    st.markdown(t("{changed} of {rows} rows in the workbook were corrected.", changed=changed, rows=found.rows))
    if found.unknown:
        few = ", ".join(found.unknown[:5])
        st.warning(ui.plain(t("{count} rows are not in this list: {few}", count=len(found.unknown), few=few)))
    if not changed:
        return
    show_cells(found.cells, seen.columns, "lists-corrections")
    st.button(
        t("Merge {count} rows", count=changed), type="primary", icon=":material/merge:", key="lists-merge",
        on_click=do, args=(seen, "merged", lambda: found.cells),
    )  # fmt: skip
