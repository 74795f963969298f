"""What a person may ask of us: a copy, a correction, to be forgotten. Each enters the audit trail."""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import people, wiring
from bulkmail.adapters import database
from bulkmail.errors import BulkmailError, InputError
from bulkmail.model import say
from bulkmail.roles import Role


def show_rights(found: people.Known) -> None:
    st.subheader(t("What they may ask of us"), anchor=False)
    copy, right, gone = st.columns(3, gap="medium")
    with copy, st.container(border=True, height="stretch"):
        show_copy(found)
    with right, st.container(border=True, height="stretch"):
        show_correction()
    with gone, st.container(border=True, height="stretch"):
        show_erasure()


def show_copy(found: people.Known) -> None:
    st.markdown(f"**{t('A copy')}**")
    st.caption(t("Everything above, to hand over: for people to read, or as JSON for a program."))
    now = wiring.now()
    kinds = {
        "text": (t("Readable"), people.as_text(found, now, t), "person.txt", "text/plain", "description"),
        "json": (t("JSON"), people.as_json(found, now), "person.json", "application/json", "data_object"),
    }
    for kind, (label, data, name, mime, icon) in kinds.items():
        st.download_button(
            label, data, name, mime, key=f"person-{kind}", icon=f":material/{icon}:", on_click=write_down,
            args=(found.person,),
        )  # fmt: skip


def write_down(person: str) -> None:
    database.audit(ui.house(), ui.who(), "person.exported", {"person": person}, wiring.now())


def show_correction() -> None:
    st.markdown(f"**{t('A correction')}**")
    st.caption(t("In every list this person stands in. A new address takes consent and suppressions along."))
    with st.form("person-correct", border=False, clear_on_submit=True):
        st.text_input(t("Right address"), key="person-new-address", max_chars=320)
        st.text_input(t("Right name"), key="person-new-name", max_chars=200)
        st.form_submit_button(t("Correct"), icon=":material/edit:", on_click=correct, disabled=not ui.may(Role.AUTHOR))


def show_erasure() -> None:
    st.markdown(f"**{t('To be forgotten')}**")
    st.caption(
        t(
            "The address goes from lists, letters, events and requests. A keyed hash stays, so that no upload brings "
            "this person back. It cannot be undone."
        )
    )
    with st.form("person-erase", border=False, clear_on_submit=True):
        st.text_input(t("Type the address again"), key="person-erase-address", max_chars=320)
        st.form_submit_button(
            t("Erase"), icon=":material/delete_forever:", on_click=erase, disabled=not ui.may(Role.APPROVER)
        )


def correct() -> None:
    if not ui.may(Role.AUTHOR):
        return
    typed = {part: st.session_state[f"person-new-{part}"] or "" for part in ("address", "name")}
    try:
        found = people.known_of(ui.house(), st.session_state["person-address"], now=wiring.now())
        count = people.correct(ui.house(), found, **typed, who=ui.who(), now=wiring.now())
    except BulkmailError as problem:
        ui.report(problem)
        return
    if typed["address"].strip():
        st.session_state["person-address"] = typed["address"].strip()
    st.session_state["person-done"] = say("Corrected in {count} rows of lists.", count=count)


def erase() -> None:
    if not ui.may(Role.APPROVER):
        return
    try:
        found = people.known_of(ui.house(), st.session_state["person-address"], now=wiring.now())
        again = people.known_of(ui.house(), st.session_state["person-erase-address"] or "", now=wiring.now())
        if again.person != found.person:
            ui.report(InputError("That is another address: nothing was erased."))
            return
        people.erase(ui.house(), found, who=ui.who(), now=wiring.now())
    except BulkmailError as problem:
        ui.report(problem)
        return
    st.session_state["person-done"] = say("Erased. What stays is a keyed hash, which keeps this person out.")
