"""What a better plan moves and what that brings: the campaigns in time, and the way from one count to the other."""

import _ui as ui
import pandas as pd
import streamlit as st
from _forecast import OUTCOMES
from _ui import t

from bulkmail import charts, forecast
from bulkmail.tips import cadence


def show_moved(told: forecast.Improvement, campaigns: pd.DataFrame, rules: cadence.Rules = cadence.HOUSE_RULES) -> None:
    """Draw the campaigns (campaign, department, send_at) with what is moved, and what the moves bring."""
    if told.moves.empty:
        return
    draw_schedule(told.moves, campaigns, rules)
    draw_steps(told)


def draw_schedule(moves: pd.DataFrame, campaigns: pd.DataFrame, rules: cadence.Rules) -> None:
    title = t("Which campaigns move, and why?")
    table = schedule(moves, campaigns).assign(reason=lambda rows: [reason and t(reason) for reason in rows["reason"]])
    days = pd.date_range(table[["from_at", "to_at"]].min().min().normalize(), table["to_at"].max(), freq="D")
    closed = [day.date() for day in days if cadence.why_closed_day(day.date(), rules)]
    labels = {"from": t("as planned"), "to": t("after the moves")}
    words = {"title": title, "x": t("Day, Macau"), "y": t("Department"), "labels": labels}
    figure = charts.campaign_schedule(table, closed=closed, **words)
    told = {row.campaign: f"{row.from_at:%m-%d} → {row.to_at:%m-%d}" for row in table.itertuples() if row.reason}
    ui.draw(figure, "planner-schedule", charts.alt_text(title, told))
    st.caption(t("Shaded days are closed: weekends, holidays and days without letters."))


def schedule(moves: pd.DataFrame, campaigns: pd.DataFrame) -> pd.DataFrame:
    """The campaigns with where each moves from and to, by the clocks of Macau, and why ("" where it stays)."""
    moved = moves.set_index("campaign")
    to_at = campaigns["campaign"].map(moved["to_at"]).fillna(campaigns["send_at"])
    reasons = moved["reason"].to_dict()
    local = {"from_at": campaigns["send_at"], "to_at": to_at}
    return campaigns[["campaign", "department"]].assign(
        reason=[reasons.get(name, "") for name in campaigns["campaign"]],
        **{name: at.dt.tz_convert(cadence.MACAU).dt.tz_localize(None) for name, at in local.items()},
    )


def draw_steps(told: forecast.Improvement) -> None:
    """Draw what each move brings, of an outcome that is chosen."""
    known = [name for name in told.gain["outcome"] if name in OUTCOMES]
    chosen = ui.choose(t("Look at"), {name: t(OUTCOMES[name]) for name in known}, "steps", **ui.SEGMENTS)
    title, gain = t("What do the moves bring?"), told.gain.set_index("outcome").loc[chosen]
    steps = dict(zip(told.moves["campaign"], told.moves[f"gain_{chosen}"], strict=True))
    labels = {"before": t("as planned"), "rest": t("all together"), "after": t("after the moves")}
    words = {"title": title, "x": t(OUTCOMES[chosen]), "labels": labels}
    figure = charts.plan_waterfall(steps, before=gain["before"], after=gain["after"], **words)
    values = {labels["before"]: f"{gain['before']:.1f}", labels["after"]: f"{gain['after']:.1f}"}
    ui.draw(figure, "planner-steps", charts.alt_text(title, values))
