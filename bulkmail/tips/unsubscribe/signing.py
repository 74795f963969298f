"""The tokens of links: signed, opaque, and readable for ever.

One names its person by the keyed hash, so that no address travels in a link or rests in a log.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bulkmail import limits

_VERSION = 1
_CONTEXT = b"bulkmail unsubscribe\0"  # keeps signatures of other uses of a key apart
_PLAN_BYTES, _PERSON_BYTES, _SIGNATURE_BYTES = 8, 16, int(limits.TOKEN_BITS.value) // 8
FORM = re.compile(r"[A-Za-z0-9_-]{56}")  # 42 bytes in base64url fill their 56 characters: no other spelling is read


@dataclass(frozen=True, kw_only=True)
class Token:
    """Who a link is about, and which letter it came in: the first 16 hex characters of the plan's hash."""

    person: str
    plan: str


def make_token(person: str, plan: str, key: bytes, key_id: int) -> str:
    """The token of one person's link: 56 characters that are safe in a URL.

    `person` is 32 hex characters, `plan` 16 or more (the first 16 count), `key_id` 0 to 255. It is version, key id,
    plan, person and HMAC-SHA256 cut to 128 bits (RFC 8058 section 3.1 asks for what is hard to forge), in base64url.
    """
    return tokens([person], plan, key, key_id)[0]


def tokens(persons: Iterable[str], plan: str, key: bytes, key_id: int) -> list[str]:
    """The tokens of many persons of one plan, in their order. Raises ValueError for a key that is too short."""
    if len(key) < _SIGNATURE_BYTES:
        raise ValueError("a key of at least 16 bytes signs the links")
    head = bytes((_VERSION, key_id)) + bytes.fromhex(plan[: 2 * _PLAN_BYTES])
    bodies = [head + bytes.fromhex(person) for person in persons]
    if any(len(body) != 2 + _PLAN_BYTES + _PERSON_BYTES for body in bodies):
        raise ValueError("a plan has 16 hex characters and a person 32")
    return [base64.urlsafe_b64encode(body + _signature(body, key)).decode() for body in bodies]


def read_token(token: str, keys: Mapping[int, bytes]) -> Token | None:
    """Whom a token is about; None for everything that none of `keys` (key id to key) has signed. Never raises.

    Signatures are compared in constant time. Old keys stay in `keys`, so that links in old letters work on.
    """
    if not isinstance(token, str) or not FORM.fullmatch(token):
        return None
    raw = base64.urlsafe_b64decode(token)
    body, signature = raw[:-_SIGNATURE_BYTES], raw[-_SIGNATURE_BYTES:]
    key = keys.get(body[1], b"")
    if not hmac.compare_digest(signature, _signature(body, key)) or body[0] != _VERSION or len(key) < _SIGNATURE_BYTES:
        return None
    return Token(plan=body[2 : 2 + _PLAN_BYTES].hex(), person=body[2 + _PLAN_BYTES :].hex())


def _signature(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _CONTEXT + body, "sha256")[:_SIGNATURE_BYTES]
