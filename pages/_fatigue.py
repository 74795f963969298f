"""What one more letter does: the fatigue curve with its bands, and the misleading counts beside it."""

import _ui as ui
import pandas as pd
import streamlit as st
from _forecast import OUTCOMES
from _trial import show_trial
from _ui import t
from _worth import learned, show_worth

from bulkmail import charts, forecast


@st.cache_resource(max_entries=4, show_spinner=False)
def curves(state: str, _past: forecast.Past) -> dict[str, forecast.Curve]:
    """The fatigue curves of everything known of."""
    return forecast.curves_of(_past.known, _past.studies)


def show_fatigue(letters: pd.DataFrame, state: str) -> None:
    with st.spinner(t("Comparing busy and quiet weeks…")):
        past = learned(state, letters)
        found = curves(state, past)
    outcome = ui.choose(t("Look at"), {name: t(OUTCOMES[name]) for name in found}, "fatigue", **ui.SEGMENTS)
    told = found[outcome]
    if told.known:
        st.caption(t(told.sentence))
    else:
        st.info(
            f"**{t('What one more letter does is not known.')}** {ui.plain(t(told.reason))}", icon=":material/help:"
        )
        st.caption(t(told.offer) if told.offer else "")
    title = t("What does one more letter do?")
    words = {"title": title, "x": t("Letters in the 7 days before"), "y": t("Rate, against no letter in 7 days")}
    labels = {
        "estimate": t("Same people, busy and quiet weeks"),
        "band50": t("50 % band"),
        "band90": t("90 % band"),
        "naive": t("Counts by frequency: misleading"),
    }
    figure = ui.drawn(f"fatigue {outcome}", state, lambda: charts.fatigue_curve(told.table, labels=labels, **words))
    shown = told.table.set_index("mails_last_7_days")["rate_ratio" if told.known else "naive"].round(2)
    ui.draw(figure, "cadence-fatigue", charts.alt_text(title, shown.to_dict()))
    show_rows(told)
    reasons = [found[name].reason for name in ("clicked", "unsubscribed") if found[name].reason]
    show_worth(past, state, reasons[0] if reasons else None)
    show_trial(letters, state)


def show_rows(told: forecast.Curve) -> None:
    names = {
        "mails_last_7_days": t("Letters in the 7 days before"), "letters": t("Letters"),
        "events": t(OUTCOMES[told.outcome]), "rate_ratio": t("Rate ratio"),
        "low50": t("At least (50 %)"), "high50": t("At most (50 %)"),
        "low90": t("At least (90 %)"), "high90": t("At most (90 %)"), "naive": t("By counts"),
    }  # fmt: skip
    with st.expander(t("The {count} rows behind it", count=len(told.table)), icon=":material/table_chart:"):
        st.dataframe(
            told.table.round(3).rename(columns=names), hide_index=True, key="cadence-fatigue-table",
            alt=t("The numbers of the chart"),
        )  # fmt: skip
