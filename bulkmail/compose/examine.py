"""Every letter looked at before any is sent: whose would come out wrong, and why.

Slots make it affordable: a million letters differ only in the values of their slots, and those repeat.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import nodes

from bulkmail import limits
from bulkmail.compose import sandbox
from bulkmail.compose.inventory import inventory
from bulkmail.compose.letter import Letter, letter_fields
from bulkmail.compose.slots import (
    ARROW_UNSAFE,
    PARTS,
    Combinations,
    Slot,
    Slotted,
    distinct,
    divide,
    slot_values,
    values_of,
)
from bulkmail.model import Sender
from bulkmail.tips.personalization import FAILURE_COLUMNS, PersonalizationFacts

# Left behind by templates of all makes, in what everybody reads and inside values.
_RESIDUE = (
    r"\{\{|\}\}|\{%|%\}|\*\|\w+\|\*|\|[A-Z][A-Z0-9_]+\||\[\[\s*\w+\s*\]\]|%%\w+%%|<<\w+>>|\$\{\w+\}|"
    r"\[(?:[Ff]irst|[Ll]ast|[Ff]ull)?[ _]?[Nn]ame\]|\[姓名\]|(?:尊敬的|親愛的|亲爱的)\s*[，,：:]|\bDear\s*[,:]"
)
# A whole value that a program or a spreadsheet wrote for "nothing". Null and Nan, so written, are people's names.
_NOTHING = r"^\s*(?:None|nan|NaN|NaT|null|NULL|undefined|<NA>|#N/A|#REF!|#VALUE!|#NAME\?|#DIV/0!)\s*$"
_VALUE_RESIDUE = f"{_NOTHING}|{_RESIDUE}"


def render_check(letters: Mapping[str, Letter], frame: pd.DataFrame, unsubscribe_url: str) -> pd.DataFrame:
    """One row per thing wrong with one letter: source_row (0 = every letter), variant, part, problem and detail.

    Problems are undefined (detail: the field), leftover (the residue), empty (the fields), too_long and control. No
    value of the list is repeated. A table with a `variant` column has each row checked in its own variant.
    """
    found = [
        pd.DataFrame({name: pd.Series(dtype="int64" if name == "source_row" else "str") for name in FAILURE_COLUMNS})
    ]
    for variant, letter in letters.items():
        mine = frame[frame["variant"] == variant] if "variant" in frame else frame
        if len(mine):
            values = values_of(mine, [unsubscribe_url] * len(mine), letter.organisation)
            found += _check_letter(letter, values, mine["source_row"].to_numpy())
    return pd.concat(found, ignore_index=True).drop_duplicates(ignore_index=True)


def _failures(rows: Sequence[int] | np.ndarray, letter: Letter, part: str, problem: str, detail: str) -> pd.DataFrame:
    said = {"variant": letter.variant, "part": part, "problem": problem, "detail": detail}
    return pd.DataFrame({"source_row": np.asarray(rows, dtype="int64")}).assign(**said)


def _check_letter(letter: Letter, values: pd.DataFrame, rows: np.ndarray) -> list[pd.DataFrame]:
    divided = divide(letter)
    if not isinstance(divided, Slotted):
        return _check_whole(letter, values, rows)
    found = [_failures([0], letter, part, "leftover", residue) for part, residue in _static_residue(divided)]
    sizes = {part: np.full(len(rows), _size(getattr(divided, part), part)) for part in ("subject", "html")}
    columns_seen: set[tuple[str, str | None]] = set()
    for slot in divided.slots:
        numbers, combinations = distinct(values, slot.fields)
        said = slot_values(slot, combinations, letter.organisation)
        problems = _subject_problems(slot, combinations)
        if not slot.column or (slot.column, slot.fallback) not in columns_seen:
            problems += _slot_problems(slot, said)
        columns_seen.add((slot.column, slot.fallback))
        found += [_failures(rows[wrong[numbers]], letter, slot.part, what, detail) for what, detail, wrong in problems]
        if slot.part in sizes:
            copies = getattr(divided, slot.part).count(slot.tag)
            sizes[slot.part] += copies * (_sizes(said, slot.part)[numbers] - len(slot.tag))
    return found + _too_long(letter, rows, sizes)


# ---------------------------------------------------------------- what can be wrong with one slot

Problem = tuple[str, str, np.ndarray]  # what, in detail, and for which combinations of the slot's fields


def _slot_problems(slot: Slot, said: list[str | sandbox.Unfilled]) -> list[Problem]:
    texts = _texts(said)
    problems = []
    unfilled = pd.Series([str(value.field or value) if isinstance(value, sandbox.Unfilled) else "" for value in said])
    for detail in unfilled.unique():
        if detail:
            problems.append(("undefined", detail, (unfilled == detail).to_numpy()))
    residue = _matches(texts, _VALUE_RESIDUE)
    if residue.any():
        problems.append(("leftover", ", ".join(slot.fields), residue))
    if _must_say_something(slot.node):
        blank = _matches(texts, r"^\s*$") & (unfilled == "").to_numpy()
        problems.append(("empty", ", ".join(slot.fields), blank))
    return problems


def _must_say_something(node: nodes.Node) -> bool:
    """Whether a word should stand there: the slot is no condition, and has no "" as a fallback on purpose."""
    return isinstance(node, nodes.Expr) and not any(constant.value == "" for constant in node.find_all(nodes.Const))


def _subject_problems(slot: Slot, combinations: Combinations) -> list[Problem]:
    if slot.part != "subject":
        return []
    return [
        ("control", field, _matches(pa.array(combinations.column(field), type=pa.large_string()), ARROW_UNSAFE))
        for field in slot.fields
        if field in combinations.fields
    ]


def _texts(said: list[str | sandbox.Unfilled]) -> pa.Array:
    return pa.array([value if isinstance(value, str) else "" for value in said], type=pa.large_string())


def _matches(texts: pa.Array, pattern: str) -> np.ndarray:
    return pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False).astype(bool)


def _size(text: str, part: str) -> int:
    return len(text) if part == "subject" else len(text.encode())


def _sizes(said: list[str | sandbox.Unfilled], part: str) -> np.ndarray:
    """Characters of a subject, bytes of HTML: what their limits count."""
    lengths = pc.utf8_length(_texts(said)) if part == "subject" else pc.binary_length(_texts(said))
    return lengths.to_numpy(zero_copy_only=False).astype("int64")


# ---------------------------------------------------------------- what can be wrong with a whole letter


def _static_residue(divided: Slotted) -> Iterator[tuple[str, str]]:
    """The residue in what everybody reads; style sheets, whose braces are honest, are left out."""
    seen = re.sub(r"<style\b.*?</style>|<!--.*?-->", "", divided.html, flags=re.DOTALL | re.IGNORECASE)
    for part, text in (("subject", divided.subject), ("html", seen), ("text", divided.text)):
        yield from ((part, residue) for residue in sorted(set(re.findall(_RESIDUE, text))))


def _too_long(letter: Letter, rows: np.ndarray, sizes: Mapping[str, np.ndarray]) -> list[pd.DataFrame]:
    ceilings = {"subject": limits.SUBJECT_CHARACTERS_LONG, "html": limits.HTML_CLIP_BYTES}
    return [
        _failures(
            rows[sizes[part] > ceiling.value], letter, part, "too_long", f"{part} > {ceiling.value:,.0f} {ceiling.unit}"
        )
        for part, ceiling in ceilings.items()
    ]


def _check_whole(letter: Letter, values: pd.DataFrame, rows: np.ndarray) -> list[pd.DataFrame]:
    """The same for a letter that cannot be divided: written in full, once per combination of the fields it uses."""
    found, sizes = [], {}
    for part in PARTS:
        source = getattr(letter, part)
        names = sandbox.names(sandbox.parse(source, escape=part == "html"))
        numbers, combinations = distinct(values, sorted(names))
        made = sandbox.template(source, part == "html")
        said = [_filled(made, record) for record in combinations.records()]
        for what, detail, wrong in _whole_problems(part, said):
            found.append(_failures(rows[wrong[numbers]], letter, part, what, detail))
        sizes[part] = _sizes(said, part)[numbers]
    return found + _too_long(letter, rows, sizes)


def _filled(made: sandbox.Template, record: Mapping[str, str]) -> str | sandbox.Unfilled:
    try:
        return sandbox.fill(made, record)
    except sandbox.Unfilled as trouble:
        return trouble


def _whole_problems(part: str, said: list[str | sandbox.Unfilled]) -> Iterator[Problem]:
    unfilled = pd.Series([str(value.field or value) if isinstance(value, sandbox.Unfilled) else "" for value in said])
    yield from (("undefined", detail, (unfilled == detail).to_numpy()) for detail in unfilled.unique() if detail)
    if part != "html":
        yield "leftover", part, _matches(_texts(said), _RESIDUE)


# ---------------------------------------------------------------- facts for tip 5


def personalization_facts(
    letters: Mapping[str, Letter], frame: pd.DataFrame, unsubscribe_url: str, sender: Sender
) -> PersonalizationFacts:
    """What tip 5 judges: the fields in use, how full they are, and whose letter would come out wrong."""
    uses = inventory(letters)
    cells = letter_fields(frame)
    filled = {name: cells[name].str.strip().ne("").to_numpy() for name in uses if name in cells}
    rows = frame["source_row"].to_numpy()
    return PersonalizationFacts(
        sender=sender,
        uses=uses,
        recipients=len(frame),
        fill={name: float(full.mean()) for name, full in filled.items()} if len(frame) else {},
        empty_rows={name: tuple(rows[~full].tolist()) for name, full in filled.items()},
        failures=render_check(letters, frame, unsubscribe_url) if len(frame) else None,
    )
