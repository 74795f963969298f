"""Values for tests, each with one good default of everything."""

import pandas as pd


def a_table(block: str) -> pd.DataFrame:
    """A list as intake reads it, from lines of cells set apart by `|`; the first line names the columns.

    Rows count from 2 (a header stands above them) unless there is a column `source_row`."""
    lines = [[cell.strip() for cell in line.split("|")] for line in block.strip().splitlines()]
    table = pd.DataFrame(lines[1:], columns=lines[0], dtype="str")
    if "source_row" not in table:
        table.insert(0, "source_row", range(2, len(table) + 2))
    return table.astype({"source_row": "int64"})
