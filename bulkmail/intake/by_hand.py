"""Reading corrected by hand: what there is to choose from in a file, and the choice as a mapping of its headers."""

from collections.abc import Collection, Mapping

from bulkmail.errors import InputError
from bulkmail.intake import workbooks
from bulkmail.intake.decoding import as_text, decode, high_lines
from bulkmail.intake.delimited import read_delimited
from bulkmail.intake.grid import Grid
from bulkmail.intake.layout import layout_of

ENCODINGS = ("utf-8", "big5hkscs", "gb18030", "cp1252", "utf-16-le")
_ZIPPED = b"PK"


def sheets_of(data: bytes) -> tuple[str, ...]:
    """The names of the sheets of a workbook; () for a text file."""
    return workbooks.open_workbook(data)[0] if data.startswith(_ZIPPED) else ()


def samples_of(data: bytes, *, most: int = 3) -> dict[str, tuple[str, ...]]:
    """The first lines beyond ASCII as each of ENCODINGS would read them: the eye of a person overrules any evidence.

    Only encodings that know every byte of these lines are among them; {} for a workbook and where all is ASCII.
    """
    if data.startswith(_ZIPPED):
        return {}
    found = decode(data)
    lines = high_lines(found.text, most)
    if found.encoding.startswith("utf-16"):
        return {found.encoding: tuple(line.decode(errors="replace") for line in lines)} if lines else {}
    seen = {name: tuple(as_text(line, name) for line in high_lines(data, most)) for name in ENCODINGS[:4]}
    return {name: lines for name, lines in seen.items() if lines and "" not in lines}


def headers_of(data: bytes, *, encoding: str | None = None, sheet: str | None = None) -> tuple[str, ...]:
    """The headers of a file, also of one in which no column of addresses is found by itself."""
    return layout_of(_grid(data, encoding, sheet), {}).headers


def _grid(data: bytes, encoding: str | None, sheet: str | None) -> Grid:
    if not data.startswith(_ZIPPED):
        return read_delimited(decode(data, encoding).text)
    names, load = workbooks.open_workbook(data)
    return load(sheet if sheet in names else names[0])


def mapping_of(chosen: Mapping[str, str], headers: Collection[str], left_out: Collection[str] = ()) -> dict[str, str]:
    """The mapping for `read_list`: each header with its field. `chosen` is field → header ("" for none).

    Headers that nothing was chosen for are kept as they are, those of `left_out` are ignored. Raises InputError where
    one header was chosen for two fields, or chosen and left out.
    """
    mapping = {header: "" if header in left_out else "field" for header in headers}
    given = [header for header in chosen.values() if header]
    for field, header in chosen.items():
        if header and given.count(header) > 1:
            raise InputError("The column {header} is chosen for more than one field.", header=header)
        if header in left_out:
            raise InputError("The column {header} is chosen for a field and left out.", header=header)
        if header:
            mapping[header] = field
    return mapping
