"""Consent and suppressions: they grow, they say the same thing once, and no edit goes unseen."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pandas as pd
import pytest
from alembic import command
from builders import NOW
from sqlalchemy import delete, inspect, text, update
from sqlalchemy.exc import DBAPIError

from bulkmail.adapters import database, ledger, tables
from bulkmail.adapters.ledger import (
    EVENT_COLUMNS,
    FACT_COLUMNS,
    MANY,
    RECORDING,
    TIMES,
    ledger_size,
    record_consent,
)
from bulkmail.adapters.workspace import alembic_config, open_workspace, reading, writing
from bulkmail.model import ConsentEvent, ConsentState, Suppression, SuppressionReason

LATER = NOW + timedelta(days=1)


def some_events(count=3, **changes):
    event = {
        "person": [f"{number:032x}" for number in range(count)],
        "purpose": "newsletter",
        "basis": "consent_express",
        "state": "given",
        "at": pd.Timestamp(NOW) - pd.to_timedelta(range(count), unit="min"),
        "recorded_at": NOW,
        "method": "form",
        "source": "fair",
        "wording": "v1",
        "evidence": "column",
        "recorded_by": "staff",
    }
    return pd.DataFrame(event | changes)


def a_suppression(**changes):
    row = {
        "person": "p1",
        "reason": SuppressionReason.UNSUBSCRIBED,
        "at": NOW,
        "origin": "link",
        "address": "a@b.example",
    }
    return Suppression(**row | changes)


# ---------------------------------------------------------------- consent


def test_events_come_back_in_the_order_of_recording(workspace):
    events = some_events(5)
    assert database.append_consent(workspace, events) == 5
    back = database.consent_events(workspace)
    assert list(back.columns) == list(EVENT_COLUMNS)
    assert list(back["person"]) == list(events["person"])
    assert list(back["at"]) == list(events["at"])


def test_importing_a_list_twice_says_it_once(workspace):
    database.append_consent(workspace, some_events(3))
    again = some_events(5, recorded_at=LATER, recorded_by="somebody else")
    assert database.append_consent(workspace, again) == 2
    assert len(database.consent_events(workspace)) == 5


def test_the_same_fact_twice_in_one_import_is_one(workspace):
    assert database.append_consent(workspace, pd.concat([some_events(2), some_events(2)])) == 2


@pytest.mark.parametrize("column", [name for name in EVENT_COLUMNS if name not in {*RECORDING, *TIMES}])
def test_what_differs_in_any_word_is_another_fact(workspace, column):
    database.append_consent(workspace, some_events(1))
    assert database.append_consent(workspace, some_events(1, **{column: "refused"})) == 1


def test_neighbouring_words_do_not_melt_into_one_fact(workspace):
    events = pd.concat([some_events(1, method="ab", source="c"), some_events(1, method="a", source="bc")])
    assert database.append_consent(workspace, events) == 2


def test_an_end_that_was_agreed_makes_another_fact_and_is_kept(workspace):
    database.append_consent(workspace, pd.concat([some_events(1), some_events(1, valid_until=LATER)]))
    assert database.consent_events(workspace)["valid_until"].tolist() == [pd.NaT, LATER]
    assert database.verify_chain(workspace)


def test_a_form_that_was_filled_in_is_one_event(workspace):
    said = dict.fromkeys(FACT_COLUMNS, "") | {"person": "ana", "purpose": "news", "evidence": "form"}
    event = ConsentEvent(**said | {"state": ConsentState.REQUESTED, "at": NOW, "recorded_at": NOW, "recorded_by": "x"})
    assert record_consent(workspace, [event, event]) == 1
    assert record_consent(workspace, []) == 0
    assert database.consent_events(workspace)["state"].tolist() == ["requested"]


def test_links_from_before_there_were_more_columns_hold(workspace):
    """The hashes of the first release, computed by its rule."""
    database.append_consent(workspace, some_events(1, at=NOW))
    said = ["0" * 32, "newsletter", "consent_express", "given", NOW.isoformat(), "form", "fair", "v1", "column"]
    fact = sha256("".join(f"{len(word)}:{word}" for word in said).encode()).hexdigest()
    link = sha256("".join(f"{len(word)}:{word}" for word in ["0" * 64, fact, NOW.isoformat(), "staff"]).encode())
    with reading(workspace) as connection:
        assert connection.execute(text("SELECT fact, hash FROM consent_event")).one() == (fact, link.hexdigest())


def test_an_unknown_date_stays_unknown(workspace):
    database.append_consent(workspace, some_events(2, at=[None, NOW]))
    assert list(database.consent_events(workspace)["at"].isna()) == [True, False]
    assert database.append_consent(workspace, some_events(2, at=None)) == 1


def test_times_of_any_zone_and_precision_are_kept_to_the_microsecond(workspace):
    macau = datetime(2026, 11, 23, 17, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    database.append_consent(workspace, some_events(1, at=[pd.Timestamp(macau) + pd.Timedelta(5, "ns")]))
    assert database.consent_events(workspace)["at"][0] == macau.astimezone(UTC)
    assert database.verify_chain(workspace)


def test_missing_words_are_empty_words(workspace):
    database.append_consent(workspace, some_events(1, wording=[float("nan")], state=[ConsentState.REFUSED]))
    row = database.consent_events(workspace).iloc[0]
    assert (row["wording"], row["state"]) == ("", "refused")


def test_only_one_purpose_may_be_asked_for(workspace):
    database.append_consent(workspace, pd.concat([some_events(2), some_events(1, purpose="giving")]))
    assert list(database.consent_events(workspace, "giving")["purpose"]) == ["giving"]


def test_the_last_look_asks_for_a_few_people(workspace):
    events = some_events(10)
    database.append_consent(workspace, events)
    with reading(workspace) as connection:
        found = database.consent_among(connection, [*events["person"][:3], "stranger"], "newsletter")
    assert sorted(found["person"]) == sorted(events["person"][:3])


def test_an_empty_ledger_has_the_same_columns_and_types(workspace):
    empty = database.consent_events(workspace)
    database.append_consent(workspace, some_events(1))
    assert dict(empty.dtypes) == dict(database.consent_events(workspace).dtypes)
    assert database.append_consent(workspace, some_events(0)) == 0
    assert database.verify_chain(workspace)


def test_the_chain_holds_over_many_imports(workspace):
    for number in range(1, 4):
        database.append_consent(workspace, some_events(number * 3, source=str(number)))
    assert database.verify_chain(workspace)


@pytest.mark.parametrize(
    ("tampering", "first"),
    [
        ("UPDATE consent_event SET state = 'refused' WHERE id = 4", 4),
        ("UPDATE consent_event SET recorded_by = 'x' WHERE id = 2", 2),
        ("UPDATE consent_event SET at = NULL WHERE id = 1", 1),
        ("DELETE FROM consent_event WHERE id = 3", 3),
        ("DELETE FROM consent_event WHERE id = 1", 1),
    ],
)
def test_an_edit_behind_our_back_is_seen(workspace, tampering, first):
    database.append_consent(workspace, some_events(6))
    with writing(workspace) as connection:
        on = " ON consent_event" if connection.dialect.name == "postgresql" else ""
        for trigger in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER keep_consent_event_{trigger}{on}"))
        connection.execute(text(tampering))
    assert database.first_broken_link(workspace) == first
    assert not database.verify_chain(workspace)


def test_two_who_record_at_once_make_one_chain(workspace):
    with ThreadPoolExecutor(4) as pool:
        added = pool.map(lambda n: database.append_consent(workspace, some_events(20, source=str(n % 2))), range(4))
    assert sum(added) == 40
    assert database.verify_chain(workspace)


def test_a_large_list_is_recorded_in_seconds(workspace):
    events = some_events(MANY)
    started = time.process_time()
    assert database.append_consent(workspace, events) == MANY
    assert database.append_consent(workspace, events) == 0
    assert time.process_time() - started < 15  # seconds of this processor: a tenth of it, usually
    with reading(workspace) as connection:
        assert [index["column_names"] for index in inspect(connection).get_indexes("consent_event")] == [["person"]]


@pytest.mark.parametrize("word", ['a, "b"', "two\nlines", "\\.", "\\N", "\t", "陳大文", "NULL", " "])
def test_a_word_comes_back_as_it_was_said(workspace, word):
    database.append_consent(workspace, some_events(2, evidence=[word, ""], conditions=["", word]))
    back = database.consent_events(workspace)
    assert (list(back["evidence"]), list(back["conditions"])) == ([word, ""], ["", word])
    assert database.verify_chain(workspace)


def test_a_ledger_from_before_is_taken_along_whole(workspace):
    with writing(workspace) as connection:
        command.downgrade(alembic_config(connection), "0012")
    database.append_consent(workspace, some_events(5, valid_until=[None, LATER, None, None, None]))
    before, head = database.consent_events(workspace), ledger.head(workspace)
    open_workspace(workspace.settings).engine.dispose()
    pd.testing.assert_frame_equal(database.consent_events(workspace), before)
    assert database.append_consent(workspace, some_events(6)) == 2
    assert database.verify_chain(workspace)
    assert ledger.head(workspace) != head
    for deed in (delete(tables.consent_event), update(tables.consent_event).values(state="given")):
        with pytest.raises(DBAPIError, match="append-only"), writing(workspace) as connection:
            connection.execute(deed)


def test_the_ledger_knows_its_size(workspace):
    database.append_consent(workspace, some_events())
    assert ledger_size(workspace) == 3
