"""Tip 6, consistency and frequency: how often a person is mailed across all departments, how volume grows, and when.

Estimates of what pressure does to people are in `forecast/`; here are the rules that hold before anything is known.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail import limits
from bulkmail.limits import Limit
from bulkmail.model import Finding, Outcome, Text, say

FREQUENCY_CAP = "frequency_cap"
MACAU = "Asia/Macau"
GMAIL_DOMAINS = ("gmail.com", "googlemail.com")
# Local times of the slots offered: off the hour and half-hour, when everybody else's schedulers fire.
SLOT_TIMES = (time(10, 53), time(14, 23))
_OTHER_REASONS = ("addressing_reason", "suppression_reason", "left_out_reason", "consent_reason")
_SENDGRID_TIMES = "https://www.twilio.com/docs/sendgrid/api-reference/mail-send, read 2026-11-23"


def _cited(limit: Limit) -> str:
    return "house" if limit.source == limits.HOUSE else f"{limit.source}, read {limit.read_on}"


# ---------------------------------------------------------------- rows


def annotate(table: pd.DataFrame, contacts: pd.DataFrame, *, kind: str, send_at: datetime) -> pd.DataFrame:
    """Return the table with `cadence_reason`: "frequency_cap" where one more letter is too many, else "".

    `contacts` has a row per letter that went out (person, mailed_at, campaign) from every department. Only marketing
    letters are held back; letters of every kind count. Each window of 7 and of 30 days that holds `send_at` is looked
    at, so letters already scheduled for later count too. Rows without a person stay "".
    """
    over = np.zeros(len(table), dtype=bool)
    if kind == "marketing":
        known = table["person"]
        code, seconds = _places(contacts["person"], known), _seconds_from(contacts, send_at)
        for days, cap in ((7, limits.CAP_7_DAYS), (30, limits.CAP_30_DAYS)):
            over |= _most_in_a_window(code, seconds, days, len(known)) > cap.value
        over = over[_places(known, known)] & (known != "").to_numpy(dtype=bool)
    reason = pd.Series(np.where(over, FREQUENCY_CAP, ""), index=table.index, dtype="str")
    return table.assign(cadence_reason=reason)


def _places(values: pd.Series, among: pd.Series) -> np.ndarray:
    """Position of each value's first equal in `among`, -1 without one (Arrow: ten times faster than `isin`)."""
    found = pc.index_in(pa.array(values, type=pa.large_string()), value_set=pa.array(among, type=pa.large_string()))
    return found.fill_null(-1).to_numpy(zero_copy_only=False)


def _seconds_from(contacts: pd.DataFrame, moment: datetime) -> np.ndarray:
    return (pd.to_datetime(contacts["mailed_at"], utc=True) - moment).dt.total_seconds().to_numpy()


def _window_seconds(days: int) -> float:
    """The length of a window of days: shortened, so that a weekly letter does not fall in and out of 7 by minutes."""
    return days * 86_400 - limits.WINDOW_SLACK_HOURS.value * 3_600


def _most_in_a_window(code: np.ndarray, seconds: np.ndarray, days: int, people: int) -> np.ndarray:
    """Most letters in any window of `days` that holds second 0, by code; the letter planned at 0 is counted.

    One sort for all people: their times are laid end to end, too far apart to meet.
    """
    window = _window_seconds(days)
    near = (np.abs(seconds) < window) & (code >= 0)
    whose = np.append(code[near], np.arange(people))
    line = whose * (4 * window) + np.append(seconds[near], np.zeros(people))
    order = np.argsort(line)
    line, whose = line[order], whose[order]
    held = np.searchsorted(line, line + window) - np.searchsorted(line, line)
    starts = line - whose * (4 * window) <= 0
    most = np.zeros(people, dtype=np.int64)
    np.maximum.at(most, whose[starts], held[starts])
    return most


# ---------------------------------------------------------------- numbers


