"""What belongs to one person and stands in the letter of another: an address, a link to unsubscribe, a name.

Nobody's name or address is looked up one by one: what the letter says is a small set, and the whole list is compared
with it by the column.
"""

import re
from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import nodes

from bulkmail.compose import sandbox
from bulkmail.compose.columns import TEXT, Values, text_column
from bulkmail.compose.letter import CHOOSE_INSTEAD, Letter
from bulkmail.compose.slots import PARTS

_ADDRESS = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_CONSTRUCT = "\ufffc"
_TAG = re.compile(r"<[^<>]*>|&[a-z#0-9]+;")
_CHINESE_NAME = range(3, 5)  # characters; shorter ones are words of the language too often
_LATIN_NAME = range(2, 6)  # words
_CALLED = (
    r"(?:\bDear|\bHello|\bHi|親愛的|亲爱的|尊敬的|敬愛的|致)\s*{name}|{name}\s*(?:您好|你好|先生|女士|小姐|同學|老師)"
)
_CALLED_BY_ONE_WORD = re.compile(
    r"(?:\bDear|\bHello|\bHi)\s+([^\W\d_]{2,})\b|(?:親愛的|尊敬的)\s*([\u4e00-\u9fff]{2,4})(?=[：:，,\s])"
)


def written_words(letter: Letter) -> dict[str, str]:
    """What the author of a letter wrote in each of its PARTS, whoever gets to read it: the static text, and the words
    in conditions, loops and fallbacks. A mark stands where a construct begins."""
    sources = {part: getattr(letter, part) for part in PARTS}
    trees = {part: sandbox.parse(source, escape=part == "html") for part, source in sources.items()}
    return {part: _CONSTRUCT.join(_words(tree)) for part, tree in trees.items()}


def _words(node: nodes.Node) -> Iterator[str]:
    """The texts below a node, without those that are only compared with or asked for."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.TemplateData):
            yield child.data
        elif isinstance(child, nodes.Const) and isinstance(child.value, str):
            yield child.value
        elif not isinstance(child, nodes.Compare | nodes.Test | nodes.Call | nodes.Getitem):
            yield from _words(child)


def leaks_to_all(letter: Letter, people: pd.DataFrame, link: str, own: Collection[str]) -> Iterator[tuple[str, str]]:
    """What of single people on the list the author wrote into the letters of others, as (problem, detail): a leak, or a
    mention that may be meant. `own` are the sender's addresses and names; `link` begins every link to unsubscribe."""
    words = written_words(letter)
    said = "\n".join((words["subject"], words["text"], _TAG.sub(" ", words["html"])))
    spared = {word.casefold() for word in own}
    if any(place in said or place in words["html"] for place in (link, re.sub(*CHOOSE_INSTEAD, link))):
        yield "leak", "unsubscribe_url"
    addresses = {found.casefold() for found in _ADDRESS.findall(f"{said}\n{words['html']}")} - spared
    if _known(people, "address", addresses):
        yield "leak", "address"
    for name in _known(people, "name", _possible_names(said) - spared):
        called = re.search(_CALLED.format(name=re.escape(name)), said, re.IGNORECASE)
        yield ("leak" if called else "mention"), "name"
    called = {(one or other).casefold() for one, other in _CALLED_BY_ONE_WORD.findall(said)} - spared
    if any(_known(people, column, called) for column in ("name", "given_name", "family_name")):
        yield "leak", "name"


def _known(people: pd.DataFrame, column: str, words: Collection[str]) -> list[str]:
    """Those of the words that are cells of the column, whatever their case."""
    if not words or column not in people:
        return []
    cells = pc.utf8_lower(text_column(people[column]))
    return pc.unique(cells.filter(pc.is_in(cells, pa.array(sorted(words), TEXT)))).to_pylist()


def _possible_names(said: str) -> set[str]:
    """Every run of characters or words that might be a whole name, in lower case."""
    found = set()
    for run in re.findall(r"[\u3400-\u9fff]+", said):
        found |= {run[start : start + size] for size in _CHINESE_NAME for start in range(len(run) - size + 1)}
    words = re.findall(r"[^\W\d_][\w.'’-]*", re.sub(r"[\u3400-\u9fff]+", "\n", said).casefold())
    for size in _LATIN_NAME:
        found |= {" ".join(words[start : start + size]) for start in range(len(words) - size + 1)}
    return found


class Strays:
    """Values that hold an address of somebody else: gathered chunk by chunk, compared with the list at the end."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str, str]] = []  # source row, field, address

    def gather(self, values: Values, fields: Collection[str], own: pa.LargeStringArray, rows: np.ndarray) -> None:
        """Note the addresses in the fields of these rows that are not each row's `own`."""
        for field in fields:
            held = np.flatnonzero(pc.match_substring(values[field], "@").to_numpy(zero_copy_only=False))
            texts = zip(
                held, values[field].take(pa.array(held)).to_pylist(), own.take(pa.array(held)).to_pylist(), strict=True
            )
            for place, text, mine in texts:
                self.found += [
                    (int(rows[place]), field, address.casefold())
                    for address in _ADDRESS.findall(text)
                    if address.casefold() != mine.casefold()
                ]

    def on_the_list(self, people: pd.DataFrame) -> pd.DataFrame:
        """The rows (source_row, detail: the field) whose value holds the address of another row of the list."""
        known = set(_known(people, "address", {address for _, _, address in self.found}))
        rows = [(row, field) for row, field, address in self.found if address in known]
        return pd.DataFrame(rows, columns=["source_row", "detail"]).drop_duplicates()
