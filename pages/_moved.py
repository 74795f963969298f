"""What a better plan moves and what that brings: the campaigns in time, and the way from one count to the other."""

import _ui as ui
import pandas as pd
import streamlit as st
from _forecast import OUTCOMES
from _ui import t

from bulkmail import charts, forecast
from bulkmail.forecast import moved
from bulkmail.tips import cadence


def show_moved(told: forecast.Improvement, campaigns: pd.DataFrame, rules: cadence.Rules = cadence.HOUSE_RULES) -> None:
    """Draw the campaigns (campaign, department, send_at) with what is moved, and what the moves bring."""
    if told.moves.empty:
        return
    draw_schedule(told.moves, campaigns, rules)
    draw_steps(told)


def draw_schedule(moves: pd.DataFrame, campaigns: pd.DataFrame, rules: cadence.Rules) -> None:
    title = t("Which campaigns move, and why?")
    table = moved.in_time(moves, campaigns, cadence.MACAU)
    table = table.assign(reason=["" if reason is None else t(reason) for reason in table["reason"]])
    days = pd.date_range(table[["from_at", "to_at"]].min().min().normalize(), table["to_at"].max(), freq="D")
    closed = [day.date() for day in days if cadence.why_closed_day(day.date(), rules)]
    labels = {"from": t("as planned"), "to": t("after the moves")}
    words = {"title": title, "x": t("Day, Macau"), "y": t("Department"), "labels": labels}
    figure = charts.campaign_schedule(table, closed=closed, **words)
    told = {row.campaign: f"{row.from_at:%m-%d} → {row.to_at:%m-%d}" for row in table.itertuples() if row.reason}
    ui.draw(figure, "planner-schedule", charts.alt_text(title, told))
    st.caption(t("Shaded days are closed: weekends, holidays and days without letters."))


def draw_steps(told: forecast.Improvement) -> None:
    """Draw what each move brings, of an outcome that is chosen."""
    known = [name for name in told.gain["outcome"] if name in OUTCOMES]
    chosen = ui.choose(t("Look at"), {name: t(OUTCOMES[name]) for name in known}, "steps", **ui.SEGMENTS)
    title, gain = t("What do the moves bring?"), told.gain.set_index("outcome").loc[chosen]
    steps = moved.by_campaign(told.moves, chosen)
    labels = {"before": t("as planned"), "rest": t("all together"), "after": t("after the moves")}
    words = {"title": title, "x": t(OUTCOMES[chosen]), "labels": labels}
    figure = charts.plan_waterfall(steps, before=gain["before"], after=gain["after"], **words)
    values = {labels["before"]: f"{gain['before']:.1f}", labels["after"]: f"{gain['after']:.1f}"}
    ui.draw(figure, "planner-steps", charts.alt_text(title, values))
