"""The journal: approval binds to a hash, every move is legal or refused, and everybody is always accounted for."""

from datetime import timedelta

import pandas as pd
import pytest
from builders import NOW, a_plan, a_snapshot
from sqlalchemy import text

from bulkmail.adapters import database, journal
from bulkmail.adapters.workspace import writing
from bulkmail.errors import StateError
from bulkmail.model import AttemptState, Batch

LATER = NOW + timedelta(hours=1)
ACCEPTED, REFUSED, IN_DOUBT = AttemptState.ACCEPTED, AttemptState.REFUSED, AttemptState.IN_DOUBT
HASH = a_plan(1).hash


def nobody(connection, attempt, letters):
    return {}


def stored(ws, people=25, batch=10, now=NOW, first=0, **changes):
    plan = a_plan(people, batch, **changes)
    journal.store_plan(ws, plan, a_snapshot(people, first), pd.DataFrame({"reason": ["no_consent"]}), "[]", now)
    return plan


@pytest.fixture
def approved(workspace):
    """A workspace with an approved plan of 25 people in batches of 10, 10 and 5."""
    stored(workspace)
    journal.approve(workspace, HASH, "anna", NOW)
    return workspace


@pytest.fixture
def worker(workspace):
    worker = journal.register_worker(workspace, NOW)
    yield worker
    worker.lock.release()


def claimed(ws, worker, last_look=nobody, now=NOW):
    return journal.claim(ws, worker, now, last_look).attempt


def sent(ws, worker, state, **details):
    attempt = claimed(ws, worker)
    journal.record_digest(ws, attempt.id, "d" * 64, attempt.people)
    journal.settle(ws, attempt.id, state, now=NOW, **details)
    return attempt


def counts(ws, plan_hash=HASH):
    totals = journal.totals(ws, plan_hash)
    assert sum(value for name, value in totals.items() if name not in {"recipients", "reasons"}) == totals["recipients"]
    assert sum(totals["reasons"].values()) == totals["refused"] + totals["skipped"]
    return {name: value for name, value in totals.items() if value and name not in {"recipients", "reasons"}}


# ---------------------------------------------------------------- storing


def test_a_plan_comes_back_as_it_was_stored(workspace):
    later = (Batch(start=0, stop=25, variant="both", not_before=LATER),)
    plan = stored(workspace, batches=later, excluded={"no_consent": 1})
    kept = journal.load_plan(workspace, HASH)
    assert kept.plan == plan
    assert (kept.made_at, kept.findings, kept.voided_at) == (NOW, [], None)
    assert journal.plans(workspace) == journal.plans(workspace, "spring") == [kept]
    assert journal.plans(workspace, "autumn") == []
    assert list(journal.load_excluded(workspace, HASH)["reason"]) == ["no_consent"]
    part = a_snapshot(25).iloc[10:20].reset_index(drop=True)
    pd.testing.assert_frame_equal(journal.load_snapshot(workspace, HASH, 10, 20), part)


@pytest.mark.parametrize(
    ("snapshot", "changes"),
    [
        (a_snapshot(24), {}),
        (a_snapshot(25).iloc[::-1], {}),
        (a_snapshot(25).assign(person="same"), {}),
        (a_snapshot(25), {"batches": a_plan(25, 10).batches[1:]}),
        (a_snapshot(25), {"batches": a_plan(20, 10).batches}),
    ],
    ids=["one short", "disordered", "one person", "a hole", "an end missing"],
)
def test_a_plan_that_is_not_its_snapshot_is_refused(workspace, snapshot, changes):
    with pytest.raises(StateError, match="Make the plan again"):
        journal.store_plan(workspace, a_plan(25, 10, **changes), snapshot, a_snapshot(0), [], NOW)
    assert journal.plans(workspace) == []


def test_an_unknown_plan_is_said_to_be_unknown(workspace):
    for ask in (journal.load_plan, journal.load_snapshot, journal.totals, journal.letters):
        with pytest.raises(StateError, match="no plan"):
            ask(workspace, HASH)


# ---------------------------------------------------------------- approving


def test_before_approval_all_are_planned_and_nothing_can_be_claimed(workspace, worker):
    stored(workspace)
    assert counts(workspace) == {"planned": 25}
    assert journal.claim(workspace, worker, NOW, nobody) is None
    assert journal.run_state(workspace, HASH) == ""
    assert journal.run(workspace, HASH) is None


