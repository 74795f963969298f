"""A public page: one file of HTML that works without script and asks nothing of anybody else.

Both languages stand on it at once, because nobody has told us the reader's; so its words are pairs (Chinese, English)
and not in the catalogue.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape

from starlette.responses import HTMLResponse

# The page's own style, allowed by its hash: nothing else may load, run, frame or be framed.
_STYLE = """
:root { color-scheme: light dark; font: 1.0625rem/1.6 system-ui, sans-serif }
body { max-width: 36rem; margin: 8vh auto; padding: 0 1.25rem }
h1 { font-size: 1.5rem; line-height: 1.3 }
h2 { font-size: 1.0625rem; margin: 2rem 0 .5rem }
button { font: inherit; min-height: 3rem; padding: .5rem 1.25rem; margin: .5rem .5rem .5rem 0; border-radius: .5rem;
  border: 1px solid currentColor; background: transparent; color: inherit; cursor: pointer }
button.first { background: #14532d; border-color: #14532d; color: #fff }
label { display: block; margin: .75rem 0 }
label.choice { display: flex; gap: .75rem; align-items: baseline; padding: .25rem 0; margin: 0 }
input[type=email], input[type=text], select { display: block; box-sizing: border-box; width: 100%; font: inherit;
  min-height: 2.75rem; padding: .25rem .75rem; margin-top: .25rem; border: 1px solid #71717a; border-radius: .5rem }
input[type=checkbox] { width: 1.25rem; height: 1.25rem; flex: none; position: relative; top: .25rem }
blockquote { margin: 1rem 0; padding: .25rem 1rem; border-left: 3px solid #71717a; white-space: pre-line }
table { border-collapse: collapse; width: 100%; font-size: .9375rem }
td, th { text-align: left; padding: .4rem .5rem .4rem 0; border-bottom: 1px solid #71717a55; vertical-align: top }
select { background: Field; color: FieldText }
button:focus-visible, input:focus-visible, select:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px }
dl { display: grid; grid-template-columns: minmax(7rem, auto) 1fr; gap: .35rem 1rem; margin: .5rem 0 }
dt { opacity: .75 }
dd { margin: 0; overflow-wrap: anywhere }
section { border-top: 1px solid #71717a55; padding: .75rem 0 }
section p { margin: 0; overflow-wrap: anywhere }
summary { cursor: pointer; padding: .5rem 0 }
@media (max-width: 30rem) { body { margin-top: 1.5rem } dl { grid-template-columns: 1fr; gap: 0 }
  dd { margin: 0 0 .5rem } button { width: 100%; margin-right: 0 } }
.wrong { border-left: 3px solid #b91c1c; padding-left: 1rem }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

Pair = tuple[str, str]
# Title, sentence and buttons (scope, label) of each state of a page that has nothing but buttons.
Page = tuple[Pair, Pair, tuple[tuple[str, str], ...]]

BROKEN: Page = (
    ("連結不完整", "This link is not complete"),
    (
        "未有作出任何更改。請從電郵複製整條連結再試，或直接回覆該電郵要求取消訂閱。",
        "Nothing was changed. Copy the whole link from the email and try again, or reply and ask us to stop.",
    ),
    (),
)


def show(page: Page, status: int = 200, more: str = "") -> HTMLResponse:
    """A page of one sentence and some buttons as an answer; `more` is HTML below."""
    title, sentence, buttons = page
    pressed = "".join(button(scope, label, first=scope == "list") for scope, label in buttons)
    form = f'<form method="post">{pressed}</form>' if buttons else ""
    return document(title, f"{said(sentence)}{form}{more}", status)


def document(title: Pair, body: str, status: int = 200) -> HTMLResponse:
    """A whole page: its title, and HTML that is safe already."""
    return HTMLResponse(
        '<!doctype html><html lang="zh-Hant"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(' · '.join(title))}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{escape(title[0])} · <span lang="en">{escape(title[1])}</span></h1>{body}</main></body></html>',
        status,
    )


# ---------------------------------------------------------------- pieces, each escaped


def said(pair: Pair) -> str:
    """A paragraph in each language."""
    return f'<p>{escape(pair[0])}</p><p lang="en">{escape(pair[1])}</p>'


def plain(words: str) -> str:
    """Words as HTML shows them."""
    return escape(words)


def quoted(words: str) -> str:
    """Words as the value of an attribute, in its quotes."""
    return f'"{escape(words)}"'


def both(pair: Pair) -> str:
    """A few words in both languages on one line."""
    return f'{escape(pair[0])} · <span lang="en">{escape(pair[1])}</span>'


def heading(pair: Pair) -> str:
    """A heading within the page."""
    return f"<h2>{both(pair)}</h2>"


def button(value: str, label: str, *, first: bool = False) -> str:
    """A button that sends the form with its scope."""
    look = " class=first" if first else ""
    return f'<button type="submit" name="scope" value="{escape(value)}"{look}>{escape(label)}</button>'


def choice(name: str, value: str, words: str, *, ticked: bool = False) -> str:
    """A box to tick; `words` are HTML."""
    mark = " checked" if ticked else ""
    box = f'<input type="checkbox" name="{escape(name)}" value="{escape(value)}"{mark}>'
    return f'<label class="choice">{box}<span>{words}</span></label>'


def field(name: str, label: Pair, *, kind: str = "text", value: str = "", extra: str = "") -> str:
    """A line to fill in."""
    line = f'<input type="{kind}" name="{name}" value="{escape(value)}" {extra}>'
    return f"<label>{both(label)}{line}</label>"


def selection(name: str, label: Pair, options: Mapping[str, Pair], chosen: str) -> str:
    """A choice of one among some."""
    lines = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(" · ".join(words))}</option>'
        for value, words in options.items()
    )
    return f'<label>{both(label)}<select name="{name}">{lines}</select></label>'


def facts(rows: Iterable[tuple[Pair, str]]) -> str:
    """Facts one below the other: what each is called, and how it is; plain words."""
    lines = "".join(f"<dt>{both(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return f"<dl>{lines}</dl>"


def unfolds(label: Pair, body: str) -> str:
    """HTML that is shown when its label is pressed, without script."""
    return f"<details><summary>{both(label)}</summary>{body}</details>"


def table(head: Iterable[Pair], rows: Iterable[Iterable[str]]) -> str:
    """A small table of plain words."""
    top = "".join(f"<th>{both(pair)}</th>" for pair in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
