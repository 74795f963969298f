"""What the command line shows: tables, findings, progress and complaints, in the language of the terminal."""

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import rich.text
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from bulkmail import audience, delivery
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
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def language() -> str:
    """The language of the terminal, zh-Hant or en, from LC_ALL, LC_MESSAGES or LANG."""
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh-Hant" if locale.lower().startswith("zh") else "en"


def t(text: str | Text | BulkmailError, **values: object) -> str:
    """The text in the language of the terminal."""
    return catalogue.translator(language())(Text(text, values) if isinstance(text, str) else text)


def complain(error: BulkmailError) -> None:
    """Write one failure to standard error."""
    err.print(t(error), style="red", markup=False, soft_wrap=True)


def emit(document: Mapping[str, object]) -> None:
    """Write one JSON document to standard output."""
    out.print(json.dumps(document, ensure_ascii=False, indent=2, default=str), markup=False, soft_wrap=True)


def line(text: str, style: str = "") -> None:
    """Write one line to standard output, as it is."""
    out.print(text, style=style or None, markup=False, soft_wrap=True)


def read_file(path: str | Path) -> bytes:
    """The bytes of a file that the user named; InputError when it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror
        raise InputError("{file} cannot be read ({reason}): check the path.", file=path, reason=reason) from error


def counts(title: str, rows: Iterable[tuple[str, int]], of: int) -> None:
    """Draw counts with their share of `of`."""
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None, padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    table.add_column(justify="right", style="dim")
    for label, count in rows:
        table.add_row(label, f"{count:,}", f"{count / of:.1%}" if of else "")
    out.print(table)


def findings(found: Iterable[Finding]) -> None:
    """Draw findings in the order given: code, outcome, what is so, what to do."""
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in found:
        advice = "" if finding.outcome is Outcome.PASS else "\n→ " + t(finding.fix)
        outcome = rich.text.Text(t(WORDS[finding.outcome]), style=COLOURS[finding.outcome])
        table.add_row(finding.code, outcome, rich.text.Text(t(finding.message) + advice))
    out.print(table)


def progress() -> AbstractContextManager[Progress]:
    """A progress bar with rate and time left, drawn on standard error and only where that is a terminal."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TimeRemainingColumn(), console=err, transient=True, disable=not err.is_terminal,
    )  # fmt: skip


def drawn_on(bar: Progress, label: str) -> Callable[[Mapping[str, int]], None]:
    """A function that draws a run's totals on the bar: how many letters are no longer waiting, and how fast."""
    task, began = bar.add_task(label, total=None, rate=""), time.monotonic()

    def draw(totals: Mapping[str, int]) -> None:
        done = totals["recipients"] - totals["planned"] - totals["submitting"]
        rate = f"{done / max(time.monotonic() - began, 0.001):,.0f}/s"
        bar.update(task, total=totals["recipients"], completed=done, rate=rate)

    return draw


def labelled(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    """Reasons of exclusion or refusal with their words, in the order given."""
    words = {**audience.REASONS, **delivery.REFUSALS}
    return [(t(words[reason]) if reason in words else reason, count) for reason, count in reasons.items()]


def pause_text(reason: str) -> Text | str:
    """Why a run rests, in words."""
    return delivery.PAUSES.get(reason, reason)
