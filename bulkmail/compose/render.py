"""One letter for one person, and a frame in which a stranger's HTML can be looked at."""

from html import escape

from bulkmail.compose import sandbox
from bulkmail.compose.letter import Letter, context
from bulkmail.compose.slots import header_value
from bulkmail.errors import InputError
from bulkmail.model import Message, Recipient

# No script, no network, no forms: remote images stay away too, since they would tell the sender of a review.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; form-action 'none'"


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


def preview_frame(html: str) -> str:
    """A document that shows the letter in a sandbox of its own: nothing in it runs, loads, submits or opens.

    The sandbox stands on the inner frame, since the outer one may be given rights by whoever shows it; the policy
    comes before the letter, so that no tag of the letter can come before the policy.
    """
    letter = (
        f'<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">{html}'
    )
    frame = f'<iframe sandbox="" title="Letter · 信件" srcdoc="{escape(letter)}" '
    style = "position:fixed;inset:0;width:100%;height:100%;border:0;background:#fff"
    return f'<!DOCTYPE html><meta charset="utf-8">{frame}style="{style}"></iframe>'
