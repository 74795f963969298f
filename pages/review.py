"""Review and send: what the seven tips say of the plan, its approval by a person, and how the sending goes."""

from collections import Counter
from datetime import timedelta

import _ui as ui
import streamlit as st
from _preflight import show_tips, show_words, wants_words
from _ui import t
from _watch import STATES
from _watch import show_run as show_progress

from bulkmail import audience, prepare, wiring
from bulkmail.adapters import journal
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign
from bulkmail.roles import Role

ui.require_frame()


def main() -> None:
    ui.title(t("Review and send"), t("Is everything ready, and how is it going?"))
    campaign = ui.campaign()
    if campaign is None:
        show_lesson(t("Begin a campaign on Home first."), "home", t("To Home"))
        return
    watched = prepare.plan_to_watch(ui.house(), campaign)
    runs = [run for run in journal.runs(ui.house()) if run.campaign_id == campaign.id and run.plan_hash != watched]
    if watched:
        show_run(campaign, watched)
    else:
        show_cancelled(runs)
        show_review(campaign)
    show_earlier(runs)


def show_lesson(first: str, page: str, label: str) -> None:
    lesson = t("Here the seven tips are judged together, a person approves the plan, and you watch it go.")
    ui.empty("send", t("Nothing to review yet"), f"{lesson} {first}").page_link(f"{page}.py", label=label)


# ---------------------------------------------------------------- before approval


def show_review(campaign: Campaign) -> None:
    if "@" not in campaign.sender.address:
        show_lesson(t("This campaign has no sender yet."), "sender", t("To the sender"))
        return
    try:
        prepared = ui.prepared()
    except BulkmailError as error:
        st.error(ui.plain(t(error)), icon=":material/block:")
        return
    if prepared is None:
        show_lesson(t("This campaign has no list yet."), "lists", t("To Lists"))
        return
    prepared = ui.second_opinion(prepared.plan.hash, prepared)
    show_audience(prepared)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_tips(prepared)
        show_words(prepared)
    with right:
        show_plan(prepared)


def show_audience(prepared: prepare.Prepared) -> None:
    people = prepared.audience
    places = {"rows": people.rows, "list": prepared.campaign.list_name, "out": len(people.excluded)}
    sentence = t(
        "Of {rows} rows of {list}, {people} people get the letter and {out} rows are left out, each for a reason.",
        people=len(people.eligible),
        **places,
    )
    st.markdown(ui.plain(sentence))


def show_plan(prepared: prepare.Prepared) -> None:
    plan, campaign = prepared.plan, prepared.campaign
    with st.container(border=True):
        st.subheader(t("The plan"), anchor=False)
        cards = st.columns(2)
        cards[0].metric(t("Letters"), f"{plan.recipients:,}")
        cards[1].metric(t("Requests"), f"{len(plan.batches):,}", help=t("A request hands over 1,000 letters at most."))
        show_fact(t("Leaves"), leaving(prepared))
        show_fact(t("Subject"), campaign.subject)
        show_fact(t("From"), f"{campaign.sender.name} <{campaign.sender.address}>")
        lesson = t("An approval binds to this number: whatever changes afterwards makes another plan.")
        show_fact(t("Number of the plan"), plan.hash[:12], lesson)
        if prepared.blocks:
            st.error(t("Something blocks. Mend it, and the plan can be approved."), icon=":material/block:")
        may_approve = ui.may(Role.APPROVER)
        if not may_approve:
            st.caption(t("Approving takes the role of an approver."))
        waits = not prepared.blocks and wants_words(prepared)
        if waits:
            st.warning(t("Warnings want a person's word before real letters go out."), icon=":material/signature:")
        off = prepared.blocks or waits or not may_approve
        if st.button(t("Approve …"), icon=":material/verified:", type="primary", disabled=off, key="review-approve"):
            st.dialog(t("Approve this plan?"), width="medium", icon=":material/verified:")(ask)(prepared)
    show_excluded(prepared.audience.reasons)


def leaving(prepared: prepare.Prepared) -> str:
    """When the letters leave: a line for each moment, with how many."""
    if prepared.campaign.send_at is None:
        return t("As soon as it is approved")
    letters = Counter()
    for batch in prepared.plan.batches:
        letters[batch.not_before] += batch.stop - batch.start
    if len(letters) < 2:
        return ui.clock(prepared.campaign.send_at)
    return "\n".join(
        t("{time} · {count} letters", time=ui.clock(moment), count=f"{letters[moment]:,}") for moment in sorted(letters)
    )


def show_fact(label: str, value: str, lesson: str | None = None) -> None:
    """A fact in two lines; its value is text and never Markdown, for strangers may have typed it."""
    with st.container(gap=None):
        st.caption(label, help=lesson)
        st.text(value)


def show_excluded(reasons: dict[str, int]) -> None:
    if not reasons:
        return
    st.markdown(f"**{t('Left out, each row for its first reason')}**")
    rows = [{t("Rows"): count, t("Reason"): t(audience.REASONS[reason])} for reason, count in reasons.items()]
    st.dataframe(rows, hide_index=True, key="review-excluded", alt=t("Reasons and how many rows have them"))


