"""Home: how the campaign in hand does by each of the seven tips, how far it has come, and what comes next."""

from collections.abc import Callable

import _ui as ui
import streamlit as st
from _begin import show_beginning, show_welcome
from _ui import t
from _watch import STATES

from bulkmail import journey, prepare, results
from bulkmail.adapters import database, journal
from bulkmail.errors import BulkmailError
from bulkmail.journey import Step
from bulkmail.model import Campaign, Outcome, say
from bulkmail.roles import Role

ui.require_frame()

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
    elif not ui.may(Role.AUTHOR):
        ui.empty("campaign", t("No campaign yet"), t("Once an author has begun one, you can see here how it stands."))
    elif database.lists(ui.house()):
        with ui.empty("campaign", t("No campaign yet"), t("A campaign is one letter to one list, for one purpose.")):
            show_beginning(None, type="primary")
    else:
        show_welcome()


# ---------------------------------------------------------------- the campaign in hand


def show_campaign(campaign: Campaign) -> None:
    watched = prepare.plan_to_watch(ui.house(), campaign)
    if watched:
        show_approved(campaign, watched)
        return
    prepared, known, head = None, {}, st.container()
    try:
        prepared = ui.prepared()
        known["listed"] = prepared is not None
    except BulkmailError as error:
        known["readable"] = False
        st.error(ui.plain(t(error)), icon=":material/block:")
    stands = journey.stand(prepared.findings if prepared else ())
    with head:
        show_head(campaign, "", *journey.next_step(campaign, stands, **known))
    people = prepared.audience if prepared else None
    show_way({"uploaded": people.rows, "eligible": len(people.eligible)} if people else {})
    show_tips(stands, words_of)


def show_approved(campaign: Campaign, plan_hash: str) -> None:
    run_state = journal.run_state(ui.house(), plan_hash)
    stands = journey.stand(journey.as_approved(journal.load_plan(ui.house(), plan_hash).findings))
    show_head(campaign, run_state, *journey.next_step(campaign, stands, run_state))
    show_way(results.counts_of_plan(ui.house(), plan_hash))
    st.caption(t("The seven tips as they stood when the plan was approved:"))
    show_tips(stands, counts_of)


def show_head(campaign: Campaign, run_state: str, step: Step, tip: int) -> None:
    name, actions = st.columns([5, 4], vertical_alignment="center")
    with name:
        st.subheader(ui.plain(campaign.name), anchor=False)
        told = (t(ui.KINDS[campaign.kind]), campaign.purpose, campaign.list_name or t("no list yet"))
        line = f":small[:gray[{' · '.join(ui.plain(word) for word in told if word)}]]"
        if run_state:
            colour, icon, word = STATES[run_state]
            line = f":{colour}-badge[:material/{icon}: {t(word)}]  \n{line}"
        st.markdown(line)
    if not ui.may(Role.AUTHOR):
        return
    with actions, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        with st.popover(t("New campaign"), icon=":material/add:", key="home-new"):
            show_beginning(campaign)
        show_step(step, tip)


def show_step(step: Step, tip: int) -> None:
    name, icon, page = ui.TIPS[tip] if step is Step.MEND else STEPS[step]
    word = t("Mend: {tip}", tip=name) if step is Step.MEND else t(name)
    if st.button(word, icon=f":material/{icon}:", type="primary", key="home-next"):
        ui.go(page)


def show_way(counts: dict[str, int]) -> None:
    steps = journey.way(counts)
    ui.cards(*((t(WAY[step]), "–" if count is None else count, of_before(count, of)) for step, count, of in steps))


def of_before(count: int | None, of: int) -> str:
    if count is None:
        return t("not yet")
    return ui.share(count, of) if of else ""


def show_tips(stands: tuple[journey.TipStand, ...], told: Callable[[journey.TipStand], str]) -> None:
    with st.container(border=True):
        for stand in stands:
            name, icon, page = ui.TIPS[stand.tip]
            tip, middle, way = st.columns([4, 12, 2], vertical_alignment="center")
            tip.markdown(f":material/{icon}: **{t(name)}**")
            middle.markdown(told(stand))
            if ui.may(Role.AUTHOR):
                way.page_link(f"{page}.py", label=t("Open"), icon=":material/arrow_forward:", icon_position="right")


def words_of(stand: journey.TipStand) -> str:
    """The worst finding of a tip in one line."""
    if stand.finding is None:
        said = t("Not judged yet: that takes a list, and a letter that can be read.")
    elif stand.outcome is Outcome.PASS:
        said = t("All {count} checks pass.", count=stand.counts[Outcome.PASS])
    else:
        said = t(stand.finding.message)
    return f"{ui.badge(stand.outcome)} {ui.plain(said)}"


def counts_of(stand: journey.TipStand) -> str:
    """How many findings of a tip there were of each outcome."""
    return " ".join(ui.badge(outcome, stand.counts[outcome]) for outcome in ui.OUTCOMES if stand.counts.get(outcome))


main()
