"""A letter divided: what everybody reads, said once, and what differs, as short values per person.

The top level of the Jinja syntax tree is cut into static text and *slots*. Each slot is a tag in the static text;
the provider puts each person's value in its place. How the values are made is `recipes`.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import nodes

from bulkmail import limits
from bulkmail.compose import recipes, sandbox
from bulkmail.compose.columns import TEXT, Values, values_of
from bulkmail.compose.letter import Letter
from bulkmail.errors import InputError
from bulkmail.model import Message, Text, say

PARTS = ("subject", "html", "text")
_SLOTS_MAX = 1_000  # a letter's tags are numbered within a thousand
# What may not stand in a header: controls, line and paragraph separators, marks that turn the direction of reading.
_HEADER_UNSAFE = "[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]"
# The same for Arrow, whose expressions are RE2's.
ARROW_UNSAFE = r"[\x{00}-\x{1f}\x{7f}-\x{9f}\x{2028}\x{2029}\x{202a}-\x{202e}\x{2066}-\x{2069}]"


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One place whose words differ, made of `fields` by its recipe; equal constructs of a part share one."""

    tag: str
    part: str
    fields: tuple[str, ...]
    recipe: recipes.Recipe
    node: nodes.Node

    def fill(self, values: Values) -> recipes.Filled:
        """What stands in the slot in each row: escaped in HTML, without controls in the subject."""
        filled = recipes.fill(self.recipe, values, self.part == "html")
        if self.part != "subject":
            return filled
        return filled._replace(texts=pc.replace_substring_regex(filled.texts, ARROW_UNSAFE, ""))


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
    for node in (node for tree in trees.values() for node in _reaching(tree.body)):
        word = type(node).__name__.lower()
        return say("line {line} uses “{word}”, which reaches across the letter", line=node.lineno, word=word)
    mark = _mark(sources)
    cut = _Cut(mark, letter.organisation)
    static = {part: cut.part(part, tree) for part, tree in trees.items()}
    if len(cut.slots) > _SLOTS_MAX:
        return say("it holds more than {limit} different fields and conditions", limit=_SLOTS_MAX)
    return Slotted(**static, slots=tuple(cut.slots.values()), mark=mark, organisation=letter.organisation)


def _reaching(body: Sequence[nodes.Node]) -> Iterator[nodes.Node]:
    """The statements that others after them can tell of: all but output, conditions and loops, and what is in loops."""
    for node in body:
        if isinstance(node, nodes.If):
            yield from _reaching([*node.body, *node.elif_, *node.else_])
        elif not isinstance(node, nodes.Output | nodes.For):
            yield node


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
        self.mark, self.organisation = mark, organisation
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
                return self._same_for_all(slot)
            self.slots[key] = slot
        return self.slots[key].tag

    def _same_for_all(self, slot: Slot) -> str:
        filled = slot.fill({"organisation": pa.array([self.organisation], type=TEXT)})
        for _, trouble in filled.troubles:
            raise InputError("The letter cannot be written: {detail}", detail=str(trouble))
        return filled.texts[0].as_py()

    def _slot(self, part: str, node: nodes.Node) -> Slot:
        tag = f"{self.mark}{len(self.slots):03d}{'h' if part == 'html' else 't'}-"
        tree = nodes.Template([nodes.Output([node]) if isinstance(node, nodes.Expr) else node], lineno=1)
        fields = tuple(
            sorted(sandbox.names(tree.set_environment(sandbox.environment(part == "html"))) - {"organisation"})
        )
        return Slot(tag=tag, part=part, fields=fields, recipe=recipes.recipe_of(node, part == "html"), node=node)


def _obstacle(slotted: Slotted) -> Text | None:
    """Why a provider could not join the parts as we mean them.

    A link whose host arrives through a tag is not seen by click tracking, and its clicks would be missing:
    https://www.twilio.com/docs/sendgrid/ui/sending-email/click-tracking-html-best-practices, read 2026-11-23.
    """
    html_slots = {slot.tag: slot for slot in slotted.slots if slot.part == "html"}
    for address in re.findall(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", slotted.html):
        before, tag, _ = _first_tag("".join(address), html_slots)
        own = tag and html_slots[tag].fields in (("unsubscribe_url",), ("preferences_url",)) and not before
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


@dataclass(frozen=True, kw_only=True)
class SlotColumns:
    """The values of a letter's tags by the column: one Arrow column per tag, null where none could be written. `fits`
    says of each row whether the provider takes them; the others go out by themselves."""

    tags: tuple[str, ...]
    columns: tuple[pa.LargeStringArray, ...]
    fits: np.ndarray


def slot_columns(slotted: Slotted, frame: pd.DataFrame, unsubscribe_urls: Sequence[str]) -> SlotColumns:
    """The values of every tag, column by column. Raises InputError where a letter cannot be written."""
    fields = sorted({field for slot in slotted.slots for field in slot.fields})
    values = values_of(frame, unsubscribe_urls, slotted.organisation, fields)
    columns = tuple(_written(slot.fill(values)) for slot in slotted.slots)
    return SlotColumns(
        tags=tuple(slot.tag for slot in slotted.slots),
        columns=columns,
        fits=rows_that_fit(slotted, columns, len(frame)),
    )


def _written(filled: recipes.Filled) -> pa.LargeStringArray:
    for _, trouble in filled.troubles:
        raise InputError("A letter cannot be written: {detail}. Check the letters again.", detail=str(trouble))
    return filled.texts


def rows_that_fit(slotted: Slotted, columns: Sequence[pa.LargeStringArray], rows: int) -> np.ndarray:
    """Which rows have no tag in a value, and no more bytes than the provider takes (limits.SUBSTITUTION_BYTES)."""
    fits, sizes = np.ones(rows, dtype=bool), np.full(rows, sum(len(slot.tag) for slot in slotted.slots))
    for column in columns:
        sizes += pc.binary_length(column).to_numpy(zero_copy_only=False)
        fits &= ~pc.match_substring(column, slotted.mark.removeprefix("-")).to_numpy(zero_copy_only=False)
    return fits & (sizes <= limits.SUBSTITUTION_BYTES.value)


def substitutions(
    slotted: Slotted, frame: pd.DataFrame, unsubscribe_urls: Sequence[str]
) -> list[dict[str, str] | None]:
    """For each row the value of every tag; None for a row whose letter must go out by itself. Raises InputError where
    a field is missing."""
    made = slot_columns(slotted, frame, unsubscribe_urls)
    columns = [column.to_pylist() for column in made.columns]
    rows = zip(*columns, strict=True) if columns else [()] * len(frame)
    fits = made.fits.tolist()
    return [dict(zip(made.tags, row, strict=True)) if fit else None for row, fit in zip(rows, fits, strict=True)]


def joined(slotted: Slotted, substitution: Mapping[str, str]) -> Message:
    """The letter as the provider makes it of static text and values: each tag replaced, once, by its value."""
    tag = re.compile(re.escape(slotted.mark) + r"\d{3}[ht]-")
    parts = {part: tag.sub(lambda found: substitution[found[0]], getattr(slotted, part)) for part in PARTS}
    return Message(**parts, headers={})
