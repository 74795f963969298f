"""The rows of every kept list that a person stands in, as campaigns see them: with what was mended."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail import mending
from bulkmail.adapters import lists, mends
from bulkmail.adapters.workspace import Workspace
from bulkmail.tips import addressing


def rows_of(ws: Workspace, person: str, address: str) -> list[tuple[lists.ListVersion, pd.DataFrame]]:
    """Every version of every list with the person's rows in it, newest version first; those without are left out."""
    found = ((version, _of_person(_as_seen(ws, version), ws, person, address)) for version in lists.lists(ws))
    return [(version, rows) for version, rows in found if len(rows)]


def _as_seen(ws: Workspace, version: lists.ListVersion) -> pd.DataFrame:
    holds = mending.standing(mends.deeds(ws, version.id), mends.mends(ws, version.id))
    return mending.overlay(lists.load_list(ws, version.id), holds)


def _of_person(table: pd.DataFrame, ws: Workspace, person: str, address: str) -> pd.DataFrame:
    """Only rows that name something like the domain are read as addresses: a list has a million rows."""
    cells = pa.array(table["original_address"], pa.large_string())
    plain = pc.utf8_lower(pc.utf8_normalize(cells, "NFKC"))
    near = table[pc.match_substring(plain, _mark(address)).to_numpy(zero_copy_only=False)]
    if near.empty:
        return near
    forms = addressing.normal_forms(pa.array(near["original_address"], pa.large_string()))
    mailboxes = pd.Series(pd.array(forms["mailbox"], dtype="str"), index=near.index)
    return near[addressing.persons(mailboxes, ws.person_key).eq(person)]


def _mark(address: str) -> str:
    """What every spelling of the mailbox has in it: the name of its domain before the first dot, as far as it is
    ASCII (an international name has two spellings; so has Gmail)."""
    name = address.rpartition("@")[2].partition(".")[0]
    return "mail" if name in ("gmail", "googlemail") else "" if name.startswith("xn--") else name
