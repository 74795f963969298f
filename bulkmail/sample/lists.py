"""The lists of the sample organisation: one with the mess that real lists have, counted, and one that is clean."""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from bulkmail.sample.people import FACULTIES, ORGANISATION, SAMPLE_DOMAIN, SAMPLE_NOW, SAMPLE_PREFIX, SEED, people

MEMBERS_FILE = "members-big5.csv"
ALUMNI_FILE = "alumni-utf8.csv"
_MEMBER_ROWS, _ALUMNI_ROWS = 240, 120
_MEMBER_HEADER = ["姓名", "電郵地址", "學院", "語言", "同意", "同意日期", "同意來源"]
_ALUMNI_HEADER = [
    "Full name", "Email", "Faculty", "Graduation year", "Language",
    "Consent", "Consent date", "Consent source", "Consent purpose",
]  # fmt: skip
_LANGUAGES = {"zh-Hant": "繁體中文", "en": "English", "": ""}

# What is wrong with how many rows of the members' list; a row has one trouble at most.
MESS: Mapping[str, int] = {
    "full_width_at": 8,
    "name_in_address": 6,
    "duplicate": 10,
    "no_address": 3,
    "invalid_address": 6,
    "reserved_domain": 2,
    "typo_domain": 5,
    "role_account": 5,
    "refused": 14,
    "no_consent": 10,
    "stale_consent": 18,
    "unreadable_date": 4,
}
_MERGED_NAMES = 30  # both names in one cell: a habit rather than a trouble
_INVALID = (
    "{local}", "{local}@@{domain}", "{local} {domain}", "{local}@.{domain}", "@{domain}", "{local}@{domain},{local}2",
)  # fmt: skip
_TYPOS = ("gmial.com", "gamil.com", "yaho.com.hk", "hotmial.com", "outlok.com")
_ROLES = ("abuse", "postmaster", "info", "admissions", "webmaster")
_UNREADABLE = ("上學期", "見表格", "2025/13/45", "已簽")

_Row = list[str]


def lists(now: datetime = SAMPLE_NOW) -> dict[str, bytes]:
    """Return file name → bytes: members in Big5, with a title row and the troubles of MESS; alumni in clean UTF-8.

    `now` places the dates of consent: fresh ones lie within 20 months, stale ones at least 30 months back.
    """
    everybody = people()
    return {
        MEMBERS_FILE: _members(everybody, now).encode("big5"),
        ALUMNI_FILE: _alumni(everybody, now).encode("utf-8-sig"),
    }


def _written(rows: list[_Row]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(rows)
    return file.getvalue()


# ---------------------------------------------------------------- members


def _members(everybody: pd.DataFrame, now: datetime) -> str:
    rng = np.random.default_rng(SEED + 1)
    rows = [_member(person, rng, now) for person in everybody.head(_MEMBER_ROWS).to_dict("records")]
    places = iter(rng.permutation(_MEMBER_ROWS).tolist())
    troubled = {name: [next(places) for _ in range(count)] for name, count in MESS.items()}
    clean = list(places)
    named_twice = [place for place in clean if everybody["name_zh"][place]]
    for place in named_twice[:_MERGED_NAMES]:
        rows[place][0] = f"{rows[place][0]} {everybody['name_en'][place]}"
    for name, chosen in troubled.items():
        for turn, place in enumerate(chosen):
            rows[place] = _TROUBLES[name](rows[place], turn, rows[clean[-1 - turn]], now)
    title = [f"{ORGANISATION}會員名冊：全部資料均屬虛構"] + [""] * (len(_MEMBER_HEADER) - 1)
    return _written([title, _MEMBER_HEADER, *rows])


def _member(person: dict[str, str], rng: np.random.Generator, now: datetime) -> _Row:
    name = person["name_zh"] or person["name_en"].replace("ã", "a")
    day = now - timedelta(days=int(rng.integers(10, 600)))
    date = f"民國{day.year - 1911}年{day.month}月{day.day}日" if rng.random() < 0.05 else f"{day:%Y/%m/%d}"
    source = ("網上表格", "入學登記", "圖書館櫃台")[rng.integers(3)]
    faculty = person["faculty"] if rng.random() < 0.985 else ""
    return [name, person["address"], faculty, _LANGUAGES[person["language"]], "同意", date, source]


def _with(row: _Row, **cells: str) -> _Row:
    places = {"name": 0, "address": 1, "consent": 4, "date": 5, "source": 6}
    changed = list(row)
    for name, value in cells.items():
        changed[places[name]] = value
    return changed


def _invalid(row: _Row, turn: int) -> _Row:
    local = f"{SAMPLE_PREFIX}{turn}"
    return _with(row, address=_INVALID[turn].format(local=local, domain=SAMPLE_DOMAIN))


def _stale(row: _Row, turn: int, now: datetime) -> _Row:
    return _with(row, date=f"{now - timedelta(days=920 + 40 * turn):%Y/%m/%d}")


def _duplicate(row: _Row, turn: int, original: _Row) -> _Row:
    """The same mailbox as another row, written in capitals every second time."""
    address = original[1].upper() if turn % 2 else original[1]
    return _with(row, name=original[0], address=address)


# trouble → (row, how many of its kind came before, another row that is clean, now) → row
_TROUBLES: Mapping[str, Callable[[_Row, int, _Row, datetime], _Row]] = {
    "full_width_at": lambda row, turn, other, now: _with(row, address=row[1].replace("@", "＠")),
    "name_in_address": lambda row, turn, other, now: _with(row, address=f"{row[0]} <{row[1]}>"),
    "duplicate": lambda row, turn, other, now: _duplicate(row, turn, other),
    "no_address": lambda row, turn, other, now: _with(row, address=""),
    "invalid_address": lambda row, turn, other, now: _invalid(row, turn),
    "reserved_domain": lambda row, turn, other, now: _with(row, address=f"{SAMPLE_PREFIX}{turn}@example.com"),
    "typo_domain": lambda row, turn, other, now: _with(row, address=f"{SAMPLE_PREFIX}{turn}@{_TYPOS[turn]}"),
    "role_account": lambda row, turn, other, now: _with(row, address=f"{_ROLES[turn]}@{SAMPLE_DOMAIN}"),
    "refused": lambda row, turn, other, now: _with(row, consent="不同意"),
    "no_consent": lambda row, turn, other, now: _with(row, consent="", date="", source=""),
    "stale_consent": lambda row, turn, other, now: _stale(row, turn, now),
    "unreadable_date": lambda row, turn, other, now: _with(row, date=_UNREADABLE[turn]),
}


# ---------------------------------------------------------------- alumni


def _alumni(everybody: pd.DataFrame, now: datetime) -> str:
    rng = np.random.default_rng(SEED + 2)
    chosen = everybody.iloc[_MEMBER_ROWS : _MEMBER_ROWS + _ALUMNI_ROWS].to_dict("records")
    return _written([_ALUMNI_HEADER, *(_graduate(person, rng, now) for person in chosen)])


def _graduate(person: dict[str, str], rng: np.random.Generator, now: datetime) -> _Row:
    name = f"{person['name_zh']} {person['name_en']}".strip()
    year, day = now.year - int(rng.integers(1, 25)), now - timedelta(days=int(rng.integers(10, 600)))
    return [
        name, person["address"], FACULTIES[person["faculty"]], str(year), person["language"],
        "yes", f"{day:%Y-%m-%d}", "alumni form (synthetic)", "newsletter",
    ]  # fmt: skip
