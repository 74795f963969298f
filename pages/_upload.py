"""A list yet to be saved: the file, how it was read and corrected by hand, and saving it as a version."""

import math
from dataclasses import dataclass

import _reading
import _ui as ui
import streamlit as st
from _report import look, show_cards, show_found
from _rows import show_rows
from _ui import t
from streamlit.runtime.uploaded_file_manager import UploadedFile

from bulkmail import list_history, prepare, wiring
from bulkmail.adapters import database, lists
from bulkmail.errors import BulkmailError
from bulkmail.model import Finding, say
from bulkmail.roles import Role

HELD = "lists-held"  # the file of this session that is yet to be saved
VIEWS = {"found": say("What was found"), "rows": say("Every row"), "reading": say("How it was read")}


@dataclass(frozen=True)
class Pasted:
    """Text pasted into the box, as if it were an uploaded file."""

    text: str

    @property
    def file_id(self) -> str:
        """Another text is another file."""
        return "pasted-" + prepare.content_hash(self.getvalue())[:16]

    @property
    def name(self) -> str:
        """What it is called where it is saved."""
        return t("Pasted list")

    def getvalue(self) -> bytes:
        """The text as the bytes of a file."""
        return self.text.encode()


def show_uploader() -> UploadedFile | Pasted | None:
    """Draw where a file or text is given; once a file is, its name and a way to give another in its place."""
    if held := st.session_state.get(HELD):
        show_held(held)
        for _ in ("paste box", "lesson"):
            st.empty()  # they would stand there until the file is read
        return held
    st.file_uploader(
        t("A list as CSV, TSV, Excel (XLSX) or OpenDocument (ODS), up to 200 MB"),
        type=["csv", "tsv", "txt", "xlsx", "ods"],
        key="lists-file",
        on_change=hold,
    )
    with st.expander(t("Or paste addresses"), icon=":material/content_paste:", key="lists-paste"):
        text = st.text_area(
            t("Addresses or a table, as copied from a mail program or a spreadsheet"), key="lists-pasted", height=140,
            max_chars=2_000_000,
        )  # fmt: skip
    place = st.empty()  # which a text clears before it is judged
    if text.strip():
        return Pasted(text)
    lesson = t(
        "Encoding, delimiter, sheet and header are found by themselves, in Chinese, English and Portuguese, and "
        "can be corrected. Then every row is judged: who can be mailed, who cannot, and why. Nothing is sent, and "
        "the file stays on this machine."
    )
    with place:
        ui.empty("groups", t("Here stands what is in the file"), lesson)
    return None


def hold() -> None:
    """Keep the file beside its uploader, which copies all of it at each run, with every other person waiting; for a
    callback."""
    st.session_state[HELD] = st.session_state["lists-file"]


def let_go() -> None:
    """Forget the file that was given."""
    st.session_state.pop(HELD, None)


def show_held(file: UploadedFile) -> None:
    told = f":material/description: **{ui.plain(file.name)}** :gray[{math.ceil(file.size / 1000):,} kB]"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(told, width="content")
        st.button(t("Another file"), icon=":material/close:", type="tertiary", key="lists-another", on_click=let_go)


def show_upload(file: UploadedFile) -> None:
    """Draw a file that was read, and its report; the way to read it by hand where it could not be."""
    reading = None
    try:
        reading = _reading.read(file)
    except BulkmailError as error:
        st.error(ui.plain(t(error)), icon=":material/block:")
    if reading is None:
        try:
            _reading.show_choices(file, None)
        except BulkmailError:
            st.caption(t("Nothing in this file can be read as a list."))
        return
    head = st.container()
    _reading.show_sheets(file, reading)
    key = f"{file.file_id} {st.session_state.get(f'reading-{file.file_id}')}"
    seen = look(key, reading, reading.columns)
    with head:
        show_save(file, reading, seen.report.gate)
    show_cards(seen)
    view = ui.choose(t("Look at"), {name: t(word) for name, word in VIEWS.items()}, "seen", **ui.SEGMENTS)
    if view == "reading":
        _reading.show_reading(reading)
        _reading.show_encodings(file)
        _reading.show_choices(file, reading)
    else:
        {"found": show_found, "rows": show_rows}[view](seen)


def show_save(file: UploadedFile, reading: prepare.ListRead, gate: tuple[Finding, ...]) -> None:
    """Draw the name to save the list under and, where it looks bought or stale, the question where it is from."""
    name, save = st.columns([5, 1], vertical_alignment="bottom")
    with name:
        st.text_input(
            t("Save as"), file.name, key=f"lists-name-{file.file_id}", max_chars=200,
            help=t("Under the name of an earlier list it is a new version of it, which its campaigns use."),
        )  # fmt: skip
    save.button(
        t("Save the list"), type="primary", icon=":material/save:", key="lists-save", on_click=keep,
        args=(file, reading, gate), width="stretch", disabled=not ui.may(Role.AUTHOR),
    )  # fmt: skip
    if gate:
        show_gate(file, gate)
    before = lists.newest(ui.house(), name_of(file))
    if before:
        told = t(
            "A new version of {list}, of which there is one of {when}.",
            list=before.name,
            when=ui.clock(before.saved_at),
        )
        st.caption(ui.plain(told))
    st.caption(t("Not saved yet: a reload of this page forgets the file."))


def show_gate(file: UploadedFile, gate: tuple[Finding, ...]) -> None:
    told = (ui.plain(t(finding.message)) for finding in gate)
    signs = "  \n".join((f"**{t('This list looks bought or stale.')}**", *told))
    st.warning(signs, icon=":material/gpp_maybe:")
    st.text_input(
        t("Where does it come from, and since when have its people agreed?"), key=f"lists-origin-{file.file_id}",
        max_chars=500, placeholder=t("for example: sign-up sheets of the open day, March 2026"),
        help=t("It is kept with the list and shown among its versions."),
    )  # fmt: skip


def name_of(file: UploadedFile) -> str:
    return st.session_state.get(f"lists-name-{file.file_id}", "").strip() or file.name


def keep(file: UploadedFile, reading: prepare.ListRead, gate: tuple[Finding, ...]) -> None:
    """Save the list and have the page show it; for a callback."""
    by, origin = ui.who(), st.session_state.get(f"lists-origin-{file.file_id}", "")
    if not ui.may(Role.AUTHOR):
        return
    try:
        list_history.admit(gate, origin)
        saved = prepare.keep_list(ui.house(), name_of(file), reading, wiring.now(), who=by, origin=origin)
    except BulkmailError as error:
        ui.report(error)
        return
    about = {"list": saved.id, "rows": saved.rows}
    database.audit(ui.house(), by, "list.saved", about, wiring.now())
    versions = [version.id for version in database.lists(ui.house()) if version.name == saved.name]
    ui.take("list", str(min(versions)))
    ui.take("version", str(saved.id))
