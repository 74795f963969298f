"""Two languages, equals: each is there, both say the same, and each is written as its readers write it."""

import re
from functools import lru_cache

from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.clarity.facts import HOUSE, SUBJECT, ClarityFacts, finding, place_of
from bulkmail.tips.clarity.page import read_page
from bulkmail.tips.clarity.parity import Particular, missing, particulars

_KINDS = {
    "link": say("link"),
    "address": say("address"),
    "date": say("date"),
    "day": say("day of the week"),
    "time": say("time"),
    "phone": say("phone number"),
    "amount": say("amount"),
    "room": say("room"),
    "number": say("number"),
}
_CHINESE, _ENGLISH = say("Chinese"), say("English")
# In the character set of the mainland and not in that of Taiwan and Hong Kong, but at home there all the same.
_TRADITIONAL_TOO = frozenset("着群峰户床晗珉煊坂浜凇沲榘")
_HAN = "\u3400-\u9fff"
_NARROW = re.compile(
    f"[{_HAN}][,;!?](?=[{_HAN}\\s]|$)|[{_HAN}]\\.(?=[{_HAN}]|\\s*$)|[{_HAN}]:(?=[{_HAN}])", re.MULTILINE
)
_WIDE = re.compile(r"[a-z][，。：；！？](?=\s|[a-z]|$)")


def check_languages_say_the_same(facts: ClarityFacts) -> Finding:
    """Say the same in both languages, and Chinese in Traditional characters: who reads one half must not miss a date, a
    room or a price."""
    compared, strange = _compared_halves(facts), simplified(_chinese_of(facts))
    if not strange:
        return compared
    message = say("Simplified characters stand in the Traditional text: {characters}.", characters="".join(strange))
    write, place = say("Write them in Traditional characters."), place_of(facts, *strange)
    if compared.outcome is not Outcome.PASS:
        message = say("{one} {other}", one=compared.message, other=message)
        write = say("{one} {other}", one=compared.fix, other=write)
    return finding("MSG-27", Outcome.WARN, message, write, HOUSE, place)


def _compared_halves(facts: ClarityFacts) -> Finding:
    fix = say("Complete the half that lacks it, or correct the one that is wrong.")
    if not facts.both_html:
        message = say("The letter is in one language, as its campaign says.")
        return finding("MSG-27", Outcome.PASS, message, fix, HOUSE)
    page = read_page(facts.both_html)
    chinese, english = page.words_in("zh-Hant"), page.words_in("en")
    if not chinese or not english:
        absent = [name for name, said in ((_CHINESE, chinese), (_ENGLISH, english)) if not said]
        message = say("The letter has no part marked as {languages}.", languages=absent)
        begin = say("Begin each language with its line: {example}", example="<!-- language: zh-Hant -->")
        return finding("MSG-27", Outcome.WARN, message, begin, HOUSE)
    return _compared(facts, chinese, english, fix)


def _compared(facts: ClarityFacts, chinese: str, english: str, fix: Text) -> Finding:
    links = {
        language: tuple(link.address for link in read_page(facts.both_html).links if link.language == language)
        for language in ("zh-Hant", "en")
    }
    own, other = particulars(chinese, links["zh-Hant"]), particulars(english, links["en"])
    only_chinese, only_english = list(missing(own, other, english)), list(missing(other, own, chinese))
    if only_chinese or only_english:
        differences = [
            say("{kind} {value} only in {language}", kind=_KINDS[each.kind], value=_shown(each), language=language)
            for found, language in ((only_chinese, _CHINESE), (only_english, _ENGLISH))
            for each in found[:5]
        ]
        message = say(
            "The languages differ in {count} particulars: {differences}.",
            count=len(only_chinese) + len(only_english), differences=differences,
        )  # fmt: skip
        where = place_of(facts, *(each.value for each in [*only_chinese, *only_english]))
        return finding("MSG-27", Outcome.WARN, message, fix, HOUSE, where)
    message = say("Both languages agree in all {count} dates, times, numbers and links.", count=len(own | other))
    return finding("MSG-27", Outcome.PASS, message, fix, HOUSE)


def _shown(each: Particular) -> str:
    return each.value.strip().removeprefix("-----")


def _chinese_of(facts: ClarityFacts) -> str:
    """What should be in Traditional characters: the subject and all but the parts marked as another language."""
    page = read_page(facts.both_html or facts.html)
    said = page.words_in("zh-Hant") or (page.visible if page.root.get("lang") == "zh-Hant" else "")
    return f"{facts.subject}\n{said}"


@lru_cache(maxsize=256)
def simplified(text: str) -> tuple[str, ...]:
    """The characters of a text that only the mainland writes: they are in GB 2312, and not in Big5."""
    return tuple(dict.fromkeys(each for each in text if re.match(f"[{_HAN}]", each) and _is_simplified(each)))


def _is_simplified(character: str) -> bool:
    return _in_set(character, "gb2312") and not _in_set(character, "big5") and character not in _TRADITIONAL_TOO


def _in_set(character: str, name: str) -> bool:
    try:
        character.encode(name)
    except UnicodeError:
        return False
    return True


def check_punctuation_fits_the_language(facts: ClarityFacts) -> Finding:
    """Write Chinese with Chinese punctuation and English with English: a mixture looks like a machine's."""
    fix = say("Write ，。：；！？（） in Chinese, and , . : ; ! ? ( ) in English.")
    page = read_page(facts.both_html or facts.html)
    chinese, english = _chinese_of(facts), page.words_in("en")
    narrow, wide = _NARROW.findall(chinese), _WIDE.findall(english)
    if narrow or wide:
        message = say(
            "{narrow} half-width marks stand in Chinese sentences and {wide} full-width ones in English: {examples}.",
            narrow=len(narrow), wide=len(wide), examples=" ".join(f"“{mark}”" for mark in [*narrow, *wide][:5]),
        )  # fmt: skip
        place = SUBJECT if any(mark in facts.subject for mark in narrow) else place_of(facts, *narrow, *wide)
        return finding("MSG-30", Outcome.WARN, message, fix, HOUSE, place)
    message = say("Each language is written with its own punctuation.")
    return finding("MSG-30", Outcome.PASS, message, fix, HOUSE)


CHECKS = (check_languages_say_the_same, check_punctuation_fits_the_language)
