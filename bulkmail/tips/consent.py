"""Tip 1: mail only people who agreed, for the purpose they agreed to, with a record of when and how.

The consent columns of a list, or an attestation for all of it, become events of the ledger (`events_of_list`); the
ledger is folded to one state per person and purpose (`fold`), and each row gets a reason or "" (`annotate`). No cell is
guessed at: what cannot be read is no consent, and a finding names its row. States and record follow ISO/IEC TS 27560 as
mapped by https://w3id.org/dpv/guides/consent-27560, read 2026-11-23.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import narwhals as nw
import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.limits import GMAIL_GUIDELINES, YAHOO_PRACTICES
from bulkmail.model import Attestation, ConsentState, Finding, Outcome, Text, say

EVENT_COLUMNS = (
    "person", "purpose", "basis", "state", "at", "recorded_at",
    "method", "source", "wording", "evidence", "recorded_by",
)  # fmt: skip
FOLDED_COLUMNS = ("person", "purpose", "state", "basis", "at", "evidence", "expires_at")
LIVE = (ConsentState.GIVEN.value, ConsentState.RECONFIRMED.value)
AGAINST = (ConsentState.REFUSED.value, ConsentState.WITHDRAWN.value)
COLUMN, COLUMN_UNNAMED, ATTESTED = "column", "column, purpose not named", "attestation"
STATES = {
    "given": say("Given"),
    "reconfirmed": say("Confirmed again"),
    "requested": say("Asked for, not confirmed"),
    "refused": say("Refused consent"),
    "withdrawn": say("Withdrew consent"),
    "expired": say("Expired"),
    "": say("Nothing recorded"),
}
EVIDENCE = {
    COLUMN: say("A row of a list"),
    COLUMN_UNNAMED: say("A row of a list, purpose not named"),
    ATTESTED: say("An attestation for a whole list"),
    "form": say("A form the person filled in"),
    "link": say("A link the person followed"),
}
BASES = {
    "consent_express": say("Express consent"),
    "consent_implied": say("Implied consent"),
    "soft_opt_in": say("Soft opt-in"),
    "contract": say("Contract"),
    "legal_obligation": say("Legal obligation"),
    "public_task": say("Public task"),
    "legitimate_interest": say("Legitimate interest"),
}
AGE_BANDS = {
    "under_6_months": say("Under 6 months"),
    "6_to_12_months": say("6 to 12 months"),
    "12_to_18_months": say("12 to 18 months"),
    "18_to_24_months": say("18 to 24 months"),
    "over_24_months": say("Over 24 months"),
    "undated": say("No date"),
}
_TIME = "datetime64[us, UTC]"
_AHEAD = timedelta(hours=14)  # where a day begins first (UTC+14): a day of today may lie so far in our future
_EARLIEST = pd.Timestamp("1990-01-01", tz=UTC)  # 1900 and 1970 are what programs write for "no date"
_EXCEL_DAY_0 = datetime(1899, 12, 30, tzinfo=UTC)

# ---------------------------------------------------------------- what a cell says

_SAID = {
    "given": "yes, y, true, t, 1, 1.0, on, ok, ✓, ✔, ☑, ✅, agree, agreed, i agree, accept, accepted, consent, "
    "consented, i consent, opt-in, opt in, optin, opted in, opted-in, subscribe, subscribed, given, granted, "
    "confirmed, 是, 是的, 同意, 已同意, 我同意, 本人同意, 願意, 愿意, 我願意, 我愿意, 接受, 已接受, 訂閱, "
    "订阅, 已訂閱, 已订阅, 已確認, 已确认, sim, s, aceito, aceite, concordo, consinto, autorizo, autorizado, "
    "subscrito",
    "reconfirmed": "reconfirmed, re-confirmed, renewed, 再次確認, 再次确认, 重新確認, 重新确认, 重新同意, "
    "reconfirmado, renovado",
    "requested": "requested, pending, unconfirmed, not confirmed, awaiting confirmation, 待確認, 待确认, 未確認, "
    "未确认, 等待確認, 等待确认, pendente, por confirmar, não confirmado, nao confirmado",
    "refused": "no, n, false, f, 0, 0.0, off, refuse, refused, decline, declined, disagree, not agreed, "
    "do not contact, do not email, not subscribed, 否, 不, 不是, 不同意, 我不同意, 本人不同意, 未同意, 不願意, "
    "不愿意, 不接受, 拒絕, 拒绝, 已拒絕, 已拒绝, 未訂閱, 未订阅, 不訂閱, 不订阅, não, nao, recuso, recusado, "
    "não aceito, nao aceito, não autorizo, nao autorizo",
    "withdrawn": "withdraw, withdrawn, withdrew, revoked, unsubscribe, unsubscribed, opt-out, opt out, optout, "
    "opted out, opted-out, objected, 撤回, 已撤回, 撤銷, 撤销, 已撤銷, 已撤销, 退訂, 退订, 已退訂, 已退订, "
    "取消訂閱, 取消订阅, 已取消訂閱, 已取消订阅, 取消接收, 拒收, 已拒收, 反對, 反对, retirado, revogado, cancelado, "
    "cancelou, oposição, não subscrito, nao subscrito",
    "expired": "expired, lapsed, 過期, 过期, 已過期, 已过期, 失效, 已失效, expirado, caducado",
    "": "-, --, —, ?, n/a, na, nan, nil, null, none, unknown, ☐, 無, 无, 不詳, 不详, 未知, 無資料, 无资料, 不適用, "
    "不适用, desconhecido",
}
_STATE_OF = {word.strip(): state for state, words in _SAID.items() for word in words.split(",")} | {"": ""}
_GROUNDS = {
    "consent_express": ", express, explicit, express consent, explicit consent, consent, opt-in, opt in, "
    "double opt-in, double opt in, consent_explicit, 明示, 明示同意, 明確同意, 明确同意, 同意, 雙重確認訂閱, "
    "consentimento, consentimento expresso",
    "consent_implied": "implied, implied consent, inferred, 默示, 默示同意, 默許, 默许, consentimento implícito, "
    "implícito",
    "soft_opt_in": "soft opt-in, soft opt in, existing customer, 軟性同意, 软性同意",
    "contract": "contract, contractual, 合約, 合约, 合同, contrato",
    "legal_obligation": "legal obligation, law, 法律義務, 法律义务, obrigação legal",
    "public_task": "public task, public interest, 公共任務, 公共任务, 公共利益, interesse público",
    "legitimate_interest": "legitimate interest, legitimate interests, 正當利益, 正当利益, interesse legítimo",
}
_BASIS_OF = {word.strip(): basis for basis, words in _GROUNDS.items() for word in (*words.split(","), basis)}
_BOUGHT = re.compile(
    r"(?:purchased?|bought|rented|rental|appended|partner[_ ]unverified|購買|购买|購入|购入)"
    r"|.*\b(?:purchased|bought|rented|rental|appended|third[- ]party)\s+(?:\w+\s+)?"
    r"(?:lists?|data\w*|address\w*|e?-?mails?|contacts?|leads?)\b.*"
    r"|.*\b(?:scrap(?:ed|ing|er)|harvest(?:ed|ing|er)|crawl(?:ed|ing|er)|(?:data|list) brokers?)\b.*"
    r"|.*(?:爬取|爬蟲|爬虫|抓取|網上蒐集|網上收集|网上收集|買來|买来).*"
    r"|.*[購购買买租][買买用入]?的?(?:名單|名单|資料|数据|電郵|邮箱).*"
    r"|.*\b(?:lista|base) (?:comprada|alugada)\b.*"
)
_AROUND = " .,;!'。，；！\""


def _clean(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", cell).casefold().split()).strip(_AROUND)


def _each(cells: pd.Series, read: Callable[[str], str]) -> pd.Series:
    """What `read` makes of each cell; it is asked once for each different cell."""
    codes, different = pd.factorize(cells)
    return pd.Series(np.array([read(cell) for cell in different], dtype=object)[codes], cells.index, dtype="str")


def _cells(table: pd.DataFrame, name: str) -> pd.Series:
    """A column as it is, or blanks where the table has none."""
    return table[name] if name in table else pd.Series("", index=table.index, dtype="str")


def basis_of(cell: str) -> str:
    """The lawful basis a cell names, one of BASES; express consent for an empty one, unknown words as they are."""
    return _BASIS_OF.get(_clean(cell), _clean(cell)[:64])


def is_bought(source: str) -> bool:
    """Whether words about where an address comes from say: bought, rented, appended or harvested."""
    return _BOUGHT.fullmatch(_clean(source)[:500]) is not None


def _reading(table: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """What the consent cells of each row say: `state` ("" = nothing), `at`, and `trouble`, why a cell is not believed.

    In a list with dates and without a consent column, a date says that consent was given on that day.
    """
    at, trouble = _dates(_cells(table, "consent_at"), now)
    said = _each(_cells(table, "consent"), lambda cell: _STATE_OF.get(_clean(cell), "unreadable"))
    if "consent" not in table:
        said = said.mask(at.notna() | trouble.eq("ambiguous_date"), "given")
    unreadable = said.eq("unreadable")
    trouble = trouble.mask(unreadable, "unreadable_consent")
    return pd.DataFrame({"state": said.mask(unreadable, ""), "at": at, "trouble": trouble})


# ---------------------------------------------------------------- dates

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


def _dates(cells: pd.Series, now: datetime) -> tuple[pd.Series, pd.Series]:
    """The time of each cell (missing where it is unknown), and why a cell that says something is not believed, or "".

    A day without a time is its midnight in UTC. Days and months that could be swapped are read in the order that the
    other cells of the column prove, if they prove one.
    """
    if isinstance(cells.dtype, pd.DatetimeTZDtype):  # a table that was annotated before
        return cells, pd.Series("", index=cells.index, dtype="str")
    codes, different = pd.factorize(cells)
    words = pd.Series(different, dtype="str").str.normalize("NFKC").str.strip()
    at = pd.to_datetime(words.where(words.str.match(_ISO)), format="ISO8601", utc=True, errors="coerce").astype(_TIME)
    days = words.where(at.isna(), "").str.lower().str.replace(_CLOCK, "", regex=True).str.strip()
    order = _day_month_order(days.unique())
    read = {day: _day_named(day, order) for day in days.unique()}
    at = at.fillna(pd.to_datetime(days.map({day: when for day, when in read.items() if when}), utc=True).astype(_TIME))
    wrong = at.isna() & words.ne("")
    trouble = days.map({day: "ambiguous_date" if when is None else "unreadable_date" for day, when in read.items()})
    trouble = trouble.where(wrong, "").mask(at < _EARLIEST, "unreadable_date").mask(at > now + _AHEAD, "future_date")
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


# ---------------------------------------------------------------- events


def events_of_list(
    table: pd.DataFrame,
    *,
    purpose: str,
    attestation: Attestation | None,
    source: str,
    recorded_by: str,
    now: datetime,
) -> pd.DataFrame:
    """What a list says about consent, as ledger rows (EVENT_COLUMNS; order of the list; a row for each purpose named).

    `table` has `person` (addressing.annotate) and the consent columns as read. Consent that names no purpose counts for
    `purpose`, and its evidence says so. The attestation speaks for people of whom the list says nothing, and only in a
    list that records nobody's consent. Bought addresses bring no consent with them, but their refusals count.
    """
    reading = _reading(table, now)
    vouched = _vouched(reading, attestation)
    by = attestation or Attestation(basis="", source="", wording="", by="", at=now)
    state = reading["state"].mask(vouched, "given")
    sources = _cells(table, "consent_source").str.strip()
    bought = _each(sources, lambda cell: "bought" if is_bought(cell) else "").eq("bought")
    unnamed = _cells(table, "consent_purpose").str.strip().eq("")
    events = pd.DataFrame(
        {
            "person": table["person"],
            "purpose": _each(_cells(table, "consent_purpose"), partial(_purposes, purpose=purpose)),
            "basis": _each(_cells(table, "consent_basis"), basis_of).mask(vouched, basis_of(by.basis)),
            "state": state,
            "at": reading["at"].mask(vouched, pd.Timestamp(by.at)).astype(_TIME),
            "recorded_at": pd.Series(pd.Timestamp(now), table.index).astype(_TIME),
            "method": pd.Series("import", table.index, dtype="str").mask(vouched, "attestation"),
            "source": sources.mask(sources.eq(""), source).mask(vouched, by.source),
            "wording": _cells(table, "consent_wording").mask(vouched, by.wording),
            "evidence": pd.Series(COLUMN, table.index, dtype="str")
            .mask(unnamed, COLUMN_UNNAMED)
            .mask(vouched, ATTESTED),
            "recorded_by": pd.Series(recorded_by, table.index, dtype="str"),
        }
    )
    events = events[state.ne("") & table["person"].ne("") & (~bought | state.isin(AGAINST))]
    several = events.assign(purpose=events["purpose"].str.split("\n")).explode("purpose", ignore_index=True)
    return several.astype({"purpose": "str"})


def _vouched(reading: pd.DataFrame, attestation: Attestation | None) -> pd.Series:
    """For whom the attestation speaks."""
    if attestation is None or is_bought(attestation.source) or reading["state"].isin(LIVE).any():
        return pd.Series(False, index=reading.index)
    return reading["state"].eq("") & reading["trouble"].eq("")


def _purposes(cell: str, purpose: str) -> str:
    """The purposes a cell names, a line each; the campaign's own for a blank cell or one that names all."""
    named = [" ".join(name.split()) for name in re.split(r"[;,，；、|\n]", cell)]
    known = [purpose if _key(name) in (_key(purpose), "all", "全部", "所有") else name for name in named if name]
    return "\n".join(dict.fromkeys(known)) or purpose


