"""What the command line shows: tables, findings, progress and complaints, in the language of the terminal."""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import rich.text
from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from bulkmail import audience, delivery, limits, preflight, wiring
from bulkmail.adapters import catalogue
from bulkmail.errors import BulkmailError, InputError
from bulkmail.model import Finding, Outcome, Text, say

COLOURS = {Outcome.BLOCK: "red", Outcome.UNKNOWN: "magenta", Outcome.WARN: "yellow", Outcome.PASS: "green"}
WORDS = {
    Outcome.BLOCK: say("Blocks"),
    Outcome.UNKNOWN: say("Unknown"),
    Outcome.WARN: say("Look at"),
    Outcome.PASS: say("Passes"),
}
out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)
_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # what a terminal obeys; a list could be full of it


def language() -> str:
    """The language of the terminal, zh-Hant or en, from LC_ALL, LC_MESSAGES or LANG."""
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh-Hant" if locale.lower().startswith("zh") else "en"


def t(text: str | Text | BulkmailError, **values: object) -> str:
    """The text in the language of the terminal."""
    return catalogue.translator(language())(Text(text, values) if isinstance(text, str) else text)


def plain(text: str) -> str:
    """The text without what a terminal would obey: escape sequences, bells, carriage returns."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)


def complain(error: Text | BulkmailError) -> None:
    """Write one failure to standard error."""
    err.print(plain(t(error)), style="red", markup=False, soft_wrap=True)


def note(text: str) -> None:
    """Write one line to standard error, so that standard output stays what was asked for."""
    err.print(plain(text), markup=False, soft_wrap=True)


def emit(document: Mapping[str, object]) -> None:
    """Write one JSON document to standard output, and nothing else."""
    speaks_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    click.echo(json.dumps(document, ensure_ascii=not speaks_unicode, allow_nan=False, indent=2))


def line(text: str, style: str = "") -> None:
    """Write one line to standard output, as it is."""
    out.print(plain(text), style=style or None, markup=False, soft_wrap=True)


def read_file(path: str | Path) -> bytes:
    """The bytes of a file that the user named; InputError when it cannot be read, or is larger than any list may be."""
    most = int(limits.LIST_FILE_BYTES.value)
    try:
        with Path(path).open("rb") as file:
            data = file.read(most + 1) if os.fstat(file.fileno()).st_size <= most else None
    except OSError as error:
        raise InputError(
            "{file} cannot be read ({reason}): check the path.", file=str(path), reason=error.strerror
        ) from error
    if data is None or len(data) > most:
        raise InputError("The file {file} is larger than {most} bytes. Split the list.", file=str(path), most=most)
    return data


def write_file(path: Path, content: bytes) -> None:
    """Put bytes where the user wants them; InputError when they cannot be written there."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(
            "{file} cannot be written ({reason}): choose another place.", file=str(path), reason=error.strerror
        ) from error


@contextmanager
def about(file: str) -> Iterator[None]:
    """Name the file in what is wrong with it, where the words do not name it already."""
    try:
        yield
    except InputError as error:
        if "{file}" in error.template:
            raise
        raise InputError("{file}: {problem}", file=file, problem=Text(error.template, error.values)) from error


def counts(title: str, rows: Iterable[tuple[str, int]], of: int) -> None:
    """Draw counts with their share of `of`; nothing where there are none."""
    shares(title, [(label, count, of, "") for label, count in rows])


def shares(title: str, rows: Sequence[tuple[str, int, int, str]]) -> None:
    """Draw labels, counts, what share of how many that is, and of what; nothing where there are none."""
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(overflow="fold", min_width=min(34, max((cell_len(label) for label, *_ in rows), default=0)))
    table.add_column(justify="right")
    table.add_column(justify="right", style="dim")
    table.add_column(style="dim")
    for label, count, of, base in rows:
        share = f"{count / of:.1%}" if of else ""
        table.add_row(rich.text.Text(plain(label)), f"{count:,}", share, rich.text.Text(base if of else ""))
    if title and rows:
        line(title, "bold")
    if rows:
        out.print(table)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table of words: the first column to the left, the others to the right."""
    drawn = Table(box=None, padding=(0, 2), header_style="dim")
    for place, head in enumerate(heads):
        drawn.add_column(plain(head), justify="right" if place else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(rich.text.Text(plain(cell)) for cell in row))
    out.print(drawn)


def findings(found: Iterable[Finding]) -> None:
    """Draw findings in the order given: code, outcome, what is so, what to do, and the source where it was read
    too long ago."""
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in found:
        advice = "" if finding.outcome is Outcome.PASS else "\n→ " + t(finding.fix)
        old = preflight.read_again(finding.source, wiring.now().date())
        advice += f"\n({finding.source} · {t(old)})" if old else ""
        outcome = rich.text.Text(t(WORDS[finding.outcome]), style=COLOURS[finding.outcome])
        table.add_row(finding.code, outcome, rich.text.Text(plain(t(finding.message) + advice)))
    out.print(table)


@contextmanager
def progress(label: str) -> Iterator[Callable[[Mapping[str, int]], None]]:
    """Yield what draws a run's totals as a bar with rate and time left: on standard error, where that is a terminal."""
    words = (TextColumn(f"{{task.{field}}}", markup=False) for field in ("description", "fields[rate]"))
    columns = (next(words), BarColumn(), MofNCompleteColumn(), next(words), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield _drawn_on(bar, label)


def _drawn_on(bar: Progress, label: str) -> Callable[[Mapping[str, int]], None]:
    """A function that draws how many letters are no longer waiting, and how fast that goes from its first call on."""
    task, began, before = bar.add_task(label, total=None, rate=""), time.monotonic(), -1

    def draw(totals: Mapping[str, int]) -> None:
        nonlocal before
        done = totals["recipients"] - totals["planned"] - totals["submitting"]
        before = done if before < 0 else before
        rate = f"{(done - before) / max(time.monotonic() - began, 0.001):,.0f}/s"
        bar.update(task, total=totals["recipients"], completed=done, rate=rate)

    return draw


@contextmanager
def busy(label: str) -> Iterator[Callable[[str], object]]:
    """Yield what changes the line that says what is being done and for how long: on standard error, where that is a
    terminal."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda other: bar.update(task, description=other)


def labelled(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    """Reasons of exclusion or refusal with their words, in the order given."""
    words = {**audience.REASONS, **delivery.REFUSALS}
    return [(t(words[reason]) if reason in words else reason, count) for reason, count in reasons.items()]


def pause_text(reason: str) -> Text | str:
    """Why a run rests, in words."""
    return delivery.PAUSES.get(reason, reason)
