"""How the sending of an approved plan goes, read from the journal every two seconds until it is over."""

from contextlib import suppress

import _ui as ui
import streamlit as st
from _doubts import show_doubts
from _ui import t

from bulkmail import audience, delivery, results, wiring
from bulkmail.adapters import journal
from bulkmail.errors import StateError
from bulkmail.model import Text, say
from bulkmail.roles import Role

STATES = {
    "queued": ("blue", "schedule", say("Approved, waiting to leave")),
    "running": ("blue", "send", say("Being sent")),
    "paused": ("orange", "pause_circle", say("Paused")),
    "done": ("green", "check_circle", say("Everything is handed over")),
    "cancelled": ("gray", "cancel", say("Cancelled")),
}
DONE_IN_DOUBT = ("violet", "help", say("Handed over, but of some people it is not known"))
# The states that a card counts, its name, and what the number means.
CARDS = (
    (
        ("accepted",),
        say("Accepted"),
        say("The sending service has taken these letters. Results tells whether they arrived."),
    ),
    (("planned", "submitting"), say("Waiting"), say("Not handed over yet.")),
    (("refused",), say("Refused"), say("The sending service does not take them, or they could not be written.")),
    (("in_doubt",), say("In doubt"), say("The answer got lost: they may have left, so that they are not repeated.")),
    (
        ("skipped", "cancelled"),
        say("Left out"),
        say("Unsubscribed or took back consent after the approval, or the sending was cancelled."),
    ),
)
# Who may ask for what: to halt is always the safe side.
NEEDED = {"paused": Role.AUTHOR, "running": Role.APPROVER, "cancelled": Role.APPROVER}
REASONS = {**audience.REASONS, **delivery.REFUSALS}


def show_run(plan_hash: str) -> None:
    """Draw the run of a plan: renewed every two seconds while it goes on, more slowly while anybody is in doubt, and
    not at all once nothing can change any more."""
    state, doubts = journal.run_state(ui.house(), plan_hash), journal.totals(ui.house(), plan_hash)["in_doubt"]
    over = state in ("done", "cancelled")
    every = "2s" if not over else "10s" if doubts else None
    st.fragment(watch, run_every=every, key="watch")(plan_hash, over, bool(doubts))


def watch(plan_hash: str, was_over: bool, was_in_doubt: bool) -> None:
    progress = results.progress_of(ui.house(), plan_hash, wiring.now())
    if (progress.is_over, bool(progress.doubts)) != (was_over, was_in_doubt):
        st.rerun()  # the page as a whole, which then asks as often as is due
    show_state(progress)
    show_numbers(progress.totals)
    show_doubts(plan_hash, progress.totals["in_doubt"])
    if not progress.is_over:
        show_controls(progress)


# ---------------------------------------------------------------- where it stands


def show_state(progress: results.Progress) -> None:
    run, totals = progress.run, progress.totals
    in_doubt = run.state == "done" and totals["in_doubt"]
    colour, icon, word = DONE_IN_DOUBT if in_doubt else STATES[run.state]
    st.subheader(f":{colour}[:material/{icon}:] {t(word)}", anchor=False)
    handed, everybody = totals["recipients"] - progress.waiting, totals["recipients"]
    text = t("{handed} of {all} letters no longer wait", handed=handed, all=everybody)
    st.progress(handed / max(everybody, 1), text=text)
    approved = t("Approved by {who}, {time}.", who=ui.plain(run.approved_by), time=ui.clock(run.approved_at))
    st.caption(" ".join([approved, *(t(line) for line in pace(progress))]))
    if run.state == "paused":
        lines = [pause_text(run), *wiring.evidence_for_pause(ui.house(), run)]
        st.warning(" ".join(t(line) for line in lines), icon=":material/pause_circle:")


def pace(progress: results.Progress) -> list[Text]:
    """How fast it goes, how long it takes, and what it waits for."""
    run, now = progress.run, wiring.now()
    lines = []
    if run.starts_at and run.starts_at > now and not progress.is_over:
        left = duration((run.starts_at - now).total_seconds())
        lines.append(say("The first letter leaves in {time}: until then cancelling undoes everything.", time=left))
    elif run.hold_until and run.hold_until > now and not progress.is_over:
        lines.append(say("The sending service asks to wait until {time}.", time=ui.clock(run.hold_until)))
    elif progress.next_at and progress.next_at > now:
        lines.append(say("The next letters leave at {time}.", time=ui.clock(progress.next_at)))
    if progress.seconds_left is not None:
        lines.append(say("{rate} letters a second.", rate=round(progress.per_second, 1)))
        lines.append(say("Time left: {time}.", time=duration(progress.seconds_left)))
    return lines


def duration(seconds: float) -> Text:
    if seconds < 90:
        return say("{count} s", count=round(seconds))
    return say("{count} min", count=round(seconds / 60))


def pause_text(run: journal.Run) -> Text:
    if run.changed_by == ui.HERE:
        return say("Paused at the dashboard. What is not handed over yet waits.")
    return delivery.PAUSES.get(run.reason) or say("Paused by {who}.", who=ui.plain(run.changed_by))


def show_numbers(totals: journal.Totals) -> None:
    for place, (states, label, lesson) in zip(st.columns(len(CARDS)), CARDS, strict=True):
        place.metric(t(label), f"{sum(totals[state] for state in states):,}", help=t(lesson), border=True)
    if totals["reasons"]:
        rows = [
            {t("Number of people"): count, t("Why they got no letter"): t(REASONS.get(why, why))}
            for why, count in totals["reasons"].items()
        ]
        st.dataframe(rows, hide_index=True, key="watch-reasons", alt=t("Who got no letter, and why"))


# ---------------------------------------------------------------- what can be asked for


def show_controls(progress: results.Progress) -> None:
    run = progress.run
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.state == "paused":
            request_button(run, "running", t("Resume"), "play_arrow", type="primary")
        else:
            request_button(run, "paused", t("Pause"), "pause")
        with st.popover(t("Cancel the rest"), icon=":material/cancel:", key="watch-cancel"):
            st.markdown(t("{count} letters that are not handed over yet will not be sent.", count=progress.waiting))
            request_button(run, "cancelled", t("Yes, cancel them"), "cancel")
    if run.state == "paused":
        st.caption(t("Nothing leaves until somebody resumes. You may close this page, and find it here again."))
    else:
        st.caption(t("You may close this page: the sending goes on by itself, and you find it here again."))


def request_button(run: journal.Run, state: str, label: str, icon: str, **look: str) -> None:
    arguments = {"on_click": request, "args": (run.plan_hash, state), "key": f"watch-{state}"}
    arguments["disabled"] = not ui.may(NEEDED[state])
    st.button(label, icon=f":material/{icon}:", **arguments, **look)


def request(plan_hash: str, state: str) -> None:
    if not ui.may(NEEDED[state]):
        return
    with suppress(StateError):  # over meanwhile: the next look shows it
        journal.request(ui.house(), plan_hash, state, ui.who(), wiring.now())