def _key(purpose: str) -> str:
    """What two spellings of one purpose have in common."""
    return re.sub(r"[\s_-]+", "-", unicodedata.normalize("NFKC", purpose).casefold().strip())


# ---------------------------------------------------------------- the fold

_WEIGHED = ["person", "purpose", "state", "basis", "evidence", "recorded_at"]
# On one day the stricter state wins; a confirmation follows its request.
_STRENGTH = {"requested": 1, "given": 2, "reconfirmed": 3, "expired": 4, "refused": 5, "withdrawn": 6}


def fold(events: pd.DataFrame, *, now: datetime) -> pd.DataFrame:
    """Where each person stands for each purpose: one row of FOLDED_COLUMNS, `at` missing where the day is not known.

    Strongest first: a refusal or withdrawal without a date; the state of the last day (of one day, the strictest);
    consent without a date; an attestation. Dates in the future are not believed. Consent lasts for
    limits.CONSENT_VALID_MONTHS from its day, or from its recording where the day is not known; then it is expired.
    """
    at = pd.to_datetime(events["at"], utc=True).astype(_TIME)
    at = at.where(at <= now + _AHEAD)
    against, vouched = events["state"].isin(AGAINST), events["evidence"].eq(ATTESTED)
    tier = np.select([against & at.isna(), vouched & ~against, at.notna()], [3, 0, 2], 1)
    day = (at.fillna(_EARLIEST) - _EARLIEST).dt.days
    strength = events["state"].map(_STRENGTH).fillna(0).astype("int64")
    order = np.argsort((tier * 2**32 + day) * 8 + strength, kind="stable")
    last = events[_WEIGHED].assign(at=at).iloc[order].drop_duplicates(["person", "purpose"], keep="last").sort_index()
    expires_at = expiry(last["at"].fillna(last["recorded_at"].astype(_TIME)), last["basis"])
    lapsed = last["state"].isin(LIVE) & (expires_at <= now)
    folded = last.assign(state=last["state"].mask(lapsed, ConsentState.EXPIRED.value), expires_at=expires_at)
    return folded[list(FOLDED_COLUMNS)].reset_index(drop=True)


