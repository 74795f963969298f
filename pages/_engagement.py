"""Past engagement, one question at a time: what people and machines did, who has gone quiet, and how much was sent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import _ui as ui
import pandas as pd
import streamlit as st
from _forecast import OUTCOMES, draw_record
from _hours import show_hours
from _rates import show_numbers, show_rates, show_weeks
from _ui import t

from bulkmail import charts, engagement, forecast, limits, planning, prepare, wiring
from bulkmail.adapters import watching
from bulkmail.model import Campaign, say
from bulkmail.tips import cadence

BANDS = {
    "below": say("below the 90 % range"),
    "low": say("low in it"),
    "middle": say("in the 50 % range"),
    "high": say("high in it"),
    "above": say("above the 90 % range"),
}


@dataclass(frozen=True, kw_only=True)
class Past:
    """Summaries of all letters known of, as of a state of the workspace."""

    state: str
    letters: pd.DataFrame
    campaigns: pd.DataFrame
    weeks: pd.DataFrame
    hours: pd.DataFrame


# ---------------------------------------------------------------- people and machines


@st.cache_resource(max_entries=4, show_spinner=False)
def signals(state: str, _letters: pd.DataFrame) -> pd.DataFrame:
    """Who opened and clicked, at Gmail and elsewhere where both are known, and in each department."""
    by_mailbox = engagement.signals(_letters, "at_gmail")
    parts = [by_mailbox] if by_mailbox["place"].nunique() > 1 else []
    return pd.concat([*parts, engagement.signals(_letters)], ignore_index=True)


def show_signals(letters: pd.DataFrame, state: str, title: str) -> None:
    table = signals(state, letters)
    if not table[["people", "machines"]].to_numpy().any():
        not_enough(t("No opens or clicks are recorded yet."))
        return
    labels = {
        "people": t("by people"), "machines": t("by machines"), "opened": t("Opens"), "clicked": t("Clicks"),
        "0": t("Other mailboxes"), "1": "Gmail", "": t("No department"),
    }  # fmt: skip
    words = {"title": title, "x": t("Share of letters delivered"), "labels": labels}
    figure = ui.drawn("signals", state, lambda: charts.signals(table, **words))
    sums = table.groupby("signal")[["people", "machines"]].sum()
    told = {labels[name]: f"{row.people:,} / {row.machines:,}" for name, row in sums.iterrows()}
    ui.draw(figure, "engagement-signals", charts.alt_text(title, told))
    seconds = int(limits.MACHINE_CLICK_SECONDS.value)
    st.caption(
        t(
            "Machines that open are mail programs that fetch pictures by themselves; machines that click are scanners, "
            "within {seconds} seconds of delivery. Behind a machine's open nobody can see a person.",
            seconds=seconds,
        )
    )
    shown = table.assign(**{name: table[name].map(lambda word: labels.get(word, word)) for name in ("place", "signal")})
    show_numbers(shown, "engagement-signals-table")


# ---------------------------------------------------------------- silence


@st.cache_resource(max_entries=4, show_spinner=False)
def silent(state: str, _letters: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Who still clicks after a silence, and after how many weeks the rule asks most readers here."""
    return engagement.silence(_letters, _letters["sent_at"].max()), engagement.usual_silence(_letters)


def show_silence(letters: pd.DataFrame, state: str, title: str) -> None:
    table, weeks = silent(state, letters)
    if table["people"].sum() < limits.ENOUGH_EVENTS.value:
        not_enough(
            t(
                "It takes {enough} people who were mailed both before and in the last eight weeks; there are {count}.",
                enough=int(limits.ENOUGH_EVENTS.value),
                count=int(table["people"].sum()),
            )
        )
        return
    labels = {"clicked": t("Clicked in the next 8 weeks"), "left": t("Left or complained in the next 8 weeks")}
    limit = t("rule for most readers here: {weeks} weeks", weeks=round(weeks))
    words = {"title": title, "x": t("Weeks since the last sign of a person"), "y": t("Share of people")}
    figure = ui.drawn(
        "silence", state,
        lambda: charts.silence(table, labels=labels, limit_weeks=weeks, limit_label=limit, **words),
    )  # fmt: skip
    told = dict(zip(table["weeks"], table["clicked_rate"].map("{:.0%}".format), strict=True))
    ui.draw(figure, "engagement-silence", charts.alt_text(title, told))
    st.caption(
        t(
            "Everybody who was mailed in the last eight weeks, by how long they had been silent when those began. Only "
            "opens and clicks by people end a silence. Whiskers are 95 % intervals."
        )
    )
    show_numbers(table, "engagement-silence-table")


