"""Events: stored once in any order, they settle doubts, and contradict the books aloud."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import NOW, a_plan, a_snapshot

from bulkmail.adapters import database, journal
from bulkmail.model import AttemptState, DeliveryEvent, EventKind, Suppression, SuppressionReason

HASH = a_plan(1).hash


@pytest.fixture
def attempt(workspace):
    """An attempt with ten people, submitting."""
    journal.store_plan(workspace, a_plan(10), a_snapshot(10), a_snapshot(0), [], NOW)
    journal.approve(workspace, HASH, "anna", NOW)
    worker = journal.register_worker(workspace, NOW)
    yield journal.claim(workspace, worker, NOW, lambda *_: {}).attempt
    worker.lock.release()


def an_event(attempt, number=0, kind=EventKind.DELIVERED, **changes):
    event = {"id": f"{kind}-{number}", "kind": kind, "at": NOW, "address": f"person{number}@example.com"}
    return DeliveryEvent(**event | {"attempt": attempt.id, "position": number, "message_id": "m1"} | changes)


def test_an_event_told_thrice_is_stored_once(workspace, attempt):
    event = an_event(attempt)
    assert journal.store_events(workspace, [event, event], now=NOW) == 1
    assert journal.store_events(workspace, [event, an_event(attempt, 1)], now=NOW) == 1
    assert len(journal.events(workspace, HASH)) == 2


def test_an_event_comes_back_as_it_was(workspace, attempt):
    event = an_event(attempt, kind=EventKind.CLICKED, by_machine=True, url="https://example.org", reason="why")
    journal.store_events(workspace, [event], now=NOW + timedelta(minutes=1))
    row = journal.events(workspace, HASH).to_dict("records")[0]
    assert row.pop("received_at") == NOW + timedelta(minutes=1)
    assert DeliveryEvent(**row | {"kind": EventKind(row["kind"])}) == event


def test_events_of_no_attempt_of_ours_are_kept_too(workspace, attempt):
    stray = replace(an_event(attempt), attempt="", position=-1)
    journal.store_events(workspace, [stray], now=NOW)
    assert journal.events(workspace, HASH).empty
    assert len(journal.events(workspace)) == 1
    assert dict(journal.events(workspace, HASH).dtypes) == dict(journal.events(workspace).dtypes)


def test_no_events_are_no_trouble(workspace):
    assert journal.store_events(workspace, [], now=NOW) == 0
    assert journal.outcomes(workspace, HASH).empty


def test_a_complaint_and_its_suppression_are_stored_together(workspace, attempt):
    reason = SuppressionReason.COMPLAINED
    complaint = Suppression(person="p", reason=reason, at=NOW, origin="event")
    journal.store_events(workspace, [an_event(attempt, kind=EventKind.COMPLAINED)], [complaint], now=NOW)
    assert list(database.suppressions(workspace)["person"]) == ["p"]
    with pytest.raises(Exception, match="aware"):
        journal.store_events(
            workspace, [an_event(attempt, 1, at=NOW.replace(tzinfo=None))], [replace(complaint, person="q")], now=NOW
        )
    assert list(database.suppressions(workspace)["person"]) == ["p"]


@pytest.mark.parametrize("kind", list(EventKind))
def test_any_event_settles_a_doubt(workspace, attempt, kind):
    journal.settle(workspace, attempt.id, AttemptState.IN_DOUBT, now=NOW)
    assert journal.settle_by_events(workspace, NOW) == 0
    journal.store_events(workspace, [an_event(attempt, kind=kind)], now=NOW)
    assert journal.settle_by_events(workspace, NOW) == 1
    settled = journal.attempt(workspace, attempt.id)
    assert (settled.state, settled.message_id) == (AttemptState.ACCEPTED, "m1")
    assert journal.run_state(workspace, HASH) == "done"


def test_an_event_before_the_doubt_settles_it_too(workspace, attempt):
    journal.store_events(workspace, [an_event(attempt)], now=NOW)
    assert journal.settle_by_events(workspace, NOW) == 0, "its worker lives and will say so itself"
    journal.settle(workspace, attempt.id, AttemptState.IN_DOUBT, now=NOW)
    assert journal.settle_by_events(workspace, NOW) == 1


def test_events_of_a_refused_attempt_are_counted_as_contradictions(workspace, attempt):
    journal.settle(workspace, attempt.id, AttemptState.REFUSED, now=NOW)
    assert journal.contradictions(workspace, HASH) == 0
    events = [an_event(attempt), an_event(attempt, kind=EventKind.OPENED), an_event(attempt, 1)]
    journal.store_events(workspace, events, now=NOW)
    assert journal.settle_by_events(workspace, NOW) == 0
    assert journal.contradictions(workspace, HASH) == 2


def test_events_of_a_replaced_attempt_are_contradictions_too(workspace, attempt):
    journal.replace(workspace, attempt.id, [(0, 10)], now=NOW)
    journal.store_events(workspace, [an_event(attempt, 3)], now=NOW)
    assert journal.contradictions(workspace, HASH) == 1


def test_outcomes_count_letters_and_not_events(workspace, attempt):
    events = [
        an_event(attempt, 0),
        an_event(attempt, 1),
        an_event(attempt, 0, EventKind.OPENED, by_machine=True),
        an_event(attempt, 0, EventKind.OPENED, id="again"),
        an_event(attempt, 1, EventKind.OPENED, by_machine=True),
        an_event(attempt, 2, EventKind.BOUNCED, hard=True),
        an_event(attempt, 3, EventKind.BOUNCED),
    ]
    journal.store_events(workspace, events, now=NOW)
    counts = journal.outcomes(workspace, HASH).set_index("kind")
    assert list(counts.loc["opened"]) == [2, 1, 0, 3]
    assert list(counts.loc["bounced"]) == [2, 2, 1, 2]
    assert list(counts.loc["delivered"]) == [2, 2, 0, 2]
    assert list(counts.columns) == ["letters", "letters_by_people", "letters_hard", "events"]


def test_a_large_delivery_of_events_is_stored(workspace, attempt):
    events = [an_event(attempt, number) for number in range(3_000)]
    assert journal.store_events(workspace, events, now=NOW) == 3_000
    assert journal.store_events(workspace, events, now=NOW) == 0


def test_letters_of_a_kind_are_counted_once_each_and_from_a_moment_on(workspace, attempt):
    again = an_event(attempt, id="again", at=NOW + timedelta(hours=1))
    old = an_event(attempt, 1, at=NOW - timedelta(days=31))
    opened = an_event(attempt, 2, kind=EventKind.OPENED)
    journal.store_events(workspace, [an_event(attempt), again, old, opened], now=NOW)
    assert journal.letters_since(workspace, EventKind.DELIVERED, NOW - timedelta(days=30)) == 1
    assert journal.stored_events(workspace) == 4
