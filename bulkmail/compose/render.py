"""One letter for one person, and a frame in which a stranger's HTML can be looked at."""

import re
from html import escape

from bulkmail.compose import sandbox
from bulkmail.compose.letter import Letter, context
from bulkmail.compose.slots import header_value
from bulkmail.errors import InputError
from bulkmail.model import Message, Recipient

# No script, no network, no forms: remote images stay away too, since they would tell the sender of a review.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; form-action 'none'"

# A question about the reader's screen, answered before it is asked.
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width:0px)", "(max-width:0px)"
# The source of a picture from elsewhere; without it a browser shows the alt text.
_PICTURE = re.compile(r"""(?<=\s)src\s*=\s*(?:"https?:[^"]*"|'https?:[^']*')""", re.IGNORECASE)
_FIELD = (
    "src=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 3 2' preserveAspectRatio='none'%3E"
    "%3Crect width='3' height='2' fill='%239fb3c8'/%3E%3C/svg%3E\""
)


def render(letter: Letter, recipient: Recipient, unsubscribe_url: str) -> Message:
    """The letter as this person reads it, without headers. Raises InputError (with the row) where it cannot be."""
    values = context(recipient, letter.organisation, unsubscribe_url)
    try:
        subject = sandbox.fill(sandbox.template(letter.subject, False), values)
        html = sandbox.fill(sandbox.template(letter.html, True), values)
        text = sandbox.fill(sandbox.template(letter.text, False), values)
    except sandbox.Unfilled as trouble:
        raise InputError(
            "The letter for row {row} cannot be written: {detail}", row=recipient.source_row, detail=str(trouble)
        ) from None
    return Message(subject=header_value(subject), html=html, text=text, headers={})


def preview_frame(html: str, *, dark: bool = False, pictures: bool = True) -> str:
    """A document that shows the letter in a sandbox of its own: nothing in it runs, loads, submits or opens.

    `dark` shows it as on a screen set to dark; without `pictures` their words stand in their places, as mailboxes show
    letters of strangers. No picture is fetched in either case: a grey field of its size stands for it.

    The sandbox stands on the inner frame, since the outer one may be given rights by whoever shows it; the policy
    comes before the letter, so that no tag of the letter can come before the policy.
    """
    shown = _SCHEME.sub(lambda found: _ALWAYS if (found[1].lower() == "dark") == dark else _NEVER, html)
    shown = _PICTURE.sub(_FIELD if pictures else "", shown)
    letter = (
        f'<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">{shown}'
    )
    frame = f'<iframe sandbox="" title="Letter · 信件" srcdoc="{escape(letter)}" '
    style = "position:fixed;inset:0;width:100%;height:100%;border:0;background:#fff"
    return f'<!DOCTYPE html><meta charset="utf-8">{frame}style="{style}"></iframe>'
