"""Two versions of a list: who is new, gone or changed, and what becomes of the mends of the earlier one."""

import pandas as pd

from bulkmail import mending, versions
from bulkmail.tips import addressing
from tests.builders import a_table

BEFORE = """
    original_address | name | field.Faculty
    ana@gmial.com    | Ana  | Arts
    bo@lotusbay.mo   | Bo   | Law
    ciu@             | Ciu  |
    dora@lotusbay.mo | Dora | Arts
"""


def with_mailbox(block):
    table = a_table(block)
    return table.assign(mailbox=addressing.annotate(table, person_key=b"k")["mailbox"])


def changes(before, after):
    return versions.changes(with_mailbox(before), with_mailbox(after))


def fates(after, *mends):
    before, changed = a_table(BEFORE), mends_of(*mends)
    told = versions.carry(before, mending.overlay(before, changed), changed, a_table(after))
    return list(told[["source_row", "fate"]].itertuples(index=False, name=None))


def mends_of(*parts):
    return pd.concat(parts, ignore_index=True)


def accepted():
    return mending.accept(addressing.annotate(a_table(BEFORE), person_key=b"k"))


def test_the_same_list_has_no_changes():
    found = changes(BEFORE, BEFORE)
    assert (len(found.new), len(found.gone), found.rows_changed, found.same) == (0, 0, 0, 4)


def test_new_gone_and_changed_rows_are_told_apart_whatever_their_order():
    found = changes(BEFORE, """
        original_address | name   | field.Faculty
        DORA@lotusbay.mo | Dora   | Arts
        eva@lotusbay.mo  | Eva    | Law
        bo@lotusbay.mo   | Bo Lei | Arts
        ciu@             | Ciu    |
    """)  # fmt: skip
    assert found.new["name"].tolist() == ["Eva"]
    assert found.gone["name"].tolist() == ["Ana"]
    assert found.changed.values.tolist() == [
        [2, "original_address", "dora@lotusbay.mo", "DORA@lotusbay.mo"],
        [4, "field.Faculty", "Law", "Arts"],
        [4, "name", "Bo", "Bo Lei"],
    ]
    assert (found.rows_changed, found.same) == (2, 1)


def test_repeated_mailboxes_are_paired_in_their_order():
    twice = "original_address | name\na@lotusbay.mo | Ana\na@lotusbay.mo | Ana again"
    once = "original_address | name\na@lotusbay.mo | Ana"
    assert changes(twice, once).gone["name"].tolist() == ["Ana again"]
    assert changes(once, twice).new["name"].tolist() == ["Ana again"]


def test_columns_that_came_or_went_are_named():
    found = changes("original_address | name\na@x.mo | A", "original_address | title\na@x.mo | Dr")
    assert (found.columns_new, found.columns_gone) == (("title",), ("name",))
    assert found.same == 1


def test_a_mend_is_still_needed_where_the_new_file_says_the_same_wherever_the_row_stands():
    after = """
        original_address | name | field.Faculty
        eva@lotusbay.mo  | Eva  | Law
        ana@gmial.com    | Ana  | Arts
    """
    assert fates(after, accepted()) == [(3, "applies")]


def test_a_mend_that_the_source_has_made_itself_is_told_so():
    after = "original_address | name | field.Faculty\nana@gmail.com | Ana | Law"
    assert fates(after, accepted()) == [(2, "corrected")]


def test_a_mend_of_a_row_that_is_gone_or_says_something_else_is_lost():
    named = mending.edit(a_table(BEFORE), 3, {"name": "Bo Lei"})
    gone = "original_address | name | field.Faculty\neva@lotusbay.mo | Eva | Law"
    assert fates(gone, accepted(), named) == [(0, "lost"), (0, "lost")]
    elsewhere = "original_address | name | field.Faculty\nbo@lotusbay.mo | Bo | Music"
    faculty = mending.edit(a_table(BEFORE), 3, {"field.Faculty": "Medicine"})
    assert fates(elsewhere, faculty) == [(2, "lost")]


def test_who_was_left_out_stays_left_out_though_other_cells_change():
    out = mending.leave_out(a_table(BEFORE), [5], "asked by phone")
    after = "original_address | name | field.Faculty\nDORA@lotusbay.mo | Dora Lei | Music"
    assert fates(after, out) == [(2, "applies")]


def test_of_rows_that_are_alike_each_is_found_once():
    twice = "original_address | name\nana@gmial.com | Ana\nana@gmial.com | Ana"
    before = a_table(twice)
    mends = mending.accept(addressing.annotate(before, person_key=b"k"))
    told = versions.carry(before, mending.overlay(before, mends), mends, before)
    assert told["source_row"].tolist() == [2, 3]
