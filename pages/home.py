"""Home: how the campaign in hand does by each of the seven tips, how far it has come, and what comes next."""

import _ui as ui
import streamlit as st
from _ui import t
from _watch import STATES

from bulkmail import campaign_file, journey, prepare, results, wiring
from bulkmail.adapters import database, journal
from bulkmail.errors import BulkmailError, InputError
from bulkmail.journey import Step
from bulkmail.model import Campaign, Outcome, Text, say

ADVICE = {
    1: say("Mail only people who agreed, for the purpose they agreed to, and keep the proof."),
    2: say("Mail only addresses that exist, and each mailbox once."),
    3: say("Let everybody leave with one click, at once and for good."),
    4: say("Say who writes and what it is about, in words and links that mean what they show."),
    5: say("Write to a person: no gaps where a name should stand, nobody else's data."),
    6: say("Write as often as you promised, and let nobody have too much of it."),
    7: say("Prove to the mailbox providers that the letter is really yours."),
}
# The next step: its name, icon and page. MEND is named after the tip that blocks.
STEPS = {
    Step.LIST: (say("Choose a list"), "groups", "lists"),
    Step.WRITE: (say("Write the letter"), "edit_note", "message"),
    Step.REVIEW: (say("Review and approve"), "send", "review"),
    Step.WATCH: (say("Watch it go"), "send", "review"),
    Step.RESULTS: (say("Read the results"), "monitoring", "results"),
}
WAY = {
    "uploaded": say("Rows uploaded"),
    "eligible": say("Eligible"),
    "approved": say("Letters approved"),
    "accepted": say("Accepted"),
    "delivered": say("Delivered"),
}


def main() -> None:
    ui.title(t("Home"), t("Where does this campaign stand?"))
    campaign = ui.campaign()
    if campaign:
        show_campaign(campaign)
    elif database.lists(ui.house()):
        with ui.empty("campaign", t("No campaign yet"), t("A campaign is one letter to one list, for one purpose.")):
            show_beginning(None, type="primary")
    else:
        show_welcome()


# ---------------------------------------------------------------- the campaign in hand


def show_campaign(campaign: Campaign) -> None:
    prepared, watched = None, prepare.plan_to_watch(ui.house(), campaign)
    run_state = journal.run_state(ui.house(), watched) if watched else ""
    head = st.container()
    try:
        prepared = ui.prepared()
    except BulkmailError as error:
        st.error(ui.plain(t(error)), icon=":material/block:")
    stands = journey.stand(prepared.findings if prepared else ())
    with head:
        show_head(campaign, run_state, *journey.next_step(campaign, stands, run_state))
    show_way(prepared, watched)
    if watched:
        st.caption(t("Approved is approved: what follows is how a further plan would stand, without these people."))
    show_tips(stands)


def show_head(campaign: Campaign, run_state: str, step: Step, tip: int) -> None:
    name, actions = st.columns([5, 4], vertical_alignment="center")
    with name:
        st.subheader(ui.plain(campaign.name), anchor=False)
        told = (t(ui.KINDS[campaign.kind]), campaign.purpose, campaign.list_name or t("no list yet"))
        st.caption(" · ".join(ui.plain(word) for word in told if word))
    with actions, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if run_state:
            colour, icon, word = STATES[run_state]
            st.badge(t(word), icon=f":material/{icon}:", color=colour)
        with st.popover(t("New campaign"), icon=":material/add:", key="home-new"):
            show_beginning(campaign)
        show_step(step, tip)


def show_step(step: Step, tip: int) -> None:
    name, icon, page = ui.TIPS[tip] if step is Step.MEND else STEPS[step]
    word = t("Mend: {tip}", tip=name) if step is Step.MEND else t(name)
    if st.button(word, icon=f":material/{icon}:", type="primary", key="home-next"):
        ui.go(page)


def show_way(prepared: prepare.Prepared | None, watched: str | None) -> None:
    counts: dict[str, int] = {}
    if watched:
        counts = results.counts_of_plan(ui.house(), watched)
    elif prepared:
        counts = {"uploaded": prepared.audience.rows, "eligible": len(prepared.audience.eligible)}
    steps = journey.way(counts)
    ui.cards(*((t(WAY[step]), "–" if count is None else count, of_before(count, of)) for step, count, of in steps))


def of_before(count: int | None, of: int) -> str:
    return ui.share(count, of) if count is not None and of else t("not yet") if count is None else ""


def show_tips(stands: tuple[journey.TipStand, ...]) -> None:
    with st.container(border=True):
        for stand in stands:
            name, icon, page = ui.TIPS[stand.tip]
            tip, told, way = st.columns([4, 12, 2], vertical_alignment="center")
            tip.markdown(f":material/{icon}: **{t(name)}**")
            told.markdown(f"{ui.badge(stand.outcome)} {ui.plain(t(words_of(stand)))}")
            way.page_link(f"{page}.py", label=t("Open"), icon=":material/arrow_forward:", icon_position="right")


def words_of(stand: journey.TipStand) -> Text:
    if stand.finding is None:
        return say("Not judged yet: that takes a list and a letter.")
    if stand.outcome is Outcome.PASS:
        return say("All {count} checks pass.", count=stand.counts[Outcome.PASS])
    return stand.finding.message


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
        st.selectbox(t("Class"), list(ui.KINDS), format_func=lambda kind: t(ui.KINDS[kind]), key="begin-kind")
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
        new = journey.draft(identity, name=name, purpose=purpose, kind=kind, like=like, copy=copy)
        database.save_campaign(ui.house(), new, wiring.now())
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


ui.require_frame()
main()
