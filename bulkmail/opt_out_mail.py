"""Mails that ask to stop, read from an .eml file or from pasted words, for a person to confirm whom they are about.

Nothing is decided here. A mail may be forwarded, quoted, or written from another address than the one that is mailed.
"""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from html import unescape

from bulkmail import limits
from bulkmail.tips.unsubscribe.signing import FORM

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])")
_TOKEN = re.compile(rf"(?<![A-Za-z0-9_-]){FORM.pattern}(?![A-Za-z0-9_-])")
_WISH = re.compile(
    r"unsubscribe|opt[- ]?out|remove me|stop (?:sending|e-?mail)|take me off|"
    r"取消訂閱|取消订阅|退訂|退订|拒收|不要再|不想再收|停止發送|刪除我|cancelar|remover",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"^(?:from|date|to|subject|寄件者|寄件人|发件人|日期|主旨|主題)\s*[:：]", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one mail says: every address in it, the sender's first; the tokens of our links; its subject; when it was
    written (None: not said); and whether its words ask to stop."""

    addresses: tuple[str, ...]
    tokens: tuple[str, ...]
    said: str
    at: datetime | None
    wishes: bool


def read_mail(data: bytes) -> Asked:
    """What a mail asks: of an .eml file, or of words that somebody pasted (UTF-8). Never raises for what it holds."""
    data = data[: int(limits.OPT_OUT_BYTES.value)]
    message = _message(data)
    if message is None:
        return _asked("", data.decode("utf-8", "replace"), "", None)
    return _asked(_header(message, "from"), "\n".join(_texts(message)), _header(message, "subject"), _date(message))


def _message(data: bytes) -> EmailMessage | None:
    """The mail, where the words begin like one; None for words by themselves."""
    if not re.match(rb"(?:[!-9;-~]+:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*){2,}\r?\n", data):
        return None
    message = email.message_from_bytes(data, policy=policy.default)
    return message if isinstance(message, EmailMessage) and message["from"] else None


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message[name] or "").split())
    except Exception:  # a header that the library cannot make sense of
        return ""


def _date(message: EmailMessage) -> datetime | None:
    try:
        at = parsedate_to_datetime(_header(message, "date"))
    except (TypeError, ValueError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _texts(message: EmailMessage) -> Iterator[str]:
    """The words of every part that has any, markup taken off; forwarded mails inside included."""
    for part in message.walk():
        if part.get_content_type() == "message/rfc822":
            continue  # walk goes into it
        if part.get_content_maintype() == "text":
            yield _text(part)
        if part is not message and part["from"]:
            yield f"From: {_header(part, 'from')}"


def _text(part: EmailMessage) -> str:
    try:
        words = str(part.get_content())
    except (LookupError, ValueError, KeyError):
        words = (part.get_payload(decode=True) or b"").decode("utf-8", "replace")
    return unescape(re.sub(r"<[^>@]*>", " ", words)) if part.get_content_subtype() == "html" else words


def _asked(sender: str, words: str, subject: str, at: datetime | None) -> Asked:
    found = [*_ADDRESS.findall(sender), *_ADDRESS.findall(words)]
    addresses = dict.fromkeys(address.lower().strip("'") for address in found)
    whole = f"{subject}\n{words}"
    said = subject or " ".join(_HEAD.sub("", words).split())
    return Asked(
        addresses=tuple(addresses)[: int(limits.OPT_OUT_ADDRESSES.value)],
        tokens=tuple(dict.fromkeys(_TOKEN.findall(whole))),
        said=said[:120],
        at=at,
        wishes=_WISH.search(whole) is not None,
    )