def expiry(at: pd.Series, basis: pd.Series) -> pd.Series:
    """When consent of that day and basis ends."""
    implied = at + pd.DateOffset(months=int(limits.CONSENT_IMPLIED_MONTHS.value))
    return (at + pd.DateOffset(months=int(limits.CONSENT_VALID_MONTHS.value))).mask(
        basis.eq("consent_implied"), implied
    )


# ---------------------------------------------------------------- rows


def annotate(table: pd.DataFrame, events: pd.DataFrame, *, purpose: str, kind: str, now: datetime) -> pd.DataFrame:
    """The table with CONSENT_COLUMNS, judged from `events` (the ledger, best of all purposes, this list's included).

    `consent_at` becomes a time (missing where unknown). Events of purpose "" count for every purpose. A person of whom
    a row says what cannot be read is not mailed on another row's word. A transactional letter asks for no consent, but
    a refusal or withdrawal of its purpose still counts.
    """
    same = {name: purpose for name in events["purpose"].unique() if _key(name) in ("", _key(purpose))}
    folded = fold(events.assign(purpose=events["purpose"].replace(same)), now=now)
    ours = folded["purpose"].eq(purpose)
    found = folded[ours].set_index("person").reindex(table["person"]).set_axis(table.index)
    elsewhere = table["person"].isin(folded.loc[~ours & folded["state"].isin(LIVE), "person"])
    trouble = _reading(table, now)["trouble"]
    unread = table["person"].isin(table.loc[trouble.eq("unreadable_consent") & table["person"].ne(""), "person"])
    state = found["state"].fillna("").astype("str")
    return table.assign(
        consent_state=state,
        consent_basis=found["basis"].fillna("").astype("str"),
        consent_at=found["at"].astype(_TIME),
        consent_evidence=found["evidence"].fillna("").astype("str"),
        consent_reason=_reasons(state, unread=unread, elsewhere=elsewhere, transactional=kind == "transactional"),
        consent_trouble=trouble,
    )


