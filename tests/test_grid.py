"""White space at the ends of cells is taken away as Unicode has it, and told apart without trimming every cell."""

import itertools

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from bulkmail.intake.grid import equal_trimmed, trimmed

SPACES = [chr(number) for number in range(0x3001) if chr(number).isspace()]
ENDS = ["", *SPACES, *(first + second for first in " \t\x1c\xa0\u3000" for second in SPACES)]
WORDS = ["", "a", "é", "中", "ç文", "Álvaro", "\u200b", "\U00020bb7"]


@pytest.fixture(scope="module")
def cells():
    return ["".join(parts) for parts in itertools.product(ENDS, WORDS, ENDS)]


@pytest.mark.parametrize("size", [1, 7, 1_000, 10**6])
def test_cells_are_trimmed_as_unicode_has_it_however_they_are_cut(cells, size):
    some = cells[: 5_000 * size : max(1, 7 // size)]
    chunks = [pa.array(some[start : start + size], pa.large_string()) for start in range(0, len(some), size)]
    column = pa.chunked_array(chunks)
    assert trimmed(column).to_pylist() == pc.utf8_trim_whitespace(column).to_pylist()


def test_what_has_no_white_space_stays_where_it_lies():
    column = pa.chunked_array([pa.array(["a b", "中", "", "c"], pa.large_string())])
    assert trimmed(column).chunk(0).buffers()[2].address == column.chunk(0).buffers()[2].address


def test_a_part_of_a_column_is_judged_by_its_own_cells(cells):
    part = pa.array(cells, pa.large_string()).slice(1_234, 5_000)
    assert trimmed(pa.chunked_array([part])).to_pylist() == pc.utf8_trim_whitespace(part).to_pylist()


def test_a_text_is_found_with_and_without_white_space_around_it(cells):
    column = pa.chunked_array([pa.array(cells, pa.large_string())])
    assert equal_trimmed(column, "中").tolist() == [cell.strip() == "中" for cell in cells]
