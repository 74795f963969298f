"""The organisation's rules of cadence: read at a glance, tried on the audience in hand, and only then saved."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import _ui as ui
import holidays
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import audience, intake, prepare, results, wiring
from bulkmail.adapters import cadence_rules as kept
from bulkmail.errors import BulkmailError
from bulkmail.model import say
from bulkmail.roles import Role
from bulkmail.tips import cadence

PLACES = ("MO", "HK", "CN", "TW", "SG", "MY", "JP", "KR", "PT", "GB", "US", "CA", "AU", "NZ", "FR", "DE")
ZONES = (
    "Asia/Macau", "Asia/Hong_Kong", "Asia/Shanghai", "Asia/Taipei", "Asia/Singapore", "Asia/Tokyo", "Europe/Lisbon",
    "Europe/London", "America/New_York", "America/Los_Angeles", "Australia/Sydney", "UTC",
)  # fmt: skip
STAGES: Mapping[str, object] = {
    "active": say("gave a sign lately"),
    "new": say("too new to be judged"),
    "ask": say("silent, to be asked whether to go on"),
    "sunset": say("silent also when asked"),
}


def show_rules(prepared: prepare.Prepared | None) -> None:
    """Draw the rules in force in a line, and behind it what changes them."""
    rules = prepare.cadence_rules(ui.house())
    label = t("The organisation's rules")
    with st.expander(f"**{label}** · {in_a_line(rules)}", icon=":material/rule:"):
        tried = edit(rules, len(kept.history(ui.house())))
        try:
            cadence.check_rules(tried)
        except BulkmailError as trouble:
            st.error(ui.plain(t(trouble)), icon=":material/block:")
            return
        show_trial_run(prepared, rules, tried)
        if tried != rules:
            st.button(
                t("Save for all departments"), type="primary", icon=":material/save:", key="rules-save",
                on_click=save, args=(tried,), disabled=not ui.may(Role.APPROVER),
            )  # fmt: skip
        show_history()


def in_a_line(rules: cadence.Rules) -> str:
    """The rules as a few words."""
    caps = [t("{letters} letters in {days} days", letters=cap.letters, days=cap.days) for cap in rules.caps]
    hours = f"{rules.quiet_until:02}:00 – {rules.quiet_from:02}:00"
    gap = t("{hours} hours apart", hours=f"{rules.gap_hours:g}")
    trial = [t("a trial runs")] if rules.trial else []
    return " · ".join(filter(None, [*caps, gap, hours, " ".join(rules.holidays), *trial]))


def save(rules: cadence.Rules) -> None:
    try:
        if ui.may(Role.APPROVER):
            prepare.save_cadence_rules(ui.house(), rules, by=ui.who(), now=wiring.now())
    except BulkmailError as trouble:
        ui.report(trouble)


# ---------------------------------------------------------------- editing


def edit(rules: cadence.Rules, version: int) -> cadence.Rules:
    """Draw the rules to be changed; return them as they stand. What was changed of a table ends with its version."""
    often, when = st.columns(2, gap="large")
    with often:
        changed = edit_how_often(rules, version)
    with when:
        return edit_when(changed, version)


def edit_how_often(rules: cadence.Rules, version: int) -> cadence.Rules:
    st.markdown(f"**{t('How often')}** · :gray[{t('all departments counted together')}]")
    table = pd.DataFrame({"letters": [cap.letters for cap in rules.caps], "days": [cap.days for cap in rules.caps]})
    config = {
        "letters": st.column_config.NumberColumn(t("At most so many letters"), min_value=1, step=1, required=True),
        "days": st.column_config.NumberColumn(
            t("in so many days"), min_value=1, max_value=cadence.LONGEST_WINDOW, step=1, required=True
        ),
    }
    caps = st.data_editor(
        table, column_config=config, hide_index=True, num_rows="dynamic", key=f"rules-caps-{version}"
    ).dropna()
    gap = st.number_input(t("Hours between two letters"), 0, 720, int(rules.gap_hours), step=12, key="rules-gap")
    holds = st.toggle(t("Hold back who had a letter within these hours"), rules.gap_holds, key="rules-gap-holds")
    sunset = st.toggle(
        t("Leave out the silent who were asked"), rules.sunset, key="rules-sunset",
        help=t("Only what people do counts: clicks, and opens that no machine made."),
    )  # fmt: skip
    first, step = st.columns(2)
    first_day = first.number_input(t("First day of a warm-up"), 1, 100_000, rules.first_day, key="rules-first")
    grows = step.number_input(t("Times the day before"), 1.1, 2.0, float(rules.step), step=0.1, key="rules-step")
    st.caption(t("What a sign-up form promised, and what a person asked for, always comes before these caps."))
    made = tuple(cadence.Cap(letters=int(row.letters), days=int(row.days)) for row in caps.itertuples())
    return replace(
        rules, caps=made, gap_hours=float(gap), gap_holds=holds, sunset=sunset, first_day=int(first_day), step=grows
    )


def edit_when(rules: cadence.Rules, version: int) -> cadence.Rules:
    st.markdown(f"**{t('When')}**")
    hours = st.slider(t("Letters leave between"), 0, 24, (rules.quiet_until, rules.quiet_from), key="rules-hours")
    zones = list(dict.fromkeys([rules.timezone, *ZONES]))
    zone = st.selectbox(t("By the clocks of"), zones, key="rules-zone")
    quiet = st.toggle(
        t("Nor at night by a reader\'s own clock"), rules.quiet_holds,
        key="rules-quiet", help=t("A column “Timezone” of the list counts first, then the person\'s country."),
    )  # fmt: skip
    places = {one: country(one) for one in dict.fromkeys([*rules.holidays, *PLACES])}
    chosen = st.multiselect(
        t("Not on the public holidays of"), list(places), list(rules.holidays), format_func=places.get,
        key="rules-holidays", placeholder=t("none"),
    )  # fmt: skip
    working = st.toggle(t("Not on weekends"), rules.working_days_only, key="rules-weekends")
    table = pd.DataFrame(list(rules.blackouts), columns=["first", "last"]).astype("datetime64[ns]")
    config = {
        "first": st.column_config.DateColumn(t("Nothing leaves from"), required=True),
        "last": st.column_config.DateColumn(t("to"), required=True),
    }
    days = st.data_editor(
        table, column_config=config, hide_index=True, num_rows="dynamic", key=f"rules-days-{version}"
    ).dropna()
    blackouts = tuple((row.first.date(), row.last.date()) for row in days.itertuples())
    return replace(
        rules, quiet_until=hours[0], quiet_from=hours[1], timezone=zone, quiet_holds=quiet, holidays=tuple(chosen),
        working_days_only=working, blackouts=blackouts,
    )  # fmt: skip


def country(code: str) -> str:
    """A place by its code and the next public holiday there, in the words of the place."""
    today: date = wiring.now().date()
    coming = holidays.country_holidays(code, years=[today.year, today.year + 1])
    day, name = min((day, name) for day, name in coming.items() if day >= today)
    return f"{code} · {day:%m-%d} {name}"


# ---------------------------------------------------------------- tried before anything is saved


def show_trial_run(prepared: prepare.Prepared | None, rules: cadence.Rules, tried: cadence.Rules) -> None:
    """Draw whom the rules would hold back, against those in force, and who has gone quiet."""
    if prepared is None:
        st.caption(
            t("With a campaign and a list in hand, whom these rules would hold back is shown before they are saved.")
        )
    else:
        at = prepared.campaign.send_at or wiring.now()
        people = audience.but_for_caps(prepared.audience)
        table = cadence.simulate_caps(people, prepared.contacts, send_at=at, rules=tried, present=rules)
        before, after = (int((table[name] != "").sum()) for name in ("before", "after"))
        words = t("Of {people} people on this list, {before} are held back now, and {after} would be by these rules.",
                  people=len(people), before=before, after=after)  # fmt: skip
        st.info(words, icon=":material/front_hand:")
        if len(table):
            show_who(table)
    if tried.sunset:
        show_stages()


def show_who(table: pd.DataFrame) -> None:
    words = {"": "–"} | {reason: t(audience.REASONS[reason]) for reason in audience.REASONS}
    config = {
        "source_row": st.column_config.NumberColumn(t("Row")),
        "address": st.column_config.TextColumn(t("Address")),
        "letters_7_days": st.column_config.NumberColumn(t("In 7 days")),
        "letters_30_days": st.column_config.NumberColumn(t("In 30 days")),
        "last_at": st.column_config.DatetimeColumn(t("Last letter"), timezone=cadence.MACAU, format="YYYY-MM-DD HH:mm"),
        "before": st.column_config.TextColumn(t("Now")),
        "after": st.column_config.TextColumn(t("By these rules")),
    }
    shown = table.assign(before=table["before"].map(words), after=table["after"].map(words))
    st.dataframe(shown, column_config=config, hide_index=True, key="rules-who", height=220)


@st.cache_resource(max_entries=4, show_spinner=False)
def stages(state: str) -> pd.DataFrame:
    return prepare.reader_stages(ui.house(), wiring.now())


def show_stages() -> None:
    """Draw how many people are in which stage of silence, and the step that asks them."""
    table = stages(results.past_state(ui.house()))
    counts = table["stage"].value_counts()
    told = " · ".join(f"{counts.get(stage, 0):,} {t(word)}" for stage, word in STAGES.items())
    st.caption(f":material/bedtime: {t('{count} people were ever mailed', count=len(table))}: {told}")
    if counts.get(cadence.ASK, 0):
        st.button(
            t("Make a list of who is to be asked"), icon=":material/playlist_add:", key="rules-ask", on_click=make_list,
            help=t("Write them one letter that asks whether to go on. Who does not answer in 14 days is left out."),
            disabled=not ui.may(Role.AUTHOR),
        )  # fmt: skip


def make_list() -> None:
    """Save the list of people to ask, under a name of the day."""
    try:
        data, name = prepare.list_to_ask(ui.house(), wiring.now()), f"{prepare.ASK_LIST}{wiring.now():%Y-%m-%d}.csv"
        if ui.may(Role.AUTHOR):
            reading = intake.read_list(data, name)
            prepare.save_list(ui.house(), name, reading, prepare.content_hash(data), wiring.now())
            st.toast(t("Saved as {name}. Begin a campaign with it.", name=name), icon=":material/check:")
    except BulkmailError as trouble:
        ui.report(trouble)


def show_history() -> None:
    versions = kept.history(ui.house())
    if len(versions):
        newest = versions.iloc[0]
        st.caption(
            t("Version {number}, saved {time} by {who}. Every version is in the audit trail.", number=len(versions),
              time=ui.clock(newest["saved_at"]), who=ui.plain(newest["saved_by"]))
        )  # fmt: skip
