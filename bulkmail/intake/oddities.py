"""What was odd about a file that could be read all the same: findings for the person who uploaded it."""

from collections.abc import Iterator

import numpy as np

from bulkmail import limits
from bulkmail.intake.decoding import Decoded
from bulkmail.intake.grid import Grid, equal_trimmed
from bulkmail.intake.layout import Layout
from bulkmail.model import Finding, Outcome, Text, say

_LOOK = say("Look at these rows in the file, correct it and upload it again where they are wrong.")


def find(body: Grid, layout: Layout, decoded: Decoded, unread: tuple[str, ...]) -> Iterator[Finding]:
    """A finding for each oddity there is, with the rows of people it is about."""
    yield from _about_rows(body, layout, decoded)
    if layout.by_cells:
        header = layout.headers[layout.columns.index("address")]
        message = say("No header names the addresses; they were found in the column {column}.", column=header)
        yield _odd(message, say("Check the column; map another header to the address where it is wrong."))
    if decoded.doubt:
        names = {"encoding": decoded.encoding, "other": decoded.doubt}
        message = say("The file was read as {encoding}; it could also be {other}.", **names)
        yield _odd(message, say("Look at the names; where they are garbled, choose the other encoding."))
    if unread:
        names = {"sheet": body.sheet, "sheets": ", ".join(unread)}
        message = say("The sheet {sheet} was read; addresses are also in: {sheets}.", **names)
        yield _odd(message, say("Choose another sheet where that one is the list; each is read and kept by itself."))


def _odd(message: Text, fix: Text, rows: tuple[int, ...] = ()) -> Finding:
    return Finding(code="ADR-17", outcome=Outcome.WARN, message=message, fix=fix, source=limits.HOUSE, rows=rows)


def _about_rows(body: Grid, layout: Layout, decoded: Decoded) -> Iterator[Finding]:
    ragged = say("{count} of {rows} rows have more or fewer cells than the header.")
    quotes = say("{count} of {rows} rows have a quotation mark that is never closed.")
    broken = say("{count} of {rows} rows hold characters that are not {encoding}; they show as �.")
    again = say("{count} of {rows} rows repeat the header; they hold no address and are left out.")
    found = (
        (ragged, [row for row in body.odd.get("ragged", ()) if row >= body.rows[0]]),
        (quotes, [row for row in body.odd.get("quotes", ()) if row >= body.rows[0]]),
        (broken, _rows_of_lines(body, decoded.broken_lines)),
        (again, _rows_like_the_header(body, layout)),
    )
    for message, rows in found:
        if rows:
            values = {"count": len(rows), "rows": len(body.rows), "encoding": decoded.encoding}
            yield _odd(Text(message.template, values), _LOOK, tuple(rows))


def _rows_of_lines(body: Grid, lines: tuple[int, ...]) -> list[int]:
    """The rows in which these physical lines lie; those above the first row are left out."""
    places = np.searchsorted(body.rows, lines, side="right") - 1
    return body.rows[np.unique(places[places >= 0])].tolist()


def _rows_like_the_header(body: Grid, layout: Layout) -> list[int]:
    place = layout.columns.index("address")
    return body.rows[equal_trimmed(body.cells.column(place), layout.headers[place])].tolist()
