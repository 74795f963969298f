"""Exactly once by cancel: scheduled ahead, called back when unsure, planned anew; at a rehearsal whose time we turn."""

from collections import Counter
from datetime import timedelta

import pytest

from bulkmail import limits, send
from bulkmail.adapters import journal
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.rehearsal import server
from bulkmail.rehearsal.faults import Fault
from bulkmail.send import ahead
from tests.builders import NOW
from tests.sending import Clock, approved

EXACTLY_ONCE = {"exactly_once": True}


class Provider:
    """A rehearsal whose clock is ours, and the line to it."""

    def __init__(self, rehearsal, clock):
        self.rehearsal, self.clock = rehearsal, clock
        self.line = SendGrid("rehearsal", rehearsal.url, answer_seconds=0.5)

    def send(self, ws, plan_hash):
        line, clock = self.line, self.clock
        send.work(ws, line.post_mail, plan_hash=plan_hash, ask=line.call, clock=clock, wait=clock.wait)
        return {
            state: people
            for state, people in journal.totals(ws, plan_hash).items()
            if people and state not in ("recipients", "reasons")
        }

    def letters(self):
        """How many letters each one has got once an hour has passed."""
        self.clock.at += timedelta(hours=1)
        self.rehearsal.stage.store.release(self.clock().timestamp())
        left = [letter for letter in self.rehearsal.letters() if letter.state not in ("cancelled", "scheduled")]
        return Counter(letter.address for letter in left)


@pytest.fixture
def provider(tmp_path):
    clock = Clock()
    seconds = lambda: clock().timestamp()  # noqa: E731
    with server.serving(tmp_path / "rehearsal", play=False, clock=seconds) as running:
        yield Provider(running, clock)


def everybody(people):
    return {f"person{number}@example.com": 1 for number in range(people)}


def test_nothing_leaves_the_provider_before_its_time(sqlite_workspace, provider):
    plan_hash = approved(sqlite_workspace, 20, manner=EXACTLY_ONCE)
    assert provider.send(sqlite_workspace, plan_hash) == {"accepted": 20}
    assert provider.rehearsal.counts()["by_state"] == {"scheduled": 20}
    batches = [attempt.batch_id for attempt in journal.attempts(sqlite_workspace, plan_hash)]
    assert len(set(batches)) == 2 and all(batches)
    assert provider.letters() == everybody(20)


@pytest.mark.parametrize("kind", ["accept_then_drop", "drop", "accept_then_truncate"])
def test_whatever_became_of_a_lost_request_everybody_has_one_letter(workspace, provider, kind):
    plan_hash = approved(workspace, 40, manner=EXACTLY_ONCE)
    provider.rehearsal.order(Fault(kind, skip=1))
    assert provider.send(workspace, plan_hash) == {"accepted": 40}
    assert provider.letters() == everybody(40)


def test_a_lost_answer_to_the_cancelling_is_asked_for_again(sqlite_workspace, provider):
    plan_hash = approved(sqlite_workspace, 10, manner=EXACTLY_ONCE)
    provider.rehearsal.order(
        Fault("accept_then_drop"), Fault("accept_then_drop", path="/v3/user/scheduled_sends", count=1)
    )
    assert provider.send(sqlite_workspace, plan_hash) == {"accepted": 10}
    assert provider.letters() == everybody(10)


def test_without_a_batch_nothing_is_sent_and_it_is_tried_later(sqlite_workspace, provider):
    plan_hash = approved(sqlite_workspace, 10, manner=EXACTLY_ONCE)
    provider.rehearsal.order(Fault("answer", status=500, path="/v3/mail/batch"), Fault("drop", path="/v3/mail/batch"))
    assert provider.send(sqlite_workspace, plan_hash) == {"accepted": 10}
    assert provider.letters() == everybody(10)


def in_doubt(ws, provider, requests):
    """So many requests that the provider took and whose answers got lost, nobody having asked since."""
    plan_hash = approved(ws, requests, 1, manner=EXACTLY_ONCE)
    worker = journal.register_worker(ws, NOW)
    desk = send.a_desk(ws, provider.line.post_mail, worker, ask=provider.line.call, clock=provider.clock)
    for _ in range(requests):
        provider.rehearsal.order(Fault("accept_then_drop"))
        if journal.run_state(ws, plan_hash) == "paused":
            journal.request(ws, plan_hash, "running", "Ana", NOW)
        assert send.send_due(desk)
    assert journal.totals(ws, plan_hash)["in_doubt"] == requests
    return plan_hash


def test_no_more_than_ten_are_cancelled_at_once_and_the_others_stay_in_doubt(sqlite_workspace, provider):
    ws, ask = sqlite_workspace, provider.line.call
    plan_hash = in_doubt(ws, provider, 12)
    assert ahead.call_back(ws, ask, provider.clock()) == limits.CANCELLED_BATCHES.value
    assert journal.totals(ws, plan_hash)["in_doubt"] == 2
    provider.letters()
    assert ahead.call_back(ws, ask, provider.clock()) == 0, "their time has come: they may have left"
    assert send.settle_by_logs(ws, ask, provider.clock()) == 2


def test_the_places_of_cancelled_batches_are_given_back_long_after_their_time(sqlite_workspace, provider):
    ws, ask = sqlite_workspace, provider.line.call
    in_doubt(ws, provider, 3)
    assert ahead.call_back(ws, ask, provider.clock()) == 3
    ahead.let_go(ws, ask, provider.clock())
    assert len(ask("get", "user/scheduled_sends").body) > 10
    provider.clock.at += ahead.AHEAD + ahead.SLOT_KEPT + timedelta(minutes=1)
    provider.rehearsal.stage.store.release(provider.clock().timestamp())
    ahead.let_go(ws, ask, provider.clock())
    assert ask("get", "user/scheduled_sends").body == b"[]"
    assert provider.letters() == {}


def test_cancelling_the_run_also_calls_back_what_has_not_left_yet(sqlite_workspace, provider):
    ws = sqlite_workspace
    plan_hash = approved(ws, 30, manner=EXACTLY_ONCE | {"countdown": timedelta(0)})
    worker = journal.register_worker(ws, NOW)
    desk = send.a_desk(ws, provider.line.post_mail, worker, ask=provider.line.call, clock=provider.clock)
    assert send.send_due(desk) and send.send_due(desk)
    journal.request(ws, plan_hash, "cancelled", "Ana", NOW)
    assert ahead.recall(ws, provider.line.call, provider.clock()) == 20
    assert journal.totals(ws, plan_hash)["cancelled"] == 30
    assert provider.letters() == {}
