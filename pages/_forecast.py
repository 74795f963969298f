"""What a campaign will likely bring, as far as the past can say, and how well such forecasts have held."""

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import charts, forecast
from bulkmail.model import Campaign, say

OUTCOMES = {
    "clicked": say("Clicked by people"),
    "opened": say("Opened by people"),
    "unsubscribed": say("Unsubscribed"),
    "complained": say("Reported as spam"),
    "bounced": say("Hard bounces"),
}


@st.cache_resource(max_entries=16, show_spinner=False)
def outlook(state: str, planned: int, department: str, _campaigns: pd.DataFrame) -> dict[str, forecast.Forecast]:
    """What so many letters will likely bring."""
    return forecast.expected_outcomes(_campaigns, planned, department=department)


@st.cache_resource(max_entries=16, show_spinner=False)
def record(state: str, outcome: str, _campaigns: pd.DataFrame) -> pd.DataFrame:
    """What each past campaign would have been told of the outcome."""
    return forecast.backtest_of_counts(_campaigns, outcome=outcome)


def show_forecast(campaigns: pd.DataFrame, state: str, campaign: Campaign | None, planned: int) -> None:
    """Draw what so many letters will likely bring, and how well such forecasts have held."""
    if not planned:
        st.info(t("A forecast needs people to write to: choose a list for the campaign in hand."))
        return
    asked = choose_department(campaigns, campaign)
    with st.spinner(t("Holding forecasts against the past…")):
        told = outlook(state, planned, asked, campaigns)
        held = {name: forecast.coverage(record(state, name, campaigns)) for name in told}
    rows = [{**words_of(each), t("Such forecasts held"): words_of_record(*held[name])} for name, each in told.items()]
    st.dataframe(rows, hide_index=True, key="cadence-forecast")
    for name, each in told.items():
        if not each.known:
            st.caption(f":material/help: **{t(OUTCOMES[name])}** · {ui.plain(t(each.reason))}")
    known = {name: t(OUTCOMES[name]) for name, each in told.items() if each.known}
    if known:
        outcome = ui.choose(t("Look at"), known, "told", **ui.SEGMENTS)
        draw_record(state, outcome, record(state, outcome, campaigns))


def choose_department(campaigns: pd.DataFrame, campaign: Campaign | None) -> str:
    """Whose past to judge by: that of the sender's own department where it has one; "" for all."""
    names = campaigns["department"].drop_duplicates().sort_values().tolist()
    own = [name for name in names if campaign and name == campaign.sender.organisation]
    words = {name: name for name in (*own, "all", *names) if name}
    chosen = ui.choose(t("Judge by the past of"), words | {"all": t("All departments")}, "department", width=320)
    return "" if chosen == "all" else chosen


def words_of(told: forecast.Forecast) -> dict[str, str]:
    """A forecast as a row of words."""
    pool = t("its department") if told.pool == "department" else t("all departments")
    past_words = t(
        "{events} in {campaigns} campaigns of {pool}", events=told.events, campaigns=told.campaigns, pool=pool
    )
    return {
        t("Of {count} letters", count=told.planned): t(OUTCOMES[told.outcome]),
        t("Likely"): f"{told.expected:,.1f}" if told.known else t("unknown"),
        t("Nine times in ten"): f"{told.low90:,} – {told.high90:,}" if told.known else t("unknown"),
        t("Rests on"): past_words,
    }


def words_of_record(covered: int, judged: int, low: float, high: float) -> str:
    if not judged:
        return t("never judged")
    return t(
        "{covered} of {judged} ({low} – {high})", covered=covered, judged=judged, low=f"{low:.0%}", high=f"{high:.0%}"
    )


def draw_record(state: str, outcome: str, table: pd.DataFrame) -> None:
    title = t("Did the ranges hold in the past?")
    labels = {"range": t("Told before, 90 % range"), "covered": t("Came, within"), "missed": t("Came, outside")}
    words = {"title": title, "x": t("Time of sending"), "y": t(OUTCOMES[outcome]), "labels": labels}
    figure = ui.drawn(f"record of {outcome}", state, lambda: charts.backtest(table, **words))
    covered, judged, low, high = forecast.coverage(table)
    ui.draw(figure, "cadence-record", charts.alt_text(title, {t("Held"): words_of_record(covered, judged, low, high)}))
    st.caption(t("Each past campaign as it would have been told from the campaigns before it only."))
