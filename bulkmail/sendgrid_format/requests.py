"""Letters become the bodies of requests: mail/send, and the question to Email Logs that settles a lost answer."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

import orjson
from email_validator import EmailNotValidError, validate_email

from bulkmail.errors import InputError
from bulkmail.limits import RECIPIENTS_PER_REQUEST
from bulkmail.model import CONFIRMATION, Campaign, Message

# One addressee: address, name, position in the plan, values of the letter's tags, headers of this one letter.
Addressee = tuple[str, str, int, Mapping[str, str], Mapping[str, str]]

SUBSCRIPTION_TRACKING = False  # SendGrid's own unsubscribe headers and link
# SendGrid splits names at these (limitations page); a line break would end the header.
_NOT_IN_A_NAME = str.maketrans(dict.fromkeys(";,\r\n\t\0", " "))


class StaticLetter(Protocol):
    """What all recipients of one request share: subject and parts, with tags where the values of each one go."""

    @property
    def subject(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def text(self) -> str: ...


def mail_send_body(
    *,
    campaign: Campaign,
    letter_static: StaticLetter,
    people: Sequence[Addressee],
    attempt: str,
    plan: str,
    categories: Sequence[str] = (),
    open_tracking: bool = True,
    click_tracking: bool = True,
    send_at: datetime | None = None,
    batch_id: str = "",
) -> dict[str, object]:
    """The body of one mail/send request to all `people`; equal arguments give equal bytes. InputError for a sender
    address or a header SendGrid cannot take, ValueError unless there are 1 to 1,000 people."""
    if not 0 < len(people) <= RECIPIENTS_PER_REQUEST.value:
        raise ValueError(f"one request takes 1 to {RECIPIENTS_PER_REQUEST.value:.0f} people, not {len(people)}")
    body: dict[str, object] = {
        "personalizations": [_personalization(person, attempt, plan) for person in people],
        "from": _sender(campaign),
        **({"reply_to": {"email": _ascii_address(campaign.sender.reply_to)}} if campaign.sender.reply_to else {}),
        "subject": letter_static.subject,
        "content": _content(letter_static),
        "categories": list(categories) or [category_of(campaign.id)],
        "tracking_settings": _tracking(open_tracking, click_tracking),
    }
    if campaign.kind == CONFIRMATION:  # its reader has just asked for it, and may be on the list of unsubscribes
        body["mail_settings"] = {"bypass_unsubscribe_management": {"enable": True}}
    if send_at is not None:
        body["send_at"] = int(send_at.timestamp())
    if batch_id:
        body["batch_id"] = batch_id
    return body


def single_body(
    *, campaign: Campaign, message: Message, address: str, name: str, position: int, **options: Any
) -> dict[str, object]:
    """The body of a request for one person whose letter is already rendered whole; `options` as in mail_send_body."""
    person = (address, name, position, {}, message.headers)
    return mail_send_body(campaign=campaign, letter_static=message, people=[person], **options)


def dump(body: Mapping[str, object]) -> bytes:
    """The bytes that go over the wire, UTF-8 JSON."""
    return orjson.dumps(body)


def category_of(campaign_id: str) -> str:
    """An ASCII name for SendGrid's statistics; ids that lose letters on the way keep a few of their hash apart."""
    slug = re.sub(r"[^a-z0-9]+", "-", campaign_id.lower()).strip("-")[:80]
    digest = sha256(campaign_id.encode()).hexdigest()[:8]
    return slug if slug == campaign_id else f"{slug or 'campaign'}-{digest}"


def _personalization(person: Addressee, attempt: str, plan: str) -> dict[str, object]:
    """One recipient. The three custom arguments come back with every event; they are opaque because SendGrid keeps
    them for good. Both unsubscribe headers travel here and not at the root, which is the form known to merge right."""
    address, name, position, substitutions, headers = person
    clean = " ".join(name.translate(_NOT_IN_A_NAME).split())
    address = _ascii_address(address)
    whole: dict[str, object] = {"to": [{"email": address, "name": clean} if clean else {"email": address}]}
    if headers:
        whole["headers"] = _without_line_breaks(headers, position)
    if substitutions:
        whole["substitutions"] = dict(substitutions)
    whole["custom_args"] = {"bm_c": plan, "bm_a": attempt, "bm_r": str(int(position))}
    return whole


def _without_line_breaks(headers: Mapping[str, str], position: int) -> dict[str, str]:
    for header, value in headers.items():
        if "\n" in value or "\r" in value:
            raise InputError(
                "The header {header} of letter {position} holds a line break. Remove it from the field it comes from.",
                header=header,
                position=int(position),
            )
    return dict(headers)


def _sender(campaign: Campaign) -> dict[str, str]:
    address = _ascii_address(campaign.sender.address)
    if not address.isascii():  # limitations page: Unicode is not supported for the from address
        raise InputError(
            "The sender's address has letters outside ASCII before the @, which SendGrid does not send from. "
            "Choose another sender address."
        )
    name = " ".join(campaign.sender.name.split())
    return {"email": address, "name": name} if name else {"email": address}


def _ascii_address(address: str) -> str:
    """The address with its domain in ASCII; left as it is where there is no such form, for SendGrid to name as bad."""
    if address.isascii():
        return address
    try:
        return validate_email(address, check_deliverability=False).ascii_email or address
    except EmailNotValidError:
        return address


def _content(letter: StaticLetter) -> list[dict[str, str]]:
    """The parts in the order SendGrid asks for: plain text, then HTML. An empty part would be refused."""
    parts = (("text/plain", letter.text), ("text/html", letter.html))
    return [{"type": kind, "value": value} for kind, value in parts if value]


def _tracking(opens: bool, clicks: bool) -> dict[str, object]:
    """Each setting said aloud, since an account's defaults may differ. SendGrid's own unsubscribe stays off: the
    letter brings its own link and headers, and two would contradict each other."""
    return {
        "click_tracking": {"enable": clicks, "enable_text": False},
        "open_tracking": {"enable": opens},
        "subscription_tracking": {"enable": SUBSCRIPTION_TRACKING},
    }


def logs_query(address: str, since: datetime) -> dict[str, object]:
    """The body that asks Email Logs for the letters to `address` after `since`. A request is accepted or refused whole,
    so asking for a few of its people settles all of them."""
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    known = _ascii_address(address).replace('"', "")
    return {"query": f'to_email = "{known}" AND sg_message_id_created_at > TIMESTAMP "{moment}"', "limit": 100}
