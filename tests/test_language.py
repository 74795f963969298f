"""Every sentence for people stands in both languages, with the same places to fill."""

import ast
import re
import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

HOUSE = Path(__file__).parents[1]
CATALOGUE = HOUSE / "bulkmail" / "locales" / "zh_Hant" / "LC_MESSAGES" / "bulkmail.po"
SPEAKERS = {"say", "t", "InputError", "SettingsError", "StateError", "ProviderError"}
SOURCES = [*HOUSE.glob("pages/*.py"), *HOUSE.glob("bulkmail/**/*.py")]
CJK = re.compile(r"[぀-ヿ㐀-鿿＀-￯]")


def sentences():
    """Every first argument of a speaking call, written as a literal."""
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and call.args and name_of(call.func) in SPEAKERS:
                yield from ((literal, path) for literal in literals(call.args[0]))


def name_of(function):
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def literals(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*literals(node.body), *literals(node.orelse))


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.fixture(scope="module")
def translations():
    with CATALOGUE.open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id}


def test_no_sentence_lacks_its_chinese(translations):
    missing = sorted({text for text, _ in sentences() if not translations.get(text)})
    assert not missing, f"{len(missing)} sentences without Chinese: {missing[:5]}"


def test_no_translation_is_left_over(translations):
    assert not sorted(set(translations) - {text for text, _ in sentences()})


def test_translations_fill_the_same_places(translations):
    assert not [text for text, chinese in translations.items() if places(text) != places(chinese)]


def test_no_sentence_is_built_by_an_f_string():
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and call.args and name_of(call.func) in SPEAKERS:
                assert not isinstance(call.args[0], ast.JoinedStr), f"{path}:{call.lineno}"


def test_pages_hold_no_chinese_of_their_own():
    allowed = {"_ui.py": {"繁體中文", "Language · 語言"}}
    for path in HOUSE.glob("pages/*.py"):
        texts = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CJK.search(node.value)
        }
        assert texts <= allowed.get(path.name, set()), path
