"""Lists of any length read and judged for the pages: a long one in a process apart, so that no other click waits."""

from collections.abc import Mapping
from datetime import datetime

import pandas as pd

from bulkmail import intake, limits, rows
from bulkmail.adapters.apart import apart
from bulkmail.adapters.settings import Settings
from bulkmail.adapters.workspace import Workspace, open_workspace
from bulkmail.model import Finding
from bulkmail.prepare.lists import ListReport, report_on_list


def read_list(data: bytes, filename: str, chosen: Mapping[str, object]) -> intake.Reading:
    """What `intake.read_list` makes of a file; `chosen` are its encoding, sheet and mapping where they were chosen."""
    if len(data) > limits.READ_APART_BYTES.value:
        return apart(intake.read_list, data, filename, **chosen)
    return intake.read_list(data, filename, **chosen)


def report_with_rows(
    ws: Workspace, table: pd.DataFrame, read: tuple[Finding, ...], *, now: datetime
) -> tuple[ListReport, pd.DataFrame]:
    """The report on a list, and each of its rows with `reason` and `details` (`rows.with_reasons`)."""
    if len(table) > limits.JUDGED_APART_ROWS.value:
        return apart(_report_there, ws.settings, table, read, now)
    return _report(ws, table, read, now)


def _report_there(settings: Settings, table: pd.DataFrame, read: tuple[Finding, ...], now: datetime) -> tuple:
    return _report(open_workspace(settings), table, read, now)


def _report(ws: Workspace, table: pd.DataFrame, read: tuple[Finding, ...], now: datetime) -> tuple:
    report = report_on_list(ws, table, read, now=now)
    return report, rows.with_reasons(report.audience.eligible, report.audience.excluded)
