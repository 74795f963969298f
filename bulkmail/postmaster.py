"""The figures of Gmail's Postmaster Tools, read from the CSV that its pages export."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import date

import pandas as pd

from bulkmail.errors import InputError
from bulkmail.limits import COMPLAINT_STOP_RATE, COMPLAINT_TARGET_RATE

# figure → how its column is called, in English and Chinese; the first column that fits
FIGURES: Mapping[str, str] = {
    "spam_rate": r"spam|垃圾|投訴",
    "spf": r"\bspf\b",
    "dkim": r"\bdkim\b",
    "dmarc": r"\bdmarc\b",
    "errors": r"error|錯誤",
    "encrypted": r"tls|encrypt|加密",
}
_DAY = re.compile(r"date|day|日", re.IGNORECASE)


def read_days(data: bytes) -> dict[date, dict[str, float]]:
    """Return day → figures as shares (0.001 is 0.1 %). InputError where there is no date or no figure to read."""
    try:
        table = pd.read_csv(io.BytesIO(data), dtype=str, sep=None, engine="python", encoding="utf-8-sig")
    except (ValueError, csv.Error, pd.errors.ParserError) as error:
        raise InputError("This is no table that can be read: export it as CSV in UTF-8.") from error
    day = next((name for name in table.columns if _DAY.search(str(name))), None)
    named = {figure: _column(table, pattern) for figure, pattern in FIGURES.items()}
    known = {figure: name for figure, name in named.items() if name is not None and name != day}
    if day is None or not known:
        raise InputError("The table needs a column Date and one of its figures, such as the spam rate.")
    days = pd.to_datetime(table[day], errors="coerce")
    figures = pd.DataFrame({figure: _share(table[name]) for figure, name in known.items()})
    rows = zip(days, figures.to_dict("records"), strict=True)
    read = {moment.date(): _known(row) for moment, row in rows if not pd.isna(moment)}
    if not any(read.values()):
        raise InputError("No row of the table has a date and a figure.")
    return {day: row for day, row in read.items() if row}


def days_over(days: Mapping[date, Mapping[str, float]]) -> tuple[int, int]:
    """Return how many days have a spam rate over 0.3 %, and how many over 0.1 % (Gmail's limits, judged day by day)."""
    rates = [figures["spam_rate"] for figures in days.values() if "spam_rate" in figures]
    worst, wanted = COMPLAINT_STOP_RATE.value, COMPLAINT_TARGET_RATE.value
    return sum(rate >= worst for rate in rates), sum(rate >= wanted for rate in rates)


def _column(table: pd.DataFrame, pattern: str) -> str | None:
    return next((name for name in table.columns if re.search(pattern, str(name), re.IGNORECASE)), None)


def _share(values: pd.Series) -> pd.Series:
    """0.12% and 0.0012 are the same share; what is neither is missing."""
    texts = values.fillna("").str.strip()
    is_percent = texts.str.endswith("%")
    numbers = pd.to_numeric(texts.str.rstrip("%").str.strip(), errors="coerce")
    shares = numbers.where(~is_percent, numbers / 100)
    return shares.where(shares.between(0, 1))


def _known(row: Mapping[str, float]) -> dict[str, float]:
    return {figure: float(share) for figure, share in row.items() if not pd.isna(share)}
