"""Message: the letter as it is written, what tips 4 and 5 say of it, and how it looks to those who will read it."""

from dataclasses import replace

import _letter
import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import compose, plan, prepare, wiring
from bulkmail.adapters import database
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign

FORMATS = {"md": "Markdown", "mjml": "MJML", "html": "HTML"}


def main() -> None:
    ui.title(t("Message"), t("What will each person read?"))
    campaign = ui.campaign()
    if campaign is None:
        place = ui.empty("edit_note", t("No letter yet"), t("Begin a campaign on Home; its letter is written here."))
        place.page_link("home.py", label=t("To Home"), icon=":material/home:")
        return
    write, look = st.columns([10, 11], gap="medium")
    with write:
        show_editor(campaign)
    with look:
        show_letter(campaign)


# ---------------------------------------------------------------- writing


def keep(campaign_id: str, part: str, key: str) -> None:
    """Keep one changed part of the draft: called when its field changes, never by a mere rerun."""
    draft, value = database.campaign(ui.house(), campaign_id), st.session_state[key]
    if draft and value is not None:
        ui.save(replace(draft, **{part: value}))


def kept(campaign: Campaign, part: str) -> dict[str, object]:
    """What makes a field the editor of one part of the draft."""
    key = f"message-{part}-{campaign.id}"
    return {"key": key, "on_change": keep, "args": (campaign.id, part, key)}


def show_editor(campaign: Campaign) -> None:
    rules = {
        "both": t("Both languages for everybody"),
        "column": t("As the list says of each person"),
        "zh-Hant": t("Chinese only"),
        "en": t("English only"),
    }
    shown_behind = t("The words that an inbox shows behind the subject.")
    st.text_input(t("Subject"), campaign.subject, **kept(campaign, "subject"))
    st.text_input(t("Preheader"), campaign.preheader, help=shown_behind, **kept(campaign, "preheader"))
    rule, written = st.columns(2)
    rule.selectbox(
        t("Language"), list(rules), list(rules).index(campaign.language), format_func=rules.get,
        **kept(campaign, "language"),
    )  # fmt: skip
    written.selectbox(
        t("Written in"), list(FORMATS), list(FORMATS).index(campaign.body_format), format_func=FORMATS.get,
        **kept(campaign, "body_format"),
    )  # fmt: skip
    st.text_area(t("Text of the letter"), campaign.body, height=_letter.HEIGHT, **kept(campaign, "body"))
    saved, onward = st.columns([3, 2], vertical_alignment="top")
    at = database.saved_at(ui.house(), campaign.id)
    saved.caption(t("Saved {time}. What you write is kept when you leave a field.", time=at and ui.clock(at)))
    if onward.button(t("Choose the time"), icon=":material/calendar_month:", type="primary", key="message-onward"):
        ui.go("cadence")
    with st.expander(t("How to write fields, conditions and languages"), icon=":material/help:"):
        show_lesson()


def show_lesson() -> None:
    st.markdown(t("A field of the list, with words for people whose cell is empty:"))
    st.code("Dear {{ name | default('reader') }},", language=None)
    st.markdown(t("A sentence for some only:"))
    st.code("{% if Faculty %}Your faculty is {{ Faculty }}.{% endif %}", language=None)
    st.markdown(t("A section for each language, begun by a line of its own:"))
    st.code("<!-- language: zh-Hant -->\n\n<!-- language: en -->", language=None)
    st.markdown(t("The sender's name and address and the link to unsubscribe are added at the end by themselves."))


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
        _letter.show_fields(letters, prepared)


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