# ---------------------------------------------------------------- complaints


@st.cache_resource(max_entries=4, show_spinner=False)
def complaints(state: str, _letters: pd.DataFrame) -> pd.DataFrame:
    """Complaints of other mailboxes than Gmail's, four weeks together."""
    return engagement.complaints_by_week(_letters)


def show_complaints(letters: pd.DataFrame, state: str, title: str, campaign: Campaign | None) -> None:
    weeks, google = complaints(state, letters), postmaster_days(campaign)
    if weeks.empty and google.empty:
        not_enough(t("No letter was delivered to a mailbox whose provider tells of complaints."))
        return
    labels = {
        "seen": t("Complaints that are told, four weeks together"),
        "interval": t("95 % interval"),
        "postmaster": t("Gmail, by Postmaster Tools"),
    }
    target, stop = limits.COMPLAINT_TARGET_RATE.value, limits.COMPLAINT_STOP_RATE.value
    lines = {t("keep below {rate}", rate=f"{target:.1%}"): target, t("never reach {rate}", rate=f"{stop:.1%}"): stop}
    words = {"title": title, "x": t("Week"), "y": t("Complaints, of letters delivered"), "labels": labels}
    figure = charts.complaint_strip(weeks, google, lines=lines, **words)
    told = " / ".join(f"{weeks[name].iloc[-1]:,}" for name in ("complained", "delivered")) if len(weeks) else "–"
    ui.draw(figure, "engagement-complaints", charts.alt_text(title, {t("Reported as spam"): told}))
    if google.empty:
        st.info(
            t(
                "Whether Gmail's line is kept cannot be known from here: Gmail tells no sender who complained. Bring "
                "in the table of Postmaster Tools on the Sender page, and its days stand here."
            ),
            icon=":material/help:",
        )
    show_numbers(weeks.iloc[::-1], "engagement-complaints-table")


def postmaster_days(campaign: Campaign | None) -> pd.DataFrame:
    """Day and spam rate that Postmaster Tools show for the domain of the campaign in hand."""
    domain = campaign.sender.address.rpartition("@")[2].lower() if campaign else ""
    days = watching.postmaster_days(ui.house(), domain) if domain else {}
    rows = [(day, figures["spam_rate"]) for day, figures in days.items() if "spam_rate" in figures]
    return pd.DataFrame(rows, columns=["day", "rate"])


# ---------------------------------------------------------------- growth, and readers shared


@st.cache_resource(max_entries=4, show_spinner=False)
def growth(state: str, today: date, planned: int, _rules: cadence.Rules, _letters: pd.DataFrame) -> pd.DataFrame:
    """Letters by day, and those of the campaign in hand as a ramp would carry them."""
    return cadence.growth(_letters, today, planned=planned, rules=_rules)


def show_growth(letters: pd.DataFrame, state: str, title: str, planned: int) -> None:
    rules = prepare.cadence_rules(ui.house())
    today = wiring.now().astimezone(ZoneInfo(rules.timezone)).date()
    table = growth(f"{state} {rules}", today, planned, rules, letters)
    labels = {
        "within": t("Sent"), "above": t("Sent, more than slow growth allows"), "planned": t("This campaign, as a ramp"),
        "stop": t("Sent, complaints or bounces beyond the stop"), "room": t("Room of the day"),
    }  # fmt: skip
    words = {"title": title, "x": t("Day, Macau"), "y": t("Letters"), "labels": labels, "now": str(today)}
    past = table[table["state"] != "planned"]
    told = {t("Sent"): f"{past['letters'].sum():,}", t("Days above"): int((past["state"] == "above").sum())}
    ui.draw(charts.warm_up(table, **words), "engagement-growth", charts.alt_text(title, told))
    st.caption(
        t(
            "The room is twice the highest day of the 30 before, and never under {first}; a ramp grows {step} times "
            "a day.",
            first=rules.first_day,
            step=f"{rules.step:g}",
        )
    )
    shown = table[table["letters"] > 0].iloc[::-1]
    show_numbers(shown.assign(state=shown["state"].map(labels)), "engagement-growth-table")


@st.cache_resource(max_entries=4, show_spinner=False)
def sends(state: str, _letters: pd.DataFrame) -> forecast.Sends:
    return forecast.sends_of(_letters, settled=pd.Timestamp(wiring.now()) - planning.SETTLES)