def _reasons(state: pd.Series, *, unread: pd.Series, elsewhere: pd.Series, transactional: bool) -> pd.Series:
    """Why a row is not to be mailed: the first that holds, or ""."""
    holds = {
        "consent_refused": state.eq("refused"),
        "consent_withdrawn": state.eq("withdrawn"),
        "": pd.Series(transactional, index=state.index),
        "consent_unconfirmed": unread | state.eq("requested"),
        "consent_expired": state.eq("expired"),
        "consent_other_purpose": ~state.isin(LIVE) & elsewhere,
        "no_consent": ~state.isin(LIVE),
    }
    return pd.Series(np.select(list(holds.values()), list(holds), default=""), state.index, dtype="str")


# ---------------------------------------------------------------- summary


def coverage(table: object, *, now: datetime) -> object:
    """How many rows there are of each consent_state, consent_basis, consent_evidence and consent_age (AGE_BANDS, ""
    where nothing is recorded), with their share of all, most rows first.

    `table` is annotated and of any kind that narwhals knows; a table of the same kind comes back.
    """
    by = ["consent_state", "consent_basis", "consent_evidence", "consent_age"]
    banded = nw.from_native(table).with_columns(consent_age=_age(now), rows=nw.lit(1, nw.Int64))
    counted = banded.group_by(by).agg(nw.col("rows").sum())
    shared = counted.with_columns(share=nw.col("rows") / nw.col("rows").sum())
    return shared.sort("rows", *by, descending=[True, *[False] * len(by)]).to_native()


