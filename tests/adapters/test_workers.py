"""Workers: two never claim the same people, a dead one leaves a doubt, a living one is left alone."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import chain

import pytest
from builders import NOW, a_plan, a_snapshot
from sqlalchemy import update

from bulkmail import limits
from bulkmail.adapters import journal, tables
from bulkmail.adapters.workspace import open_workspace, writing
from bulkmail.errors import StateError
from bulkmail.model import AttemptState

HASH = a_plan(1).hash
SILENT = timedelta(seconds=limits.WORKER_SILENT_SECONDS.value)


def approve(ws, people=25, batch=10):
    journal.store_plan(ws, a_plan(people, batch), a_snapshot(people), a_snapshot(0), [], NOW)
    journal.approve(ws, HASH, "anna", NOW)


def nobody(connection, attempt, letters):
    return {}


def send_all(ws):
    """The positions this worker has sent, until nothing is left."""
    worker, positions = journal.register_worker(ws, NOW), []
    while claimed := journal.claim(ws, worker, NOW, nobody):
        journal.record_digest(ws, claimed.attempt.id, "d" * 64, claimed.attempt.people)
        journal.settle(ws, claimed.attempt.id, AttemptState.ACCEPTED, now=NOW)
        positions += list(claimed.letters["position"])
    journal.retire_worker(ws, worker, NOW)
    return positions


def send_all_in_a_process(settings, answer):
    ws = open_workspace(settings)
    answer.put(send_all(ws))
    ws.engine.dispose()


def claim_and_wait(settings, line):
    """Claim, say so, and wait until somebody ends us."""
    ws = open_workspace(settings)
    worker = journal.register_worker(ws, NOW)
    journal.claim(ws, worker, NOW, nobody)
    line.send(worker.id)
    line.recv()


def on_another_machine(ws, worker):
    with writing(ws) as connection:
        connection.execute(update(tables.worker).where(tables.worker.c.id == worker.id).values(host="elsewhere"))


# ---------------------------------------------------------------- together


def test_threads_share_the_work_and_never_the_people(workspace):
    approve(workspace, people=200, batch=5)
    with ThreadPoolExecutor(6) as pool:
        shares = list(pool.map(lambda _: send_all(workspace), range(6)))
    assert sorted(chain(*shares)) == list(range(200))
    assert journal.totals(workspace, HASH)["accepted"] == 200
    assert journal.run_state(workspace, HASH) == "done"


def test_processes_share_the_work_and_never_the_people(workspace):
    approve(workspace, people=100, batch=5)
    spawn = multiprocessing.get_context("spawn")
    answer = spawn.Queue()
    workers = [spawn.Process(target=send_all_in_a_process, args=(workspace.settings, answer)) for _ in range(2)]
    for process in workers:
        process.start()
    shares = [answer.get(timeout=60) for _ in workers]
    for process in workers:
        process.join()
    assert sorted(chain(*shares)) == list(range(100))
    assert journal.run_state(workspace, HASH) == "done"


def test_cancelling_while_many_send_loses_nobody(workspace):
    approve(workspace, people=200, batch=5)
    with ThreadPoolExecutor(5) as pool:
        shares = [pool.submit(send_all, workspace) for _ in range(4)]
        with suppress(StateError):  # they may be quicker than we are
            journal.request(workspace, HASH, "cancelled", "anna", NOW)
        sent = list(chain(*(share.result() for share in shares)))
    totals = journal.totals(workspace, HASH)
    assert len(sent) == len(set(sent)) == totals["accepted"]
    assert totals["accepted"] + totals["cancelled"] == 200


# ---------------------------------------------------------------- living and dead


@pytest.mark.kill
def test_a_killed_worker_leaves_a_doubt_at_once_and_a_living_one_none(workspace):
    approve(workspace)
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=claim_and_wait, args=(workspace.settings, theirs))
    process.start()
    assert ours.poll(60)
    worker_id = ours.recv()
    long_after = NOW + 10 * SILENT
    assert journal.doubt_orphans(workspace, long_after) == 0, "it lives, however long ago it was heard"
    process.kill()
    process.join()
    assert journal.doubt_orphans(workspace, NOW) == 1
    (attempt,) = journal.attempts(workspace, HASH, AttemptState.IN_DOUBT)
    assert (attempt.worker, attempt.people) == (worker_id, 10)
    assert journal.doubt_orphans(workspace, NOW) == 0


def test_a_worker_in_the_same_process_is_seen_to_live(workspace):
    approve(workspace)
    worker = journal.register_worker(workspace, NOW)
    journal.claim(workspace, worker, NOW, nobody)
    assert journal.doubt_orphans(workspace, NOW + 10 * SILENT) == 0
    worker.lock.release()
    assert journal.doubt_orphans(workspace, NOW) == 1


def test_a_retired_worker_leaves_what_it_had_in_doubt(workspace):
    approve(workspace)
    worker = journal.register_worker(workspace, NOW)
    journal.claim(workspace, worker, NOW, nobody)
    journal.retire_worker(workspace, worker, NOW)
    assert journal.doubt_orphans(workspace, NOW) == 1


def test_on_another_machine_the_heartbeat_counts(workspace):
    approve(workspace)
    worker = journal.register_worker(workspace, NOW)
    journal.claim(workspace, worker, NOW, nobody)
    on_another_machine(workspace, worker)
    journal.heartbeat(workspace, worker, NOW + SILENT)
    assert journal.doubt_orphans(workspace, NOW + 2 * SILENT) == 0
    assert journal.doubt_orphans(workspace, NOW + 2 * SILENT + timedelta(seconds=1)) == 1
    worker.lock.release()


def test_a_worker_wrongly_taken_for_dead_lives_again_with_its_next_heartbeat(workspace):
    approve(workspace)
    worker = journal.register_worker(workspace, NOW)
    on_another_machine(workspace, worker)
    journal.doubt_orphans(workspace, NOW + 2 * SILENT)
    journal.heartbeat(workspace, worker, NOW + 2 * SILENT)
    journal.claim(workspace, worker, NOW, nobody)
    assert journal.doubt_orphans(workspace, NOW + 2 * SILENT) == 0
    worker.lock.release()


def test_a_lock_in_another_folder_says_nothing(workspace, tmp_path):
    approve(workspace)
    worker = journal.register_worker(workspace, NOW)
    journal.claim(workspace, worker, NOW, nobody)
    (tmp_path / "other" / "locks").mkdir(parents=True)
    elsewhere = replace(workspace, settings=replace(workspace.settings, home=tmp_path / "other"))
    assert journal.doubt_orphans(elsewhere, NOW + SILENT) == 0
    worker.lock.release()


def test_what_is_settled_is_not_doubted(workspace):
    approve(workspace)
    worker = journal.register_worker(workspace, NOW)
    attempt = journal.claim(workspace, worker, NOW, nobody).attempt
    journal.settle(workspace, attempt.id, AttemptState.ACCEPTED, now=NOW)
    worker.lock.release()
    assert journal.doubt_orphans(workspace, NOW) == 0


def test_the_answer_of_a_worker_taken_for_dead_still_counts(workspace):
    approve(workspace)
    worker = journal.register_worker(workspace, NOW)
    attempt = journal.claim(workspace, worker, NOW, nobody).attempt
    worker.lock.release()
    journal.doubt_orphans(workspace, NOW)
    journal.settle(workspace, attempt.id, AttemptState.ACCEPTED, now=NOW, message_id="m")
    assert journal.totals(workspace, HASH)["accepted"] == 10


def test_the_folder_of_locks_does_not_fill_up(sqlite_workspace):
    ws = sqlite_workspace
    for _ in range(3):
        journal.retire_worker(ws, journal.register_worker(ws, NOW), NOW)
    killed = journal.register_worker(ws, NOW)
    killed.lock.release()
    journal.doubt_orphans(ws, NOW)
    assert [path.name for path in (ws.home / "locks").iterdir()] == ["open.lock"]
