"""The loop of a sender, and one request from claim to outcome."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import TypeVar

import pandas as pd

from bulkmail import delivery, limits, sendgrid_format
from bulkmail.adapters import journal
from bulkmail.adapters.workspace import Connection, Workspace
from bulkmail.delivery import Step, Streak
from bulkmail.errors import StateError, StorageError
from bulkmail.model import AttemptState
from bulkmail.send import ramp
from bulkmail.send.ahead import Ticket, new_ticket
from bulkmail.send.chores import Chores, pause
from bulkmail.send.desk import Desk, Post, a_desk, utc_now
from bulkmail.send.doubts import Ask
from bulkmail.send.last_look import last_look
from bulkmail.send.parcels import Parcel, pack
from bulkmail.sendgrid_format import Answer

LOOK_SECONDS = 1.0  # how often an idle worker looks for what has become due
BUSY_SECONDS = 0.1  # how soon it looks again where what is due waits for another worker
STORAGE_TRIES = int(limits.STORAGE_TRIES.value)
Done = TypeVar("Done")


def work(
    ws: Workspace,
    post: Post,
    *,
    plan_hash: str | None = None,
    once: bool = False,
    stop: threading.Event | None = None,
    clock: Callable[[], datetime] = utc_now,
    wait: Callable[[float], object] | None = None,
    ask: Ask | None = None,
    on_progress: Callable[[], object] = lambda: None,
    at_step: Callable[[str], object] = lambda step: None,
) -> None:
    """Send whatever is approved and due until `stop` is set, then finish the attempt in hand and return.

    With `plan_hash` send that plan only, and return once nothing of it is left to hand over or its run is paused; with
    `once` return as soon as nothing is due. With `ask` the provider is asked about what is in doubt.

    A database that is full, locked or away is tried again and again; StorageError when it stays so where an end is
    expected. What was in hand then is in doubt, unless it is certain that it never left.
    """
    stop, failures = stop or threading.Event(), 0
    waits = wait or stop.wait
    tools = {"ask": ask, "clock": clock, "at_step": at_step, **({"rest": wait} if wait else {})}
    while True:
        began = clock()
        try:
            return _session(lambda: _arrive(ws, post, tools), plan_hash, once, stop, waits, on_progress)
        except StorageError:
            lasted = (clock() - began).total_seconds()
            failures = 1 if lasted > limits.BACK_OFF_SECONDS.value else failures + 1
            if stop.is_set() or ((plan_hash or once) and failures >= STORAGE_TRIES):
                raise
            waits(delivery.back_off(failures).total_seconds())


def _arrive(ws: Workspace, post: Post, tools: Mapping[str, object]) -> Desk:
    """The desk of a new worker."""
    return a_desk(ws, post, journal.register_worker(ws, tools["clock"]()), **tools)


def _session(
    arrive: Callable[[], Desk],
    plan_hash: str | None,
    once: bool,
    stop: threading.Event,
    wait: Callable[[float], object],
    on_progress: Callable[[], object],
) -> None:
    """The life of one worker: from its registration to its end, or to the first trouble with the database."""
    desk = arrive()
    ws, clock, chores = desk.ws, desk.clock, Chores(desk)
    try:
        chores.begin(plan_hash)
        while not stop.is_set():
            sent = send_due(desk, plan_hash=plan_hash)
            chores.do_if_due()
            on_progress()
            if not sent:
                if once or (plan_hash and not _is_at_work(ws, plan_hash)):
                    if chores.do():
                        continue  # there is something to send again
                    return
                wait(_seconds_to_next(ws, plan_hash, clock()))
    finally:
        journal.retire_worker(ws, desk.worker, clock())


def _is_at_work(ws: Workspace, plan_hash: str) -> bool:
    run = journal.run(ws, plan_hash)
    return run is not None and run.rehearsal == ws.settings.rehearsal and run.state in ("queued", "running")


def _seconds_to_next(ws: Workspace, plan_hash: str | None, now: datetime) -> float:
    due = journal.next_due(ws, plan_hash)
    seconds = (due - now).total_seconds() if due else LOOK_SECONDS
    return min(max(seconds, BUSY_SECONDS), LOOK_SECONDS)


# ---------------------------------------------------------------- one attempt


def send_due(desk: Desk, *, plan_hash: str | None = None) -> bool:
    """Send one attempt that is due; whether there was any that may leave now."""
    try:
        claimed = journal.claim(
            desk.ws, desk.worker, desk.clock(), partial(_look, desk), partial(_room, desk), plan_hash=plan_hash
        )
    except StateError as broken:  # the snapshot is gone or not the one approved: other plans can go on
        if "plan" not in broken.values:
            raise
        pause(desk.ws, str(broken.values["plan"]), "snapshot_lost", desk.clock())
        return True
    if claimed is None:
        return False
    desk.at_step("claimed")
    with suppress(StateError):  # somebody took us for dead and settled this attempt: it is theirs now
        _deliver(desk, claimed)
    desk.at_step("recorded")
    return True


def _look(desk: Desk, connection: Connection, attempt: journal.Attempt, letters: pd.DataFrame) -> dict[int, str]:
    return last_look(desk.ws, desk.campaign(attempt.plan_hash), desk.clock(), connection, attempt, letters)


def _room(desk: Desk, connection: Connection, attempt: journal.Attempt) -> journal.Room:
    domain = desk.campaign(attempt.plan_hash).sender.address.rpartition("@")[2]
    return ramp.room(desk.ws, domain, desk.clock(), connection)


def _deliver(desk: Desk, claimed: journal.Claimed) -> None:
    """Write the request and hand it over, or write down what becomes of the attempt instead."""
    attempt, positions = claimed.attempt, claimed.letters["position"].tolist()
    ticket = new_ticket(desk.ask, desk.clock()) if claimed.exactly_once else Ticket()
    if isinstance(ticket, Answer):
        _conclude(desk, attempt, positions, ticket)
        return
    packed = pack(desk.ws, desk.letters, attempt, claimed.letters, ticket)
    if isinstance(packed, Step):
        write_down(desk, attempt, packed, detail="before the wire")
    else:
        _hand_over(desk, attempt, packed, ticket)


def _hand_over(desk: Desk, attempt: journal.Attempt, parcel: Parcel, ticket: Ticket) -> None:
    digest = sha256(parcel.body).hexdigest()
    journal.record_digest(desk.ws, attempt.id, digest, len(parcel.positions), **ticket._asdict())
    desk.at_step("digest recorded")
    status, headers, body, error = desk.post(parcel.body)
    desk.at_step("posted")
    answer = sendgrid_format.read_answer(status, headers, body, error)
    _conclude(desk, attempt, parcel.positions, answer, status or 0)


def _conclude(
    desk: Desk, attempt: journal.Attempt, positions: list[int] | tuple[int, ...], answer: Answer, status: int = 0
) -> None:
    """Write down what the answer means: for the line that all workers share, and for this attempt."""
    limit = {"remaining": answer.remaining, "reset_at": answer.reset_at}
    in_a_row = _surely(desk, lambda: journal.answered(desk.ws, answer.kind, desk.clock(), **limit))
    desk.at_step("answer noted")
    step = delivery.follow(answer, positions, Streak(answer.kind, in_a_row), desk.clock())
    write_down(desk, attempt, step, message_id=answer.message_id, status=status, detail=answer.detail)


def write_down(
    desk: Desk, attempt: journal.Attempt, step: Step, *, message_id: str = "", status: int = 0, detail: str = ""
) -> None:
    """Commit what becomes of the attempt. The outcome comes first: what follows can be found out again."""
    ws, now = desk.ws, desk.clock()
    answer = {"now": now, "status": status, "detail": detail}
    if step.to is AttemptState.REFUSED:
        replacing = {"not_before": step.hold_until, **answer}
        _surely(desk, lambda: journal.replace(ws, attempt.id, step.again, step.refused, **replacing))
    else:
        _surely(desk, lambda: journal.settle(ws, attempt.id, step.to, message_id=message_id, **answer))
    if step.hold_until:
        journal.hold(ws, step.hold_until)
    if step.pause:
        pause(ws, attempt.plan_hash, step.pause, now)
        journal.forget_failures(ws)


def _surely(desk: Desk, write: Callable[[], Done]) -> Done:
    """What `write` returns, tried again while the database cannot be used: an answer that is known should not become a
    doubt because a disk was full for a moment. StorageError when it stays so."""
    for turn in range(1, STORAGE_TRIES):
        try:
            return write()
        except StorageError:
            desk.rest(delivery.back_off(turn).total_seconds())
    return write()
