"""Whether an address is well-formed: the answer of email-validator for every text, at a thirtieth of its cost.

A text that is plain (an ASCII dot-atom, one @, a domain of letters, digits and hyphens) is judged by the column;
domains are judged once each; everything else is asked of email-validator itself, once for each different text.
`tests/tips/test_syntax.py` holds the answers equal, with fresh random texts on every run.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import email_validator
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from email_validator import EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

from bulkmail import limits
from bulkmail.tips.addressing.columns import columns_of, mask, places, text_of, texts_of

VERDICT_COLUMNS = ("normalized", "ascii_email", "ascii_domain")
_ATOM = r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+"
_PLAIN = rf"\A{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9.\-]*[A-Za-z0-9]\z"
_PLAIN_ADDRESS = re.compile(_PLAIN.replace(r"\z", r"\Z"))  # RE2 and Python's re differ in the name of the end
_LABEL = r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?"
_LONGEST_DOMAIN = 253
_PLAIN_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z0-9][a-z0-9\-]{{0,61}})?[a-z]\Z")
_SPECIAL = "special"  # stands for a plain domain that email-validator refuses as special-use


def plain(texts: pa.LargeStringArray) -> np.ndarray:
    """Which texts are plain."""
    return mask(pc.match_substring_regex(texts, _PLAIN))


def verdicts(texts: pa.LargeStringArray, shaped: np.ndarray | None = None) -> pa.Table:
    """A row of VERDICT_COLUMNS for each text, as `validate_email(text, strict=True, check_deliverability=False)` says:
    all "" where it refuses the text, `ascii_email` alone "" where the local part has no ASCII form (RFC 6531). `shaped`
    is which of them are plain, where that is known."""
    shaped = plain(texts) if shaped is None else shaped
    address, domain, good = _quick(texts if shaped.all() else texts.filter(pa.array(shaped)))
    quick = shaped.copy()
    quick[shaped] = good
    found = pa.table([address, address, domain], VERDICT_COLUMNS)
    if quick.all():
        return found
    rest = texts.filter(pa.array(~quick)).dictionary_encode()
    asked = pa.table(columns_of(map(ask, rest.dictionary.to_pylist()), 3), VERDICT_COLUMNS)
    return pa.concat_tables([found, asked]).combine_chunks().take(pa.array(places(quick, rest.indices)))


def ask(text: str) -> tuple[str, str, str]:
    """The verdict of email-validator on one text."""
    too_long = len(text) > 4 * limits.ADDRESS_OCTETS.value  # normal form (NFC) shortens by four at most
    if too_long or "@" not in text or ".." in text:
        return "", "", ""
    try:
        found = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return "", "", ""
    return found.normalized, found.ascii_email or "", found.ascii_domain


def is_plain(address: str) -> bool:
    """Whether a text is an address that needs no asking: plain on both sides, and its domain not special-use."""
    return _PLAIN_ADDRESS.match(address) is not None and plain_domain(address.rpartition("@")[2]) not in ("", _SPECIAL)


def plain_domain(domain: str) -> str:
    """The domain in lower case; _SPECIAL for one that is special-use, "" for one that only the validator can judge."""
    return _plain_name(domain.lower()) if len(domain) <= _LONGEST_DOMAIN else ""


@lru_cache(100_000)  # a list is judged in parts, which have most of their domains in common
def _plain_name(name: str) -> str:
    if "--" in name or not _PLAIN_DOMAIN.match(name):
        return ""
    return _SPECIAL if is_under(name, email_validator.SPECIAL_USE_DOMAIN_NAMES) else name


def is_under(domain: str, names: Iterable[str]) -> bool:
    """Whether a domain is one of the names or below one."""
    return domain.endswith(tuple(names)) and any(("." + domain).endswith("." + name) for name in names)


def _quick(texts: pa.LargeStringArray) -> tuple[pa.LargeStringArray, pa.LargeStringArray, np.ndarray]:
    """Addresses and domains of those texts of the shape `_PLAIN` that need no asking, and which these are: at most 64
    octets before the @ and 254 altogether, at a plain domain. One that is special-use is refused here: "" and ""."""
    halves = pc.split_pattern(texts, "@").flatten()
    local, domain = (halves.take(pa.array(np.arange(side, len(halves), 2))) for side in (0, 1))
    names = domain.dictionary_encode()
    plain = [plain_domain(name) for name in names.dictionary.to_pylist()]
    where = names.indices.to_numpy()
    octets, name_octets = pc.binary_length(local).to_numpy(), np.array([len(name) for name in plain] or [0])[where]
    special = np.array([name == _SPECIAL for name in plain] or [False])[where]
    good = special | (octets <= limits.LOCAL_PART_OCTETS.value) & (name_octets > 0)
    good &= octets + 1 + pc.binary_length(domain).to_numpy() <= limits.ADDRESS_OCTETS.value
    domain = texts_of("" if name == _SPECIAL else name for name in plain).take(names.indices)
    address = pc.binary_join_element_wise(_same_case_roles(local), domain, text_of("@"))
    if special.any():
        address = pc.if_else(pa.array(special), text_of(""), address)
    return (address, domain, good) if good.all() else (*(c.filter(pa.array(good)) for c in (address, domain)), good)


def _same_case_roles(local: pa.LargeStringArray) -> pa.LargeStringArray:
    """The local parts, the names of RFC 2142 in lower case (they are one mailbox in any case, its section 2)."""
    small = pc.ascii_lower(local)
    return pc.if_else(pc.is_in(small, pa.array(CASE_INSENSITIVE_MAILBOX_NAMES, small.type)), small, local)
