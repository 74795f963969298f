"""The registry of notices, which are the words that people agree to; and the receipts of a campaign, to download."""

import itertools

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import people, results, wiring
from bulkmail.adapters import journal, notices
from bulkmail.errors import BulkmailError
from bulkmail.model import Notice, say
from bulkmail.roles import Role
from bulkmail.tips import consent

LANGUAGES = {**ui.LANGUAGES, "both": " · ".join(ui.LANGUAGES.values()), "pt": "Português"}
DETAILS = {
    "controller": say("Who is responsible, with address and contact"),
    "data": say("Which data are kept"),
    "recipients": say("Who else gets them"),
    "storage": say("Where they are kept"),
    "retention": say("For how long"),
    "withdrawal": say("How to withdraw"),
}
FIELDS = ("name", "version", "language", "purpose", "text", *DETAILS)


def show_notices() -> None:
    kept = notices.notices(ui.house())
    label = t("Registry of notices ({count})", count=len(kept))
    with st.expander(label, icon=":material/menu_book:", key="consent-notices"):
        st.markdown(
            t(
                "The words that people see when they are asked, each version in each language, kept for good. A list "
                "may name them in its wording column by name and version, or word for word."
            )
        )
        if done := st.session_state.pop("notice-done", None):
            st.success(ui.plain(t(done)), icon=":material/check_circle:")
        if kept:
            show_kept(kept)
        show_form()


def show_kept(kept: list[Notice]) -> None:
    table = pd.DataFrame(
        {
            t("Name"): [notice.name for notice in kept],
            t("Version"): [notice.version for notice in kept],
            t("Language"): [LANGUAGES.get(notice.language, notice.language) for notice in kept],
            t("Purpose"): [notice.purpose for notice in kept],
            t("Words"): [notice.text for notice in kept],
            "SHA-256": [notice.hash for notice in kept],
        },
        dtype="str",
    )
    alt = t("Every notice with its version, language, words and hash")
    st.dataframe(results.harmless(table), hide_index=True, key="consent-notices-table", alt=alt)


def show_form() -> None:
    with st.form("notice-form", border=False, clear_on_submit=False):
        name, version, language, purpose = st.columns(4)
        name.text_input(t("Name"), key="notice-name", max_chars=100, placeholder=t("Sign-up form"))
        version.text_input(t("Version"), key="notice-version", max_chars=40, placeholder="2026-11")
        language.selectbox(t("Language"), list(LANGUAGES), format_func=LANGUAGES.get, key="notice-language")
        purpose.text_input(t("Purpose"), key="notice-purpose", max_chars=200)
        st.text_area(t("Words"), key="notice-text", max_chars=20_000, height=120)
        st.caption(t("What a record of consent says beside its words (ISO/IEC TS 27560). It is kept with the notice."))
        for field, column in zip(DETAILS, itertools.cycle(st.columns(2))):
            column.text_input(t(DETAILS[field]), key=f"notice-{field}", max_chars=500)
        allowed = ui.may(Role.AUTHOR)
        st.form_submit_button(t("Keep the notice"), icon=":material/menu_book:", on_click=keep, disabled=not allowed)


def keep() -> None:
    if not ui.may(Role.AUTHOR):
        return
    typed = {field: (st.session_state[f"notice-{field}"] or "").strip() for field in FIELDS}
    try:
        kept = notices.add_notice(ui.house(), Notice(**typed), by=ui.who(), now=wiring.now())
    except BulkmailError as problem:
        ui.report(problem)
        return
    st.session_state["notice-done"] = say("Kept under {hash}.", hash=kept[:12])


def show_receipts(campaign_id: str) -> None:
    plans = [run for run in journal.runs(ui.house()) if run.campaign_id == campaign_id]
    if not plans:
        return
    with st.expander(t("Receipts"), icon=":material/receipt_long:", key="consent-receipts"):
        st.markdown(
            t("For each letter that was sent: which event of the ledger allowed it, and which words it rests on.")
        )
        newest, house, words = plans[-1].plan_hash, ui.house(), receipt_words()
        st.download_button(
            t("Download the receipts (CSV)"),
            lambda: results.as_csv(people.receipts_of_plan(house, newest).replace(words)),
            "receipts.csv", "text/csv", on_click="ignore", icon=":material/download:", key="consent-receipts-csv",
            help=t("Formulas in it are made harmless for spreadsheets."),
        )  # fmt: skip


def receipt_words() -> dict[str, dict[str, str]]:
    tables = {"state": consent.STATES, "basis": consent.BASES, "evidence": consent.EVIDENCE, "method": consent.METHODS}
    return {column: {code: t(word) for code, word in table.items()} for column, table in tables.items()}
