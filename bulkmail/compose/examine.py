"""Every letter looked at before any is sent: whose would come out wrong, and why.

Slots make it affordable: a million letters differ only in the values of their slots. The list is walked in chunks, so
that memory does not grow with it.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail import limits
from bulkmail.compose import sandbox
from bulkmail.compose.branches import Forks
from bulkmail.compose.columns import TEXT, Values, distinct, values_of
from bulkmail.compose.inventory import inventory, sources_of
from bulkmail.compose.leaks import Strays, leaks_to_all
from bulkmail.compose.letter import Letter, language_of, letter_fields
from bulkmail.compose.looking import telling_rows
from bulkmail.compose.nesting import Nesting, unbalanced_letters
from bulkmail.compose.problems import RESIDUE, Problem, matches, problems_of
from bulkmail.compose.recipes import Column, Filled
from bulkmail.compose.slots import PARTS, Slotted, divide, rows_that_fit, why_single
from bulkmail.compose.values import value_table
from bulkmail.model import Campaign, Text, say
from bulkmail.tips.personalization import BRANCH_COLUMNS, FAILURE_COLUMNS, PersonalizationFacts

CHUNK_ROWS = 50_000
_UNSEEN = r"(?is)<style\b.*?</style>|<!--.*?-->"  # for Python and for Arrow


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What came of looking at every letter. `failures` has FAILURE_COLUMNS (source row 0 = every letter), `branches`
    BRANCH_COLUMNS; `html_bytes` is the size of each letter, by source row; `singly` has the reasons why letters do not
    share their text with the number of each, `singly_rows` whose own values are the reason. No value of the list is in
    it."""

    failures: pd.DataFrame
    branches: pd.DataFrame
    html_bytes: pd.Series
    singly: tuple[tuple[Text, int], ...] = ()
    singly_rows: tuple[int, ...] = ()


def examine(
    letters: Mapping[str, Letter], frame: pd.DataFrame, unsubscribe_url: str, own: Collection[str] = ()
) -> Examined:
    """Every letter written and looked at. A table with a `variant` column has each row written in its own variant;
    `own` are the sender's names and addresses, which may stand in every letter."""
    found, branches, sizes = [_no_failures()], [_no_branches()], []
    singly: list[tuple[Text, int]] = []
    crowded: list[int] = []
    for variant, letter in letters.items():
        mine = frame[frame["variant"] == variant] if "variant" in frame else frame
        if len(mine):
            looked = _Look(letter, frame, unsubscribe_url, own)
            sizes += [looked.at(mine.iloc[start : start + CHUNK_ROWS]) for start in range(0, len(mine), CHUNK_ROWS)]
            found += looked.findings()
            branches.append(looked.forks.table())
            singly += [(looked.single, len(mine))] if looked.single else []
            crowded += [] if looked.single else looked.crowded
    singly += [(_crowded(), len(crowded))] if crowded else []
    return Examined(
        failures=pd.concat(found, ignore_index=True).drop_duplicates(ignore_index=True),
        branches=pd.concat(branches, ignore_index=True),
        html_bytes=pd.concat(sizes) if sizes else pd.Series(dtype="int32"),
        singly=tuple(singly),
        singly_rows=tuple(crowded),
    )


def render_check(letters: Mapping[str, Letter], frame: pd.DataFrame, unsubscribe_url: str) -> pd.DataFrame:
    """One row per thing wrong with one letter: FAILURE_COLUMNS of `examine`."""
    return examine(letters, frame, unsubscribe_url).failures


def _crowded() -> Text:
    return say("their own words take more than {limit} bytes", limit=int(limits.SUBSTITUTION_BYTES.value))


def _no_failures() -> pd.DataFrame:
    kinds = {"source_row": "int64"}
    return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "str")) for name in FAILURE_COLUMNS})


def _no_branches() -> pd.DataFrame:
    kinds = {"letters": "int64", "source_row": "int64"}
    return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "str")) for name in BRANCH_COLUMNS})


