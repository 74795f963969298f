"""A letter divided: what everybody reads, said once, and what differs, as short values per person.

The top level of the Jinja syntax tree is cut into static text and *slots*. Each slot is a tag in the static text;
the provider puts each person's value in its place. A plain `{{ name }}` slot is a column of the list; a condition or a
loop is a tiny template, filled once per distinct combination of the columns it reads.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Template, nodes

from bulkmail import limits
from bulkmail.compose import sandbox
from bulkmail.compose.letter import Letter, letter_fields
from bulkmail.errors import InputError
from bulkmail.model import Message, Text, say

PARTS = ("subject", "html", "text")
_SLOTS_MAX = 1_000  # a letter's tags are numbered within a thousand
# What may not stand in a header: controls, line and paragraph separators, marks that turn the direction of reading.
_HEADER_UNSAFE = "[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]"
# The same for Arrow, whose expressions are RE2's.
ARROW_UNSAFE = r"[\x{00}-\x{1f}\x{7f}-\x{9f}\x{2028}\x{2029}\x{202a}-\x{202e}\x{2066}-\x{2069}]"
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ('"', "&#34;"))  # as markupsafe.escape does


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One place whose words differ, made of `fields`. `column` is set where the words are that column as it is;
    `fallback` stands in for its empty cells, and is None where they stay empty."""

    tag: str
    part: str
    fields: tuple[str, ...]
    column: str
    fallback: str | None
    filled_by: Template
    node: nodes.Node


@dataclass(frozen=True, kw_only=True)
class Slotted:
    """A letter's static text with tags in it, and the slots behind them. `mark` is in every tag and nowhere else."""

    subject: str
    html: str
    text: str
    slots: tuple[Slot, ...]
    mark: str
    organisation: str


# ---------------------------------------------------------------- dividing


def split(letter: Letter) -> Slotted | None:
    """The letter divided, or None where it must go out one by one; `why_single` says why."""
    divided = divide(letter)
    return divided if isinstance(divided, Slotted) and _obstacle(divided) is None else None


def why_single(letter: Letter) -> Text | None:
    """Why the letter cannot share its text among many recipients, or None where it can."""
    divided = divide(letter)
    return _obstacle(divided) if isinstance(divided, Slotted) else divided


def divide(letter: Letter) -> Slotted | Text:
    """The letter divided, whether or not a provider can join it; or the reason why it cannot be divided at all."""
    sources = {"subject": letter.subject, "html": letter.html, "text": letter.text}
    trees = {part: sandbox.parse(source, escape=part == "html") for part, source in sources.items()}
    for node in (node for tree in trees.values() for node in tree.body):
        if not isinstance(node, nodes.Output | nodes.If | nodes.For):
            word = type(node).__name__.lower()
            return say("line {line} uses “{word}”, which reaches across the letter", line=node.lineno, word=word)
    mark = _mark(sources)
    cut = _Cut(mark, letter.organisation)
    static = {part: cut.part(part, tree) for part, tree in trees.items()}
    if len(cut.slots) > _SLOTS_MAX:
        return say("it holds more than {limit} different fields and conditions", limit=_SLOTS_MAX)
    return Slotted(**static, slots=tuple(cut.slots.values()), mark=mark, organisation=letter.organisation)


def _mark(sources: Mapping[str, str]) -> str:
    """Some digits that occur nowhere in the letter, so that no neighbourhood of texts can look like a tag."""
    everything = "\0".join(sources.values())
    for turn in range(1_000):
        digits = int(hashlib.sha256(f"{turn}\0{everything}".encode()).hexdigest(), 16) % 900_000 + 100_000
        if str(digits) not in everything:
            return f"-bm{digits}"
    raise InputError("The letter holds too many numbers to be divided.")


