"""The checks of tip 6 that judge one campaign: how often, how much, and when."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.limits import Limit
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.cadence.days import GMAIL_DOMAINS, HOUSE_RULES, MACAU, suggest_send_times, why_closed_day
from bulkmail.tips.cadence.facts import CadenceFacts, mailable, planned, zone_of
from bulkmail.tips.cadence.numbers import ramp, wilson
from bulkmail.tips.cadence.rows import FREQUENCY_CAP, places, seconds_from

_SENDGRID_TIMES = "https://www.twilio.com/docs/sendgrid/api-reference/mail-send, read 2026-11-23"
_Judged = tuple[Outcome, Text]


def cited(limit: Limit) -> str:
    """The source of a limit as findings name it, with the day it was read."""
    return limits.HOUSE if limit.source == limits.HOUSE else f"{limit.source}, read {limit.read_on}"


def check_letters_per_person(facts: CadenceFacts) -> Finding:
    """Mail nobody more than twice a week or eight times a month, all departments counted, and leave two days between.

    Rules FRQ-02, house default. Too short intervals hurt more than too long ones (Drèze and Bonfrer 2008).
    """
    (outcome, message), rows = _judge_letters_per_person(facts)
    fix = say(
        "People over the cap are left out by themselves. For the others choose a later time, or put this news into "
        "another department's letter."
    )
    return Finding(code="FRQ-02", outcome=outcome, message=message, fix=fix, source=limits.HOUSE, rows=rows)


def _judge_letters_per_person(facts: CadenceFacts) -> tuple[_Judged, tuple[int, ...]]:
    if facts.kind != "marketing":
        return (Outcome.PASS, say("The caps hold back marketing letters only, and this is not one.")), ()
    if facts.contacts.empty:
        message = say("No earlier letters are recorded here, so how often these people were mailed is not known.")
        return (Outcome.UNKNOWN, message), ()
    rows = mailable(facts.table)
    capped = (rows["cadence_reason"] == FREQUENCY_CAP).to_numpy(dtype=bool)
    close = _is_mailed_near(rows, facts) & ~capped
    counts = {"capped": int(capped.sum()), "rows": len(rows), "close": int(close.sum()), "hours": facts.rules.gap_hours}
    message = say(
        "{capped} of {rows} rows are over the caps in force ({caps}); {close} more are mailed within {hours} hours of "
        "another letter.",
        caps=", ".join(f"{cap.letters} / {cap.days} d" for cap in facts.rules.caps),
        **counts,
    )
    if facts.rules.caps == HOUSE_RULES.caps:
        message = say(
            "{capped} of {rows} rows are over the cap of {week} letters in 7 days or {month} in 30; {close} more are "
            "mailed within {hours} hours of another letter.",
            week=limits.CAP_7_DAYS.value,
            month=limits.CAP_30_DAYS.value,
            **counts,
        )
    concerned = tuple(rows["source_row"][capped | close].tolist())
    return (Outcome.WARN if concerned else Outcome.PASS, message), concerned


def _is_mailed_near(rows: pd.DataFrame, facts: CadenceFacts) -> np.ndarray:
    """True where another letter lies within the minimum gap, before or after."""
    near = np.abs(seconds_from(facts.contacts, facts.moment)) < facts.rules.gap_hours * 3_600
    found = places(rows["person"], facts.contacts["person"][near]) >= 0
    return found & (rows["person"] != "").to_numpy(dtype=bool)


def check_volume_grows_slowly(facts: CadenceFacts) -> Finding:
    """Let no day carry more than twice the highest day of the last 30: providers slow down what rises suddenly.

    Rules FRQ-03. What fits the first day of a warm-up is never a spike.
    """
    day = facts.moment.astimezone(zone_of(facts.timezone) or ZoneInfo(MACAU)).date()
    before = (n for d, n in facts.daily_volume.items() if day - timedelta(days=30) <= d < day)
    peak, letters = max(before, default=0), len(planned(facts.table)) + facts.daily_volume.get(day, 0)
    first_day = facts.rules.first_day
    room = int(max(peak * limits.RAMP_FACTOR.value, first_day))
    outcome, message = _judge_volume(letters, peak, room, first_day, known=bool(facts.daily_volume))
    fix = say(
        "Spread the letters over {days} days: {room} on the first, then at most {step} times the day before, and begin "
        "with people who clicked lately.",
        days=len(ramp(letters, room, facts.rules.step)),
        room=min(room, letters),
        step=f"{facts.rules.step:g}",
    )
    return Finding(code="FRQ-03", outcome=outcome, message=message, fix=fix, source=cited(limits.RAMP_FACTOR))


def _judge_volume(letters: int, peak: int, room: int, first_day: int, *, known: bool) -> _Judged:
    if letters <= first_day:
        message = say(
            "{letters} letters on this day fit the first day of a warm-up ({limit}).", letters=letters, limit=first_day
        )
        return Outcome.PASS, message
    if not known:
        message = say(
            "{letters} letters on this day, and what this domain sent in the last 30 days is not known.",
            letters=letters,
        )
        return Outcome.UNKNOWN, message
    message = say(
        "{letters} letters on this day; the highest of the 30 days before had {peak}.", letters=letters, peak=peak
    )
    return (Outcome.WARN if letters > room else Outcome.PASS), message


def check_gmail_bulk_mark(facts: CadenceFacts) -> Finding:
    """Know before you reach 5,000 letters a day to Gmail: the domain is a bulk sender from then on, for ever.

    Rules FRQ-05: gmail.com and googlemail.com only (not Workspace domains), summed over the primary domain, its
    subdomains and all departments; only this audience is counted here.
    """
    outcome, message = _judge_gmail(facts.table)
    fix = say(
        "Make sure that every check of tip 7 passes first, or spread the letters over several days. Letters of other "
        "departments and subdomains count too."
    )
    source = cited(limits.GMAIL_BULK_PER_DAY)
    return Finding(code="FRQ-05", outcome=outcome, message=message, fix=fix, source=source)


def _judge_gmail(table: pd.DataFrame) -> _Judged:
    if "domain" not in table:
        return Outcome.UNKNOWN, say("The domains of the addresses are not known, so Gmail is not counted.")
    people = planned(table)
    gmail = int(people["domain"].isin(GMAIL_DOMAINS).sum())
    message = say(
        "{gmail} of {people} people have a Gmail address; Gmail's mark for bulk senders is {limit} letters a day.",
        gmail=gmail,
        people=len(people),
        limit=limits.GMAIL_BULK_PER_DAY.value,
    )
    return (Outcome.WARN if gmail >= limits.GMAIL_BULK_CLOSE.value else Outcome.PASS), message


def check_complaint_rate(facts: CadenceFacts) -> Finding:
    """Keep complaints below 1 in 1,000 delivered letters, and stop before 3 in 1,000.

    Rules FRQ-07. Gmail tells no sender who complained, so the log understates it; the interval is Wilson's, and small
    numbers get no verdict.
    """
    outcome, message = _judge_complaints(facts.complaints, facts.delivered)
    fix = say(
        "Look at Google Postmaster Tools: Gmail's complaints are not in these numbers. When the rate is high, mail "
        "only people who clicked lately, less often, and look at where the consent came from."
    )
    source = cited(limits.COMPLAINT_TARGET_RATE)
    return Finding(code="FRQ-07", outcome=outcome, message=message, fix=fix, source=source)


def _judge_complaints(complaints: int | None, delivered: int | None) -> _Judged:
    if not delivered or complaints is None:
        return Outcome.UNKNOWN, say("No delivered letters of the last 30 days are recorded here.")
    low, high = wilson(complaints, delivered)
    message = say(
        "{complaints} complaints about {delivered} delivered letters in 30 days: {rate:.2%}, and with 95 % confidence "
        "between {low:.2%} and {high:.2%}.",
        complaints=complaints,
        delivered=delivered,
        rate=complaints / delivered,
        low=float(low),
        high=float(high),
    )
    return _outcome_of_complaints(complaints, delivered), message


def _outcome_of_complaints(complaints: int, delivered: int) -> Outcome:
    rate = complaints / delivered
    if delivered < limits.COMPLAINT_ENOUGH_LETTERS.value and complaints < limits.COMPLAINT_ENOUGH_EVENTS.value:
        return Outcome.UNKNOWN
    if rate >= limits.COMPLAINT_STOP_RATE.value:
        return Outcome.BLOCK
    return Outcome.WARN if rate >= limits.COMPLAINT_TARGET_RATE.value else Outcome.PASS


def check_hour_of_sending(facts: CadenceFacts) -> Finding:
    """Send between 08:00 and 21:00 where people live, and not on the hour or half-hour.

    Rules FRQ-10: the queues of all senders fill at :00 and :30; SendGrid advises 10:53 rather than 11:00.
    """
    judged = [_judge_hour(facts, moment) for moment in facts.moments or (facts.moment,)]
    outcome, message = next((each for each in judged if each[0] is not Outcome.PASS), judged[0])
    zone = zone_of(facts.timezone) or ZoneInfo(MACAU)
    open_slots = suggest_send_times(facts.now, timezone=zone.key, count=1, rules=facts.rules)
    fix = say("No day of the next weeks is open: look at the blackout days of the organisation's rules.")
    if open_slots:
        slot = f"{open_slots[0].astimezone(zone):%Y-%m-%d %H:%M}"
        fix = say("A good time is {time} ({zone}).", time=slot, zone=zone.key)
    return Finding(code="FRQ-10", outcome=outcome, message=message, fix=fix, source=_SENDGRID_TIMES)


def _judge_hour(facts: CadenceFacts, moment: datetime) -> _Judged:
    zone = zone_of(facts.timezone)
    if zone is None:
        return Outcome.UNKNOWN, say("The time zone of the people is not known, so the hour on their clocks is not.")
    local = moment.astimezone(zone)
    words = {"time": f"{local:%H:%M}", "zone": zone.key}
    if not facts.rules.quiet_until <= local.hour < facts.rules.quiet_from:
        return Outcome.WARN, say("The letters leave at {time} ({zone}), in the quiet hours.", **words)
    if facts.send_at is not None and (closed := why_closed_day(local.date(), facts.rules)):
        return Outcome.WARN, closed
    if local.minute in (0, 30) and facts.send_at is not None:
        return Outcome.WARN, say(
            "The letters leave at {time} ({zone}), on the hour or half-hour, when queues are full.", **words
        )
    return Outcome.PASS, say("The letters leave at {time} ({zone}), in the daytime.", **words)
