"""The calendar: what was sent and is planned, whom campaigns meet at, and what a change of dates would bring."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import _planner
import _ui as ui
import pandas as pd
import streamlit as st
from _engagement import held
from _forecast import OUTCOMES
from _ui import t

from bulkmail import charts, engagement, forecast, planning, prepare, wiring
from bulkmail.adapters import database, watching
from bulkmail.roles import Role
from bulkmail.tips import cadence

WEEKS_SHOWN = 26
EIGHT_WEEKS = timedelta(weeks=8)
NOBODY_LEFT_OUT = pd.DataFrame(columns=["campaign", "reason", "count"])
WAITS = tuple(f"{letters}/{days}" for letters in range(2, 6) for days in range(2, 8))  # as the planner proposes
STEPS, DRAFT, SEEN = "calendar steps", "calendar draft", "calendar as seen"  # of the session


def show_calendar(letters: pd.DataFrame, state: str) -> None:
    """Draw the past weeks and the campaigns ahead, with the forecast beside what is edited."""
    ahead = planned(plan_state(state))
    draw_pressure(letters, ahead, plan_state(state))
    st.subheader(t("What is planned?"), anchor=False)
    if ahead.campaigns.empty:
        st.info(t("No campaign has a time yet. Choose one above, for each campaign in hand."), icon=":material/event:")
        return
    show_plan(letters, state)


def plan_state(state: str) -> str:
    """A text that changes with the past, with any list, and with the time, list or existence of any campaign."""
    known = database.campaigns(ui.house())
    times = " ".join(f"{each.id} {each.send_at} {each.wait} {each.list_name}" for each in known)
    return f"{state} {database.last_change(ui.house())} {database.last_list(ui.house())} {times}"


@st.cache_resource(max_entries=4, show_spinner=False)
def planned(state: str) -> prepare.Upcoming:
    return prepare.upcoming(ui.house(), wiring.now())


# ---------------------------------------------------------------- pressure


@st.cache_resource(max_entries=4, show_spinner=False)
def weeks(state: str, _letters: pd.DataFrame, _ahead: prepare.Upcoming) -> pd.DataFrame:
    columns = ["campaign", "department", "person", "sent_at"]
    both = pd.concat([_letters[columns], prepare.as_kept(_ahead, _letters)[columns]], ignore_index=True)
    recent = both[both["sent_at"] >= pd.Timestamp(wiring.now()) - pd.Timedelta(weeks=WEEKS_SHOWN)]
    return forecast.pressure_by_week(engagement.pressure(recent), cadence.MACAU)


def draw_pressure(letters: pd.DataFrame, ahead: prepare.Upcoming, state: str) -> None:
    title, table = t("Who was mailed how often, and who will be?"), weeks(state, letters, ahead)
    now = f"{wiring.now().astimezone(ZoneInfo(cadence.MACAU)):%Y-%m-%d}"
    words = {"title": title, "x": t("Week"), "y": "", "scale": t("Letters in the 7 days before"), "now": now}
    figure = ui.drawn(f"calendar {now}", state, lambda: charts.pressure_calendar(table, **words))
    mean = table.groupby("department")["mean_letters_7_days"].mean().round(2)
    ui.draw(figure, "cadence-calendar", charts.alt_text(title, mean.to_dict()))
    st.caption(t("The dashed line is today; what lies right of it is planned. All departments count together."))


# ---------------------------------------------------------------- the plan, and what a change would bring


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What changes are told from, made once for a past and who gets what: the forecast to try things on, learned with
    the campaigns at the times `at`. Other times need no other ground."""

    who: forecast.Audiences
    past: forecast.Past
    tryout: forecast.Tryout
    at: Mapping[str, pd.Timestamp]

    def told(self, plan: pd.DataFrame, joins: Mapping[str, str]) -> forecast.Outlook:
        """What a plan (campaign, send_at, wait) will likely bring."""
        waits = {row.campaign: prepare.wait_of(row.wait) for row in plan.itertuples()}
        return forecast.tried(self.tryout, plan.set_index("campaign")["send_at"].to_dict(), joins, waits)


