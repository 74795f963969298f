"""The calendar: what was sent and is planned, whom campaigns meet at, and what a change of dates would bring."""

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

import _ui as ui
import pandas as pd
import streamlit as st
from _forecast import OUTCOMES
from _ui import t

from bulkmail import charts, engagement, forecast, planning, prepare, wiring
from bulkmail.adapters import database
from bulkmail.roles import Role
from bulkmail.tips import cadence

WEEKS_SHOWN = 26
NOBODY_LEFT_OUT = pd.DataFrame(columns=["campaign", "reason", "count"])


def show_calendar(letters: pd.DataFrame, state: str) -> None:
    """Draw the past weeks and the campaigns ahead, with the forecast beside what is edited."""
    ahead = planned(f"{state} {database.last_change(ui.house())} {times()}")
    draw_pressure(letters, ahead.letters, f"{state} {times()}")
    st.subheader(t("What is planned?"), anchor=False)
    if ahead.campaigns.empty:
        st.info(t("No campaign has a time yet. Choose one above, for each campaign in hand."), icon=":material/event:")
        return
    edited = edit(ahead.campaigns)
    changed = prepare.as_edited(ahead.letters, edited)
    show_collisions(changed)
    show_outlook(letters, changed, state)
    offer_to_keep(ahead.campaigns, edited)


def times() -> str:
    """A text that changes with the time, list or existence of any campaign."""
    known = database.campaigns(ui.house())
    return " ".join(f"{each.id} {each.send_at} {each.list_name}" for each in known)


@st.cache_resource(max_entries=4, show_spinner=False)
def planned(state: str) -> prepare.Upcoming:
    return prepare.upcoming(ui.house(), wiring.now())


# ---------------------------------------------------------------- pressure


@st.cache_resource(max_entries=4, show_spinner=False)
def weeks(state: str, _letters: pd.DataFrame, _ahead: pd.DataFrame) -> pd.DataFrame:
    columns = ["campaign", "department", "person", "sent_at"]
    both = pd.concat([_letters[columns], _ahead[columns]], ignore_index=True)
    recent = both[both["sent_at"] >= pd.Timestamp(wiring.now()) - pd.Timedelta(weeks=WEEKS_SHOWN)]
    return forecast.pressure_by_week(engagement.pressure(recent), cadence.MACAU)


def draw_pressure(letters: pd.DataFrame, ahead: pd.DataFrame, state: str) -> None:
    title, table = t("Who was mailed how often, and who will be?"), weeks(state, letters, ahead)
    now = f"{wiring.now().astimezone(ZoneInfo(cadence.MACAU)):%Y-%m-%d}"
    words = {"title": title, "x": t("Week"), "y": "", "scale": t("Letters in the 7 days before"), "now": now}
    figure = ui.drawn(f"calendar {now}", state, lambda: charts.pressure_calendar(table, **words))
    mean = table.groupby("department")["mean_letters_7_days"].mean().round(2)
    ui.draw(figure, "cadence-calendar", charts.alt_text(title, mean.to_dict()))
    st.caption(t("The dashed line is today; what lies right of it is planned. All departments count together."))


# ---------------------------------------------------------------- editing


def edit(campaigns: pd.DataFrame) -> pd.DataFrame:
    """Draw the plan as a table of which dates, skips and merges can be changed; return it as it stands."""
    local = campaigns["send_at"].dt.tz_convert(cadence.MACAU).dt.tz_localize(None)
    shown = campaigns.assign(send_at=local, skip=False, merge_into="")
    others = ["", *campaigns["campaign"]]
    config: Mapping[str, object] = {
        "campaign": st.column_config.TextColumn(t("Campaign"), disabled=True),
        "department": st.column_config.TextColumn(t("Department"), disabled=True, width=170),
        "letters": st.column_config.NumberColumn(t("Letters"), disabled=True),
        "send_at": st.column_config.DatetimeColumn(t("Leaves (Macau)"), format="YYYY-MM-DD HH:mm", required=True),
        "skip": st.column_config.CheckboxColumn(t("Skip"), width=70),
        "merge_into": st.column_config.SelectboxColumn(t("Merge into"), width=170, options=others),
        "approved": st.column_config.CheckboxColumn(t("Approved"), disabled=True),
    }
    order = ("campaign", "department", "letters", "send_at", "skip", "merge_into", "approved")
    edited = st.data_editor(shown, column_config=config, column_order=order, hide_index=True, key="calendar-edit")
    st.caption(t("Try other dates, skip a campaign or merge two: the forecast below follows. Nothing is kept yet."))
    return edited.assign(send_at=edited["send_at"].dt.tz_localize(cadence.MACAU).dt.tz_convert("UTC"))


