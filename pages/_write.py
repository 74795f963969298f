"""Where a letter is written: its words, its plain text, and the versions that were kept of it."""

from dataclasses import replace

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import compose, plan, prepare
from bulkmail.adapters import database, drafts, files
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign, say

FORMATS = {"md": "Markdown", "mjml": "MJML", "html": "HTML"}
LAYOUTS = {
    "notice.mjml": say("Notice"),
    "newsletter.mjml": say("Newsletter"),
    "invitation.mjml": say("Invitation"),
}
HEIGHT = 460  # pixels


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
    """Draw the fields of the letter; each is kept when it is left."""
    shown_behind = t("The words that an inbox shows behind the subject.")
    st.text_input(t("Subject"), campaign.subject, **kept(campaign, "subject"))
    st.text_input(t("Preheader"), campaign.preheader, help=shown_behind, **kept(campaign, "preheader"))
    show_manner(campaign)
    st.text_area(t("Text of the letter"), campaign.body, height=HEIGHT, **kept(campaign, "body"))
    at = database.saved_at(ui.house(), campaign.id)
    st.caption(t("Saved {time}. What you write is kept when you leave a field.", time=at and ui.clock(at)))
    if st.button(t("Choose the time"), icon=":material/calendar_month:", type="primary", key="message-onward"):
        ui.go("cadence")
    with st.expander(t("Plain text"), icon=":material/notes:"):
        show_text(campaign)
    with st.expander(t("Earlier versions"), icon=":material/history:"):
        show_versions(campaign)
    with st.expander(t("How to write fields, conditions and languages"), icon=":material/help:"):
        show_lesson()


def show_manner(campaign: Campaign) -> None:
    """Draw how the letter is written: for whom which language, in which form, and in which layout."""
    rules = {
        "both": t("Both languages, one's own first"),
        "column": t("As the list says of each person"),
        "zh-Hant": t("Chinese only"),
        "en": t("English only"),
    }
    known = {name: t(LAYOUTS[name]) if name in LAYOUTS else name for name in files.layouts(ui.house().home)}
    for place, name, label, options in zip(
        (st.container(), *st.columns(2)),
        ("language", "body_format", "layout"),
        (t("Language"), t("Written in"), t("Layout")),
        (rules, FORMATS, known),
        strict=True,
    ):
        chosen = getattr(campaign, name)
        place.selectbox(
            label, list(options), list(options).index(chosen) if chosen in options else 0, format_func=options.get,
            **kept(campaign, name),
        )  # fmt: skip


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs={Campaign: plan.campaign_hash})
def text_draft(campaign: Campaign, layout: str) -> str:
    """The plain text that is made from the letter, kept until that changes: each click draws it."""
    return compose.text_draft(campaign, layout=layout)


def show_text(campaign: Campaign) -> None:
    """Draw the plain text that goes beside the HTML: the one that is made, or the author's own."""
    if campaign.text:
        st.text_area(t("Your plain text"), campaign.text, height=220, **kept(campaign, "text"))
        st.button(
            t("Make it from the letter again"), icon=":material/autorenew:", key="message-text-made",
            on_click=bring_back, args=(campaign.id, {"text": ""}),
        )  # fmt: skip
        return
    try:
        made = text_draft(campaign, files.layout(ui.house().home, campaign.layout))
    except BulkmailError:
        st.caption(t("It is made from the letter as soon as that can be read."))
        return
    st.caption(t("It is made from the letter and follows it. The way to unsubscribe is added at its end."))
    st.code(made, language=None, wrap_lines=True, height=220)
    st.button(
        t("Write it yourself"), icon=":material/edit:", key="message-text-own",
        on_click=bring_back, args=(campaign.id, {"text": made}),
    )  # fmt: skip


def bring_back(campaign_id: str, parts: dict[str, str]) -> None:
    """Put these parts in the place of the draft's, and into the fields that show them."""
    draft = database.campaign(ui.house(), campaign_id)
    if draft is None:
        return
    ui.save(replace(draft, **parts))
    for part, value in parts.items():
        if f"message-{part}-{campaign_id}" in st.session_state:
            st.session_state[f"message-{part}-{campaign_id}"] = value


def show_versions(campaign: Campaign) -> None:
    """Draw the versions that were kept, what differs from the letter as it stands, and the way back."""
    now = {part: getattr(campaign, part) for part in drafts.VERSIONED}
    earlier = [version for version in drafts.versions(ui.house(), campaign.id) if dict(version.parts) != now]
    if not earlier:
        st.caption(t("None yet. A version is kept of every five minutes in which you write."))
        return
    times = {version.id: ui.clock(version.saved_at) for version in earlier}
    chosen = st.selectbox(t("Version of"), list(times), format_func=times.get, key=f"message-version-{campaign.id}")
    version = next((version for version in earlier if version.id == chosen), earlier[0])
    st.code(compose.differences(version.parts, now), language="diff", wrap_lines=True)
    st.button(
        t("Bring this version back"), icon=":material/restore:", key="message-bring-back",
        on_click=bring_back, args=(campaign.id, dict(version.parts)),
    )  # fmt: skip


def show_lesson() -> None:
    """Draw how fields, conditions, buttons and languages are written."""
    st.markdown(t("A field of the list, with words for people whose cell is empty:"))
    st.code("Dear {{ name | default('reader') }},", language=None)
    st.markdown(t("A sentence for some only:"))
    st.code("{% if Faculty %}Your faculty is {{ Faculty }}.{% endif %}", language=None)
    st.markdown(t("A section for each language, begun by a line of its own:"))
    st.code("<!-- language: zh-Hant -->\n\n<!-- language: en -->", language=None)
    st.markdown(t("A button, and a picture with its size:"))
    st.code("[Register](https://…){.button}\n![Map](https://…/map.png){width=552 height=300}", language=None)
    st.markdown(t("The sender's name and address and the link to unsubscribe are added at the end by themselves."))


def send_trial(prepared: prepare.Prepared, source_row: int) -> None:
    """Draw the way to send the letter that is shown to oneself."""
    with st.popover(t("Send it to me"), icon=":material/outgoing_mail:"):
        st.caption(t("One letter to one address: a plan of one. It counts for nobody, and nobody on the list gets it."))
        address = st.text_input(t("Your address"), ui.person(), key="message-trial-address")
        if st.button(t("Send the test letter"), type="primary", key="message-trial", disabled=not address):
            try:
                prepare.send_trial(ui.house(), prepared, source_row, address, by=ui.who(), now=ui.now())
                st.success(t("The test letter is on its way."), icon=":material/check_circle:")
            except BulkmailError as trouble:
                st.error(ui.plain(t(trouble)), icon=":material/block:")
