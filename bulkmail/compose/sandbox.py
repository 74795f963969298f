"""Templates of strangers: what a letter's Jinja may do, and how much of it, without a clock or a thread.

Three fences. What can be *said* is an allow-list: `if`, `for`, `set`, some filters, some methods of text; so there is
no attribute to climb along. What can be *made* is capped: no text times a number, no long range, no long value. What
can be *run* is counted: each turn of a loop and each call spends one step of a budget that every rendering starts anew.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, Undefined, meta, nodes, pass_context
from jinja2.filters import FILTERS, do_replace
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError
from jinja2.utils import pass_eval_context

from bulkmail import limits
from bulkmail.errors import InputError
from bulkmail.model import Text, say

GIVEN = frozenset({"organisation", "unsubscribe_url", "preferences_url"})  # filled by us, not by the list
LETTER = say("letter")

_BUDGET = "steps left"  # no template can name it: a name has no space
_OURS = frozenset({"bounded", "counted"})  # filters that fence, and that nobody needs to write
_STATEMENTS = (nodes.Output, nodes.If, nodes.For, nodes.Assign)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STRING_METHODS = _words(
    "capitalize count endswith find isalpha isdigit lower lstrip removeprefix removesuffix rstrip split splitlines "
    "startswith strip title upper"
)
_LOOP_ATTRIBUTES = _words("changed cycle first index index0 last length nextitem previtem revindex revindex0")
# Left out on purpose: `safe` (would let a value in a list write HTML), `attr`, `format`, `center`, `indent`, `batch`…
_FILTER_NAMES = _words(
    "abs capitalize count e escape first float int last length list lower reject reverse select sort string title "
    "trim truncate unique upper urlencode wordcount"
)
# What templates and values may raise while they run. Their texts may hold personal data, their names do not.
_MISHAPS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def _bounded(value: Any) -> Any:
    """The value itself. Raises SecurityError where it is longer than a letter needs."""
    if isinstance(value, str | list | tuple) and len(value) > limits.TEMPLATE_VALUE_CHARACTERS.value:
        raise SecurityError("a value grows too long")
    return value


def _spend(context: Context) -> None:
    if next(context.resolve(_BUDGET), None) is None:
        raise SecurityError("too many turns of loops")


@pass_context
def _counted(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    """The items, one step of the budget each."""
    for item in items:
        _spend(context)
        yield item


def _default(value: Any, fallback: Any = "", boolean: bool = True) -> Any:
    """The value, or the fallback where the value is undefined *or empty*: an empty cell is a missing value."""
    return fallback if isinstance(value, Undefined) or (boolean and not value) else value


@pass_eval_context
def _join(eval_context: nodes.EvalContext, items: Iterable[Any], between: str = "") -> str:
    parts = list(items)
    if len(parts) * (len(between) + 1) > limits.TEMPLATE_VALUE_CHARACTERS.value:
        raise SecurityError("a value grows too long")
    return _bounded(FILTERS["join"](eval_context, parts, between))


@pass_eval_context
def _replace(eval_context: nodes.EvalContext, text: str, old: str, new: str) -> str:
    if len(text) + (text.count(old) * len(new)) > limits.TEMPLATE_VALUE_CHARACTERS.value:
        raise SecurityError("a value grows too long")
    return do_replace(eval_context, text, old, new)


def _round(value: float, precision: int = 0) -> float:
    if abs(precision) > 12:
        raise SecurityError("a number has too many digits")
    return FILTERS["round"](value, precision)


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > limits.TEMPLATE_RANGE.value:
        raise SecurityError("a range is too long")
    return numbers


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with allow-lists where Jinja has deny-lists, and a budget."""

    intercepted_binops = frozenset({"+", "*", "%", "**"})

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        allowed = _STRING_METHODS if isinstance(obj, str) else _LOOP_ATTRIBUTES if isinstance(obj, LoopContext) else ()
        return attr in allowed

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        return None  # Jinja hands out str.format by itself, and "{:>999999999}" is a bomb

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        _spend(__context)
        return _bounded(ImmutableSandboxedEnvironment.call(__self, __context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        numbers = all(isinstance(side, int | float) and abs(side) < 1e9 for side in (left, right))
        if operator == "**" or (operator != "+" and not numbers):
            raise SecurityError(f"{operator} is for small numbers only")
        if operator == "+" and not numbers and len(left) + len(right) > limits.TEMPLATE_VALUE_CHARACTERS.value:
            raise SecurityError("a value grows too long")
        return super().call_binop(context, operator, left, right)


def _environment(escape: bool) -> _Sandbox:
    made = _Sandbox(
        autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    made.globals = {"range": _range}
    made.filters = {name: FILTERS[name] for name in _FILTER_NAMES} | {
        "default": _default, "d": _default, "join": _join, "replace": _replace, "round": _round,
        "bounded": _bounded, "counted": _counted,
    }  # fmt: skip
    return made


_RAW, _ESCAPED = _environment(False), _environment(True)


def environment(escape: bool) -> _Sandbox:
    """The environment of HTML (`escape`) or of text and headers."""
    return _ESCAPED if escape else _RAW


# ---------------------------------------------------------------- reading a template


def parse(source: str, part: Text = LETTER, *, escape: bool = False) -> nodes.Template:
    """The syntax tree of a Jinja source. Raises InputError that names the line, counted from 1."""
    if len(source) > limits.TEMPLATE_SOURCE_CHARACTERS.value:
        raise InputError("The {part} is longer than {limit} characters.", part=part, limit=_source_limit())
    try:
        return environment(escape).parse(source)
    except TemplateSyntaxError as error:
        raise InputError(
            "Line {line} of the {part} cannot be read as a template: {detail}",
            line=error.lineno, part=part, detail=error.message or "",
        ) from None  # fmt: skip
    except (RecursionError, MemoryError, ValueError):
        raise InputError("The {part} is nested too deeply to be read as a template.", part=part) from None


def _source_limit() -> int:
    return int(limits.TEMPLATE_SOURCE_CHARACTERS.value)


def check(tree: nodes.Template, part: Text) -> None:
    """Nothing, if the tree keeps to what letters may say. Raises InputError that names the line of what does not."""
    for node in tree.find_all(nodes.Stmt):
        recursive = getattr(node, "recursive", False)
        if not isinstance(node, _STATEMENTS) or recursive:
            raise InputError(
                "Line {line} of the {part} uses “{word}”; letters may use if, for and set only.",
                line=node.lineno or "?", part=part, word="recursive" if recursive else type(node).__name__.lower(),
            )  # fmt: skip
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        known = _RAW.filters if isinstance(node, nodes.Filter) else _RAW.tests
        if node.name not in known:
            raise InputError(
                "Line {line} of the {part} uses “{word}”, which letters do not know. Known are: {known}.",
                line=node.lineno, part=part, word=node.name, known=", ".join(sorted(known.keys() - _OURS)),
            )  # fmt: skip
    if sum(1 for _ in tree.find_all(nodes.Expr)) > limits.TEMPLATE_EXPRESSIONS.value:
        raise InputError("The {part} holds too many fields and conditions to be sent safely.", part=part)


def names(tree: nodes.Template) -> frozenset[str]:
    """The names a template asks for that are not made inside it."""
    return frozenset(meta.find_undeclared_variables(tree))


def _fenced(tree: nodes.Template) -> nodes.Template:
    """The tree with each loop counted and each joining of texts capped."""
    for loop in tree.find_all(nodes.For):
        loop.iter = _filtered(loop.iter, "counted")
    for parent in list(tree.find_all(nodes.Node)):
        for name, value in list(parent.iter_fields()):
            if isinstance(value, nodes.Concat):
                setattr(parent, name, _filtered(value, "bounded"))
            elif isinstance(value, list):
                value[:] = [_filtered(item, "bounded") if isinstance(item, nodes.Concat) else item for item in value]
    return tree


def _filtered(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def compiled(tree: nodes.Template, part: Text = LETTER, *, escape: bool = False) -> Template:
    """A template ready to be filled. Changes the tree. Raises InputError for what letters may not say."""
    check(tree, part)
    made_by = environment(escape)
    try:
        code = made_by.compile(_fenced(tree).set_environment(made_by))
    except (TemplateError, SyntaxError, *_MISHAPS, MemoryError) as error:
        raise InputError(
            "The {part} cannot be used as a template: {detail}", part=part, detail=_detail(error)
        ) from None
    return Template.from_code(made_by, code, {"range": _range})


@lru_cache(maxsize=64)
def template(source: str, escape: bool) -> Template:
    """The compiled template of a source; the same one for the same source."""
    return compiled(parse(source, escape=escape), escape=escape)


# ---------------------------------------------------------------- filling a template


class Unfilled(Exception):
    """A template could not be filled for one person. `field` is the name it lacked, or "" for another mishap."""

    def __init__(self, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.field = field


def fill(made: Template, context: Mapping[str, Any]) -> str:
    """What the template says with these values. Raises Unfilled, whose text never holds a value."""
    budget = iter(range(int(limits.TEMPLATE_STEPS.value)))
    room, pieces = limits.TEMPLATE_OUTPUT_CHARACTERS.value, []
    try:
        for piece in made.generate({**context, _BUDGET: budget}):
            room -= len(piece)
            if room < 0:
                raise SecurityError("the letter grows too long")
            pieces.append(piece)
    except (TemplateError, *_MISHAPS) as error:
        raise Unfilled(_detail(error), _missing(error)) from None
    return "".join(pieces)


def _detail(error: BaseException) -> str:
    return str(error) if isinstance(error, TemplateError) else type(error).__name__


def _missing(error: BaseException) -> str:
    found = re.match(r"'(\w+)' is undefined", str(error)) if isinstance(error, TemplateError) else None
    return found[1] if found else ""
