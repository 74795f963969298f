"""A public page: one file of HTML that works without script and asks nothing of anybody else."""

import base64
import hashlib
from html import escape

from starlette.responses import HTMLResponse

# The page's own style, allowed by its hash: nothing else may load, run, frame or be framed.
_STYLE = """
:root { color-scheme: light dark; font: 1.125rem/1.6 system-ui, sans-serif }
body { max-width: 34rem; margin: 10vh auto; padding: 0 1.25rem }
h1 { font-size: 1.5rem; line-height: 1.3 }
button { font: inherit; min-height: 3rem; padding: .5rem 1.25rem; margin: .5rem .5rem .5rem 0; border-radius: .5rem;
  border: 1px solid currentColor; background: transparent; color: inherit; cursor: pointer }
button.first { background: #14532d; border-color: #14532d; color: #fff }
button:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

# Title, sentence and buttons (scope, label) of each state of the page. Both languages stand on it at once, because
# nobody has told us the reader's; so these words are pairs and not in the catalogue.
Page = tuple[tuple[str, str], tuple[str, str], tuple[tuple[str, str], ...]]


def show(page: Page, status: int = 200) -> HTMLResponse:
    """The page as an answer."""
    titles, sentences, buttons = page
    pressed = "".join(
        f'<button type="submit" name="scope" value="{scope}"{" class=first" if scope == "list" else ""}>'
        f"{escape(label)}</button>"
        for scope, label in buttons
    )
    form = f'<form method="post">{pressed}</form>' if buttons else ""
    return HTMLResponse(
        '<!doctype html><html lang="zh-Hant"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(' · '.join(titles))}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{escape(titles[0])} · <span lang="en">{escape(titles[1])}</span></h1>'
        f'<p>{escape(sentences[0])}</p><p lang="en">{escape(sentences[1])}</p>{form}</main></body></html>',
        status,
    )
