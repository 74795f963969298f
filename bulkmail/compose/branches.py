"""Which way each letter takes at each condition and loop: how many, and whose letter shows it.

The letter's statements are kept and its words taken out, a mark in the place of each branch. What is left reads few
fields, so that it is filled for few distinct values, however many people there are.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jinja2 import Template, nodes

from bulkmail.compose import sandbox
from bulkmail.compose.columns import Values, distinct
from bulkmail.compose.letter import Letter
from bulkmail.tips.personalization import BRANCH_COLUMNS

_STATEMENTS = {"if", "elif", "for"}


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One way through a letter: the `condition` as written, and which `way` of it (yes, no, some, none)."""

    condition: str
    way: str


@dataclass(frozen=True, kw_only=True)
class Fork:
    """A statement with all its branches; its template writes the numbers of those that a letter takes."""

    template: Template
    fields: tuple[str, ...]


class Forks:
    """The conditions and loops of a letter's HTML, and how often each way has been taken so far."""

    def __init__(self, letter: Letter) -> None:
        self.variant = letter.variant
        self.branches: list[Branch] = []
        self._statements = _statements(letter.html)
        tree = sandbox.parse(letter.html, escape=True)
        self.forks = [_fork(node) for node in self._marked(tree.body)]
        self.letters = np.zeros(len(self.branches), dtype="int64")
        self.first_row = np.zeros(len(self.branches), dtype="int64")

    def fields(self) -> set[str]:
        """The fields that decide."""
        return {field for fork in self.forks for field in fork.fields}

    def count(self, values: Values, source_rows: np.ndarray) -> None:
        """Add the letters of these rows."""
        for fork in self.forks:
            numbers, combinations = distinct(values, fork.fields)
            letters = np.bincount(numbers, minlength=len(combinations.first))
            for record, first, count in zip(combinations.records(), combinations.first, letters, strict=True):
                for branch in _taken(fork.template, record):
                    if not self.letters[branch]:
                        self.first_row[branch] = source_rows[first]
                    self.letters[branch] += count

    def table(self) -> pd.DataFrame:
        """A row per branch: BRANCH_COLUMNS; `source_row` is the first that takes it, 0 where nobody does."""
        columns = {
            "variant": pd.Series([self.variant] * len(self.branches), dtype="str"),
            "condition": pd.Series([branch.condition for branch in self.branches], dtype="str"),
            "way": pd.Series([branch.way for branch in self.branches], dtype="str"),
            "letters": self.letters,
            "source_row": self.first_row,
        }
        return pd.DataFrame(columns, columns=list(BRANCH_COLUMNS))

    # ------------------------------------------------------------ the letter without its words

    def _marked(self, body: Sequence[nodes.Node]) -> list[nodes.Node]:
        """The statements of a body, each branch with its mark and nothing else."""
        found: list[nodes.Node] = []
        for node in body:
            if isinstance(node, nodes.Output):
                found += [self._inline(child) for child in node.nodes if isinstance(child, nodes.CondExpr)]
            elif isinstance(node, nodes.If):
                found.append(self._if(node))
            elif isinstance(node, nodes.For):
                condition = next(self._statements)
                inside = [self._mark(condition, "some"), *self._marked(node.body)]
                empty = [self._mark(condition, "none"), *self._marked(node.else_)]
                found.append(nodes.For(node.target, node.iter, inside, empty, node.test, False, lineno=node.lineno))
            elif isinstance(node, nodes.Assign):
                found.append(node)
        return found

    def _if(self, node: nodes.If) -> nodes.If:
        condition = next(self._statements)
        inside = [self._mark(condition, "yes"), *self._marked(node.body)]
        others = [self._elif(other) for other in node.elif_]
        otherwise = [self._mark(condition, "no"), *self._marked(node.else_)]
        return nodes.If(node.test, inside, others, otherwise, lineno=node.lineno)

    def _elif(self, node: nodes.If) -> nodes.If:
        inside = [self._mark(next(self._statements), "yes"), *self._marked(node.body)]
        return nodes.If(node.test, inside, [], [], lineno=node.lineno)

    def _inline(self, node: nodes.CondExpr) -> nodes.If:
        asked = sorted({name.name for name in [node.test, *node.test.find_all(nodes.Name)] if hasattr(name, "name")})
        condition = f"{{{{ … if {', '.join(asked)} … }}}}"
        ways = ([self._mark(condition, "yes")], [], [self._mark(condition, "no")])
        return nodes.If(node.test, *ways, lineno=node.lineno)

    def _mark(self, condition: str, way: str) -> nodes.Output:
        self.branches.append(Branch(condition=condition, way=way))
        return nodes.Output([nodes.TemplateData(f"{len(self.branches) - 1};")])


def _fork(node: nodes.Node) -> Fork:
    tree = nodes.Template([node], lineno=1).set_environment(sandbox.environment(True))
    fields = tuple(sorted(sandbox.names(tree)))
    return Fork(template=sandbox.compiled(tree, escape=True), fields=fields)


def _taken(template: Template, record: dict[str, str]) -> set[int]:
    try:
        return {int(number) for number in sandbox.fill(template, record).split(";") if number}
    except sandbox.Unfilled:
        return set()  # the check for undefined fields tells of it


def _statements(source: str) -> Iterator[str]:
    """The conditions and loops of a source as they are written, in order: `if Faculty == 'Law'`."""
    words: list[str] = []
    for _, kind, value in sandbox.environment(True).lex(source):
        if kind == "block_begin":
            words = []
        elif kind == "block_end":
            said = " ".join("".join(words).split())
            if re.split(r"\W", said, maxsplit=1)[0] in _STATEMENTS:
                yield said
        else:
            words.append(value)
