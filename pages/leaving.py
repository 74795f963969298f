"""Unsubscribing: can everybody leave, and has everybody who asked?"""

from collections.abc import Callable
from datetime import timedelta

import _ui as ui
import pandas as pd
import streamlit as st
from _sign_up import show_sign_up
from _ui import t

from bulkmail import audience, limits, prepare, wiring
from bulkmail.adapters import opt_outs, suppressions
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign, say
from bulkmail.tips.unsubscribe import Drill

STEPS = {
    "head": say("A scanner looks at the link (HEAD)"),
    "get": say("A scanner opens the link (GET)"),
    "post": say("A mail program presses the button (POST)"),
    "again": say("It presses again"),
    "multipart": say("The oldest key's link is pressed (multipart)"),
}


def main() -> None:
    ui.title(t("Unsubscribing"), t("Can everybody leave, and has everybody who asked?"))
    show_standing()
    show_waiting()
    show_bringing()
    show_drill(ui.campaign())
    if campaign := ui.campaign():
        show_sign_up(campaign)


# ---------------------------------------------------------------- how it stands


def show_standing() -> None:
    waiting, oldest = opt_outs.count_waiting(ui.house())
    hours = (wiring.now() - oldest) / timedelta(hours=1) if oldest else 0.0
    limit = int(limits.UNSUBSCRIBE_HONOUR_HOURS.value)
    counts = suppressions.suppressed_by_reason(ui.house())
    oldest_said = t("{hours} of {limit} hours", hours=round(hours), limit=limit) if oldest else t("None waits")
    left, middle, right = st.columns(3)
    left.metric(t("Requests that wait"), waiting, border=True)
    middle.metric(t("The oldest waits for"), oldest_said, border=True)
    right.metric(t("Never written to again"), f"{sum(counts.values()):,}", border=True)
    if hours > limit:
        st.error(t("Nothing is sent until the oldest request is honoured."), icon=":material/block:")
    st.caption(" · ".join(f"{t(audience.REASONS[reason])}: {count:,}" for reason, count in counts.items()))


# ---------------------------------------------------------------- requests by letter


def show_waiting() -> None:
    waiting = {request.id: request for request in opt_outs.waiting(ui.house())}
    if not waiting:
        return
    st.subheader(t("Who asks to be left alone"), anchor=False)
    rows = {
        t("Address"): [request.address or "—" for request in waiting.values()],
        t("Kind of letter"): [request.purpose or t("everything") for request in waiting.values()],
        t("Subject"): [request.said for request in waiting.values()],
        t("Since"): [ui.clock(request.arrived_at) for request in waiting.values()],
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="leaving-waiting", alt=t("Requests that wait"))
    words = {one: f"{request.address or request.person[:8]} — {request.said[:40]}" for one, request in waiting.items()}
    st.multiselect(
        t("Choose whom it is really about"), list(words), format_func=words.get, key="leaving-chosen",
        placeholder=t("nobody yet"),
    )  # fmt: skip
    with st.container(horizontal=True):
        st.button(
            t("Never write to them again"), type="primary", icon=":material/unsubscribe:", key="leaving-honour",
            on_click=decide, args=(prepare.honour_opt_outs,), disabled=not st.session_state["leaving-chosen"],
        )  # fmt: skip
        st.button(
            t("Dismiss: this asks for something else"), key="leaving-dismiss", on_click=decide,
            args=(prepare.dismiss_opt_outs,), disabled=not st.session_state["leaving-chosen"],
        )  # fmt: skip


def decide(deed: Callable[..., int]) -> None:
    count = deed(ui.house(), st.session_state["leaving-chosen"], by=ui.who(), now=wiring.now())
    st.toast(t("{count} requests decided.", count=count))


def show_bringing() -> None:
    st.subheader(t("Mails that ask to stop"), anchor=False)
    st.caption(
        t(
            "Replies to the unsubscribe address, and forwarded mails that ask to be removed. Nothing happens until you "
            "have said whom each one is about; the clock runs from when it was written."
        )
    )
    with st.form("leaving-bring", border=True, clear_on_submit=True):
        pasted = st.text_area(t("Paste a mail, or just the addresses"), key="leaving-pasted", height=120)
        choice = {"type": ["eml"], "accept_multiple_files": True, "key": "leaving-files"}
        files = st.file_uploader(t("Or choose .eml files"), **choice)
        if st.form_submit_button(t("Read them"), icon=":material/mark_email_read:"):
            bring([pasted.encode()] * bool(pasted.strip()) + [file.getvalue() for file in files])


def bring(mails: list[bytes]) -> None:
    try:
        count = prepare.bring_mails(ui.house(), mails, by=ui.who(), now=wiring.now())
    except BulkmailError as trouble:
        st.error(ui.plain(t(trouble)), icon=":material/error:")
        return
    st.toast(t("{count} new requests.", count=count))
    st.rerun()


# ---------------------------------------------------------------- the drill


def show_drill(campaign: Campaign | None) -> None:
    st.subheader(t("The way out, tried"), anchor=False)
    where = ui.plain(ui.house().settings.public_url)
    st.caption(t("Canary letters are tried over {url}, as scanners and mail programs do.", url=where))
    if campaign is None:
        st.info(t("Choose a campaign first: its letter is the one that is tried."), icon=":material/edit_note:")
        return
    if st.button(t("Try it now"), icon=":material/exit_to_app:", key="leaving-drill"):
        st.session_state["drill"] = prepare.make_drill(ui.house(), campaign, now=wiring.now())
    drill = st.session_state.get("drill") or prepare.newest_drill(ui.house(), campaign, now=wiring.now())
    ui.show_findings(prepare.findings_of_drill(ui.house(), drill))
    show_steps(drill)


def show_steps(drill: Drill) -> None:
    stands = {True: t("Suppressed"), False: t("Still subscribed")}
    rows = {
        t("Step"): [t(STEPS[step.name]) for step in drill.steps],
        t("Answer"): [str(step.status or t("no answer")) for step in drill.steps],
        t("Milliseconds"): [round(step.seconds * 1000) for step in drill.steps],
        t("Afterwards"): [stands[step.suppressed] for step in drill.steps],
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="leaving-steps", alt=t("The way out, tried"))
    st.caption(t("Tried at {at}", at=ui.clock(drill.at)))


ui.require_frame()
main()
