"""`bulkmail events`: past engagement in, from wherever it was kept."""

from pathlib import Path

import click
import pandas as pd

from bulkmail import engagement, importing, wiring
from bulkmail.adapters.workspace import Workspace
from bulkmail.cli import screen
from bulkmail.cli.screen import t


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
def events(files: tuple[Path, ...], as_json: bool) -> None:
    """Bring in past engagement: FILEs of any size, told apart by their shape.

    \b
    A table of sends, one row per letter, as CSV or Parquet; SendGrid's Email Activity CSV; events as its
    webhook posts them, as lines of JSON; and two public data sets (REES46, XCampaign).
    Columns of a table of sends: campaign, department, recipient, sent_at (ISO 8601 with offset) and, empty
    where it did not happen, delivered_at, opened_at, machine_open, clicked_at, bounced_at,
    unsubscribed_at, complained_at.
    Rows that are here already are counted as repeated. No address is kept, only its keyed hash.
    """
    ws = wiring.open_house()
    reports = [_bring_in(ws, path) for path in files]
    document = {
        "rows": sum(report.rows for report in reports),
        "new": sum(report.new for report in reports),
        "repeated": sum(report.repeated for report in reports),
        "refused": sum(len(report.refused) for report in reports),
        "reasons": pd.concat([report.refused["reason"] for report in reports]).value_counts().to_dict(),
    }
    if as_json:
        screen.emit(document)
    else:
        _show(document)


def _bring_in(ws: Workspace, path: Path) -> importing.BroughtIn:
    with screen.busy(t("Reading {file}", file=path.name)), screen.about(path.name):
        return importing.bring_in_file(ws, path, wiring.now())


def _show(document: dict) -> None:
    words = {"new": t("New"), "repeated": t("Repeated"), "refused": t("Refused")}
    screen.counts(t("Past engagement"), [(words[key], document[key]) for key in words], document["rows"])
    reasons = [(t(engagement.REFUSALS[reason]), count) for reason, count in document["reasons"].items()]
    screen.counts(t("Refused rows, each for one reason"), reasons, document["rows"])