def test_approval_makes_one_attempt_per_batch(approved):
    attempts = journal.attempts(approved, HASH)
    assert [(attempt.start, attempt.stop, attempt.people) for attempt in attempts] == [
        (0, 10, 10),
        (10, 20, 10),
        (20, 25, 5),
    ]
    assert {attempt.state for attempt in attempts} == {AttemptState.PLANNED}
    assert len({attempt.id for attempt in attempts}) == 3
    assert all(len(bytes.fromhex(attempt.id)) * 8 == 128 for attempt in attempts)
    run = journal.run(approved, HASH)
    assert (run.state, run.approved_by, run.campaign_id) == ("queued", "anna", "spring")
    assert journal.runs(approved) == journal.runs(approved, "queued") == [run]
    assert list(database.audit_trail(approved)["what"]) == ["plan.approved"]


def test_approving_twice_is_approving_once(approved):
    journal.approve(approved, HASH, "ben", LATER)
    assert len(journal.attempts(approved, HASH)) == 3
    assert journal.run(approved, HASH).approved_by == "anna"


def test_an_unknown_plan_is_not_approved(workspace):
    with pytest.raises(StateError, match="no plan"):
        journal.approve(workspace, HASH, "anna", NOW)


def test_a_void_plan_is_not_approved_even_if_it_was(approved, worker):
    claimed(approved, worker)
    journal.void(approved, HASH, "the letter was edited", NOW)
    journal.void(approved, HASH, "again", NOW)
    with pytest.raises(StateError, match="the letter was edited"):
        journal.approve(approved, HASH, "anna", NOW)
    assert counts(approved) == {"submitting": 10, "cancelled": 15}
    assert journal.run_state(approved, HASH) == "cancelled"


def test_a_plan_void_before_approval_mails_nobody(workspace):
    stored(workspace)
    journal.void(workspace, HASH, "edited", NOW)
    assert counts(workspace) == {"cancelled": 25}
    with pytest.raises(StateError, match="void"):
        journal.approve(workspace, HASH, "anna", NOW)


def test_a_plan_for_nobody_is_not_approved(workspace):
    stored(workspace, people=0)
    with pytest.raises(StateError, match="nobody to mail"):
        journal.approve(workspace, HASH, "anna", NOW)


def test_a_snapshot_changed_on_the_disk_is_not_approved(workspace):
    stored(workspace)
    for path in (workspace.home / "tables").iterdir():
        path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(StateError, match="changed on the disk"):
        journal.approve(workspace, HASH, "anna", NOW)


def test_two_plans_of_a_campaign_are_not_at_work_together(approved):
    other = stored(approved, hash="b" * 64)
    with pytest.raises(StateError, match="at work"):
        journal.approve(approved, other.hash, "anna", NOW)
    journal.request(approved, HASH, "cancelled", "anna", NOW)
    journal.approve(approved, other.hash, "anna", NOW)


@pytest.mark.parametrize("state", [ACCEPTED, IN_DOUBT, None])
def test_a_plan_with_people_mailed_meanwhile_is_not_approved(approved, worker, state):
    sent(approved, worker, state) if state else claimed(approved, worker)
    journal.request(approved, HASH, "cancelled", "anna", NOW)
    other = stored(approved, people=20, first=5, hash="b" * 64, now=LATER)
    with pytest.raises(StateError, match="5 of 20 people"):
        journal.approve(approved, other.hash, "anna", LATER)


def test_a_plan_of_those_who_were_not_mailed_is_approved(approved, worker):
    sent(approved, worker, ACCEPTED)
    sent(approved, worker, REFUSED)
    journal.request(approved, HASH, "cancelled", "anna", NOW)
    rest = stored(approved, people=15, first=10, hash="b" * 64)
    journal.approve(approved, rest.hash, "anna", NOW)
    assert counts(approved, rest.hash) == {"planned": 15}


def test_another_campaign_is_not_in_the_way(approved):
    other = stored(approved, hash="b" * 64, campaign_id="autumn")
    journal.approve(approved, other.hash, "anna", NOW)


# ---------------------------------------------------------------- claiming


