"""The randomised cap holdout: the offer, a trial that runs, and what it shows."""

from dataclasses import replace

import _ui as ui
import pandas as pd
import streamlit as st
from _forecast import OUTCOMES
from _ui import t

from bulkmail import charts, forecast, planning, prepare, wiring
from bulkmail.roles import Role
from bulkmail.tips import cadence

SHARES = (0.05, 0.1, 0.2, 0.3)


def show_trial(letters: pd.DataFrame, state: str) -> None:
    """Draw the offer to hold a share of people to fewer letters by lot; while a trial runs, what it shows so far."""
    rules = prepare.cadence_rules(ui.house())
    with st.container(border=True):
        if rules.trial is None:
            offer(rules)
        else:
            show_running(letters, state, rules)


def offer(rules: cadence.Rules) -> None:
    st.markdown(f"**{t('Find out by lot')}**")
    st.caption(
        t("A share of people, drawn by lot, is held to fewer letters for some months. What they then do, against what "
          "is expected of them, shows what letters do without any model. Everybody else gets letters as ever.")
    )  # fmt: skip
    left, middle, right = st.columns([2, 2, 3], vertical_alignment="bottom")
    share = left.selectbox(t("Share of people"), SHARES, 1, format_func=lambda one: f"{one:.0%}", key="trial-share")
    most = middle.selectbox(t("At most, in 7 days"), (1, 2, 3), key="trial-letters")
    today = f"{wiring.now():%Y-%m-%d}"
    trial = cadence.Trial(name=f"trial {today}", begun_on=today, share=share, letters=most)
    right.button(
        t("Begin the trial"), icon=":material/casino:", key="trial-begin", on_click=save,
        args=(replace(rules, trial=trial),), disabled=not ui.may(Role.APPROVER),
    )  # fmt: skip


def save(rules: cadence.Rules) -> None:
    if ui.may(Role.APPROVER):
        prepare.save_cadence_rules(ui.house(), rules, by=ui.who(), now=wiring.now())


def show_running(letters: pd.DataFrame, state: str, rules: cadence.Rules) -> None:
    trial = rules.trial
    held = forecast.is_held(pd.Series(letters["person"].unique()), trial.name, trial.share)
    words = t(
        "Since {day} a lot holds {held} of {people} people ever mailed ({share}) to {letters} letters in 7 days.",
        day=trial.begun_on, held=int(held.sum()), people=len(held), share=f"{trial.share:.0%}", letters=trial.letters,
    )  # fmt: skip
    st.markdown(f":material/casino: **{words}**")
    st.caption(t("The lot follows from the trial's name and the person alone: who is held can always be told again."))
    with st.spinner(t("Reading the trial…")):
        told = reading(f"{state} {trial}", letters, trial)
    if told.empty:
        st.info(t("Nothing can be read yet: too few letters and events since then."), icon=":material/hourglass_top:")
    else:
        show_reading(told)
    st.button(
        t("End the trial"), icon=":material/stop_circle:", key="trial-end", on_click=save,
        args=(replace(rules, trial=None),), disabled=not ui.may(Role.APPROVER),
    )  # fmt: skip


@st.cache_resource(max_entries=4, show_spinner=False)
def reading(state: str, _letters: pd.DataFrame, _trial: cadence.Trial) -> pd.DataFrame:
    """What happened to the held people over what is expected of them, since the trial began."""
    sends = forecast.sends_of(_letters, settled=pd.Timestamp(wiring.now()) - planning.SETTLES)
    held = forecast.is_held(pd.Series(sends.persons), _trial.name, _trial.share)
    since = (pd.Timestamp(_trial.begun_on, tz="UTC") - sends.start) / pd.Timedelta(days=1)
    told = forecast.read_holdout(sends, held, since=since)
    return told[told["letters"] > 0]


def show_reading(told: pd.DataFrame) -> None:
    title = t("Does the curve hold where letters were held back by lot?")
    labels = {name: t(OUTCOMES[name]) for name in told["outcome"]}
    labels |= {"curve": t("expected by the curve"), "naive": t("expected by counts")}
    figure = charts.holdout_check(told, title=title, x=t("Happened / expected"), labels=labels)
    values = dict(zip(told["outcome"].map(labels), told["ratio"].round(2), strict=True))
    ui.draw(figure, "trial-check", charts.alt_text(title, values))
    rows = {
        "": [t(OUTCOMES[name]) for name in told["outcome"]],
        t("Letters to the held"): told["letters"].tolist(),
        t("Happened"): told["observed"].tolist(),
        t("Expected by the curve"): told["expected"].round(1).tolist(),
        t("Happened / expected"): told["ratio"].round(2).tolist(),
        t("Nine times in ten"): [f"{row.low90:.2f} – {row.high90:.2f}" for row in told.itertuples()],
        t("Happened / expected by counts"): told["naive_ratio"].round(2).tolist(),
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="trial-reading", alt=t("What the trial shows"))
    st.caption(
        t("Where 1 lies within the range, the curve holds. Where it does not, believe the trial, not the curve.")
    )
