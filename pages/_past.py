"""What the past says, one look at a time: a forecast, rates with their intervals, letters by week, and hours."""

from collections.abc import Callable
from dataclasses import dataclass

import _ui as ui
import pandas as pd
import streamlit as st
from _bring_in import show_import
from _calendar import show_calendar
from _fatigue import show_fatigue
from _forecast import OUTCOMES, show_forecast
from _ui import t

from bulkmail import charts, engagement, limits, results
from bulkmail.model import Campaign, say
from bulkmail.tips import cadence

WEEKDAYS = (say("Mon"), say("Tue"), say("Wed"), say("Thu"), say("Fri"), say("Sat"), say("Sun"))
BASES = {
    "delivered": say("of letters delivered"),
    "sent": say("of letters sent"),
    "open_base": say("of letters delivered that no machine opened"),
}
COLUMNS = {
    "campaign": say("Campaign"),
    "department": say("Department"),
    "first_sent_at": say("First letter"),
    "sent": say("Letters sent"),
    "delivered": say("Delivered"),
    "open_base": say("Delivered and not opened by a machine"),
    "week": say("Week from"),
    "weekday": say("Weekday"),
    "hour": say("Hour"),
    "letters": say("Letters"),
    "campaigns": say("Campaigns"),
    "rate": say("Rate"),
    "low": say("At least (95 %)"),
    "high": say("At most (95 %)"),
}
RATES = ("rate", "low", "high")
LINES = {"complained": limits.COMPLAINT_STOP_RATE.value, "bounced": limits.BOUNCE_STOP_RATE.value}
LOOKS = {
    "forecast": say("Forecast"),
    "calendar": say("Calendar"),
    "rates": say("Rates"),
    "weeks": say("Letters by week"),
    "hours": say("Hours"),
    "pressure": say("One more letter"),
    "import": say("Bring in"),
}


@dataclass(frozen=True, kw_only=True)
class Past:
    """Summaries of all letters known of, as of a state of the workspace."""

    state: str
    letters: pd.DataFrame
    campaigns: pd.DataFrame
    weeks: pd.DataFrame
    hours: pd.DataFrame


@st.cache_resource(max_entries=4, show_spinner=False)
def past(state: str) -> Past | None:
    """The past as of a state of the workspace; None where nothing was ever sent or brought in."""
    letters = results.past_letters(ui.house())
    if letters is None:
        return None
    campaigns = engagement.by_campaign(letters)
    weeks, hours = engagement.by_week(letters), engagement.by_send_hour(campaigns)
    return Past(state=state, letters=letters, campaigns=campaigns, weeks=weeks, hours=hours)


def show_past(campaign: Campaign | None, planned: int) -> None:
    """Draw one look at the past, chosen; without a past, how to bring one in."""
    state = results.state_of(ui.house())
    known = past(state)
    if known is None:
        lesson = t(
            "Bring in what was sent before: caps then count those letters, and forecasts have ground to rest on."
        )
        with ui.empty("history", t("No past letters yet"), lesson):
            show_import()
        return
    looks = {name: t(word) for name, word in LOOKS.items()}
    look = ui.choose(t("Look at"), looks, "past", **ui.SEGMENTS)
    if look == "forecast":
        show_forecast(known.campaigns, state, campaign, planned)
    elif look == "calendar":
        show_calendar(known.letters, state)
    else:
        views: dict[str, Callable[[Past], None]] = {
            "rates": show_rates, "weeks": show_weeks, "hours": show_hours,
            "pressure": lambda seen: show_fatigue(seen.letters, seen.state),
        }  # fmt: skip
        views[look](known) if look in views else show_import()


# ---------------------------------------------------------------- rates, weeks, hours


def show_rates(known: Past) -> None:
    outcome = ui.choose(t("Look at"), {name: t(word) for name, word in OUTCOMES.items()}, "outcome", **ui.SEGMENTS)
    base = engagement.BASES[outcome]
    title, y = t("How did campaigns fare?"), t("{outcome}, {base}", outcome=t(OUTCOMES[outcome]), base=t(BASES[base]))
    words = {"title": title, "x": t("Time of sending"), "y": y, "labels": {}}
    lines = {t("stop"): LINES[outcome]} if outcome in LINES else {}
    figure = ui.drawn(
        f"rates of {outcome}", known.state,
        lambda: charts.campaign_rates(known.campaigns, outcome=outcome, lines=lines, **words),
    )  # fmt: skip
    newest = known.campaigns.iloc[-1]
    ui.draw(figure, "cadence-rates", charts.alt_text(title, {newest["campaign"]: f"{newest[f'{outcome}_rate']:.2%}"}))
    st.caption(t("Whiskers are 95 % intervals of each campaign's own letters; campaigns differ by more than that."))
    if outcome == "complained":
        st.caption(
            t(
                "Gmail tells no sender who complained, so the true rate is higher. One complaint among few letters "
                "lies above the line by chance: tip 6 judges 30 days together."
            )
        )
    columns = ["campaign", "department", "first_sent_at", "sent", base, outcome]
    rates = [f"{outcome}_{part}" for part in ("rate", "low", "high")]
    show_numbers(known.campaigns[list(dict.fromkeys([*columns, *rates]))].iloc[::-1], "cadence-rates-table")


def show_weeks(known: Past) -> None:
    title = t("How many letters left each week, and whose?")
    words = {"title": title, "x": t("Week"), "y": t("Letters"), "labels": {}}
    figure = ui.drawn("weeks", known.state, lambda: charts.contacts_per_week(known.weeks, **words))
    totals = known.weeks.groupby("department")["letters"].sum()
    ui.draw(figure, "cadence-weeks", charts.alt_text(title, totals.to_dict()))
    show_numbers(known.weeks.iloc[::-1], "cadence-weeks-table")


def show_hours(known: Past) -> None:
    title, days = t("At which hours did people click?"), [t(day) for day in WEEKDAYS]
    words = {"title": title, "x": t("Hour of sending, Macau"), "y": t("Clicked by people"), "weekdays": days}
    figure = ui.drawn("hours", known.state, lambda: charts.send_hours(known.hours, **words))
    ui.draw(figure, "cadence-hours", charts.alt_text(title, {t("Campaigns"): len(known.campaigns)}))
    st.caption(
        t(
            "Dots grow with the number of campaigns; whiskers are 95 % intervals. Where they overlap, no hour is known "
            "to be better, and departments that choose their hours differ in their readers too."
        )
    )
    show_numbers(known.hours.assign(weekday=known.hours["weekday"].map(dict(enumerate(days)))), "cadence-hours-table")


def show_numbers(table: pd.DataFrame, key: str) -> None:
    """Draw the table behind a chart, folded."""
    with st.expander(t("The {count} rows behind it", count=len(table)), icon=":material/table_chart:"):
        config = {name: column(name) for name in table}
        st.dataframe(table, hide_index=True, column_config=config, key=key, alt=t("The numbers of the chart"))


def column(name: str) -> dict:
    """How a column is worded and written: a rate or a bound of one as a percentage, a moment by the clocks of Macau."""
    word = t(COLUMNS[name.rpartition("_")[2]] if name.endswith(RATES) else COLUMNS.get(name) or OUTCOMES[name])
    if name.endswith(RATES):
        return st.column_config.NumberColumn(word, format="percent")
    if name.endswith("_at"):
        return st.column_config.DatetimeColumn(word, timezone=cadence.MACAU, format="YYYY-MM-DD HH:mm")
    return st.column_config.Column(word)
