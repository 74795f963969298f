"""What tip 2 says of each row of a list: the columns of `model.ADDRESSING_COLUMNS`."""

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail.tips.addressing.columns import cells_of, mask, text_of, texts_of
from bulkmail.tips.addressing.forms import NO_ADDRESS, RESERVED, forms_of
from bulkmail.tips.addressing.keyed import hashes
from bulkmail.tips.addressing.known import NEVER_MAILED_ROLES, RESERVED_DOMAINS
from bulkmail.tips.addressing.mailboxes import mailboxes
from bulkmail.tips.addressing.slips import likely_domains
from bulkmail.tips.addressing.syntax import is_under

_PART_ROWS = 125_000  # judged at a time


def annotate(
    table: pd.DataFrame,
    *,
    person_key: bytes,
    domain_facts: Mapping[str, str] | None = None,
    slips: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The table with ADDRESSING_COLUMNS, read from `original_address` (or `address` where there is no such column).

    Rows, order and index stay. `domain_facts` says of a domain receives, cannot or unknown; what it does not name is
    unknown. `slips` are domains that look like a slip with what they may mean (`likely_domains` of the list's own where
    not given). `suggestion` is for people to look at and is never applied.
    """
    original = table["original_address" if "original_address" in table else "address"]
    forms = _forms_in_parts(pa.array(original, pa.large_string()), person_key)
    names = forms["domain"].combine_chunks().dictionary_encode()
    domains, where = names.dictionary.to_pylist(), names.indices.to_numpy()
    slips = likely_domains(domain_counts(domains, where)) if slips is None else slips
    columns = {
        "address": forms["address"],
        "mailbox": forms["mailbox"],
        "domain": forms["domain"],
        "person": forms["person"],
        "suggestion": _suggestions(forms, domains, names.indices, slips),
        "addressing_reason": _reasons(forms, domains, where),
        "addressing_note": forms["error"],
    }
    judged = table.assign(original_address=original, **{name: _series(cells, table) for name, cells in columns.items()})
    return with_answers(judged, domain_facts or {})


def _forms_in_parts(addresses: pa.Array | pa.ChunkedArray, person_key: bytes) -> pa.Table:
    """`normal_forms` of a column and the `person` of each mailbox, a part of the rows in each thread."""

    def judged(start: int) -> pa.Table:
        forms = normal_forms(addresses[start : start + _PART_ROWS])
        return forms.append_column("person", hashes(forms["mailbox"].combine_chunks(), person_key))

    starts = range(0, max(len(addresses), 1), _PART_ROWS)
    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        whole = pa.concat_tables(pool.map(judged, starts))
        columns = list(pool.map(pa.ChunkedArray.combine_chunks, whole.columns))
    return pa.table(columns, whole.column_names)


def normal_forms(addresses: pa.Array | pa.ChunkedArray) -> pa.Table:
    """What `forms_of` tells of each cell, and its `mailbox`."""
    forms = forms_of(addresses)
    mailbox = mailboxes(forms["address"].combine_chunks(), forms["domain"].combine_chunks())
    return forms.append_column("mailbox", mailbox)


def domain_counts(domains: list[str], where: np.ndarray) -> dict[str, int]:
    """How many rows each domain has."""
    return dict(zip(domains, np.bincount(where, minlength=len(domains)).tolist(), strict=True))


def with_answers(table: pd.DataFrame, domain_facts: Mapping[str, str]) -> pd.DataFrame:
    """The annotated table with what DNS says of each domain, and those rows given up whose domain cannot receive."""
    answer, reason = _answers(cells_of(table, "domain"), domain_facts), cells_of(table, "addressing_reason")
    if "cannot" in domain_facts.values():
        gone = pc.and_(pc.equal(answer, "cannot"), pc.is_in(reason, pa.array(["", "role_address"], reason.type)))
        reason = pc.if_else(gone, text_of("cannot_receive"), reason)
    return table.assign(addressing_reason=_series(reason, table), domain_answer=_series(answer, table))


def _answers(domain: pa.Array, domain_facts: Mapping[str, str]) -> pa.Array:
    if not domain_facts:
        return pc.if_else(pc.equal(domain, ""), text_of(""), text_of("unknown"))
    names = domain.dictionary_encode()
    answers = [domain_facts.get(name, "unknown") if name else "" for name in names.dictionary.to_pylist()]
    return texts_of(answers).take(names.indices)


def _series(column: pa.Array | pa.ChunkedArray, table: pd.DataFrame) -> pd.Series:
    return pd.Series(pd.array(column, dtype="str"), index=table.index)


def _suggestions(
    forms: pa.Table, domains: list[str], where: pa.Array, slips: Mapping[str, str]
) -> pa.Array | pa.ChunkedArray:
    """The mended text of what was refused, and the address at the better domain where the domain looks like a slip."""
    instead = texts_of(slips.get(domain, "") for domain in domains).take(where)
    is_slip = pc.not_equal(instead, "")
    local = pc.replace_substring_regex(forms["address"].filter(is_slip), "@.*", "").combine_chunks()
    better = pc.binary_join_element_wise(local, instead.filter(is_slip), text_of("@"))
    return pc.replace_with_mask(forms["suggestion"].combine_chunks(), is_slip, better)


def _reasons(forms: pa.Table, domains: list[str], where: np.ndarray) -> pa.Array:
    """Why a row cannot be mailed, or "": the first of the reasons that holds."""
    reserved = np.array([is_under(domain, RESERVED_DOMAINS) for domain in domains], bool)[where]
    error = forms["error"]
    holds = {
        "": np.zeros(len(where), bool),
        "no_address": mask(pc.equal(error, NO_ADDRESS)),
        "reserved_domain": mask(pc.equal(error, RESERVED)) | reserved,
        "invalid_address": mask(pc.not_equal(error, "")),
        "role_address": mask(pc.match_substring_regex(forms["mailbox"], _NEVER_MAILED)),
    }
    first = np.select(list(holds.values()), range(len(holds)), default=0)
    return texts_of(holds).take(pa.array(first))


def role_pattern(names: Iterable[str]) -> str:
    """A pattern for mailboxes of these functions, tagged or not."""
    return rf"\A(?:{'|'.join(map(re.escape, names))})(?:\+[^@]*)?@"


_NEVER_MAILED = role_pattern(NEVER_MAILED_ROLES)
