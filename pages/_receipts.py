"""The receipt of a letter: which consent allowed it, and which words the person had agreed to."""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import people
from bulkmail.tips import consent


def show_receipt(found: people.Known) -> None:
    letters = {letter.plan_hash: letter for letter in found.letters if letter.position >= 0}
    receipts = {plan: people.receipt_of(ui.house(), letter) for plan, letter in letters.items()}
    receipts = {plan: receipt for plan, receipt in receipts.items() if receipt}
    if not receipts:
        return
    st.subheader(t("Receipts"), anchor=False)
    names = {plan: f"{one.campaign} · {ui.clock(one.approved_at)}" for plan, one in receipts.items()}
    chosen = st.selectbox(t("Letter"), list(names), format_func=names.get, key="person-receipt")
    with st.container(border=True):
        show_one(receipts[chosen])


def show_one(receipt: people.Receipt) -> None:
    sent = ui.clock(receipt.sent_at) if receipt.sent_at else t("not yet")
    places = {"purpose": receipt.purpose, "name": receipt.approved_by, "time": ui.clock(receipt.approved_at)}
    told = t("For the purpose {purpose}; approved by {name} at {time}, handed over: {sent}.", **places, sent=sent)
    st.markdown(ui.plain(told))
    if receipt.event is None:
        st.markdown(t("No consent was asked for: the letter belongs to a service that people use."))
        return
    event = receipt.event
    state = consent.in_words(consent.STATES, str(event["state"]))
    evidence = consent.in_words(consent.EVIDENCE, str(event["evidence"]))
    places = {"number": event["id"], "state": state, "evidence": evidence}
    told = t("Allowed by event {number} of the ledger: {state}. {evidence}.", **places)
    st.markdown(f"**{ui.plain(told)}**  \n:gray[:small[{event['hash']}]]")
    st.markdown(words_of(receipt))


def words_of(receipt: people.Receipt) -> str:
    """Which words the person had agreed to, as Markdown."""
    if receipt.notice:
        label = t("The words, version {version}", version=receipt.notice.version)
        return f"{ui.plain(label)}:\n\n> {ui.plain(receipt.notice.text)}"
    if wording := str(receipt.event["wording"]):
        return ui.plain(
            t("The list names the wording {wording}, which the registry of notices does not hold.", wording=wording)
        )
    return t("Nothing says which words the person had agreed to.")
