"""Folders of lists judged as one list: on this machine, or by Spark where they are too large for it.

The rows of a folder are numbered through, file after file in the order of their names, as if it were one list.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import narwhals as nw
import pandas as pd
import pyarrow as pa

from bulkmail import audience, forecast, intake, limits, list_history, preflight
from bulkmail.adapters import domain_answers, spark, suppressions
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import InputError
from bulkmail.model import FIELD_PREFIX, KNOWN_FIELDS, Finding, Outcome, Text, say
from bulkmail.prepare import known
from bulkmail.prepare.lists import asks_dns, judge_people
from bulkmail.tips import addressing, consent

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".ods")
ENGINES = ("local", "spark")
_COLUMNS = ("original_address", *(field for field in KNOWN_FIELDS if field != "address"))


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a report says of a list in numbers and findings, whoever counted: `reasons` are those of the rows left out;
    `bounces` is how many letters will likely come back, `files` says how each was read."""

    rows: int
    eligible: int
    reasons: Mapping[str, int]
    findings: tuple[Finding, ...]
    bounces: forecast.BounceForecast
    files: tuple[Mapping[str, object], ...]


def report_on_folder(ws: Workspace, path: str, *, engine: str, now: datetime) -> Summary:
    """The summary of all lists below a path (or of the one file there). InputError where there is none."""
    return (_by_spark if engine == "spark" else _here)(ws, path, now)


# ---------------------------------------------------------------- files


def _inspect(name: str, data: bytes) -> dict[str, object]:
    """What is said of a file: how it was read, its columns, its last row and its oddities; or why it is no list."""
    try:
        reading = intake.read_list(data, Path(name).name)
    except InputError as error:
        return {"name": name, "error": [error.template, {key: str(value) for key, value in error.values.items()}]}
    return {
        "name": name,
        "encoding": reading.encoding,
        "columns": reading.columns,
        "numbers": [column for column in reading.table.columns if column.startswith(FIELD_PREFIX)],
        "last_row": int(reading.table["source_row"].max()),
        "odd": [(odd.message.template, dict(odd.message.values), str(odd.fix), odd.source) for odd in reading.findings],
    }


def _rows_of(name: str, data: bytes, columns: list[str], before: int, now: datetime) -> pd.DataFrame:
    """The rows of a file under the columns of all, numbered on from `before`; what its dates mean is settled here, for
    the cells of one file tell together whether days or months come first."""
    table = intake.read_list(data, Path(name).name).table.reindex(columns=["source_row", *columns], fill_value="")
    at, _ = consent.read_dates(table["consent_at"], now)
    told = at.map(lambda moment: moment.isoformat(), na_action="ignore")
    return table.assign(source_row=table["source_row"] + before, consent_at=table["consent_at"].where(at.isna(), told))


def _order(said: list[dict[str, object]], path: str) -> tuple[list[str], dict[str, int]]:
    """The columns of all files together, and for each file that is a list the number of rows before it."""
    lists = [file for file in said if "error" not in file]
    if not lists:
        raise InputError(
            "There is no list in {folder}: no CSV, TSV, text, XLSX or ODS file with addresses.", folder=path
        )
    extra = sorted({column for file in lists for column in file["numbers"]})
    before, numbers = 0, {}
    for file in lists:
        numbers[file["name"]], before = before, before + file["last_row"]
    return [*_COLUMNS, *extra], numbers


def _odd(said: list[dict[str, object]]) -> list[Finding]:
    """The oddities of each file, and a finding for each that is no list."""
    found = []
    for file in said:
        for template, values, fix, source in file.get("odd", ()):
            found.append(_finding(Text(template, values), Text(fix), source, int(values.get("count", 0))))
        if "error" in file:
            message = say("{file} is left out: {why}", file=Path(file["name"]).name, why=Text(*file["error"]))
            found.append(_finding(message, say("Correct the file, or leave it out of the folder."), limits.HOUSE))
    return found


def _finding(message: Text, fix: Text, source: str, count: int = 0) -> Finding:
    return Finding(code="ADR-17", outcome=Outcome.WARN, message=message, fix=fix, source=source, count=count)


