"""Lists: who on a list can be mailed, who cannot, and why; mended in place, version by version."""

from dataclasses import replace

import _reading
import _ui as ui
import streamlit as st
from _history import show_history, show_last
from _report import Seen, look, show_cards, show_found
from _rows import show_rows
from _ui import t
from _upload import let_go, show_upload, show_uploader
from _versions import show_versions, version_words

from bulkmail import prepare
from bulkmail.adapters import database
from bulkmail.adapters.lists import ListVersion
from bulkmail.model import say

ui.require_frame()

NEW = "new"  # what stands for a list yet to come
VIEWS = {
    "found": say("What was found"),
    "rows": say("Rows, to mend"),
    "versions": say("Versions"),
    "history": say("What was changed"),
    "reading": say("How it was read"),
}


def main() -> None:
    ui.title(t("Lists"), t("Can I trust this list?"))
    chosen, known = choose_list(by_name(database.lists(ui.house())))
    if chosen == NEW:
        if file := show_uploader():
            show_upload(file)
    else:
        let_go()
        show_saved(choose_version(known), known)


def by_name(saved: list[ListVersion]) -> dict[str, list[ListVersion]]:
    """The versions of each list, newest first, by the id of its first version, which is what stands in the address."""
    names: dict[str, list[ListVersion]] = {}
    for version in saved:
        names.setdefault(version.name, []).append(version)
    return {str(min(version.id for version in versions)): versions for versions in names.values()}


def choose_list(known: dict[str, list[ListVersion]]) -> tuple[str, list[ListVersion]]:
    """Draw the choice among saved lists and a new one: that of the campaign in hand where none was chosen."""
    campaign = ui.campaign()
    wanted = next((key for key, [first, *_] in known.items() if campaign and first.name == campaign.list_name), None)
    if campaign and st.session_state.get("lists-of") not in (None, campaign.id) and wanted:
        ui.take("list", wanted)
    st.session_state["lists-of"] = campaign.id if campaign else None
    if not known:
        return NEW, []
    words = {key: f"{first.name} · {version_words(first)}" for key, [first, *_] in known.items()}
    first = {wanted: words[wanted]} if wanted else {}
    choice, new = st.columns([5, 1], vertical_alignment="bottom")
    with choice:
        chosen = ui.choose(t("List"), {**first, **words, NEW: t("A new list, from a file")}, "list")
    new.button(
        t("Upload a file"), icon=":material/upload:", key="lists-new", on_click=ui.take, args=("list", NEW),
        disabled=chosen == NEW, width="stretch",
    )  # fmt: skip
    return chosen, known.get(chosen, [])


def choose_version(known: list[ListVersion]) -> ListVersion:
    """Draw the choice of a version where there are several."""
    if len(known) == 1:
        return known[0]
    newest, words = known[0], {str(version.id): version_words(version) for version in known}
    words[str(newest.id)] = t("{version} (the newest)", version=words[str(newest.id)])
    chosen = ui.choose(t("Version"), words, "version")
    return next(version for version in known if str(version.id) == chosen)


# ---------------------------------------------------------------- a saved list


def show_saved(version: ListVersion, known: list[ListVersion]) -> None:
    newest = version.id == known[0].id
    if newest:
        show_use(version)
    else:
        st.info(t("An earlier version, to read and compare. Campaigns use the newest."), icon=":material/history:")
    list_hash = prepare.list_hash(ui.house(), version)
    seen = look(f"{version.id} {list_hash}", version, dict(version.meta.get("columns", {})), newest)
    show_cards(seen)
    if list_hash != version.meta["file_hash"]:  # something is mended
        show_last(seen)
    view = ui.choose(t("Look at"), {name: t(word) for name, word in VIEWS.items()}, "seen", **ui.SEGMENTS)
    if view == "versions":
        show_versions(seen, known)
    elif view == "reading":
        show_columns(seen)
    else:
        {"found": show_found, "rows": show_rows, "history": show_history}[view](seen)


def show_columns(seen: Seen) -> None:
    _reading.show_columns(seen.columns, prepare.examples_of(ui.house(), seen.list))
    st.caption(t("To read it another way, upload the file again."))


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