def offer_to_keep(campaigns: pd.DataFrame, edited: pd.DataFrame) -> None:
    moved = edited[(edited["send_at"] != campaigns["send_at"]) & ~edited["approved"]]
    skipped = edited[edited["skip"] & ~edited["approved"]]
    if moved.empty and skipped.empty:
        return
    label = t("Keep these dates ({count})", count=len({*moved["id"], *skipped["id"]}))
    times = dict(zip(moved["id"], moved["send_at"], strict=True)) | dict.fromkeys(skipped["id"])
    st.button(
        label, type="primary", icon=":material/event_available:", key="calendar-keep", on_click=keep, args=(times,)
    )


def keep(times: dict[str, pd.Timestamp | None]) -> None:
    """Give drafts their new times; a skipped one has none until somebody chooses one."""
    for campaign_id, at in times.items():
        draft = database.campaign(ui.house(), campaign_id)
        if draft and ui.may(Role.AUTHOR):
            ui.save(replace(draft, send_at=at.to_pydatetime() if at is not None else None))
    st.session_state.pop("calendar-edit", None)


# ---------------------------------------------------------------- collisions and the forecast


def show_collisions(letters: pd.DataFrame) -> None:
    pairs = forecast.collisions(letters.rename(columns={"sent_at": "send_at"}))
    if pairs.empty:
        st.caption(f":material/check: {t('No two planned campaigns reach the same people within a week.')}")
        return
    st.markdown(f"**{t('Which campaigns meet at the same people within a week?')}**")
    rows = {
        t("Campaign"): pairs["campaign"],
        t("Next campaign"): pairs["other_campaign"],
        t("Hours between"): pairs["hours_apart"].round().astype(int),
        t("People who get both"): pairs["people"],
        t("Of the smaller audience"): pairs["share"],
    }
    config = {t("Of the smaller audience"): st.column_config.NumberColumn(format="percent")}
    alt = t("Campaigns that reach the same people")
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=config, key="calendar-collisions", alt=alt)
    if pairs["department"].nunique() + pairs["other_department"].nunique() > 2:
        title = t("Which departments collide?")
        words = {"title": title, "x": t("Department"), "y": "", "scale": t("People")}
        figure = charts.collision_matrix(pairs, **words)
        ui.draw(
            figure, "calendar-matrix", charts.alt_text(title, pairs.groupby("department")["people"].sum().to_dict())
        )


@st.cache_resource(max_entries=16, show_spinner=False)
def outlook(state: str, plan: str, _letters: pd.DataFrame, _plan: pd.DataFrame) -> forecast.Outlook:
    given = planning.Planned(letters=_plan, left_out=NOBODY_LEFT_OUT)
    return planning.look_ahead(_letters, given, wiring.now())[0]


def show_outlook(letters: pd.DataFrame, plan: pd.DataFrame, state: str) -> None:
    if plan.empty:
        return
    digest = str(pd.util.hash_pandas_object(plan.astype("str"), index=False).sum())
    with st.spinner(t("Looking ahead…")):
        told = outlook(state, digest, letters, plan)
    if told.campaigns.empty:
        st.info(t(forecast.TOO_FEW), icon=":material/help:")
        return
    known = {name: t(OUTCOMES[name]) for name in OUTCOMES if name in set(told.totals["outcome"])}
    outcome = ui.choose(t("Look at"), known, "ahead", **ui.SEGMENTS)
    total = told.totals.set_index("outcome").loc[outcome]
    sentence = t(
        "All of it: likely {expected}, nine times in ten {low} to {high}.",
        expected=f"{total['expected']:,.1f}",
        low=f"{total['low90']:,.0f}",
        high=f"{total['high90']:,.0f}",
    )
    st.markdown(f"**{t(OUTCOMES[outcome])}** · {sentence}")
    title, rows = t("What will each campaign likely bring?"), told.campaigns[told.campaigns["outcome"] == outcome]
    labels = {"told": t("likely, with 50 and 90 % ranges"), "extrapolated": t("beyond what was ever seen")}
    figure = charts.forecast_fan(rows, title=title, x=t(OUTCOMES[outcome]), y="", labels=labels)
    ui.draw(
        figure,
        "calendar-fan",
        charts.alt_text(title, dict(zip(rows["campaign"], rows["expected"].round(1), strict=True))),
    )
    if told.gmail and outcome == "complained":
        st.caption(t(forecast.GMAIL_RULE))
    for name in told.unknown:
        st.caption(f":material/help: **{t(OUTCOMES[name])}** · {t(forecast.TOO_FEW)}")
