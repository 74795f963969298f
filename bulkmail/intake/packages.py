"""Whether a zipped workbook can be opened within the memory it may take.

The library that reads sheets aborts the process when one is too large for memory, and a file of a few kilobytes can
claim such a sheet. The members are therefore unpacked once in small pieces (the sizes a file states can lie) to measure
them: bytes unpacked, rows times columns, and the bytes that shared texts grow to when each cell gets its own copy.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np

from bulkmail import limits
from bulkmail.errors import InputError

_PIECE = 1 << 20
_OVERLAP = 256  # of pieces, so that no tag is cut in two
_UNUSUAL = re.compile(rb"""r=["'](?:[A-Za-z]{2}|[A-Za-z]?\d{7})""")  # beyond column Z or row 999,999; quick to look for
_WIDE = re.compile(rb"""\br=["'][A-Za-z]{2,3}\d""")
_FAR = re.compile(rb"""\br=["'](?:[A-Za-z]{4,}\d|[A-Za-z]{0,3}(?:\d{8,}|[2-9]\d{6}|1[1-9]\d{5}|10[5-9]\d{4})["'])""")
_PLACE = re.compile(rb"""\br=["']([A-Za-z]{1,3})(\d{1,7})["']""")
_SHARED = re.compile(rb"""\bt=["']s["'][^<>]*>\s*<v>\s*(\d{1,9})""")
_ODS_TAG = re.compile(
    rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>"
)
_ODS_REPEAT = re.compile(rb"number-(?:rows|columns)-repeated=[\"'](\d+)")


def check_package(data: bytes) -> None:
    """Raise InputError for a file that is no workbook, is damaged, or would not fit into memory."""
    try:
        _check(data, zipfile.ZipFile(io.BytesIO(data)).infolist())
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, ValueError) as error:
        raise InputError("The workbook cannot be read. Save it again as .xlsx and upload that.") from error


def _check(data: bytes, members: list[zipfile.ZipInfo]) -> None:
    named = {member.filename.lower(): member for member in members}
    if not named.keys() & {"xl/workbook.xml", "content.xml"}:
        raise InputError("This file is no list: it is a package of another kind. Upload CSV, XLSX or ODS.")
    unpacked = shared = 0
    for member in members:
        size, is_wide, texts = _measure(data, member)
        unpacked, shared = unpacked + size, shared + texts
        _hold(unpacked, limits.LIST_UNPACKED_BYTES)
        if is_wide:
            _hold(_area(data, member), limits.LIST_CELLS)
        if member.filename == "content.xml":
            _check_open_document(_pieces(data, member))
    if "xl/sharedstrings.xml" in named:
        lengths = _text_lengths(data, named["xl/sharedstrings.xml"])
        if shared * lengths.max(initial=0) > limits.LIST_UNPACKED_BYTES.value:
            _hold(sum(_grown(data, member, lengths) for member in members), limits.LIST_UNPACKED_BYTES)


def _hold(amount: float, limit: limits.Limit) -> None:
    if amount > limit.value:
        raise InputError(
            "The workbook is too large (at most {most} bytes unpacked). Copy the list into a new one, or upload CSV."
            if limit.unit.startswith("bytes")
            else "The sheet is too large (at most {most} cells, empty ones counted). Copy the list into a new one.",
            most=int(limit.value),
        )


def _measure(data: bytes, member: zipfile.ZipInfo) -> tuple[int, bool, int]:
    """Bytes unpacked (counted no further than the limit), whether a cell stands beyond column Z, and how many cells
    show a shared text. Cells that say nothing of their place are counted."""
    size, is_wide, shared, cells = 0, False, 0, 0
    for piece in _overlapping(_pieces(data, member)):
        size += len(piece)
        _hold(size, limits.LIST_UNPACKED_BYTES)
        cells += piece.count(b"<c") + piece.count(b":c ")
        _hold(cells, limits.LIST_FILLED_CELLS)
        shared += piece.count(b't="s"') + piece.count(b"t='s'")
        if _UNUSUAL.search(piece):
            is_wide = is_wide or bool(_WIDE.search(piece))
            _hold(float("inf") if _FAR.search(piece) else 0, limits.LIST_CELLS)
    return size, is_wide, shared


def _pieces(data: bytes, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The unpacked member in pieces of at most a mebibyte, whatever size its entry states."""
    name, extra = struct.unpack_from("<HH", data, member.header_offset + 26)
    begin = member.header_offset + 30 + name + extra
    packed = memoryview(data)[begin : begin + member.compress_size]
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
        raise zipfile.BadZipFile
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    for start in range(0, len(packed), 1 << 16):
        rest = bytes(packed[start : start + (1 << 16)])
        if member.compress_type == zipfile.ZIP_STORED:
            yield rest
        while rest and member.compress_type == zipfile.ZIP_DEFLATED:
            yield inflate.decompress(rest, _PIECE)
            rest = inflate.unconsumed_tail


def _overlapping(pieces: Iterator[bytes]) -> Iterator[bytes]:
    tail = b""
    for piece in pieces:
        yield tail + piece
        tail = piece[-_OVERLAP:]


def _area(data: bytes, member: zipfile.ZipInfo) -> int:
    """Rows times columns up to the last cell, empty ones counted: what the library will take memory for."""
    rows, columns = 0, b""
    for piece in _overlapping(_pieces(data, member)):
        for column, row in _PLACE.findall(piece):
            rows, columns = max(rows, int(row)), max(columns, column.upper(), key=lambda name: (len(name), name))
    return rows * int(np.polyval([letter - 64 for letter in columns], 26))


def _text_lengths(data: bytes, member: zipfile.ZipInfo) -> np.ndarray:
    """The bytes between the ends of one shared text and the next, marks of format counted."""
    lengths, open_bytes = [], 0
    for piece in _pieces(data, member):
        first, *others = piece.split(b"</si>")
        lengths += [open_bytes + len(first), *map(len, others[:-1])] if others else []
        open_bytes = len(others[-1]) if others else open_bytes + len(first)
    return np.array(lengths, np.int64)


def _grown(data: bytes, member: zipfile.ZipInfo, lengths: np.ndarray) -> int:
    """The bytes of the shared texts of a sheet once each cell has its own copy."""
    grown = 0
    for piece in _overlapping(_pieces(data, member)):
        places = np.array(_SHARED.findall(piece), np.int64)
        grown += int(lengths[places[places < len(lengths)]].sum())
    return grown


def _check_open_document(pieces: Iterator[bytes]) -> None:
    """Hold the area of each sheet of an ODS against the limit; there, a cell or a row can be said to be repeated."""
    rows = columns = cells = empty = times = 0
    rest = b""
    for piece in pieces:
        text, _, begun = (rest + piece).rpartition(b"<")
        rest = b"<" + begun
        for name, attributes in _ODS_TAG.findall(text):
            repeat = _ODS_REPEAT.search(attributes)
            count = min(int(repeat[1][:10]), 10**9) if repeat else 1
            if name == b"table":
                rows = columns = 0
            if name in (b"table", b"table-row"):
                rows, cells, empty, times = rows + times, 0, 0, count
            elif attributes.endswith(b"/") and b"value" not in attributes:
                empty += count
            else:
                cells, empty = cells + empty + count, 0
                columns = max(columns, cells)
                _hold((rows + times) * columns, limits.LIST_CELLS)
