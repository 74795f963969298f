"""The send journal, by one name: what was approved, what was handed over, what became of it.

The protocol, in the order in which a sender walks it; each step is committed before the next begins:

    store_plan, approve          a plan by its hash, one planned attempt per batch
    register_worker, claim       the last look and the marking as submitting, in one transaction
    record_digest                and only now the first byte
    settle, replace              the outcome; or new attempts for people who have certainly not been sent anything
    doubt_orphans                what a dead worker left: never sent again by itself
    store_events, settle_by_events   what the provider says later; note_silence, decide: what its log and a person say
    totals, letters              always everybody: the sum is the number of recipients
"""

from bulkmail.adapters.approval import approve, void
from bulkmail.adapters.attempts import (
    MOVES,
    Attempt,
    Claimed,
    LastLook,
    Room,
    Totals,
    attempt,
    attempts,
    claim,
    next_due,
    record_digest,
    settle,
    totals,
)
from bulkmail.adapters.doubtful import (
    CALLED_BACK,
    called_back,
    decide,
    doubtful,
    forget_batch,
    note_silence,
    recallable,
    recalled,
    settle_by_events,
)
from bulkmail.adapters.events import (
    NOBODYS,
    contradictions,
    dropped,
    events,
    heard_at,
    letters_since,
    name_bounces,
    outcomes,
    store_events,
    stored_events,
    unnamed_bounces,
)
from bulkmail.adapters.history import contacts_beside, contacts_since, handled, letters, sent_by_day
from bulkmail.adapters.line import Line, answered, forget_failures, hold, line
from bulkmail.adapters.plans import (
    StoredPlan,
    addresses_of,
    load_excluded,
    load_plan,
    load_snapshot,
    plan_campaign,
    plans,
    purpose_and_mode,
    store_plan,
)
from bulkmail.adapters.replacing import replace
from bulkmail.adapters.runs import Run, request, run, run_state, runs
from bulkmail.adapters.workers import WORKER_STOPPED, Worker, doubt_orphans, heartbeat, register_worker, retire_worker

__all__ = [
    "CALLED_BACK",
    "MOVES",
    "NOBODYS",
    "WORKER_STOPPED",
    "Attempt",
    "Claimed",
    "LastLook",
    "Line",
    "Room",
    "Run",
    "StoredPlan",
    "Totals",
    "Worker",
    "addresses_of",
    "answered",
    "approve",
    "attempt",
    "attempts",
    "called_back",
    "claim",
    "contacts_beside",
    "contacts_since",
    "contradictions",
    "decide",
    "doubt_orphans",
    "doubtful",
    "dropped",
    "events",
    "forget_batch",
    "forget_failures",
    "handled",
    "heard_at",
    "heartbeat",
    "hold",
    "letters",
    "letters_since",
    "line",
    "load_excluded",
    "load_plan",
    "load_snapshot",
    "name_bounces",
    "next_due",
    "note_silence",
    "outcomes",
    "plan_campaign",
    "plans",
    "purpose_and_mode",
    "recallable",
    "recalled",
    "record_digest",
    "register_worker",
    "replace",
    "request",
    "retire_worker",
    "run",
    "run_state",
    "runs",
    "sent_by_day",
    "settle",
    "settle_by_events",
    "store_events",
    "store_plan",
    "stored_events",
    "totals",
    "unnamed_bounces",
    "void",
]
