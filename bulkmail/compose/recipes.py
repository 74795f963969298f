"""How a slot's words are made: by whole columns where they can be, by a tiny template per distinct value where not.

A plain field is its column, a condition chooses between columns, and what stands side by side is joined; only
expressions and loops need a template, which is filled once for each distinct combination of the fields it reads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Template, nodes

from bulkmail.compose import sandbox
from bulkmail.compose.columns import TEXT, Values, distinct

_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ('"', "&#34;"))  # as markupsafe.escape does


@dataclass(frozen=True, kw_only=True)
class Column:
    """The words are this column as it is; `fallback` stands in for empty cells, None where they stay empty."""

    field: str
    fallback: str | None


@dataclass(frozen=True, kw_only=True)
class Join:
    """The words of the parts, side by side; a part that is text is the same for everybody."""

    parts: tuple["Recipe | str", ...]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The words of `then` where the test says something, else those of `other`."""

    test: "Made"
    then: Join
    other: "Recipe"


@dataclass(frozen=True, kw_only=True)
class Made:
    """The words that a template makes of `fields`."""

    template: Template
    fields: tuple[str, ...]


Recipe = Column | Join | Choice | Made


class Filled(NamedTuple):
    """One text per row, null where none could be written; `troubles` say for which rows (a mask), and why."""

    texts: pa.LargeStringArray
    troubles: tuple[tuple[np.ndarray, sandbox.Unfilled], ...] = ()


# ---------------------------------------------------------------- reading a recipe from the syntax tree


def recipe_of(node: nodes.Node, escape: bool) -> Recipe:
    """How the words of a construct are made. Raises InputError for what letters may not say."""
    match node:
        case nodes.Name():
            return Column(field=node.name, fallback=None)
        case nodes.Filter(
            node=nodes.Name() as name, name="default" | "d", args=[nodes.Const(value=str() as fallback)], kwargs=[]
        ):
            return Column(field=name.name, fallback=fallback)
        case nodes.If() if not list(node.find_all(nodes.Assign)):
            return _choice(node, escape)
    return _made(nodes.Output([node], lineno=node.lineno) if isinstance(node, nodes.Expr) else node, escape)


def _choice(node: nodes.If, escape: bool) -> Choice:
    says = nodes.If(node.test, [nodes.Output([nodes.TemplateData("1")])], [], [], lineno=node.lineno)
    if node.elif_:
        first, *rest = node.elif_
        other: Recipe = _choice(nodes.If(first.test, first.body, rest, node.else_, lineno=first.lineno), escape)
    else:
        other = _join(node.else_, escape)
    return Choice(test=_made(says, escape), then=_join(node.body, escape), other=other)


def _join(body: Sequence[nodes.Node], escape: bool) -> Join:
    parts: list[Recipe | str] = []
    for node in body:
        for child in node.nodes if isinstance(node, nodes.Output) else [node]:
            parts.append(child.data if isinstance(child, nodes.TemplateData) else recipe_of(child, escape))
    return Join(parts=tuple(parts))


def _made(statement: nodes.Node, escape: bool) -> Made:
    tree = nodes.Template([statement], lineno=1).set_environment(sandbox.environment(escape))
    fields = tuple(sorted(sandbox.names(tree)))
    return Made(template=sandbox.compiled(tree, escape=escape), fields=fields)


# ---------------------------------------------------------------- filling it


def fill(recipe: Recipe | str, values: Values, escape: bool) -> Filled:
    """What the recipe says in each row of the values, escaped for HTML where `escape` says so."""
    rows = len(next(iter(values.values())))
    match recipe:
        case str():
            return Filled(pa.repeat(pa.scalar(recipe, TEXT), rows))
        case Column():
            return _fill_column(recipe, values, rows, escape)
        case Join():
            return _fill_join([fill(part, values, escape) for part in recipe.parts], rows)
        case Choice():
            return _fill_choice(*(fill(part, values, escape) for part in (recipe.test, recipe.then, recipe.other)))
        case Made():
            return _fill_made(recipe, values)
    raise TypeError(type(recipe).__name__)


def _fill_column(recipe: Column, values: Values, rows: int, escape: bool) -> Filled:
    column = values.get(recipe.field)
    if column is None and recipe.fallback is None:
        trouble = sandbox.Unfilled(f"'{recipe.field}' is undefined", recipe.field)
        return Filled(pa.nulls(rows, TEXT), ((np.ones(rows, dtype=bool), trouble),))
    if column is None:
        column = pa.repeat(pa.scalar(recipe.fallback, TEXT), rows)
    elif recipe.fallback is not None:
        column = pc.if_else(pc.equal(column, ""), recipe.fallback, column)
    return Filled(escaped(column) if escape else column)


def escaped(column: pa.LargeStringArray) -> pa.LargeStringArray:
    """The column as it stands in HTML."""
    for raw, safe in _ESCAPES:
        if pc.any(pc.match_substring(column, raw)).as_py():
            column = pc.replace_substring(column, raw, safe)
    return column


def _fill_join(parts: Sequence[Filled], rows: int) -> Filled:
    troubles = tuple(trouble for part in parts for trouble in part.troubles)
    if len(parts) == 1:
        return parts[0]
    texts = [part.texts for part in parts] or [pa.repeat(pa.scalar("", TEXT), rows)]
    return Filled(pc.binary_join_element_wise(*texts, pa.scalar("", TEXT)), troubles)


def _fill_choice(test: Filled, then: Filled, other: Filled) -> Filled:
    met = pc.equal(test.texts, "1")
    mask = met.fill_null(False).to_numpy(zero_copy_only=False)
    unknown = met.is_null().to_numpy(zero_copy_only=False)
    troubles = [*test.troubles]
    troubles += [(rows & mask, trouble) for rows, trouble in then.troubles]
    troubles += [(rows & ~mask & ~unknown, trouble) for rows, trouble in other.troubles]
    return Filled(
        pc.if_else(met, then.texts, other.texts),
        tuple((rows, trouble) for rows, trouble in troubles if rows.any()),
    )


def _fill_made(recipe: Made, values: Values) -> Filled:
    numbers, combinations = distinct(values, recipe.fields)
    said = [_said(recipe.template, record) for record in combinations.records()]
    texts = pa.array([text if isinstance(text, str) else None for text in said], type=TEXT)
    return Filled(texts.take(pa.array(numbers)), tuple(_troubles(said, numbers)))


def _troubles(
    said: Sequence[str | sandbox.Unfilled], numbers: np.ndarray
) -> Iterator[tuple[np.ndarray, sandbox.Unfilled]]:
    reasons = {str(text): text for text in said if not isinstance(text, str)}
    for reason, trouble in reasons.items():
        yield np.array([str(text) == reason and not isinstance(text, str) for text in said])[numbers], trouble


def _said(made: Template, record: Mapping[str, str]) -> str | sandbox.Unfilled:
    try:
        return sandbox.fill(made, record)
    except sandbox.Unfilled as trouble:
        return trouble
