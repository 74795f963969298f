"""What is kept for good: the ledger of consent, whether its chain holds, and who is never to be mailed."""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import audience, wiring
from bulkmail.adapters import ledger, suppressions


def show_ledger() -> None:
    st.subheader(t("What is kept for good"), anchor=False)
    kept, never = st.columns(2, gap="medium")
    with kept, st.container(border=True, height="stretch"):
        show_chain(ledger.ledger_size(ui.house()))
    with never, st.container(border=True, height="stretch"):
        show_suppressions(suppressions.suppressed_by_reason(ui.house()))


def show_chain(events: int) -> None:
    st.markdown(f"**{t('Consent ledger: {count} events', count=events)}**")
    st.caption(
        t(
            "What a list says of consent enters the ledger when a plan that rests on it is approved. Nothing in it is "
            "changed or taken out: each event carries the fingerprint of the one before, so that tampering shows."
        )
    )
    if not events:
        return
    st.button(t("Check the chain"), icon=":material/link:", key="consent-check", on_click=check_chain, args=(events,))
    if checked := st.session_state.get("consent-checked"):
        count, broken, at = checked
        if broken is None:
            st.success(t("All {count} events are as they were recorded. Checked {time}.", count=count, time=at))
        else:
            st.error(t("Event {number} is not as it was recorded. Checked {time}.", number=broken, time=at))


def check_chain(events: int) -> None:
    broken = ledger.first_broken_link(ui.house())
    st.session_state["consent-checked"] = (events, broken, ui.clock(wiring.now()))


def show_suppressions(counts: dict[str, int]) -> None:
    st.markdown(f"**{t('Never to be mailed')}**")
    st.caption(t("Unsubscribed, objected, complained or bounced: no upload can undo it."))
    if not counts:
        st.markdown(t("Nobody so far."))
        return
    table = {t("People"): list(counts.values()), t("Reason"): [t(audience.REASONS[reason]) for reason in counts]}
    st.dataframe(table, hide_index=True, key="consent-suppressed", alt=t("People never to be mailed, by reason"))
