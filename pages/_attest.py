"""The attestation: how one person vouches for the consent of a whole list, and whom that speaks for."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import limits, prepare, proof, wiring
from bulkmail.adapters import database, files
from bulkmail.errors import BulkmailError
from bulkmail.model import Attestation, Campaign, Outcome, say
from bulkmail.roles import Role
from bulkmail.tips import cadence, consent


def ask_date_order(campaign: Campaign, people: pd.DataFrame) -> None:
    """Ask what comes first in dates that can be read two ways, where nothing in the list tells; the answer is kept with
    the campaign."""
    count = proof.ambiguous(people)
    if not count and not campaign.date_order:
        return
    with st.container(border=True):
        if count:
            st.markdown(f":orange-badge[:material/help: {t('{count} dates can be read two ways', count=count)}]")
        st.segmented_control(
            t("What comes first in 03/04/2026?"), ["day", "month"], default=campaign.date_order or None,
            format_func=lambda order: t({"day": say("The day: 3 April"), "month": say("The month: March 4")}[order]),
            key=f"consent-dates-{campaign.id}", on_change=keep_order, args=(campaign.id,),
        )  # fmt: skip


def keep_order(campaign_id: str) -> None:
    draft = database.campaign(ui.house(), campaign_id)
    write(replace(draft, date_order=st.session_state[f"consent-dates-{campaign_id}"] or ""), ui.who(), "dates.ordered")


def show_attestation(campaign: Campaign, prepared: prepare.Prepared) -> None:
    given = campaign.attestation
    blocked = any(finding.code == "CON-01" and finding.outcome is Outcome.BLOCK for finding in prepared.findings)
    problem = st.session_state.pop("consent-problem", None)
    label = t("An attestation for the whole list") if given else t("Vouch for the whole list")
    opened = bool(given or blocked or problem)
    with st.expander(label, icon=":material/draw:", expanded=opened, key=f"consent-attest-{campaign.id}"):
        st.markdown(
            t(
                "Where the list itself does not say who agreed, one person can vouch for all of it. That is weaker "
                "evidence than a record for each person: it is shown as such wherever consent is, any record of a "
                "person outweighs it, and in a list that records anybody's consent it speaks for nobody."
            )
        )
        if given:
            show_effect(campaign, proof.people(prepared.table))
        if problem:
            st.error(t(problem), icon=":material/block:")
        show_form(campaign, given)


def show_effect(campaign: Campaign, people: pd.DataFrame) -> None:
    places = {"count": proof.vouched_for(people), "rows": len(people)}
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        words = t("This attestation speaks for {count} of {rows} rows.", **places)
        st.markdown(f":{'orange' if places['count'] else 'gray'}-badge[:material/draw: {words}]")
        if campaign.attestation.document and (kept := files.document(ui.house().home, campaign.attestation.document)):
            st.download_button(
                t("The attached document"), kept, "attestation", icon=":material/attach_file:", on_click="ignore",
                key="consent-document",
            )  # fmt: skip
        st.button(
            t("Remove the attestation"), icon=":material/delete:", key="consent-remove", on_click=remove,
            args=(campaign.id,),
        )  # fmt: skip


def show_form(campaign: Campaign, given: Attestation | None) -> None:
    key = f"attest-{campaign.id}"
    with st.form(f"{key}-form", border=False):
        left, right = st.columns(2, gap="medium")
        bases = list(consent.BASES)
        left.selectbox(
            t("Basis"), bases, bases.index(consent.basis_of(given.basis)) if given else None, key=f"{key}-basis",
            format_func=lambda basis: t(consent.BASES[basis]), placeholder=t("Choose one"),
        )  # fmt: skip
        left.text_input(
            t("Where the addresses come from"), given and given.source, key=f"{key}-source",
            placeholder=t("Sign-up sheets of the open day 2026"), max_chars=500,
        )  # fmt: skip
        left.date_input(
            t("Since when"), given and given.at.date(), max_value=today(), key=f"{key}-day", format="YYYY-MM-DD",
            help=t("The day on which the first of them agreed: from it, consent grows old."),
        )  # fmt: skip
        right.text_area(
            t("The words that people agreed to"), given and given.wording, height=123, key=f"{key}-wording",
            max_chars=2_000,
        )  # fmt: skip
        right.text_input(
            t("Who vouches for it"), given and given.by, key=f"{key}-by", max_chars=200,
            help=t("Name and office. It enters the audit trail."),
        )  # fmt: skip
        st.file_uploader(
            t("A document that shows it, such as a signed form"), ["pdf", "png", "jpg", "docx", "xlsx", "eml"],
            key=f"{key}-document", max_upload_size=int(limits.DOCUMENT_BYTES.value) // 1_000_000,
            help=t("It is kept as it is, and each consent that rests on the attestation names it by its hash."),
        )  # fmt: skip
        st.form_submit_button(
            t("Keep the attestation"), icon=":material/draw:", on_click=keep, args=(campaign.id,), key=f"{key}-keep"
        )


def today() -> date:
    return wiring.now().astimezone(ZoneInfo(cadence.MACAU)).date()


def keep(campaign_id: str) -> None:
    draft = database.campaign(ui.house(), campaign_id)
    parts = ("basis", "source", "wording", "by", "day")
    typed = {part: st.session_state[f"attest-{campaign_id}-{part}"] or "" for part in parts}
    try:
        document = document_of(campaign_id, draft.attestation)
        vouched = proof.attest(draft, **typed | {"day": typed["day"] or None}, now=wiring.now(), document=document)
    except BulkmailError as problem:
        st.session_state["consent-problem"] = problem
        return
    write(vouched, vouched.attestation.by, "attestation.kept")


def document_of(campaign_id: str, before: Attestation | None) -> str:
    """The hash of the document that was attached now, else of the one before."""
    attached = st.session_state.get(f"attest-{campaign_id}-document")
    if attached is None or not ui.may(Role.AUTHOR):
        return before.document if before else ""
    return files.save_document(ui.house().home, attached.getvalue())


def remove(campaign_id: str) -> None:
    draft = database.campaign(ui.house(), campaign_id)
    write(replace(draft, attestation=None), ui.who(), "attestation.removed")


def write(campaign: Campaign, who: str, what: str) -> None:
    ui.save(campaign)
    database.audit(ui.house(), who, what, {"campaign": campaign.id, "list": campaign.list_name}, wiring.now())
