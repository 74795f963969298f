"""The letter of one recipient as it travels: the whole MIME message, so that checks can weigh what the wire carries.

SendGrid writes the final message itself; this one has the same parts in the same order and in the encoding that it
uses, with the headers we hand it. `Date` and `Message-ID` are the provider's to write, and stand here as an example.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime

from bulkmail.model import Message, Recipient, Sender

# Headers of links and names that must never become encoded words (a mailbox would not find the link in them).
_UNFOLDED = ("list-", "message-id", "feedback-id", "auto-submitted")


class _WirePolicy(EmailPolicy):
    """Python's SMTP policy, but for the headers of lists, which it would turn into encoded words when they are long.

    Those are folded after their commas alone (RFC 2369 section 2, RFC 5322 section 2.2.3).
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if not name.lower().startswith(_UNFOLDED):
            return super().fold_binary(name, value)
        pieces = re.split(r"(?<=>),\s*", str(value))
        return f"{name}: {(',' + self.linesep + ' ').join(pieces)}{self.linesep}".encode()


_POLICY = _WirePolicy(**{name: getattr(SMTP, name) for name in ("linesep", "cte_type", "max_line_length", "utf8")})


def final_mime(
    message: Message,
    recipient: Recipient,
    sender: Sender,
    *,
    sent_at: datetime,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of the letter to this person: headers, then multipart/alternative of text and HTML in UTF-8.

    `headers` are those of the list (RFC 2369, RFC 8058); None takes the message's own.
    """
    made = EmailMessage(policy=_POLICY)
    made["From"] = _mailbox(sender.name, sender.address)
    made["To"] = _mailbox(recipient.name, recipient.address)
    if sender.reply_to:
        made["Reply-To"] = _mailbox("", sender.reply_to)
    made["Subject"] = message.subject
    made["Date"] = format_datetime(sent_at)
    made["Message-ID"] = f"<example.{recipient.source_row}@{sender.address.rpartition('@')[2] or 'localhost'}>"
    for name, value in (message.headers if headers is None else headers).items():
        made[name] = value
    made.set_content(message.text, cte="quoted-printable")
    made.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return made.as_bytes()


def html_of(letter: bytes) -> str:
    """The HTML part of a whole letter, "" where it has none."""
    part = message_from_bytes(letter, policy=_POLICY).get_body(("html",))
    return part.get_content() if part else ""


def _mailbox(name: str, address: str) -> Address | str:
    """The mailbox with its name; what is no address travels as it is, for the checks to find."""
    words = " ".join("".join(character for character in name if character.isprintable()).split())
    try:
        return Address(display_name=words, addr_spec=_ascii_domain(address))
    except (ValueError, IndexError):
        return " ".join(address.split())


def _ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address
