"""How campaigns fared, and letters by week: charts with the table behind each."""

import _ui as ui
import pandas as pd
import streamlit as st
from _forecast import OUTCOMES
from _ui import t

from bulkmail import charts, engagement, limits
from bulkmail.model import say
from bulkmail.tips import cadence

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
    "place": say("Where"),
    "signal": say("Signal"),
    "people": say("People"),
    "machines": say("Machines"),
    "of": say("Letters delivered"),
    "weeks": say("Weeks of silence, from"),
    "left": say("Left or complained"),
    "day": say("Day"),
    "room": say("Room"),
    "state": say("State"),
    "other_department": say("Other department"),
    "readers": say("Readers of the smaller one"),
    "share": say("Share"),
    "band": say("What came lay"),
    "promised": say("An honest forecast"),
    "count": say("Campaigns"),
    "forecasts": say("Campaigns judged"),
    "difference": say("Against the campaign's own rate"),
}
PARTS = ("rate", "low", "high")
PERCENT = (*PARTS, "share", "promised", "difference")
LINES = {"complained": limits.COMPLAINT_STOP_RATE.value, "bounced": limits.BOUNCE_STOP_RATE.value}


def show_rates(campaigns: pd.DataFrame, state: str) -> None:
    outcome = ui.choose(t("Look at"), {name: t(word) for name, word in OUTCOMES.items()}, "outcome", **ui.SEGMENTS)
    base = engagement.BASES[outcome]
    title, y = t("How did campaigns fare?"), t("{outcome}, {base}", outcome=t(OUTCOMES[outcome]), base=t(BASES[base]))
    words = {"title": title, "x": t("Time of sending"), "y": y, "labels": {}}
    lines = {t("stop"): LINES[outcome]} if outcome in LINES else {}
    figure = ui.drawn(
        f"rates of {outcome}", state,
        lambda: charts.campaign_rates(campaigns, outcome=outcome, lines=lines, **words),
    )  # fmt: skip
    newest = campaigns.iloc[-1]
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
    show_numbers(campaigns[list(dict.fromkeys([*columns, *rates]))].iloc[::-1], "cadence-rates-table")


def show_weeks(weeks: pd.DataFrame, state: str) -> None:
    title = t("How many letters left each week, and whose?")
    words = {"title": title, "x": t("Week"), "y": t("Letters"), "labels": {}}
    figure = ui.drawn("weeks", state, lambda: charts.contacts_per_week(weeks, **words))
    totals = weeks.groupby("department")["letters"].sum()
    ui.draw(figure, "cadence-weeks", charts.alt_text(title, totals.to_dict()))
    show_numbers(weeks.iloc[::-1], "cadence-weeks-table")


def show_numbers(table: pd.DataFrame, key: str) -> None:
    """Draw the table behind a chart, folded."""
    with st.expander(t("The {count} rows behind it", count=len(table)), icon=":material/table_chart:"):
        config = {name: column(name) for name in table}
        st.dataframe(table, hide_index=True, column_config=config, key=key, alt=t("The numbers of the chart"))


def column(name: str) -> dict:
    """How a column is worded and written: shares as percentages, those of an outcome with its name, and moments by the
    clocks of Macau."""
    words = COLUMNS | OUTCOMES
    whole, _, part = name.rpartition("_")
    if part in PERCENT:
        word = f"{t(words[whole])} · {t(words[part])}" if whole in words else t(words[part])
        return st.column_config.NumberColumn(word, format="percent")
    if name.endswith("_at"):
        return st.column_config.DatetimeColumn(t(words[name]), timezone=cadence.MACAU, format="YYYY-MM-DD HH:mm")
    return st.column_config.Column(t(words[name]))
