"""Sentences for people in their language: English as written, 繁體中文 from the gettext catalogue."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from numbers import Integral
from pathlib import Path

from babel.messages.pofile import read_po

import bulkmail
from bulkmail.errors import BulkmailError
from bulkmail.model import Text

LOCALES = Path(bulkmail.__file__).parent / "locales"
LANGUAGES = ("en", "zh-Hant")
SEPARATORS = {"en": ", ", "zh-Hant": "、"}

Translator = Callable[[Text | BulkmailError | str], str]


class _Shown:
    """A value that is written as `plain` unless its place asks for a format of its own."""

    def __init__(self, value: object, plain: str) -> None:
        self.value, self.plain = value, plain

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else self.plain


@cache
def translator(language: str) -> Translator:
    """A function from a sentence to its words in the language; a language or sentence not in a catalogue is English.

    Whole numbers are grouped by thousands, texts within texts are translated too, and lists are joined.
    """
    sentences = _catalogue(language)
    separator = SEPARATORS.get(language, SEPARATORS["en"])

    def translate(text: Text | BulkmailError | str) -> str:
        template, values = (text, {}) if isinstance(text, str) else (text.template, text.values)
        shown = {name: shape(value) for name, value in values.items()}
        return _filled(sentences.get(template, template), template, shown)

    def shape(value: object) -> object:
        if isinstance(value, Text | BulkmailError):
            return translate(value)
        if isinstance(value, list | tuple | set | frozenset):
            return separator.join(format(shape(item)) for item in value)
        if isinstance(value, datetime):
            return _Shown(value, value.strftime("%Y-%m-%d %H:%M %Z").rstrip())
        if isinstance(value, Integral) and not isinstance(value, bool):
            return _Shown(value, f"{value:,}")
        return value

    return translate


def _filled(template: str, english: str, values: Mapping[str, object]) -> str:
    """The template with its places filled; a faulty translation falls back to English rather than to an error page."""
    if not values:
        return template
    try:
        return template.format(**values)
    except (KeyError, IndexError, ValueError):
        return english.format(**values)


def _catalogue(language: str) -> dict[str, str]:
    path = LOCALES / language.replace("-", "_") / "LC_MESSAGES" / "bulkmail.po"
    if language not in LANGUAGES or not path.exists():
        return {}
    with path.open("rb") as file:
        messages = read_po(file, locale=language.replace("-", "_"))
    return {
        message.id: message.string
        for message in messages
        if isinstance(message.id, str) and isinstance(message.string, str) and message.string and not message.fuzzy
        if message.id  # the one without is the head of the file
    }
