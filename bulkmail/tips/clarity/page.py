"""A letter's HTML read once: its elements with the style that each one ends up with, its links, and what is hidden."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

import tinycss2
from lxml import etree
from lxml import html as lxml_html
from tinycss2.color4 import parse_color

_BLOCKS = re.compile(
    "address|article|blockquote|body|caption|dd|div|dl|dt|footer|h[1-6]|header|hr|li|main|ol|p|section|table|tbody|td|"
    "tfoot|th|thead|tr|ul"
)
_UNREAD = frozenset(("head", "script", "style", "title", "template"))
_SIZES = {"h1": 32.0, "h2": 24.0, "h3": 18.7, "small": 13.0}
_BOLD = frozenset(("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th"))
_UNITS = {"px": 1.0, "pt": 4 / 3, "em": 0.0, "rem": 16.0, "%": 0.0}


class Colour(NamedTuple):
    """Red, green and blue from 0 to 1."""

    red: float
    green: float
    blue: float


BLACK, WHITE = Colour(0, 0, 0), Colour(1, 1, 1)


@dataclass(frozen=True)
class Look:
    """How the words of an element are shown: `ground` is None behind a picture; sizes in px; `language` is that of a
    part that is in one language, "" in a page that holds several."""

    colour: Colour = BLACK
    ground: Colour | None = WHITE
    size: float = 16.0
    bold: bool = False
    hidden: str = ""
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link with the words (and the alt texts of images) that are shown for it."""

    address: str
    words: str
    language: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """A letter as read: `elements` in order with their looks; `texts` are (words, element, look) of what is written."""

    root: etree._Element
    elements: tuple[tuple[etree._Element, Look], ...]
    texts: tuple[tuple[str, etree._Element, Look], ...]
    links: tuple[Link, ...]
    styles: str = field(repr=False)

    @property
    def visible(self) -> str:
        """The words that a reader sees."""
        return _joined((words, element) for words, element, look in self.texts if not look.hidden)

    def words_in(self, language: str) -> str:
        """The visible words of the parts marked as being in a language."""
        mine = ((words, at) for words, at, look in self.texts if not look.hidden and look.language == language)
        return _joined(mine)


def _joined(pieces: Iterator[tuple[str, etree._Element]]) -> str:
    """The words as one text: a line for each block, so that no two of them run into one another."""
    said, before = [], None
    for words, element in pieces:
        block = _block_of(element)
        said.append(("\n" if block is not before else "") + words)
        before = block
    return "".join(said).strip()


def _block_of(element: etree._Element) -> etree._Element:
    while not _BLOCKS.fullmatch(element.tag) and element.getparent() is not None:
        element = element.getparent()
    return element


@lru_cache(maxsize=32)
def read_page(html: str) -> Page:
    """The page of this HTML; what no browser could read is an empty page."""
    root = _parsed(html)
    looks: dict[etree._Element, Look] = {}
    for element in root.iter(etree.Element):
        looks[element] = _look(element, looks.get(element.getparent(), Look()))
    links = tuple(_link(element, looks[element]) for element in root.iter("a"))
    styles = "\n".join(element.text or "" for element in root.iter("style"))
    return Page(
        root=root, elements=tuple(looks.items()), texts=tuple(_in_order(root, looks)), links=links, styles=styles
    )


def _parsed(html: str) -> etree._Element:
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        return lxml_html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:
        return lxml_html.document_fromstring(b"<html><body></body></html>", parser=parser)


def _in_order(root: etree._Element, looks: dict[etree._Element, Look]) -> Iterator[tuple[str, etree._Element, Look]]:
    """Every piece of text in the order of reading, with the element that holds it."""
    skipped: etree._Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if event == "start":
            if skipped is None and element.tag in _UNREAD:
                skipped = element
            if skipped is None:
                if element.tag == "br":
                    yield "\n", element, looks[element]
                if element.text:
                    yield element.text, element, looks[element]
            continue
        skipped = None if skipped is element else skipped
        parent = element.getparent()
        if skipped is None and parent is not None and element.tail:
            yield element.tail, parent, looks[parent]


def _link(element: etree._Element, look: Look) -> Link:
    pictures = [picture.get("alt", "") for picture in element.iter("img")]
    words = " ".join(["".join(element.itertext()), *pictures])
    return Link(address=(element.get("href") or "").strip(), words=" ".join(words.split()), language=look.language)


# ---------------------------------------------------------------- styles


def _look(element: etree._Element, above: Look) -> Look:
    """The look of an element inside one that looks like `above`."""
    style = declarations(element.get("style") or "")
    size = _size(style.get("font-size", ""), above.size, _SIZES.get(element.tag))
    look = replace(
        above,
        colour=_colour(style.get("color") or element.get("color") or "", above.ground) or above.colour,
        ground=_ground(element, style, above.ground),
        size=size,
        bold=_bold(element, style, above.bold),
        language=_language(element, above.language),
    )
    attribute = "hidden" if element.get("hidden") is not None else ""
    return replace(look, hidden=above.hidden or _hidden(style) or attribute)


def _language(element: etree._Element, above: str) -> str:
    said = element.get("lang")
    if said is None:
        return above
    return said if all(part.get("lang", said) == said for part in element.iterdescendants()) else ""


@lru_cache(maxsize=4096)
def declarations(style: str) -> dict[str, str]:
    """The properties of a style attribute, in lower case; the last of equal ones holds."""
    parsed = tinycss2.parse_declaration_list(style, skip_comments=True, skip_whitespace=True)
    return {
        each.lower_name: tinycss2.serialize(each.value).strip().lower() for each in parsed if each.type == "declaration"
    }


def _hidden(style: dict[str, str]) -> str:
    """The property that hides an element, "" where none does."""
    if style.get("display") == "none":
        return "display:none"
    if style.get("visibility") in ("hidden", "collapse"):
        return "visibility:hidden"
    if re.fullmatch(r"0*\.?0+", style.get("opacity", "1")):
        return "opacity:0"
    if re.fullmatch(r"0(?:px)?", style.get("max-height", "")) and style.get("overflow") == "hidden":
        return "max-height:0"
    return ""


def _size(value: str, above: float, own: float | None) -> float:
    found = re.fullmatch(r"([\d.]+)(px|pt|em|rem|%)?", value)
    if not found:
        return own or above
    number, unit = float(found[1]), found[2] or "px"
    if unit in ("em", "%"):
        return number * above / (100 if unit == "%" else 1)
    return number * _UNITS[unit]


def _bold(element: etree._Element, style: dict[str, str], above: bool) -> bool:
    weight = style.get("font-weight", "")
    if weight in ("normal", "lighter") or (weight.isdigit() and int(weight) < 600):
        return False
    return above or weight in ("bold", "bolder") or weight.isdigit() or element.tag in _BOLD


def _ground(element: etree._Element, style: dict[str, str], above: Colour | None) -> Colour | None:
    if "url(" in style.get("background", "") + style.get("background-image", "") or element.get("background"):
        return None
    said = style.get("background-color") or style.get("background") or element.get("bgcolor") or ""
    return _colour(said, above) or above


@lru_cache(maxsize=4096)
def _colour(value: str, below: Colour | None) -> Colour | None:
    """The colour that a value names, over what lies below it; None where it names none."""
    try:
        found = parse_color(value.split(" ")[0] if not value.startswith(("rgb", "hsl")) else value)
    except (ValueError, TypeError):
        return None
    if found is None or found == "currentcolor":
        return None
    *channels, alpha = found.to("srgb")
    under = below or WHITE
    return Colour(*(alpha * own + (1 - alpha) * there for own, there in zip(channels, under, strict=True)))


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