# ---------------------------------------------------------------- the approval


def ask(prepared: prepare.Prepared) -> None:
    """What the approval is for, once more, and the number that only who has read it can type."""
    people, campaign = prepared.plan.recipients, prepared.campaign
    if not ui.house().settings.stays_here:
        st.warning(t("These letters go to real people."), icon=":material/podcasts:")
    show_fact(t("List"), campaign.list_name)
    show_fact(t("Subject"), campaign.subject)
    out = len(prepared.audience.excluded)
    st.markdown(t("**{people}** people get it, **{rows}** rows are left out.", people=people, rows=out))
    reasons = prepared.audience.reasons.items()
    if reasons:
        st.caption("  \n".join(f"{count:,} · {t(audience.REASONS[reason])}" for reason, count in reasons))
    if ui.person():
        show_fact(t("Approved by"), ui.person(), t("It enters the audit trail."))
    else:
        st.text_input(t("Your name"), key="review-by", help=t("It enters the audit trail."), autocomplete="name")
    st.text_input(t("Type how many people get the letter"), key="review-count", placeholder="0", autocomplete="off")
    ask_manner()
    if st.button(t("Approve and send"), icon=":material/send:", type="primary", key="review-confirm"):
        approve(prepared)


def ask_manner() -> None:
    """How the letters leave. Where they go to people, some minutes to change one's mind are offered first."""
    minutes = {0: t("At once"), 1: t("1 minute"), 5: t("5 minutes"), 15: t("15 minutes")}
    st.segmented_control(
        t("Countdown before the first letter"), list(minutes), format_func=minutes.get, required=True,
        default=0 if ui.house().settings.stays_here else 5, key="review-countdown",
        help=t("Until it ends, cancelling undoes everything."),
    )  # fmt: skip
    with st.expander(t("Further ways to be careful"), icon=":material/shield:"):
        st.checkbox(
            t("Exactly once by cancelling"), key="review-exactly-once",
            help=t("Each request is scheduled some minutes ahead, so that one that is unsure can be called back."),
        )  # fmt: skip
        st.checkbox(
            t("Spread over days, for a new domain"), key="review-ramp",
            help=t("As many letters a day as the domain is used to send, and somewhat more each day."),
        )  # fmt: skip


def manner() -> dict[str, object]:
    """What `ask_manner` was answered."""
    chosen = st.session_state
    countdown = timedelta(minutes=chosen["review-countdown"] or 0)
    return {"countdown": countdown, "exactly_once": chosen["review-exactly-once"], "ramp": chosen["review-ramp"]}


def approve(prepared: prepare.Prepared) -> None:
    typed = st.session_state["review-count"].replace(",", "").strip()
    people = int(typed) if typed.isascii() and typed.isdigit() else -1
    by = ui.person() or st.session_state["review-by"]
    if not ui.may(Role.APPROVER):  # taken away since the page was drawn
        st.rerun()
    try:
        what = (prepared.campaign.id, prepared.plan.hash, people)
        prepare.approve_reviewed(ui.house(), *what, by=by, now=wiring.now(), **manner())
    except BulkmailError as error:
        ui.prepare_anew()
        st.error(t(error), icon=":material/block:")
        return
    st.rerun()


# ---------------------------------------------------------------- after approval


def show_run(campaign: Campaign, plan_hash: str) -> None:
    show_progress(plan_hash)
    if journal.run_state(ui.house(), plan_hash) != "done":
        return
    if st.button(t("See what happened"), icon=":material/monitoring:", type="primary", key="review-next"):
        ui.go("results")
    again = t("Plan once more, for people who have not had this letter")
    if st.toggle(again, key="again", bind="query-params"):
        show_review(campaign)


def show_cancelled(runs: list[journal.Run]) -> None:
    """Say of a newest sending that was cancelled how far it had got: what stands below is another plan."""
    if runs and runs[0].state == "cancelled":
        totals = journal.totals(ui.house(), runs[0].plan_hash)
        text = t(
            "The last sending was cancelled: {accepted} of {all} letters had been accepted. Below is a new plan, for "
            "people who have not had the letter.",
            accepted=totals["accepted"],
            all=totals["recipients"],
        )
        st.info(text, icon=":material/cancel:")


def show_earlier(runs: list[journal.Run]) -> None:
    """The campaign's other approved plans, the newest first."""
    if not runs:
        return
    with st.expander(t("Earlier plans of this campaign ({count})", count=len(runs)), icon=":material/history:"):
        rows = [earlier_row(run) for run in runs]
        st.dataframe(rows, hide_index=True, key="review-earlier", alt=t("Plans that were approved earlier"))


def earlier_row(run: journal.Run) -> dict[str, object]:
    totals = journal.totals(ui.house(), run.plan_hash)
    return {
        t("Approved"): ui.clock(run.approved_at),
        t("Approved by"): run.approved_by,
        t("State"): t(STATES[run.state][2]),
        t("Letters"): totals["recipients"],
        t("Accepted"): totals["accepted"],
        t("Refused"): totals["refused"],
        t("In doubt"): totals["in_doubt"],
        t("Plan"): run.plan_hash[:12],
    }


main()
