"""What can be wrong with the words of one place in many letters: unfilled, left over, empty, unfit for a subject."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import nodes

from bulkmail.compose.columns import Values
from bulkmail.compose.recipes import Column, Filled
from bulkmail.compose.slots import ARROW_UNSAFE, Slot

# Left behind by templates of all makes, in what everybody reads and inside values.
RESIDUE = (
    r"\{\{|\}\}|\{%|%\}|\*\|\w+\|\*|\|[A-Z][A-Z0-9_]+\||\[\[\s*\w+\s*\]\]|%%\w+%%|<<\w+>>|\$\{\w+\}|"
    r"\[(?:[Ff]irst|[Ll]ast|[Ff]ull)?[ _]?[Nn]ame\]|\[姓名\]|(?:尊敬的|親愛的|亲爱的)\s*[，,：:]|\bDear\s*[,:]"
)
# A whole value that a program or a spreadsheet wrote for "nothing". Null and Nan, so written, are people's names.
_NOTHING = r"^\s*(?:None|nan|NaN|NaT|null|NULL|undefined|<NA>|&lt;NA&gt;|#N/A|#REF!|#VALUE!|#NAME\?|#DIV/0!)\s*$"
_VALUE_RESIDUE = f"{_NOTHING}|{RESIDUE}|&lt;&lt;\\w+&gt;&gt;"


class Problem(NamedTuple):
    """What is wrong (a word of tips.personalization.PROBLEMS), in detail, and in which rows (a mask)."""

    what: str
    detail: str
    rows: np.ndarray


def matches(texts: pa.LargeStringArray, pattern: str) -> np.ndarray:
    """Which texts the expression of RE2 finds something in; a null is none."""
    return pc.match_substring_regex(texts, pattern).fill_null(False).to_numpy(zero_copy_only=False)


def problems_of(slot: Slot, filled: Filled, values: Values) -> Iterator[Problem]:
    """What is wrong in the words of a slot."""
    yield from (Problem("undefined", trouble.field or str(trouble), rows) for rows, trouble in filled.troubles)
    fields = ", ".join(slot.fields)
    yield Problem("leftover", fields, matches(filled.texts, _VALUE_RESIDUE))
    if must_say_something(slot):
        yield Problem("empty", fields, matches(filled.texts, r"^\s*$"))
    if slot.part == "subject":
        yield from (
            Problem("control", field, matches(values[field], ARROW_UNSAFE)) for field in slot.fields if field in values
        )


def must_say_something(slot: Slot) -> bool:
    """Whether a word should stand there: the slot is no condition, and has no "" as a fallback on purpose."""
    if isinstance(slot.recipe, Column):
        return slot.recipe.fallback != ""
    return isinstance(slot.node, nodes.Expr) and not any(text.value == "" for text in slot.node.find_all(nodes.Const))
