"""Who of the staff may do what: the roles that were given here."""

import _ui as ui
import pandas as pd
import streamlit as st
from _sign_in import ROLES
from _ui import t

from bulkmail import wiring
from bulkmail.adapters import roles
from bulkmail.errors import InputError
from bulkmail.roles import Role


def show_roles() -> None:
    chosen = ui.house().settings.sign_in
    if chosen is None:
        lesson = t(
            "One local user, who may do everything. With a sign-in provider (BULKMAIL_OIDC_ISSUER and its companions) "
            "people sign in, have roles, and a large plan takes a second person."
        )
        ui.empty("person", t("Nobody signs in here"), lesson)
        return
    where = t(
        "People sign in at {issuer}. A role comes from its claim {claim} or from this table; the higher one counts.",
        issuer=ui.plain(chosen.issuer),
        claim=ui.plain(chosen.role_claim),
    )
    second = t(
        "A plan for more than {above} people is approved by somebody who has not written it.",
        above=ui.house().settings.second_person_above,
    )
    st.caption(f"{where} {second}")
    show_table()
    if ui.may(Role.APPROVER):
        show_form()


def show_table() -> None:
    given = roles.granted(ui.house())
    if not given:
        st.info(t("No role was given here yet."), icon=":material/badge:")
        return
    rows = {t("Person"): list(given), t("Role"): [t(ROLES[Role(role)]) for role in given.values()]}
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="settings-roles", alt=t("Who may do what"))


def show_form() -> None:
    words = {role.value: t(word) for role, word in ROLES.items()} | {"": t("No role any more")}
    with st.form("settings-role", border=True):
        st.text_input(t("Person"), key="role-person", placeholder="ana@example.edu", autocomplete="off")
        st.selectbox(t("Role"), list(words), format_func=words.get, key="role-role")
        st.form_submit_button(t("Give this role"), icon=":material/badge:", on_click=give)


def give() -> None:
    person, role = st.session_state["role-person"].strip(), st.session_state["role-role"]
    if not person:
        ui.report(InputError("Write whom the role is for: their e-mail address, as the sign-in knows it."))
    elif ui.may(Role.APPROVER):
        roles.grant(ui.house(), person, role, by=ui.who(), now=wiring.now())
        st.session_state["role-person"] = ""
