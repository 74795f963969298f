"""Lists of any length read, judged, kept and written for the pages: long ones in a process apart, so that no click
waits, and a table passes through this process only where a page looks at every row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

import pandas as pd

from bulkmail import intake, limits, rejects, rows
from bulkmail.adapters.apart import apart
from bulkmail.adapters.lists import ListVersion
from bulkmail.adapters.resting import Resting
from bulkmail.adapters.workspace import Workspace
from bulkmail.forecast import BounceForecast
from bulkmail.model import Finding
from bulkmail.prepare.beside import beside, beside_telling
from bulkmail.prepare.lists import Progress, content_hash, report_on_list
from bulkmail.prepare.mends import mended_list, save_list

LIKELY = "likely"  # the reason to correct a row that is not left out: an address with a suggestion
_SOME_ROWS = 1_000  # that an example is looked for in


@dataclass(frozen=True, kw_only=True)
class ListRead(intake.HowRead):
    """A file as it was read, for a page: its table rests, and `examples` are what it holds (`rows.examples`)."""

    file_hash: str
    resting: Resting
    examples: dict[str, str]


def read_list(data: bytes, filename: str, chosen: Mapping[str, object]) -> ListRead:
    """What `intake.read_list` makes of a file; `chosen` are its encoding, sheet and mapping where they were chosen."""
    if len(data) > limits.READ_APART_BYTES.value:
        return apart(_read, data, filename, **chosen)
    return _read(data, filename, **chosen)


def _read(data: bytes, filename: str, **chosen: object) -> ListRead:
    reading = intake.read_list(data, filename, **chosen)
    examples = rows.examples(reading.table.head(_SOME_ROWS))
    return ListRead(file_hash=content_hash(data), resting=Resting(reading.table), examples=examples, **_how(reading))


def _how(reading: intake.HowRead) -> dict[str, object]:
    return {field.name: getattr(reading, field.name) for field in fields(intake.HowRead)}


def keep_list(ws: Workspace, name: str, read: ListRead, now: datetime, *, who: str, origin: str) -> ListVersion:
    """What `save_list` returns or raises."""
    return beside(ws, read.rows, _keep, name, replace(read, findings=()), now, who, origin)


def _keep(ws: Workspace, name: str, read: ListRead, now: datetime, who: str, origin: str) -> ListVersion:
    reading = intake.Reading(table=read.resting.table, **_how(read))
    return save_list(ws, name, reading, read.file_hash, now, who=who, origin=origin)


# ---------------------------------------------------------------- a list that is looked at, saved or not


def examples_of(ws: Workspace, seen: ListRead | ListVersion) -> dict[str, str]:
    """For each column of a list the first cell that says something (`rows.examples`)."""
    return seen.examples if isinstance(seen, ListRead) else rows.examples(mended_list(ws, seen.id, stop=_SOME_ROWS))


def _table_of(ws: Workspace, seen: ListRead | ListVersion) -> pd.DataFrame:
    return seen.resting.table if isinstance(seen, ListRead) else mended_list(ws, seen.id)


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What a page shows of a list: how many `rows` it has, how many of them can be mailed (`eligible`) and have a
    suggestion (`suggested`), and `reasons` of those that cannot with their numbers; `every_row` rests until somebody
    looks at it. `findings`, `gate` and `bounces` are those of the ListReport."""

    rows: int
    eligible: int
    suggested: int
    reasons: dict[str, int]
    resting: Resting
    findings: tuple[Finding, ...]
    gate: tuple[Finding, ...]
    bounces: BounceForecast

    @property
    def excluded(self) -> int:
        """How many rows get no letter."""
        return self.rows - self.eligible

    @property
    def every_row(self) -> pd.DataFrame:
        """Every row in the order of the list, with what a person reads of it (`rows.SHOWN_COLUMNS`)."""
        return self.resting.table


def overview(ws: Workspace, seen: ListRead | ListVersion, *, now: datetime, on_progress: Progress) -> Overview:
    """The overview of a list as it was read, or of a version with its mends. `on_progress` is told how many domains DNS
    was asked about, of how many."""
    return beside_telling(on_progress, ws, seen.rows, _overview, seen, now)


def _overview(ws: Workspace, seen: ListRead | ListVersion, now: datetime, on_progress: Progress) -> Overview:
    read = seen.findings if isinstance(seen, ListRead) else ()
    report = report_on_list(ws, _table_of(ws, seen), read, now=now, on_progress=on_progress)
    people = report.audience
    every_row = rows.with_reasons(people.eligible, people.excluded)
    return Overview(
        rows=people.rows,
        eligible=len(people.eligible),
        suggested=int((every_row["suggestion"] != "").sum()),
        reasons=people.reasons,
        resting=Resting(every_row),
        findings=report.findings,
        gate=report.gate,
        bounces=report.bounces,
    )


def workbook_to_correct(
    ws: Workspace,
    seen: ListRead | ListVersion,
    report: Overview,
    labels: Mapping[str, str],
    columns: Mapping[str, str],
    captions: Sequence[str],
    mark: str,
) -> bytes:
    """The workbook (`rejects.reject_workbook`) of the rows that are left out, and for the reason LIKELY of those with a
    suggestion; with the list's own cells: what judging reads from a cell, a date say, is not what the list has there.
    """
    told = {"labels": labels, "columns": columns, "captions": captions, "mark": mark}
    return beside(ws, seen.rows, _workbook, seen, report.resting, told)


def _workbook(ws: Workspace, seen: ListRead | ListVersion, judged: Resting, told: Mapping) -> bytes:
    ordered = _table_of(ws, seen).sort_values("source_row", kind="stable", ignore_index=True)
    reason, suggestion = judged.table["reason"], judged.table["suggestion"]
    reasons = reason.mask((reason == "") & (suggestion != ""), LIKELY)
    own = ordered.assign(suggestion=suggestion)
    return rejects.reject_workbook(own, reasons, **told)
