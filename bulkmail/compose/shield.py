"""Jinja under cover: each construct becomes an opaque word, so that Markdown, MJML and HTML tools cannot break it.

A tool that reads HTML moves `{% for %}` out of a table, escapes `<` in a condition and cuts an attribute at a quote.
It leaves a plain word alone. Statements that stand between tags travel as comments, which may stand anywhere.
"""

import re
from collections import Counter
from dataclasses import dataclass
from html import unescape

from jinja2 import Environment

from bulkmail.compose import sandbox
from bulkmail.errors import InputError
from bulkmail.model import Text

_PLAIN = Environment(keep_trailing_newline=True)  # only cuts the source into tokens
_ENDS = {"variable_begin": "variable_end", "block_begin": "block_end", "raw_begin": "raw_end"}
# What is not closed goes on to the end, as in HTML: so no source makes these expressions search it again and again.
_TAG = r"</?[a-zA-Z](?:\"[^\"]*\"|'[^']*'|[^'\"<>])*>"
_ELEMENT = r"<(?P<element>style|script|title|mj-style|mj-title)\b.*?(?:</(?P=element)\s*>|\Z)"
_NOT_TEXT = rf"<!--.*?(?:-->|\Z)|<![a-zA-Z][^<>]*>|{_ELEMENT}|{_TAG}"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One Jinja construct: its source and the line on which it starts. A statement is `{% … %}`."""

    source: str
    line: int
    is_statement: bool


class Shield:
    """Covers and uncovers the Jinja constructs of one letter. The words it makes occur in none of the `sources`."""

    def __init__(self, *sources: str) -> None:
        self.mark = next(f"qz{n}x" for n in range(1_000_000) if not any(f"qz{n}x" in text for text in sources))
        self.pieces: list[Piece] = []
        self.word = re.compile(self.mark + r"(\d+)([sv])z")
        self.statement = re.compile(self.mark + r"\d+sz")

    def cover(self, source: str, part: Text) -> str:
        """The source with a word for each construct; comments are gone. Raises InputError naming the line."""
        sandbox.check(sandbox.parse(source, part), part)
        kept, construct, end, start = [], [], "", 1
        for line, kind, value in _PLAIN.lex(source):
            if end:
                construct.append(value)
                if kind == end:
                    kept.append(self._word_for("".join(construct), start))
                    end = ""
            elif kind in _ENDS:
                construct, end, start = [value], _ENDS[kind], line
            elif kind == "data":
                kept.append(value)
        return "".join(kept)

    def _word_for(self, source: str, line: int) -> str:
        is_raw = re.match(r"\{%[-+]?\s*raw\b", source)
        piece = Piece(source=source, line=line, is_statement=source.startswith("{%") and not is_raw)
        self.pieces.append(piece)
        return f"{self.mark}{len(self.pieces) - 1}{'s' if piece.is_statement else 'v'}z"

    def uncover(self, text: str) -> str:
        """The text with each construct back in its place. Braces that a tool has made by itself stay plain text."""
        plain = re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)
        named = re.compile(rf"<!--{self.word.pattern}-->|{self.word.pattern}")
        return named.sub(lambda found: self.pieces[int(found[1] or found[3])].source, plain)

    def as_comments(self, html: str) -> str:
        """The HTML with each statement that stands between tags as a comment, which may stand between table rows."""
        found_first = re.compile(f"(?P<not_text>{_NOT_TEXT})|{self.statement.pattern}", re.DOTALL)
        return found_first.sub(lambda found: found[0] if found["not_text"] else f"<!--{found[0]}-->", html)

    def as_words(self, html: str) -> str:
        """The HTML with each statement as a word, so that a reader of the text meets it in its place."""
        return re.sub(rf"<!--({self.statement.pattern})-->", r"\1", html)

    def check_attributes(self, html: str, part: Text) -> None:
        """Nothing, if no construct stands bare in a tag, where HTML would take it for an attribute's name."""
        for tag in re.finditer(_TAG, html):
            bare = re.sub(r"=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+)", "", tag[0])
            if found := self.word.search(bare):
                piece = self.pieces[int(found[1])]
                raise InputError(
                    "Line {line} of the {part}: {construct} stands inside a tag; put it inside an attribute's quotes.",
                    line=piece.line, part=part, construct=piece.source.strip(),
                )  # fmt: skip

    def check_kept(self, before: str, after: str, part: Text) -> None:
        """Nothing, if a tool has left every construct where it stood. Raises InputError naming the first that moved."""
        moved = [here for here, there in zip(self._order(before), self._order(after), strict=False) if here != there]
        lost = self._counts(before) - self._counts(after)
        for word in (*lost, *moved, *self._buried(after)):
            piece = self.pieces[int(self.word.match(word)[1])]
            raise InputError(
                "Line {line} of the {part}: {construct} stands where mail programs move or drop it "
                "(say, between the rows of a table or the columns of a section).",
                line=piece.line, part=part, construct=piece.source.strip(),
            )  # fmt: skip

    def check_reading(self, before: str, after: str, part: Text) -> None:
        """Nothing, if what stands between tags reads the same, so that no words have left their condition."""
        if self.statement.search(before) and self._reading(before) != self._reading(after):
            raise InputError(
                "The HTML of the {part} is not well formed (say, words between the rows of a table); "
                "mail programs would move words out of their conditions.",
                part=part,
            )

    def _reading(self, html: str) -> list[str]:
        return unescape(re.sub(_NOT_TEXT, " ", self.as_words(html), flags=re.DOTALL)).split()

    def check_statements(self, html: str, text: str, part: Text) -> None:
        """Nothing, if the text has the statements of the HTML in their order. Raises InputError naming the part."""
        wanted = [word for word in self._order(html) if self.statement.fullmatch(word)]
        if wanted != self.statement.findall(text):
            raise InputError(
                "The conditions of the {part} cannot be kept in its text version; use fewer tables.", part=part
            )

    def constructs(self, covered: str) -> list[str]:
        """The sources of the constructs that occur in a covered text, in order."""
        return [self.pieces[int(found[1])].source for found in self.word.finditer(covered)]

    def keyword(self, covered: str) -> str:
        """The first word of the first statement in a covered text: if, for, else, endif, set…"""
        return re.sub(r"^\{%[-+]?\s*", "", self.constructs(covered)[0]).split()[0].rstrip("-+%}")

    def _order(self, html: str) -> list[str]:
        """The words that stand between tags, in order."""
        return [found[0] for found in self.word.finditer(re.sub(_NOT_TEXT, " ", self.as_words(html), flags=re.DOTALL))]

    def _buried(self, html: str) -> list[str]:
        """The statements that stand inside a comment (say, markup for Outlook), which their own comment would end."""
        comments = re.findall(r"<!--.*?-->", html, flags=re.DOTALL)
        return [
            word for comment in comments for word in self.statement.findall(comment) if len(comment) > len(word) + 7
        ]

    def _counts(self, html: str) -> Counter:
        return Counter(found[0] for found in self.word.finditer(html))
