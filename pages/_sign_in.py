"""Who is here: sign-in through the organisation's own provider, and what is said to somebody without a role."""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail.model import say
from bulkmail.roles import Role

ROLES = {
    Role.VIEWER: say("Viewer: reads how campaigns stand"),
    Role.AUTHOR: say("Author: works on lists and letters"),
    Role.APPROVER: say("Approver: also lets letters go"),
}


def require_role() -> Role:
    """Return the role of who is here; draw the sign-in and stop where there is none."""
    role = ui.role()
    if role is None:
        with st.columns([1, 2, 1])[1]:
            (show_stranger if st.user.get("is_logged_in") else show_sign_in)()
        st.stop()
    return role


def show_sign_in() -> None:
    lesson = t("Sign in with the account of your organisation. What you may do here goes by your role.")
    with ui.empty("lock", t("Sign in to bulkmail"), lesson):
        st.button(t("Sign in"), type="primary", icon=":material/login:", on_click=st.login, key="sign-in")


def show_stranger() -> None:
    """Tell somebody whom the provider knows and we do not how to get a role."""
    lesson = t(
        "You are signed in as **{person}**, and have no role here yet. Ask an approver of your organisation to give "
        "you one on the Settings page.",
        person=ui.plain(ui.person()),
    )
    with ui.empty("badge", t("No role yet"), lesson):
        st.button(t("Sign out"), icon=":material/logout:", on_click=st.logout, key="sign-out")


def show_person(role: Role) -> None:
    """Draw who is here below the menu; nothing where nobody signs in."""
    if not ui.person():
        return
    with st.popover(
        ui.plain(str(st.user.get("name") or ui.person())), icon=":material/account_circle:", width="stretch"
    ):
        st.caption(ui.plain(ui.person()))
        st.markdown(t(ROLES[role]))
        st.button(t("Sign out"), icon=":material/logout:", on_click=st.logout, key="sign-out")
