"""Work in a process of its own: the same answers, the same errors, and tables that neither side copies."""

import os

import pandas as pd
import pytest

from bulkmail import intake, prepare
from bulkmail.adapters.apart import apart
from bulkmail.errors import InputError
from tests.benchmarks import big_lists
from tests.builders import NOW


def test_it_is_another_process():
    assert apart(os.getpid) != os.getpid()


def test_tables_and_bytes_go_in_and_come_out_as_they_were():
    frame = pd.DataFrame({"a": pd.Series(["x", ""], dtype="str"), "n": [1, 2], "at": pd.to_datetime([NOW, None])})
    (told, data), again = apart(_both, (frame, b"\0" * 2_000_000), frame.set_axis([5, 7]))
    pd.testing.assert_frame_equal(told, frame)
    assert data == b"\0" * 2_000_000
    assert again.index.tolist() == [5, 7]


def _both(first, second):
    return first, second


def test_what_it_raises_is_raised_here_in_words_that_can_be_translated():
    with pytest.raises(InputError, match="is empty") as refused:
        apart(intake.read_list, b"", "list.csv")
    assert refused.value.values == {"file": "list.csv"}


def test_a_process_that_dies_is_said():
    with pytest.raises(RuntimeError, match="ended with"):
        apart(os._exit, 3)


def test_a_long_list_gets_the_same_report_apart(sqlite_workspace):
    data = big_lists.csv(25_000)
    reading = prepare.read_list(data, "list.csv", {})
    pd.testing.assert_frame_equal(reading.table, intake.read_list(data, "list.csv").table)
    there, _ = prepare.report_with_rows(sqlite_workspace, reading.table, reading.findings, now=NOW)
    here = prepare.report_on_list(sqlite_workspace, reading.table, reading.findings, now=NOW)
    assert there.findings == here.findings
    pd.testing.assert_frame_equal(there.audience.eligible, here.audience.eligible)
    pd.testing.assert_frame_equal(there.audience.excluded, here.audience.excluded)
