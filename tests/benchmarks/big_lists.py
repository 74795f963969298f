"""Synthetic lists of any length for the benchmarks, made by the column: 15 columns, a few large providers and a long
tail of domains, two addresses in a hundred out of order. Nobody in them exists."""

import random

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

HEADER = (
    "Email", "姓名", "Given name", "Family name", "Language", "Consent", "Consent date", "Consent source", "Faculty",
    "Programme", "Year", "Phone", "City", "Member", "Note",
)  # fmt: skip
LARGE = {"gmail.com": 30, "qq.com": 20, "163.com": 15, "lotusbay.edu.mo": 20, "yahoo.com.hk": 8}
SLIPS = ("gmial.com", "gmail.con", "hotmial.com", "yaho.com.hk", "qq.con", "163.cm")
DAMAGES = (" {}@{}", "{}＠{}", "Name <{}@{}>", "{}{}", "{}..@{}", "é{}@{}", "{}@{};")
SURNAMES, GIVEN = "陳林黃張李王吳劉蔡楊許鄭謝郭洪", "嘉欣志明美玲偉傑詠詩家輝慧敏俊豪雅雯國強"


def addresses(rows: int, seed: int = 20261123) -> pa.Array:
    """As many addresses; a domain of the long tail stands on about two rows in thirty."""
    dice = np.random.default_rng(seed)
    ends = ["com", "edu.mo", "org", "com.hk", "net", "edu.tw"]
    tail = [f"{'abcdefghkmnpqrst'[n % 16]}house{n}.{ends[n % 6]}" for n in range(max(rows // 35, 10))]
    names = [*LARGE, *SLIPS, *tail]
    weights = np.array([*LARGE.values(), *[0.05] * len(SLIPS), *[6.7 / len(tail)] * len(tail)])
    domain = pa.array(names).take(pa.array(dice.choice(len(names), rows, p=weights / weights.sum())))
    number = pa.array(dice.integers(0, 20 * rows, rows)).cast(pa.string())
    given = pa.array(["ana", "bo", "Chi.Wai", "dan", "eva", "ho.yan", "ka.man", "li"])
    local = pc.binary_join_element_wise(given.take(pa.array(dice.integers(0, 8, rows))), number, ".")
    plain = pc.binary_join_element_wise(local, domain, "@")
    places = np.flatnonzero(dice.random(rows) < 0.02)
    chosen = random.Random(seed)
    where = pa.array(places)
    pairs = zip(local.take(where).to_pylist(), domain.take(where).to_pylist(), strict=True)
    mask = np.zeros(rows, bool)
    mask[places] = True
    return pc.replace_with_mask(plain, pa.array(mask), pa.array([chosen.choice(DAMAGES).format(*p) for p in pairs]))


def table(rows: int, seed: int = 20261123) -> pa.Table:
    """The list as it stands in a file, HEADER above it."""
    dice = np.random.default_rng(seed + 1)

    def pick(*values: str) -> pa.Array:
        return pa.array(values).take(pa.array(dice.integers(0, len(values), rows)))

    days = np.datetime64("2024-01-01") + dice.integers(0, 900, rows)
    chinese = [a + b + c for a in SURNAMES for b in GIVEN for c in GIVEN]
    columns = [
        addresses(rows, seed), pick(*chinese), pick("Ana", "Bo", "Chi Wai", "Dan"), pick("Lam", "Chan", "Lei", "Ho"),
        pick("中文", "English"), pick("是", "yes", "是", "yes", "no", ""), pa.array(days).cast(pa.string()),
        pick("網上表格", "Open day", "會員登記"), pick("Arts", "Law", "人文學院", "Science"), pick("BA", "BSc", "MA"),
        pick("1", "2", "3", "4"), pa.array(dice.integers(28_000_000, 69_999_999, rows)).cast(pa.string()),
        pick("Macau", "香港", "珠海"), pa.array(np.arange(rows) + 100_000).cast(pa.string()),
        pick("", "", "VIP", "called"),
    ]  # fmt: skip
    return pa.table(columns, HEADER)


def csv(rows: int, seed: int = 20261123) -> bytes:
    """The list as a CSV file in UTF-8."""
    file = pa.BufferOutputStream()
    pa_csv.write_csv(table(rows, seed), file, pa_csv.WriteOptions(quoting_style="needed"))
    return file.getvalue().to_pybytes()
