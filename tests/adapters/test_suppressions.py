"""Suppressions: nothing takes one away, and only the person outlives it."""

import shutil
import time
from dataclasses import asdict
from datetime import timedelta

import pandas as pd
import pytest
from builders import NOW, a_table
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkmail.adapters import database
from bulkmail.adapters.ledger import consent_events
from bulkmail.adapters.suppressions import suppressed_by_reason
from bulkmail.adapters.workspace import open_workspace, reading
from bulkmail.model import ConsentEvent, ConsentState, Suppression, SuppressionReason
from bulkmail.tips import unsubscribe
from tests.conftest import settings_in

LATER = NOW + timedelta(days=1)


def a_suppression(**changes):
    row = {
        "person": "p1",
        "reason": SuppressionReason.UNSUBSCRIBED,
        "at": NOW,
        "origin": "link",
        "address": "a@b.example",
    }
    return Suppression(**row | changes)


def a_return(at=LATER, **changes):
    """The event of a person who comes back by the link of a letter."""
    event = {
        "person": "p1", "purpose": "newsletter", "basis": "consent_express", "state": ConsentState.GIVEN, "at": at,
        "recorded_at": at, "method": "link", "source": "", "wording": "", "evidence": "link", "recorded_by": "p1",
    }  # fmt: skip
    return ConsentEvent(**event | changes)


def record(ws, *events):
    database.append_consent(ws, pd.DataFrame([asdict(event) for event in events]))


def among(ws, *persons):
    with reading(ws) as connection:
        return database.suppressions_among(connection, persons, rehearsal=ws.settings.rehearsal)


def reason_of(ws, person="p1", purpose="newsletter"):
    """Why the person is not mailed for the purpose: as a plan knows it, and as the last look does."""
    table, events = a_table(f"person\n{person}"), consent_events(ws)
    known = (database.suppressions(ws), among(ws, person))
    planned, last = (
        unsubscribe.annotate(table, rows, purpose=purpose, events=events)["suppression_reason"].iloc[0]
        for rows in known
    )
    assert planned == last
    return planned


# ---------------------------------------------------------------- recorded


def test_a_suppression_is_recorded_once_and_keeps_its_first_date(workspace):
    assert database.add_suppressions(workspace, [a_suppression(), a_suppression()]) == 1
    assert database.add_suppressions(workspace, [a_suppression(at=LATER)]) == 0
    rows = database.suppressions(workspace)
    assert list(rows["at"]) == [NOW]
    assert list(rows.columns) == ["person", "reason", "purpose", "at", "origin", "address", "rehearsal"]


def test_a_second_reason_stands_beside_the_first_and_the_strongest_is_told(workspace):
    manual = a_suppression(reason=SuppressionReason.MANUAL)
    complained = a_suppression(reason=SuppressionReason.COMPLAINED, at=LATER)
    assert database.add_suppressions(workspace, [manual, complained, a_suppression()]) == 3
    assert reason_of(workspace) == "complained"


def test_a_suppression_for_one_purpose_leaves_the_others(workspace):
    database.add_suppressions(workspace, [a_suppression(purpose="giving"), a_suppression(person="p2", purpose="")])
    assert [reason_of(workspace, person, "giving") for person in ("p1", "p2")] == ["unsubscribed"] * 2
    assert [reason_of(workspace, person) for person in ("p1", "p2")] == ["", "unsubscribed"]


def test_erasing_an_address_leaves_the_mark(workspace):
    database.add_suppressions(workspace, [a_suppression(), a_suppression(purpose="giving"), a_suppression(person="p2")])
    assert database.erase_address(workspace, "p1") == 2
    assert database.erase_address(workspace, "p1") == 0
    assert set(database.suppressions(workspace)["address"]) == {"", "a@b.example"}
    assert reason_of(workspace) == "unsubscribed"


def test_a_thousand_people_are_looked_up_among_many(workspace):
    everybody = [f"{number:032x}" for number in range(20_000)]
    database.add_suppressions(workspace, [a_suppression(person=person) for person in everybody[::2]])
    started = time.process_time()
    found = among(workspace, *everybody[:1_000])
    assert len(found) == 500
    assert time.process_time() - started < 1  # seconds of this processor: some milliseconds, usually


def test_no_suppressions_is_an_empty_table_of_the_same_types(workspace):
    empty = database.suppressions(workspace)
    database.add_suppressions(workspace, [a_suppression()])
    assert dict(empty.dtypes) == dict(database.suppressions(workspace).dtypes)


