"""What tip 5 judges, and the words in which it answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from bulkmail import limits
from bulkmail.model import Finding, Outcome, Sender, Text, say

# What can be wrong with one letter; the `problem` column of a table of failures. A `leak` is what belongs to one person
# and stands in all letters, a `mention` the same where it may be meant, a `stray` the address of another in a value.
PROBLEMS = ("undefined", "leftover", "empty", "too_long", "control", "broken", "leak", "mention", "stray")
FAILURE_COLUMNS = ("source_row", "variant", "part", "problem", "detail")
# Each way of each condition and loop of a letter: how many letters take it, and the first row that does (0: nobody).
BRANCH_COLUMNS = ("variant", "condition", "way", "letters", "source_row")
# The cells of each field in use: how many are filled, the longest, and the rows of those that look wrong.
VALUE_COLUMNS = ("field", "filled", "longest", "longest_row", "odd_rows", "capital_rows", "identifier_rows")

UNRESOLVED = "https://github.com/apache/spamassassin/blob/trunk/rules/20_body_tests.cf, read 2026-11-23"
HOUSE = limits.HOUSE
NO_PEOPLE = say("No letter was written yet: there is no list to write to.")
CHOOSE_LIST = say("Choose a list; every letter is then written and looked at.")


@dataclass(frozen=True, kw_only=True)
class FieldUse:
    """Where the letters use a field: `places` of subject, preheader, html, text, alt, link, link_host, style, script,
    event (an attribute such as onclick); `has_fallback` says that each use has words for an empty cell."""

    field: str
    places: tuple[str, ...]
    has_fallback: bool


@dataclass(frozen=True, kw_only=True)
class PersonalizationFacts:
    """What tip 5 judges. `fill` is the share of `recipients` whose cell is not empty, for fields that the list has;
    `empty_rows` are the source rows of the others. None stands for what nobody has looked at.

    `failures`, `branches` and `values` have the columns above, source row 0 = in every letter; `html_bytes` is the size
    of each letter by source row. `languages` counts the recipients by what the list says of them, "" = nothing.
    `telling` names the letters that somebody should look at, `looked_at` those that somebody has. `active` counts all
    whom this house may mail for the purpose, on whatever list. `singly` are the reasons why letters do not share their
    text, each with the number of letters (0: nobody has counted, there is no list), `singly_rows` the rows of those
    that only their own values keep from it.
    """

    sender: Sender
    uses: Mapping[str, FieldUse]
    recipients: int
    fill: Mapping[str, float] = field(default_factory=dict)
    empty_rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    failures: pd.DataFrame | None = None
    branches: pd.DataFrame | None = None
    values: pd.DataFrame | None = None
    html_bytes: pd.Series | None = None
    language_rule: str = "both"
    languages: Mapping[str, int] = field(default_factory=dict)
    telling: tuple[str, ...] = ()
    looked_at: tuple[str, ...] = ()
    active: int | None = None
    singly: tuple[tuple[Text, int], ...] | None = None
    singly_rows: tuple[int, ...] = ()

    def failed(self, *problems: str) -> pd.DataFrame:
        """The failures of these kinds."""
        if self.failures is None:
            return pd.DataFrame(columns=list(FAILURE_COLUMNS))
        return self.failures[self.failures["problem"].isin(problems)]

    def affected(self, failures: pd.DataFrame) -> int:
        """How many letters the failures concern."""
        return self.recipients if (failures["source_row"] == 0).any() else failures["source_row"].nunique()


def letters_by_way(branches: pd.DataFrame) -> pd.Series:
    """How many letters take each way of each condition (an index of both). What stands in both halves of a bilingual
    letter counts once a letter."""
    in_variant = branches.groupby(["variant", "condition", "way"], sort=False)["letters"].max()
    return in_variant.groupby(["condition", "way"], sort=False).sum()


def finding(code: str, outcome: Outcome, message: Text, fix: Text, source: str, rows: Iterable[int] = ()) -> Finding:
    """The answer of one check."""
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=source, rows=tuple(rows))


def rows_of(failures: pd.DataFrame) -> tuple[int, ...]:
    """The source rows of failures, without the 0 that stands for all."""
    return tuple(int(row) for row in sorted(failures["source_row"].unique()) if row)


def names(values: Iterable[object]) -> str:
    """The distinct values as one enumeration."""
    return ", ".join(sorted({str(value) for value in values}))
