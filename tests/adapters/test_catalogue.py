"""Sentences in the reader's language."""

from datetime import UTC, datetime

import numpy as np
import pytest

from bulkmail.adapters import catalogue
from bulkmail.errors import InputError
from bulkmail.model import Text, say

PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8"

msgid "{bad} of {all} rows have no address."
msgstr "{all} 行中有 {bad} 行沒有地址。"

msgid "the column {name}"
msgstr "「{name}」欄"

msgid "Faulty {place}"
msgstr "錯 {other}"

msgid "Not yet"
msgstr ""

#, fuzzy
msgid "Doubtful"
msgstr "存疑"
"""


@pytest.fixture
def chinese(tmp_path, monkeypatch):
    folder = tmp_path / "zh_Hant" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "bulkmail.po").write_text(PO, encoding="utf-8")
    monkeypatch.setattr(catalogue, "LOCALES", tmp_path)
    catalogue.translator.cache_clear()
    yield catalogue.translator("zh-Hant")
    catalogue.translator.cache_clear()


def test_english_is_written_as_it_stands_with_grouped_numbers():
    english = catalogue.translator("en")
    assert english(say("{bad} of {all} rows", bad=1234, all=np.int64(1_000_000))) == "1,234 of 1,000,000 rows"
    assert english("Plain {braces}") == "Plain {braces}"


def test_a_place_may_ask_for_its_own_format():
    english = catalogue.translator("en")
    assert english(say("{share:.1%} at {count:05d}", share=0.1234, count=12)) == "12.3% at 00012"
    at = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
    assert english(say("{at} or {at:%d/%m}", at=at)) == "2026-11-23 09:05 UTC or 23/11"


def test_chinese_comes_from_the_catalogue(chinese):
    assert chinese(say("{bad} of {all} rows have no address.", bad=3, all=1_000)) == "1,000 行中有 3 行沒有地址。"


def test_errors_are_translated_too(chinese):
    assert chinese(InputError("the column {name}", name="email")) == "「email」欄"


def test_texts_within_texts_and_lists_are_translated(chinese):
    inner = say("the column {name}", name="a")
    assert chinese(Text("{x}: {y}", {"x": inner, "y": [inner, 1_000]})) == "「a」欄: 「a」欄、1,000"


@pytest.mark.parametrize("sentence", ["Not yet", "Doubtful", "Unknown to it"])
def test_what_is_not_translated_stays_english(chinese, sentence):
    assert chinese(sentence) == sentence


def test_a_faulty_translation_falls_back_to_english(chinese):
    assert chinese(say("Faulty {place}", place=1)) == "Faulty 1"


def test_an_unknown_language_is_english(chinese):
    assert catalogue.translator("../x")("Hello") == "Hello"


def test_nothing_stays_nothing(chinese):
    assert chinese(Text("")) == ""
