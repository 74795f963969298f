"""For those who write: a plain text to begin with, and what has changed between two versions of a letter."""

import difflib
from collections.abc import Mapping
from dataclasses import replace

from bulkmail.compose.letter import LANGUAGES, MARKER
from bulkmail.compose.source import compile_letters
from bulkmail.model import Brand, Campaign


def text_draft(campaign: Campaign, *, layout: str) -> str:
    """The plain text that is made from the body, as its source: with a section for each language that is written."""
    plain = replace(campaign, text="", brand=Brand(), language="both")
    written = [language for language in dict.fromkeys(MARKER.findall(campaign.body)) if language in LANGUAGES]
    if not written:
        return _text_of(plain, "both", layout)
    sections = ((language, _text_of(replace(plain, language=language), language, layout)) for language in written)
    return "\n\n".join(f"<!-- language: {language} -->\n{text}" for language, text in sections)


def _text_of(campaign: Campaign, variant: str, layout: str) -> str:
    return compile_letters(campaign, layout=layout, footer_html="", footer_text="")[variant].text.strip()


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What has changed from one version of a letter to another, as a unified diff by part; "" where nothing has."""
    found = []
    for part in after:
        old, new = str(before.get(part, "")).splitlines(), str(after[part]).splitlines()
        found += difflib.unified_diff(old, new, part, part, lineterm="", n=1)
    return "\n".join(found)
