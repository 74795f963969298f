"""Message: the letter as it is written, what tips 4 and 5 say of it, and how it looks to those who will read it."""

import _fields
import _letter
import _ui as ui
import _write
import streamlit as st
from _ui import t

from bulkmail import compose, plan, prepare, wiring
from bulkmail.adapters import database
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign


def main() -> None:
    ui.title(t("Message"), t("What will each person read?"))
    campaign = ui.campaign()
    if campaign is None:
        place = ui.empty("edit_note", t("No letter yet"), t("Begin a campaign on Home; its letter is written here."))
        place.page_link("home.py", label=t("To Home"), icon=":material/home:")
        return
    write, look = st.columns([4, 5], gap="medium")
    with write:
        _write.show_editor(campaign)
    with look:
        show_letter(campaign)


# ---------------------------------------------------------------- looking


@st.cache_resource(max_entries=32, show_spinner=False)
def letters_of(campaign_id: str, content: str) -> dict[str, compose.Letter]:
    """The letters of the draft with this content."""
    return prepare.letters_of(ui.house(), database.campaign(ui.house(), campaign_id))


def show_letter(campaign: Campaign) -> None:
    try:
        letters = letters_of(campaign.id, plan.campaign_hash(campaign))
        prepared = ui.prepared()
        findings = (
            prepared.findings if prepared else prepare.judge_letter(ui.house(), campaign, letters, now=wiring.now())
        )
    except BulkmailError as trouble:
        show_trouble(campaign, trouble)
        return
    findings = [finding for finding in findings if finding.tip in (4, 5)]
    ui.show_sum(findings)
    preview, checks, fields = st.tabs([t("Preview"), t("Checks"), t("Fields")], key="message-look")
    with preview:
        _letter.show_preview(campaign, letters, prepared)
    with checks:
        ui.show_findings(findings)
    with fields:
        _fields.show_fields(letters, prepared)


def show_trouble(campaign: Campaign, trouble: BulkmailError) -> None:
    """What keeps the letter from being read, with the line of its source."""
    st.error(ui.plain(t(trouble)), icon=":material/block:")
    line, about = trouble.values.get("line"), str(trouble.values.get("part", ""))
    source = {"body": campaign.body, "subject": campaign.subject, "preheader": campaign.preheader}.get(about, "")
    if isinstance(line, int) and 0 < line <= len(source.splitlines()):
        st.code(f"{line} | {source.splitlines()[line - 1]}", language=None, wrap_lines=True)
    st.caption(t("The preview comes back as soon as the letter can be read."))


ui.require_frame()
main()