class _Cut:
    """Collects the slots of a letter while its parts are cut; equal constructs share a slot."""

    def __init__(self, mark: str, organisation: str) -> None:
        self.mark, self.given = mark, {"organisation": organisation}
        self.slots: dict[tuple[str, str], Slot] = {}

    def part(self, part: str, tree: nodes.Template) -> str:
        pieces = []
        for node in tree.body:
            for child in node.nodes if isinstance(node, nodes.Output) else [node]:
                pieces.append(child.data if isinstance(child, nodes.TemplateData) else self._place(part, child))
        return header_value("".join(pieces)) if part == "subject" else "".join(pieces)

    def _place(self, part: str, node: nodes.Node) -> str:
        """A tag, or the words themselves where they are the same for everybody."""
        key = (part, repr(node))
        if key not in self.slots:
            slot = self._slot(part, node)
            if not slot.fields:
                return sandbox.fill(slot.filled_by, self.given)
            self.slots[key] = slot
        return self.slots[key].tag

    def _slot(self, part: str, node: nodes.Node) -> Slot:
        escape = part == "html"
        tag = f"{self.mark}{len(self.slots):03d}{'h' if escape else 't'}-"
        statement = nodes.Output([node], lineno=node.lineno) if isinstance(node, nodes.Expr) else node
        tree = nodes.Template([statement], lineno=1).set_environment(sandbox.environment(escape))
        names = sandbox.names(tree) - {"organisation"}
        column, fallback = _as_column(node) if names else ("", None)
        made = sandbox.compiled(tree, escape=escape)
        fields = tuple(sorted(names))
        return Slot(tag=tag, part=part, fields=fields, column=column, fallback=fallback, filled_by=made, node=node)


def _as_column(node: nodes.Node) -> tuple[str, str | None]:
    """The column and the fallback of `{{ name }}` and `{{ name | default("friend") }}`, which need no template."""
    match node:
        case nodes.Name():
            return node.name, None
        case nodes.Filter(
            node=nodes.Name() as name, name="default" | "d", args=[nodes.Const(value=str() as fallback)], kwargs=[]
        ):
            return name.name, fallback
    return "", None