class _Look:
    """The look at all letters of one variant, chunk by chunk; `people` is the whole list."""

    def __init__(self, letter: Letter, people: pd.DataFrame, url: str, own: Collection[str]) -> None:
        self.letter, self.people, self.url, self.own = letter, people, url, own
        self.forks = Forks(letter)
        self.divided, self.single = divide(letter), why_single(letter)
        self.crowded: list[int] = []
        self.strays = Strays()
        self.failures: list[pd.DataFrame] = []
        self.fields = sorted({*sources_of(letter), *self.forks.fields()} | {"address"})
        if isinstance(self.divided, Slotted):
            self.nesting = Nesting(self.divided)
            for part, residue in _static_residue(self.divided):
                self._note([0], part, "leftover", residue)

    def at(self, chunk: pd.DataFrame) -> pd.Series:
        """Note what is wrong in these letters; the size of each, in bytes of HTML, by source row."""
        rows = chunk["source_row"].to_numpy()
        values = values_of(chunk, self.url, self.letter.organisation, self.fields)
        self.forks.count(values, rows)
        if "address" in values:
            own_words = [field for field in self.fields if field in values and field != "address"]
            self.strays.gather(values, own_words, values["address"], rows)
        look = self._at_slots if isinstance(self.divided, Slotted) else self._at_whole
        sizes = look(values, rows)
        self._note_too_long(rows, sizes)
        return pd.Series(sizes["html"].astype("int32"), index=rows)

    def findings(self) -> list[pd.DataFrame]:
        """Everything noted, with what only the whole list can tell."""
        link = self.url.rpartition("/")[0] + "/"
        for problem, detail in set(leaks_to_all(self.letter, self.people, link, self.own)):
            self._note([0], "html", problem, detail)
        strayed = self.strays.on_the_list(self.people)
        for field, rows in strayed.groupby("detail")["source_row"]:
            self._note(rows.to_numpy(), "html", "stray", str(field))
        return self.failures

    def _note(self, rows: Sequence[int] | np.ndarray, part: str, problem: str, detail: str) -> None:
        said = {"variant": self.letter.variant, "part": part, "problem": problem, "detail": detail}
        self.failures.append(pd.DataFrame({"source_row": np.asarray(rows, dtype="int64")}).assign(**said))

    def _note_problems(self, part: str, problems: Iterator[Problem], rows: np.ndarray) -> None:
        for problem in problems:
            if problem.rows.any():
                self._note(rows[problem.rows], part, problem.what, problem.detail)

    def _note_too_long(self, rows: np.ndarray, sizes: Mapping[str, np.ndarray]) -> None:
        ceilings = {"subject": limits.SUBJECT_CHARACTERS_LONG, "html": limits.HTML_CLIP_BYTES}
        for part, ceiling in ceilings.items():
            over = sizes[part] > ceiling.value
            if over.any():
                self._note(rows[over], part, "too_long", f"{part} > {ceiling.value:,.0f} {ceiling.unit}")

    # ------------------------------------------------------------ a letter that is divided

    def _at_slots(self, values: Values, rows: np.ndarray) -> dict[str, np.ndarray]:
        divided = self.divided
        sizes = {part: np.full(len(rows), _size(getattr(divided, part), part)) for part in ("subject", "html")}
        filled: dict[str, Filled] = {}
        seen: set[Column] = set()
        for slot in divided.slots:
            filled[slot.tag] = slot.fill(values)
            if slot.part == "subject" or slot.recipe not in seen:
                self._note_problems(slot.part, problems_of(slot, filled[slot.tag], values), rows)
            if isinstance(slot.recipe, Column):
                seen.add(slot.recipe)
            if slot.part in sizes:
                copies = getattr(divided, slot.part).count(slot.tag)
                sizes[slot.part] += copies * (_sizes(filled[slot.tag].texts, slot.part) - len(slot.tag))
        columns = [filled[slot.tag].texts.fill_null("") for slot in divided.slots]
        self.crowded += rows[~rows_that_fit(divided, columns, len(rows))].tolist()
        for tag, wrong in self.nesting.check(filled, len(rows)):
            self._note(rows[wrong], "html", "broken", tag)
        return sizes

    # ------------------------------------------------------------ a letter that is not

    def _at_whole(self, values: Values, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The same for a letter written in full, once per combination of the fields it uses."""
        sizes = {}
        for part in PARTS:
            source = getattr(self.letter, part)
            names = sandbox.names(sandbox.parse(source, escape=part == "html"))
            numbers, combinations = distinct(values, sorted(names))
            made = sandbox.template(source, part == "html")
            said = [_filled(made, record) for record in combinations.records()]
            for problem in _whole_problems(part, said):
                self._note(rows[problem.rows[numbers]], part, problem.what, problem.detail)
            texts = pa.array([text if isinstance(text, str) else "" for text in said], TEXT)
            sizes[part] = _sizes(texts, part)[numbers]
        return sizes


def _size(text: str, part: str) -> int:
    return len(text) if part == "subject" else len(text.encode())


def _sizes(texts: pa.LargeStringArray, part: str) -> np.ndarray:
    """Characters of a subject, bytes of HTML: what their limits count."""
    lengths = pc.utf8_length(texts) if part == "subject" else pc.binary_length(texts)
    return lengths.fill_null(0).to_numpy(zero_copy_only=False).astype("int64")


def _static_residue(divided: Slotted) -> Iterator[tuple[str, str]]:
    """The residue in what everybody reads; style sheets, whose braces are honest, are left out."""
    seen = re.sub(_UNSEEN, "", divided.html)
    for part, text in (("subject", divided.subject), ("html", seen), ("text", divided.text)):
        yield from ((part, residue) for residue in sorted(set(re.findall(RESIDUE, text))))


def _filled(made: sandbox.Template, record: Mapping[str, str]) -> str | sandbox.Unfilled:
    try:
        return sandbox.fill(made, record)
    except sandbox.Unfilled as trouble:
        return trouble


def _whole_problems(part: str, said: Sequence[str | sandbox.Unfilled]) -> Iterator[Problem]:
    unfilled = pd.Series([str(text.field or text) if isinstance(text, sandbox.Unfilled) else "" for text in said])
    for detail in unfilled.unique():
        if detail:
            yield Problem("undefined", detail, (unfilled == detail).to_numpy())
    texts = pa.array([text if isinstance(text, str) else "" for text in said], TEXT)
    seen = pc.replace_substring_regex(texts, _UNSEEN, "") if part == "html" else texts
    yield Problem("leftover", part, matches(seen, RESIDUE))
    if part == "html":
        yield from (Problem("broken", tag, wrong) for tag, wrong in unbalanced_letters(texts))


# ---------------------------------------------------------------- facts for tip 5


def singly(letters: Mapping[str, Letter]) -> tuple[tuple[Text, int], ...]:
    """The reasons of letters that have no readers yet why they will not share their text; of how many, nobody knows."""
    return tuple((reason, 0) for reason in map(why_single, letters.values()) if reason)


def personalization_facts(
    letters: Mapping[str, Letter],
    frame: pd.DataFrame,
    unsubscribe_url: str,
    campaign: Campaign,
    looked_at: Sequence[str] = (),
    active: int | None = None,
) -> PersonalizationFacts:
    """What tip 5 judges: the fields in use, how full they are, whose letter would come out wrong, and which of the
    letters that tell most somebody has looked at; `active` counts all whom this house may mail for the purpose."""
    uses = inventory(letters)
    cells = letter_fields(frame)
    filled = {name: cells[name].str.strip().ne("").to_numpy() for name in uses if name in cells}
    rows = frame["source_row"].to_numpy()
    sender = campaign.sender
    own = (sender.name, sender.organisation, sender.address, sender.reply_to)
    spoken = frame["language"].map(language_of).value_counts() if "language" in frame else {}
    examined = examine(letters, frame, unsubscribe_url, own) if len(frame) else None
    return PersonalizationFacts(
        sender=sender,
        uses=uses,
        recipients=len(frame),
        fill={name: float(full.mean()) for name, full in filled.items()} if len(frame) else {},
        empty_rows={name: tuple(rows[~full].tolist()) for name, full in filled.items()},
        failures=examined and examined.failures,
        branches=examined and examined.branches,
        html_bytes=examined and examined.html_bytes,
        values=value_table(frame, uses) if len(frame) else None,
        language_rule=campaign.language,
        languages=dict(spoken) or {"": len(frame)},
        telling=tuple(telling_rows(frame, examined)) if examined and "variant" in frame else (),
        looked_at=tuple(looked_at),
        active=active,
        singly=examined.singly if examined else singly(letters),
        singly_rows=examined.singly_rows if examined else (),
    )
