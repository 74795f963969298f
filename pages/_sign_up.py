"""The sign-up form of the campaign's purpose: where it is, who used it, and a list of those who confirmed."""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import prepare, wiring
from bulkmail.adapters import sign_ups
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign


def show_sign_up(campaign: Campaign) -> None:
    st.subheader(t("The way in: a sign-up form"), anchor=False)
    form = sign_ups.forms(ui.house()).get(prepare.slug_of(campaign.purpose))
    with st.container(border=True):
        purpose = ui.plain(campaign.purpose)
        if form is None or not form.open:
            st.markdown(t("There is no open form for {purpose}.", purpose=purpose))
            st.caption(t("It shows the newest notice for the purpose; each address confirms by a letter of its own."))
            open_it = {"on_click": open_form, "args": (campaign,)}
            st.button(t("Open the form"), icon=":material/how_to_reg:", key="sign-up-open", **open_it)
            if trouble := st.session_state.pop("sign-up trouble", None):
                st.error(ui.plain(t(trouble)), icon=":material/error:")
        else:
            st.markdown(t("The form for {purpose} is open.", purpose=purpose))
            st.code(prepare.form_url(ui.house(), campaign.purpose), language=None)
            st.button(t("Close the form"), key="sign-up-close", on_click=close_form, args=(campaign,))
        if form:
            show_counts(campaign, form.slug)


def show_counts(campaign: Campaign, slug: str) -> None:
    asked, confirmed = sign_ups.counts(ui.house(), slug)
    st.caption(t("{confirmed} of {asked} requests were confirmed.", confirmed=confirmed, asked=asked))
    if confirmed:
        make_it = {"on_click": make_list, "args": (campaign,)}
        st.button(t("Make a list of those who confirmed"), icon=":material/groups:", key="sign-up-list", **make_it)


def open_form(campaign: Campaign) -> None:
    try:
        prepare.open_form(ui.house(), campaign, by=ui.who(), now=wiring.now())
    except BulkmailError as trouble:
        st.session_state["sign-up trouble"] = trouble


def close_form(campaign: Campaign) -> None:
    prepare.close_form(ui.house(), campaign.purpose, by=ui.who(), now=wiring.now())


def make_list(campaign: Campaign) -> None:
    version = prepare.list_of_sign_ups(ui.house(), campaign.purpose, wiring.now())
    st.toast(t("The list {name} has {count} rows.", name=version.name, count=version.rows))
