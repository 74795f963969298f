"""How things begin: the first visit, when there is nothing yet, and a new campaign."""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import campaign_file, journey, wiring
from bulkmail.adapters import database, drafts
from bulkmail.errors import InputError
from bulkmail.model import Campaign, say

ADVICE = {
    1: say("Mail only people who agreed, for the purpose they agreed to, and keep the proof."),
    2: say("Mail only addresses that exist, and each mailbox once."),
    3: say("Let everybody leave with one click, at once and for good."),
    4: say("Say who writes and what it is about, in words and links that mean what they show."),
    5: say("Write to a person: no gaps where a name should stand, nobody else's data."),
    6: say("Write as often as you promised, and let nobody have too much of it."),
    7: say("Prove to the mailbox providers that the letter is really yours."),
}

# ---------------------------------------------------------------- a new campaign


def show_beginning(like: Campaign | None, **looks: str) -> None:
    """Draw the form of a new campaign, which may take over letter and list of the one in hand."""
    purposes = list(dict.fromkeys(known.purpose for known in database.campaigns(ui.house()) if known.purpose))
    with st.form("home-begin", border=False):
        st.text_input(t("Name"), key="begin-name", placeholder=t("Open Day 2027"), max_chars=200)
        st.selectbox(
            t("Purpose"), purposes, index=None, key="begin-purpose", accept_new_options=True,
            placeholder=t("As people knew it when they agreed"),
            help=t("Consent holds for the purpose it was given for."),
        )  # fmt: skip
        kinds = {kind: t(word) for kind, word in ui.KINDS.items()}
        st.selectbox(t("Class"), list(kinds), format_func=kinds.get, key="begin-kind")
        if like:
            st.checkbox(t("Take over letter and list of {name}", name=ui.plain(like.name)), key="begin-copy")
        st.form_submit_button(
            t("Begin the campaign"), on_click=begin, args=(like,), key="begin", icon=":material/add:", **looks
        )


def begin(like: Campaign | None) -> None:
    name, purpose = (str(st.session_state[f"begin-{part}"] or "").strip() for part in ("name", "purpose"))
    identity = campaign_file.campaign_id(name) if name else ""
    if not name or not purpose:
        ui.report(InputError("A campaign needs a name and a purpose."))
    elif database.campaign(ui.house(), identity):
        ui.report(InputError("There is a campaign of this name already. Choose another name."))
    else:
        kind, copy = st.session_state["begin-kind"], bool(like and st.session_state["begin-copy"])
        new = journey.draft(
            identity, name=name, purpose=purpose, kind=kind, like=like, copy=copy, brand=drafts.brand(ui.house())
        )
        ui.save(new)
        ui.take("campaign", identity)


# ---------------------------------------------------------------- the first visit


def show_welcome() -> None:
    lesson = t(
        "bulkmail sends one letter to many people, for organisations that have to answer for it. Every person on a "
        "list is mailed exactly once or left out for a stated reason, and what is in doubt is named. Seven tips are "
        "measured, shown and enforced on the way from the list to the result."
    )
    with ui.empty("mail", t("Write to many, and be able to prove what you did"), lesson):
        with st.container(horizontal=True):
            load = st.button(
                t("Load the sample organisation"), type="primary", key="home-sample", icon=":material/science:"
            )
            if st.button(t("Upload a list"), key="home-upload", icon=":material/upload:"):
                ui.go("lists")
        st.caption(
            t(
                "The sample is synthetic: a made-up university with two lists, three campaigns and two years of past "
                "letters. Its letters go to the rehearsal only."
            )
        )
    if load:
        with st.spinner(t("Making up a university…")):
            wiring.fill_with_sample(ui.house(), wiring.now())
        st.rerun()
    show_advice()


def show_advice() -> None:
    st.subheader(t("The seven tips"), anchor=False)
    with st.container(border=True):
        for tip, (name, icon, _) in ui.TIPS.items():
            head, told = st.columns([4, 14], vertical_alignment="center")
            head.markdown(f":material/{icon}: **{t(name)}**")
            told.markdown(t(ADVICE[tip]))