def wilson(
    k: float | np.ndarray | pd.Series, n: float | np.ndarray | pd.Series, z: float = 1.96
) -> tuple[np.ndarray, np.ndarray]:
    """Return lower and upper bound of the share k/n (Wilson score interval, 95 % for z = 1.96); NaN where n is 0.

    Never below 0 or above 1, and honest for k = 0, where the plain interval claims certainty. Vectorised.
    """
    k, n = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share, spread = k / n, z * z / n
        middle = (share + spread / 2) / (1 + spread)
        half = z * np.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    low, high = np.where(k == 0, 0.0, middle - half), np.where(k == n, 1.0, middle + half)
    known = n > 0
    return np.where(known, np.clip(low, 0, 1), np.nan)[()], np.where(known, np.clip(high, 0, 1), np.nan)[()]


def volume_by_day(contacts: pd.DataFrame, timezone: str = MACAU) -> dict[date, int]:
    """Return letters by local day, from the rows (person, mailed_at, campaign) of all departments."""
    if contacts.empty:
        return {}
    days = pd.to_datetime(contacts["mailed_at"], utc=True).dt.tz_convert(timezone).dt.date
    return {day: int(count) for day, count in days.value_counts().sort_index().items()}


def ramp(letters: int, first_day: int) -> tuple[int, ...]:
    """Return letters a day that carry `letters` from `first_day`, growing by WARM_UP_STEP a day; they sum to `letters`.

    Providers name sudden rises as a cause of rate limits (limits.GMAIL_GUIDELINES); the step is the house's.
    """
    days, room, left = [], max(first_day, 1), letters
    while left > 0:
        days.append(min(room, left))
        left -= days[-1]
        room = math.ceil(room * limits.WARM_UP_STEP.value)
    return tuple(days)


def suggest_send_times(now: datetime, *, timezone: str = MACAU, count: int = 4) -> tuple[datetime, ...]:
    """Return the next sensible moments to send, in UTC: working days, in local working hours, off the half-hour.

    No best hour is claimed: randomised mailings find none, and "weekday beats weekend" is all that survives. An hour
    is left for approval. Public holidays are not known here.
    """
    zone = ZoneInfo(timezone)
    first, slots = now.astimezone(zone).date(), []
    for ahead in range(7 + 2 * count):
        day = first + timedelta(days=ahead)
        slots += [datetime.combine(day, at, zone) for at in SLOT_TIMES if day.weekday() < 5]
    usable = [slot for slot in slots if slot >= now + timedelta(hours=1)]
    return tuple(slot.astimezone(now.tzinfo) for slot in usable[:count])


def capped_by_slot(
    people: pd.DataFrame, contacts: pd.DataFrame, *, kind: str, moments: Sequence[datetime]
) -> dict[datetime, int]:
    """Return for each moment how many of these people the caps would hold back; `contacts` as in `annotate`."""
    judged = {moment: annotate(people, contacts, kind=kind, send_at=moment) for moment in moments}
    return {moment: int((table["cadence_reason"] == FREQUENCY_CAP).sum()) for moment, table in judged.items()}


def lately(people: pd.DataFrame, contacts: pd.DataFrame, *, send_at: datetime) -> pd.DataFrame:
    """Return the people (a row per row of `people`, in its order) with what they had before `send_at`.

    Columns: source_row, address, letters_7_days, letters_30_days, last_at (NaT where nothing is known). Windows are
    those of `annotate`.
    """
    earlier = contacts[pd.to_datetime(contacts["mailed_at"], utc=True) < pd.Timestamp(send_at)]
    code, seconds = _places(earlier["person"], people["person"]), -_seconds_from(earlier, send_at)
    counts = {
        f"letters_{days}_days": np.bincount(
            code[(code >= 0) & (seconds < _window_seconds(days))], minlength=len(people)
        )
        for days in (7, 30)
    }
    last = pd.to_datetime(earlier["mailed_at"], utc=True).groupby(code).max().drop(-1, errors="ignore")
    whose = _places(people["person"], people["person"])  # rows of one person share the place of the first
    told = {name: values[whose] for name, values in counts.items()}
    last_at = pd.Series(last.reindex(whose).array, index=people.index)
    return people[["source_row", "address"]].assign(**told, last_at=last_at)


