"""What the past says, one look at a time: a forecast, rates with their intervals, letters by week, and hours."""

from collections.abc import Callable
from dataclasses import dataclass

import _ui as ui
import pandas as pd
import streamlit as st
from _bring_in import show_import
from _forecast import OUTCOMES, show_forecast
from _ui import t

from bulkmail import charts, engagement, forecast, limits, results
from bulkmail.model import Campaign, say

WEEKDAYS = (say("Mon"), say("Tue"), say("Wed"), say("Thu"), say("Fri"), say("Sat"), say("Sun"))
BASES = {
    "delivered": say("of letters delivered"),
    "sent": say("of letters sent"),
    "open_base": say("of letters delivered that no machine opened"),
}
LINES = {"complained": limits.COMPLAINT_STOP_RATE.value, "bounced": limits.BOUNCE_STOP_RATE.value}
LOOKS = {
    "forecast": say("Forecast"),
    "rates": say("Rates"),
    "weeks": say("Letters by week"),
    "hours": say("Hours"),
    "pressure": say("One more letter"),
    "import": say("Bring in"),
}


@dataclass(frozen=True, kw_only=True)
class Past:
    """Summaries of all letters known of."""

    campaigns: pd.DataFrame
    weeks: pd.DataFrame
    hours: pd.DataFrame
    pressure: forecast.PressureCurve


@st.cache_resource(max_entries=4, show_spinner=False)
def past(state: str) -> Past | None:
    """The past as of a state of the workspace; None where nothing was ever sent or brought in."""
    letters = results.past_letters(ui.house())
    if letters is None:
        return None
    campaigns = engagement.by_campaign(letters)
    curve = forecast.pressure_curve(engagement.pressure(letters), outcome="unsubscribed")
    weeks, hours = engagement.by_week(letters), engagement.by_send_hour(campaigns)
    return Past(campaigns=campaigns, weeks=weeks, hours=hours, pressure=curve)


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
    else:
        views: dict[str, Callable[[Past], None]] = {
            "rates": show_rates, "weeks": show_weeks, "hours": show_hours, "pressure": show_pressure,
        }  # fmt: skip
        views[look](known) if look in views else show_import()


# ---------------------------------------------------------------- rates, weeks, hours


def show_rates(known: Past) -> None:
    outcome = ui.choose(t("Look at"), {name: t(word) for name, word in OUTCOMES.items()}, "outcome", **ui.SEGMENTS)
    title = t("How did campaigns fare?")
    word, base = t(OUTCOMES[outcome]), t(BASES[engagement.BASES[outcome]])
    lines = {t("stop"): LINES[outcome]} if outcome in LINES else {}
    figure = charts.campaign_rates(
        known.campaigns,
        outcome=outcome,
        title=title,
        x=t("Time of sending"),
        y=t("{outcome}, {base}", outcome=word, base=base),
        labels={},
        lines=lines,
    )
    newest = known.campaigns.iloc[-1]
    ui.draw(figure, "cadence-rates", charts.alt_text(title, {newest["campaign"]: f"{newest[f'{outcome}_rate']:.2%}"}))
    st.caption(t("Whiskers are 95 % intervals of each campaign's own letters; campaigns differ by more than that."))
    if outcome == "complained":
        st.caption(t("Gmail tells no sender who complained, so the true rate is higher."))
    columns = ["campaign", "department", "first_sent_at", "sent", engagement.BASES[outcome], outcome]
    rates = [f"{outcome}_{part}" for part in ("rate", "low", "high")]
    shown = known.campaigns[list(dict.fromkeys([*columns, *rates]))].iloc[::-1]
    percent = {name: st.column_config.NumberColumn(format="percent") for name in rates}
    with st.expander(t("The numbers of {count} campaigns", count=len(shown)), icon=":material/table_chart:"):
        st.dataframe(shown, hide_index=True, column_config=percent, key="cadence-rates-table")


def show_weeks(known: Past) -> None:
    title = t("How many letters left each week, and whose?")
    figure = charts.contacts_per_week(known.weeks, title=title, x=t("Week"), y=t("Letters"), labels={})
    totals = known.weeks.groupby("department")["letters"].sum()
    ui.draw(figure, "cadence-weeks", charts.alt_text(title, totals.to_dict()))
    with st.expander(t("The numbers"), icon=":material/table_chart:"):
        st.dataframe(known.weeks.iloc[::-1], hide_index=True, key="cadence-weeks-table")


def show_hours(known: Past) -> None:
    title = t("At which hours did people click?")
    figure = charts.send_hours(
        known.hours, title=title, x=t("Hour of sending, Macau"), y=t("Clicked by people"),
        weekdays=[t(day) for day in WEEKDAYS],
    )  # fmt: skip
    ui.draw(figure, "cadence-hours", charts.alt_text(title, {t("Campaigns"): len(known.campaigns)}))
    st.caption(
        t(
            "Dots grow with the number of campaigns; whiskers are 95 % intervals. Where they overlap, no hour is known "
            "to be better, and departments that choose their hours differ in their readers too."
        )
    )
    with st.expander(t("The numbers"), icon=":material/table_chart:"):
        st.dataframe(known.hours, hide_index=True, key="cadence-hours-table")


def show_pressure(known: Past) -> None:
    st.info(f"**{t('What one more letter a week does is not known.')}** {t(known.pressure.reason)}")
    title = t("Why not read it off the counts?")
    figure = charts.naive_pressure(
        known.pressure.naive, title=title, x=t("Letters in the 7 days before; 6 is six or more"), y=t("Unsubscribed"),
        name=t("Counts by frequency: they mix who people are with what was done to them"),
    )  # fmt: skip
    naive = known.pressure.naive
    ui.draw(
        figure, "cadence-pressure", charts.alt_text(title, dict(zip(naive["n7"], naive["rate"].round(4), strict=True)))
    )