@st.cache_resource(max_entries=4, show_spinner=False)
def ground(state: str, people: str, _gmail: float | None, _letters: pd.DataFrame, _ahead: pd.DataFrame) -> Ground:
    given = planning.Planned(letters=_ahead, left_out=NOBODY_LEFT_OUT)
    past = planning.learn(_letters, given, wiring.now())[0]
    tryout = forecast.tryout_of(past, forecast.outlook(past, postmaster_rate=_gmail))
    at = _ahead.groupby("campaign")["sent_at"].first().to_dict()
    return Ground(who=forecast.audiences(_ahead), past=past, tryout=tryout, at=at)


@st.fragment
def show_plan(letters: pd.DataFrame, state: str) -> None:
    """Draw the campaigns ahead to be edited, and the forecast beside them; a change redraws no more than this."""
    if st.session_state.pop("calendar changed", False):
        st.rerun()
    now = plan_state(state)
    ahead = planned(now)
    edited = edit(ahead.campaigns)
    offer(ahead.campaigns, edited)
    if ahead.letters.empty:
        return
    with st.spinner(t("Looking ahead…")):
        gmail = gmail_rate(ahead.campaigns)
        known = ground(state, f"{who_gets_what(now, ahead.letters)} {gmail}", gmail, letters, ahead.letters)
    joins = prepare.joins_of(edited)
    after = show_outlook(known, ahead.campaigns, edited, joins, gmail)
    record = st.container()
    if after is not None:
        draw_fan(after)
    show_collisions(met(edited, known.who, joins, ahead.letters, letters))
    if after is not None:
        past = known.past if is_ground(known, edited, joins) else None
        _planner.show_planner(letters, ahead.letters, past, edited, state, take)
        with record:  # last, for it takes longest
            show_record(letters, state, list(after.totals["outcome"]))


def gmail_rate(campaigns: pd.DataFrame) -> float | None:
    """The complaint rate that Postmaster Tools show for the senders of these campaigns, over the last four weeks."""
    drafts = [database.campaign(ui.house(), one) for one in campaigns["id"]]
    domains = {draft.sender.address.rpartition("@")[2].lower() for draft in drafts if draft}
    since = (wiring.now() - timedelta(days=28)).date()
    told = [watching.postmaster_days(ui.house(), domain) for domain in domains]
    rates = [each["spam_rate"] for days in told for day, each in days.items() if day >= since and "spam_rate" in each]
    return sum(rates) / len(rates) if rates else None


def show_record(letters: pd.DataFrame, state: str, outcomes: list[str]) -> None:
    """Say beside the forecast how well such forecasts have held."""
    with st.spinner(t("Holding forecasts against the past…")):
        record = held(state, letters)
    judged = {name: forecast.share_covered(record, name) for name in outcomes} if len(record) else {}
    told = [
        f"{t(OUTCOMES[name])} {t('{covered} of {judged}', covered=covered, judged=count)}"
        for name, (covered, count) in judged.items() if count
    ]  # fmt: skip
    if told:
        st.caption(f":material/fact_check: **{t('Such forecasts held for past campaigns')}** · {' · '.join(told)}")
    else:
        st.caption(f":material/help: {t('The past is too short or too thin to hold forecasts against it.')}")


@st.cache_resource(max_entries=4, show_spinner=False)
def who_gets_what(state: str, _ahead: pd.DataFrame) -> str:
    """A text that changes with the people of any campaign, and not with its time."""
    return str(pd.util.hash_pandas_object(_ahead[["campaign", "person"]], index=False).sum())


def is_ground(known: Ground, edited: pd.DataFrame, joins: Mapping[str, str]) -> bool:
    """Whether the plan as edited is the very one that was learned with: there nobody waits."""
    stands = {row.campaign: row.send_at for row in edited.itertuples() if joins[row.campaign] == row.campaign}
    return stands == known.at and not edited["wait"].any()


