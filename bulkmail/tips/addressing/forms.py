"""Normal form first: what a cell says once white space, invisible and full-width signs and wrappings are gone; then its
verdict, its reason where it is refused, and what it may have been meant to be.

Arrow in, Arrow out, so that pandas, polars and Spark's `mapInArrow` are served alike.
"""

import re
import unicodedata

import email_validator
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail import limits
from bulkmail.model import say
from bulkmail.tips.addressing.columns import columns_of, mask, one_array, text_of, texts_of
from bulkmail.tips.addressing.known import PROVIDERS, RESERVED_DOMAINS
from bulkmail.tips.addressing.syntax import is_plain, is_under, plain, verdicts

# Why an address is refused: `addressing_note`, an English key of the catalogue.
NO_ADDRESS = say("There is no address in the cell.").template
SEVERAL = say("The cell holds more than one address.").template
NO_AT = say("There is no @ in it.").template
HALF = say("Nothing stands before or after the @.").template
SPACE = say("There is a space inside the address.").template
TOO_LONG = say("It is longer than mail allows.").template
FOREIGN = say("The part before the @ holds characters that the sending path cannot carry.").template
RESERVED = say("The domain is reserved and belongs to nobody.").template
NOT_AN_ADDRESS = say("It is not written as an address can be.").template

_INVISIBLE = dict.fromkeys([0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)])
_IN_BRACKETS = re.compile(r"([^<>]*)<([^<>]+)>[\s;,.]*\Z")
_BETWEEN = re.compile(r"[\s;,/<>()|:]+")
_LONGEST_CELL = 10_000
# A provider's name without its end or its dots (`ana@gmail`, `ana@gmailcom`), unless too short to be sure of.
_WITHOUT_DOTS = {
    part: name for name in reversed(PROVIDERS) for part in (name.split(".")[0], name.replace(".", "")) if len(part) > 3
}


def repair(cell: str) -> str:
    """The address as its writer meant it: white space and invisible characters gone, full-width letters, ＠ and 。 made
    plain (NFKC), `Name <a@b>` and `mailto:` unwrapped, a trailing `;`, `,` or `.` dropped. Nothing is guessed."""
    text = cell[:_LONGEST_CELL]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).replace("。", ".")
    text = text.strip().strip(";,、").strip()
    bracketed = _IN_BRACKETS.match(text) if "<" in text else None
    if bracketed and ("@" not in bracketed[1] or bracketed[1].strip("\"' ").lower() == bracketed[2].strip().lower()):
        text = bracketed[2].strip()  # with another address before it, the cell holds two
    if text[:7].lower() == "mailto:":
        text = text[7:].partition("?")[0]
    if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return text.rstrip(";,.").strip()


def forms_of(addresses: pa.Array | pa.ChunkedArray) -> pa.Table:
    """A row for each cell: `address` (ASCII, domain in lower case), `domain`, `error`, `suggestion`.

    What is refused has an `error` and "" in the first two; `suggestion` is an address it may have been meant to be. The
    verdict is that of `syntax.verdicts` on the repaired cell, save that a local part without an ASCII form is refused
    (RFC 6531: SendGrid takes none).
    """
    cells = pc.ascii_trim_whitespace(one_array(addresses))
    shaped = plain(cells)  # `repair` changes none of them
    odd = pa.array(~shaped)
    left = pc.utf8_trim_whitespace(cells.filter(odd)).dictionary_encode()
    repaired = texts_of(map(repair, left.dictionary.to_pylist())).take(left.indices)
    texts = pc.replace_with_mask(cells, odd, repaired)
    shaped[~shaped] = plain(repaired)
    found = verdicts(texts, shaped)
    address, domain = found["ascii_email"].combine_chunks(), found["ascii_domain"].combine_chunks()
    refused = pc.equal(address, "")
    wrong = texts.filter(refused).dictionary_encode()
    reasons = columns_of(map(_reason, wrong.dictionary.to_pylist()), 2)
    error, suggestion = (_blank_but(len(texts), refused, column.take(wrong.indices)) for column in reasons)
    if mask(refused).any():
        domain = pc.if_else(refused, text_of(""), domain)
    return pa.table({"address": address, "domain": domain, "error": error, "suggestion": suggestion})


def _blank_but(count: int, where: pa.BooleanArray, cells: pa.LargeStringArray) -> pa.LargeStringArray:
    return pc.replace_with_mask(pa.repeat(text_of(""), count), where, cells)


def _reason(text: str) -> tuple[str, str]:
    """What is wrong with a refused text, in words that a catalogue can hold, and what it may have been meant to be."""
    error = _fault(text)
    return error, "" if error in (NO_ADDRESS, SEVERAL, RESERVED) else _mended(text)


def _fault(text: str) -> str:
    if not text:
        return NO_ADDRESS
    if "@" not in text:
        return NO_AT
    if sum("@" in word.strip("@") for word in _BETWEEN.split(text)) > 1:
        return SEVERAL
    local, _, domain = text.rpartition("@")
    if not local or not domain:
        return HALF
    if is_under(domain.lower(), (*email_validator.SPECIAL_USE_DOMAIN_NAMES, *RESERVED_DOMAINS)):
        return RESERVED
    if len(local) > limits.LOCAL_PART_OCTETS.value or len(text.encode()) > limits.ADDRESS_OCTETS.value:
        return TOO_LONG
    if any(map(str.isspace, text)):
        return SPACE
    return NOT_AN_ADDRESS if local.isascii() else FOREIGN


def _mended(text: str) -> str:
    """The address it would be with dots for commas, without doubled signs and spaces beside them, and with the end of a
    provider's name that was left out; or ""."""
    if len(text) > limits.ADDRESS_OCTETS.value:
        return ""
    guess = re.sub(r"\s*([@.])[\s@.]*", r"\1", text.replace(",", ".")).strip(".")
    local, _, domain = guess.rpartition("@")
    guess = f"{local}@{_WITHOUT_DOTS.get(domain.lower(), domain)}"
    return guess if guess != text and is_plain(guess) else ""
