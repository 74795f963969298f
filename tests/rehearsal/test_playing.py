"""Time passes: letters change, lists grow, signed events are posted, unsubscribe buttons are pressed."""

import pytest
from sendgrid.helpers.eventwebhook import EventWebhook

from bulkmail import sendgrid_format
from bulkmail.adapters.sendgrid_api import verify_signature
from bulkmail.model import EventKind
from bulkmail.rehearsal import playing, server
from bulkmail.rehearsal.faults import Fault
from tests.rehearsal.letters import NOW, a_receiver, entries, sent

SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"


def live(stage):
    """Let everything happen that is due."""
    while playing.turn(stage) == 0.0:
        pass


def read(came):
    return [event for call in came for event in sendgrid_format.read_events(call.body)]


def states(stage):
    return {letter.address: letter.state for letter in stage.store.letters()}


# ---------------------------------------------------------------- letters and lists


def test_letters_end_in_the_state_their_life_gives_them(client, stage):
    sent(client, *(f"{word}.ada@example.com" for word in ("bounce", "full", "blocked", "defer", "open", "silent")))
    live(stage)
    assert {address.partition(".")[0]: state for address, state in states(stage).items()} == {
        "bounce": "bounced",
        "full": "blocked",
        "blocked": "blocked",
        "defer": "delivered",
        "open": "delivered",
        "silent": "processed",
    }


def test_bounces_and_complaints_join_sendgrids_lists(client, stage):
    sent(client, "bounce.ada@example.com", "complain.bob@example.com", "blocked.eve@example.com")
    live(stage)
    lists = dict(stage.store.rows("SELECT address, list FROM suppressed"))
    assert lists == {
        "bounce.ada@example.com": "bounces",
        "complain.bob@example.com": "spam_reports",
        "blocked.eve@example.com": "blocks",
    }


def test_who_bounced_is_dropped_next_time_and_who_was_blocked_is_tried_again(client, stage):
    for attempt in ("a1", "a2"):
        sent(client, "bounce.ada@example.com", "blocked.eve@example.com", attempt=attempt)
        live(stage)
    second = {letter.address: letter.state for letter in stage.store.letters() if letter.attempt == "a2"}
    assert second == {"bounce.ada@example.com": "dropped", "blocked.eve@example.com": "blocked"}


def test_nothing_happens_before_its_time(tmp_path, clock):
    from starlette.testclient import TestClient

    stage = server.open_stage(tmp_path / "slow", speed=60, clock=clock)
    with TestClient(server.application(stage), headers={"Authorization": "Bearer SG.any"}) as client:
        sent(client, "open.ada@example.com")
    live(stage)
    assert states(stage) == {"open.ada@example.com": "processed"}
    clock.now += 1  # a simulated minute
    live(stage)
    assert states(stage) == {"open.ada@example.com": "delivered"}
    assert not playing.is_quiet(stage)
    stage.store.close()


# ---------------------------------------------------------------- events


def test_events_are_signed_as_sendgrids_own_package_expects(client, stage):
    sent(client, "open.ada@example.com")
    with a_receiver() as (stage.webhook_url, came):
        live(stage)
    webhook = EventWebhook(stage.public_key)
    assert came
    for call in came:
        signature, timestamp = call.headers[SIGNATURE], call.headers[TIMESTAMP]
        assert webhook.verify_signature(call.body.decode(), signature, timestamp)
        assert verify_signature(stage.public_key, call.body, signature, timestamp)
        assert not verify_signature(stage.public_key, call.body + b" ", signature, timestamp)


def test_events_carry_our_arguments_and_the_letters_id(client, stage):
    message_id = sent(client, "quiet.bob@example.com", "open.ada@example.com", attempt="a9")
    with a_receiver() as (stage.webhook_url, came):
        live(stage)
    opened = next(event for event in read(came) if event.kind is EventKind.OPENED)
    assert (opened.attempt, opened.position, opened.message_id) == ("a9", 1, message_id)
    assert opened.address == "open.ada@example.com"


def test_each_life_is_told_in_our_words(client, stage):
    sent(
        client, *(f"{word}.ada@example.com" for word in ("bounce", "blocked", "defer", "machine", "click", "complain"))
    )
    with a_receiver() as (stage.webhook_url, came):
        live(stage)
    told = {}
    for event in read(came):
        told.setdefault(event.address.partition(".")[0], []).append(event)
    assert {word: [event.kind.value for event in events] for word, events in told.items()} == {
        "bounce": ["queued", "bounced"],
        "blocked": ["queued", "bounced"],
        "defer": ["queued", "deferred", "deferred", "delivered"],
        "machine": ["queued", "delivered", "opened"],
        "click": ["queued", "delivered", "opened", "clicked"],
        "complain": ["queued", "delivered", "opened", "complained"],
    }
    assert [told["bounce"][1].hard, told["blocked"][1].hard] == [True, False]
    assert told["machine"][2].by_machine
    assert told["click"][3].url == "https://example.org/hours?a=1&b=2"


def test_a_late_bounce_comes_without_ids(client, stage):
    sent(client, "late.ada@example.com")
    with a_receiver() as (stage.webhook_url, came):
        live(stage)
    bounce = read(came)[-1]
    assert (bounce.kind, bounce.hard, bounce.attempt, bounce.message_id) == (EventKind.BOUNCED, True, "", "")


def test_timestamps_follow_the_letter_as_life_would(client, stage):
    sent(client, "click.ada@example.com")
    with a_receiver() as (stage.webhook_url, came):
        live(stage)
    times = [entry["timestamp"] - NOW for entry in entries(came)]
    assert times == sorted(times)
    assert 0 <= times[0] <= 2
    assert times[-1] > 60


