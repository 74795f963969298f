"""Results: what happened to each letter, in numbers with their denominators, person by person, and as a dossier."""

import json
from datetime import timedelta

import _ui as ui
import pandas as pd
import streamlit as st
from _people import show_people
from _ui import t
from _watch import STATES

from bulkmail import audience, charts, delivery, dossier, results, wiring
from bulkmail.adapters import journal
from bulkmail.errors import BulkmailError
from bulkmail.model import say

ui.require_frame()

QUIET = timedelta(minutes=2)  # after this long without news the page asks no more
VIEWS = {"numbers": say("Numbers"), "people": say("People"), "dossier": say("Dossier")}
COUNTED = ("uploaded", "eligible", "accepted")
STEPS = ("uploaded", "eligible", "accepted", "delivered", "opened", "clicked")
WORDS = {
    "uploaded": say("Rows uploaded"),
    "eligible": say("Eligible"),
    "accepted": say("Accepted"),
    "delivered": say("Delivered"),
    "opened": say("Opened by people"),
    "machine_open": say("Opened by machines"),
    "clicked": say("Clicked by people"),
    "machine_click": say("Clicked by machines"),
    "bounced": say("Hard bounces"),
    "unsubscribed": say("Unsubscribed"),
    "complained": say("Reported as spam"),
    "sent": say("Accepted"),
    "open_base": say("Delivered and not opened by a machine"),
}


def main() -> None:
    ui.title(t("Results"), t("What happened?"))
    campaign = ui.campaign()
    runs = [run for run in journal.runs(ui.house()) if campaign and run.campaign_id == campaign.id]
    if not runs:
        show_lesson()
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run = choose_run(runs)
        views = {name: t(word) for name, word in VIEWS.items()}
        looks = {"widget": st.segmented_control, "required": True, "label_visibility": "collapsed"}
        view = ui.choose(t("Look at"), views, "view", **looks)
        inbox = wiring.inbox_address(ui.house())
        if inbox:
            st.link_button(t("Inbox of the rehearsal"), inbox, icon=":material/inbox:", type="tertiary")
    {"numbers": show_numbers, "people": show_everybody, "dossier": show_dossier}[view](run)


def show_lesson() -> None:
    lesson = t(
        "The way of each letter stands here once a plan is approved: accepted, delivered, opened, clicked, and who got "
        "none and why."
    )
    place = ui.empty("monitoring", t("Nothing was sent yet"), lesson)
    place.page_link("review.py", label=t("To the review"), icon=":material/send:")


def choose_run(runs: list[journal.Run]) -> journal.Run:
    """The sending to look at: the newest, unless the campaign has several and another is chosen."""
    known = {run.plan_hash[:12]: run for run in runs}
    if len(known) == 1:
        return runs[0]
    names = {key: f"{ui.clock(run.approved_at)} · {t(STATES[run.state][2])} · {key}" for key, run in known.items()}
    return known[ui.choose(t("Sending"), names, "plan", width=420)]


# ---------------------------------------------------------------- numbers


@st.cache_resource(max_entries=8, show_spinner=False)
def counted(plan_hash: str, state: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.Timestamp | None]:
    """The funnel of a plan, why letters did not arrive, and when something was last heard."""
    house = ui.house()
    heard = journal.events(house, plan_hash)["received_at"]
    last = heard.max() if len(heard) else None
    return results.funnel_of_plan(house, plan_hash), results.failures_of_plan(house, plan_hash), last


def show_numbers(run: journal.Run) -> None:
    live = is_live(run)
    st.fragment(draw_numbers, run_every="3s" if live else None, key="numbers")(run.plan_hash, live)


def is_live(run: journal.Run) -> bool:
    """Whether news may still come in soon: the sending goes on, or ended or spoke a short while ago."""
    _, _, last = counted(run.plan_hash, results.state_of(ui.house()))
    return run.state in ("queued", "running") or wiring.now() - max(last or run.changed_at, run.changed_at) < QUIET


