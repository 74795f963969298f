"""Which addresses are one mailbox, and the keyed hash by which everything else knows its person."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail.tips.addressing.columns import one_array, text_of, texts_of
from bulkmail.tips.addressing.forms import repair
from bulkmail.tips.addressing.keyed import hashes
from bulkmail.tips.addressing.known import DOTLESS_DOMAINS, TAGGED_DOMAINS
from bulkmail.tips.addressing.syntax import ask


def mailboxes(address: pa.LargeStringArray, domain: pa.LargeStringArray) -> pa.LargeStringArray:
    """The key by which addresses are one mailbox: lower case, tags and dots gone where the provider ignores them."""
    small = pc.ascii_lower(address)
    there = pc.is_in(domain, pa.array(TAGGED_DOMAINS, domain.type))
    return pc.replace_with_mask(small, there, _bare(small.filter(there), domain.filter(there)))


def _bare(small: pa.LargeStringArray, domain: pa.LargeStringArray) -> pa.LargeStringArray:
    """Addresses in lower case at providers that ignore tags, without what the provider ignores."""
    tagged = pc.match_substring(small, "+")
    untagged = pc.replace_substring_regex(small.filter(tagged), r"\A([^@+]+)\+[^@]*@", r"\1@")
    bare = pc.replace_with_mask(small, tagged, untagged)
    for name in DOTLESS_DOMAINS:
        there = pc.equal(domain, name)
        local = pc.utf8_slice_codeunits(bare.filter(there), 0, -len(name) - 1)
        dotless = pc.replace_substring(local, ".", "")
        address = pc.binary_join_element_wise(dotless, text_of(DOTLESS_DOMAINS[0]), text_of("@"))
        bare = pc.replace_with_mask(bare, there, address)
    return bare


def person_of(address: str, person_key: bytes) -> str:
    """The keyed hash of one address's mailbox, as `annotate` gives it; "" for what is no address."""
    return hashes(texts_of([_mailbox(ask(repair(address))[1])]), person_key)[0].as_py()


def _mailbox(address: str) -> str:
    """`mailboxes` for one address, without the cost of setting an array up."""
    local, _, domain = address.lower().rpartition("@")
    if domain in TAGGED_DOMAINS:
        local = local.partition("+")[0] or local
    if domain in DOTLESS_DOMAINS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if local else ""


def persons(mailboxes: pd.Series, person_key: bytes) -> pd.Series:
    """The keyed hash of each mailbox, as `annotate` gives it."""
    found = hashes(one_array(pa.array(mailboxes, pa.large_string())), person_key)
    return pd.Series(pd.array(found, dtype="str"), index=mailboxes.index)
