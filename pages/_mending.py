"""Mending rows in place: accept suggestions, leave rows out, correct one, merge a corrected workbook; each undoable."""

from collections.abc import Callable

import _ui as ui
import numpy as np
import pandas as pd
import streamlit as st
from _report import Seen
from _ui import t

from bulkmail import limits, mending, prepare, wiring
from bulkmail.adapters import mends
from bulkmail.errors import BulkmailError, InputError, StateError
from bulkmail.roles import Role

LANGUAGES = ("", "zh-Hant", "en")


def who() -> str:
    """Who mends, as written down in the history. InputError where nobody has said, or who is here may not."""
    if not ui.may(Role.AUTHOR):
        raise StateError("Your role lets you look at lists and not change them.")
    name = ui.person() or str(st.session_state.get("mender", "")).strip()
    if not name:
        raise InputError("Write your name: the history says who changed what.")
    return name


def show_who() -> None:
    """Draw who mends: as signed in, else where a person says so, kept while the browser is open."""
    if ui.person():
        st.caption(f":material/person: {ui.plain(ui.person())}")
        return
    st.text_input(
        t("Your name"), key="mender", persist_state="session", max_chars=100, autocomplete="name", width=420,
        placeholder=t("for the history of changes"),
    )  # fmt: skip


def show_mending(seen: Seen, places: np.ndarray, picked: pd.DataFrame) -> None:
    """Draw what can be done with the rows that were picked, or with all that are shown or on further pages."""
    rows = picked if len(picked) else seen.every_row.iloc[places]
    name, accept, out = st.columns([4, 3, 3], vertical_alignment="bottom")
    with name:
        show_who()
    with accept:
        show_accept(seen, rows)
    with out:
        show_leave_out(seen, rows)
    if len(picked) == 1:
        show_row(seen, picked)
    else:
        st.caption(t("Pick one row in the table to correct it, or several to accept or leave out only those."))


# ---------------------------------------------------------------- several rows


def show_accept(seen: Seen, rows: pd.DataFrame) -> None:
    count = int((rows["suggestion"] != "").sum())
    st.button(
        t("Accept {count} suggestions", count=count), icon=":material/done_all:", key="lists-accept", width="stretch",
        disabled=not count, on_click=do, args=(seen, "accepted", lambda: mending.accept(rows)),
        help=t("The suggested address takes the place of the one in the list. The upload stays as it was."),
    )  # fmt: skip


def show_leave_out(seen: Seen, rows: pd.DataFrame) -> None:
    out = rows[rows["left_out"] != ""] if "left_out" in rows else rows.head(0)
    if len(out):
        st.button(
            t("Take {count} rows in again", count=len(out)), icon=":material/undo:", key="lists-take-in",
            width="stretch", on_click=do, args=(seen, "taken_in", lambda: mending.take_in(out, out["source_row"])),
        )  # fmt: skip
        return
    with st.popover(t("Leave {count} rows out", count=len(rows)), icon=":material/person_remove:", width="stretch"):
        st.text_input(t("Why"), key="lists-why", max_chars=200, placeholder=t("for example: left the faculty"))
        st.button(
            t("Leave {count} rows out", count=len(rows)), key="lists-leave-out", type="primary", on_click=do,
            args=(seen, "left_out", lambda: mending.leave_out(rows, rows["source_row"], st.session_state["lists-why"])),
        )  # fmt: skip
        st.caption(t("No campaign with this list writes to them. A plan that was approved before keeps its people."))


def do(seen: Seen, what: str, changed: Callable[[], pd.DataFrame]) -> None:
    """Write down what a person did, if anything is changed by it; for callbacks."""
    try:
        by = who()
        prepare.mend(ui.house(), seen.version.id, what, changed(), who=by, now=wiring.now())
    except BulkmailError as problem:
        ui.report(problem)
    else:
        st.session_state["lists-turn"] = st.session_state.get("lists-turn", 0) + 1  # nothing is picked any more


# ---------------------------------------------------------------- one row


def show_row(seen: Seen, picked: pd.DataFrame) -> None:
    """Draw the cells of one row to correct."""
    row = int(picked["source_row"].iloc[0])
    own = prepare.mended_rows(ui.house(), seen.version.id, [row])
    names = mending.own_columns(own)[: int(limits.CELLS_TO_MEND.value)]
    key = f"lists-row-{seen.version.id}-{row}-{st.session_state.get('lists-turn', 0)}"
    with st.form(key):
        st.markdown(f"**{t('Row {row}', row=row)}**")
        show_as_uploaded(seen, row)
        for start in range(0, len(names), 3):
            for place, name in zip(st.columns(3), names[start : start + 3], strict=False):
                show_cell(place, own, name, f"{key}-{name}", seen.columns)
        told = {"key": f"{key}-go", "on_click": correct, "args": (seen, row, names, key)}
        st.form_submit_button(t("Save this row"), icon=":material/save:", type="primary", **told)


def show_cell(place: st.container, own: pd.DataFrame, name: str, key: str, columns: dict[str, str]) -> None:
    cell = str(own[name].iloc[0])
    header = ui.plain(columns.get("address" if name == "original_address" else name, name))
    if name == "language" and cell in LANGUAGES:
        words = {"": t("not known"), **ui.LANGUAGES}
        words["zh-Hant"], words["en"] = ui.LANGUAGES["zh-Hant"], ui.LANGUAGES["en"]
        place.selectbox(header, LANGUAGES, index=LANGUAGES.index(cell), format_func=words.get, key=key)
    else:
        place.text_input(header, cell, key=key)


def show_as_uploaded(seen: Seen, row: int) -> None:
    """Say what the file had in the cells of this row that were mended."""
    done = mends.mends(ui.house(), seen.version.id)
    first = done[done["source_row"] == row].drop_duplicates("column")
    for name, before in first.loc[first["column"] != mending.LEFT_OUT, ["column", "before"]].itertuples(index=False):
        header = seen.columns.get("address" if name == "original_address" else name, name)
        st.caption(ui.plain(t("{column} in the file: {cell}", column=header, cell=before or t("(empty)"))))


def correct(seen: Seen, row: int, names: list[str], key: str) -> None:
    cells = {name: st.session_state[f"{key}-{name}"] for name in names}
    do(seen, "edited", lambda: mending.edit(prepare.mended_rows(ui.house(), seen.version.id, [row]), row, cells))