def _age(now: datetime) -> nw.Expr:
    bands = dict(zip((6, 12, 18, 24), AGE_BANDS, strict=False))
    age = nw.lit("over_24_months")
    for months in sorted(bands, reverse=True):
        since = (pd.Timestamp(now) - pd.DateOffset(months=months)).to_pydatetime()
        age = nw.when(nw.col("consent_at") > nw.lit(since)).then(nw.lit(bands[months])).otherwise(age)
    dated = nw.when(nw.col("consent_at").is_null()).then(nw.lit("undated")).otherwise(age)
    return nw.when(nw.col("consent_state") == "").then(nw.lit("")).otherwise(dated)


# ---------------------------------------------------------------- checks

_ISO_27560 = "ISO/IEC TS 27560 by https://w3id.org/dpv/guides/consent-27560, read 2026-11-23"
_GDPR = "https://gdpr-info.eu/art-7-gdpr/"
SOURCES = {
    "CON-01": f"{GMAIL_GUIDELINES}; {_GDPR}; read 2026-11-23",
    "CON-02": _ISO_27560,
    "CON-03": _ISO_27560,
    "CON-07": f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; https://support.apple.com/en-us/102322; read 2026-11-23",
    "CON-09": _ISO_27560,
    "CON-10": f"{_ISO_27560}; {_GDPR}",
    "CON-17": f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; read 2026-11-23; 24 months: house",
}
NOTHING_TO_DO = say("Nothing to do.")


