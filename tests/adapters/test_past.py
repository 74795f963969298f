"""Past engagement: kept once, counted from a moment on, and told like letters of our own."""

from datetime import timedelta

import pandas as pd
from builders import NOW

from bulkmail.adapters import database, past
from bulkmail.adapters.history import CONTACT_KINDS
from bulkmail.engagement import HAPPENINGS

MONTH = NOW - timedelta(days=30)


def letters(*people, days_ago=3, **marks):
    columns = {"campaign": "spring", "department": "library", "person": list(people)}
    sent_at = pd.Timestamp(NOW - timedelta(days=days_ago)).as_unit("us")
    frame = pd.DataFrame(columns).assign(sent_at=sent_at, **dict.fromkeys(HAPPENINGS, 0))
    return frame.assign(**marks).astype({"campaign": "str", "department": "str", "person": "str"})


def test_the_same_letters_are_kept_once(workspace):
    assert past.save_import(workspace, "a.csv", letters("ana"), NOW) == 1
    assert past.save_import(workspace, "b.csv", letters("ana"), NOW) == 0
    assert len(past.imported_letters(workspace)) == 1


def test_without_an_import_there_are_no_letters_and_no_contacts(workspace):
    assert past.imported_letters(workspace) is None
    assert dict(past.contacts_since(workspace, MONTH).dtypes.astype(str)) == CONTACT_KINDS
    assert past.counts_since(workspace, MONTH) == (0, 0)


def test_contacts_are_the_letters_since_then(workspace):
    past.save_import(workspace, "new", letters("ana", "bob"), NOW)
    past.save_import(workspace, "old", letters("cai", days_ago=31), NOW)
    contacts = past.contacts_since(workspace, MONTH)
    assert contacts["person"].tolist() == ["ana", "bob"]
    assert dict(contacts.dtypes.astype(str)) == CONTACT_KINDS
    assert set(contacts["state"]) == {"accepted"}


def test_deliveries_and_complaints_are_counted_since_then(workspace):
    past.save_import(workspace, "new", letters("ana", "bob", delivered=1, complained=[0, 1]), NOW)
    past.save_import(workspace, "old", letters("cai", days_ago=31, delivered=1, complained=1), NOW)
    assert past.counts_since(workspace, MONTH) == (2, 1)


def test_an_import_changes_what_the_pages_keep(workspace):
    before = database.last_change(workspace)
    past.save_import(workspace, "new", letters("ana"), NOW)
    assert database.last_change(workspace) != before
