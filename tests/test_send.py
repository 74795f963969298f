"""The sender: what it hands over, what it leaves out, and what it makes of every answer."""

import base64
import re
import threading
from datetime import timedelta
from functools import partial
from hashlib import sha256

import orjson
import pandas as pd
import pytest

from bulkmail import delivery, limits, send
from bulkmail.adapters import attempts, database, journal, token_keys
from bulkmail.adapters.plans import plan_row
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.adapters.workspace import open_workspace, reading
from bulkmail.model import AttemptState, ConsentEvent, DeliveryEvent, EventKind, Suppression, SuppressionReason
from bulkmail.rehearsal import server
from bulkmail.rehearsal.faults import Fault
from bulkmail.send.late_bounces import name_late_bounces
from bulkmail.tips import addressing, unsubscribe
from tests.builders import NOW, a_campaign
from tests.sending import LOST, NOT_SENT, Always, Clock, Provider, accepted, addresses, approved, refused


def work(ws, provider, plan_hash, clock=None, **changes):
    clock = clock or Clock()
    send.work(ws, provider, plan_hash=plan_hash, clock=clock, wait=clock.wait, **changes)
    return {
        state: people for state, people in journal.totals(ws, plan_hash).items() if people and state != "recipients"
    }


def person(number):
    return f"{number:032x}"


def suppress(ws, number, purpose="", reason=SuppressionReason.UNSUBSCRIBED):
    database.add_suppressions(
        ws, [Suppression(person=person(number), reason=reason, at=NOW, origin="test", purpose=purpose)]
    )


def test_the_journal_enforces_the_moves_of_the_law():
    assert attempts.MOVES == delivery.MOVES


# ---- handing over


def test_everybody_gets_one_letter(workspace):
    provider, plan_hash = Provider(), approved(workspace, 25)
    assert work(workspace, provider, plan_hash) == {"accepted": 25}
    assert provider.letters == {f"person{number}@example.com": 1 for number in range(25)}
    assert provider.sizes() == [10, 10, 5]
    assert journal.run_state(workspace, plan_hash) == "done"