@dataclass(frozen=True, kw_only=True)
class ConsentFacts:
    """What the checks judge: the annotated table of all rows, what the campaign says of itself, and the time."""

    table: pd.DataFrame
    purpose: str
    kind: str
    attestation: Attestation | None
    now: datetime


def _finding(code: str, outcome: Outcome, message: Text, fix: Text = NOTHING_TO_DO, rows: object = None) -> Finding:
    numbers = () if rows is None else tuple(rows["source_row"].tolist())
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=SOURCES[code], rows=numbers)


def _people(facts: ConsentFacts) -> pd.DataFrame:
    """The rows with a person behind them: what is no address has no consent to ask for."""
    return facts.table[facts.table["person"].ne("")]


def _settled(code: str, facts: ConsentFacts) -> Finding | None:
    """The finding where there is nothing to judge, or no consent to ask for."""
    if "consent_reason" not in facts.table or facts.table["person"].eq("").all():
        fix = say("Upload a list with usable addresses, then check again.")
        return _finding(code, Outcome.UNKNOWN, say("There is nobody whose consent could be judged."), fix)
    if facts.kind == "transactional":
        left_out = facts.table["consent_reason"].ne("").sum()
        said = say(
            "A transactional letter asks for no consent; {count} of {rows} rows refused or withdrew and are left out.",
            count=int(left_out), rows=len(facts.table),
        )  # fmt: skip
        return _finding(code, Outcome.PASS, said)
    return None


def check_record(facts: ConsentFacts) -> Finding:
    """Have a record of consent for everybody you write to; leave out the others until they agree."""
    if settled := _settled("CON-01", facts):
        return settled
    people = _people(facts)
    missing = people[people["consent_reason"].eq("no_consent")]
    if missing.empty:
        return _finding("CON-01", Outcome.PASS, say("All {rows} rows have a record of consent.", rows=len(people)))
    counts = {"count": len(missing), "rows": len(people)}
    if len(missing) == len(people):
        fix = say("Tell which columns hold consent and its date, or attest how all these people agreed.")
        message = say("{count} of {rows} rows have no record of consent: nobody may be mailed.", **counts)
        return _finding("CON-01", Outcome.BLOCK, message, fix, missing)
    fix = say("Add their consent to the list, or ask them for it outside this campaign; then prepare it again.")
    message = say("{count} of {rows} rows have no record of consent and are left out.", **counts)
    return _finding("CON-01", Outcome.WARN, message, fix, missing)


