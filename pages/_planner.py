"""The planner: how clicks trade against unsubscriptions, and the moves of the point that a person chooses."""

from collections.abc import Callable

import _moved
import _ui as ui
import pandas as pd
import streamlit as st
from _forecast import OUTCOMES
from _ui import t

from bulkmail import charts, forecast, planning, prepare, wiring
from bulkmail.tips import cadence

NOBODY_LEFT_OUT = pd.DataFrame(columns=["campaign", "reason", "count"])
WEIGHT, ASKED, POINT = "planner-weight", "planner asked", "planner-frontier"
USUAL = 1.0


def show_planner(
    letters: pd.DataFrame,
    ahead: pd.DataFrame,
    past: forecast.Past | None,
    edited: pd.DataFrame,
    state: str,
    take: Callable[[pd.DataFrame], None],
) -> None:
    """Draw the search for better dates of the letters ahead as edited; `past` is what was learned with this very plan,
    None where that is still to be done; `take` puts chosen moves into the calendar."""
    st.subheader(t("Are there better dates?"), anchor=False)
    as_it_stands = edited[["id", "send_at", "skip", "merge_into", "stays", "wait"]].astype(str).to_csv(index=False)
    label, asked = t("Look for better dates"), f"{state} {as_it_stands}"
    if st.button(label, icon=":material/auto_awesome:", key="planner-look"):
        st.session_state[ASKED] = asked
    if st.session_state.get(ASKED) != asked:
        st.caption(
            t("Moves campaigns within a week either way, on open days, with no more letters over the caps or within "
              "the minimum gap than there are, and says why. What it gains is told by weeks of the past that it did "
              "not plan with.")
        )  # fmt: skip
        return
    locked = tuple(edited.loc[edited["stays"] | (edited["wait"] != ""), "campaign"])
    with st.spinner(t("Looking for better dates")):
        past = past or learned(asked, letters, prepare.as_edited(ahead, edited, letters))
        points = frontier(asked, locked, past)
        usual = forecast.prices_of(past)
        weight = choose_point(points, usual)
        told = improved(asked, locked, weight, past, usual)
    show_gain(told)
    show_moves(told, f"{asked} {weight}", take)
    _moved.show_moved(told, edited, prepare.cadence_rules(ui.house()))


@st.cache_resource(max_entries=4, show_spinner=False)
def learned(asked: str, _letters: pd.DataFrame, _plan: pd.DataFrame) -> forecast.Past:
    given = planning.Planned(letters=_plan, left_out=NOBODY_LEFT_OUT)
    return planning.learn(_letters, given, wiring.now())[0]


@st.cache_resource(max_entries=8, show_spinner=False)
def frontier(asked: str, locked: tuple[str, ...], _past: forecast.Past) -> pd.DataFrame:
    rules = prepare.cadence_rules(ui.house())
    return planning.frontier(_past, wiring.now(), rules=rules, locked=locked)


@st.cache_resource(max_entries=16, show_spinner=False)
def improved(
    asked: str, locked: tuple[str, ...], weight: float, _past: forecast.Past, _usual: forecast.Prices
) -> forecast.Improvement:
    prices = forecast.Prices(unsubscribed=weight * _usual.unsubscribed, complained=weight * _usual.complained)
    rules = prepare.cadence_rules(ui.house())
    return planning.improve(_past, wiring.now(), rules=rules, locked=locked, prices=prices)


# ---------------------------------------------------------------- the frontier


