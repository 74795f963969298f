"""Which fields of the list the letters use, and where: a link needs other care than a sentence."""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

from jinja2 import nodes

from bulkmail.compose import sandbox
from bulkmail.compose.letter import Letter
from bulkmail.compose.shield import Shield
from bulkmail.compose.slots import PARTS
from bulkmail.tips.personalization import FieldUse


def inventory(letters: Mapping[str, Letter]) -> dict[str, FieldUse]:
    """Each field of the list that the letters use: where, and whether every use has words for an empty cell."""
    places: dict[str, set[str]] = {}
    bare: set[str] = set()
    for letter in letters.values():
        for name, place in _places(letter):
            places.setdefault(name, set()).add(place)
        for part in PARTS:
            bare |= _bare_names(sandbox.parse(getattr(letter, part)))
    return {
        name: FieldUse(field=name, places=tuple(sorted(places[name])), has_fallback=name not in bare)
        for name in sorted(places)
    }


def sources_of(letter: Letter) -> frozenset[str]:
    """The fields of the list that subject, HTML and text of a letter use."""
    return frozenset().union(*(_own_names(sandbox.parse(getattr(letter, part))) for part in PARTS))


def _places(letter: Letter) -> Iterator[tuple[str, str]]:
    for part in ("subject", "preheader", "text"):
        yield from ((name, part) for name in _own_names(sandbox.parse(getattr(letter, part))))
    own = _own_names(sandbox.parse(letter.html))
    shield = Shield(letter.html)
    reader = _PlaceReader(shield)
    reader.feed(shield.cover(letter.html, sandbox.LETTER))
    reader.close()
    for construct, place in reader.found:
        words = set(re.findall(r"(?<![\w.])\w+", re.sub(r"'[^']*'|\"[^\"]*\"", "", construct)))
        yield from ((name, place) for name in own & words)


def _own_names(tree: nodes.Template) -> frozenset[str]:
    return sandbox.names(tree) - sandbox.GIVEN


class _PlaceReader(HTMLParser):
    """Finds in which kind of place each construct of a covered page stands."""

    def __init__(self, shield: Shield) -> None:
        super().__init__(convert_charrefs=True)
        self.shield, self.found, self.element = shield, [], ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.element = tag
        for name, value in attrs:
            self._note(value or "", _place_of_attribute(name, value or "", self.shield))

    def handle_endtag(self, tag: str) -> None:
        self.element = ""

    def handle_data(self, data: str) -> None:
        self._note(data, self.element if self.element in ("script", "style") else "html")

    def handle_comment(self, data: str) -> None:
        self._note(data, "html")

    def _note(self, covered: str, place: str) -> None:
        self.found += [(construct, place) for construct in self.shield.constructs(covered)]


def _place_of_attribute(name: str, value: str, shield: Shield) -> str:
    if name.startswith("on"):
        return "event"
    if name in ("href", "src", "action", "background", "srcset"):
        before = shield.word.split(value, maxsplit=1)[0]
        return "link" if re.match(r"https?://[^/?#\s]+[/?#]|mailto:|tel:|#", before) else "link_host"
    return {"style": "style", "alt": "alt"}.get(name, "html")


def _bare_names(node: nodes.Node, guarded: frozenset[str] = frozenset()) -> set[str]:
    """The names used somewhere without words for an empty cell: no default, no `or`, no condition on the name."""
    if isinstance(node, nodes.Name):
        return {node.name} - guarded
    if isinstance(node, nodes.Filter) and node.name in ("default", "d"):
        return set().union(*(_bare_names(argument, guarded) for argument in node.args))
    if isinstance(node, nodes.Test) and node.name in ("defined", "undefined"):
        return set()
    if isinstance(node, nodes.Or):
        return _bare_names(node.right, guarded)
    if isinstance(node, nodes.If | nodes.CondExpr):
        asked = [node.test, *node.test.find_all(nodes.Name)]
        inside = guarded | {name.name for name in asked if isinstance(name, nodes.Name)}
        return set().union(*(_bare_names(child, inside) for child in node.iter_child_nodes()))
    return set().union(*(_bare_names(child, guarded) for child in node.iter_child_nodes()))
