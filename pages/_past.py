"""What the past says, one look at a time: a forecast, the calendar, one more letter, and past engagement."""

import _ui as ui
import streamlit as st
from _bring_in import show_import
from _calendar import show_calendar
from _engagement import Past, show_engagement
from _fatigue import show_fatigue
from _forecast import show_forecast
from _ui import t

from bulkmail import engagement, results
from bulkmail.model import Campaign, say

LOOKS = {
    "forecast": say("Forecast"),
    "calendar": say("Calendar"),
    "pressure": say("One more letter"),
    "engagement": say("Past engagement"),
    "import": say("Bring in"),
}


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
    state = results.past_state(ui.house())
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
    elif look == "pressure":
        show_fatigue(known.letters, known.state)
    elif look == "engagement":
        show_engagement(known, campaign, planned)
    else:
        show_import()
