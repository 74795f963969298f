"""Whether the next letter is still worth it, for readers who click little, middling and much."""

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import charts, forecast, planning, wiring
from bulkmail.model import Text, say

READERS = {
    "cool": say("Third that clicks least"),
    "middling": say("Third in between"),
    "keen": say("Third that clicks most"),
}
LABELS = {
    "room": say("Room: one more letter a week is worth it, and another."),
    "on_target": say("On target: the next letter is worth it, the one after not surely."),
    "saturated": say("Saturated: the next letter costs more than it brings."),
    "unknown": say("Unknown: the interval holds zero, or no letters were so many."),
}


@st.cache_resource(max_entries=4, show_spinner=False)
def learned(state: str, _letters: pd.DataFrame) -> forecast.Past:
    """What the past teaches: fitted once for the curves and for the worth of a letter."""
    return forecast.learn(forecast.sends_of(_letters, settled=pd.Timestamp(wiring.now()) - planning.SETTLES))


@st.cache_resource(max_entries=4, show_spinner=False)
def worth(state: str, _past: forecast.Past) -> tuple[pd.DataFrame, forecast.Prices]:
    """What the next letter is worth, and the prices taken."""
    prices = forecast.prices_of(_past)
    return forecast.next_letter(_past, prices), prices


def show_worth(past: forecast.Past, state: str, reason: Text | None) -> None:
    """Draw the worth of the next letter; `reason` says why what pressure does is not known, where it is not."""
    title = t("Is the next letter still worth it?")
    table, prices = worth(state, past)
    if table.empty:
        st.info(f"**{title} {t('Unknown')}.** {ui.plain(t(reason or forecast.TOO_FEW))}", icon=":material/help:")
        return
    names = {name: t(word) for name, word in READERS.items()}
    words = {"title": title, "x": t("Letters in the 7 days before"), "y": t("Worth of 1,000 letters, in clicks")}
    figure = ui.drawn("worth", state, lambda: charts.next_letter(table, labels=names, **words))
    first = table.drop_duplicates("readers").set_index("readers")["label"]
    verdicts = {names[reader]: t(LABELS[label]) for reader, label in first.items()}
    ui.draw(figure, "cadence-worth", charts.alt_text(title, verdicts))
    st.markdown("\n".join(f"- **{name}**: {verdict}" for name, verdict in verdicts.items()))
    st.caption(
        t(
            "Clicks less what leaving costs: {unsubscribed} clicks for a person who unsubscribes and {complained} for "
            "a complaint, from the clicks of a year. Bands hold the truth nine times in ten. That a letter tires "
            "people for those that follow comes on top.",
            unsubscribed=prices.unsubscribed,
            complained=prices.complained,
        )
    )
    show_rows(table, names)


def show_rows(table: pd.DataFrame, names: dict[str, str]) -> None:
    words = {
        "readers": t("Readers"), "mails_last_7_days": t("Letters in the 7 days before"), "letters": t("Letters"),
        "value": t("Worth of 1,000 letters, in clicks"), "low90": t("At least (90 %)"), "high90": t("At most (90 %)"),
    }  # fmt: skip
    with st.expander(t("The {count} rows behind it", count=len(table)), icon=":material/table_chart:"):
        shown = table.assign(readers=table["readers"].map(names))[list(words)].round(1).rename(columns=words)
        st.dataframe(shown, hide_index=True, key="cadence-worth-table", alt=t("The numbers of the chart"))
