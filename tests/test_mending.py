"""Mends lie over the list that was uploaded: the last that was not undone holds, and nothing else changes."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkmail import audience, mending
from bulkmail.errors import InputError
from bulkmail.tips import addressing
from tests.builders import a_table

LIST = """
    original_address | name | field.Faculty
    ana@gmial.com    | Ana  | Arts
    bo@lotusbay.mo   | Bo   | Law
    ciu@             | Ciu  |
"""


def judged(block=LIST):
    return addressing.annotate(a_table(block), person_key=b"k")


def cells(mends):
    return list(mends.itertuples(index=False, name=None))


def deeds(*undoes):
    return pd.DataFrame({"id": range(1, len(undoes) + 1), "undoes": undoes})


def of(deed, *rows):
    records = [(deed, row, "name", "", after) for row, after in rows]
    return pd.DataFrame(records, columns=["deed", *mending.MEND_COLUMNS])


def test_accepting_puts_the_suggestion_in_place_of_the_address_and_nothing_else():
    table = judged()
    mends = mending.accept(table)
    assert cells(mends) == [(2, "original_address", "ana@gmial.com", "ana@gmail.com")]
    after = mending.overlay(a_table(LIST), mends)
    assert after["original_address"].tolist() == ["ana@gmail.com", "bo@lotusbay.mo", "ciu@"]
    pd.testing.assert_frame_equal(
        after.drop(columns="original_address"), a_table(LIST).drop(columns="original_address")
    )


def test_suggestions_are_accepted_singly_too():
    assert cells(mending.accept(judged(), [3])) == []
    assert len(mending.accept(judged(), [2, 3])) == 1


def test_an_edit_keeps_what_stood_there_and_skips_what_is_so_already():
    mends = mending.edit(judged(), 4, {"original_address": " ciu@lotusbay.mo ", "name": "Ciu", "field.Faculty": "Law"})
    assert cells(mends) == [(4, "original_address", "ciu@", "ciu@lotusbay.mo"), (4, "field.Faculty", "", "Law")]
    with pytest.raises(InputError, match="no row 9"):
        mending.edit(judged(), 9, {})


def test_a_row_left_out_by_hand_is_excluded_for_that_reason_and_can_be_taken_in():
    mends = mending.leave_out(judged(), [3], " asked by phone ")
    table = mending.overlay(judged(), mends)
    people = audience.select_audience(table)
    assert people.reasons == {"invalid_address": 1, "left_out": 1}
    assert table["left_out"].tolist() == ["", "asked by phone", ""]
    back = mending.overlay(table, mending.take_in(table, [3]))
    assert audience.select_audience(back).reasons == {"invalid_address": 1}
    assert mending.take_in(judged(), [3]).empty


def test_nobody_is_left_out_without_a_reason():
    with pytest.raises(InputError, match="Write why"):
        mending.leave_out(judged(), [3], " ")


def test_of_two_mends_of_a_cell_the_later_holds_until_it_is_undone():
    mends = pd.concat([of(1, (2, "Ann")), of(2, (2, "Anna"), (3, "Bob"))])
    assert cells(mending.standing(deeds(0, 0), mends)) == [(2, "name", "", "Anna"), (3, "name", "", "Bob")]
    assert cells(mending.standing(deeds(0, 0, 2), mends)) == [(2, "name", "", "Ann")]


def test_undoing_what_undid_brings_it_back():
    mends = of(1, (2, "Ann"))
    assert cells(mending.standing(deeds(0, 1, 2), mends)) == [(2, "name", "", "Ann")]
    assert cells(mending.standing(deeds(0, 1, 2, 3), mends)) == []


@given(st.lists(st.integers(0, 6), max_size=8))
def test_a_deed_holds_unless_a_later_one_that_holds_undoes_it(chosen):
    undoes = [number if number <= place else 0 for place, number in enumerate(chosen)]
    holds = {}
    for deed in range(len(undoes), 0, -1):
        holds[deed] = not any(holds[later] for later in range(deed + 1, len(undoes) + 1) if undoes[later - 1] == deed)
    assert mending.undone(deeds(*undoes)) >= {deed for deed, held in holds.items() if not held}
    assert not mending.undone(deeds(*undoes)) & {deed for deed, held in holds.items() if held}


def test_a_plan_knows_a_mended_list_by_another_name_and_an_unmended_one_by_its_file():
    mends = mending.accept(judged())
    assert mending.mended_hash("file", mending.none()) == "file"
    assert mending.mended_hash("file", mends) != "file"
    more = pd.concat([mends, mending.leave_out(judged(), [3], "left")])
    assert mending.digest(more) == mending.digest(more.iloc[::-1]) != mending.digest(mends)