def show_shared(letters: pd.DataFrame, state: str, title: str) -> None:
    known = sends(state, letters)
    if len(known.departments) < 2:
        not_enough(t("Only one department has written so far."))
        return
    table = forecast.shared_readers(known, since=known.split - HALF_A_YEAR)
    words = {"title": title, "x": t("Department"), "y": "", "scale": t("People")}
    figure = ui.drawn("shared", state, lambda: charts.collision_matrix(table, **words))
    pairs = table["department"] + " × " + table["other_department"]
    told = dict(zip(pairs, table["people"], strict=True))
    ui.draw(figure, "engagement-shared", charts.alt_text(title, told))
    st.caption(t("People who had letters of both departments within 7 days of each other, in the last half year."))
    show_numbers(table, "engagement-shared-table")


HALF_A_YEAR = 182


# ---------------------------------------------------------------- trust


@st.cache_resource(max_entries=4, show_spinner=False)
def held(state: str, _letters: pd.DataFrame) -> pd.DataFrame:
    """Past campaigns as they would have been forecast, eight weeks at a time."""
    return forecast.backtest(sends(state, _letters))[0]


def show_trust(letters: pd.DataFrame, state: str, title: str) -> None:
    with st.spinner(t("Holding forecasts against the past…")):
        record = held(state, letters)
    if record.empty:
        not_enough(t("The past is too short or too thin to hold forecasts against it."))
        return
    known = {name: t(OUTCOMES[name]) for name in OUTCOMES if name in set(record["outcome"])}
    outcome = ui.choose(t("Look at"), known, "trust", **ui.SEGMENTS)
    record = record[record["outcome"] == outcome]
    draw_record(f"{state} of the model", outcome, record.rename(columns={"send_at": "first_sent_at"}))
    table = forecast.reliability(record)
    labels = {name: t(word) for name, word in BANDS.items()}
    labels |= {"came": t("What came, 95 % interval"), "promised": t("An honest forecast")}
    words = {"title": title, "x": t("Where in its range it came"), "y": t("Share of campaigns"), "labels": labels}
    figure = ui.drawn(f"trust {outcome}", state, lambda: charts.reliability(table, **words))
    told = dict(zip(table["band"].map(labels), table["share"].map("{:.0%}".format), strict=True))
    ui.draw(figure, "engagement-trust", charts.alt_text(title, told))
    st.caption(
        t(
            "High bars at both ends are ranges that are too narrow, a high one in the middle ranges that are too wide. "
            "Counts are whole numbers: where few are expected, the middle holds more of itself."
        )
    )
    show_numbers(table.assign(band=table["band"].map(labels)), "engagement-trust-table")


def not_enough(why: str) -> None:
    st.info(f"**{t('Not enough data.')}** {why}", icon=":material/help:")


# ---------------------------------------------------------------- the choice

QUESTIONS = {
    "rates": say("How did campaigns fare?"),
    "machines": say("Who opened and clicked, people or machines?"),
    "silence": say("When is a silent reader gone?"),
    "complaints": say("Do complaints stay below Gmail's line?"),
    "weeks": say("How many letters left each week, and whose?"),
    "growth": say("Does the volume grow slowly enough?"),
    "shared": say("Which departments write to the same people?"),
    "hours": say("At which hours did people click?"),
    "trust": say("Were forecasts too sure, or too shy?"),
}


def show_engagement(known: Past, campaign: Campaign | None, planned: int) -> None:
    """Draw the answer to one question about the past, chosen."""
    chosen = ui.choose(t("Question"), {name: t(word) for name, word in QUESTIONS.items()}, "question", width=520)
    title, letters, state = t(QUESTIONS[chosen]), known.letters, known.state
    answers: dict[str, Callable[[], None]] = {
        "rates": lambda: show_rates(known.campaigns, state),
        "machines": lambda: show_signals(letters, state, title),
        "silence": lambda: show_silence(letters, state, title),
        "complaints": lambda: show_complaints(letters, state, title, campaign),
        "weeks": lambda: show_weeks(known.weeks, state),
        "growth": lambda: show_growth(letters, state, title, planned),
        "shared": lambda: show_shared(letters, state, title),
        "hours": lambda: show_hours(known.hours, state),
        "trust": lambda: show_trust(letters, state, title),
    }
    answers[chosen]()
