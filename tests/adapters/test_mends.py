"""What people mended is kept with who did it and when; it only grows, on both databases."""

from datetime import timedelta

import pandas as pd
import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from bulkmail import mending
from bulkmail.adapters import database, lists, mends, tables
from bulkmail.adapters.workspace import writing
from bulkmail.errors import StateError
from tests.builders import NOW, a_table

LIST = a_table("""
    original_address | name
    a@lotusbay.mo    | Ana
    b@lotusbay.mo    | Bo
""")
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def version(workspace):
    return lists.save_list_version(workspace, "friends", LIST, {}, NOW)


def edited(row, name):
    return mending.edit(LIST, row, {"name": name})


def test_a_deed_keeps_who_did_what_when_and_every_cell(workspace, version):
    deed = mends.add_deed(workspace, version.id, "Ana", "edited", edited(2, "Anna"), NOW, about={"from": 1})
    kept = mends.deeds(workspace, version.id).to_dict("records")
    assert kept == [
        {
            "id": deed, "at": pd.Timestamp(NOW), "who": "Ana", "what": "edited", "rows": 1, "undoes": 0,
            "about": {"from": 1},
        }
    ]  # fmt: skip
    [cell] = mends.mends(workspace, version.id).to_dict("records")
    assert cell == {"deed": deed, "source_row": 2, "column": "name", "before": "Ana", "after": "Anna"}
    [line] = database.audit_trail(workspace).to_dict("records")
    assert (line["who"], line["what"], line["about"]["rows"]) == ("Ana", "list.mended", 1)
    assert "Anna" not in str(line["about"])


def test_to_undo_is_a_deed_and_another_change_is_noticed(workspace, version):
    deed = mends.add_deed(workspace, version.id, "Ana", "edited", edited(2, "Anna"), NOW)
    seen = database.last_list(workspace)
    mends.undo(workspace, deed, "Bo", LATER)
    assert database.last_list(workspace) != seen
    done = mends.deeds(workspace, version.id)
    assert done[["who", "what", "undoes"]].values.tolist() == [["Ana", "edited", 0], ["Bo", "undone", deed]]
    assert mending.standing(done, mends.mends(workspace, version.id)).empty
    with pytest.raises(StateError, match="no change with the number 99"):
        mends.undo(workspace, 99, "Bo", LATER)


def test_the_mends_of_another_version_are_not_in_the_way(workspace, version):
    mends.add_deed(workspace, version.id, "Ana", "edited", edited(2, "Anna"), NOW)
    other = lists.save_list_version(workspace, "others", LIST, {}, NOW)
    assert mends.deeds(workspace, other.id).empty
    assert mends.mends(workspace, other.id).empty


def test_no_deed_can_be_changed_or_taken_away(workspace, version):
    mends.add_deed(workspace, version.id, "Ana", "edited", edited(2, "Anna"), NOW)
    for statement in (
        update(tables.deed).values(who="somebody else"), delete(tables.mend), update(tables.mend).values(after="x"),
    ):  # fmt: skip
        with pytest.raises(DatabaseError), writing(workspace) as connection:
            connection.execute(statement)


def test_a_list_can_come_back_to_what_it_was(workspace, version):
    second = lists.save_list_version(workspace, "friends", LIST.head(1), {}, LATER)
    again = lists.save_list_version(workspace, "friends", LIST, {}, LATER + timedelta(hours=1))
    assert again.content_hash == version.content_hash
    assert len({version.id, second.id, again.id}) == 3
    assert lists.newest(workspace, "friends") == again
    assert lists.newest(workspace, "strangers") is None
