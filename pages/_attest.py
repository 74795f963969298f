"""The attestation: how one person vouches for the consent of a whole list, and whom that speaks for."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import prepare, proof, wiring
from bulkmail.adapters import database
from bulkmail.errors import BulkmailError
from bulkmail.model import Attestation, Campaign, Outcome
from bulkmail.tips import cadence, consent


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
        vouched = proof.attest(draft, **typed | {"day": typed["day"] or None}, now=wiring.now())
    except BulkmailError as problem:
        st.session_state["consent-problem"] = problem
        return
    write(vouched, vouched.attestation.by, "attestation.kept")


def remove(campaign_id: str) -> None:
    draft = database.campaign(ui.house(), campaign_id)
    write(replace(draft, attestation=None), ui.who(), "attestation.removed")


def write(campaign: Campaign, who: str, what: str) -> None:
    ui.save(campaign)
    database.audit(ui.house(), who, what, {"campaign": campaign.id, "list": campaign.list_name}, wiring.now())
