"""What two languages must say alike: dates, times, amounts, rooms, phone numbers, links. Each is read into one form.

`particulars` walks a text once per kind and takes out what it has read, so that the digits of a date are not counted
as an amount. What is left over as plain numbers is compared too, but a number written as a word counts as well.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1)
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_CHINESE_DAYS = dict(zip("一二三四五六日天", [*range(7), 6], strict=True))
_DIGITS = {digit: number for number, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "兩": 2}
_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_CURRENCIES = {
    "MOP": r"mop\$?|澳門元|澳門幣|澳门元|patacas?|葡幣",
    "HKD": r"hk\$|hkd|港元|港幣|港币",
    "USD": r"us\$|usd|美元|美金",
    "CNY": r"rmb|cny|人民幣|人民币|¥",
    "EUR": r"eur|€|歐元|欧元",
    "TWD": r"nt\$|twd|新台幣|台幣",
    "": r"\$|元|蚊|dollars?",
}
_MONEY = "|".join(pattern for pattern in _CURRENCIES.values())
_LANGUAGE_IN_LINK = re.compile(
    r"([/=._-])(?:zh(?:[-_](?:hant|tw|hk|mo|hans|cn))?|tc|cht|chi|chinese|en(?:[-_]\w{2})?|eng|english)(?=[/&.?#_-]|$)"
)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"


class Particular(NamedTuple):
    """One thing that both languages must say: its kind, and its value in one form for all ways of writing it."""

    kind: str
    value: str


def particulars(text: str, links: tuple[str, ...] = ()) -> set[Particular]:
    """All dates, days, times, amounts, rooms, phone numbers, links and other numbers of a text."""
    left = unicodedata.normalize("NFKC", text).lower()
    found = {Particular("link", _link(address)) for address in links}
    for kind, pattern, form in _READERS:
        for match in re.finditer(pattern, left):
            value = form(match)
            if value:
                found.add(Particular(kind, value))
        left = re.sub(pattern, lambda match, form=form: " " if form(match) else match[0], left)
    return found


def missing(own: set[Particular], other: set[Particular], other_text: str) -> Iterator[Particular]:
    """What one language says and the other does not. A year that only one gives, and numbers that the other writes as
    a word, are no difference."""
    spoken = set(_spoken(other_text))
    for each in sorted(own - other):
        if each.kind == "date" and any(_same_date(each.value, there.value) for there in other if there.kind == "date"):
            continue
        if each.kind == "amount" and any(_same_amount(each.value, there.value) for there in other):
            continue
        if each.kind == "number" and (each.value in spoken or each.value in {there.value for there in other}):
            continue
        yield each


def _same_date(one: str, other: str) -> bool:
    """Equal, or equal but for a year that one of them leaves out."""
    return one[-5:] == other[-5:] and (one[:4] == other[:4] or "----" in (one[:4], other[:4]))


def _same_amount(one: str, other: str) -> bool:
    """Equal numbers, and equal currencies where both name one."""
    (money, number), (their_money, their_number) = one.split(" "), other.split(" ") if " " in other else ("", other)
    return number == their_number and (money == their_money or "" in (money, their_money))


# ---------------------------------------------------------------- one form for all ways of writing


def _link(address: str) -> str:
    """The link without what tells the language of a page."""
    return _LANGUAGE_IN_LINK.sub(r"\1*", address.casefold()).rstrip("/")


def _numeral(text: str) -> int | None:
    """The number that Chinese or European digits write, up to 99."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.replace("廿", "二十").replace("卅", "三十").partition("十")
    if ten:
        return 10 * (_DIGITS.get(tens, 1) if tens else 1) + (_DIGITS.get(ones, 0) if ones else 0)
    digits = [_DIGITS.get(character) for character in text]
    return None if None in digits or not digits else int("".join(map(str, digits)))


def _date(year: str | None, month: str, day: str) -> str:
    number, of_month = _numeral(day), _MONTHS.get(month.rstrip(".")) or _numeral(month)
    if not number or not of_month or number > 31 or of_month > 12:
        return ""
    return f"{_year(year)}-{of_month:02d}-{number:02d}"


def _year(year: str | None) -> str:
    number = _numeral(year) if year else None
    return f"{number:04d}" if number and number > 1900 else "----"


def _time(hour: str, minute: str | None, half: str) -> str:
    number = _numeral(hour)
    if number is None or number > 24:
        return ""
    minutes = 30 if minute == "半" else (_numeral(minute) if minute else 0)
    afternoon = re.search(r"p|下午|晚|傍晚|中午", half) and number < 12
    if re.search(r"a|凌晨|上午|早", half) and number == 12:
        number = 0
    return f"{number + 12 if afternoon else number:02d}:{minutes or 0:02d}"