def edit(campaigns: pd.DataFrame) -> pd.DataFrame:
    """Draw the plan as a table whose dates, skips and merges can be changed; return it as it stands."""
    shown = with_draft(campaigns, st.session_state.get(DRAFT))
    shown = shown.assign(send_at=shown["send_at"].dt.tz_convert(cadence.MACAU).dt.tz_localize(None))
    free = ["", *campaigns.loc[~campaigns["approved"].astype(bool), "campaign"]]
    config: Mapping[str, object] = {
        "campaign": st.column_config.TextColumn(t("Campaign"), disabled=True, width=270),
        "send_at": st.column_config.DatetimeColumn(
            t("Leaves (Macau)"), format="YYYY-MM-DD HH:mm", required=True, width=150
        ),
        "stays": st.column_config.CheckboxColumn(t("Stays"), width=80),
        "skip": st.column_config.CheckboxColumn(t("Skip"), width=75),
        "merge_into": st.column_config.SelectboxColumn(t("Merge into"), width=150, options=free),
        "wait": st.column_config.SelectboxColumn(
            t("Who waits"), width=170, options=["", *dict.fromkeys([*filter(None, shown["wait"]), *WAITS])],
            format_func=wait_words, help=t("Readers with so many letters in the 7 days before get it so much later."),
        ),
    }  # fmt: skip
    key = f"calendar-edit-{len(st.session_state.get(STEPS, []))}-{st.session_state.get('calendar turns', 0)}"
    edited = st.data_editor(shown, column_config=config, column_order=tuple(config), hide_index=True, key=key)
    st.caption(
        t("Change dates, skip, merge, let people wait: the forecast follows. “Stays” keeps the planner's hands off; "
          "what is approved always stays.")
    )  # fmt: skip
    edited = edited.assign(send_at=edited["send_at"].dt.tz_localize(cadence.MACAU).dt.tz_convert("UTC"))
    edited.loc[edited["approved"], ["send_at", "wait", "skip", "merge_into", "stays"]] = campaigns.loc[
        edited["approved"], ["send_at", "wait"]
    ].assign(skip=False, merge_into="", stays=True)
    edited["wait"] = edited["wait"].fillna("")
    st.session_state[SEEN] = edited
    return edited


def with_draft(campaigns: pd.DataFrame, draft: pd.DataFrame | None) -> pd.DataFrame:
    """The campaigns with what was tried of them so far."""
    table = campaigns.assign(skip=False, merge_into="", stays=campaigns["approved"].astype(bool))
    if draft is not None:
        tried = draft.set_index("id")
        for name in ("send_at", "skip", "merge_into", "stays", "wait"):
            known = table["id"].map(tried[name])
            table[name] = known.where(known.notna(), table[name]).astype(table[name].dtype)
    return table


def offer(campaigns: pd.DataFrame, edited: pd.DataFrame) -> None:
    """Draw what can be done with the changes: keep them, take the last step back; and what speaks against a date."""
    times = prepare.changed(campaigns, edited)
    for row in edited[edited["id"].isin([one for one, timing in times.items() if timing.send_at])].itertuples():
        why = cadence.why_closed(row.send_at.to_pydatetime(), prepare.cadence_rules(ui.house()))
        if row.send_at < wiring.now():
            st.caption(f":material/warning: **{ui.plain(row.campaign)}** · {t('This moment is past.')}")
        elif why:
            st.caption(f":material/warning: **{ui.plain(row.campaign)}** · {ui.plain(t(why))}")
    with st.container(horizontal=True):
        if times:
            st.button(
                t("Keep these dates ({count})", count=len(times)), type="primary", icon=":material/event_available:",
                key="calendar-keep", on_click=keep, args=(times, edited), disabled=not ui.may(Role.AUTHOR),
            )  # fmt: skip
        if times or st.session_state.get(STEPS):
            st.button(t("Undo"), icon=":material/undo:", key="calendar-undo", on_click=undo)
    for row in edited.itertuples():
        other = prepare.joins_of(edited)[row.campaign]
        if other not in ("", row.campaign):
            words = t("Write its news into {other}; once kept, it has no time of its own.", other=other)
            st.caption(f":material/merge: **{ui.plain(row.campaign)}** · {ui.plain(words)}")


