"""`bulkmail check`: what is wrong with a list, row by row."""

from dataclasses import replace
from pathlib import Path

import click

from bulkmail import audience, forecast, intake, mending, preflight, prepare, rejects, wiring
from bulkmail.adapters.workspace import Workspace
from bulkmail.cli import screen
from bulkmail.cli.screen import t
from bulkmail.errors import InputError

BLOCKED = 1


@click.command()
@click.argument("list_file", metavar="LIST", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
@click.option(
    "--rejects", "workbook", type=click.Path(path_type=Path), metavar="OUT.xlsx",
    help="Write the excluded rows, each with its reason, to this workbook.",
)  # fmt: skip
@click.option(
    "--corrected", type=click.Path(path_type=Path), metavar="IN.xlsx",
    help="Judge the list with what was corrected in a workbook of --rejects, row by row.",
)  # fmt: skip
@click.option(
    "--mended", type=click.Path(path_type=Path), metavar="OUT.xlsx",
    help="Write the whole list, corrected, to this workbook, for a campaign file to name.",
)  # fmt: skip
@click.option("--encoding", help="Overrule the encoding found in the file, for example big5hkscs.")
@click.option("--sheet", help="The sheet of a workbook; the first one with addresses when not given.")
@click.option(
    "--engine", type=click.Choice(prepare.ENGINES), default="local", show_default=True,
    help="Where a folder is judged: here, or by the Spark of your cluster (pip install 'bulkmail[spark]').",
)  # fmt: skip
def check(
    list_file: Path, as_json: bool, workbook: Path | None, corrected: Path | None, mended: Path | None,
    encoding: str | None, sheet: str | None, engine: str,
) -> int:  # fmt: skip
    """Judge a LIST: who can be mailed, who not, and why. Nothing is sent.

    \b
    LIST is CSV, TSV, XLSX or ODS, in any usual encoding (UTF-8, UTF-16, Big5, GB18030 …). One column must
    hold addresses; names, language and consent are found by their headers too:
      Email, Name, Language, Consent, Consent date      or      電郵, 姓名, 語言, 同意, 同意日期

    LIST may be a folder: all lists in it are then judged as one, with --engine spark also where they are too
    large for one machine.

    Every row is counted: eligible + excluded = rows. Consent is to a purpose, so that here only a refusal in the list
    excludes; `bulkmail preflight` judges consent for a campaign. Exits 1 when nobody at all can be mailed.
    """
    ws = wiring.open_house()
    if engine != "local" or list_file.is_dir():
        if workbook or encoding or sheet:
            raise InputError("--rejects, --encoding and --sheet are for one file, judged here.")
        return check_folder(ws, list_file, engine, as_json)
    data = screen.read_file(list_file)
    with screen.busy(t("Reading {file}", file=list_file.name)), screen.about(list_file.name):
        reading = intake.read_list(data, list_file.name, encoding=encoding, sheet=sheet)
    if corrected:
        reading = with_corrections(reading, data, corrected)
    if mended:
        screen.write_file(mended, rejects.list_workbook(reading.table, reading.columns))
    with screen.busy(t("Judging {rows} rows", rows=reading.rows)) as say_now:

        def tell(done: int, domains: int) -> None:
            say_now(t("Asking DNS: {done} of {domains} domains", done=done, domains=domains))

        report = prepare.report_on_list(ws, reading.table, reading.findings, now=wiring.now(), on_progress=tell)
    if workbook:
        screen.write_file(workbook, reject_workbook(report, reading, prepare.content_hash(data)))
    if as_json:
        screen.emit(document(report, reading))
    else:
        show(report, reading, list_file.name)
    return BLOCKED if preflight.blocks(report.findings) else 0


def check_folder(ws: Workspace, path: Path, engine: str, as_json: bool) -> int:
    """Judge all lists below a path as one; what it prints is the same whoever counted."""
    with screen.busy(t("Judging {file}", file=path.name)):
        found = prepare.report_on_folder(ws, str(path), engine=engine, now=wiring.now())
    if as_json:
        screen.emit(
            {
                "rows": found.rows,
                "eligible": found.eligible,
                "excluded": found.rows - found.eligible,
                "reasons": found.reasons,
                "files": len(found.files),
                "findings": preflight.as_json(found.findings, t),
            }
        )
        return BLOCKED if preflight.blocks(found.findings) else 0
    told = t("{file}: {rows} rows in {files} files", file=path.name, rows=found.rows, files=len(found.files))
    screen.line(told, "bold")
    screen.counts("", [(t("Eligible"), found.eligible), *screen.labelled(found.reasons)], found.rows)
    screen.line(bounces(found.bounces))
    screen.findings(found.findings)
    return BLOCKED if preflight.blocks(found.findings) else 0


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
    screen.line(bounces(report.bounces))
    screen.findings(report.findings)


def bounces(told: forecast.BounceForecast) -> str:
    """How many letters to the list will likely bounce, or that nobody can tell, in a line."""
    if told.expected is None:
        return t("Likely to bounce: unknown. {reason}", reason=t(told.reason) if told.reason else "").rstrip()
    numbers = {"low": told.low90, "high": told.high90, "planned": told.planned}
    return t("Likely to bounce: {low} to {high} of {planned} letters, nine times in ten.", **numbers)


def with_corrections(reading: intake.Reading, data: bytes, workbook: Path) -> intake.Reading:
    """The list with what a person corrected in the workbook of its rejected rows; the file itself stays as it is."""
    with screen.about(workbook.name):
        found = prepare.corrections_of_file(reading.table, screen.read_file(workbook), prepare.content_hash(data))
    changed = found.cells["source_row"].nunique()
    screen.note(t("{changed} of {rows} rows in the workbook were corrected.", changed=changed, rows=found.rows))
    return replace(reading, table=mending.overlay(reading.table, found.cells))


def reject_workbook(report: prepare.ListReport, reading: intake.Reading, mark: str) -> bytes:
    """The excluded rows as they stand in the file, as a workbook in the language of the terminal."""
    reasons = report.audience.excluded.set_index("source_row")["reason"]
    suggestions = report.table.set_index("source_row")["suggestion"]
    rows = reading.table["source_row"]
    return rejects.reject_workbook(
        reading.table.assign(suggestion=rows.map(suggestions)),
        rows.map(reasons).astype("str").fillna(""),
        labels={reason: t(text) for reason, text in audience.REASONS.items()},
        columns=reading.columns,
        captions=(t("Row"), t("Reason"), t("Suggestion")),
        mark=mark,
    )