def _obstacle(slotted: Slotted) -> Text | None:
    """Why a provider could not join the parts as we mean them.

    A link whose host arrives through a tag is not seen by click tracking, and its clicks would be missing:
    https://www.twilio.com/docs/sendgrid/ui/sending-email/click-tracking-html-best-practices, read 2026-11-23.
    """
    html_slots = {slot.tag: slot for slot in slotted.slots if slot.part == "html"}
    for address in re.findall(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", slotted.html):
        before, tag, _ = _first_tag("".join(address), html_slots)
        own = tag and html_slots[tag].fields == ("unsubscribe_url",) and not before
        if tag and not own and not re.match(r"https?://[^/?#\s]+[/?#]|mailto:|tel:|#", before):
            return say("the host of a link is in a field or a condition")
    for slot in html_slots.values():
        if any(re.search(r"\bhref\s*=", data.data) for data in slot.node.find_all(nodes.TemplateData)):
            return say("a link stands inside a condition or a loop")
    return None


def _first_tag(address: str, slots: Mapping[str, Slot]) -> tuple[str, str, str]:
    places = [(address.find(tag), tag) for tag in slots if tag in address]
    return address.partition(min(places)[1]) if places else (address, "", "")


# ---------------------------------------------------------------- the values


def header_value(text: str) -> str:
    """The text without what must not stand in a header (RFC 5322 §2.2: no CR or LF within a field's body)."""
    return re.sub(_HEADER_UNSAFE, "", text)


def values_of(frame: pd.DataFrame, unsubscribe_urls: Sequence[str], organisation: str) -> pd.DataFrame:
    """All that the letter may name, one row per row of the table: fields, organisation and the unsubscribe link."""
    given = {"organisation": organisation, "unsubscribe_url": pd.Series(list(unsubscribe_urls), dtype="str").to_numpy()}
    return letter_fields(frame).reset_index(drop=True).assign(**given)


class Combinations(NamedTuple):
    """The distinct rows of some columns, in the order in which they first occur."""

    fields: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def column(self, field: str) -> list[str]:
        place = self.fields.index(field)
        return [row[place] for row in self.rows]

    def records(self) -> list[dict[str, str]]:
        return [dict(zip(self.fields, row, strict=True)) for row in self.rows]


def distinct(values: pd.DataFrame, fields: Sequence[str]) -> tuple[np.ndarray, Combinations]:
    """For each row the number of its combination of the fields, and the combinations. Fields not there are left out."""
    known = tuple(field for field in fields if field in values)
    rows = list(zip(*(values[field].to_list() for field in known), strict=True)) if known else [()] * len(values)
    numbers = {row: number for number, row in enumerate(dict.fromkeys(rows))}
    of_rows = np.fromiter(map(numbers.__getitem__, rows), dtype="int64", count=len(rows))
    return of_rows, Combinations(known, list(numbers))


def slot_values(slot: Slot, combinations: Combinations, organisation: str) -> list[str | sandbox.Unfilled]:
    """What stands in the slot for each combination of its fields; Unfilled where nothing can."""
    if slot.column in combinations.fields:
        return _column(combinations.column(slot.column), slot)
    given = {"organisation": organisation}
    return [_filled(slot, {**given, **record}) for record in combinations.records()]


def _filled(slot: Slot, record: Mapping[str, str]) -> str | sandbox.Unfilled:
    try:
        value = sandbox.fill(slot.filled_by, record)
    except sandbox.Unfilled as trouble:
        return trouble
    return header_value(value) if slot.part == "subject" else value


def _column(column: Sequence[str] | pd.Series, slot: Slot) -> list[str]:
    """The column as it stands in the slot: escaped for HTML, without controls for the subject, else as it is."""
    array = pa.array(column, type=pa.large_string())
    if slot.fallback is not None:
        array = pc.if_else(pc.equal(array, ""), slot.fallback, array)
    if slot.part == "html":
        for raw, safe in _ESCAPES:
            array = pc.replace_substring(array, raw, safe)
    elif slot.part == "subject":
        array = pc.replace_substring_regex(array, ARROW_UNSAFE, "")
    return array.to_pylist()


def substitutions(
    slotted: Slotted, frame: pd.DataFrame, unsubscribe_urls: Sequence[str]
) -> list[dict[str, str] | None]:
    """For each row the value of every tag. None for a row whose letter must go out by itself: its values hold a tag,
    or are longer than the provider takes (limits.SUBSTITUTION_BYTES). Raises InputError where a field is missing."""
    values = values_of(frame, unsubscribe_urls, slotted.organisation)
    columns = [_slot_column(slotted, slot, values) for slot in slotted.slots]
    tags = [slot.tag for slot in slotted.slots]
    rows = zip(*columns, strict=True) if columns else [()] * len(values)
    fits = _fits(slotted, columns, len(values))
    return [dict(zip(tags, row, strict=True)) if fit else None for row, fit in zip(rows, fits, strict=True)]


def _slot_column(slotted: Slotted, slot: Slot, values: pd.DataFrame) -> list[str]:
    if slot.column in values:
        return _column(values[slot.column], slot)
    numbers, combinations = distinct(values, slot.fields)
    found = slot_values(slot, combinations, slotted.organisation)
    trouble = next((value for value in found if isinstance(value, sandbox.Unfilled)), None)
    if trouble is not None:
        raise InputError("A letter cannot be written: {detail}. Check the letters again.", detail=str(trouble))
    return [found[number] for number in numbers]


def _fits(slotted: Slotted, columns: list[list[str]], rows: int) -> np.ndarray:
    fits, sizes = np.ones(rows, dtype=bool), np.full(rows, sum(len(slot.tag) for slot in slotted.slots))
    for column in columns:
        array = pa.array(column, type=pa.large_string())
        sizes += pc.binary_length(array).to_numpy(zero_copy_only=False)
        fits &= ~pc.match_substring(array, slotted.mark.removeprefix("-")).to_numpy(zero_copy_only=False)
    return fits & (sizes <= limits.SUBSTITUTION_BYTES.value)


def joined(slotted: Slotted, substitution: Mapping[str, str]) -> Message:
    """The letter as the provider makes it of static text and values: each tag replaced, once, by its value."""
    tag = re.compile(re.escape(slotted.mark) + r"\d{3}[ht]-")
    parts = {part: tag.sub(lambda found: substitution[found[0]], getattr(slotted, part)) for part in PARTS}
    return Message(**parts, headers={})
