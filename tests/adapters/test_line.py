"""The line to the provider, shared by all workers: rate limits kept together, and a breaker."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from builders import NOW, a_plan, a_snapshot, live

from bulkmail import limits
from bulkmail.adapters import journal
from bulkmail.adapters.line import take_permit
from bulkmail.adapters.workspace import writing
from bulkmail.model import AttemptState

SOON = NOW + timedelta(seconds=60)
HASH = a_plan(1).hash


def permit(ws, now=NOW):
    with writing(ws) as connection:
        return take_permit(connection, ws, now)


def on_the_wire(ws, requests):
    """Approve a plan and let a worker hold so many of its requests."""
    journal.store_plan(ws, a_plan(50, 5), a_snapshot(50), a_snapshot(0), [], NOW)
    journal.approve(ws, HASH, "anna", NOW)
    worker = journal.register_worker(ws, NOW)
    return [journal.claim(ws, worker, NOW, lambda *_: {}).attempt for _ in range(requests)]


def test_a_line_nobody_has_heard_of_is_open(workspace):
    assert permit(workspace)
    assert journal.line(workspace).opens_at(NOW) == NOW


def test_no_more_requests_leave_than_the_provider_says(workspace):
    journal.answered(workspace, "accepted", NOW, remaining=2, reset_at=SOON)
    assert [permit(workspace) for _ in range(3)] == [True, True, False]
    assert journal.line(workspace).opens_at(NOW) == SOON
    assert permit(workspace, SOON)


def test_threads_never_take_more_permits_than_there_are(workspace):
    journal.answered(workspace, "accepted", NOW, remaining=7, reset_at=SOON)
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda _: permit(workspace), range(30)))
    assert sum(taken) == 7


def test_a_late_answer_of_the_same_window_gives_nothing_back(workspace):
    journal.answered(workspace, "accepted", NOW, remaining=3, reset_at=SOON)
    permit(workspace)
    journal.answered(workspace, "accepted", NOW, remaining=3, reset_at=SOON)
    assert journal.line(workspace).remaining == 2
    journal.answered(workspace, "accepted", NOW, remaining=9, reset_at=SOON - timedelta(seconds=1))
    assert journal.line(workspace).remaining == 2


def test_of_a_new_window_the_requests_on_the_wire_are_taken_off(workspace):
    on_the_wire(workspace, 3)
    journal.answered(workspace, "accepted", NOW, remaining=10, reset_at=SOON)
    assert journal.line(workspace).remaining == 8


def test_a_hold_is_never_shortened_and_counts_for_runs_approved_later(workspace):
    journal.hold(workspace, SOON)
    journal.hold(workspace, NOW)
    on_the_wire(workspace, 0)
    assert journal.run(workspace, HASH).hold_until == SOON
    worker = journal.register_worker(workspace, NOW)
    assert journal.claim(workspace, worker, NOW, lambda *_: {}) is None
    assert journal.next_due(workspace) == SOON
    assert journal.claim(workspace, worker, SOON, lambda *_: {}) is not None


def test_failures_in_a_row_are_counted_over_all_workers_and_a_good_answer_ends_them(workspace):
    assert [journal.answered(workspace, "in_doubt", NOW) for _ in range(3)] == [1, 2, 3]
    assert journal.answered(workspace, "not_sent", NOW) == 1
    journal.answered(workspace, "accepted", NOW)
    assert journal.answered(workspace, "not_sent", NOW) == 1


def test_on_a_tripped_line_one_request_at_a_time_tries(workspace):
    first, *_ = on_the_wire(workspace, 1)
    for _ in range(int(limits.LINE_TRIPS_AFTER.value)):
        journal.answered(workspace, "not_sent", NOW)
    assert not permit(workspace), "one is on the wire"
    journal.settle(workspace, first.id, AttemptState.ACCEPTED, now=NOW)
    assert permit(workspace)
    journal.answered(workspace, "accepted", NOW)
    assert not journal.line(workspace).has_tripped


def test_what_was_rehearsed_does_not_hold_real_letters(workspace):
    journal.hold(workspace, SOON)
    journal.answered(workspace, "accepted", NOW, remaining=0, reset_at=SOON)
    assert journal.line(live(workspace)).opens_at(NOW) == NOW