def choose_point(points: pd.DataFrame, usual: forecast.Prices) -> float:
    """Draw clicks against unsubscriptions, and the choice of a point; return its weight. Where either cannot be told
    there is no choice."""
    if points[["clicked", "unsubscribed"]].isna().to_numpy().any():
        words = t("Clicks or unsubscriptions cannot be told from this past, so there is no trade to choose from.")
        st.caption(f":material/help: {words}")
        return USUAL
    weights = points["weight"].dropna().tolist()
    picked = (st.session_state.get(POINT) or {}).get("selection", {}).get("points", [])
    at = picked[0].get("customdata") if picked else None
    at = at[0] if isinstance(at, list) else at
    if at in weights and st.session_state.get("planner point") != at:
        st.session_state[WEIGHT] = at
    st.session_state["planner point"] = at
    st.session_state.setdefault(WEIGHT, USUAL if USUAL in weights else weights[0])
    words = {one: t("{count} clicks", count=f"{one * usual.unsubscribed:,.1f}") for one in weights}
    weight = st.segmented_control(
        t("One unsubscription weighs as much as"), weights, format_func=words.get, required=True, key=WEIGHT,
        help=t("Usually what a person clicks in a year. The choice is yours: it decides how much the planner spares."),
    )  # fmt: skip
    title = t("How do clicks trade against unsubscriptions?")
    labels = {"now": t("as planned"), "point": t("a plan of the planner"), "chosen": t("chosen")}
    figure = charts.frontier(
        points, chosen=weight, title=title, x=t("Unsubscriptions expected"), y=t("Clicks expected"), labels=labels
    )
    values = {
        words.get(row.weight, labels["now"]): f"{row.clicked:.1f} / {row.unsubscribed:.2f}"
        for row in points.itertuples()
    }
    st.plotly_chart(
        figure, theme="streamlit", key=POINT, on_select="rerun", selection_mode="points",
        alt=charts.alt_text(title, values), config={"displayModeBar": False},
    )  # fmt: skip
    if points[["clicked", "unsubscribed"]].iloc[1:].round(2).drop_duplicates().shape[0] == 1:
        st.caption(t("Every price leads to the same plan here: there is nothing to trade."))
    return weight


# ---------------------------------------------------------------- moves


def show_gain(told: forecast.Improvement) -> None:
    parts = [
        f"**{t(OUTCOMES[row.outcome])}** {row.before:,.1f} → {row.after:,.1f} ({row.low90:+,.1f} … {row.high90:+,.1f})"
        for row in told.gain.itertuples()
        if row.outcome in OUTCOMES
    ]
    if len(told.moves):
        st.markdown(f"{t('All moves together')}: {' · '.join(parts)}")


def what_words(move: object) -> str:
    """What becomes of a campaign, in a few words."""
    if move.kind == "merge":
        return t("into {other}", other=move.into)
    return t("{count} people wait", count=move.people) if move.kind == "part" else t("another date")


def show_moves(told: forecast.Improvement, key: str, take: Callable[[pd.DataFrame], None]) -> None:
    if told.moves.empty:
        st.info(t("No better date was found."), icon=":material/check:")
        return
    local = {name: told.moves[name].dt.tz_convert(cadence.MACAU).dt.tz_localize(None) for name in ("from_at", "to_at")}
    rows = told.moves.assign(
        take=told.moves["gain_value"] > 0,
        what=[what_words(row) for row in told.moves.itertuples()],
        between=[f"{row.low90:+.1f} … {row.high90:+.1f}" for row in told.moves.itertuples()], **local,
    )  # fmt: skip
    moment = "MM-DD HH:mm"
    config = {
        "take": st.column_config.CheckboxColumn(t("Take"), width=65),
        "campaign": st.column_config.TextColumn(t("Campaign"), disabled=True, width=130),
        "what": st.column_config.TextColumn(t("Move"), disabled=True, width=120),
        "from_at": st.column_config.DatetimeColumn(t("From day"), format=moment, disabled=True, width=90),
        "to_at": st.column_config.DatetimeColumn(t("To day"), format=moment, disabled=True, width=90),
        "gain_value": st.column_config.NumberColumn(t("Gain in clicks"), format="%+.1f", disabled=True, width=105),
        "between": st.column_config.TextColumn(t("Nine times in ten"), disabled=True, width=100),
        "gain_unsubscribed": st.column_config.NumberColumn(t("Unsubscribed"), format="%+.2f", disabled=True, width=90),
    }
    turn = f"planner-moves-{hash(key)}"
    shown = st.data_editor(
        rows, column_config=config, column_order=tuple(config), hide_index=True, key=turn, row_height=64
    )
    reasons = [f"**{ui.plain(row.campaign)}** · {ui.plain(t(row.reason))}" for row in told.moves.itertuples()]
    st.caption("  \n".join(reasons))
    st.caption(t("Nothing is kept by taking. A range that spans 0 may be chance: such a move is worth little."))
    taken = told.moves[shown["take"].to_numpy(dtype=bool)]
    st.button(
        t("Put {count} moves into the calendar", count=len(taken)), icon=":material/move_up:", key="planner-take",
        on_click=take, args=(taken,), disabled=taken.empty,
    )  # fmt: skip
    st.caption(
        t("Whom a cap holds back at a date is not dropped: the same campaign, approved again at the next slot, writes "
          "to them alone.")
    )  # fmt: skip
