"""Lists of any length read, judged and kept for the pages: long ones in a process apart, so that no click waits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pandas as pd

from bulkmail import intake, limits, rows
from bulkmail.adapters.apart import apart, apart_telling
from bulkmail.adapters.lists import ListVersion
from bulkmail.adapters.settings import Settings
from bulkmail.adapters.workspace import Workspace, open_workspace
from bulkmail.model import Finding
from bulkmail.prepare.lists import ListReport, Progress, report_on_list
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


def report_with_rows(
    ws: Workspace, table: pd.DataFrame, read: tuple[Finding, ...], *, now: datetime, on_progress: Progress
) -> tuple[ListReport, pd.DataFrame]:
    """The report on a list, and each of its rows with `reason` and `details` (`rows.with_reasons`). `on_progress` is
    told how many domains DNS was asked about, of how many."""
    if len(table) > limits.JUDGED_APART_ROWS.value:
        return apart_telling(on_progress, _report_there, ws.settings, table, read, now)
    return _report(ws, table, read, now, on_progress)


def _report_there(
    settings: Settings, table: pd.DataFrame, read: tuple[Finding, ...], now: datetime, on_progress: Progress
) -> tuple:
    return _report(open_workspace(settings), table, read, now, on_progress)


def _report(
    ws: Workspace, table: pd.DataFrame, read: tuple[Finding, ...], now: datetime, on_progress: Progress
) -> tuple:
    report = report_on_list(ws, table, read, now=now, on_progress=on_progress)
    return report, rows.with_reasons(report.audience.eligible, report.audience.excluded)
