"""What a sender does between requests, now and then: show that it lives, tidy up after the dead, settle doubts, call
back what is unsure, and stop runs on evidence."""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from bulkmail import delivery
from bulkmail.adapters import database, journal, opt_outs
from bulkmail.adapters.workspace import Workspace
from bulkmail.delivery import Evidence
from bulkmail.errors import StateError
from bulkmail.model import Text
from bulkmail.send import ahead
from bulkmail.send.desk import Desk
from bulkmail.send.doubts import recover, settle_by_logs
from bulkmail.send.in_step import keep_in_step
from bulkmail.send.late_bounces import name_late_bounces
from bulkmail.send.sign_ups import write_to_sign_ups
from bulkmail.tips import unsubscribe

WORKER = "worker"  # who paused a run, in the audit trail
CHORES_EVERY = timedelta(seconds=5)
IN_STEP_EVERY = timedelta(minutes=2)
REST_FACTOR = 20  # weighing evidence costs what there are events: it rests so many times as long as it took


class Chores:
    """Knows what is due when. `begin` asks about all that is in doubt (of a plan), however lately it was asked about:
    somebody has started us, and may want to know."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.next_at = self.weigh_at = self.in_step_at = datetime.min.replace(tzinfo=UTC)

    def begin(self, plan_hash: str | None) -> None:
        """Ask about all doubts of the plan at once, then do what is due."""
        if self.desk.ask and plan_hash:
            settle_by_logs(self.desk.ws, self.desk.ask, self.desk.clock(), plan_hash=plan_hash)
        self.do()

    def do_if_due(self) -> None:
        """Do them where they were done long enough ago."""
        if self.desk.clock() >= self.next_at:
            self.do()

    def do(self) -> int:
        """How many attempts were planned anew: of the dead, and of what was called back."""
        ws, ask, now = self.desk.ws, self.desk.ask, self.desk.clock()
        self.next_at = now + CHORES_EVERY
        journal.heartbeat(ws, self.desk.worker, now)
        planned_anew = recover(ws, now)
        journal.settle_by_events(ws, now)
        name_late_bounces(ws, now)
        if ask:
            planned_anew += ahead.call_back(ws, ask, now)
            ahead.recall(ws, ask, now)
            ahead.let_go(ws, ask, now)
            settle_by_logs(ws, ask, now, at_once=False)
        if ask and now >= self.in_step_at:
            self.in_step_at = now + IN_STEP_EVERY
            keep_in_step(ws, ask, now)
        stop_while_requests_wait(ws, now)
        write_to_sign_ups(ws, now)
        if now >= self.weigh_at:
            began = time.monotonic()
            stop_on_evidence(ws, now)
            self.weigh_at = now + timedelta(seconds=REST_FACTOR * (time.monotonic() - began))
        return planned_anew


# ---------------------------------------------------------------- evidence


def evidence_of(ws: Workspace, plan_hash: str) -> tuple[Evidence, ...]:
    """What speaks for or against going on with a run, each with its interval and limit; to be shown while it runs."""
    found = journal.outcomes(ws, plan_hash).set_index("kind")
    letters, hard = found["letters"].to_dict(), found["letters_hard"].to_dict()
    return delivery.evidence(
        accepted=journal.totals(ws, plan_hash)["accepted"],
        delivered=letters.get("delivered", 0),
        bounced_hard=hard.get("bounced", 0),
        complained=letters.get("complained", 0),
        dropped=journal.dropped(ws, plan_hash) if letters.get("rejected") else 0,
    )


def evidence_for_pause(ws: Workspace, run: journal.Run) -> list[Text]:
    """The figures behind a run that was stopped on evidence, as they stand now; none where it paused for another
    reason."""
    is_weighed = run.state == "paused" and run.reason in delivery.WEIGHED
    found = evidence_of(ws, run.plan_hash) if is_weighed else ()
    return [delivery.words_of(each) for each in found if each.reason == run.reason]


def stop_on_evidence(ws: Workspace, now: datetime) -> None:
    """Pause the runs whose bounces, complaints or drops are beyond doubt above their limits. A run is stopped once for
    each of these: who lets it go on has looked."""
    for run in journal.runs(ws, "running"):
        for found in evidence_of(ws, run.plan_hash):
            if found.is_beyond and not _was_stopped(ws, run.plan_hash, found.reason):
                pause(ws, run.plan_hash, found.reason, now)
                break


def stop_while_requests_wait(ws: Workspace, now: datetime) -> None:
    """Pause every run while somebody who asked to be left alone has waited for too long."""
    runs = journal.runs(ws, "queued", "running")
    if runs and unsubscribe.is_overdue(unsubscribe.Requests(**opt_outs.standing(ws)), now):
        for run in runs:
            pause(ws, run.plan_hash, "requests_wait", now)


def _was_stopped(ws: Workspace, plan_hash: str, reason: str) -> bool:
    trail = database.audit_trail(ws)
    paused = trail.loc[trail["what"] == "run.paused", "about"]
    return any(about == {"plan": plan_hash, "reason": reason} for about in paused)


def pause(ws: Workspace, plan_hash: str, reason: str, now: datetime) -> None:
    """Let the run rest until a person resumes it; `reason` is a key of `delivery.PAUSES`."""
    with suppress(StateError):  # cancelled or done meanwhile: nothing is left to pause
        journal.request(ws, plan_hash, "paused", WORKER, now, reason=reason)
