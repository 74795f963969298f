"""The links of a letter that can be seen, and how well."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

_WITHOUT_END = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_SIZE = re.compile(r"(?<![\w-])font-size\s*:\s*([\d.]+)px")
_COLOUR = re.compile(r"(?<![\w-])color\s*:\s*(#[0-9a-f]{3}(?:[0-9a-f]{3})?)\b")
_BACKGROUND = re.compile(r"(?<![\w-])background(?:-color)?\s*:\s*(#[0-9a-f]{3}(?:[0-9a-f]{3})?)\b")


@dataclass(frozen=True, kw_only=True)
class Look:
    """How what stands inside an element looks, as far as styles written in the letter say: `pixels` 0 and the colours
    of paper and ink where they do not."""

    hidden: bool = False
    pixels: float = 0.0
    colour: str = "#000000"
    background: str = "#ffffff"

    def inside(self, attributes: Sequence[tuple[str, str | None]]) -> "Look":
        """The look inside an element with these attributes."""
        named = {name: value or "" for name, value in attributes}
        style = named.get("style", "").lower()
        ground = (
            named["bgcolor"].lower() if re.fullmatch(r"#[0-9a-fA-F]{6}", named.get("bgcolor", "")) else self.background
        )
        size, colour, background = (found.search(style) for found in (_SIZE, _COLOUR, _BACKGROUND))
        return Look(
            hidden=self.hidden or "hidden" in named or bool(_HIDDEN.search(style)),
            pixels=float(size[1]) if size else self.pixels,
            colour=colour[1] if colour else self.colour,
            background=background[1] if background else ground,
        )


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link that can be seen: where it leads, its words, where it begins in the source, and how it looks."""

    href: str
    words: str
    place: int
    pixels: float
    colour: str
    background: str


class _Links(HTMLParser):
    """Gathers the links of a page that can be seen."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.lines = [0]
        for line in source.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.looks: list[tuple[str, Look]] = [("", Look())]
        self.found: list[Link] = []
        self._inside: tuple[str, int, list[str]] | None = None

    def handle_starttag(self, tag: str, attributes: Sequence[tuple[str, str | None]]) -> None:
        """Enter an element; begin a link, unless it is hidden."""
        look = self.looks[-1][1].inside(attributes)
        if tag not in _WITHOUT_END:
            self.looks.append((tag, look))
        named = {name: value or "" for name, value in attributes}
        if tag == "a" and not look.hidden:
            line, column = self.getpos()
            self._inside = (named.get("href", ""), self.lines[line - 1] + column, [])
        elif tag == "img" and self._inside:
            self._inside[2].append(named.get("alt", ""))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element; end a link."""
        if tag == "a" and self._inside:
            href, place, words = self._inside
            look = self.looks[-1][1]
            said = " ".join("".join(words).split())
            seen = {"pixels": look.pixels, "colour": look.colour, "background": look.background}
            self.found.append(Link(href=href, words=said, place=place, **seen))
            self._inside = None
        open_tags = [name for name, _ in self.looks]
        if tag in open_tags[1:]:
            del self.looks[len(open_tags) - 1 - open_tags[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        """Keep the words of a link."""
        if self._inside is not None:
            self._inside[2].append(data)


def links_of(html: str) -> list[Link]:
    """The links of an HTML part that can be seen, in order."""
    reader = _Links(html)
    reader.feed(html)
    return reader.found


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (`#rgb` or `#rrggbb`), 1 to 21: WCAG 2.2, relative luminance."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