def test_suppressed_people_are_counted_once_for_each_reason(workspace):
    bounced, twice = SuppressionReason.HARD_BOUNCE, a_suppression(purpose="newsletter")
    rows = [a_suppression(), twice, a_suppression(reason=bounced), a_suppression(reason=bounced, person="p2")]
    database.add_suppressions(workspace, rows)
    assert list(suppressed_by_reason(workspace).items()) == [("unsubscribed", 1), ("hard_bounce", 2)]


# ---------------------------------------------------------------- outlived, by the person alone


@pytest.mark.parametrize("reason", SuppressionReason)
@pytest.mark.parametrize("purpose", ["", "newsletter", "Newsletter"])
def test_a_newer_consent_by_the_person_outlives_a_suppression(workspace, reason, purpose):
    database.add_suppressions(workspace, [a_suppression(reason=reason, purpose=purpose)])
    assert reason_of(workspace) == reason
    record(workspace, a_return())
    assert reason_of(workspace) == ""


@pytest.mark.parametrize(
    "event",
    [
        a_return(at=NOW),
        a_return(at=NOW - timedelta(days=1)),
        a_return(at=None, recorded_at=LATER),
        a_return(evidence="column"),
        a_return(evidence="attestation"),
        a_return(state=ConsentState.REQUESTED),
        a_return(state=ConsentState.WITHDRAWN),
        a_return(purpose="giving"),
        a_return(person="p2"),
    ],
    ids=["same moment", "older", "undated", "a list's row", "attested", "asked only", "withdrawn", "other", "another"],
)
def test_nothing_else_does(workspace, event):
    database.add_suppressions(workspace, [a_suppression()])
    record(workspace, event)
    assert reason_of(workspace) == "unsubscribed"


def test_who_left_everything_comes_back_for_one_purpose_only(workspace):
    database.add_suppressions(workspace, [a_suppression()])
    record(workspace, a_return())
    assert (reason_of(workspace), reason_of(workspace, purpose="giving")) == ("", "unsubscribed")


def test_who_came_back_and_leaves_again_has_left(workspace):
    database.add_suppressions(workspace, [a_suppression(purpose="newsletter")])
    record(workspace, a_return())
    again = a_suppression(purpose="newsletter", at=LATER + timedelta(days=1), origin="link 2")
    assert database.add_suppressions(workspace, [again]) == 0
    assert reason_of(workspace) == "unsubscribed"
    assert database.suppressions(workspace)["origin"].tolist() == ["link 2"]


def test_an_old_request_that_arrives_late_moves_nothing(workspace):
    database.add_suppressions(workspace, [a_suppression(purpose="newsletter")])
    record(workspace, a_return())
    database.add_suppressions(workspace, [a_suppression(purpose="newsletter", at=NOW - timedelta(days=1))])
    assert database.suppressions(workspace)["at"].tolist() == [NOW]


def test_all_spellings_of_a_purpose_are_one(workspace):
    database.add_suppressions(workspace, [a_suppression(purpose="Open Day")])
    assert [reason_of(workspace, purpose=name) for name in ("open-day", "ＯＰＥＮ　ＤＡＹ", "open")] == [
        "unsubscribed", "unsubscribed", "",
    ]  # fmt: skip


STEPS = st.lists(st.sampled_from(["leave", "leave all", "bounce", "return", "list says yes", "erase"]), max_size=12)


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_in_any_order_the_last_word_of_the_person_counts(tmp_path_factory, migrated_sqlite, steps):
    home = tmp_path_factory.mktemp("order")
    shutil.copy(migrated_sqlite, home)
    ws = open_workspace(settings_in(home))
    left = False
    for number, step in enumerate(steps):
        act(ws, step, NOW + timedelta(hours=number))
        left = step in ("leave", "leave all", "bounce") or (left and step != "return")
        assert bool(reason_of(ws)) is left, steps[: number + 1]
    ws.engine.dispose()


def act(ws, step, at):
    """Let one thing happen to the person."""
    if step == "erase":
        database.erase_address(ws, "p1")
    elif step in ("return", "list says yes"):
        record(ws, a_return(at=at, evidence="link" if step == "return" else "column"))
    else:
        reason = SuppressionReason.HARD_BOUNCE if step == "bounce" else SuppressionReason.UNSUBSCRIBED
        purpose = "newsletter" if step == "leave" else ""
        database.add_suppressions(ws, [a_suppression(at=at, reason=reason, purpose=purpose)])
