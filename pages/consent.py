"""Consent: who of the list agreed to the campaign's purpose, what proves it, and the ledger that keeps it."""

from collections.abc import Callable, Mapping

import _ui as ui
import pandas as pd
import streamlit as st
from _attest import ask_date_order, show_attestation
from _coverage import show_coverage
from _ledger import show_ledger
from _notices import show_notices, show_receipts
from _ui import t

from bulkmail import audience, limits, prepare, proof, results, rows
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign, say
from bulkmail.tips import consent

CARDS = {
    "holds": say("May be written to"),
    "against": say("Refused or withdrew"),
    "expired": say("Expired"),
    "unclear": say("Not for this yet"),
    "nothing": say("No record"),
}
COLUMNS = {
    "source_row": say("Row"),
    "name": say("Name"),
    "original_address": say("Address"),
    "reason": say("Reason"),
    "consent": say("What the list says"),
    "consent_at": say("Agreed on"),
    "consent_source": say("Origin"),
    "consent_evidence": say("Proof"),
    "consent_wording": say("Wording"),
    "consent_expires_at": say("Ends on"),
    "lacks": say("Lacks"),
}


def main() -> None:
    ui.title(t("Consent"), t("Who agreed, and can we prove it?"))
    campaign, prepared = ui.campaign(), None
    try:
        prepared = ui.prepared()
    except BulkmailError as trouble:
        st.error(ui.plain(t(trouble)), icon=":material/block:")
    if prepared:
        show_list(campaign, prepared)
        show_attestation(campaign, prepared)
        show_receipts(campaign.id)
    else:
        show_lesson(campaign)
    show_notices()
    show_ledger()


def show_lesson(campaign: Campaign | None) -> None:
    lesson = t(
        "People agree to a purpose, on a day, to words that they saw. A list brings that in its columns (consent, "
        "date, source, purpose), or somebody vouches for the list as a whole. Here stands who agreed, what proves it, "
        "and who is left out for want of it."
    )
    place = ui.empty("handshake", t("Nobody to ask about yet"), lesson)
    if campaign:
        place.page_link("lists.py", label=t("Choose a list for the campaign"), icon=":material/groups:")
    else:
        place.page_link("home.py", label=t("To Home"), icon=":material/home:")


# ---------------------------------------------------------------- the list


def show_list(campaign: Campaign, prepared: prepare.Prepared) -> None:
    people = proof.people(prepared.table)
    people = people.assign(lacks=proof.lacks(people))
    show_head(campaign)
    ask_date_order(campaign, people)
    tally = proof.tally(people)
    ui.cards(*((t(CARDS[stand]), count, ui.share(count, len(people))) for stand, count in tally.items()))
    st.caption(told_by(campaign.kind))
    show_coverage(campaign, prepared, people)
    st.subheader(t("What tip 1 says"), anchor=False)
    findings = [finding for finding in prepared.findings if finding.tip == 1]
    ui.show_sum(findings)
    ui.show_findings(findings)
    show_rows(people)


def told_by(kind: str) -> str:
    """What the numbers count, in words."""
    if kind == "transactional":
        return t("A transactional letter asks for no consent, but a refusal for its purpose still counts.")
    return t("By consent alone: addresses, unsubscribing and caps may leave out more people.")


def show_head(campaign: Campaign) -> None:
    told, onward = st.columns([4, 1], vertical_alignment="center")
    with told:
        purpose = t("For the purpose {purpose}, of the list {list}", purpose=campaign.purpose, list=campaign.list_name)
        st.caption(f"{ui.plain(purpose)} · {t(ui.KINDS[campaign.kind])}")
    with onward, st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("Write the letter"), icon=":material/edit_note:", type="primary", key="consent-next"):
            ui.go("message")


def show_rows(people: pd.DataFrame) -> None:
    counts = proof.reasons(people)
    words = {reason: t(audience.REASONS[reason]) for reason in counts}
    left_out = sum(counts.values())
    choices = {"all": f"{t('Everybody left out')} ({left_out:,})"} if left_out else {}
    choices |= {reason: f"{word} ({counts[reason]:,})" for reason, word in words.items()}
    choices["holds"] = f"{t(CARDS['holds'])} ({len(people) - left_out:,})"
    st.subheader(t("Row by row"), anchor=False)
    who, download = st.columns([2, 3], vertical_alignment="bottom")
    with who:
        chosen = ui.choose(t("Rows"), choices, "stand", label_visibility="collapsed")
    narrow = {"excluded": chosen != "holds", "reason": chosen if chosen in counts else None}
    chosen_rows = people.iloc[rows.places(people, **narrow)]
    found, count = chosen_rows.head(int(limits.ROWS_SHOWN.value)), len(chosen_rows)
    worded = wording(words)
    download.download_button(
        t("Download these rows (CSV)"),
        lambda: results.as_csv(worded(chosen_rows)),
        "consent.csv", "text/csv", on_click="ignore", icon=":material/download:", key="consent-csv",
        help=t("Formulas in it are made harmless for spreadsheets."),
    )  # fmt: skip
    show_table(results.harmless(worded(found)))
    if count > len(found):
        st.caption(t("The first {shown} of {count} rows; the download has them all.", shown=len(found), count=count))


def show_table(found: pd.DataFrame) -> None:
    day = st.column_config.DatetimeColumn(format="YYYY-MM-DD", timezone="UTC")
    config = {t(COLUMNS[name]): day for name in ("consent_at", "consent_expires_at")}
    alt = t("Rows of the list and what is known of their consent")
    st.dataframe(found, hide_index=True, column_config=config, placeholder="", key="consent-rows", alt=alt)


def wording(reasons: Mapping[str, str]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """What puts rows in the reader's words; the words are looked up now, for a download has no screen to ask."""
    names = {name: t(text) for name, text in COLUMNS.items()}
    proofs = {code: t(word) for code, word in consent.EVIDENCE.items()}
    lacking = {code: t(word) for code, word in consent.LACKS.items()}

    def worded(found: pd.DataFrame) -> pd.DataFrame:
        each = {codes: "; ".join(lacking.get(code, "") for code in codes.split(";")) for codes in set(found["lacks"])}
        proven = found.assign(
            consent_evidence=found["consent_evidence"].replace(proofs), lacks=found["lacks"].map(each)
        )
        return rows.readable(proven, reasons, proof.PROOF_COLUMNS).rename(columns=names)

    return worded


ui.require_frame()
main()
