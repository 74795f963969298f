"""The frame around every page: sign-in, language, the campaign in hand, and the menu in the order of the journey."""

from pathlib import Path

import _ui as ui
import streamlit as st
from _sign_in import require_role, show_person
from _ui import t

from bulkmail.roles import Role, may

HERE = Path(__file__).parent

st.set_page_config(page_title="bulkmail", page_icon="✉️", layout="wide")
st.logo(ui.LOGO, size="large")
above, below = st.sidebar.container(), st.sidebar.container()
with below:
    ui.choose_language()  # drawn last and asked first: all other words depend on it
role = require_role()


def page(file: str, title: str, icon: str, **options: bool) -> st.Page:
    """One entry of the menu; the address of a page is its file's name in every language."""
    return st.Page(HERE / f"{file}.py", title=title, icon=f":material/{icon}:", url_path=file, **options)


# What reads stands open to everybody with a role, without addresses; a page that is not in the menu cannot be reached.
home, results = page("home", t("Home"), "home", default=True), page("results", t("Results"), "monitoring")
if may(role, Role.AUTHOR):
    pages = {
        "": [home],
        t("People"): [
            page("lists", t("Lists"), "groups"),
            page("consent", t("Consent"), "handshake"),
            page("person", t("One person"), "person_search"),
            page("leaving", t("Unsubscribing"), "unsubscribe"),
        ],
        t("Letter and time"): [
            page("message", t("Message"), "edit_note"),
            page("cadence", t("Cadence"), "calendar_month"),
        ],
        t("Sending"): [
            page("sender", t("Sender"), "verified_user"),
            page("review", t("Review and send"), "send"),
            results,
        ],
        t("System"): [page("settings", t("Settings"), "settings")],
    }
else:
    pages = {"": [home, results]}
menu = st.navigation(pages, expanded=True)
with above:
    ui.choose_campaign()
    ui.show_mode()
with below:
    show_person(role)
ui.enter()
menu.run()
ui.settle(menu.url_path)
