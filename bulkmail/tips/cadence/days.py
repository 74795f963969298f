"""When letters may leave: quiet hours on the readers' clocks, public holidays, blackout days, and what is left."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from bulkmail import limits
from bulkmail.model import Text, say

MACAU = "Asia/Macau"
GMAIL_DOMAINS = ("gmail.com", "googlemail.com")
# Local times of the slots offered: off the hour and half-hour, when everybody else's schedulers fire.
SLOT_TIMES = (time(10, 53), time(14, 23))
LEAD_TIME = timedelta(hours=1)  # left for approval


@dataclass(frozen=True, kw_only=True)
class Cap:
    """At most so many letters to a person in so many days, all departments counted."""

    letters: int
    days: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A randomised cap holdout: a `share` of people, drawn by the lot of its `name`, is held to so many letters in 7
    days, so that what pressure does is seen and not inferred. `begun_on` is an ISO date."""

    name: str
    begun_on: str
    share: float = 0.1
    letters: int = 1


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The organisation's rules of cadence. `gap_holds` says whether who is mailed within the gap is held back, or only
    warned of, and `quiet_holds` whether the clocks of the readers' own zones hold them back at night; `holidays` are
    countries or regions as the `holidays` library names them (MO, HK, CN, PT, …); `blackouts` are first and last days
    on which nothing leaves; quiet hours are local. A warm-up begins with `first_day` letters and grows by `step` a day.
    `sunset` leaves out the inactive who were asked and kept silent."""

    caps: tuple[Cap, ...] = (
        Cap(letters=int(limits.CAP_7_DAYS.value), days=7),
        Cap(letters=int(limits.CAP_30_DAYS.value), days=30),
    )
    gap_hours: float = limits.MINIMUM_GAP_HOURS.value
    quiet_from: int = int(limits.QUIET_FROM_HOUR.value)
    quiet_until: int = int(limits.QUIET_UNTIL_HOUR.value)
    timezone: str = MACAU
    working_days_only: bool = True
    holidays: tuple[str, ...] = ("MO",)
    blackouts: tuple[tuple[date, date], ...] = ()
    gap_holds: bool = False
    quiet_holds: bool = False
    first_day: int = int(limits.WARM_UP_FIRST_DAY.value)
    step: float = limits.WARM_UP_STEP.value
    sunset: bool = False
    trial: Trial | None = None


HOUSE_RULES = Rules()


@lru_cache(maxsize=64)
def _calendar(place: str, year: int) -> dict[date, str]:
    """All days off by law, those of public offices too (in Macau Christmas is one of these)."""
    known = holidays.country_holidays(place)
    kinds = tuple(kind for kind in ("public", "government") if kind in known.supported_categories)
    return dict(holidays.country_holidays(place, years=year, categories=kinds).items())


def holiday_on(day: date, places: tuple[str, ...]) -> str:
    """Return the name of a public holiday of one of these places on that day, "" for none."""
    return next((_calendar(place, day.year)[day] for place in places if day in _calendar(place, day.year)), "")


def why_closed(moment: datetime, rules: Rules = HOUSE_RULES) -> Text | None:
    """Return why no letter should leave at this moment, by the clocks of `rules.timezone`; None where it may."""
    local = moment.astimezone(ZoneInfo(rules.timezone))
    if not rules.quiet_until <= local.hour < rules.quiet_from:
        return say("{time} is in the quiet hours.", time=f"{local:%H:%M}")
    return why_closed_day(local.date(), rules)


def why_closed_day(day: date, rules: Rules = HOUSE_RULES) -> Text | None:
    """Return why no letter should leave on this day; None where it may."""
    if any(first <= day <= last for first, last in rules.blackouts):
        return say("{day} is a blackout day.", day=day.isoformat())
    if name := holiday_on(day, rules.holidays):
        return say("{day} is a public holiday: {name}.", day=day.isoformat(), name=name)
    if rules.working_days_only and day.weekday() >= 5:
        return say("{day} is a weekend.", day=day.isoformat())
    return None


def slots(start: datetime, days: int, rules: Rules = HOUSE_RULES) -> tuple[datetime, ...]:
    """Return every slot of so many days from `start` at which letters may leave, in the zone of `start`."""
    zone = ZoneInfo(rules.timezone)
    first = start.astimezone(zone).date()
    found = [
        datetime.combine(first + timedelta(days=ahead), at, zone)
        for ahead in range(days)
        if why_closed_day(first + timedelta(days=ahead), rules) is None
        for at in SLOT_TIMES
    ]
    return tuple(slot.astimezone(start.tzinfo) for slot in found if slot >= start)


def suggest_send_times(
    now: datetime, *, timezone: str = MACAU, count: int = 4, rules: Rules = HOUSE_RULES
) -> tuple[datetime, ...]:
    """Return the next sensible moments to send, in UTC: working days, in local working hours, off the half-hour.

    No best hour is claimed: randomised mailings find none, and "weekday beats weekend" is all that survives. An hour
    is left for approval; public holidays and blackout days are left out.
    """
    local = Rules(**{**rules.__dict__, "timezone": timezone})
    return slots(now + LEAD_TIME, 7 + 2 * count + 21, local)[:count]