def wait_words(code: str) -> str:
    wait = prepare.wait_of(code)
    return t("{letters}+ letters: {days} days later", letters=wait.letters, days=wait.days) if wait else t("nobody")


def step(draft: pd.DataFrame | None, kept: Mapping[str, prepare.Timing] | None = None) -> None:
    """Go on to another state of the calendar, such that `undo` finds back to what is seen now."""
    st.session_state.setdefault(STEPS, []).append((st.session_state.get(SEEN), kept or {}))
    st.session_state[DRAFT] = draft


def take(moves: pd.DataFrame) -> None:
    """Put moves (as in `forecast.Improvement`) of the planner into the calendar, to be looked at and then kept."""
    seen, kind = st.session_state[SEEN], moves["kind"]
    days = (moves["to_at"] - moves["from_at"]).dt.days
    waits = moves["at_least"].astype("str") + "/" + days.astype("str")
    found = {
        "send_at": moves.loc[kind == "move", "to_at"],
        "merge_into": moves.loc[kind == "merge", "into"],
        "wait": waits[kind == "part"],
    }
    changed = {}
    for name, values in found.items():
        new = seen["campaign"].map(values.set_axis(moves.loc[values.index, "campaign"]).to_dict())
        changed[name] = new.where(new.notna(), seen[name]).astype(seen[name].dtype)
    step(seen.assign(**changed))


def keep(times: Mapping[str, prepare.Timing], edited: pd.DataFrame) -> None:
    """Give drafts their new times; one that is skipped or merged has none until somebody chooses one."""
    drafts = {one: database.campaign(ui.house(), one) for one in times}
    before = {one: prepare.Timing(draft.send_at, draft.wait) for one, draft in drafts.items() if draft}
    save({one: times[one] for one in before})
    step(edited.assign(skip=False, merge_into=""), before)


def undo() -> None:
    """Take back the last step, also what was kept; where there is none, what was changed by hand."""
    steps = st.session_state.get(STEPS, [])
    changed_by_hand = not steps or not same(st.session_state[SEEN], st.session_state.get(DRAFT))
    st.session_state["calendar turns"] = st.session_state.get("calendar turns", 0) + 1
    if changed_by_hand:
        return
    seen, kept = steps.pop()
    st.session_state[DRAFT] = seen
    save(kept)


def same(seen: pd.DataFrame, draft: pd.DataFrame | None) -> bool:
    """Whether nothing was changed by hand since the last step."""
    columns = ["id", "send_at", "skip", "merge_into", "stays", "wait"]
    if draft is None:
        return False
    both = seen[columns].merge(draft[columns], on="id", suffixes=("", "_then"))
    return all((both[name] == both[f"{name}_then"]).all() for name in columns[1:])


def save(times: Mapping[str, prepare.Timing]) -> None:
    for identity, timing in times.items():
        draft = database.campaign(ui.house(), identity)
        if draft and ui.may(Role.AUTHOR):
            ui.save(replace(draft, **timing._asdict()))
            st.session_state["calendar changed"] = True


# ---------------------------------------------------------------- the forecast