def test_events_wait_until_somebody_takes_them(client, stage):
    sent(client, "open.ada@example.com")
    live(stage)
    assert stage.store.counts()["events_waiting"] == 3
    with a_receiver() as (stage.webhook_url, came):
        live(stage)
    assert len(entries(came)) == 3
    assert playing.is_quiet(stage)


def test_a_refusal_is_tried_again_and_nothing_gets_lost(client, stage, clock):
    sent(client, "open.ada@example.com")
    with a_receiver(503, 307) as (stage.webhook_url, came):
        live(stage)
        assert not playing.is_quiet(stage)
        for _ in range(2):
            clock.now += 2
            live(stage)
    assert len(came) == 3
    assert len(entries(came[2:])) == 3
    assert {call.path for call in came} == {"/webhooks/sendgrid"}
    assert playing.is_quiet(stage)


def test_nobody_listening_is_no_reason_to_fail(client, stage, clock):
    sent(client, "open.ada@example.com")
    stage.webhook_url = "http://127.0.0.1:1/webhooks/sendgrid"
    live(stage)
    assert stage.store.counts()["events_waiting"] == 3


def test_a_rehearsal_started_again_goes_on_where_it_was(client, stage, tmp_path, clock):
    sent(client, "open.ada@example.com", "bounce.bob@example.com")
    live(stage)
    again = server.open_stage(tmp_path, speed=1e12, clock=clock)
    with a_receiver() as (again.webhook_url, came):
        live(again)
    assert len(entries(came)) == 5
    assert again.public_key == stage.public_key
    again.store.close()


def test_two_rehearsals_on_one_folder_give_each_letter_one_life(client, stage, tmp_path, clock):
    other = server.open_stage(tmp_path, speed=1e12, clock=clock)
    sent(client, *(f"open.p{number}@example.com" for number in range(40)))
    for _ in range(3):
        playing.turn(stage)
        playing.turn(other)
    assert stage.store.one("SELECT count(*) FROM event") == (120,)
    other.store.close()


def test_the_private_key_is_for_its_owner_only(stage, tmp_path):
    assert (tmp_path / "webhook_private_key.pem").stat().st_mode & 0o777 == 0o600


# ---------------------------------------------------------------- faults of events


def test_lost_events_never_come(client, stage):
    sent(client, "open.ada@example.com")
    stage.faults.order([Fault("lose_events", count=2)])
    with a_receiver() as (stage.webhook_url, came):
        live(stage)
    assert [entry["event"] for entry in entries(came)] == ["open"]
    assert playing.is_quiet(stage)


def test_repeated_events_have_new_ids_and_are_known_as_one(client, stage):
    sent(client, "open.ada@example.com")
    stage.faults.order([Fault("repeat_events", count=3)])
    with a_receiver() as (stage.webhook_url, came):
        live(stage)
    assert len({entry["sg_event_id"] for entry in entries(came)}) == 6
    assert len({event.id for event in read(came)}) == 3


def test_shuffled_events_come_in_another_order(client, stage):
    sent(client, *(f"click.p{number}@example.com" for number in range(20)))
    stage.faults.order([Fault("shuffle_events")])
    with a_receiver() as (stage.webhook_url, came):
        live(stage)
    words = [entry["event"] for entry in entries(came)]
    assert len(words) == 80
    assert words != sorted(words, key=["processed", "delivered", "open", "click"].index)
    assert words[:20] != ["processed"] * 20


# ---------------------------------------------------------------- one click


def test_a_person_really_presses_the_button(client, stage):
    with a_receiver() as (url, came):
        leave = url.replace("/webhooks/sendgrid", "/u/token")
        sent(client, "unsubscribe.ada@example.com", leave=leave)
        live(stage)
    (press,) = came
    assert (press.path, press.body) == ("/u/token", b"List-Unsubscribe=One-Click")
    assert press.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert press.headers["Cookie"] is None
    assert playing.is_quiet(stage)


def test_pressing_is_not_an_event_that_sendgrid_knows_of(client, stage):
    with a_receiver() as (stage.webhook_url, came):
        sent(client, "unsubscribe.ada@example.com", leave=stage.webhook_url)
        live(stage)
    assert [entry["event"] for call in came if call.headers[SIGNATURE] for entry in entries([call])] == [
        "processed",
        "delivered",
        "open",
    ]


def test_whom_nobody_answers_presses_again_and_gives_up_at_last(client, stage, clock):
    sent(client, "unsubscribe.ada@example.com", leave="http://127.0.0.1:1/u/token")
    for _ in range(playing.PRESSES):
        assert not playing.is_quiet(stage)
        live(stage)
        clock.now += 4
    assert playing.is_quiet(stage)


@pytest.mark.parametrize("leave", ["https://mail.example.org/u/token", "http://192.0.2.7/u", "http:///u"])
def test_nobody_presses_a_button_on_another_machine(client, stage, leave):
    sent(client, "unsubscribe.ada@example.com", leave=leave)
    live(stage)
    (letter,) = stage.store.letters()
    history = client.get(f"/inbox/{letter.id}.json").json()["history"]
    assert history[-1][2] == "not pressed: the link leads to another machine"


PRESSED = "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    "link, post, url",
    [
        ("<https://a.example/u>", PRESSED, "https://a.example/u"),
        ("<mailto:u@a.example>, <http://a.example/u>", PRESSED, "http://a.example/u"),
        ("<https://a.example/u>", "", ""),
        ("<mailto:u@a.example>", PRESSED, ""),
        ("", PRESSED, ""),
    ],
)
def test_a_mailbox_offers_the_button_only_when_both_headers_are_right(link, post, url):
    assert playing.one_click_url({"list-unsubscribe": link, "LIST-UNSUBSCRIBE-POST": post}) == url