def test_a_claim_is_submitting_before_anything_is_sent(approved, worker):
    claimed = journal.claim(approved, worker, LATER, nobody)
    kept = journal.attempt(approved, claimed.attempt.id)
    assert kept == claimed.attempt
    assert (kept.state, kept.worker, kept.started_at, kept.digest) == (AttemptState.SUBMITTING, worker.id, LATER, "")
    assert list(claimed.letters["position"]) == list(range(10))
    assert journal.run_state(approved, HASH) == "running"


def test_the_last_look_leaves_people_out_for_a_stated_reason(approved, worker):
    seen = {}

    def look(connection, attempt, letters):
        among = database.suppressions_among(connection, list(letters["person"]), rehearsal=True)
        seen.update(people=len(letters), among=len(among))
        return {3: "unsubscribed", 7: "complained"}

    claimed = journal.claim(approved, worker, NOW, look)
    assert seen == {"people": 10, "among": 0}
    assert (len(claimed.letters), claimed.attempt.people, claimed.skipped) == (
        8,
        8,
        {3: "unsubscribed", 7: "complained"},
    )
    assert not set(claimed.letters["position"]) & {3, 7}
    assert counts(approved) == {"submitting": 8, "planned": 15, "skipped": 2}
    assert journal.totals(approved, HASH)["reasons"] == {"unsubscribed": 1, "complained": 1}


def test_an_attempt_of_which_nobody_is_left_is_passed_over(approved, worker):
    claimed = journal.claim(
        approved,
        worker,
        NOW,
        lambda c, a, letters: dict.fromkeys(letters["position"][:10], "x") if a.start < 20 else {},
    )
    assert claimed.attempt.start == 20
    assert counts(approved) == {"submitting": 5, "skipped": 20}


def test_a_plan_of_which_nobody_is_left_is_done(approved, worker):
    everybody = lambda connection, attempt, letters: dict.fromkeys(letters["position"], "unsubscribed")  # noqa: E731
    assert journal.claim(approved, worker, NOW, everybody) is None
    assert counts(approved) == {"skipped": 25}
    assert journal.run_state(approved, HASH) == "done"


def test_a_last_look_that_fails_claims_nothing(approved, worker):
    with pytest.raises(ZeroDivisionError):
        journal.claim(approved, worker, NOW, lambda *_: 1 / 0)
    assert counts(approved) == {"planned": 25}


def test_a_last_look_cannot_skip_somebody_elses_people(approved, worker):
    with pytest.raises(StateError, match="not in this attempt"):
        journal.claim(approved, worker, NOW, lambda *_: {11: "x"})
    assert counts(approved) == {"planned": 25}


def test_nothing_is_claimed_before_its_time(workspace, worker):
    batches = tuple(Batch(start=n, stop=n + 1, variant="en", not_before=NOW + timedelta(hours=n)) for n in range(3))
    stored(workspace, people=3, batches=batches)
    journal.approve(workspace, HASH, "anna", NOW)
    assert journal.next_due(workspace) == NOW
    assert claimed(workspace, worker).start == 0
    assert journal.claim(workspace, worker, NOW, nobody) is None
    assert journal.next_due(workspace) == journal.next_due(workspace, HASH) == LATER
    assert claimed(workspace, worker, now=LATER).start == 1
    assert journal.next_due(workspace, "b" * 64) is None


def test_a_rate_limit_holds_every_run(approved, worker):
    journal.hold(approved, LATER)
    journal.hold(approved, NOW)  # an earlier end does not shorten it
    assert journal.claim(approved, worker, NOW, nobody) is None
    assert journal.next_due(approved) == LATER
    assert journal.claim(approved, worker, LATER, nobody) is not None


def test_a_worker_may_ask_for_one_plan_only(approved, worker):
    assert journal.claim(approved, worker, NOW, nobody, plan_hash="b" * 64) is None
    assert journal.claim(approved, worker, NOW, nobody, plan_hash=HASH) is not None


# ---------------------------------------------------------------- pausing and cancelling


def test_a_paused_run_rests_and_goes_on(approved, worker):
    journal.request(approved, HASH, "paused", "anna", NOW, reason="the key was refused")
    assert journal.claim(approved, worker, NOW, nobody) is None
    assert journal.run(approved, HASH).reason == "the key was refused"
    journal.request(approved, HASH, "running", "anna", NOW)
    assert journal.claim(approved, worker, NOW, nobody) is not None