def show_outlook(
    known: Ground, campaigns: pd.DataFrame, edited: pd.DataFrame, joins: Mapping[str, str], gmail: float | None
) -> forecast.Outlook | None:
    """Draw what the plan will likely bring as edited, against what is kept; None where the past is too thin."""
    if known.tryout.told.campaigns.empty:
        st.info(t(forecast.TOO_FEW), icon=":material/help:")
        return None
    after = known.told(edited, joins)
    before = known.told(campaigns, {name: name for name in joins}).totals.set_index("outcome")["expected"]
    totals = after.totals.set_index("outcome")
    st.caption(t("All that is planned, together"))
    *places, notes = st.columns([*[2] * len(totals), 4], gap="medium")
    for place, name in zip(places, totals.index, strict=True):
        row, change = totals.loc[name], round(float(totals.loc[name, "expected"] - before[name]), 1)
        place.metric(
            t(OUTCOMES[name]), f"{row['expected']:,.1f}", change or None,
            delta_color="normal" if name == "clicked" else "inverse", border=True,
        )  # fmt: skip
        place.caption(t("90 %: {low} to {high}", low=f"{row['low90']:,.0f}", high=f"{row['high90']:,.0f}"))
    with notes:
        show_notes(after, gmail)
    return after


def show_notes(told: forecast.Outlook, gmail: float | None) -> None:
    """Draw what a forecast does not know."""
    for name in told.unknown:
        st.caption(f":material/help: **{t(OUTCOMES[name])}** · {t(forecast.TOO_FEW)}")
    if told.gmail:
        st.caption(f":material/mail: {t(forecast.GMAIL_RULE)}")
    elif gmail is not None and "complained" in set(told.totals["outcome"]):
        st.caption(t("Gmail counts with the {rate} that Postmaster Tools show.", rate=f"{gmail:.3%}"))
    if told.campaigns["send_at"].max() > wiring.now() + EIGHT_WEEKS:
        st.caption(t("What lies beyond eight weeks is a guess: no forecast so far ahead was held against the past."))


def draw_fan(told: forecast.Outlook) -> None:
    """Draw what each campaign will likely bring, of one outcome."""
    known = {name: t(OUTCOMES[name]) for name in OUTCOMES if name in set(told.totals["outcome"])}
    outcome = ui.choose(t("Look at"), known, "ahead", **ui.SEGMENTS)
    title, rows = t("What will each campaign likely bring?"), told.campaigns[told.campaigns["outcome"] == outcome]
    labels = {"told": t("likely, with 50 and 90 % ranges"), "extrapolated": t("beyond what was ever seen")}
    figure = charts.forecast_fan(rows, title=title, x=t(OUTCOMES[outcome]), y="", labels=labels)
    values = dict(zip(rows["campaign"], rows["expected"].round(1), strict=True))
    ui.draw(figure, "calendar-fan", charts.alt_text(title, values))
    beyond = [name for name, flagged in told.extrapolated.items() if flagged]
    if beyond:
        words = t("Beyond the pressure ever seen, so that its forecast is a guess: {names}.", names=", ".join(beyond))
        st.warning(ui.plain(words), icon=":material/trending_up:")


# ---------------------------------------------------------------- collisions


def met(
    edited: pd.DataFrame,
    who: forecast.Audiences,
    joins: Mapping[str, str],
    ahead: pd.DataFrame,
    letters: pd.DataFrame,
) -> pd.DataFrame:
    """Which campaigns meet at the same people; where some of their readers wait, these by themselves."""
    if edited["wait"].any():
        parted, campaigns = prepare.by_moment(prepare.as_edited(ahead, edited, letters), f" · {t('those who wait')}")
        return forecast.collisions(campaigns, forecast.audiences(parted))
    there = edited[[joins[name] == name for name in edited["campaign"]]]
    return forecast.collisions(there, who, joins)


def show_collisions(pairs: pd.DataFrame) -> None:
    """Draw pairs of campaigns that reach the same people within a week."""
    if pairs.empty:
        st.caption(f":material/check: {t('No two planned campaigns reach the same people within a week.')}")
        return
    st.markdown(f"**{t('Which campaigns meet at the same people within a week?')}**")
    rows = {
        t("Campaign"): pairs["campaign"],
        t("Next campaign"): pairs["other_campaign"],
        t("Hours between"): pairs["hours_apart"].round().astype(int),
        t("People who get both"): pairs["people"],
        t("Of the smaller audience"): pairs["share"].round(2),
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
