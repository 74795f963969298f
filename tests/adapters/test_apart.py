"""Work in a process of its own: the same answers, the same errors, and tables that neither side copies."""

import os
from dataclasses import replace

import pandas as pd
import pytest

from bulkmail import intake, mending, prepare, rows
from bulkmail.adapters.apart import apart, apart_telling
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


def test_what_it_says_of_its_progress_is_told_here():
    said = []
    assert apart_telling(lambda *numbers: said.append(numbers), _step_by_step, 60) == "done"
    assert said and said[-1] == (60, 60)


def _step_by_step(steps, on_progress):
    for step in range(1, steps + 1):
        on_progress(step, steps)
    return "done"


def test_a_long_list_is_kept_apart_with_the_mends_of_the_one_before(sqlite_workspace):
    first = intake.read_list(big_lists.csv(21_000), "list.csv")
    about = {"file_hash": "h", "now": NOW, "who": "ana", "origin": ""}
    before = prepare.keep_list(sqlite_workspace, "list", first, **about)
    gone = mending.leave_out(first.table, [2, 3], "asked by telephone")
    prepare.mend(sqlite_workspace, before.id, "left_out", gone, who="ana", now=NOW)
    after = replace(first, table=first.table.iloc[1:].reset_index(drop=True), rows=first.rows - 1)
    kept = prepare.keep_list(sqlite_workspace, "list", after, **about)
    mended = prepare.mended_list(sqlite_workspace, kept.id)
    assert mended.loc[mended["left_out"] != "", "source_row"].tolist() == [3]
    assert (kept.rows, kept.name) == (20_999, "list")


def test_a_long_list_gets_the_same_report_apart(sqlite_workspace):
    data = big_lists.csv(25_000)
    reading = prepare.read_list(data, "list.csv", {})
    pd.testing.assert_frame_equal(reading.table, intake.read_list(data, "list.csv").table)
    silent = {"now": NOW, "on_progress": lambda done, domains: None}
    there = prepare.overview(sqlite_workspace, reading.table, reading.findings, **silent)
    here = prepare.report_on_list(sqlite_workspace, reading.table, reading.findings, now=NOW)
    assert (there.findings, there.gate, there.reasons) == (here.findings, here.gate, here.audience.reasons)
    assert (there.eligible, there.excluded) == (len(here.audience.eligible), len(here.audience.excluded))
    parts = here.audience.eligible, here.audience.excluded
    pd.testing.assert_frame_equal(there.every_row, rows.with_reasons(*parts))
