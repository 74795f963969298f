"""Whatever happens in whatever order: the totals sum to the recipients, and nobody is handed over twice."""

import os
import shutil
import tempfile
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from builders import NOW, a_plan, a_snapshot
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bulkmail.adapters import journal
from bulkmail.adapters.workspace import make_folders, open_workspace
from bulkmail.errors import StateError
from bulkmail.model import AttemptState, DeliveryEvent, EventKind
from tests.conftest import settings_in

PEOPLE, BATCH = 23, 7
HASH = a_plan(1).hash
OUTCOMES = [AttemptState.ACCEPTED, AttemptState.REFUSED, AttemptState.IN_DOUBT]
MAYBE_SENT = {"accepted", "in_doubt"}


class Sending(RuleBasedStateMachine):
    """Random moves of a worker, a person and a provider over one plan; the model is a state per position."""

    migrated: Path
    attempts = Bundle("attempts")

    def __init__(self):
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        make_folders(self.home)
        shutil.copy(self.migrated, self.home)
        self.ws = open_workspace(settings_in(self.home))
        journal.store_plan(self.ws, a_plan(PEOPLE, BATCH), a_snapshot(PEOPLE), a_snapshot(0), [], NOW)
        journal.approve(self.ws, HASH, "anna", NOW)
        self.now, self.events = NOW, 0
        self.worker = journal.register_worker(self.ws, NOW)
        self.model = ["planned"] * PEOPLE

    def teardown(self):
        self.worker.lock.release()
        self.ws.engine.dispose()
        shutil.rmtree(self.home)

    def change(self, before, after, positions=range(PEOPLE)):
        for position in positions:
            if self.model[position] in before:
                self.model[position] = after

    @rule(target=attempts, skips=st.sets(st.integers(0, PEOPLE - 1), max_size=9))
    def claim(self, skips):
        looked = set()

        def look(connection, attempt, letters):
            looked.update(skips & set(letters["position"]))
            return dict.fromkeys(skips & set(letters["position"]), "unsubscribed")

        claimed = journal.claim(self.ws, self.worker, self.now, look)
        self.change({"planned"}, "skipped", looked)
        if claimed is None:
            return multiple()
        positions = list(claimed.letters["position"])
        assert [self.model[position] for position in positions] == ["planned"] * len(positions)
        self.change({"planned"}, "submitting", positions)
        return claimed.attempt.id, positions

    @rule(attempt=attempts, to=st.sampled_from(OUTCOMES))
    def settle(self, attempt, to):
        name, positions = attempt
        try:
            journal.settle(self.ws, name, to, now=self.now)
        except StateError:
            return
        self.change({"submitting", "in_doubt"}, to.value, positions)

    @rule(attempt=attempts, data=st.data())
    def replace(self, attempt, data):
        name, positions = attempt
        kept = journal.attempt(self.ws, name)
        middle = data.draw(st.integers(kept.start, kept.stop))
        refused = data.draw(st.sets(st.sampled_from(positions)))
        later = data.draw(st.sampled_from([None, self.now + timedelta(hours=1)]))
        ranges = [edges for edges in ((kept.start, middle), (middle, kept.stop)) if edges[0] < edges[1]]
        try:
            journal.replace(self.ws, name, ranges, dict.fromkeys(refused, "invalid"), now=self.now, not_before=later)
        except StateError:
            return
        cancelled = journal.run_state(self.ws, HASH) == "cancelled"
        self.change({"submitting", "in_doubt"}, "refused", refused)
        self.change({"submitting", "in_doubt"}, "cancelled" if cancelled else "planned", positions)

    @rule()
    def the_worker_dies(self):
        self.worker.lock.release()
        journal.doubt_orphans(self.ws, self.now)
        self.change({"submitting"}, "in_doubt")
        self.worker = journal.register_worker(self.ws, self.now)

    @rule(attempt=attempts)
    def an_event_arrives(self, attempt):
        self.events += 1
        event = {
            "id": str(self.events),
            "kind": EventKind.DELIVERED,
            "at": self.now,
            "address": "",
            "attempt": attempt[0],
        }
        journal.store_events(self.ws, [DeliveryEvent(**event)], now=self.now)
        in_doubt = journal.attempt(self.ws, attempt[0]).state is AttemptState.IN_DOUBT
        assert journal.settle_by_events(self.ws, self.now) >= in_doubt
        for kept in journal.attempts(self.ws, HASH, AttemptState.ACCEPTED):
            self.change({"in_doubt"}, "accepted", range(kept.start, kept.stop))

    @rule(state=st.sampled_from(["running", "paused", "running", "paused", "cancelled"]))
    def a_person_asks(self, state):
        try:
            journal.request(self.ws, HASH, state, "anna", self.now)
        except StateError:
            return
        if state == "cancelled":
            self.change({"planned"}, "cancelled")

    @rule()
    def an_hour_passes(self):
        self.now += timedelta(hours=1)

    @invariant()
    def everybody_is_accounted_for(self):
        totals = journal.totals(self.ws, HASH)
        counted = {name: self.model.count(name) for name in totals if name not in {"recipients", "reasons"}}
        assert {name: totals[name] for name in counted} == counted
        assert sum(counted.values()) == totals["recipients"] == PEOPLE
        assert sum(totals["reasons"].values()) == totals["refused"] + totals["skipped"]
        assert list(journal.letters(self.ws, HASH)["state"]) == self.model

    @invariant()
    def a_run_is_done_when_nothing_is_left_to_do(self):
        left = {"planned", "submitting"} & set(self.model)
        assert (journal.run_state(self.ws, HASH) in {"queued", "running", "paused"}) == bool(left) or (
            journal.run_state(self.ws, HASH) == "cancelled"
        )

    @invariant()
    def nobody_is_in_two_attempts_that_may_have_been_sent(self):
        live = [a for a in journal.attempts(self.ws, HASH) if not a.replaced]
        edges = sorted((attempt.start, attempt.stop) for attempt in live)
        assert all(first[1] <= second[0] for first, second in pairwise(edges))


@pytest.fixture
def machine(migrated_sqlite):
    return type("SendingHere", (Sending,), {"migrated": migrated_sqlite})


def test_totals_always_sum_to_the_recipients(machine):
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    few = settings(
        max_examples=int(os.environ.get("BULKMAIL_TESTS_EXAMPLES", "15")),
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=slow,
    )
    run_state_machine_as_test(machine, settings=few)
