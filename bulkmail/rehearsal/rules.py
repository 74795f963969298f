"""What SendGrid refuses: the whole request is checked, every fault is named, and one fault refuses all of it.

After SendGrid's pages api-reference/mail-send/errors, /limitations and personalizations (read 2026-11-23) and its
OpenAPI file; the sentences are ours, the `field` paths are theirs. Where SendGrid names no field, neither do we.
"""

import re
from collections.abc import Iterator

import orjson

from bulkmail import limits

Fault = tuple[str | None, str]  # (field, message)
Json = dict[str, object]

RESERVED_HEADERS = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
    "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
# Looser than RFC 5321 on purpose: the rehearsal refuses what SendGrid is known to refuse, and no more.
_ADDRESS = re.compile(r"[\x21\x23-\x27\x2a\x2b\x2d-\x39\x3d\x3f\x41-\x5a\x5e-\x7e]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+")
_HEADER_NAME = re.compile(r"[!-9;-~]+")


def read_request(raw: bytes, now: float) -> tuple[Json, list[Fault], int]:
    """(body, faults, status): status is 202 where nothing is wrong, else 400 or 415, and the faults say why."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return {}, [(None, "The request is not UTF-8.")], 415
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}, [(None, "Bad Request")], 400
    if not isinstance(body, dict) or _has_values_that_are_not_text(body):
        return {}, [(None, "Bad Request")], 400  # SendGrid does not say where
    faults = list(faults_of(body, now))
    return body, faults, 400 if faults else 202


def faults_of(body: Json, now: float) -> Iterator[Fault]:
    """Every fault of a mail/send body. `now` in seconds since 1970."""
    people = body.get("personalizations")
    if not isinstance(people, list) or not people:
        yield "personalizations", "You must have at least one personalization."
        people = []
    if len(people) > limits.RECIPIENTS_PER_REQUEST.value:
        yield "personalizations", f"A request takes at most 1000 personalizations, and you gave {len(people)}."
    shared = body.get("custom_args")
    recipients = 0
    for index, person in enumerate(people):
        recipients += yield from _person(
            f"personalizations.{index}", person, shared if isinstance(shared, dict) else {}
        )
        if isinstance(person, dict):
            yield from _send_at(f"personalizations.{index}.send_at", person.get("send_at"), now)
    if recipients > limits.RECIPIENTS_PER_REQUEST.value:
        yield None, "There is a limit of 1000 total recipients (to + cc + bcc) per request."
    yield from _letter(body, people)
    yield from _settings(body, now)


def _has_values_that_are_not_text(body: Json) -> bool:
    """SendGrid cannot even read substitutions and custom arguments that are not text, and answers without a field."""
    people = body.get("personalizations")
    holders = [body, *(people if isinstance(people, list) else [])]
    for holder in holders:
        if not isinstance(holder, dict):
            return True
        for name in ("substitutions", "custom_args", "headers"):
            values = holder.get(name)
            if values is not None and not (isinstance(values, dict) and all(type(v) is str for v in values.values())):
                return True
    return False


# ---------------------------------------------------------------- one personalization


def _person(path: str, person: object, shared_arguments: Json) -> Iterator[Fault]:
    """The faults of one personalization; returns how many recipients it has."""
    if not isinstance(person, dict):
        yield path, "A personalization is an object."
        return 0
    if not isinstance(person.get("to"), list) or not person["to"]:
        yield f"{path}.to", "The to array is required for all personalization objects."
    seen: set[str] = set()
    for kind in ("to", "cc", "bcc"):
        yield from _recipients(f"{path}.{kind}", path, person.get(kind) or [], seen)
    if person.get("subject") == "":
        yield f"{path}.subject", "The subject must be at least one character."
    yield from _headers(f"{path}.headers", person.get("headers") or {})
    values = person.get("substitutions") or {}
    if sum(len(tag.encode()) + len(value.encode()) for tag, value in values.items()) > limits.SUBSTITUTION_BYTES.value:
        yield f"{path}.substitutions", "The substitutions of one personalization take more than 10000 bytes."
    yield from _arguments(f"{path}.custom_args", person.get("custom_args"), shared_arguments)
    return len(seen)


def _recipients(path: str, whole: str, entries: object, seen: set[str]) -> Iterator[Fault]:
    if not isinstance(entries, list):
        yield path, "Recipients are an array of objects with an email."
        return
    for index, entry in enumerate(entries):
        address = entry.get("email") if isinstance(entry, dict) else None
        if not is_address(address):
            yield f"{path}.{index}.email", "Does not contain a valid address."
            continue
        name = entry.get("name") or ""
        if not isinstance(name, str) or ";" in name or "," in name:
            yield f"{path}.{index}.name", "A name is text without ; and ,"
        if str(address).lower() in seen:
            yield whole, f"Each email address should be unique between to, cc, and bcc. We found [{address}] again."
        seen.add(str(address).lower())


def is_address(address: object) -> bool:
    """Whether SendGrid takes this as an address: ASCII, one @, a domain with a dot, at most 320 characters."""
    longest = limits.SENDGRID_ADDRESS_CHARACTERS.value
    return isinstance(address, str) and len(address) <= longest and bool(_ADDRESS.fullmatch(address))


def _headers(path: str, headers: object) -> Iterator[Fault]:
    if not isinstance(headers, dict):
        return
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            yield path, "A header's name is ASCII without spaces and colons."
        if name.lower() in RESERVED_HEADERS:
            yield path, f"The header {name} is reserved."
        if "\n" in value or "\r" in value:
            yield path, f"The header {name} holds a line break."
    if len({name.lower() for name in headers}) < len(headers):
        yield path, "A header is given twice."


def _arguments(path: str, own: object, shared: Json) -> Iterator[Fault]:
    if own == {}:
        yield path, "custom_args must have at least one property."
    merged = {**shared, **own} if isinstance(own, dict) else shared
    if merged and len(orjson.dumps(merged)) > limits.SUBSTITUTION_BYTES.value:
        yield path, "The custom_args of one personalization take more than 10000 bytes."


# ---------------------------------------------------------------- the letter and its settings


def _letter(body: Json, people: list[object]) -> Iterator[Fault]:
    sender = body.get("from")
    if not isinstance(sender, dict) or not is_address(sender.get("email")):
        yield "from.email", "The from address is required and must be a valid ASCII address."
    reply = body.get("reply_to")
    if reply is not None and not (isinstance(reply, dict) and is_address(reply.get("email"))):
        yield "reply_to.email", "Does not contain a valid address."
    if reply is not None and body.get("reply_to_list") is not None:
        yield "reply_to", "Give reply_to or reply_to_list, not both."
    has_template = isinstance(body.get("template_id"), str) and bool(body["template_id"])
    everyone = bool(people) and all(isinstance(person, dict) and person.get("subject") for person in people)
    if not has_template and not everyone and not (isinstance(body.get("subject"), str) and body["subject"]):
        yield "subject", "The subject is required."
    yield from _content(body.get("content"), has_template)


def _content(content: object, has_template: bool) -> Iterator[Fault]:
    if not isinstance(content, list) or not content:
        if not has_template:
            yield "content", "Unless a valid template_id is provided, the content parameter is required."
        return
    kinds = []
    for index, part in enumerate(content):
        kind, value = (part.get("type"), part.get("value")) if isinstance(part, dict) else (None, None)
        if not isinstance(kind, str) or not kind:
            yield f"content.{index}.type", "The type of a content is required."
        if not isinstance(value, str) or not value:
            yield f"content.{index}.value", "The value of a content must be at least one character."
        kinds.append(kind)
    order = [{"text/plain": 0, "text/html": 1}.get(str(kind), 2) for kind in kinds]
    if order != sorted(order):
        yield "content", "Content comes in the order text/plain, text/html, others."


def _settings(body: Json, now: float) -> Iterator[Fault]:
    yield from _headers("headers", body.get("headers") or {})
    yield from _send_at("send_at", body.get("send_at"), now)
    categories = body.get("categories") or []
    if not isinstance(categories, list) or len(categories) > limits.CATEGORIES_PER_REQUEST.value:
        yield "categories", "There may be at most 10 categories."
        return
    for index, category in enumerate(categories):
        longest = limits.CATEGORY_CHARACTERS.value
        if not isinstance(category, str) or not category.isascii() or not 0 < len(category) <= longest:
            yield f"categories.{index}", "A category is ASCII text of at most 255 characters."
    if len(set(map(str, categories))) < len(categories):
        yield "categories", "Categories must be unique."


def _send_at(path: str, moment: object, now: float) -> Iterator[Fault]:
    if moment is None:
        return
    if type(moment) is not int:
        yield path, "send_at is a number of seconds since 1970."
    elif moment > now + limits.SCHEDULE_AHEAD_HOURS.value * 3600:
        yield path, "send_at may be at most 72 hours ahead."