def check_state(facts: ConsentFacts) -> Finding:
    """Write only to those whose last word is yes: asked, refused, withdrawn and expired all mean no."""
    if settled := _settled("CON-02", facts):
        return settled
    people = _people(facts)
    reason = people["consent_reason"]
    pending = people[reason.eq("consent_unconfirmed")]
    counts = {
        "given": int(reason.eq("").sum()),
        "rows": len(people),
        "against": int(reason.isin(["consent_refused", "consent_withdrawn"]).sum()),
        "pending": len(pending),
        "expired": int(reason.eq("consent_expired").sum()),
    }
    message = say(
        "{given} of {rows} rows have consent that holds today. Left out: {against} refused or withdrew, "
        "{pending} are not confirmed, {expired} expired.",
        **counts,
    )
    if not counts["given"]:
        return _finding("CON-02", Outcome.BLOCK, message, say("Ask these people for consent before you write to them."))
    if counts["pending"]:
        fix = say("Ask those not confirmed to confirm, or correct what the list says of them.")
        return _finding("CON-02", Outcome.WARN, message, fix, pending)
    return _finding("CON-02", Outcome.PASS, message)


def check_readable(facts: ConsentFacts) -> Finding:
    """Write consent as yes or no and dates as 2026-03-25, so that nobody has to guess what a cell means."""
    if "consent_trouble" not in facts.table:
        return _settled("CON-03", facts)
    rows = facts.table
    troubled = rows[rows["consent_trouble"].ne("")]
    if troubled.empty:
        message = say("Every consent cell and date of {rows} rows could be read.", rows=len(rows))
        return _finding("CON-03", Outcome.PASS, message)
    counts = troubled["consent_trouble"].value_counts()
    message = say(
        "Of {rows} rows, {values} have a consent value nobody can read (not mailed); of the dates, {dates} cannot be "
        "read, {ambiguous} can be read two ways (03/04) and {future} lie in the future (taken as no date).",
        rows=len(rows),
        values=int(counts.get("unreadable_consent", 0)),
        dates=int(counts.get("unreadable_date", 0)),
        ambiguous=int(counts.get("ambiguous_date", 0)),
        future=int(counts.get("future_date", 0)),
    )
    fix = say("Write yes or no, and dates as 2026-03-25, in the rows named; then upload the list again.")
    return _finding("CON-03", Outcome.WARN, message, fix, troubled)


def check_origin(facts: ConsentFacts) -> Finding:
    """Never mail bought, rented, appended or harvested addresses; know where each one comes from."""
    sources = _cells(facts.table, "consent_source").str.strip()
    bought = facts.table[_each(sources, lambda cell: "bought" if is_bought(cell) else "").eq("bought")]
    fix = say("Take these rows out of the list and keep only people who gave you their address themselves.")
    if facts.attestation and is_bought(facts.attestation.source):
        return _finding("CON-07", Outcome.BLOCK, say("The attestation names a bought or harvested source."), fix)
    counts = {"rows": len(facts.table), "named": int(sources.ne("").sum()), "count": len(bought)}
    if len(bought):
        message = say("{count} of {rows} rows come from a bought or harvested source.", **counts)
        return _finding("CON-07", Outcome.BLOCK, message, fix, bought)
    if facts.attestation and facts.attestation.source.strip():
        message = say("The attestation names where the addresses come from, and it was not bought or harvested.")
        return _finding("CON-07", Outcome.PASS, message)
    if not counts["named"]:
        ask = say("Add a column with the source of each address, or name it in an attestation.")
        return _finding(
            "CON-07", Outcome.UNKNOWN, say("Nothing says where the addresses of {rows} rows come from.", **counts), ask
        )
    message = say("{named} of {rows} rows name their source, and none was bought or harvested.", **counts)
    return _finding("CON-07", Outcome.PASS, message)


