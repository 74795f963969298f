"""Brings in past engagement from files: whatever their shape, part by part, with a report of every row."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from bulkmail import engagement, sendgrid_past
from bulkmail.adapters import past
from bulkmail.adapters.workspace import Workspace

_NO_REFUSALS = pd.DataFrame({"row": [], "column": [], "reason": []}).astype({"row": "int64"})
_Part = tuple[pd.DataFrame, pd.DataFrame]  # a table of sends, and rows that could not be read at all


@dataclass(frozen=True, kw_only=True)
class BroughtIn:
    """What a file brought: rows = new + repeated + refused. Of a file of events the rows are letters, and `events` how
    many events they were made from. `refused` names row, column and reason (`engagement.REFUSALS`)."""

    rows: int
    new: int
    repeated: int
    refused: pd.DataFrame
    events: int = 0


def bring_in(ws: Workspace, name: str, data: bytes, now: datetime) -> BroughtIn:
    """As `bring_in_file`, from bytes."""
    return _bring_in(ws, name, io.BytesIO(data), now)


def bring_in_file(ws: Workspace, path: Path, now: datetime) -> BroughtIn:
    """What a file of past engagement brought; its new letters are kept under its name, without any address.

    CSV in UTF-8, Parquet or lines of JSON: a table of sends, one of SendGrid's logs, or a public data set, told by its
    columns. Raises InputError for others. A file of any size is walked in parts; brought in again it changes nothing.
    """
    with path.open("rb") as file:
        return _bring_in(ws, path.name, file, now)


def _bring_in(ws: Workspace, name: str, file: BinaryIO, now: datetime) -> BroughtIn:
    persons, known = partial(engagement.persons_of, key=ws.person_key), past.known_keys(ws)
    rows = new = repeated = events = 0
    refusals = [_NO_REFUSALS]
    for table, torn in _parts(file, name):
        report = engagement.read_event_table(engagement.as_sends(table), persons=persons, now=now)
        keys = past.keys_of(report.letters)
        fresh = ~np.isin(keys, known)
        past.save_import(ws, name, report.letters[fresh].reset_index(drop=True), now)
        known = np.union1d(known, keys)
        refusals += [report.refused.assign(row=report.refused["row"] + rows), torn]
        rows += report.rows + len(torn)
        new += int(fresh.sum())
        repeated += report.repeated + int((~fresh).sum())
        events += int(table["events"].sum()) if "events" in table else 0
    refused = pd.concat([part for part in refusals if len(part)] or [_NO_REFUSALS], ignore_index=True)
    return BroughtIn(rows=rows, new=new, repeated=repeated, refused=refused, events=events)


def _parts(file: BinaryIO, name: str) -> Iterator[_Part]:
    """Tables of sends, one after another; a file of events makes a single one, for a letter's events lie far apart."""
    if past.shape_of(file) == "json":
        yield _sends_of_lines(file)
        return
    folded = []
    for table, torn in past.table_parts(file, name):
        if sendgrid_past.is_events(table.columns):
            folded.append((sendgrid_past.fold(table), _torn(torn)))
        else:
            yield table, _torn(torn)
    if folded:
        yield _sends_of(folded)


def _sends_of_lines(file: BinaryIO) -> _Part:
    folded = []
    for lines in past.line_parts(file):
        events, torn = sendgrid_past.read_lines(lines)
        folded.append((sendgrid_past.fold(events), _torn([0] * torn)))
    return _sends_of(folded)


def _sends_of(folded: list[_Part]) -> _Part:
    letters = sendgrid_past.combine(pd.concat([part for part, _ in folded], ignore_index=True))
    torn = pd.concat([rows for _, rows in folded], ignore_index=True)
    return sendgrid_past.as_sends(letters).assign(events=letters["events"]), torn


def _torn(rows: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"row": rows, "column": "", "reason": "torn"}).astype({"row": "int64"})