def draw_numbers(plan_hash: str, live: bool) -> None:
    run = journal.run(ui.house(), plan_hash)
    if live and not is_live(run):
        st.rerun()
    funnel, failures, _ = counted(plan_hash, results.state_of(ui.house()))
    show_cards(funnel.set_index("what"))
    title = t("How far did the letters get?")
    words = {step: t(WORDS[step]) for step in STEPS}
    figure = charts.letter_funnel(funnel, steps=STEPS, title=title, x=t("Number of people"), labels=words)
    counts = dict(zip(funnel["what"], funnel["letters"], strict=True))
    alt = charts.alt_text(title, {words[step]: counts[step] for step in STEPS})
    st.plotly_chart(figure, theme="streamlit", key="results-funnel", alt=alt, config={"displayModeBar": False})
    show_table(funnel)
    show_failures(failures)
    if live:
        st.caption(f":material/sync: {t('New events appear here by themselves.')}")
    else:
        st.button(t("Look for news"), icon=":material/refresh:", key="results-refresh")


def show_cards(funnel: pd.DataFrame) -> None:
    shown = [(what, funnel.loc[what]) for what in ("accepted", "delivered", "opened", "clicked", "unsubscribed")]
    counts = ((what, int(row["letters"]), int(row["of"])) for what, row in shown)
    ui.cards(*((t(WORDS[what]), letters, ui.share(letters, of)) for what, letters, of in counts))
    st.caption(
        t(
            "Opens are weak evidence: mail programs fetch pictures by themselves, and many people never load them. "
            "Judge a letter by its clicks."
        )
    )


def percent(rate: float) -> str:
    return "–" if pd.isna(rate) else f"{rate:.1%}"


def show_table(funnel: pd.DataFrame) -> None:
    rows = pd.DataFrame(
        {
            t("What"): [t(WORDS[what]) for what in funnel["what"]],
            t("Letters"): funnel["letters"],
            t("Of"): funnel["of"].where(funnel["base"] != ""),
            t("Counted among"): [t(WORDS[base]) if base else "" for base in funnel["base"]],
            t("Share"): [percent(rate) for rate in funnel["rate"]],
            t("95 % interval"): [
                interval(*row) for row in funnel[["what", "of", "low", "high"]].itertuples(index=False)
            ],
        }
    )
    wide = {t("Counted among"): st.column_config.TextColumn(width="medium")}
    looks = {"hide_index": True, "height": "content", "placeholder": "", "column_config": wide}
    st.dataframe(rows, key="results-table", alt=t("What became of the letters"), **looks)


def interval(what: str, of: int, low: float, high: float) -> str:
    """The interval in words: none for what is counted and not estimated, and none without letters."""
    if what in COUNTED:
        return ""
    return f"{low:.1%} – {high:.1%}" if of else t("not enough data")


def show_failures(failures: pd.DataFrame) -> None:
    if failures.empty:
        return
    st.markdown(f"**{t('Why letters did not arrive')}**")
    rows = {t("Letters"): failures["letters"], t("Why"): [t(delivery.FAILURES[key]) for key in failures["failure"]]}
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="results-failures", alt=t("Why letters did not arrive"))


# ---------------------------------------------------------------- people, dossier


def show_everybody(run: journal.Run) -> None:
    show_people(run.plan_hash)


def show_dossier(run: journal.Run) -> None:
    try:
        made = results.dossier_of_plan(ui.house(), run.plan_hash, wiring.now())
    except BulkmailError as error:
        st.error(t(error), icon=":material/error:")
        return
    st.markdown(t("What was planned, found, approved and sent, in numbers that must add up. It names no recipient."))
    for line, sentence in zip(made["reconciliation"], dossier.sums_in_words(made, t), strict=True):
        (st.success if line["holds"] else st.error)(sentence, icon=":material/functions:")
    page = dossier.as_html(made, t, reasons=audience.REASONS | delivery.REFUSALS, language=ui.language())
    name = f"dossier-{run.plan_hash[:12]}"
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
