"""Rehearsal and live in one journal: each sees its own plans, and only what is real counts for people."""

from datetime import timedelta

import pytest
from builders import NOW, a_plan, a_snapshot, live

from bulkmail.adapters import database, journal
from bulkmail.adapters.workspace import reading
from bulkmail.errors import StateError
from bulkmail.model import AttemptState, DeliveryEvent, EventKind, Suppression, SuppressionReason

LATER = NOW + timedelta(hours=1)
REHEARSED, REAL = "a" * 64, "b" * 64


@pytest.fixture(params=["rehearsal first", "live first"])
def modes(request, workspace):
    """The workspace in one mode and in the other."""
    pair = workspace, live(workspace)
    return pair if request.param == "rehearsal first" else pair[::-1]


@pytest.fixture
def worker(workspace):
    worker = journal.register_worker(workspace, NOW)
    yield worker
    worker.lock.release()


def stored(ws, people=10, now=NOW, **changes):
    """The hash of a plan of the mode of `ws`."""
    given = {"hash": REHEARSED if ws.settings.rehearsal else REAL, "rehearsal": ws.settings.rehearsal}
    plan = a_plan(people, 5, **given | changes)
    journal.store_plan(ws, plan, a_snapshot(people), a_snapshot(0), [], now)
    return plan.hash


def approved(ws, **changes):
    plan_hash = stored(ws, **changes)
    journal.approve(ws, plan_hash, "anna", NOW)
    return plan_hash


def claimed(ws, worker, now=NOW, **which):
    return journal.claim(ws, worker, now, lambda *_: {}, **which)


def sent(ws, worker, state=AttemptState.ACCEPTED, now=NOW):
    attempt = claimed(ws, worker, now).attempt
    journal.settle(ws, attempt.id, state, now=now)
    return attempt


def test_a_plan_keeps_its_mode(modes):
    for ws in modes:
        plan_hash = stored(ws)
        assert journal.load_plan(ws, plan_hash).plan.rehearsal == ws.settings.rehearsal
        assert journal.purpose_and_mode(ws, plan_hash[:16])[1] == ws.settings.rehearsal
    assert journal.purpose_and_mode(modes[0], "f" * 16) is None


def test_a_worker_claims_only_what_is_of_its_mode(modes, worker):
    here, there = modes
    plan_hash = approved(here)
    assert claimed(there, worker) is None
    assert claimed(there, worker, plan_hash=plan_hash) is None
    assert journal.next_due(there) is None
    assert journal.next_due(there, plan_hash) is None
    assert journal.next_due(here) == NOW
    assert claimed(here, worker).attempt.plan_hash == plan_hash


def test_a_plan_is_not_approved_in_the_other_mode(modes):
    here, there = modes
    plan_hash = stored(here)
    with pytest.raises(StateError, match="rehearsal"):
        journal.approve(there, plan_hash, "anna", NOW)
    assert journal.run_state(here, plan_hash) == ""
    journal.approve(here, plan_hash, "anna", NOW)
    with pytest.raises(StateError, match="rehearsal"):
        journal.approve(there, plan_hash, "anna", NOW)


def test_a_plan_at_work_in_one_mode_keeps_none_of_the_other_from_approval(modes, worker):
    here, there = modes
    approved(here)
    sent(here, worker)
    other = approved(there, now=LATER)
    assert journal.run_state(there, other) == "queued"


def test_plans_and_runs_are_those_of_the_mode_unless_both_are_asked_for(modes):
    for ws in modes:
        approved(ws)
    for ws in modes:
        mode = ws.settings.rehearsal
        assert [kept.plan.rehearsal for kept in journal.plans(ws, "spring")] == [mode]
        assert [run.rehearsal for run in journal.runs(ws, "queued")] == [mode]
        assert len(journal.plans(ws, both_modes=True)) == len(journal.runs(ws, both_modes=True)) == 2


def test_whom_one_mode_has_mailed_the_other_has_not(modes, worker):
    here, there = modes
    approved(here)
    sent(here, worker)
    sent(here, worker, AttemptState.IN_DOUBT)
    assert journal.handled(there, "spring").empty
    assert journal.contacts_since(there, NOW).empty
    assert len(journal.handled(here, "spring")) == len(journal.contacts_since(here, NOW)) == 10


def test_the_last_look_heeds_no_letters_of_the_other_mode(modes, worker):
    here, there = modes
    mine, same = approved(here), approved(here, hash="c" * 64, campaign_id="autumn")
    approved(there)
    persons = list(a_snapshot(10)["person"])

    def beside(plan_hash):
        with reading(here) as connection:
            return len(journal.contacts_beside(here, connection, plan_hash, persons))

    sent(there, worker, now=LATER)
    assert beside(mine) == 0
    assert claimed(here, worker, LATER, plan_hash=same)
    assert beside(mine) == 5


def test_a_rate_limit_holds_the_runs_of_its_mode(modes, worker):
    here, there = modes
    approved(here), approved(there)
    journal.hold(here, LATER)
    assert claimed(here, worker) is None
    assert claimed(there, worker) is not None


def test_nobody_asks_about_doubts_of_the_other_mode(modes, worker):
    here, there = modes
    approved(here)
    doubtful = sent(here, worker, AttemptState.IN_DOUBT)
    assert journal.doubtful(there) == []
    assert [attempt.id for attempt in journal.doubtful(here)] == [doubtful.id]


def test_what_happened_to_letters_of_the_other_mode_is_not_counted(modes, worker):
    here, there = modes
    approved(here)
    complaint = {"kind": EventKind.COMPLAINED, "at": NOW, "address": "x@example.com", "position": 1}
    ours = DeliveryEvent(id="1", attempt=sent(here, worker).id, **complaint)
    journal.store_events(here, [ours, DeliveryEvent(id="2", attempt="", **complaint)], now=NOW)
    assert journal.letters_since(here, EventKind.COMPLAINED, NOW) == 2
    assert journal.letters_since(there, EventKind.COMPLAINED, NOW) == 1


# ---------------------------------------------------------------- suppressions


def a_suppression(**changes):
    row = {"person": "p1", "reason": SuppressionReason.HARD_BOUNCE, "at": NOW, "origin": "event"}
    return Suppression(**row | changes)


def suppressed(ws):
    """Who is suppressed, as a list tells it and as the last look does."""
    listed = set(database.suppressions(ws)["person"])
    with reading(ws) as connection:
        rehearsal = ws.settings.rehearsal
        among = database.suppressions_among(connection, ["p1", "p2"], rehearsal=rehearsal)
    assert listed == set(among["person"])
    return listed


def test_what_was_simulated_holds_in_rehearsal_only_and_what_is_real_everywhere(workspace):
    database.add_suppressions(workspace, [a_suppression(rehearsal=True), a_suppression(person="p2")])
    assert suppressed(workspace) == {"p1", "p2"}
    assert suppressed(live(workspace)) == {"p2"}


def test_a_simulated_suppression_keeps_no_real_one_out(workspace):
    assert database.add_suppressions(workspace, [a_suppression(rehearsal=True)]) == 1
    assert database.add_suppressions(workspace, [a_suppression(at=LATER)]) == 1
    assert suppressed(live(workspace)) == {"p1"}
    assert list(database.suppressions(workspace)["rehearsal"]) == [False, True]
