"""One person: everything known of an address, in order of time; to hand over, correct or erase."""

from datetime import time

import _ui as ui
import pandas as pd
import streamlit as st
from _receipts import show_receipt
from _rights import show_rights
from _ui import t

from bulkmail import people, results, wiring
from bulkmail.errors import BulkmailError
from bulkmail.people.known import KINDS, called, in_words
from bulkmail.tips import consent

ADDRESS = "person-address"  # in the session only: addresses do not belong into a URL

# What stands in other columns already, or says something to programs alone.
UNTOLD = frozenset((
    "person", "purpose", "state", "evidence", "at", "recorded_at", "notice", "record", "number", "hash", "proof",
    "plan", "attempt", "address", "original_address", "row", "why", "notice_text",
))  # fmt: skip


def main() -> None:
    ui.title(t("One person"), t("What do we know of this person, and what do they ask of us?"))
    with st.form("person-search", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            t("Address"), key=ADDRESS, placeholder="ana@example.org", icon=":material/mail:", persist_state="session"
        )
        st.form_submit_button(t("Look up"), type="primary", icon=":material/person_search:")
    show_done()
    if not st.session_state.get(ADDRESS):
        show_lesson()
        return
    try:
        found = people.known_of(ui.house(), st.session_state[ADDRESS], now=wiring.now())
    except BulkmailError as trouble:
        st.error(ui.plain(t(trouble)), icon=":material/block:")
        return
    if found.is_known:
        show_known(found)
    else:
        st.info(t("Nothing is known of this address."), icon=":material/person_off:")


def show_done() -> None:
    """What the last deed came to."""
    if done := st.session_state.pop("person-done", None):
        st.success(ui.plain(t(done)), icon=":material/check_circle:")


def show_lesson() -> None:
    lesson = t(
        "Type an address. Here stands everything that is known of it in order of time: the lists it was on, consent, "
        "letters, what was heard of them, and why the last campaign wrote to it or did not. You can hand it over, "
        "correct it, and erase it, as people may ask; each of these enters the audit trail."
    )
    ui.empty("person_search", t("Nobody looked up yet"), lesson)


def show_known(found: people.Known) -> None:
    show_standing(found)
    st.subheader(t("In order of time"), anchor=False)
    show_history(found)
    show_receipt(found)
    show_rights(found)


def show_standing(found: people.Known) -> None:
    states, last = st.columns(2, gap="medium")
    with states, st.container(border=True, height="stretch"):
        if found.held:
            st.markdown(f":red[**{t('Not to be mailed')}**]")
        for moment in found.held:
            where, since = moment.where or t("All purposes"), t("since {day}", day=ui.clock(moment.at)[:10])
            st.markdown(f"{ui.plain(t(moment.what))} · {ui.plain(where)} · :gray[{ui.plain(since)}]")
        st.markdown(f"**{t('Consent as it stands')}**")
        for row in found.standing.to_dict("records"):
            purpose = row["purpose"] or t("All purposes")
            st.markdown(f"{state_badge(row['state'])} {ui.plain(purpose)}{until(row['expires_at'])}")
        if found.standing.empty:
            st.markdown(t("Nothing recorded"))
    with last, st.container(border=True, height="stretch"):
        st.markdown(f"**{t('The last campaign')}**")
        if found.why:
            st.markdown(f"{ui.plain(found.why[0])}  \n{ui.plain(t(found.why[1]))}")
        else:
            st.markdown(t("No campaign has had this person on its list."))


def state_badge(state: str) -> str:
    colour = "green" if state in consent.LIVE else "red" if state in consent.AGAINST else "orange"
    return f":{colour}-badge[{t(consent.in_words(consent.STATES, state))}]"


def until(ends: pd.Timestamp) -> str:
    return "" if pd.isna(ends) else f" · :gray[{t('until {day}', day=f'{ends:%Y-%m-%d}')}]"


def show_history(found: people.Known) -> None:
    table = pd.DataFrame(
        {
            t("When"): [when(moment) for moment in found.moments],
            t("What kind"): [t(KINDS[moment.kind]) for moment in found.moments],
            t("What"): [t(moment.what) for moment in found.moments],
            t("Where"): [moment.where for moment in found.moments],
            t("Details"): [details_of(moment) for moment in found.moments],
        },
        dtype="str",
    )
    alt = t("Everything known of this person, oldest first")
    st.dataframe(results.harmless(table), hide_index=True, placeholder="–", key="person-history", alt=alt)


def when(moment: people.Moment) -> str | None:
    """The clock's time, or the day alone of a consent whose list names no hour."""
    if moment.at is None:
        return None
    dated = moment.kind == "consent" and moment.at.time() == time(0)
    return ui.clock(moment.at)[:10] if dated else ui.clock(moment.at)


def details_of(moment: people.Moment) -> str:
    """What a reader makes something of; all the rest is in the copy."""
    told = {name: value for name, value in moment.details.items() if name not in UNTOLD}
    return "; ".join(f"{t(called(name))}: {t(in_words(name, value))}" for name, value in told.items())


ui.require_frame()
main()
