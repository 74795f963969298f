"""Lists of any length read, judged and kept for the pages: long ones in a process apart, so that no click waits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from bulkmail import intake, limits, rows
from bulkmail.adapters.apart import apart, apart_telling
from bulkmail.adapters.lists import ListVersion
from bulkmail.adapters.settings import Settings
from bulkmail.adapters.workspace import Workspace, open_workspace
from bulkmail.forecast import BounceForecast
from bulkmail.model import Finding
from bulkmail.prepare.lists import Progress, report_on_list
from bulkmail.prepare.mends import save_list


def read_list(data: bytes, filename: str, chosen: Mapping[str, object]) -> intake.Reading:
    """What `intake.read_list` makes of a file; `chosen` are its encoding, sheet and mapping where they were chosen."""
    if len(data) > limits.READ_APART_BYTES.value:
        return apart(intake.read_list, data, filename, **chosen)
    return intake.read_list(data, filename, **chosen)


def keep_list(
    ws: Workspace, name: str, reading: intake.Reading, file_hash: str, now: datetime, *, who: str, origin: str
) -> ListVersion:
    """What `save_list` returns or raises."""
    told = (name, replace(reading, findings=()), file_hash, now, who, origin)
    return apart(_keep_there, ws.settings, *told) if reading.rows > limits.JUDGED_APART_ROWS.value else _keep(ws, *told)


def _keep_there(settings: Settings, *told: object) -> ListVersion:
    return _keep(open_workspace(settings), *told)


def _keep(
    ws: Workspace, name: str, reading: intake.Reading, file_hash: str, now: datetime, who: str, origin: str
) -> ListVersion:
    return save_list(ws, name, reading, file_hash, now, who=who, origin=origin)


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What a page shows of a list: how many `rows` it has and how many can be mailed (`eligible`), `reasons` of the
    others with their numbers, and `every_row` in the order of the list, with the columns that a person reads
    (`rows.SHOWN_COLUMNS`). `findings`, `gate` and `bounces` are those of the ListReport."""

    rows: int
    eligible: int
    reasons: dict[str, int]
    every_row: pd.DataFrame
    findings: tuple[Finding, ...]
    gate: tuple[Finding, ...]
    bounces: BounceForecast

    @property
    def excluded(self) -> int:
        """How many rows get no letter."""
        return self.rows - self.eligible


def overview(
    ws: Workspace, table: pd.DataFrame, read: tuple[Finding, ...], *, now: datetime, on_progress: Progress
) -> Overview:
    """The overview of a list as it was read. `on_progress` is told how many domains DNS was asked about, of how
    many. Only what a page shows comes back from the process apart: the whole report is gigabytes of a long list."""
    if len(table) > limits.JUDGED_APART_ROWS.value:
        return apart_telling(on_progress, _overview_there, ws.settings, table, read, now)
    return _overview(ws, table, read, now, on_progress)


def _overview_there(
    settings: Settings, table: pd.DataFrame, read: tuple[Finding, ...], now: datetime, on_progress: Progress
) -> Overview:
    return _overview(open_workspace(settings), table, read, now, on_progress)


def _overview(
    ws: Workspace, table: pd.DataFrame, read: tuple[Finding, ...], now: datetime, on_progress: Progress
) -> Overview:
    report = report_on_list(ws, table, read, now=now, on_progress=on_progress)
    people = report.audience
    return Overview(
        rows=people.rows,
        eligible=len(people.eligible),
        reasons=people.reasons,
        every_row=rows.with_reasons(people.eligible, people.excluded),
        findings=report.findings,
        gate=report.gate,
        bounces=report.bounces,
    )
