"""What was sent and what became of it: our own campaigns, and tables of sends from elsewhere."""

import io
from datetime import timedelta

import pandas as pd
import pytest
from builders import NOW

from bulkmail import engagement, importing, prepare, results
from bulkmail.adapters import database, past
from bulkmail.errors import InputError

SENDS = """campaign,department,recipient,sent_at,delivered_at,clicked_at
spring,library,ana@example.org,2026-11-02T10:53:00+08:00,2026-11-02T10:54:00+08:00,2026-11-02T11:40:00+08:00
spring,library,bob@example.org,2026-11-02T10:53:00+08:00,2026-11-02T10:54:00+08:00,
spring,library,not an address,2026-11-02T10:53:00+08:00,,
"""


def test_a_table_of_sends_brings_its_letters_and_names_the_rows_it_refuses(sqlite_workspace):
    report = importing.bring_in(sqlite_workspace, "sends.csv", SENDS.encode("utf-8-sig"), NOW)
    assert (report.rows, report.new, report.repeated) == (3, 2, 0)
    assert report.refused.to_dict("records") == [{"row": 3, "column": "recipient", "reason": "no_person"}]
    letters = results.past_letters(sqlite_workspace)
    assert tuple(letters.columns) == engagement.LETTER_COLUMNS
    assert letters["clicked"].tolist() == [1, 0]


def test_no_address_is_kept(sqlite_workspace):
    importing.bring_in(sqlite_workspace, "sends.csv", SENDS.encode(), NOW)
    assert not past.imported_letters(sqlite_workspace)["person"].str.contains("@").any()


def test_bringing_it_in_again_changes_nothing(sqlite_workspace):
    importing.bring_in(sqlite_workspace, "sends.csv", SENDS.encode(), NOW)
    before = results.state_of(sqlite_workspace)
    again = importing.bring_in(sqlite_workspace, "copy.csv", SENDS.encode(), NOW)
    assert (again.new, again.repeated) == (0, 2)
    assert results.state_of(sqlite_workspace) == before


def test_the_state_changes_with_an_import(sqlite_workspace):
    before = results.state_of(sqlite_workspace)
    importing.bring_in(sqlite_workspace, "sends.csv", SENDS.encode(), NOW)
    assert results.state_of(sqlite_workspace) != before


def test_the_past_changes_with_its_letters_and_not_with_other_deeds(sqlite_workspace):
    before = results.past_state(sqlite_workspace)
    database.audit(sqlite_workspace, "ana", "list.saved", {}, NOW)
    assert results.past_state(sqlite_workspace) == before
    importing.bring_in(sqlite_workspace, "sends.csv", SENDS.encode(), NOW)
    brought_in = results.past_state(sqlite_workspace)
    assert brought_in != before
    database.audit(sqlite_workspace, "ana", "person.erased", {}, NOW)
    assert results.past_state(sqlite_workspace) != brought_in


def test_parquet_is_read_as_well(sqlite_workspace):
    file = io.BytesIO()
    pd.read_csv(io.StringIO(SENDS), dtype="str", keep_default_na=False).to_parquet(file)
    assert importing.bring_in(sqlite_workspace, "sends.parquet", file.getvalue(), NOW).new == 2


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"PAR1 but not really", 'campaign\n"torn,\n'.encode("big5")])
def test_what_is_no_table_is_refused_in_words(sqlite_workspace, data):
    with pytest.raises(InputError):
        importing.bring_in(sqlite_workspace, "odd.bin", data, NOW)


def test_imported_letters_count_as_contacts(sqlite_workspace):
    importing.bring_in(sqlite_workspace, "sends.csv", SENDS.encode(), NOW)
    assert len(prepare.contacts_since(sqlite_workspace, NOW - timedelta(days=30))) == 2
    assert prepare.contacts_since(sqlite_workspace, NOW).empty
