"""Cadence: when the letter leaves, who has had enough of us lately, and what the past says of such letters."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import _hours
import _past
import _ui as ui
import pandas as pd
import streamlit as st
from _cadence_rules import show_rules
from _ui import t

from bulkmail import audience, prepare, wiring
from bulkmail.adapters import database
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign, Wait
from bulkmail.tips import cadence

ZONE = ZoneInfo(cadence.MACAU)


def main() -> None:
    ui.title(t("Cadence"), t("When, and how often?"))
    campaign, prepared = ui.campaign(), None
    try:
        prepared = ui.prepared()
    except BulkmailError as trouble:
        st.error(ui.plain(t(trouble)), icon=":material/block:")
    if campaign is None:
        place = ui.empty(
            "calendar_month", t("No campaign yet"), t("Its time is chosen here. Begin a campaign on Home.")
        )
        place.page_link("home.py", label=t("To Home"), icon=":material/home:")
    else:
        when, checks = st.columns([4, 5], gap="medium")
        with when:
            show_time(campaign, prepared)
        with checks:
            show_checks(prepared)
        if prepared:
            show_capped(campaign, prepared)
    show_rules(prepared)
    st.header(t("What the past says"), anchor=False)
    _past.show_past(campaign, len(prepared.snapshot) if prepared else 0)


# ---------------------------------------------------------------- when


def keep(campaign_id: str, **changes: object) -> None:
    """Keep the time of the draft: called when a choice changes, never by a mere rerun."""
    draft = database.campaign(ui.house(), campaign_id)
    if draft:
        ui.save(replace(draft, **changes))


def keep_mode(campaign_id: str, key: str) -> None:
    later = st.session_state[key] == "later"
    rules = prepare.cadence_rules(ui.house())
    slots = cadence.suggest_send_times(wiring.now(), timezone=rules.timezone, rules=rules)
    keep(campaign_id, send_at=slots[0] if later and slots else None)


def keep_slot(campaign_id: str, key: str) -> None:
    if st.session_state[key]:
        keep(campaign_id, send_at=st.session_state[key])


def keep_moment(campaign_id: str, key: str) -> None:
    if st.session_state[key]:
        keep(campaign_id, send_at=st.session_state[key].replace(tzinfo=ZONE).astimezone(wiring.now().tzinfo))


def keep_hours(campaign_id: str, key: str) -> None:
    keep(campaign_id, also_hours=tuple(sorted(st.session_state[key])))


def state_of(prepared: prepare.Prepared) -> str:
    """A text that changes with whom the plan mails and with what anybody was sent lately."""
    return f"{prepared.plan.hash} {len(prepared.contacts)}"


@st.cache_resource(max_entries=32, show_spinner=False)
def held_back(state: str, slots: tuple[datetime, ...], _prepared: prepare.Prepared) -> dict[datetime, int]:
    """How many people the caps would hold back at each of the slots."""
    people, kind = audience.but_for_caps(_prepared.audience), _prepared.campaign.kind
    rules = prepare.cadence_rules(ui.house())
    return cadence.capped_by_slot(people, _prepared.contacts, kind=kind, moments=slots, rules=rules)


def show_time(campaign: Campaign, prepared: prepare.Prepared | None) -> None:
    """Draw the choice of a time. The keys hold the time itself, so that each choice shows what the draft says."""
    modes = {"now": t("As soon as approved"), "later": t("At a date and time")}
    chosen = campaign.send_at and campaign.send_at.astimezone(ZONE)
    key = f"{campaign.id}-{campaign.send_at}"
    st.segmented_control(
        t("The letters leave"), list(modes), default="later" if chosen else "now", format_func=modes.get, required=True,
        key=f"cadence-mode-{key}", on_change=keep_mode, args=(campaign.id, f"cadence-mode-{key}"),
    )  # fmt: skip
    if chosen:
        st.datetime_input(
            t("Date and time in Macau"), chosen.replace(tzinfo=None), step=60, key=f"cadence-at-{key}",
            on_change=keep_moment, args=(campaign.id, f"cadence-at-{key}"),
        )  # fmt: skip
        if campaign.send_at < wiring.now():
            st.warning(t("This moment is past: the letters would leave as soon as approved."))
    rules = prepare.cadence_rules(ui.house())
    slots = cadence.suggest_send_times(wiring.now(), timezone=rules.timezone, rules=rules)
    held = held_back(state_of(prepared), slots, prepared) if prepared else {}
    words = {slot: slot_words(slot, held) for slot in slots}
    st.pills(
        t("Suggested times"), slots, default=campaign.send_at if campaign.send_at in slots else None,
        format_func=words.get, key=f"cadence-slot-{key}", wrap=True,
        help=t("Working days, in the daytime, off the half-hour. No hour is known to be the best."),
        on_change=keep_slot, args=(campaign.id, f"cadence-slot-{key}"),
    )  # fmt: skip
    if chosen:
        show_lots(campaign, rules)
    saved = database.saved_at(ui.house(), campaign.id)
    st.caption(t("Saved {time}.", time=saved and ui.clock(saved)))
    if st.button(t("Check the sender"), icon=":material/verified_user:", type="primary", key="cadence-onward"):
        ui.go("sender")


def show_lots(campaign: Campaign, rules: cadence.Rules) -> None:
    """Draw the choice of other hours of that day, to which a lot puts people, and who waits for a later slot."""
    local, key = campaign.send_at.astimezone(ZoneInfo(rules.timezone)), f"cadence-lots-{campaign.id}-{campaign.send_at}"
    hours = sorted({*range(rules.quiet_until, rules.quiet_from), *campaign.also_hours} - {local.hour})
    also = [hour for hour in campaign.also_hours if hour != local.hour]
    st.multiselect(
        t("Also at, by lot"), hours, also, format_func=lambda hour: f"{hour:02}:{local:%M}", key=key,
        placeholder=t("One hour for everybody"), on_change=keep_hours, args=(campaign.id, key),
        help=t("A lot puts each person to one of the hours. Campaign by campaign this tells whether an hour is better, "
               "which no hour that somebody chose can."),
    )  # fmt: skip
    if also:
        words = t(
            "Each person gets one letter, at one of {count} hours of that day, drawn by lot.", count=len(also) + 1
        )
        st.caption(f":material/casino: {words} {t('The answer stands under Past engagement.')}")
    if campaign.wait:
        st.caption(f":material/hourglass_top: {wait_words(campaign.wait)}")
        st.button(t("Nobody waits"), key="cadence-no-wait", on_click=keep, args=(campaign.id,), kwargs={"wait": None})


def wait_words(wait: Wait) -> str:
    return t(
        "Who had {letters} letters or more in the 7 days before gets it {days} days later.",
        letters=wait.letters, days=wait.days,
    )  # fmt: skip


def slot_words(slot: datetime, held: dict[datetime, int]) -> str:
    local = slot.astimezone(ZONE)
    when = f"{t(_hours.WEEKDAYS[local.weekday()])} {local:%m-%d %H:%M}"
    return t("{when} · {count} held back", when=when, count=held[slot]) if held.get(slot) else when


def show_checks(prepared: prepare.Prepared | None) -> None:
    if prepared is None:
        st.info(t("What tip 6 says stands here as soon as the campaign has a list and a letter that can be read."))
        return
    findings = [finding for finding in prepared.findings if finding.tip == 6]
    ui.show_sum(findings)
    ui.show_findings(findings)


# ---------------------------------------------------------------- how often


@st.cache_resource(max_entries=8, show_spinner=False)
def had_lately(state: str, _prepared: prepare.Prepared, _now: datetime) -> pd.DataFrame:
    """The people whom the rules hold back for now, with what they had and the first slot at which nothing would."""
    excluded, rules = _prepared.audience.excluded, prepare.cadence_rules(ui.house())
    capped = excluded[excluded["reason"].isin(cadence.BY_TIME)].reset_index(drop=True)
    told = cadence.lately(capped, _prepared.contacts, send_at=_prepared.campaign.send_at or _now)
    ahead = cadence.slots(max(_prepared.campaign.send_at or _now, _now) + cadence.LEAD_TIME, 31, rules)
    return told.assign(next_at=cadence.next_slots(capped, _prepared.contacts, moments=ahead, rules=rules))


def show_capped(campaign: Campaign, prepared: prepare.Prepared) -> None:
    """Draw who is held back because they had enough letters."""
    table = had_lately(state_of(prepared), prepared, wiring.now())
    if table.empty:
        return
    rows = len(audience.but_for_caps(prepared.audience))
    with st.expander(
        t("{count} of {rows} people had enough letters and are held back", count=len(table), rows=rows),
        icon=":material/front_hand:",
    ):
        st.caption(
            t(
                "Nobody is dropped: the same campaign, approved again at the next slot, writes to them alone. {later} "
                "of {count} have such a slot within 31 days.",
                later=int(table["next_at"].notna().sum()),
                count=len(table),
            )
        )
        config = {
            "source_row": st.column_config.NumberColumn(t("Row")),
            "address": st.column_config.TextColumn(t("Address")),
            "letters_7_days": st.column_config.NumberColumn(t("In 7 days")),
            "letters_30_days": st.column_config.NumberColumn(t("In 30 days")),
            "last_at": st.column_config.DatetimeColumn(
                t("Last letter"), timezone=cadence.MACAU, format="YYYY-MM-DD HH:mm"
            ),
            "next_at": st.column_config.DatetimeColumn(
                t("Next slot"), timezone=cadence.MACAU, format="YYYY-MM-DD HH:mm"
            ),
        }
        st.dataframe(table, column_config=config, hide_index=True, key="cadence-capped")


ui.require_frame()
main()
