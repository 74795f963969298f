"""Our suppressions and those of the sending service come into step, over its HTTP."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import orjson
import pandas as pd
import pytest

from bulkmail import send
from bulkmail.adapters import database, journal, opt_outs
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.model import ConsentEvent, ConsentState, Suppression, SuppressionReason
from bulkmail.rehearsal import server
from bulkmail.send import in_step
from bulkmail.sendgrid_format import read_suppressed
from bulkmail.tips import addressing
from tests.builders import NOW
from tests.sending import Clock, Provider, approved


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with server.serving(tmp_path_factory.mktemp("rehearsal"), play=False) as stand_in:
        yield stand_in


@pytest.fixture
def provider(running):
    """The sending service with empty lists, and how to ask it."""
    with running.stage.store.writing() as db:
        db.execute("DELETE FROM suppressed")
    return running.stage.store, SendGrid("rehearsal", running.url).call


def persons(ws, *addresses):
    return {addressing.person_of(address, ws.person_key) for address in addresses}


def suppressed(ws):
    return {(row.person, row.reason) for row in database.suppressions(ws).itertuples()}


def left(ws, address, *, at=NOW, purpose="", kept=True, origin="form"):
    (person,) = persons(ws, address)
    row = Suppression(
        person=person, reason=SuppressionReason.UNSUBSCRIBED, at=at, origin=origin, purpose=purpose,
        address=address if kept else "",
    )  # fmt: skip
    database.add_suppressions(ws, [row])
    return person


def listed(store):
    return {address for (address,) in store.rows("SELECT address FROM suppressed WHERE list = 'unsubscribes'")}


def test_whom_its_lists_name_is_suppressed_here_for_their_reason(workspace, provider):
    store, ask = provider
    at = NOW.timestamp()
    store.suppress("unsubscribes", ["ana@example.com"], at)
    store.suppress("spam_reports", ["bo@example.com"], at)
    store.suppress("bounces", ["cy@example.com"], at, "550 5.1.1 User unknown", "5.1.1")
    store.suppress("bounces", ["di@example.com"], at, "550 5.7.1 policy", "5.7.1")
    store.suppress("blocks", ["ed@example.com"], at, "blocked", "5.7.1")
    store.suppress("invalid_emails", ["flo@example.com"], at, "Mail domain mentioned in email address is unknown")
    in_step.keep_in_step(workspace, ask, NOW + timedelta(minutes=1))
    people = [persons(workspace, f"{name}@example.com").pop() for name in ("ana", "bo", "cy", "flo")]
    reasons = ["unsubscribed", "complained", "hard_bounce", "hard_bounce"]
    assert suppressed(workspace) == set(zip(people, reasons, strict=True))


def test_a_later_turn_asks_only_for_what_is_new(sqlite_workspace, provider):
    store, ask = provider
    asked = []

    def listening(method, path, **what):
        asked.append((path, what.get("query", {}).get("start_time")))
        return ask(method, path, **what)

    in_step.keep_in_step(sqlite_workspace, listening, NOW)
    store.suppress("unsubscribes", ["ana@example.com"], (NOW + timedelta(minutes=1)).timestamp())
    asked.clear()
    in_step.keep_in_step(sqlite_workspace, listening, NOW + timedelta(minutes=2))
    starts = {start for path, start in asked if path.startswith("suppression/")}
    assert starts == {int((NOW - timedelta(hours=1)).timestamp())}
    assert len(suppressed(sqlite_workspace)) == 1


def test_long_lists_are_read_whole_however_they_crowd_in_time(sqlite_workspace, provider):
    store, ask = provider
    at = NOW.timestamp()
    store.suppress("unsubscribes", [f"p{number}@example.com" for number in range(1_203)], at - 7)
    for number in range(700):
        store.suppress("unsubscribes", [f"q{number}@example.com"], at - 10_000 + number)
    assert in_step.read_list(sqlite_workspace, ask, "unsubscribes", NOW)
    assert len(suppressed(sqlite_workspace)) == 1_903


@pytest.mark.parametrize(
    "answer", [(500, {}, b"", None), (None, {}, b"", "unknown: x"), (200, {}, b"{", None), (403, {}, b"", None)]
)
def test_a_list_that_cannot_be_read_is_not_taken_for_read(sqlite_workspace, answer):
    in_step.keep_in_step(sqlite_workspace, lambda *what, **more: answer, NOW)
    assert opt_outs.standing(sqlite_workspace)["unheard_since"] is None


def test_who_left_everything_here_is_told(workspace, provider):
    store, ask = provider
    left(workspace, "ana@example.com")
    left(workspace, "bo@example.com", purpose="newsletter")
    in_step.keep_in_step(workspace, ask, NOW)
    assert listed(store) == {"ana@example.com"}


def test_who_left_by_a_link_is_told_by_the_address_of_the_letter(workspace, provider):
    store, ask = provider
    plan_hash = approved(workspace, people=3)
    letter = journal.load_snapshot(workspace, plan_hash).iloc[1]
    row = Suppression(
        person=letter["person"], reason=SuppressionReason.UNSUBSCRIBED, at=NOW, origin=f"link {plan_hash[:16]}"
    )
    database.add_suppressions(workspace, [row])
    in_step.keep_in_step(workspace, ask, NOW)
    assert listed(store) == {letter["address"]}


def test_who_came_back_is_taken_off_its_list_and_stays_off(sqlite_workspace, provider):
    store, ask = provider
    person = left(sqlite_workspace, "ana@example.com")
    in_step.keep_in_step(sqlite_workspace, ask, NOW + timedelta(minutes=1))
    assert listed(store) == {"ana@example.com"}
    event = ConsentEvent(
        person=person, purpose="newsletter", basis="consent_express", state=ConsentState.GIVEN,
        at=NOW + timedelta(hours=1), recorded_at=NOW, method="link", source="", wording="", evidence="link",
        recorded_by="",
    )  # fmt: skip
    database.append_consent(sqlite_workspace, pd.DataFrame([asdict(event)]))
    for hours in (2, 3):
        in_step.keep_in_step(sqlite_workspace, ask, NOW + timedelta(hours=hours))
        assert listed(store) == set()


def test_while_a_request_waits_for_more_than_48_hours_nothing_is_sent(sqlite_workspace):
    plan_hash = approved(sqlite_workspace, people=30)
    asked = {"id": "m1", "person": "0" * 32, "address": "ana@example.com", "purpose": "", "said": "stop"}
    times = {"arrived_at": NOW - timedelta(hours=49), "brought_at": NOW, "brought_by": "Bo", "rehearsal": True}
    opt_outs.bring(sqlite_workspace, [opt_outs.OptOut(**asked, **times)])
    provider, clock = Provider(), Clock()
    send.work(sqlite_workspace, provider, once=True, clock=clock, wait=clock.wait)
    assert (provider.letters, journal.run(sqlite_workspace, plan_hash).reason) == ({}, "requests_wait")
    opt_outs.decide(sqlite_workspace, ["m1"], [], by="Bo", now=NOW)
    journal.request(sqlite_workspace, plan_hash, "running", "Bo", NOW)
    send.work(sqlite_workspace, provider, once=True, clock=clock, wait=clock.wait)
    assert len(provider.letters) == 30


def test_the_worker_does_it_by_itself(sqlite_workspace, provider):
    store, ask = provider
    store.suppress("unsubscribes", ["ana@example.com"], datetime.now(UTC).timestamp() - 5)
    send.work(sqlite_workspace, Provider(), once=True, ask=ask)
    assert {reason for _, reason in suppressed(sqlite_workspace)} == {"unsubscribed"}


def test_entries_without_address_or_time_are_nobody():
    entries = orjson.loads('[1, null, {}, {"email": "a@b.edu"}, {"created": 5}, {"email": 3, "created": "x"}]')
    assert read_suppressed("unsubscribes", entries) == []
