"""Prepares what people did to a list: mends laid over its version, undone, carried to the next, and compared."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

import pandas as pd
import pyarrow as pa

from bulkmail import intake, mending, rejects, versions
from bulkmail.adapters import lists, mends
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import InputError, StateError
from bulkmail.intake import workbooks
from bulkmail.intake.headers import language_of
from bulkmail.prepare.beside import beside
from bulkmail.tips import addressing


def mends_of(ws: Workspace, list_id: int) -> pd.DataFrame:
    """What holds of the mends of a version (`mending.MEND_COLUMNS`)."""
    return mending.standing(mends.deeds(ws, list_id), mends.mends(ws, list_id))


def mended_list(ws: Workspace, list_id: int, *, stop: int | None = None) -> pd.DataFrame:
    """The table of a version with its mends, as every campaign sees it, or its rows before `stop`."""
    return mending.overlay(lists.load_list(ws, list_id, stop=stop), mends_of(ws, list_id))


def mended_rows(ws: Workspace, list_id: int, numbers: Collection[int]) -> pd.DataFrame:
    """The rows of a version with these numbers (source_row), with their mends."""
    return mending.overlay(lists.load_rows(ws, list_id, numbers), mends_of(ws, list_id))


def list_hash(ws: Workspace, version: lists.ListVersion) -> str:
    """What a plan knows a version with its mends by; that of its file alone where nothing is mended."""
    file_hash = str(version.meta["file_hash"])
    return mending.mended_hash(file_hash, mends_of(ws, version.id)) if mends.newest_deed(ws, version.id) else file_hash


def mend(ws: Workspace, list_id: int, what: str, changed: pd.DataFrame, *, who: str, now: datetime) -> int:
    """The id of the deed that was written down; 0 where there was nothing to change."""
    return mends.add_deed(ws, list_id, who, what, changed, now) if len(changed) else 0


def mark(ws: Workspace, version: lists.ListVersion) -> str:
    """What a workbook of rows to correct is marked with: the file, and the last deed whose mends it shows."""
    return f"{version.meta['file_hash']} {mends.newest_deed(ws, version.id)}"


def corrections(ws: Workspace, version: lists.ListVersion, data: bytes) -> rejects.Corrections:
    """What was corrected in a workbook of rejected rows since it was made, whatever was mended here meanwhile. Raises
    InputError where it is no workbook of this version."""
    return beside(ws, version.rows, _corrections, version, data)


def _corrections(ws: Workspace, version: lists.ListVersion, data: bytes) -> rejects.Corrections:
    sheets = _sheets(data)
    file_hash, _, deed = rejects.mark_of(sheets).partition(" ")
    if file_hash != version.meta["file_hash"]:
        raise InputError("These rows are of another file, or of another version of this list. Choose that version.")
    known, until = mends.mends(ws, version.id), int(deed) if deed.isdecimal() else 0
    done = mends.deeds(ws, version.id)
    as_made = mending.standing(done[done["id"] <= until], known[known["deed"] <= until])
    return _as_read(rejects.corrections(mending.overlay(lists.load_list(ws, version.id), as_made), sheets))


def corrections_of_file(table: pd.DataFrame, data: bytes, file_hash: str) -> rejects.Corrections:
    """What was corrected in a workbook of rejected rows of a file that is not kept as a list."""
    sheets = _sheets(data)
    if rejects.mark_of(sheets).partition(" ")[0] != file_hash:
        raise InputError("These rows are of another file.")
    return _as_read(rejects.corrections(table, sheets))


def _as_read(found: rejects.Corrections) -> rejects.Corrections:
    """The corrections with languages by their code, as reading a file makes them of words."""
    cells = found.cells
    codes = cells["after"].map(language_of).where(cells["column"] == "language", cells["after"]).astype("str")
    told = cells.assign(after=codes)
    return replace(found, cells=told[told["after"] != told["before"]].reset_index(drop=True))


def _sheets(data: bytes) -> dict[str, pa.Table]:
    if not data.startswith(b"PK"):
        raise InputError("A corrected workbook is an .xlsx file. Save it as one, with all its sheets.")
    names, load = workbooks.open_workbook(data)
    return {name: load(name).cells for name in names}


def save_list(
    ws: Workspace, name: str, reading: intake.Reading, file_hash: str, now: datetime, *, who: str = "", origin: str = ""
) -> lists.ListVersion:
    """The saved version of a list as read, with what is needed to read its columns again; mends of the version before
    that are still needed are taken over in the same step, as a deed that says which are and which are not. `origin` is
    where the list came from, as the person who brought it said. StateError where the list was changed meanwhile."""
    meta = {"columns": dict(reading.columns), "encoding": reading.encoding, "file_hash": file_hash, "origin": origin}
    before = lists.newest(ws, name)
    also = _carrier(ws, before, reading.table, who, now) if before else {}
    return lists.save_list_version(ws, name, reading.table, meta, now, **also)


def _carrier(
    ws: Workspace, before: lists.ListVersion, table: pd.DataFrame, who: str, now: datetime
) -> dict[str, Callable]:
    """What has a new version take over the mends of the one before; {} where there are none."""
    done = mends.deeds(ws, before.id)
    held = mending.standing(done, mends.mends(ws, before.id))
    if held.empty:
        return {}
    uploaded = lists.load_list(ws, before.id)
    told = versions.carry(uploaded, mending.overlay(uploaded, held), held, table)
    about = {"from": before.id, **told["fate"].value_counts().to_dict()}

    def take_over(connection: object, list_id: int) -> None:
        if mends.last_deed(connection, before.id) != done["id"].max():
            raise StateError("Somebody mended this list while you saved it. Save it again.")
        mends.record(connection, list_id, who, "carried", told[told["fate"] == "applies"], now, about=about)

    return {"also": take_over}


def compare(ws: Workspace, earlier: int, later: int) -> versions.Changes:
    """What changed between two versions of a list, each as it was uploaded; of long ones in a process apart."""
    return beside(ws, lists.list_version_of(ws, later).rows, _compare, earlier, later)


def _compare(ws: Workspace, earlier: int, later: int) -> versions.Changes:
    return versions.changes(*(_with_mailbox(lists.load_list(ws, list_id)) for list_id in (earlier, later)))


def _with_mailbox(table: pd.DataFrame) -> pd.DataFrame:
    forms = addressing.normal_forms(pa.array(table["original_address"], pa.large_string()))
    return table.assign(mailbox=pd.Series(pd.array(forms["mailbox"], dtype="str"), index=table.index))
