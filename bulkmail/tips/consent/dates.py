"""Dates as people and programs write them: ISO, Chinese, spreadsheets' numbers, years of the Republic (民國)."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pandas as pd

TIME = "datetime64[us, UTC]"
AHEAD = timedelta(hours=14)  # where a day begins first (UTC+14): a day of today may lie so far in our future
EARLIEST = pd.Timestamp("1990-01-01", tz=UTC)  # 1900 and 1970 are what programs write for "no date"
ORDERS = ("day", "month")  # which comes first in 03/04/2026
_EXCEL_DAY_0 = datetime(1899, 12, 30, tzinfo=UTC)

_ISO = r"\d{4}-\d\d-\d\d"
_CLOCK = r"[t\s]*(?:上午|下午|am|pm)?\s*\d{1,2}[:時时]\d{1,2}.*$"
_REST = r"\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*[日號号]?"
_PAIR = re.compile(r"(?P<first>\d{1,2})\s*[-/.]\s*(?P<second>\d{1,2})\s*[-/.]\s*(?P<year>\d{4})")
_FORMS = (
    re.compile(r"(?:西元|公元)?\s*(?P<year>\d{4})" + _REST),
    re.compile(r"(?:(?:中[華华])?民[國国]|roc)\s*(?P<minguo>\d{2,3})" + _REST),
    re.compile(r"(?P<minguo>1\d\d)" + _REST),  # a year of three digits is one of the Republic: 115/3/1 is 2026-03-01
    re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"),
    re.compile(r"(?P<serial>\d{5})(?:\.\d+)?"),  # days, as spreadsheets count them
    _PAIR,
    re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}"),  # two digits for the year: any of the three may be anything
    re.compile(
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s-]+(?:de\s+)?(?P<name>[a-zç]{3,9})\.?,?[\s-]+(?:de\s+)?(?P<year>\d{4})"
    ),
    re.compile(r"(?P<name>[a-zç]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"),
)
_MONTHS = ("janfebmaraprmayjunjulaugsepoctnovdec", "janfevmarabrmaijunjulagosetoutnovdez")  # English, Portuguese


def read_dates(cells: pd.Series, now: datetime, order: str = "") -> tuple[pd.Series, pd.Series]:
    """The time of each cell (missing where it is unknown), and why a cell that says something is not believed, or "".

    A day without a time is its midnight in UTC. Days and months that could be swapped are read in the `order` that a
    person told (one of ORDERS), else in the one that the other cells of the column prove, if they prove one.
    """
    if isinstance(cells.dtype, pd.DatetimeTZDtype):  # a table that was annotated before
        return cells, pd.Series("", index=cells.index, dtype="str")
    codes, different = pd.factorize(cells)
    words = pd.Series(different, dtype="str").str.normalize("NFKC").str.strip()
    at = pd.to_datetime(words.where(words.str.match(_ISO)), format="ISO8601", utc=True, errors="coerce").astype(TIME)
    days = words.where(at.isna(), "").str.lower().str.replace(_CLOCK, "", regex=True).str.strip()
    order = order or _day_month_order(days.unique())
    read = {day: _day_named(day, order) for day in days.unique()}
    at = at.fillna(pd.to_datetime(days.map({day: when for day, when in read.items() if when}), utc=True).astype(TIME))
    wrong = at.isna() & words.ne("")
    trouble = days.map({day: "ambiguous_date" if when is None else "unreadable_date" for day, when in read.items()})
    trouble = trouble.where(wrong, "").mask(at < EARLIEST, "unreadable_date").mask(at > now + AHEAD, "future_date")
    at = at.mask(trouble.ne(""))
    return at.take(codes).set_axis(cells.index), trouble.astype("str").take(codes).set_axis(cells.index)


def _day_month_order(days: Iterable[str]) -> str:
    """What comes first in 03/04/2025, as other cells of the column prove (13 and more is a day): day, month or ""."""
    pairs = [(int(found["first"]), int(found["second"])) for found in map(_PAIR.fullmatch, days) if found]
    day_first = any(12 < first <= 31 and second <= 12 for first, second in pairs)
    month_first = any(12 < second <= 31 and first <= 12 for first, second in pairs)
    return "" if day_first == month_first else "day" if day_first else "month"


def _day_named(word: str, order: str) -> datetime | bool | None:
    """The day a word names; None when it can be read two ways, False when it names none."""
    found = next(filter(None, (form.fullmatch(word) for form in _FORMS)), None)
    if found is None:
        return False
    parts = found.groupdict()
    if not parts or "first" in parts:
        parts = _in_order(parts, order) if parts else {}
        if not parts:
            return None
    if "serial" in parts:
        return _EXCEL_DAY_0 + timedelta(days=int(parts["serial"]))
    try:
        return datetime(_year(parts), _month(parts), int(parts["day"]), tzinfo=UTC)
    except ValueError:
        return False


def _in_order(parts: dict[str, str], order: str) -> dict[str, str]:
    """Which number is the day and which the month, or nothing."""
    first, second = int(parts["first"]), int(parts["second"])
    if first > 12 or first == second or (order == "day" and second <= 12):
        return {"day": parts["first"], "month": parts["second"], "year": parts["year"]}
    if second > 12 or order == "month":
        return {"day": parts["second"], "month": parts["first"], "year": parts["year"]}
    return {}


def _year(parts: dict[str, str]) -> int:
    return int(parts["year"]) if "year" in parts else int(parts["minguo"]) + 1911


def _month(parts: dict[str, str]) -> int:
    """The month's number; 0, which is no month, for a name nobody knows."""
    if "month" in parts:
        return int(parts["month"])
    places = [months.find(parts["name"][:3]) for months in _MONTHS]
    return max(place // 3 + 1 if place % 3 == 0 else 0 for place in places)
