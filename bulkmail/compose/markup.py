"""The tools that read markup, each with every door to the network and the disk shut."""

import re

import css_inline
import mrml
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from markdown_it import MarkdownIt
from mdit_py_plugins.attrs import attrs_plugin

from bulkmail import limits
from bulkmail.compose.shield import Shield
from bulkmail.errors import InputError
from bulkmail.model import Text

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
# Width and height of a picture, and the class of a link that is a button: ![…](…){width=600}, […](…){.button}
_MARKDOWN.use(attrs_plugin, after=("image", "link_close"), allowed=("width", "height", "class"))
# At-rules stay in a style element: media queries (narrow screens, dark mode) cannot be inlined.
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, keep_link_tags=True)
_NO_INCLUDES = mrml.ParserOptions(include_loader=mrml.noop_loader())
_NO_FONTS = mrml.RenderOptions(fonts={})  # mrml would import Google's style sheet for a font it knows
_PLAIN_TEXT = ParserConfig(css=CSS_PROFILES["strict"].copy(), display_images=True)
_CJK = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"


def _check_elements(source: str, part: Text) -> None:
    """Nothing, if a letter's worth of elements: nested deeper, they would overflow the stack of the tools below."""
    most = int(limits.MARKUP_ELEMENTS.value)
    if len(re.findall(r"<[a-zA-Z]", source)) > most:
        raise InputError("The {part} holds more than {limit} elements.", part=part, limit=most)


# ---------------------------------------------------------------- Markdown


def markdown(covered: str, shield: Shield) -> str:
    """HTML of a covered Markdown text. HTML in the text is shown as text; comments are dropped."""
    spaced = _statements_apart(re.sub(r"<!--.*?(?:-->|\Z)", "", covered, flags=re.DOTALL), shield)
    html = _MARKDOWN.render(spaced)
    alone = rf"((?:{shield.statement.pattern}\s*)+)"
    html = re.sub(rf"<p>{alone}</p>", r"\1", html)
    html = re.sub(rf"<tr>\s*<td[^>]*>{alone}</td>(?:\s*<td[^>]*></td>)*\s*</tr>", r"\1", html)
    # Markdown's line break inside a paragraph is a space in English and nothing in Chinese.
    return html if "<pre" in html else re.sub(rf"(?<=[{_CJK}])\n(?=[{_CJK}])", "", html)


def _statements_apart(text: str, shield: Shield) -> str:
    """The text with a blank line around each line of statements only, save those that stand between table rows."""
    alone = re.compile(rf"[ \t]*(?:{shield.statement.pattern}[ \t]*)+")
    lines: list[str] = []
    opened: list[bool] = []  # for each open statement: did it begin inside a table?
    in_table = False
    for line in text.split("\n"):
        if not alone.fullmatch(line):
            in_table = line.lstrip().startswith("|")
            lines.append(line)
            continue
        keyword = shield.keyword(line)
        if keyword in ("if", "for"):
            opened.append(in_table)
        belongs = opened[-1] if opened else False
        if keyword.startswith("end") and opened:
            opened.pop()
        lines += [line] if belongs else ["", line, ""]
        in_table = belongs
    return "\n".join(lines)


# ---------------------------------------------------------------- MJML


def mjml(source: str, part: Text) -> str:
    """HTML of an MJML document. Includes are refused. Raises InputError for what is not MJML."""
    _check_elements(source, part)
    try:
        html = mrml.to_html(source, _NO_INCLUDES, _NO_FONTS).content
    except OSError as error:
        raise InputError("The {part} is not valid MJML: {detail}", part=part, detail=str(error)) from None
    if unknown := re.search(r"<(mj-[a-z-]+)", html):
        raise InputError("The {part} uses <{element}>, which MJML does not know here.", part=part, element=unknown[1])
    return html


# ---------------------------------------------------------------- HTML


def inline_styles(html: str, part: Text) -> str:
    """The document with its style sheet in style attributes and its media queries kept; nothing is ever fetched."""
    _check_elements(html, part)
    try:
        return _INLINER.inline(html)
    except css_inline.InlineError as error:
        raise InputError("The styles of the {part} cannot be read: {detail}", part=part, detail=str(error)) from None


def plain_text(html: str, shield: Shield, part: Text) -> str:
    """What the HTML says, as text, with its links; covered. Rows of tables become lines."""
    if not html.strip():
        return ""
    words = shield.as_words(inline_styles(html, part))
    words = re.sub(r"<a\b[^<>]*?\bhref=\"([^\"]*)\"[^>]*>(.*?)</a>", _link, words, flags=re.DOTALL)
    words = re.sub(r"<hr\b[^>]*>", "<p>----------</p>", words)
    words = re.sub(r"</t[dh]>\s*(?=<t[dh]\b)", " | </span>", words)
    words = re.sub(r"<(/?)t[dh]\b[^>]*>", r"<\1span>", words)
    words = re.sub(r"<(/?)(?:table|caption|thead|tbody|tfoot|tr)\b[^>]*>", r"<\1div>", words)
    text = _tidy(get_text(words, _PLAIN_TEXT), shield)
    shield.check_statements(html, text, part)
    return text


def _link(found: re.Match[str]) -> str:
    address, label = found[1].removeprefix("mailto:"), found[2]
    shown = re.sub(r"<[^>]*>", "", label).strip()
    if address.startswith("#") or shown.rstrip("/") == address.rstrip("/"):
        return label
    return f"{label} &lt;{address}&gt;" if shown else f"{label}{address}"


def _tidy(text: str, shield: Shield) -> str:
    """The text without trailing spaces and needless blank lines, also those that a statement would leave behind."""
    lines = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    lines = re.sub(r"\n{3,}", "\n\n", lines)
    return re.sub(rf"\n{{2,}}[ ]*((?:{shield.statement.pattern}[ ]*)+)(?=\n)", r"\n\1", lines)
