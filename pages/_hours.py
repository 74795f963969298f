"""Hours of sending: what past hours brought, which proves nothing, and what hours drawn by lot brought, which may."""

import _ui as ui
import pandas as pd
import streamlit as st
from _rates import show_numbers
from _ui import t

from bulkmail import charts, engagement, forecast, limits, results
from bulkmail.model import say
from bulkmail.tips import cadence

WEEKDAYS = (say("Mon"), say("Tue"), say("Wed"), say("Thu"), say("Fri"), say("Sat"), say("Sun"))


def show_hours(hours: pd.DataFrame, state: str) -> None:
    title, days = t("At which hours did people click?"), [t(day) for day in WEEKDAYS]
    words = {"title": title, "x": t("Hour of sending, Macau"), "y": t("Clicked by people"), "weekdays": days}
    figure = ui.drawn("hours", state, lambda: charts.send_hours(hours, **words))
    ui.draw(figure, "cadence-hours", charts.alt_text(title, {t("Campaigns"): int(hours["campaigns"].sum())}))
    show_verdict(hours)
    st.caption(
        t(
            "Dots grow with the number of campaigns; whiskers are 95 % intervals. Where they overlap, no hour is known "
            "to be better, and departments that choose their hours differ in their readers too."
        )
    )
    show_numbers(hours.assign(weekday=hours["weekday"].map(dict(enumerate(days)))), "cadence-hours-table")
    show_lots(state)


def show_verdict(hours: pd.DataFrame) -> None:
    """Say whether any hour is proven to be better, and what chance alone would show."""
    apart, judged, by_chance = engagement.hours_apart(hours)
    told = t(
        "{apart} of {judged} hours lie apart from the mean; by chance alone it would be about {chance}.",
        apart=apart, judged=judged, chance=f"{by_chance:.1f}",
    )  # fmt: skip
    if apart <= by_chance + 1:
        st.info(f"**{t(forecast.NOT_PROVEN)}** {told if judged else ''}", icon=":material/help:")
    else:
        st.caption(f"{told} {t('Only hours drawn by lot inside campaigns would prove it.')}")


# ---------------------------------------------------------------- by lot


@st.cache_resource(max_entries=4, show_spinner=False)
def by_lot(state: str) -> pd.DataFrame:
    return results.letters_by_lot(ui.house(), cadence.MACAU)


def show_lots(state: str) -> None:
    """Draw what hours brought to which a lot put people, and whether any of them is proven to be better."""
    st.markdown(f"**{t('Hours drawn by lot')}**")
    told, enough = by_lot(state), int(limits.ENOUGH_CAMPAIGNS.value)
    kept = told[told["kept"].astype(bool)]
    if late := told["campaign"].nunique() - kept["campaign"].nunique():
        st.caption(t("{count} campaigns did not leave at their hours and are not read.", count=late))
    if kept.empty:
        words = t(
            "No campaign has put its people to hours by lot. Give each a second hour above: after {enough} campaigns "
            "this tells what no hour that somebody chose can.",
            enough=enough,
        )
        st.info(words, icon=":material/casino:")
        return
    read, unproven = forecast.read_hours(kept)
    draw_lots(read)
    st.info(verdict_of(read, unproven is None, kept["campaign"].nunique()), icon=":material/casino:")
    st.caption(
        t("Campaigns are the unit. A band is a 95 % interval, for all hours together, of how far an hour lies from its "
          "campaigns' own rate; one that holds 0 proves nothing.")
    )  # fmt: skip
    show_numbers(read, "cadence-lots-table")


def draw_lots(read: pd.DataFrame) -> None:
    title = t("Is an hour better where a lot chose it?")
    words = {"title": title, "x": t("Hour of sending, Macau"), "y": t("Clicks, against the campaign's own rate")}
    values = {f"{row.hour:02}:00": f"{row.difference:+.2%}" for row in read.itertuples()}
    ui.draw(charts.hours_by_lot(read, **words), "cadence-lots", charts.alt_text(title, values))


def verdict_of(read: pd.DataFrame, proven: bool, campaigns: int) -> str:
    """What the lots say so far, with how many campaigns and letters say it."""
    counted = t("{campaigns} campaigns, {letters} letters.", campaigns=campaigns, letters=f"{read['letters'].sum():,}")
    if read["low"].isna().all():
        enough = int(limits.ENOUGH_CAMPAIGNS.value)
        return f"{counted} {t('It takes {enough} campaigns to tell how far chance reaches.', enough=enough)}"
    if not proven:
        return f"**{t(forecast.NOT_PROVEN)}** {counted}"
    better, worse = (
        ", ".join(f"{hour:02}:00" for hour in read.loc[apart, "hour"]) for apart in (read["low"] > 0, read["high"] < 0)
    )
    told = [t("Better than chance allows: {hours}.", hours=better)] if better else []
    told += [t("Worse than chance allows: {hours}.", hours=worse)] if worse else []
    return f"**{' '.join(told)}** {counted}"