def test_cancelling_leaves_what_is_on_the_wire(approved, worker):
    attempt = claimed(approved, worker)
    journal.request(approved, HASH, "cancelled", "anna", NOW)
    journal.settle(approved, attempt.id, ACCEPTED, now=NOW)
    assert counts(approved) == {"accepted": 10, "cancelled": 15}
    assert journal.run_state(approved, HASH) == "cancelled"


def test_asking_twice_is_asking_once_and_a_run_that_is_over_stays_over(approved, worker):
    journal.request(approved, HASH, "cancelled", "anna", NOW)
    journal.request(approved, HASH, "cancelled", "anna", NOW)
    assert list(database.audit_trail(approved)["what"]) == ["plan.approved", "run.cancelled"]
    for state in ("running", "paused"):
        with pytest.raises(StateError, match="over"):
            journal.request(approved, HASH, state, "anna", NOW)


def test_a_plan_that_is_not_approved_cannot_be_paused(workspace):
    stored(workspace)
    with pytest.raises(StateError, match="not approved"):
        journal.request(workspace, HASH, "paused", "anna", NOW)


# ---------------------------------------------------------------- the wire


def test_the_digest_is_recorded_once_and_for_exactly_the_people(approved, worker):
    attempt = claimed(approved, worker)
    with pytest.raises(StateError):
        journal.record_digest(approved, attempt.id, "d" * 64, 9)
    journal.record_digest(approved, attempt.id, "d" * 64, 10)
    assert journal.attempt(approved, attempt.id).digest == "d" * 64
    with pytest.raises(StateError):
        journal.record_digest(approved, attempt.id, "e" * 64, 10)


def test_a_worker_taken_for_dead_is_refused_the_wire(approved, worker):
    attempt = claimed(approved, worker)
    journal.settle(approved, attempt.id, IN_DOUBT, now=NOW)
    with pytest.raises(StateError, match="moved on"):
        journal.record_digest(approved, attempt.id, "d" * 64, 10)


def test_a_run_is_done_when_everything_is_settled(approved, worker):
    for state in (ACCEPTED, REFUSED, IN_DOUBT):
        assert journal.run_state(approved, HASH) != "done"
        sent(approved, worker, state, message_id="m1", status=202, detail="fine")
    assert journal.run_state(approved, HASH) == "done"
    assert counts(approved) == {"accepted": 10, "refused": 10, "in_doubt": 5}
    assert journal.totals(approved, HASH)["reasons"] == {"request_refused": 10}
    first = journal.attempts(approved, HASH, ACCEPTED)[0]
    assert (first.message_id, first.status, first.detail, first.settled_at) == ("m1", 202, "fine", NOW)


@pytest.mark.parametrize("before", list(AttemptState))
@pytest.mark.parametrize("to", [ACCEPTED, REFUSED, IN_DOUBT])
def test_settling_makes_exactly_the_legal_moves(sqlite_workspace, before, to):
    ws = sqlite_workspace
    stored(ws, people=5)
    journal.approve(ws, HASH, "anna", NOW)
    attempt = journal.attempts(ws, HASH)[0]
    if before is AttemptState.CANCELLED:
        journal.request(ws, HASH, "cancelled", "anna", NOW)
    elif before is not AttemptState.PLANNED:
        claimed(ws, journal.register_worker(ws, NOW))
        if before is not AttemptState.SUBMITTING:
            journal.settle(ws, attempt.id, before, now=NOW)
    if before is to or to in journal.MOVES[before]:
        journal.settle(ws, attempt.id, to, now=NOW)
        assert journal.attempt(ws, attempt.id).state is to
    else:
        with pytest.raises(StateError):
            journal.settle(ws, attempt.id, to, now=NOW)
        assert journal.attempt(ws, attempt.id).state is before


@pytest.mark.parametrize("to", [AttemptState.PLANNED, AttemptState.SUBMITTING, AttemptState.CANCELLED])
def test_settling_is_for_outcomes_only(approved, worker, to):
    attempt = claimed(approved, worker)
    with pytest.raises(StateError, match="settled as"):
        journal.settle(approved, attempt.id, to, now=NOW)


def test_an_unknown_attempt_is_said_to_be_unknown(workspace):
    with pytest.raises(StateError, match="no such attempt"):
        journal.settle(workspace, "f" * 32, ACCEPTED, now=NOW)


