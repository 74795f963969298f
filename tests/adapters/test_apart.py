"""Work in a process of its own: the same answers, the same errors, and tables that neither side copies."""

import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from bulkmail import intake, mending, prepare, rows
from bulkmail.adapters.apart import apart, apart_telling
from bulkmail.adapters.resting import Resting
from bulkmail.errors import InputError
from tests.benchmarks import big_lists
from tests.builders import NOW

SILENT = {"now": NOW, "on_progress": lambda done, domains: None}


def test_it_is_another_process():
    assert apart(os.getpid) != os.getpid()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux tells processors apart")
def test_it_steps_aside_for_those_who_click():
    mine = os.sched_getaffinity(0)
    theirs = apart(os.sched_getaffinity, 0)
    assert theirs <= mine
    assert len(theirs) == max(1, len(mine) - 1)
    assert apart(os.getpriority, os.PRIO_PROCESS, 0) > os.getpriority(os.PRIO_PROCESS, 0)


def test_tables_and_bytes_go_in_and_come_out_as_they_were():
    frame = pd.DataFrame({"a": pd.Series(["x", ""], dtype="str"), "n": [1, 2], "at": pd.to_datetime([NOW, None])})
    (told, data), again = apart(_both, (frame, b"\0" * 2_000_000), frame.set_axis([5, 7]))
    pd.testing.assert_frame_equal(told, frame)
    assert data == b"\0" * 2_000_000
    assert again.index.tolist() == [5, 7]


def test_an_upload_that_is_named_twice_is_handed_over_once():
    upload, other = b"a" * 1_500_000, b"b" * 1_000_000
    assert apart(_are_one, (upload, other), upload)


def _are_one(uploads, again):
    return uploads == (b"a" * 1_500_000, b"b" * 1_000_000) and uploads[0] is again


def test_a_process_that_dies_before_it_has_read_an_upload_is_said():
    with pytest.raises(RuntimeError, match="ended with"):
        apart(Unreadable(), b"a" * 2_000_000)


class Unreadable:
    def __reduce__(self):
        return os._exit, (3,)


def _both(first, second):
    return first, second


def test_many_row_numbers_come_as_they_were():
    many, few, words = tuple(range(70_001)), (1, 2**70), ("a",) * 30_000
    assert apart(_both, (many, few), words) == ((many, few), words)


def test_what_is_asked_may_be_longer_than_a_pipe_holds():
    long = [f"{number}" for number in range(100_000)]
    assert apart(len, long) == 100_000


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
    first = prepare.read_list(big_lists.csv(21_000), "list.csv", {})
    about = {"now": NOW, "who": "ana", "origin": ""}
    before = prepare.keep_list(sqlite_workspace, "list", first, **about)
    gone = mending.leave_out(first.resting.table, [2, 3], "asked by telephone")
    prepare.mend(sqlite_workspace, before.id, "left_out", gone, who="ana", now=NOW)
    fewer = Resting(first.resting.table.iloc[1:].reset_index(drop=True))
    after = replace(first, resting=fewer, rows=first.rows - 1)
    kept = prepare.keep_list(sqlite_workspace, "list", after, **about)
    mended = prepare.mended_list(sqlite_workspace, kept.id)
    assert mended.loc[mended["left_out"] != "", "source_row"].tolist() == [3]
    assert (kept.rows, kept.name) == (20_999, "list")
    assert kept.meta["file_hash"] == prepare.content_hash(big_lists.csv(21_000))


def test_a_long_list_gets_the_same_report_apart(sqlite_workspace):
    data = big_lists.csv(25_000)
    reading = intake.read_list(data, "list.csv")
    read = prepare.read_list(data, "list.csv", {})
    there = prepare.overview(sqlite_workspace, read, **SILENT)
    here = prepare.report_on_list(sqlite_workspace, reading.table, reading.findings, now=NOW)
    assert (there.findings, there.gate, there.reasons) == (here.findings, here.gate, here.audience.reasons)
    assert (there.eligible, there.excluded) == (len(here.audience.eligible), len(here.audience.excluded))
    assert there.suggested == (here.table["suggestion"] != "").sum()
    parts = here.audience.eligible, here.audience.excluded
    pd.testing.assert_frame_equal(there.every_row, rows.with_reasons(*parts))


def test_a_long_list_looks_the_same_once_it_is_saved(sqlite_workspace):
    read = prepare.read_list(big_lists.csv(25_000), "list.csv", {})
    kept = prepare.keep_list(sqlite_workspace, "list", read, NOW, who="ana", origin="")
    before, after = (prepare.overview(sqlite_workspace, seen, **SILENT) for seen in (read, kept))
    pd.testing.assert_frame_equal(before.every_row, after.every_row)
    assert prepare.examples_of(sqlite_workspace, read) == prepare.examples_of(sqlite_workspace, kept)
    told = ({}, read.columns, ("Row", "Reason", "Suggestion"), "")
    books = [prepare.workbook_to_correct(sqlite_workspace, seen, before, *told) for seen in (read, kept)]
    first, second = (intake.read_list(book, "list.xlsx").table for book in books)
    pd.testing.assert_frame_equal(first, second)
    assert len(first) == len(before.every_row[(before.every_row[["reason", "suggestion"]] != "").any(axis=1)])


# ---------------------------------------------------------------- tables that pass unread


def test_a_table_goes_from_one_process_to_the_next_and_is_not_read_here():
    resting = apart(_made, 5)
    assert apart(_length_of_both, resting, Resting(pd.DataFrame({"n": [1, 2]}))) == 7
    Path(resting.path).unlink()
    with pytest.raises(FileNotFoundError):
        resting.table  # noqa: B018


def test_a_table_at_rest_is_read_once_and_as_it_was_made():
    resting = apart(_made, 5)
    assert resting.table["n"].tolist() == [0, 1, 2, 3, 4]
    Path(resting.path).unlink()
    assert len(resting.table) == 5


def _made(rows):
    return Resting(pd.DataFrame({"n": range(rows)}))


def _length_of_both(one, other):
    return len(one.table) + len(other.table)


def test_the_file_of_a_table_goes_with_it_and_nobody_else_may_read_it():
    resting = apart(_made, 5)
    folder = Path(resting.path).parent
    assert folder.stat().st_mode & 0o077 == 0
    del resting
    assert not folder.exists()
