"""`bulkmail check`: what is wrong with a list, row by row."""

from pathlib import Path

import click

from bulkmail import audience, intake, preflight, prepare, wiring
from bulkmail.cli import screen
from bulkmail.cli.screen import t


@click.command()
@click.argument("list_file", metavar="LIST", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
@click.option("--rejects", type=click.Path(path_type=Path), help="Write the excluded rows, with reasons, to this XLSX.")
@click.option("--encoding", help="Overrule the encoding found in the file, for example big5hkscs.")
@click.option("--sheet", help="The sheet of a workbook; the first one with addresses when not given.")
def check(list_file: Path, as_json: bool, rejects: Path | None, encoding: str | None, sheet: str | None) -> None:
    """Judge a LIST (CSV, TSV, XLSX, ODS; any usual encoding): who can be mailed, who not, and why.

    Every row of the file is counted: eligible + excluded = rows. Nothing is changed and nothing is sent.
    """
    ws = wiring.open_house()
    data = screen.read_file(list_file)
    reading = intake.read_list(data, list_file.name, encoding=encoding, sheet=sheet)
    report = prepare.report_on_list(ws, reading.table, reading.findings, now=wiring.now())
    if rejects:
        rejects.write_bytes(reject_workbook(report, reading))
    if as_json:
        screen.emit(document(report, reading))
    else:
        show(report, reading, list_file.name)


def document(report: prepare.ListReport, reading: intake.Reading) -> dict[str, object]:
    """The report as the contract of `check --json` has it."""
    return {
        "rows": reading.rows,
        "eligible": len(report.audience.eligible),
        "excluded": len(report.audience.excluded),
        "reasons": report.audience.reasons,
        "encoding": reading.encoding,
        "columns": reading.columns,
        "findings": preflight.as_json(report.findings, t),
    }


def show(report: prepare.ListReport, reading: intake.Reading, name: str) -> None:
    """Draw the report on the terminal."""
    rows = reading.rows
    screen.line(t("{file}: {rows} rows, {encoding}", file=name, rows=rows, encoding=reading.encoding), "bold")
    people = report.audience
    screen.counts("", [(t("Eligible"), len(people.eligible)), *screen.labelled(people.reasons)], rows)
    screen.findings(report.findings)


def reject_workbook(report: prepare.ListReport, reading: intake.Reading) -> bytes:
    """The excluded rows as a workbook, in the language of the terminal."""
    from bulkmail import rejects as reject_sheet

    labels = {reason: t(text) for reason, text in audience.REASONS.items()}
    return reject_sheet.reject_workbook(report.audience.excluded, labels=labels, columns=reading.columns)