# ---------------------------------------------------------------- replacing


def test_a_bad_address_is_dropped_and_the_others_are_tried_again(approved, worker):
    attempt = claimed(approved, worker, last_look=lambda *_: {0: "unsubscribed"})
    (heir,) = journal.replace(
        approved, attempt.id, [(0, 10)], {4: "invalid_address"}, now=NOW, status=400, detail="bad to"
    )
    assert counts(approved) == {"planned": 23, "refused": 1, "skipped": 1}
    old = journal.attempt(approved, attempt.id)
    assert (old.state, old.replaced, old.status, old.detail) == (REFUSED, True, 400, "bad to")
    again = journal.claim(approved, worker, NOW, nobody)
    assert again.attempt.id == heir
    assert list(again.letters["position"]) == [1, 2, 3, 5, 6, 7, 8, 9]
    assert again.attempt.variant == "en"


def test_a_request_may_be_halved(approved, worker):
    attempt = claimed(approved, worker)
    heirs = journal.replace(approved, attempt.id, [(5, 10), (0, 5)], now=NOW, not_before=LATER)
    assert [journal.attempt(approved, heir).start for heir in heirs] == [0, 5]
    assert claimed(approved, worker).start == 10
    assert {journal.attempt(approved, heir).not_before for heir in heirs} == {LATER}


def test_a_range_of_nobody_makes_no_attempt(approved, worker):
    attempt = claimed(approved, worker)
    refused = dict.fromkeys(range(5), "invalid_address")
    heirs = journal.replace(approved, attempt.id, [(0, 5), (5, 10)], refused, now=NOW)
    assert len(heirs) == 1
    assert journal.replace(approved, claimed(approved, worker).id, [], dict.fromkeys(range(5, 10), "x"), now=NOW) == ()
    assert counts(approved) == {"refused": 10, "planned": 15}


@pytest.mark.parametrize(
    ("ranges", "refused"),
    [
        ([(0, 9)], {}),
        ([(0, 5), (4, 10)], {}),
        ([(0, 11)], {}),
        ([(-1, 10)], {}),
        ([(10, 0)], {}),
        ([], {}),
        ([(0, 10)], {10: "x"}),
        ([(1, 10)], {1: "x"}),
    ],
)
def test_replacing_loses_and_doubles_nobody(approved, worker, ranges, refused):
    attempt = claimed(approved, worker)
    with pytest.raises(StateError):
        journal.replace(approved, attempt.id, ranges, refused, now=NOW)
    assert counts(approved) == {"submitting": 10, "planned": 15}


def test_what_was_accepted_or_replaced_is_not_replaced(approved, worker):
    accepted = sent(approved, worker, ACCEPTED)
    replaced = claimed(approved, worker)
    journal.replace(approved, replaced.id, [(10, 20)], now=NOW)
    for attempt in (accepted, replaced):
        with pytest.raises(StateError, match="moved on"):
            journal.replace(approved, attempt.id, [(attempt.start, attempt.stop)], now=NOW)
    with pytest.raises(StateError, match="moved on"):
        journal.settle(approved, replaced.id, REFUSED, now=NOW)


def test_a_person_may_send_again_what_was_in_doubt_and_the_run_goes_on(approved, worker):
    for state in (ACCEPTED, ACCEPTED, IN_DOUBT):
        last = sent(approved, worker, state)
    assert journal.run_state(approved, HASH) == "done"
    journal.replace(approved, last.id, [(20, 25)], now=NOW)
    assert journal.run_state(approved, HASH) == "running"
    assert claimed(approved, worker).start == 20


def test_a_cancelled_run_gets_no_new_attempts(approved, worker):
    attempt = claimed(approved, worker)
    journal.request(approved, HASH, "cancelled", "anna", NOW)
    journal.replace(approved, attempt.id, [(0, 10)], {3: "invalid_address"}, now=NOW)
    assert counts(approved) == {"cancelled": 24, "refused": 1}


def test_a_sum_that_does_not_hold_is_said_and_not_shown(approved):
    with writing(approved) as connection:
        connection.execute(text("UPDATE attempt SET people = 9 WHERE start = 0"))
    with pytest.raises(StateError, match="24 of 25"):
        journal.totals(approved, HASH)