def test_each_letter_carries_its_own_way_out_and_the_attempt(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    plan_hash = approved(ws, 10)
    work(ws, provider, plan_hash)
    (attempt,), body = journal.attempts(ws, plan_hash), orjson.loads(provider.bodies[0])
    for number, whom in enumerate(body["personalizations"]):
        assert whom["custom_args"] == {"bm_c": plan_hash, "bm_a": attempt.id, "bm_r": str(number)}
        link = whom["headers"]["List-Unsubscribe"].partition(">")[0].removeprefix("<")
        token = unsubscribe.read_token(link.rpartition("/u/")[2], ws.token_keys)
        assert (token.person, token.plan) == (person(number), plan_hash[:16])
        assert link in whom["substitutions"].values()


def test_a_letter_written_after_a_rotation_is_signed_by_the_new_key_though_the_worker_ran_before(sqlite_workspace):
    ws, provider = open_workspace(sqlite_workspace.settings), Provider()
    token_keys.rotate(sqlite_workspace, by="Ana Lei", now=NOW)
    work(ws, provider, approved(ws, 1, 1))
    (whom,) = orjson.loads(provider.bodies[0])["personalizations"]
    token = re.search(r"/u/([\w-]{56})>", whom["headers"]["List-Unsubscribe"])[1]
    assert base64.urlsafe_b64decode(token)[1] == ws.token_key_id == 2
    assert unsubscribe.read_token(token, {2: ws.token_keys[2]}).person == person(0)
    assert unsubscribe.read_token(token, {1: ws.token_keys[1]}) is None
    ws.engine.dispose()


def test_the_digest_in_the_journal_is_of_the_bytes_that_left(sqlite_workspace):
    provider, plan_hash = Provider(), approved(sqlite_workspace, 20)
    work(sqlite_workspace, provider, plan_hash)
    digests = [attempt.digest for attempt in journal.attempts(sqlite_workspace, plan_hash)]
    assert digests == [sha256(body).hexdigest() for body in provider.bodies]


def test_the_digest_is_committed_before_the_first_byte(sqlite_workspace):
    ws, seen = sqlite_workspace, []
    plan_hash = approved(ws, 10)

    def post(body):
        (attempt,) = journal.attempts(ws, plan_hash)
        seen.append((attempt.state.value, attempt.digest == sha256(body).hexdigest()))
        return accepted()

    work(ws, post, plan_hash)
    assert seen == [("submitting", True)]


def test_the_letters_are_those_that_were_approved_whatever_becomes_of_the_draft(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    plan_hash = approved(ws, 3)
    database.save_campaign(ws, a_campaign(subject="Another subject", body="Another letter"), NOW)
    work(ws, provider, plan_hash)
    assert orjson.loads(provider.bodies[0])["subject"] == "New opening hours"


def test_letters_that_cannot_be_written_as_approved_pause_the_run(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    plan_hash = approved(ws, 30)
    (ws.home / "layouts").mkdir()
    page = "<mjml><mj-body><mj-section><mj-column><mj-text>[[body]]</mj-text></mj-column></mj-section></mj-body></mjml>"
    (ws.home / "layouts" / "notice.mjml").write_text(page, encoding="utf-8")
    assert work(ws, provider, plan_hash) == {"planned": 30}
    assert journal.run(ws, plan_hash).reason == "letter_changed"
    assert provider.bodies == []


def test_a_plan_whose_recipients_are_lost_is_paused_and_others_go_on(sqlite_workspace):
    ws, provider, stop = sqlite_workspace, Provider(), threading.Event()
    lost, other = approved(ws, 10), approved(ws, 10, first=100, key="b", id="autumn", at=NOW + timedelta(seconds=1))
    with reading(ws) as connection:
        kept = plan_row(connection, lost).snapshot_hash
    (ws.home / "tables" / f"{kept}.parquet").unlink()
    send.work(ws, provider, stop=stop, clock=Clock(NOW + timedelta(minutes=1)), wait=lambda seconds: stop.set())
    assert (journal.run(ws, lost).state, journal.run(ws, lost).reason) == ("paused", "snapshot_lost")
    assert journal.totals(ws, other)["accepted"] == 10


def test_one_plan_is_sent_and_the_other_left_alone(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    mine, other = approved(ws, 10), approved(ws, 10, first=100, key="b", id="autumn")
    work(ws, provider, mine)
    assert journal.totals(ws, other)["planned"] == 10


def test_without_a_plan_everything_that_is_due_is_sent_until_told_to_stop(sqlite_workspace):
    ws, provider, stop, clock = sqlite_workspace, Provider(), threading.Event(), Clock()
    hashes = [approved(ws, 10), approved(ws, 10, first=100, key="b", id="autumn")]
    send.work(ws, provider, stop=stop, clock=clock, wait=lambda seconds: stop.set())
    assert [journal.totals(ws, plan_hash)["accepted"] for plan_hash in hashes] == [10, 10]


def test_once_ends_when_nothing_is_due_any_more(sqlite_workspace):
    ws, clock = sqlite_workspace, Clock()
    due, later = (
        approved(ws, 10),
        approved(ws, 10, first=100, key="b", id="autumn", not_before=NOW + timedelta(hours=1)),
    )
    send.work(ws, Provider(), once=True, clock=clock, wait=clock.wait)
    assert (journal.totals(ws, due)["accepted"], journal.totals(ws, later)["planned"]) == (10, 10)
    assert clock.waits == []


def test_told_to_stop_it_finishes_the_attempt_in_hand(sqlite_workspace):
    ws, stop = sqlite_workspace, threading.Event()
    plan_hash = approved(ws, 30)
    provider = Provider(lambda body: stop.set() or accepted())
    work(ws, provider, plan_hash, stop=stop)
    totals = journal.totals(ws, plan_hash)
    assert (totals["accepted"], totals["planned"], totals["submitting"]) == (10, 20, 0)


@pytest.mark.parametrize(("asked", "left"), [("paused", "planned"), ("cancelled", "cancelled")])
def test_pausing_and_cancelling_take_hold_within_one_batch(sqlite_workspace, asked, left):
    ws = sqlite_workspace
    plan_hash = approved(ws, 30)
    provider = Provider(lambda body: journal.request(ws, plan_hash, asked, "Ana", NOW) or accepted())
    assert work(ws, provider, plan_hash) == {"accepted": 10, left: 20}


def test_a_paused_run_goes_on_where_it_was(sqlite_workspace):
    ws = sqlite_workspace
    plan_hash = approved(ws, 30)
    provider = Provider(lambda body: journal.request(ws, plan_hash, "paused", "Ana", NOW) or accepted())
    work(ws, provider, plan_hash)
    journal.request(ws, plan_hash, "running", "Ana", NOW)
    assert work(ws, provider, plan_hash) == {"accepted": 30}
    assert set(provider.letters.values()) == {1}


def test_nothing_leaves_before_its_time(sqlite_workspace):
    ws, provider, clock = sqlite_workspace, Provider(), Clock()
    due = NOW + timedelta(seconds=90)
    plan_hash = approved(ws, 10, not_before=due)
    left_at = []
    work(ws, lambda body: left_at.append(clock()) or provider(body), plan_hash, clock)
    assert left_at == [due]
    assert max(clock.waits) <= 1


# ---- the last look


def test_unsubscribed_after_approval_is_not_mailed(workspace):
    provider, plan_hash = Provider(), approved(workspace, 10)
    suppress(workspace, 3)
    suppress(workspace, 4, purpose="newsletter", reason=SuppressionReason.OBJECTED)
    suppress(workspace, 5, purpose="events")
    assert work(workspace, provider, plan_hash) == {
        "accepted": 8, "skipped": 2, "reasons": {"unsubscribed": 1, "objected": 1},
    }  # fmt: skip
    assert set(range(10)) - {int(address[6:].partition("@")[0]) for address in provider.letters} == {3, 4}


def test_in_rehearsal_simulated_people_who_have_left_are_not_mailed(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    plan_hash, reason = approved(ws, 10), SuppressionReason.UNSUBSCRIBED
    database.add_suppressions(ws, [Suppression(person=person(3), reason=reason, at=NOW, origin="test", rehearsal=True)])
    assert work(ws, provider, plan_hash) == {"accepted": 9, "skipped": 1, "reasons": {"unsubscribed": 1}}


def test_unsubscribed_between_two_batches_is_not_mailed(sqlite_workspace):
    ws = sqlite_workspace
    plan_hash = approved(ws, 20)
    provider = Provider(lambda body: suppress(ws, 15) or accepted())
    assert work(ws, provider, plan_hash)["reasons"] == {"unsubscribed": 1}
    assert provider.sizes() == [10, 9]


def test_when_all_have_left_nothing_is_sent(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    plan_hash = approved(ws, 3)
    for number in range(3):
        suppress(ws, number)
    assert work(ws, provider, plan_hash) == {"skipped": 3, "reasons": {"unsubscribed": 3}}
    assert (provider.bodies, journal.run_state(ws, plan_hash)) == ([], "done")


def consent(ws, number, state, at=NOW, purpose="newsletter", basis="consent_express"):
    event = ConsentEvent(
        person=person(number), purpose=purpose, basis=basis, state=state, at=at, recorded_at=NOW, method="form",
        source="desk", wording="", evidence="form", recorded_by="Ana",
    )  # fmt: skip
    database.append_consent(ws, pd.DataFrame([vars(event)]))


def test_consent_taken_back_after_approval_is_heeded(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    plan_hash = approved(ws, 10)
    consent(ws, 0, "given")
    consent(ws, 1, "withdrawn")
    consent(ws, 2, "refused", purpose="")
    consent(ws, 3, "given", at=NOW - timedelta(days=3000))
    consent(ws, 4, "withdrawn", purpose="events")
    assert work(ws, provider, plan_hash)["reasons"] == {
        "consent_withdrawn": 1, "consent_refused": 1, "consent_expired": 1,
    }  # fmt: skip
    assert len(provider.letters) == 7


@pytest.mark.parametrize(("kind", "capped"), [("marketing", 5), ("transactional", 0)])
def test_whom_another_campaign_has_mailed_too_often_meanwhile_is_left_out(sqlite_workspace, kind, capped):
    ws, clock = sqlite_workspace, Clock()
    plan_hash = approved(ws, 10, kind=kind)
    for number in range(int(limits.CAP_7_DAYS.value)):
        clock.at += timedelta(hours=1)
        other = approved(ws, 5, first=5, key="bcde"[number], id=f"other{number}", kind="transactional", at=clock())
        work(ws, Provider(), other, clock)
    totals = work(ws, Provider(), plan_hash, clock)
    assert totals.get("reasons", {}).get("frequency_cap", 0) == capped


# ---- answers


def test_named_recipients_are_refused_and_the_others_mailed(workspace):
    bad = refused(400, ("personalizations.2.to.0.email", "Does not contain a valid address."))
    provider, plan_hash = Provider(bad), approved(workspace, 10)
    assert work(workspace, provider, plan_hash) == {
        "accepted": 9, "refused": 1, "reasons": {"refused_recipient": 1},
    }  # fmt: skip
    assert "person2@example.com" not in provider.letters
    assert set(provider.letters.values()) == {1}


def test_names_count_within_the_request_and_not_within_the_plan(sqlite_workspace):
    ws = sqlite_workspace
    plan_hash = approved(ws, 20)
    for number in (10, 11, 13):
        suppress(ws, number)
    bad = refused(400, ("personalizations.1.to.0.email", "Does not contain a valid address."))
    provider = Provider(accepted(), bad)
    work(ws, provider, plan_hash)
    letters = journal.letters(ws, plan_hash)
    assert letters.loc[letters["state"] == "refused", "position"].tolist() == [14]


def unnamed_if(*bad):
    """Refuse a request that holds one of the addresses, and do not say which."""

    def answer(body):
        held = {whom["to"][0]["email"] for whom in body["personalizations"]}
        return refused(400, (None, "Bad Request")) if held & set(bad) else accepted()

    return Always(answer)


def test_an_unnamed_bad_recipient_is_found_by_halving(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    provider.answers = unnamed_if("person7@example.com")
    plan_hash = approved(ws, 30)
    assert work(ws, provider, plan_hash) == {"accepted": 29, "refused": 1, "reasons": {"refused_letter": 1}}
    assert set(provider.letters.values()) == {1}


def test_a_letter_refused_for_everybody_pauses_the_run(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    provider.answers = Always(refused(400, (None, "Bad Request")))
    plan_hash = approved(ws, 60, 20)
    totals = work(ws, provider, plan_hash)
    assert journal.run(ws, plan_hash).reason == "letter_refused"
    assert len(provider.bodies) == limits.REFUSALS_IN_A_ROW.value
    assert totals["planned"] >= 50


def test_a_request_too_large_is_halved(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider(refused(413))
    assert work(ws, provider, approved(ws, 10)) == {"accepted": 10}
    assert provider.sizes() == [10, 5, 5]


def test_a_rate_limit_is_waited_for(sqlite_workspace):
    ws, clock = sqlite_workspace, Clock()
    limited = refused(429, **{"X-RateLimit-Reset": str(int(NOW.timestamp()) + 40)})
    provider, plan_hash = Provider(limited), approved(ws, 20)
    assert work(ws, provider, plan_hash, clock) == {"accepted": 20}
    assert clock() - NOW >= timedelta(seconds=40)
    assert provider.sizes() == [10, 10, 10]


def test_a_rate_limit_holds_every_run(sqlite_workspace):
    ws, clock, stop = sqlite_workspace, Clock(), threading.Event()
    limited = refused(429, **{"X-RateLimit-Reset": str(int(NOW.timestamp()) + 40)})
    first, other = approved(ws, 10), approved(ws, 10, first=50, key="b", id="autumn")
    provider = Provider(limited)
    send.work(ws, provider, clock=clock, stop=stop, wait=lambda seconds: stop.set())
    assert provider.sizes() == [10]
    assert {journal.run(ws, plan_hash).hold_until for plan_hash in (first, other)} == {NOW + timedelta(seconds=40)}


def test_what_was_not_sent_is_tried_again(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider(NOT_SENT, NOT_SENT, NOT_SENT)
    assert work(ws, provider, approved(ws, 10)) == {"accepted": 10}
    assert set(provider.letters.values()) == {1}


def test_a_provider_out_of_reach_pauses_the_run_and_loses_nobody(sqlite_workspace):
    ws, provider, clock = sqlite_workspace, Provider(), Clock(strides=30)
    provider.answers = Always(NOT_SENT)
    plan_hash = approved(ws, 20)
    assert work(ws, provider, plan_hash, clock) == {"planned": 20}
    assert journal.run(ws, plan_hash).reason == "not_reached"
    assert len(provider.bodies) == limits.UNREACHED_IN_A_ROW.value
    assert clock() - NOW >= timedelta(minutes=15)


@pytest.mark.parametrize("status", [401, 403])
def test_a_closed_account_pauses_the_run_and_refuses_nobody(sqlite_workspace, status):
    ws, provider = sqlite_workspace, Provider(refused(status, (None, "Maximum credits exceeded")))
    plan_hash = approved(ws, 20)
    assert work(ws, provider, plan_hash) == {"planned": 20}
    assert journal.run(ws, plan_hash).reason == "credits"
    journal.request(ws, plan_hash, "running", "Ana", NOW)
    assert work(ws, provider, plan_hash) == {"accepted": 20}


@pytest.mark.parametrize("answer", [LOST, refused(500), refused(503), (202, {}, b"", None)], ids=str)
def test_what_is_in_doubt_is_never_sent_again(workspace, answer):
    provider, plan_hash = Provider(answer), approved(workspace, 20)
    assert work(workspace, provider, plan_hash) == {"accepted": 10, "in_doubt": 10}
    assert work(workspace, provider, plan_hash) == {"accepted": 10, "in_doubt": 10}
    assert provider.sizes() == [10, 10]


def test_lost_answers_in_a_row_pause_the_run(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider(LOST, LOST, LOST)
    plan_hash = approved(ws, 50)
    assert work(ws, provider, plan_hash) == {"planned": 20, "in_doubt": 30}
    assert journal.run(ws, plan_hash).reason == "doubt"


def an_event(attempt, kind=EventKind.DELIVERED, number=0, **changes):
    event = {"id": f"{kind}{attempt}{number}", "kind": kind, "at": NOW, "address": f"person{number}@example.com"}
    return DeliveryEvent(**event | {"attempt": attempt, "position": number, "message_id": "m9"} | changes)


def test_any_event_that_names_the_attempt_settles_the_doubt(sqlite_workspace):
    ws = sqlite_workspace
    plan_hash = approved(ws, 10)
    work(ws, Provider(LOST), plan_hash)
    (attempt,) = journal.attempts(ws, plan_hash)
    journal.store_events(ws, [an_event(attempt.id, EventKind.DEFERRED, 4)], now=NOW)
    assert work(ws, Provider(), plan_hash) == {"accepted": 10}


def test_a_bounce_without_ids_finds_its_letter_by_the_address(workspace):
    address = "ana@example.com"
    people = {"address": [address, "bea@example.com"]}
    people["person"] = [addressing.person_of(each, workspace.person_key) for each in people["address"]]
    plan_hash = approved(workspace, 2, fields=people)
    work(workspace, Provider(), plan_hash)
    late = {"id": "late", "kind": EventKind.BOUNCED, "at": NOW, "address": address, "hard": True}
    stranger = late | {"id": "stranger", "address": "nobody@example.com"}
    journal.store_events(workspace, [DeliveryEvent(**late), DeliveryEvent(**stranger)], now=NOW)
    assert name_late_bounces(workspace, NOW) == 1
    told = journal.outcomes(workspace, plan_hash).set_index("kind")
    assert told.loc["bounced", "letters_hard"] == 1
    assert journal.unnamed_bounces(workspace) == {}


# ---- letters that do not share


def test_letters_whose_link_hosts_differ_go_out_one_by_one(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    hosts = {"field.host": [f"h{number}.example.com" for number in range(12)]}
    plan_hash = approved(ws, 12, fields=hosts, body="Dear {{ name }}, see [here](https://{{ host }}/).")
    assert work(ws, provider, plan_hash) == {"accepted": 12}
    assert provider.sizes() == [1] * 12
    html = orjson.loads(provider.bodies[5])["content"][1]["value"]
    assert "https://h5.example.com/" in html


def test_a_value_too_long_to_share_goes_out_alone(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    notes = {"field.note": ["short"] * 4 + ["x" * 9_900] + ["short"] * 5}
    plan_hash = approved(ws, 10, fields=notes, body="Dear {{ name }}, {{ note }}")
    assert work(ws, provider, plan_hash) == {"accepted": 10}
    assert provider.sizes() == [4, 1, 5]


def test_a_letter_that_cannot_be_written_is_refused_alone(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    shares = {"field.parts": ["2", "4", "0", "5"]}
    plan_hash = approved(ws, 4, fields=shares, body="Your share is {{ 100 / (parts | int) }} %.")
    assert work(ws, provider, plan_hash) == {"accepted": 3, "refused": 1, "reasons": {"not_rendered": 1}}
    assert "person2@example.com" not in provider.letters


# ---- stopping on evidence


def test_many_bounces_stop_the_run_once(sqlite_workspace):
    ws, clock = sqlite_workspace, Clock()
    plan_hash = approved(ws, 200, 100)

    def post(body):
        attempt = orjson.loads(body)["personalizations"][0]["custom_args"]["bm_a"]
        bounces = [an_event(attempt, EventKind.BOUNCED, number, hard=True) for number in range(20)]
        journal.store_events(ws, bounces, now=NOW)
        clock.at += timedelta(seconds=10)
        return accepted()

    assert work(ws, post, plan_hash, clock) == {"accepted": 100, "planned": 100}
    assert journal.run(ws, plan_hash).reason == "bounces"
    [figures] = send.evidence_for_pause(ws, journal.run(ws, plan_hash))
    assert str(figures) == "20 of 100 letters: 20.00% (95 % interval 13.34% – 28.88%); the limit is 5.00%."
    journal.request(ws, plan_hash, "running", "Ana", NOW)
    assert send.evidence_for_pause(ws, journal.run(ws, plan_hash)) == []
    assert work(ws, post, plan_hash, clock) == {"accepted": 200}


# ---- the dead and the late


def a_claim(ws, plan_hash, now=NOW):
    """An attempt claimed by a worker that then dies: its lock is let go of, nothing is signed off."""
    worker = journal.register_worker(ws, now)
    claimed = journal.claim(ws, worker, now, lambda *_: {}, plan_hash=plan_hash)
    return worker, claimed.attempt


def test_what_died_before_its_digest_was_not_sent_and_is_planned_anew(workspace):
    provider, plan_hash = Provider(), approved(workspace, 10)
    worker, _ = a_claim(workspace, plan_hash)
    worker.lock.release()
    assert work(workspace, provider, plan_hash) == {"accepted": 10}
    assert set(provider.letters.values()) == {1}


def test_what_died_after_its_digest_is_in_doubt(workspace):
    provider, plan_hash = Provider(), approved(workspace, 20)
    worker, attempt = a_claim(workspace, plan_hash)
    journal.record_digest(workspace, attempt.id, "0" * 64, 10)
    worker.lock.release()
    assert work(workspace, provider, plan_hash) == {"accepted": 10, "in_doubt": 10}


def test_who_comes_late_to_an_attempt_given_to_others_sends_nothing(sqlite_workspace):
    ws, provider = sqlite_workspace, Provider()
    plan_hash = approved(ws, 10)
    worker = journal.register_worker(ws, NOW)

    def taken_for_dead(step):
        if step == "claimed":
            worker.lock.release()
            send.recover(ws, NOW)

    desk = send.a_desk(ws, provider, worker, clock=Clock(), at_step=taken_for_dead)
    assert send.send_due(desk)
    assert provider.bodies == []
    assert work(ws, provider, plan_hash) == {"accepted": 10}


def test_a_living_workers_attempt_is_left_alone(sqlite_workspace):
    ws = sqlite_workspace
    plan_hash = approved(ws, 20)
    worker, _ = a_claim(ws, plan_hash)
    send.recover(ws, NOW)
    assert journal.totals(ws, plan_hash)["submitting"] == 10
    journal.retire_worker(ws, worker, NOW)


# ---- asking the provider's log, at the rehearsal


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory):
    with server.serving(tmp_path_factory.mktemp("rehearsal"), play=False) as running:
        yield running


def asking(rehearsal, seconds=0.5):
    return SendGrid("rehearsal", rehearsal.url, answer_seconds=seconds)


def test_the_log_settles_what_was_taken_and_leaves_the_rest_in_doubt(sqlite_workspace, rehearsal):
    ws, provider = sqlite_workspace, asking(rehearsal)
    plan_hash = approved(ws, 30)
    rehearsal.order(Fault("accept_then_drop"), Fault("drop"))
    send.work(ws, provider.post_mail, plan_hash=plan_hash)
    before = journal.totals(ws, plan_hash)
    assert (before["accepted"], before["in_doubt"]) == (10, 20)
    assert send.settle_by_logs(ws, provider.call, NOW) == 1
    after = journal.totals(ws, plan_hash)
    assert (after["accepted"], after["in_doubt"]) == (20, 10)
    assert [attempt.message_id != "" for attempt in journal.attempts(ws, plan_hash)] == [True, False, True]


def test_a_log_that_does_not_answer_settles_nothing(sqlite_workspace, rehearsal):
    ws = sqlite_workspace
    plan_hash = approved(ws, 10)
    work(ws, Provider(LOST), plan_hash)
    rehearsal.order(*(Fault("drop", path="/v3/logs") for _ in range(3)))
    assert send.settle_by_logs(ws, asking(rehearsal).call, NOW) == 0
    assert journal.totals(ws, plan_hash)["in_doubt"] == 10


def test_the_worker_asks_the_log_when_it_may(sqlite_workspace, rehearsal):
    ws, provider = sqlite_workspace, asking(rehearsal)
    plan_hash = approved(ws, 10)
    rehearsal.order(Fault("accept_then_drop"))
    send.work(ws, provider.post_mail, plan_hash=plan_hash)
    send.work(ws, provider.post_mail, plan_hash=plan_hash, ask=provider.call)
    assert journal.totals(ws, plan_hash)["accepted"] == 10


def test_the_rehearsal_takes_what_the_sender_makes(sqlite_workspace, rehearsal):
    ws = sqlite_workspace
    names = {"name": ["Ana, Lopez; <x>", "陳大文", '"; DROP', "Dr. {{ name }}", "-bm123456000t-"]}
    plan_hash = approved(ws, 5, fields=names, first=900)
    send.work(ws, asking(rehearsal, 5).post_mail, plan_hash=plan_hash)
    assert journal.totals(ws, plan_hash)["accepted"] == 5
    letters = {letter.address: letter for letter in rehearsal.letters()}
    texts = [rehearsal.stage.store.written_out(letters[f"person{900 + n}@example.com"])["text"] for n in range(5)]
    assert [text.partition("\n")[0] for text in texts] == [f"Dear {name}, we open at 9." for name in names["name"]]


def test_several_workers_share_a_plan_and_mail_nobody_twice(workspace, rehearsal):
    plan_hash = approved(workspace, 60, first=2000)
    workers = [
        threading.Thread(target=partial(send.work, workspace, asking(rehearsal, 5).post_mail, plan_hash=plan_hash))
        for _ in range(3)
    ]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert journal.totals(workspace, plan_hash)["accepted"] == 60
    ours = {attempt.id for attempt in journal.attempts(workspace, plan_hash)}
    mailed = [letter.address for letter in rehearsal.letters() if letter.attempt in ours]
    assert sorted(mailed) == sorted(f"person{2000 + number}@example.com" for number in range(60))


def test_addresses_of_a_body_are_in_the_plans_order(sqlite_workspace):
    provider = Provider()
    work(sqlite_workspace, provider, approved(sqlite_workspace, 10))
    assert addresses(provider.bodies[0]) == [f"person{number}@example.com" for number in range(10)]


def test_what_was_cancelled_is_not_revived_by_a_retry(sqlite_workspace):
    ws = sqlite_workspace
    plan_hash = approved(ws, 20)
    provider = Provider(lambda body: journal.request(ws, plan_hash, "cancelled", "Ana", NOW) or refused(429))
    assert work(ws, provider, plan_hash) == {"cancelled": 20}
    assert {attempt.state for attempt in journal.attempts(ws, plan_hash) if not attempt.replaced} == {
        AttemptState.CANCELLED
    }
