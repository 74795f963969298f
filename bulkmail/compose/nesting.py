"""Whether a letter's tags still nest once its conditions have been decided: each way in which they can fall is tried.

Values are escaped and cannot hold a tag, so that only the words of templates matter; letters that have the same tags
are looked at once.
"""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail.compose.recipes import Column, Filled
from bulkmail.compose.slots import Slot, Slotted

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_TAG = re.compile(r"<!--.*?-->|<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\"[^\"]*\"|'[^']*'|[^'\"<>])*)>", re.DOTALL)
_ANY_TAG = r"[^<]*<(/?[a-zA-Z][a-zA-Z0-9]*)(?:\"[^\"]*\"|'[^']*'|[^'\"<>])*?(/?)>[^<]*"  # words around it included
_ONLY_TAGS = r"[^<]*<(/?[a-zA-Z][a-zA-Z0-9]*)[^<>]*>[^<]*"


def unbalanced(html: str) -> str:
    """The first tag of a page that closes nothing or is never closed, "" where all nest."""
    opened: list[str] = []
    for found in _TAG.finditer(html):
        closes, name, rest = found[1], (found[2] or "").lower(), found[3] or ""
        if not name or name in _VOID or rest.endswith("/"):
            continue
        if not closes:
            opened.append(name)
        elif opened and opened[-1] == name:
            opened.pop()
        else:
            return f"</{name}>"
    return f"<{opened[-1]}>" if opened else ""


def unbalanced_letters(letters: pa.LargeStringArray) -> Iterator[tuple[str, np.ndarray]]:
    """The same for whole letters: the tag that is out of place, and the rows (a mask) whose letters have it. Letters
    that have the same tags are looked at once."""
    skeletons = pc.replace_substring_regex(letters, r"(?is)<style\b.*?</style>|<title\b.*?</title>|<!--.*?-->", "")
    skeletons = pc.replace_substring_regex(skeletons, _ANY_TAG, r"<\1\2>").dictionary_encode()
    codes = skeletons.indices.to_numpy()
    for code, skeleton in enumerate(skeletons.dictionary.to_pylist()):
        wrong = unbalanced(skeleton)
        if wrong:
            yield wrong, codes == code


class Nesting:
    """The tags that slots write, row by row, as the numbers of distinct ways."""

    def __init__(self, divided: Slotted) -> None:
        self.html = divided.html
        self.slots = [slot for slot in divided.slots if slot.part == "html" and not isinstance(slot.recipe, Column)]
        self.verdicts: dict[tuple[str, ...], str] = {}

    def check(self, filled: dict[str, Filled], rows: int) -> Iterator[tuple[str, np.ndarray]]:
        """The tag that is out of place, and the rows (a mask) whose letters have it."""
        ways = np.zeros(rows, dtype="int64")
        tags: list[tuple[Slot, pa.Array, np.ndarray]] = []
        for slot in self.slots:
            coded = _tags_of(filled[slot.tag].texts).dictionary_encode()
            codes = coded.indices.to_numpy()
            tags.append((slot, coded.dictionary, codes))
            ways = pd.factorize(ways * max(len(coded.dictionary), 1) + codes)[0].astype("int64")
        for way, first in enumerate(np.unique(ways, return_index=True)[1]):
            wrong = self._verdict(tuple(known[int(codes[first])].as_py() for _, known, codes in tags))
            if wrong:
                yield wrong, ways == way

    def _verdict(self, written: tuple[str, ...]) -> str:
        if written not in self.verdicts:
            page = self.html
            for slot, tags in zip(self.slots, written, strict=True):
                page = page.replace(slot.tag, tags)
            self.verdicts[written] = unbalanced(re.sub(r"<(style|title)\b.*?</\1>", "", page, flags=re.DOTALL))
        return self.verdicts[written]


def _tags_of(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """The tags of each text, without attributes and words; "" where there is none, or no text."""
    texts = texts.fill_null("")
    has_tags = pc.match_substring(texts, "<")
    if not pc.any(has_tags).as_py():
        return pa.repeat(pa.scalar("", texts.type), len(texts))
    bare = pc.replace_substring_regex(texts, r"(?s)<!--.*?-->", "")
    return pc.if_else(has_tags, pc.replace_substring_regex(bare, _ONLY_TAGS, r"<\1>"), "")