# ---------------------------------------------------------------- facts


@dataclass(frozen=True, kw_only=True)
class CadenceFacts:
    """What the checks judge. `table` is annotated (all rows of the list, `domain` and `cadence_reason` among its
    columns); `contacts` are the letters that went out, empty where nothing is recorded; `daily_volume` is letters by
    local day of this From domain, empty for not known; `delivered` and `complaints` are of the last 30 days, None for
    not known. `send_at` None means now."""

    table: pd.DataFrame
    contacts: pd.DataFrame
    kind: str
    send_at: datetime | None
    now: datetime
    daily_volume: Mapping[date, int] = field(default_factory=dict)
    delivered: int | None = None
    complaints: int | None = None
    timezone: str = MACAU

    @property
    def moment(self) -> datetime:
        """When the letters are to leave."""
        return self.send_at or self.now


def _mailable(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that no other tip excludes: the caps are counted among these."""
    free = np.ones(len(table), dtype=bool)
    for column in _OTHER_REASONS:
        if column in table:
            free &= (table[column] == "").to_numpy(dtype=bool)
    return table[free]


def _planned(table: pd.DataFrame) -> pd.DataFrame:
    """One row per person that would be mailed."""
    rows = _mailable(table)
    return rows[rows["cadence_reason"] == ""].drop_duplicates("person")


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


# ---------------------------------------------------------------- checks

_Judged = tuple[Outcome, Text]


def check_letters_per_person(facts: CadenceFacts) -> Finding:
    """Mail nobody more than twice a week or eight times a month, all departments counted, and leave two days between.

    Rules FRQ-02, house default. Too short intervals hurt more than too long ones (Drèze and Bonfrer 2008).
    """
    (outcome, message), rows = _judge_letters_per_person(facts)
    fix = say(
        "People over the cap are left out by themselves. For the others choose a later time, or put this news into "
        "another department's letter."
    )
    return Finding(code="FRQ-02", outcome=outcome, message=message, fix=fix, source="house", rows=rows)


def _judge_letters_per_person(facts: CadenceFacts) -> tuple[_Judged, tuple[int, ...]]:
    if facts.kind != "marketing":
        return (Outcome.PASS, say("The caps hold back marketing letters only, and this is not one.")), ()
    if facts.contacts.empty:
        message = say("No earlier letters are recorded here, so how often these people were mailed is not known.")
        return (Outcome.UNKNOWN, message), ()
    rows = _mailable(facts.table)
    capped = (rows["cadence_reason"] == FREQUENCY_CAP).to_numpy(dtype=bool)
    close = _is_mailed_near(rows, facts) & ~capped
    message = say(
        "{capped} of {rows} rows are over the cap of {week} letters in 7 days or {month} in 30; {close} more are "
        "mailed within {hours} hours of another letter.",
        capped=int(capped.sum()),
        rows=len(rows),
        week=limits.CAP_7_DAYS.value,
        month=limits.CAP_30_DAYS.value,
        close=int(close.sum()),
        hours=limits.MINIMUM_GAP_HOURS.value,
    )
    concerned = tuple(rows["source_row"][capped | close].tolist())
    return (Outcome.WARN if concerned else Outcome.PASS, message), concerned


def _is_mailed_near(rows: pd.DataFrame, facts: CadenceFacts) -> np.ndarray:
    """True where another letter lies within the minimum gap, before or after."""
    near = np.abs(_seconds_from(facts.contacts, facts.moment)) < limits.MINIMUM_GAP_HOURS.value * 3_600
    found = _places(rows["person"], facts.contacts["person"][near]) >= 0
    return found & (rows["person"] != "").to_numpy(dtype=bool)


def check_volume_grows_slowly(facts: CadenceFacts) -> Finding:
    """Let no day carry more than twice the highest day of the last 30: providers slow down what rises suddenly.

    Rules FRQ-03. What fits the first day of a warm-up is never a spike.
    """
    day = facts.moment.astimezone(_zone(facts.timezone) or ZoneInfo(MACAU)).date()
    before = (n for d, n in facts.daily_volume.items() if day - timedelta(days=30) <= d < day)
    peak, letters = max(before, default=0), len(_planned(facts.table)) + facts.daily_volume.get(day, 0)
    room = int(max(peak * limits.RAMP_FACTOR.value, limits.WARM_UP_FIRST_DAY.value))
    outcome, message = _judge_volume(letters, peak, room, known=bool(facts.daily_volume))
    fix = say(
        "Spread the letters over {days} days: {room} on the first, then at most {step} times the day before, and begin "
        "with people who clicked lately.",
        days=len(ramp(letters, room)),
        room=min(room, letters),
        step=limits.WARM_UP_STEP.value,
    )
    return Finding(code="FRQ-03", outcome=outcome, message=message, fix=fix, source=_cited(limits.RAMP_FACTOR))


def _judge_volume(letters: int, peak: int, room: int, *, known: bool) -> _Judged:
    first_day = limits.WARM_UP_FIRST_DAY.value
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
    cited = _cited(limits.GMAIL_BULK_PER_DAY)
    return Finding(code="FRQ-05", outcome=outcome, message=message, fix=fix, source=cited)


def _judge_gmail(table: pd.DataFrame) -> _Judged:
    if "domain" not in table:
        return Outcome.UNKNOWN, say("The domains of the addresses are not known, so Gmail is not counted.")
    planned = _planned(table)
    gmail = int(planned["domain"].isin(GMAIL_DOMAINS).sum())
    message = say(
        "{gmail} of {people} people have a Gmail address; Gmail's mark for bulk senders is {limit} letters a day.",
        gmail=gmail,
        people=len(planned),
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
    cited = _cited(limits.COMPLAINT_TARGET_RATE)
    return Finding(code="FRQ-07", outcome=outcome, message=message, fix=fix, source=cited)


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
    outcome, message = _judge_hour(facts)
    zone = _zone(facts.timezone) or ZoneInfo(MACAU)
    slot = suggest_send_times(facts.now, timezone=zone.key, count=1)[0].astimezone(zone)
    fix = say("A good time is {time} ({zone}).", time=f"{slot:%Y-%m-%d %H:%M}", zone=zone.key)
    return Finding(code="FRQ-10", outcome=outcome, message=message, fix=fix, source=_SENDGRID_TIMES)


def _judge_hour(facts: CadenceFacts) -> _Judged:
    zone = _zone(facts.timezone)
    if zone is None:
        return Outcome.UNKNOWN, say("The time zone of the people is not known, so the hour on their clocks is not.")
    local = facts.moment.astimezone(zone)
    words = {"time": f"{local:%H:%M}", "zone": zone.key}
    if not limits.QUIET_UNTIL_HOUR.value <= local.hour < limits.QUIET_FROM_HOUR.value:
        return Outcome.WARN, say("The letters leave at {time} ({zone}), in the quiet hours.", **words)
    if local.minute in (0, 30) and facts.send_at is not None:
        return Outcome.WARN, say(
            "The letters leave at {time} ({zone}), on the hour or half-hour, when queues are full.", **words
        )
    return Outcome.PASS, say("The letters leave at {time} ({zone}), in the daytime.", **words)


CHECKS = (
    check_letters_per_person,
    check_volume_grows_slowly,
    check_gmail_bulk_mark,
    check_complaint_rate,
    check_hour_of_sending,
)
