"""The quality of a list in numbers: signs of each row, and how many rows have each.

Signs are zeros and ones, and what sums them takes any kind of table that narwhals knows: pandas in a notebook, polars,
or Spark where a list is too large for one machine.
"""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail.tips.addressing.columns import cells_of, fingerprints, mask, one_array, repeated
from bulkmail.tips.addressing.forms import FOREIGN, TOO_LONG
from bulkmail.tips.addressing.judging import role_pattern
from bulkmail.tips.addressing.known import ROLES, is_listed_as_disposable
from bulkmail.tips.addressing.names import is_no_name, several_addresses

_DOUBTFUL = ("invalid_address", "reserved_domain", "cannot_receive", "role_address")


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How many `rows` a list has, how many of them have each sign (`counts`), and which (`signs` has a row for each row
    of the list with its `source_row`; None where the list is not at hand)."""

    rows: int
    counts: Mapping[str, int]
    signs: pd.DataFrame | None = field(default=None, repr=False)

    def where(self, sign: str) -> tuple[int, ...]:
        """The source rows that have a sign; () where the list is not at hand."""
        if self.signs is None or not self.counts[sign]:
            return ()
        return tuple(self._source_rows[self.signs[sign].to_numpy(dtype=bool)].tolist())

    @cached_property
    def _source_rows(self) -> np.ndarray:
        return self.signs["source_row"].to_numpy()


def quality_of(table: pd.DataFrame) -> Quality:
    """The quality of an annotated list."""
    with ThreadPoolExecutor(2) as pool:  # beside each other, for Arrow leaves Python alone while it works
        several = pool.submit(several_addresses, table)
        found = signs_of(table).assign(several_addresses=several.result().astype("int8"))
    return Quality(rows=len(table), counts=count(found), signs=found)


def signs_of(table: pd.DataFrame) -> pd.DataFrame:
    """`source_row` and the signs of each row of an annotated table, 1 or 0, as far as rows of one mailbox tell them."""
    reason, note = (cells_of(table, name) for name in ("addressing_reason", "addressing_note"))
    address, mailbox = (cells_of(table, name) for name in ("address", "mailbox"))
    suggested = table["suggestion"].ne("").to_numpy(dtype=bool)
    disposable, role = is_disposable(table["domain"]).to_numpy(), is_role(table["mailbox"]).to_numpy()
    answer = cells_of(table, "domain_answer")
    signs = {
        "usable": _is(reason, ""),
        "malformed": _is(reason, "no_address", "invalid_address"),
        "refused_by_yahoo": _holds_any(address, "$%?{}"),
        "too_long": _is(note, TOO_LONG),
        "made_plain": _was_made_plain(table, address),
        "repeated": _is_repeated(mailbox),
        "international": _is(note, FOREIGN),
        "cannot_receive": _is(answer, "cannot"),
        "domain_unknown": _is(answer, "unknown"),
        "slip": suggested & ~_is(address, ""),
        "disposable": disposable,
        "role": role,
        "reserved": _is(reason, "reserved_domain"),
        "no_name": is_no_name(table).to_numpy(),
        "doubtful": _is(reason, *_DOUBTFUL) | disposable | role | suggested,
        "dated": _is_dated(table),
    }
    return pd.DataFrame(
        {"source_row": table["source_row"].to_numpy()} | {k: v.astype("int8") for k, v in signs.items()}
    )


def count(signs: object) -> dict[str, int]:
    """How many rows have each sign, in a table of any kind."""
    table = nw.from_native(signs).lazy() if not isinstance(signs, pd.DataFrame) else nw.from_native(signs)
    names = [name for name in table.collect_schema().names() if name != "source_row"]
    sums = table.select(nw.col(name).cast(nw.Int64).sum() for name in names)
    row = (sums.collect() if isinstance(sums, nw.LazyFrame) else sums).to_dict(as_series=False)
    return {name: int(row[name][0] or 0) for name in names}


def _is(cells: pa.Array, *values: str) -> np.ndarray:
    if len(values) == 1:
        return mask(pc.equal(cells, values[0]))
    return mask(pc.is_in(cells, pa.array(values, cells.type)))


def _holds_any(cells: pa.Array, characters: str) -> np.ndarray:
    """Which cells hold one of the characters; where the whole column has none, a quarter of the time tells."""
    whole = (cells.buffers()[2] or pa.py_buffer(b"")).to_pybytes()
    if not any(character.encode() in whole for character in characters):
        return np.zeros(len(cells), bool)
    return mask(pc.match_substring_regex(cells, f"[{re.escape(characters)}]"))


def _was_made_plain(table: pd.DataFrame, address: pa.Array) -> np.ndarray:
    original = cells_of(table, "original_address")
    changed = mask(pc.not_equal(address, original)) & ~_is(address, "")
    where = pa.array(changed)
    changed[changed] = mask(pc.not_equal(pc.utf8_lower(address.filter(where)), pc.utf8_lower(original.filter(where))))
    return changed


def _is_repeated(mailbox: pa.Array) -> np.ndarray:
    """Which rows have a mailbox that stands higher up."""
    near = repeated(fingerprints(mailbox)) & ~_is(mailbox, "")
    codes = mailbox.filter(pa.array(near)).dictionary_encode().indices.to_numpy()
    again = np.ones(len(codes), bool)
    again[np.unique(codes, return_index=True)[1]] = False
    near[near] = again
    return near


def _is_dated(table: pd.DataFrame) -> np.ndarray:
    if "consent_at" not in table:
        return np.zeros(len(table), bool)
    return (table["consent_at"].notna() & (table["consent_at"] != "")).to_numpy(dtype=bool)


def is_disposable(domains: pd.Series) -> pd.Series:
    """Whether each domain, or one above it, is on the list of throw-away domains; relays for privacy are not."""
    names = one_array(pa.array(domains, pa.large_string())).dictionary_encode()
    listed = np.array([is_listed_as_disposable(name) for name in names.dictionary.to_pylist()], bool)
    return pd.Series(listed[names.indices.to_numpy()], index=domains.index)


def is_role(mailboxes: pd.Series) -> pd.Series:
    """Whether each mailbox belongs to a function (info@, admissions@) and not to a person."""
    found = pc.match_substring_regex(one_array(pa.array(mailboxes, pa.large_string())), role_pattern(ROLES))
    return pd.Series(mask(found), index=mailboxes.index)
