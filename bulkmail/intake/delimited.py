"""Delimited text to a grid: the delimiter found, and each record with the number of the physical line it starts on.

A file without oddities goes through pyarrow. Where the number of records and of lines differ, or a record has other
cells than the rest, the file is read line by line, so that no record is lost and each has its right number.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from bulkmail.intake.grid import Grid, check_width, looks_like_address
from bulkmail.intake.headers import find_header

_DELIMITERS = ("\t", ";", ",", "|")
_NO_DELIMITER = "\x1f"  # of a list with one column; no text has it
_SEPARATOR_LINE = re.compile(rb'\A"?sep=(.)"?\r?\n', re.IGNORECASE)
_RECIPIENT = re.compile(r"""(?:"[^"]*"|<[^<>]*>|[^;,"<])+""")
_SAMPLE_BYTES = 65_536
_LINES_OF_ONE_VALUE = 50
_BATCH = 50_000
_BLOCK_BYTES = 1 << 21  # what fits a processor's cache is read in two thirds of the time
_HEAD_ROWS = 40


def read_delimited(text: bytes) -> Grid:
    """The grid of a text in UTF-8. Empty lines are no records; a line of delimiters alone is one. Raises
    UnicodeDecodeError for a text that is not UTF-8 where its first 64 kB are."""
    if b"\n" not in text:
        text = text.replace(b"\r", b"\n")
    named = _SEPARATOR_LINE.match(text)
    first_line = 2 if named else 1
    body = text[named.end() :] if named else text
    body = body.rstrip(b"\r\n") if body.endswith((b"\n\n", b"\n\r\n", b"\n\r")) else body
    sample = body[:_SAMPLE_BYTES].decode(errors="ignore").splitlines()
    if len(sample) > 1 and len(body) > _SAMPLE_BYTES:
        sample.pop()  # cut in two; of a file with one endless line it says enough
    delimiter = named[1].decode("latin-1") if named else find_delimiter(sample)
    records = [_cells(line, delimiter) for line in sample if line]
    addresses = max(_pieces(sample), [cell for record in records for cell in record if cell.strip()], key=len)
    if len(body) <= _SAMPLE_BYTES and len(records) < len(addresses) and all(map(looks_like_address, addresses)):
        return _pasted(addresses, delimiter)
    width = _width(records)
    check_width(width)
    return _read_regular(body, delimiter, width, first_line) or _read_lines(body.decode(), delimiter, width, first_line)


def _pieces(lines: list[str]) -> list[str]:
    """What stands between commas and semicolons, save those in quotation marks or brackets, as mail programs write
    recipients; [] unless each piece is an address."""
    pieces = [piece.strip() for line in lines for piece in _RECIPIENT.findall(line) if piece.strip()]
    return pieces if all(piece.count("@") == 1 and looks_like_address(piece) for piece in pieces) else []


def _pasted(addresses: list[str], delimiter: str) -> Grid:
    """One record for each address of a line copied from a mail program, numbered in their order."""
    cells = pa.table([pa.array(addresses, pa.large_string())], ["c0"])
    return Grid(cells=cells, rows=np.arange(1, len(addresses) + 1), delimiter=delimiter)


def find_delimiter(sample: list[str]) -> str:
    """The delimiter that sets a known header apart, and then gives the most lines one width and an address in a cell;
    one that no text has where none divides the lines."""
    scores = {delimiter: _score(sample, delimiter) for delimiter in _DELIMITERS}
    best = max(_DELIMITERS, key=scores.__getitem__)
    return best if scores[best] > (False, 0) else _NO_DELIMITER


def _score(sample: list[str], delimiter: str) -> tuple[bool, float]:
    """Whether it sets a header for addresses apart, and how well it divides the lines."""
    records = [_cells(line, delimiter) for line in sample if line]
    widths = Counter(map(len, records))
    usual, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))
    if usual == 1:
        return False, 0.0
    with_address = sum(any(map(looks_like_address, record)) for record in records)
    return find_header(records[:_HEAD_ROWS], ()) is not None, (count + 2 * with_address) / len(records)


def _width(records: list[list[str]]) -> int:
    """How many columns: as most records have, or as the widest of the first ones without an address (the header)."""
    usual = Counter(map(len, records)).most_common(1)
    headers = [len(record) for record in records[:20] if not any("@" in cell for cell in record)]
    return max([width for width, _ in usual] + headers, default=1)


def _read_regular(body: bytes, delimiter: str, width: int, first_line: int) -> Grid | None:
    """The grid as pyarrow reads it, or None where records and lines may not correspond one to one."""
    line_feeds, stray_returns = _line_ends(body)
    if stray_returns:
        return None
    names = [f"c{place}" for place in range(width)]
    try:
        cells = pa_csv.read_csv(
            pa.BufferReader(body),
            pa_csv.ReadOptions(column_names=names, block_size=_BLOCK_BYTES),
            pa_csv.ParseOptions(delimiter=delimiter),
            pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string())),
        )
    except pa.ArrowInvalid:
        return None
    if cells.num_rows != line_feeds + (not body.endswith(b"\n")):  # a line break in quotation marks, or an empty line
        return None
    rows = np.arange(first_line, first_line + cells.num_rows)
    return Grid(cells=cells, rows=rows, delimiter=_shown(delimiter))


def _line_ends(body: bytes) -> tuple[int, int]:
    """How many line feeds there are, and how many carriage returns that no line feed follows; blocks of the text are
    counted on all cores."""
    octets = np.frombuffer(body, np.uint8)
    count = _counted if b"\r" in body else _feeds
    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        counts = list(pool.map(partial(count, octets), range(0, len(octets), _BLOCK_BYTES)))
    return sum(feeds for feeds, _ in counts), sum(stray for _, stray in counts)


def _feeds(octets: np.ndarray, start: int) -> tuple[int, int]:
    return np.count_nonzero(octets[start : start + _BLOCK_BYTES] == ord("\n")), 0


def _counted(octets: np.ndarray, start: int) -> tuple[int, int]:
    block, after = octets[start : start + _BLOCK_BYTES], octets[start + 1 : start + 1 + _BLOCK_BYTES]
    returns = np.flatnonzero(block == ord("\r"))
    followed = np.count_nonzero(after[returns[returns < len(after)]] == ord("\n"))
    return _feeds(octets, start)[0], len(returns) - followed


def _shown(delimiter: str) -> str:
    return "" if delimiter == _NO_DELIMITER else delimiter


def _read_lines(body: str, delimiter: str, width: int, first_line: int) -> Grid:
    batches, rows, odd = [], [], {"ragged": [], "quotes": []}
    batch: list[list[str]] = []
    for line, record, is_torn in _records(io.StringIO(body, newline=None).readlines(), delimiter, width):
        if is_torn:
            odd["quotes"].append(line + first_line)
        if len(record) != width:
            odd["ragged"].append(line + first_line)
            surplus = [cell for cell in record[width:] if cell.strip()]
            record = [*record[:width], *[""] * (width - len(record)), delimiter.join(surplus)]
        else:
            record.append("")
        rows.append(line + first_line)
        batch.append(record)
        if len(batch) == _BATCH:
            batches.append(_batch(batch, width))
            batch = []
    batches.append(_batch(batch, width))
    found = {kind: tuple(numbers) for kind, numbers in odd.items() if numbers}
    return Grid(cells=pa.concat_tables(batches), rows=np.array(rows, np.int64), delimiter=_shown(delimiter), odd=found)


def _batch(records: list[list[str]], width: int) -> pa.Table:
    names = [*(f"c{place}" for place in range(width)), "surplus"]
    columns = list(zip(*records, strict=True)) or [()] * (width + 1)
    return pa.table([pa.array(column, pa.large_string()) for column in columns], names)


def _records(lines: list[str], delimiter: str, width: int) -> Iterator[tuple[int, list[str], bool]]:
    """Each record: the place of its first line, its cells, and whether a quotation mark in it is never closed."""
    place = 0
    while place < len(lines):
        line, taken, is_torn = lines[place].rstrip("\n"), 1, False
        if '"' not in line:
            record = line.split(delimiter)
        else:
            record, taken = _quoted(lines[place : place + _LINES_OF_ONE_VALUE], delimiter, width)
            is_torn = not taken
            record = record or _torn_cells(line, delimiter, width)
        if line:
            yield place, record, is_torn
        place += taken or 1


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # a value of more than 131,072 characters
        return line.split(delimiter)


def _quoted(lines: list[str], delimiter: str, width: int) -> tuple[list[str], int]:
    """The record that starts on the first line and on how many lines it stands; nothing where a quotation mark is never
    closed, or closes so late that the value would have swallowed other records."""
    reader = csv.reader([*lines, ""], delimiter=delimiter)
    try:
        record = next(reader)
    except csv.Error:
        return [], 0
    taken = reader.line_num
    inner = (piece for cell in record if "\n" in cell for piece in cell.split("\n"))
    swallowed = any("@" in piece and piece.count(delimiter) >= max(1, (width - 1) // 2) for piece in inner)
    if taken > len(lines) or (taken > 1 and (swallowed or len(record) != width)):
        return [], 0
    return record, taken


def _torn_cells(line: str, delimiter: str, width: int) -> list[str]:
    """The cells of a line with a stray quotation mark: with quotes if that gives the right number, else without."""
    quoted = _cells(line, delimiter)
    return quoted if len(quoted) == width else [cell.strip('"') for cell in line.split(delimiter)]
