"""The send journal, by one name: what was approved, what was handed over, what became of it.

The protocol, in the order in which a sender walks it; each step is committed before the next begins:

    store_plan, approve          a plan by its hash, one planned attempt per batch
    register_worker, claim       the last look and the marking as submitting, in one transaction
    refuse                       people whose letter cannot be made
    record_digest                and only now the first byte
    settle, replace              the outcome; or new attempts for people who have certainly not been sent anything
    doubt_orphans                what a dead worker left: never sent again by itself
    store_events, settle_by_events   what the provider says later
    totals, letters              always everybody: the sum is the number of recipients
"""

from bulkmail.adapters.approval import approve, void
from bulkmail.adapters.attempts import (
    MOVES,
    Attempt,
    Claimed,
    LastLook,
    Totals,
    attempt,
    attempts,
    claim,
    doubtful,
    next_due,
    record_digest,
    refuse,
    replace,
    settle,
    totals,
)
from bulkmail.adapters.events import (
    contradictions,
    events,
    letters_since,
    outcomes,
    settle_by_events,
    store_events,
    stored_events,
)
from bulkmail.adapters.history import contacts_beside, contacts_since, handled, letters
from bulkmail.adapters.plans import (
    StoredPlan,
    load_excluded,
    load_plan,
    load_snapshot,
    plan_campaign,
    plans,
    purpose_and_mode,
    store_plan,
)
from bulkmail.adapters.runs import Run, hold, request, run, run_state, runs
from bulkmail.adapters.workers import Worker, doubt_orphans, heartbeat, register_worker, retire_worker

__all__ = [
    "MOVES",
    "Attempt",
    "Claimed",
    "LastLook",
    "Run",
    "StoredPlan",
    "Totals",
    "Worker",
    "approve",
    "attempt",
    "attempts",
    "claim",
    "contacts_beside",
    "contacts_since",
    "contradictions",
    "doubt_orphans",
    "doubtful",
    "events",
    "handled",
    "heartbeat",
    "hold",
    "letters",
    "letters_since",
    "load_excluded",
    "load_plan",
    "load_snapshot",
    "next_due",
    "outcomes",
    "plan_campaign",
    "plans",
    "purpose_and_mode",
    "record_digest",
    "refuse",
    "register_worker",
    "replace",
    "request",
    "retire_worker",
    "run",
    "run_state",
    "runs",
    "settle",
    "settle_by_events",
    "store_events",
    "store_plan",
    "stored_events",
    "totals",
    "void",
]
