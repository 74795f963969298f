"""Who is in the sample organisation: names, addresses, faculties and languages of people who do not exist."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

SEED = 20_261_123
SAMPLE_NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SAMPLE_DOMAIN = "lotusbay-sample.edu.mo"
SAMPLE_PREFIX = "synthetic."
ORGANISATION = "Lotus Bay University (synthetic) 蓮灣大學（虛構）"
PEOPLE = 800
# Where people have their mail, and how often. Reserved domains such as example.com would all be excluded.
_DOMAINS = {SAMPLE_DOMAIN: 0.62, "gmail.com": 0.18, "qq.com": 0.08, "163.com": 0.06, "yahoo.com.hk": 0.06}

_SURNAMES = (
    ("陳", "Chan"), ("李", "Lei"), ("黃", "Wong"), ("梁", "Leong"), ("吳", "Ng"), ("何", "Ho"), ("林", "Lam"),
    ("鄭", "Cheang"), ("劉", "Lao"), ("張", "Cheong"), ("周", "Chao"), ("歐陽", "Ao Ieong"), ("馮", "Fong"),
    ("蘇", "Sou"), ("譚", "Tam"), ("郭", "Kuok"), ("趙", "Chio"), ("楊", "Ieong"),
)  # fmt: skip
_GIVEN = (
    ("嘉欣", "Ka Ian"), ("志明", "Chi Meng"), ("詠詩", "Weng Si"), ("家豪", "Ka Hou"), ("美玲", "Mei Leng"),
    ("俊傑", "Chon Kit"), ("曉彤", "Hio Tong"), ("偉文", "Wai Man"), ("淑儀", "Sok I"), ("子健", "Chi Kin"),
    ("雅婷", "Nga Teng"), ("國榮", "Kuok Weng"), ("思琪", "Si Kei"), ("啟賢", "Kai In"), ("凱琳", "Hoi Lam"),
    ("文傑", "Man Kit"), ("穎", "Weng"), ("浩然", "Hou In"), ("慧敏", "Wai Man"), ("建國", "Kin Kuok"),
)  # fmt: skip
_WESTERN = (
    "Ana Lopes", "João Ferreira", "Maria da Silva", "Peter O'Brien", "Sofia Marques", "Helen Smith", "Tiago Rocha",
    "Priya Raman", "Daniel Costa", "Emma Wright",
)  # fmt: skip
FACULTIES = {
    "文學院": "Arts", "理學院": "Science", "商學院": "Business", "教育學院": "Education", "法學院": "Law",
    "健康科學院": "Health Sciences",
}  # fmt: skip


def people() -> pd.DataFrame:
    """Return PEOPLE rows: number, name_zh ("" for Western names), name_en, address, faculty, language, engagement.

    `faculty` is Chinese (FACULTIES translates); `language` is zh-Hant, en or ""; `engagement` is the hidden liking for
    letters that `history` acts on (standard normal).
    """
    rng = np.random.default_rng(SEED)
    rows = [_named(rng, number) for number in range(PEOPLE)]
    table = pd.DataFrame(rows, columns=["number", "name_zh", "name_en", "language"])
    domain = rng.choice(list(_DOMAINS), size=PEOPLE, p=list(_DOMAINS.values()))
    faculty = rng.choice(list(FACULTIES), size=PEOPLE)
    address = [_address(row[2], row[0], at) for row, at in zip(rows, domain, strict=True)]
    table = table.assign(address=address, faculty=faculty, engagement=rng.normal(size=PEOPLE))
    return table.astype(dict.fromkeys(("name_zh", "name_en", "language", "address", "faculty"), "str"))


def _named(rng: np.random.Generator, number: int) -> tuple[int, str, str, str]:
    if rng.random() < 0.12:
        return number, "", _WESTERN[rng.integers(len(_WESTERN))], "en"
    surname, given = _SURNAMES[rng.integers(len(_SURNAMES))], _GIVEN[rng.integers(len(_GIVEN))]
    language = ("zh-Hant", "zh-Hant", "zh-Hant", "en", "")[rng.integers(5)]
    return number, surname[0] + given[0], f"{surname[1]} {given[1]}", language


def _address(name: str, number: int, domain: str) -> str:
    """A mailbox that is nobody's: at the sample's own domain, or with a local part that says what it is."""
    if domain == SAMPLE_DOMAIN:
        plain = "".join(letter for letter in name.lower().replace("ã", "a") if letter.isascii() and letter.isalpha())
        return f"{plain}{number:03d}@{domain}"
    return f"{SAMPLE_PREFIX}{100_000 + number}@{domain}"


def is_sample(addresses: pd.Series) -> pd.Series:
    """Return True for each address (in normal form, or a mailbox key) of the sample: such people are never mailed.

    The prefix with a number behind it marks the addresses at public services; mailbox keys of Gmail have no dots.
    """
    address = addresses.str.lower()
    own = address.str.endswith((f"@{SAMPLE_DOMAIN}", f".{SAMPLE_DOMAIN}"))
    marked = address.str.contains(rf"^{SAMPLE_PREFIX.removesuffix('.')}\.?\d+@", regex=True)
    return (own | marked).astype(bool)
