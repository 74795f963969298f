"""What is in doubt of a sending: what is known of each request, and what a person may decide."""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import wiring
from bulkmail.errors import BulkmailError
from bulkmail.roles import Role


def show_doubts(plan_hash: str, people: int) -> None:
    """Draw the requests in doubt, with what is known and what a person may decide; the default is to leave them."""
    known = wiring.doubts(ui.house(), plan_hash)
    if not known:
        return
    since = min(doubt.attempt.started_at for doubt in known)
    st.warning(
        t(
            "{count} people are in doubt since {time}: the answer of the sending service got lost, and their letters "
            "may have left. They are not mailed again by themselves. An event or the service's own log settles it.",
            count=people,
            time=ui.clock(since),
        ),
        icon=":material/help:",
    )
    who = {"view": "people", "who": "in_doubt"}
    st.page_link("results.py", label=t("See who they are"), icon=":material/group:", query_params=who)
    for doubt in known:
        label = t("Request {attempt}: {count} people", attempt=doubt.attempt.id[:8], count=doubt.attempt.people)
        with st.expander(label, icon=":material/help:", key=f"doubt-{doubt.attempt.id}", expanded=len(known) == 1):
            st.markdown("\n".join(f"- {ui.plain(t(sentence))}" for sentence in doubt.known))
            if doubt.looks_unsent:
                st.markdown(t("It looks as if it was never taken. That is no proof; a person may decide."))
            show_decision(doubt.attempt.id)


def show_decision(attempt_id: str) -> None:
    """Draw the two things that a person may say; each asks once more."""
    if not ui.may(Role.APPROVER):
        st.caption(t("An approver may decide."))
        return
    st.caption(
        t("Mailed counts them as mailed. Not mailed plans them anew: if they had been mailed after all, it is twice.")
    )
    with st.container(horizontal=True):
        for was_mailed, word in ((True, t("They were mailed")), (False, t("They were not mailed"))):
            key = f"doubt-{attempt_id}-{was_mailed}"
            with st.popover(word, key=f"{key}-ask"):
                arguments = {"on_click": decide, "args": (attempt_id, was_mailed)}
                st.button(t("Yes, I am sure"), key=key, type="primary", **arguments)


def decide(attempt_id: str, was_mailed: bool) -> None:
    if not ui.may(Role.APPROVER):
        return
    try:
        wiring.decide(ui.house(), attempt_id, was_mailed, by=ui.who())
    except BulkmailError as problem:
        ui.report(problem)