# ---------------------------------------------------------------- judged, here or there


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the judgement of any part of the rows needs to know of the whole and of the house."""

    person_key: bytes
    suppressed: pd.DataFrame
    past: pd.DataFrame
    reached: pd.Series
    slips: Mapping[str, str]
    answers: Mapping[str, str]
    now: datetime


def _knowledge(ws: Workspace, domains: Mapping[str, int], now: datetime) -> _Known:
    answers = domain_answers.answers_of(ws, domains, now=now) if asks_dns(ws) else {}
    letters = known.past_letters(ws)
    return _Known(
        person_key=ws.person_key,
        suppressed=suppressions.suppressions(ws),
        past=known.past_of(ws, letters, now),
        reached=forecast.reached_by(letters),
        slips=addressing.likely_domains(domains),
        answers=answers,
        now=now,
    )


def _judge(rows: pa.Table, house: _Known) -> pa.Table:
    """The signs of each row and its reason, "" where it can be mailed; all rows of a person are judged together."""
    table = rows.select([name for name in rows.column_names if name not in _PLACED]).to_pandas()
    judged = addressing.annotate(table, person_key=house.person_key, domain_facts=house.answers, slips=house.slips)
    signs = addressing.signs_of(judged)
    judged = judge_people(judged, house.suppressed, now=house.now)
    known_here = list_history.signs_of(judged, house.past, house.now).drop(columns="source_row")
    people = audience.select_audience(judged)
    told = signs["source_row"].map(people.excluded.set_index("source_row")["reason"]).astype("str").fillna("")
    reached = (told.eq("") & judged["person"].isin(house.reached)).astype("int8")
    signs = pd.concat([signs, known_here], axis="columns").assign(reached=reached, reason=told)
    return pa.Table.from_pandas(signs, preserve_index=False)


_PLACED = ("mailbox", "domain", "key")


def _placed(table: pd.DataFrame) -> pa.Table:
    """The rows with `mailbox` and `domain`, and a `key` that those of one mailbox share."""
    forms = addressing.normal_forms(pa.array(table["original_address"], pa.large_string()))
    rows = pa.Table.from_pandas(table, preserve_index=False)
    key = pd.Series(forms["mailbox"].to_pylist(), dtype="str")
    key = key.where(key.ne(""), table["source_row"].astype("str").to_numpy())
    return (
        rows.append_column("mailbox", forms["mailbox"])
        .append_column("domain", forms["domain"])
        .append_column("key", pa.array(key, pa.large_string()))
    )


def _clues(rows: pa.Table) -> pa.Table:
    table = rows.to_pandas()
    found = addressing.clues(table)
    numbers = pa.array(table["source_row"].to_numpy()).take(found["place"].combine_chunks())
    return found.drop_columns("place").append_column("source_row", numbers)


def _shared(clues: pa.Table) -> pa.Table:
    return clues.filter(pa.array(addressing.shared(clues))).select(["source_row"])


def _counts(table: object, by: str) -> dict[str, int]:
    """How many rows have each value of a column, in a table of any kind."""
    counted = nw.from_native(table).with_columns(rows=nw.lit(1, nw.Int64)).group_by(by).agg(nw.col("rows").sum())
    found = counted.collect() if isinstance(counted, nw.LazyFrame) else counted
    return dict(zip(found[by].to_list(), found["rows"].to_list(), strict=True))


def _summary(ws: Workspace, said: list[dict[str, object]], counts: dict[str, int], reasons: dict[str, int]) -> Summary:
    rows, eligible = sum(reasons.values()), reasons.pop("", 0)
    quality = addressing.Quality(rows=rows, counts=counts)
    found = [*_odd(said), *(check(quality) for check in (*addressing.CHECKS, *list_history.CHECKS))]
    return Summary(
        rows=rows,
        eligible=eligible,
        reasons={reason: reasons[reason] for reason in audience.REASONS if reason in reasons},
        findings=tuple(preflight.by_harm(found)),
        bounces=forecast.bounces_among(known.past_letters(ws), planned=eligible, reached=counts["reached"]),
        files=tuple(said),
    )


def _here(ws: Workspace, path: str, now: datetime) -> Summary:
    top = Path(path)
    found = sorted(top.rglob("*")) if top.is_dir() else [top]
    files = {str(file): file.read_bytes() for file in found if file.is_file() and file.suffix.lower() in SUFFIXES}
    said = [_inspect(name, data) for name, data in sorted(files.items())]
    columns, before = _order(said, path)
    table = pd.concat([_rows_of(name, files[name], columns, before[name], now) for name in before], ignore_index=True)
    rows = _placed(table)
    house = _knowledge(ws, _counts(rows, "domain"), now)
    judged, several = _judge(rows, house), _shared(_clues(rows))
    counts = addressing.count(judged.drop_columns("reason"))
    counts["several_addresses"] = len(several["source_row"].unique())
    return _summary(ws, said, counts, _counts(judged, "reason"))


def _by_spark(ws: Workspace, path: str, now: datetime) -> Summary:
    with spark.opened(path, SUFFIXES) as folder:
        told = folder.run(_each_file(_inspected))
        said = sorted((json.loads(row.said) for row in told.collect()), key=lambda file: file["name"])
        columns, before = _order(said, path)
        read = partial(_read_placed, columns=columns, before=before, now=now)
        rows = folder.run(_each_file(read), keep=True)
        house = _knowledge(ws, _counts(rows, "domain"), now)
        judged = spark.mapped(rows, partial(_judge, house=house), by="key").persist()
        several = spark.mapped(spark.mapped(rows, _clues), _shared, by="clue").distinct().count()
        counts = addressing.count(judged.drop("reason")) | {"several_addresses": several}
        return _summary(ws, said, counts, _counts(judged, "reason"))


def _inspected(name: str, data: bytes) -> pa.Table:
    return pa.table({"said": [json.dumps(_inspect(name, data), default=str)]})


def _read_placed(name: str, data: bytes, *, columns: list[str], before: Mapping[str, int], now: datetime) -> pa.Table:
    empty = pd.DataFrame(columns=["source_row", *columns], dtype="str").astype({"source_row": "int64"})
    return _placed(_rows_of(name, data, columns, before[name], now) if name in before else empty)


def _each_file(read: Callable[[str, bytes], pa.Table]) -> spark.Kernel:
    """The kernel that reads a table of files, and of none gives an empty table of the same columns."""

    def kernel(files: pa.Table) -> pa.Table:
        pairs = zip(files["name"].to_pylist(), files["content"].to_pylist(), strict=True)
        return pa.concat_tables([read("", b"").slice(0, 0), *(read(name, data) for name, data in pairs)])

    return kernel
