"""The loop of a sender, the last look, and what is done between attempts."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from hashlib import sha256

import pandas as pd

from bulkmail import delivery, sendgrid_format
from bulkmail.adapters import database, journal
from bulkmail.adapters.workspace import Connection, Workspace
from bulkmail.delivery import Step, Streak
from bulkmail.errors import StateError
from bulkmail.model import AttemptState, Campaign
from bulkmail.send.doubts import Ask, Reply, recover, settle_by_logs
from bulkmail.send.parcels import Letters, Parcel, campaign_of, pack, write_letters
from bulkmail.tips import cadence, consent, unsubscribe

# Hands one request over, once.
Post = Callable[[bytes], Reply]

WORKER = "worker"  # who paused a run, in the audit trail
CHORES_EVERY = timedelta(seconds=5)
ASK_LOGS_EVERY = timedelta(minutes=2)
LOOK_SECONDS = 1.0  # how often an idle worker looks for what has become due
# What the last look heeds of consent. Who had none when the plan was made is not in the plan.
TAKEN_BACK = ("consent_refused", "consent_withdrawn", "consent_expired")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a sender has before it. `letters` gives those of a plan, `campaign` only who it is for; `at_step` is called
    with the name of each step of the loop as soon as it is done."""

    ws: Workspace
    post: Post
    worker: journal.Worker
    clock: Callable[[], datetime]
    letters: Callable[[str], Letters]
    campaign: Callable[[str], Campaign]
    at_step: Callable[[str], object]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def a_desk(
    ws: Workspace,
    post: Post,
    worker: journal.Worker,
    *,
    clock: Callable[[], datetime] = _utc_now,
    at_step: Callable[[str], object] = lambda step: None,
) -> Desk:
    """Return a desk on which the letters of the last few plans stay at hand."""
    return Desk(
        ws=ws,
        post=post,
        worker=worker,
        clock=clock,
        letters=lru_cache(maxsize=8)(partial(write_letters, ws)),
        campaign=lru_cache(maxsize=8)(partial(campaign_of, ws)),
        at_step=at_step,
    )


# ---------------------------------------------------------------- the loop


def work(
    ws: Workspace,
    post: Post,
    *,
    plan_hash: str | None = None,
    once: bool = False,
    stop: threading.Event | None = None,
    clock: Callable[[], datetime] = _utc_now,
    wait: Callable[[float], object] | None = None,
    ask: Ask | None = None,
    on_progress: Callable[[], object] = lambda: None,
    at_step: Callable[[str], object] = lambda step: None,
) -> None:
    """Send whatever is approved and due until `stop` is set, then finish the attempt in hand and return.

    With `plan_hash` send that plan only, and return once nothing of it is left to hand over or its run is paused; with
    `once` return as soon as nothing is due. With `ask` the provider's log is asked about what is in doubt.
    """
    stop = stop or threading.Event()
    wait = wait or stop.wait
    worker = journal.register_worker(ws, clock())
    desk = a_desk(ws, post, worker, clock=clock, at_step=at_step)
    chores = _Chores(desk, ask)
    streak: Streak = Streak()
    try:
        chores.do()
        while not stop.is_set():
            after = send_due(desk, streak, plan_hash=plan_hash)
            streak = after or streak
            chores.do_if_due()
            on_progress()
            if after is None:
                if once or (plan_hash and not _is_at_work(ws, plan_hash)):
                    chores.do()
                    return
                wait(_seconds_to_next(ws, plan_hash, clock()))
    finally:
        journal.retire_worker(ws, worker, clock())


def _is_at_work(ws: Workspace, plan_hash: str) -> bool:
    run = journal.run(ws, plan_hash)
    return run is not None and run.rehearsal == ws.settings.rehearsal and run.state in ("queued", "running")


def _seconds_to_next(ws: Workspace, plan_hash: str | None, now: datetime) -> float:
    due = journal.next_due(ws, plan_hash)
    seconds = (due - now).total_seconds() if due else LOOK_SECONDS
    return min(max(seconds, 0.02), LOOK_SECONDS)


class _Chores:
    """What a sender does between attempts, now and then: show that it lives, tidy up after the dead, settle doubts,
    and stop runs on evidence."""

    def __init__(self, desk: Desk, ask: Ask | None) -> None:
        self.desk, self.ask = desk, ask
        self.next_at = self.next_asking_at = datetime.min.replace(tzinfo=UTC)

    def do_if_due(self) -> None:
        if self.desk.clock() >= self.next_at:
            self.do()

    def do(self) -> None:
        ws, now = self.desk.ws, self.desk.clock()
        self.next_at = now + CHORES_EVERY
        journal.heartbeat(ws, self.desk.worker, now)
        recover(ws, now)
        journal.settle_by_events(ws, now)
        if self.ask and now >= self.next_asking_at:
            self.next_asking_at = now + ASK_LOGS_EVERY
            settle_by_logs(ws, self.ask, now)
        for run in journal.runs(ws, "running"):
            _stop_on_evidence(ws, run.plan_hash, now)


