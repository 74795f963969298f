"""`bulkmail events` and `cadence`: past engagement in, and what it says of how often to write."""

from pathlib import Path

import click
import pandas as pd

from bulkmail import engagement, forecast, results, wiring
from bulkmail.adapters.workspace import Workspace
from bulkmail.cli import screen
from bulkmail.cli.screen import t
from bulkmail.errors import InputError


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
def events(files: tuple[Path, ...], as_json: bool) -> None:
    """Bring in past engagement: CSV or Parquet FILEs with one row per letter sent.

    \b
    Columns: campaign, department, recipient, sent_at (ISO 8601 with offset) and, empty where it did not
    happen, delivered_at, opened_at, machine_open, clicked_at, bounced_at, unsubscribed_at, complained_at.
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


def _bring_in(ws: Workspace, path: Path) -> engagement.EventReading:
    data = screen.read_file(path)
    with screen.busy(t("Reading {file}", file=path.name)), screen.about(path.name):
        return results.bring_in(ws, path.name, data, wiring.now())


def _show(document: dict) -> None:
    words = {"new": t("New"), "repeated": t("Repeated"), "refused": t("Refused")}
    screen.counts(t("Past engagement"), [(words[key], document[key]) for key in words], document["rows"])
    reasons = [(t(engagement.REFUSALS[reason]), count) for reason, count in document["reasons"].items()]
    screen.counts(t("Refused rows, each for one reason"), reasons, document["rows"])


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
def cadence(as_json: bool) -> None:
    """Say what past engagement tells of how often to write, and how good its forecasts were.

    Where the data cannot say, the answer is "unknown", with the reason.
    """
    letters = results.past_letters(wiring.open_house())
    if letters is None:
        raise InputError("There is no past engagement yet: bring it in with `bulkmail events FILE`.")
    document = {"curve": _curves(letters), "backtest": _backtest(letters)}
    if as_json:
        screen.emit(document)
    else:
        _show_cadence(document)


def _curves(letters: pd.DataFrame) -> dict[str, object]:
    pressure = engagement.pressure(letters)
    curves = {
        name: forecast.pressure_curve(pressure, outcome=name) for name in ("unsubscribed", "complained", "clicked")
    }
    return {name: {"curve": "unknown", "reason": t(curve.reason)} for name, curve in curves.items()}


def _backtest(letters: pd.DataFrame) -> dict[str, object]:
    record = forecast.backtest(engagement.by_campaign(letters), outcome="unsubscribed")
    covered, judged, low, high = forecast.coverage(record)
    told = (covered / judged, float(low), float(high)) if judged else (None, None, None)
    return {"campaigns": judged, **dict(zip(("covered90", "low95", "high95"), told, strict=True))}


def _show_cadence(document: dict) -> None:
    screen.line(t("What one more letter in a week does: not known"), "bold")
    for reason in {curve["reason"]: None for curve in document["curve"].values()}:
        screen.line(reason)
    told = document["backtest"]
    screen.line(
        t(
            "Forecasts of unsubscribes held for {share} of {campaigns} past campaigns (90 % intervals).",
            share="-" if told["covered90"] is None else f"{told['covered90']:.0%}",
            campaigns=told["campaigns"],
        )
    )
