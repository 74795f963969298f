"""Lists: what was read from a file, who on it can be mailed, and who cannot, and why."""

from dataclasses import replace

import _reading
import _ui as ui
import pandas as pd
import streamlit as st
from _report import show_report
from _ui import t
from streamlit.runtime.uploaded_file_manager import UploadedFile

from bulkmail import intake, prepare, rows, wiring
from bulkmail.adapters import database
from bulkmail.adapters.lists import ListVersion
from bulkmail.errors import BulkmailError

ui.require_frame()

NEW, SOME = "new", 1_000  # what stands for a list yet to come, and rows that an example is looked for in


def main() -> None:
    ui.title(t("Lists"), t("Can I trust this list?"))
    versions = {str(version.id): version for version in database.lists(ui.house())}
    chosen = choose_list(versions)
    if chosen != NEW:
        show_saved(versions[chosen])
    elif file := show_uploader():
        show_upload(file)


def choose_list(versions: dict[str, ListVersion]) -> str:
    """Draw the choice among saved lists and a new one: the newest of the campaign in hand where none was chosen."""
    campaign = ui.campaign()
    wanted = next((key for key, version in versions.items() if campaign and version.name == campaign.list_name), None)
    if campaign and st.session_state.get("lists-of") not in (None, campaign.id) and wanted:
        ui.take("list", wanted)
    st.session_state["lists-of"] = campaign.id if campaign else None
    words = {key: name_of(version) for key, version in versions.items()}
    first = {wanted: words[wanted]} if wanted else {}
    if not versions:
        return NEW
    choice, new = st.columns([5, 1], vertical_alignment="bottom")
    with choice:
        chosen = ui.choose(t("List"), {**first, **words, NEW: t("A new list, from a file")}, "list")
    new.button(
        t("Upload a file"), icon=":material/upload:", key="lists-new", on_click=start_new, disabled=chosen == NEW,
        width="stretch",
    )  # fmt: skip
    return chosen


def start_new() -> None:
    ui.take("list", NEW)


def name_of(version: ListVersion) -> str:
    return t("{list}, {rows} rows, saved {when}", list=version.name, rows=version.rows, when=ui.clock(version.saved_at))


# ---------------------------------------------------------------- a file


def show_uploader() -> UploadedFile | None:
    file = st.file_uploader(
        t("A list as CSV, TSV, Excel (XLSX) or OpenDocument (ODS), up to 200 MB"),
        type=["csv", "tsv", "txt", "xlsx", "ods"],
        key="lists-file",
    )
    if file is None:
        lesson = t(
            "Encoding, delimiter, sheet and header are found by themselves, in Chinese, English and Portuguese, and "
            "can be corrected. Then every row is judged: who can be mailed, who cannot, and why. Nothing is sent, and "
            "the file stays on this machine."
        )
        ui.empty("groups", t("Here stands what is in the file"), lesson)
    return file


def show_upload(file: UploadedFile) -> None:
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
    show_save(file, reading)
    with st.expander(t("How the file was read"), icon=":material/table_view:", key="lists-reading"):
        _reading.show_reading(reading)
        _reading.show_choices(file, reading)
    key = f"{file.file_id} {st.session_state.get(f'reading-{file.file_id}')}"
    show_report(key, reading.table, reading.findings, reading.columns)


def show_save(file: UploadedFile, reading: intake.Reading) -> None:
    name, save = st.columns([5, 1], vertical_alignment="bottom")
    with name:
        st.text_input(
            t("Save as"), file.name, key=f"lists-name-{file.file_id}", max_chars=200,
            help=t("Under the name of an earlier list it is a new version of it, which its campaigns use."),
        )  # fmt: skip
    save.button(
        t("Save the list"), type="primary", icon=":material/save:", key="lists-save", on_click=keep,
        args=(file, reading), width="stretch",
    )  # fmt: skip
    st.caption(t("Not saved yet: a reload of this page forgets the file."))


def keep(file: UploadedFile, reading: intake.Reading) -> None:
    name = st.session_state[f"lists-name-{file.file_id}"].strip() or file.name
    try:
        saved = prepare.save_list(ui.house(), name, reading, prepare.content_hash(file.getvalue()), wiring.now())
    except BulkmailError as error:
        ui.report(error)
        return
    database.audit(ui.house(), ui.who(), "list.saved", {"list": saved.id, "rows": saved.rows}, wiring.now())
    ui.take("list", str(saved.id))


# ---------------------------------------------------------------- a saved list


def show_saved(version: ListVersion) -> None:
    show_use(version)
    table = table_of(version.id)
    with st.expander(t("How the file was read"), icon=":material/table_view:", key="lists-columns"):
        _reading.show_columns(dict(version.meta.get("columns", {})), rows.examples(table.head(SOME)))
        st.caption(t("To read it another way, upload the file again."))
    show_report(version.content_hash, table, (), dict(version.meta.get("columns", {})))


@st.cache_resource(max_entries=2, ttl=600, show_spinner=False)
def table_of(list_id: int) -> pd.DataFrame:
    return database.load_list(ui.house(), list_id)


def show_use(version: ListVersion) -> None:
    campaign = ui.campaign()
    if campaign is None:
        if st.button(t("Begin a campaign"), type="primary", icon=":material/campaign:", key="lists-begin"):
            ui.go("home")
    elif campaign.list_name == version.name:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(t("Go on to consent"), type="primary", icon=":material/handshake:", key="lists-next"):
                ui.go("consent")
            st.badge(t("In use by the campaign in hand, in its newest version"), icon=":material/check:", color="green")
    else:
        st.button(
            t("Use it for {campaign}", campaign=ui.plain(campaign.name)), type="primary", icon=":material/task_alt:",
            key="lists-use", on_click=use, args=(campaign.id, version.name),
        )  # fmt: skip


def use(campaign_id: str, name: str) -> None:
    draft = database.campaign(ui.house(), campaign_id)
    if draft:
        ui.save(replace(draft, list_name=name))


main()
