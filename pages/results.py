"""Results: what happened to each letter, in numbers with their denominators, person by person, and as a dossier."""

import json

import _ui as ui
import streamlit as st
from _numbers import show_numbers
from _people import show_people
from _ui import t
from _watch import STATES

from bulkmail import audience, delivery, dossier, people, results, wiring
from bulkmail.adapters import journal
from bulkmail.errors import BulkmailError
from bulkmail.model import say
from bulkmail.roles import Role

ui.require_frame()

VIEWS = {"numbers": say("Numbers"), "people": say("People"), "dossier": say("Dossier")}


def main() -> None:
    ui.title(t("Results"), t("What happened?"))
    campaign = ui.campaign()
    runs = [run for run in journal.runs(ui.house()) if campaign and run.campaign_id == campaign.id]
    if not runs:
        show_lesson()
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run = choose_run(runs)
        shown = VIEWS if ui.may(Role.AUTHOR) else {name: word for name, word in VIEWS.items() if name != "people"}
        views = {name: t(word) for name, word in shown.items()}
        view = ui.choose(t("View"), views, "view", **ui.SEGMENTS)
        inbox = wiring.inbox_address(ui.house())
        if inbox and "people" in shown:
            st.link_button(t("Inbox of the rehearsal"), inbox, icon=":material/inbox:", type="tertiary")
    {"numbers": show_numbers, "people": show_people, "dossier": show_dossier}[view](run)


def show_lesson() -> None:
    lesson = t(
        "The way of each letter stands here once a plan is approved: accepted, delivered, opened, clicked, and who got "
        "none and why."
    )
    place = ui.empty("monitoring", t("Nothing was sent yet"), lesson)
    if ui.may(Role.AUTHOR):
        place.page_link("review.py", label=t("To the review"), icon=":material/send:")


def choose_run(runs: list[journal.Run]) -> journal.Run:
    """The sending to look at: the newest, unless the campaign has several and another is chosen."""
    known = {run.plan_hash[:12]: run for run in runs}
    if len(known) == 1:
        return runs[0]
    names = {key: f"{ui.clock(run.approved_at)} · {t(STATES[run.state][2])} · {key}" for key, run in known.items()}
    return known[ui.choose(t("Sending"), names, "plan", width=420)]


# ---------------------------------------------------------------- the dossier


def show_dossier(run: journal.Run) -> None:
    try:
        made = results.dossier_of_campaign(ui.house(), run.campaign_id, wiring.now(), people.receipts_of_plan)
    except BulkmailError as error:
        st.error(t(error), icon=":material/error:")
        return
    st.markdown(t("What was planned, found, approved and sent, in numbers that must add up. It names no recipient."))
    sums = [line for plan in made["plans"] for line in plan["reconciliation"]]
    for line, sentence in zip(sums, dossier.sums_in_words(made, t), strict=True):
        (st.success if line["holds"] else st.error)(sentence, icon=":material/functions:")
    page = dossier.as_html(made, t, reasons=audience.REASONS | delivery.REFUSALS, language=ui.language())
    seal = made["chain"][-1]["hash"]
    st.caption(t("Sealed with {hash}: keep that apart, and `bulkmail verify` shows any later change.", hash=seal[:16]))
    name = f"dossier-{run.campaign_id}"
    with st.container(horizontal=True):
        st.download_button(
            t("Dossier as a page (HTML)"), page, f"{name}.html", "text/html", on_click="ignore", key="results-html",
            icon=":material/download:", type="primary",
        )  # fmt: skip
        st.download_button(
            t("Dossier as data (JSON)"), json.dumps(made, ensure_ascii=False, indent=2), f"{name}.json",
            "application/json", on_click="ignore", key="results-json", icon=":material/data_object:",
        )  # fmt: skip


main()