def check_purpose(facts: ConsentFacts) -> Finding:
    """Write only for the purpose people agreed to; a new purpose needs a new yes."""
    if not facts.purpose.strip() and facts.kind != "transactional":
        fix = say("Name one purpose, as people knew it when they agreed: newsletter, open day…")
        return _finding(
            "CON-09", Outcome.BLOCK, say("The campaign names no purpose, so no consent can be for it."), fix
        )
    if settled := _settled("CON-09", facts):
        return settled
    people = _people(facts)
    other = people[people["consent_reason"].eq("consent_other_purpose")]
    unnamed = people["consent_evidence"].eq(COLUMN_UNNAMED) & people["consent_reason"].eq("")
    counts = {"rows": len(people), "purpose": facts.purpose, "count": len(other), "unnamed": int(unnamed.sum())}
    if len(other):
        message = say("{count} of {rows} rows agreed to other purposes than {purpose} and are left out.", **counts)
        fix = say("Write to them for the purpose they agreed to, or ask them about this one first.")
        return _finding("CON-09", Outcome.WARN, message, fix, other)
    message = say(
        "Nobody of {rows} rows agreed to another purpose only. The consent of {unnamed} rows names no purpose: "
        "it counts for {purpose}, and the record says so.",
        **counts,
    )
    return _finding("CON-09", Outcome.PASS, message)


def check_evidence(facts: ConsentFacts) -> Finding:
    """Keep proof of each consent: the day, the wording people saw, and a record of their own act."""
    if settled := _settled("CON-10", facts):
        return settled
    given = facts.table[facts.table["consent_reason"].eq("") & facts.table["person"].ne("")]
    if given.empty:
        fix = say("Settle CON-01 and CON-02 first, then check again.")
        return _finding("CON-10", Outcome.UNKNOWN, say("There is no consent whose proof could be judged."), fix)
    undated, vouched = given["consent_at"].isna(), given["consent_evidence"].eq(ATTESTED)
    worded = _cells(given, "consent_wording").str.strip().ne("") | vouched
    message = say(
        "Of {given} rows with consent, {undated} have no date, {vouched} rest on an attestation only and {unworded} do "
        "not name the wording that people saw.",
        given=len(given), undated=int(undated.sum()), vouched=int(vouched.sum()), unworded=int((~worded).sum()),
    )  # fmt: skip
    weak = given[undated | vouched | ~worded]
    if weak.empty:
        return _finding("CON-10", Outcome.PASS, message)
    fix = say("Add columns with the date and the wording of each consent; where they are lost, ask for consent again.")
    return _finding("CON-10", Outcome.WARN, message, fix, weak)


def check_age(facts: ConsentFacts) -> Finding:
    """Ask again before consent grows old: after two years few people remember that they agreed."""
    if settled := _settled("CON-17", facts):
        return settled
    people = _people(facts)
    live = people["consent_reason"].eq("")
    ends = expiry(people["consent_at"], people["consent_basis"])
    soon = live & (ends <= facts.now + timedelta(days=limits.CONSENT_WARN_DAYS.value))
    expired = people["consent_reason"].eq("consent_expired")
    if live.any() and people.loc[live, "consent_at"].isna().all():
        fix = say("Add a column with the date of each consent.")
        message = say("None of {rows} rows with consent has a date, so its age is not known.", rows=int(live.sum()))
        return _finding("CON-17", Outcome.UNKNOWN, message, fix)
    message = say(
        "Of {rows} rows, {expired} have consent older than {months} months and are left out; {soon} more reach that "
        "age within {days} days.",
        rows=len(people), expired=int(expired.sum()), soon=int(soon.sum()),
        months=limits.CONSENT_VALID_MONTHS.value, days=limits.CONSENT_WARN_DAYS.value,
    )  # fmt: skip
    if not (expired | soon).any():
        return _finding("CON-17", Outcome.PASS, message)
    fix = say("Ask these people to confirm that they still want to hear from you.")
    return _finding("CON-17", Outcome.WARN, message, fix, people[expired | soon])


CHECKS = (check_record, check_state, check_readable, check_origin, check_purpose, check_evidence, check_age)