def _money(before: str | None, number: str, after: str | None) -> str:
    said = before or after or ""
    name = next((name for name, pattern in _CURRENCIES.items() if said and re.fullmatch(pattern, said)), "")
    return f"{name} {float(number.replace(',', '')):g}"


def _phone(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    return re.sub(r"^(?:853|852|886|86)(?=\d{8,})", "", digits) if len(digits) >= 7 else ""


_HALF = r"(?P<half>上午|早上|凌晨|下午|中午|晚上|傍晚|晚)?\s*"
_ZH = r"[〇零一二三四五六七八九十廿卅兩]{1,3}"
_ORDINAL = r"(?:st|nd|rd|th)?"
_CLOCK = rf"(\d{{1,2}}|{_ZH})\s*[時點点时]\s*(?:正|(半)|(\d{{1,2}}|{_ZH})\s*分)?"
_CHINESE_DATE = (
    rf"(?:(\d{{4}}|[〇零一二三四五六七八九]{{4}})\s*年\s*)?(\d{{1,2}}|{_ZH})\s*月\s*(\d{{1,2}}|{_ZH})\s*[日號号]"
)
_DAY_FIRST = rf"\b(\d{{1,2}}){_ORDINAL}\s+(?:of\s+)?({_MONTH})\b\.?,?(?:\s+(\d{{4}}))?"
_MONTH_FIRST = rf"\b({_MONTH})\b\.?\s+(\d{{1,2}}){_ORDINAL}\b(?!:)(?:,?\s+(\d{{4}}))?"
_READERS: tuple[tuple[str, str, Callable[[re.Match[str]], str]], ...] = (
    ("link", r"https?://[^\s<>()）」，。]+", lambda m: _link(m[0].rstrip(".,;:"))),
    ("address", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", lambda m: m[0]),
    ("date", r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)", lambda m: _date(m[1], m[2], m[3])),
    ("date", _CHINESE_DATE, lambda m: _date(m[1], m[2], m[3])),
    ("date", _DAY_FIRST, lambda m: _date(m[3], m[2], m[1])),
    ("date", _MONTH_FIRST, lambda m: _date(m[3], m[1], m[2])),
    ("date", r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b", lambda m: _date(m[3], m[2], m[1]) or _date(m[3], m[1], m[2])),
    ("day", r"(?:星期|禮拜|礼拜|週|周)([一二三四五六日天])", lambda m: _DAYS[_CHINESE_DAYS[m[1]]]),
    ("day", r"\b(mon|tue|wed|thu|fri|sat|sun)(?:s?day|nesday|rsday|urday|s|rs)?s?\b", lambda m: m[1]),
    ("time", r"\b(\d{1,2})(?:[:.](\d{2}))?\s*([ap])\.?\s?m\b\.?", lambda m: _time(m[1], m[2], m[3])),
    ("time", _HALF + r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)", lambda m: _time(m[2], m[3], m["half"] or "")),
    ("time", _HALF + _CLOCK, lambda m: _time(m[2], m[3] or m[4], m["half"] or "")),
    ("time", r"(?:\b12\s+)?\bnoon\b|正午", lambda m: "12:00"),
    ("phone", r"(?:\(?\+?\d{2,3}\)?[ -])?\d{4}[ -]\d{4}\b|\+\d{2,3}\s?\d{7,11}\b|\b[2368]\d{7}\b", _phone),
    ("amount", rf"({_MONEY})\s*({_NUMBER})", lambda m: _money(m[1], m[2], None)),
    ("amount", rf"({_NUMBER})\s*({_MONEY})", lambda m: _money(None, m[1], m[2])),
    ("room", r"\b([a-z]{1,3}\d{1,4}[a-z]?(?:-[a-z]?\d{1,4}[a-z]?)*)\b", lambda m: m[1]),
    ("room", r"\broom\s+(\d{1,4}[a-z]?)\b|(\d{1,4}[a-z]?)\s*室", lambda m: m[1] or m[2]),
    ("number", rf"(?<![\w.])(?:{_NUMBER})(?:\s*%)?", lambda m: f"{float(re.sub('[,% ]', '', m[0])):g}"),
)


def _spoken(text: str) -> Iterator[str]:
    """The numbers that a text writes as words."""
    lowered = text.lower()
    yield from (str(number) for number, word in enumerate(_WORDS) if re.search(rf"\b{word}\b", lowered))
    for found in re.findall(_ZH, lowered):
        number = _numeral(found)
        if number is not None:
            yield str(number)
