"""Sender: who signs the letter, what DNS says of that name, and what to ask of those who keep the DNS."""

from dataclasses import replace

import _ui as ui
import streamlit as st
from _providers import show_providers
from _seed import show_seed
from _ui import t
from _watching import show_watching

from bulkmail import prepare, wiring
from bulkmail.adapters import catalogue, database
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign, Outcome
from bulkmail.tips import addressing, sender_requirements

ui.require_frame()


def main() -> None:
    ui.title(t("Sender"), t("Will the mailbox providers accept us?"))
    campaign = ui.campaign()
    if campaign is None:
        lesson = t("Who signs the letter, and what DNS says about that name. Begin a campaign on Home first.")
        place = ui.empty("verified_user", t("No sender yet"), lesson)
        place.page_link("home.py", label=t("To Home"), icon=":material/home:")
        return
    sign, look = st.columns([2, 3], gap="medium")
    with sign:
        show_identity(campaign)
    with look:
        show_report(campaign)
    show_rest(campaign)


# ---------------------------------------------------------------- who signs


def keep(campaign_id: str, field: str, key: str) -> None:
    """Keep one changed part of the sender: called when its widget changes, never by a mere rerun."""
    draft, value = database.campaign(ui.house(), campaign_id), st.session_state[key].strip()
    if draft:
        ui.save(replace(draft, sender=replace(draft.sender, **{field: value})))


def part(campaign: Campaign, field: str) -> dict[str, object]:
    """What makes a widget the editor of one part of the sender."""
    key = f"sender-{field}-{campaign.id}"
    return {"value": getattr(campaign.sender, field), "key": key, "on_change": keep, "args": (campaign.id, field, key)}


def show_identity(campaign: Campaign) -> None:
    st.subheader(t("Who signs the letter"), anchor=False)
    st.text_input(t("Name"), help=t("What an inbox shows as the sender."), **part(campaign, "name"))
    st.text_input(t("From address"), type="email", **part(campaign, "address"))
    st.text_input(
        t("Answers go to"), type="email", help=t("An address that somebody reads."), **part(campaign, "reply_to")
    )
    st.text_input(t("Organisation"), **part(campaign, "organisation"))
    lesson = t("Laws of many places ask for it in every letter; it stands at the end with the link to unsubscribe.")
    st.text_area(t("Postal address"), height=100, help=lesson, **part(campaign, "postal_address"))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("Go on to the review"), icon=":material/send:", type="primary", key="sender-next"):
            ui.go("review")
        saved = database.saved_at(ui.house(), campaign.id)
        st.caption(t("Saved {time}. What you write is kept when you leave a field.", time=ui.clock(saved)))


# ---------------------------------------------------------------- what DNS says


@st.cache_resource(max_entries=16, ttl=600, show_spinner=False)
def report_on(address: str, _campaign: Campaign) -> prepare.SenderReport:
    return prepare.report_on_sender(ui.house(), _campaign, now=wiring.now())


def show_report(campaign: Campaign) -> None:
    st.subheader(t("What the mailbox providers see"), anchor=False)
    if not addressing.person_of(campaign.sender.address, ui.house().person_key):
        st.info(t("Write a From address, and what DNS says of its domain stands here."), icon=":material/edit:")
        return
    domain = campaign.sender.address.rpartition("@")[2]
    try:
        with st.spinner(t("Asking DNS about {domain} …", domain=ui.plain(domain)), show_time=True):
            report = report_on(campaign.sender.address, campaign)
    except BulkmailError as error:
        st.error(ui.plain(t(error)), icon=":material/error:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        ui.show_sum(report.findings)
        if report.asked:
            st.button(t("Ask DNS again"), icon=":material/refresh:", on_click=report_on.clear, key="sender-again")
    show_findings(report)
    show_request(report)


def show_findings(report: prepare.SenderReport) -> None:
    if report.asked:
        ui.show_findings(report.findings, who=sender_requirements.WHO)
        return
    st.info(
        t(
            "DNS was not asked, so nothing is known: in rehearsal no question leaves this machine. To have it asked, "
            "start bulkmail with the address of a name server, as below. With a SendGrid key it is asked by itself."
        ),
        icon=":material/help:",
    )
    st.code("BULKMAIL_DNS=127.0.0.1:53 bulkmail app", language=None)
    known = [finding for finding in report.findings if finding.outcome is not Outcome.UNKNOWN]
    unknown = [finding for finding in report.findings if finding.outcome is Outcome.UNKNOWN]
    with st.expander(t("{count} checks unknown", count=len(unknown)), icon=":material/help:"):
        ui.show_findings(unknown, who=sender_requirements.WHO)
    ui.show_findings(known, who=sender_requirements.WHO)


def show_request(report: prepare.SenderReport) -> None:
    """Draw the text for those who keep the DNS, in both languages: it is mailed as it stands."""
    if not report.request:
        return
    st.markdown(f"**{t('For those who keep the DNS')}**")
    st.caption(t("Copy this text and send it to them: it names each record, what to do, and the rule behind it."))
    own_first = sorted(ui.LANGUAGES, key=lambda language: language != ui.language())
    spoken = [catalogue.translator(language) for language in own_first]
    text = "\n\n\n".join("\n".join(map(translate, report.request)) for translate in spoken)
    label = t("Text for the DNS team, in both languages")
    st.download_button(label, text, "dns.txt", icon=":material/download:", on_click="ignore", key="sender-request")
    st.code(text, language=None, wrap_lines=True, height=320)


# ---------------------------------------------------------------- the providers


def show_rest(campaign: Campaign) -> None:
    """Draw what takes longer and is looked at less, each when it is opened."""
    parts = (
        ("providers", t("What each provider asks of this campaign"), "fact_check", show_providers),
        ("seed", t("A letter that came back, verified"), "mark_email_read", lambda: show_seed(campaign)),
        ("watching", t("Watching: rates, replies, monitors"), "monitoring", lambda: show_watching(campaign)),
    )
    for key, label, icon, show in parts:
        with st.expander(label, icon=f":material/{icon}:", key=f"sender-{key}-part", on_change="rerun") as place:
            if place.open:
                show()


main()