def _stop_on_evidence(ws: Workspace, plan_hash: str, now: datetime) -> None:
    """Pause the run when bounces or complaints are beyond doubt above their limits."""
    found = journal.outcomes(ws, plan_hash).set_index("kind")
    letters, hard = found["letters"].to_dict(), found["letters_hard"].to_dict()
    reason = delivery.alarm(
        accepted=journal.totals(ws, plan_hash)["accepted"],
        delivered=letters.get("delivered", 0),
        bounced_hard=hard.get("bounced", 0),
        complained=letters.get("complained", 0),
    )
    if reason and not _was_stopped(ws, plan_hash, reason):
        _pause(ws, plan_hash, reason, now)


def _was_stopped(ws: Workspace, plan_hash: str, reason: str) -> bool:
    """Whether this run has been stopped for this reason before: then a person has looked, and let it go on."""
    trail = database.audit_trail(ws)
    paused = trail.loc[trail["what"] == "run.paused", "about"]
    return any(about == {"plan": plan_hash, "reason": reason} for about in paused)


def _pause(ws: Workspace, plan_hash: str, reason: str, now: datetime) -> None:
    with suppress(StateError):  # cancelled or done meanwhile: nothing is left to pause
        journal.request(ws, plan_hash, "paused", WORKER, now, reason=reason)


# ---------------------------------------------------------------- one attempt


def send_due(desk: Desk, streak: Streak = Streak(), *, plan_hash: str | None = None) -> Streak | None:  # noqa: B008
    """Send one attempt that is due. Return the streak of answers with its own, or None when nothing was due."""
    try:
        claimed = journal.claim(desk.ws, desk.worker, desk.clock(), partial(last_look, desk), plan_hash=plan_hash)
    except StateError as broken:  # the snapshot is gone or not the one approved: other plans can go on
        if "plan" not in broken.values:
            raise
        _pause(desk.ws, str(broken.values["plan"]), "snapshot_lost", desk.clock())
        return streak
    if claimed is None:
        return None
    desk.at_step("claimed")
    packed = pack(desk.ws, desk.letters, claimed.attempt, claimed.letters)
    with suppress(StateError):  # somebody took us for dead and settled this attempt: it is theirs now
        if isinstance(packed, Step):
            write_down(desk, claimed.attempt, packed, detail="before the wire")
        else:
            streak = _hand_over(desk, claimed.attempt, packed, streak)
    desk.at_step("recorded")
    return streak


def _hand_over(desk: Desk, attempt: journal.Attempt, parcel: Parcel, streak: Streak) -> Streak:
    journal.record_digest(desk.ws, attempt.id, sha256(parcel.body).hexdigest(), len(parcel.positions))
    desk.at_step("digest recorded")
    status, headers, body, error = desk.post(parcel.body)
    desk.at_step("posted")
    answer = sendgrid_format.read_answer(status, headers, body, error)
    streak = streak.then(answer.kind)
    step = delivery.follow(answer, parcel.positions, streak, desk.clock())
    write_down(desk, attempt, step, message_id=answer.message_id, status=status or 0, detail=answer.detail)
    return Streak() if step.pause else streak


def write_down(
    desk: Desk, attempt: journal.Attempt, step: Step, *, message_id: str = "", status: int = 0, detail: str = ""
) -> None:
    """Commit what becomes of the attempt. The outcome comes first: what follows can be found out again."""
    ws, now = desk.ws, desk.clock()
    if step.to is AttemptState.REFUSED:
        journal.replace(
            ws, attempt.id, step.again, step.refused, now=now, not_before=step.hold_until, status=status, detail=detail
        )
    else:
        journal.settle(ws, attempt.id, step.to, now=now, message_id=message_id, status=status, detail=detail)
    if step.hold_until:
        journal.hold(ws, step.hold_until)
    if step.pause:
        _pause(ws, attempt.plan_hash, step.pause, now)


# ---------------------------------------------------------------- the last look


def last_look(desk: Desk, connection: Connection, attempt: journal.Attempt, letters: pd.DataFrame) -> dict[int, str]:
    """Return who of these is not to be mailed after all, and why: asked inside the transaction that claims them."""
    campaign, now, persons = desk.campaign(attempt.plan_hash), desk.clock(), letters["person"].tolist()
    rehearsal = desk.ws.settings.rehearsal
    events = database.consent_among(connection, persons)
    suppressed = database.suppressions_among(connection, persons, rehearsal=rehearsal)
    judged = unsubscribe.annotate(letters, suppressed, purpose=campaign.purpose, events=events)
    reason = judged["suppression_reason"]
    if len(events):
        judged = consent.annotate(letters, events, purpose=campaign.purpose, kind=campaign.kind, now=now)
        taken_back = judged["consent_reason"].where(judged["consent_reason"].isin(TAKEN_BACK), "")
        reason = reason.where(reason != "", taken_back)
    contacts = journal.contacts_beside(desk.ws, connection, attempt.plan_hash, persons)
    if len(contacts):
        capped = cadence.annotate(letters, contacts, kind=campaign.kind, send_at=now)["cadence_reason"]
        reason = reason.where(reason != "", capped)
    left_out = reason != ""
    return dict(zip(letters["position"][left_out].tolist(), reason[left_out].tolist(), strict=True))
