"""SendGrid's words: the bodies we send, the answers and events we read."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import jsonschema_rs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkmail import delivery, sendgrid_format
from bulkmail.errors import InputError
from bulkmail.model import EventKind, Message, Sender
from bulkmail.sendgrid_format import AnswerKind
from bulkmail.tips.sender_requirements import replies
from tests.builders import NOW, a_campaign

# SendGrid's published schema, where it lies beside the checkout
SCHEMA = Path(__file__).parents[2] / "shared" / "reference" / "sendgrid-openapi" / "mail_send.schema.json"
LETTER = SimpleNamespace(subject="Hours for -bm1t-", html="<p>Dear -bm1h-</p>", text="Dear -bm1t-")
HEADERS = {"List-Unsubscribe": "<https://example.org/u/t0>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
TAGS = {"-bm1t-": "Ada & Co", "-bm1h-": "Ada &amp; Co"}


@cache
def published():
    return jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))


def a_person(**changes):
    person = {"address": "ada@example.com", "name": "Ada", "position": 0, "values": TAGS, "headers": HEADERS}
    return tuple((person | changes).values())


def a_body(*people, **changes):
    given = {"campaign": a_campaign(), "letter_static": LETTER, "attempt": "a7", "plan": "f" * 64}
    return sendgrid_format.mail_send_body(people=people or [a_person()], **given | changes)


def a_sender(**changes):
    sender = {"name": "圖書館", "address": "library@example.org", "reply_to": "desk@example.org"}
    return Sender(**sender | {"organisation": "Open University", "postal_address": "1 Harbour Road"} | changes)


# ---------------------------------------------------------------- bodies


def test_a_letter_carries_its_own_identity_headers_and_values():
    (person,) = a_body(a_person(position=41))["personalizations"]
    assert person == {
        "to": [{"email": "ada@example.com", "name": "Ada"}],
        "headers": HEADERS,
        "substitutions": TAGS,
        "custom_args": {"bm_c": "f" * 64, "bm_a": "a7", "bm_r": "41"},
    }


def test_plain_text_comes_before_html():
    assert [part["type"] for part in a_body()["content"]] == ["text/plain", "text/html"]


def test_an_empty_part_is_left_out_because_sendgrid_refuses_it():
    letter = SimpleNamespace(subject="Hours", html="<p>Hours</p>", text="")
    assert a_body(letter_static=letter)["content"] == [{"type": "text/html", "value": "<p>Hours</p>"}]


def test_equal_letters_give_equal_bytes():
    people = [a_person(address=f"p{number}@example.com", position=number) for number in range(3)]
    assert sendgrid_format.dump(a_body(*people)) == sendgrid_format.dump(a_body(*people))


def test_people_keep_their_order_since_errors_name_them_by_it():
    people = [a_person(address=f"p{number}@example.com", position=number) for number in range(40)]
    positions = [person["custom_args"]["bm_r"] for person in a_body(*people)["personalizations"]]
    assert positions == [str(number) for number in range(40)]


@pytest.mark.parametrize(
    "name, clean",
    [("Chan, Tai Man", "Chan Tai Man"), ("a;b", "a b"), ("Eve\r\nBcc: x@example.com", "Eve Bcc: x@example.com")],
)
def test_names_lose_what_would_split_them(name, clean):
    assert a_body(a_person(name=name))["personalizations"][0]["to"][0]["name"] == clean


def test_a_name_of_nothing_but_commas_is_no_name():
    assert a_body(a_person(name=" ,; "))["personalizations"][0]["to"] == [{"email": "ada@example.com"}]


def test_the_senders_name_may_be_chinese():
    campaign = a_campaign(sender=a_sender())
    assert a_body(campaign=campaign)["from"] == {"email": "library@example.org", "name": "圖書館"}


def test_a_senders_address_that_is_not_ascii_is_refused_here():
    with pytest.raises(InputError, match="outside ASCII"):
        a_body(campaign=a_campaign(sender=a_sender(address="圖書館@example.org")))


def test_a_domain_in_another_script_is_written_in_ascii():
    address = a_body(a_person(address="ada@bücher.example"))["personalizations"][0]["to"][0]["email"]
    assert address == "ada@xn--bcher-kva.example"


def test_a_line_break_in_a_header_stops_the_letter_and_names_its_position():
    with pytest.raises(InputError, match="letter 5 holds a line break"):
        a_body(a_person(position=5, headers={"List-Id": "news\r\nBcc: eve@example.com"}))


def test_sendgrids_own_unsubscribe_is_off_and_tracking_is_said_aloud():
    assert a_body(click_tracking=False)["tracking_settings"] == {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": True},
        "subscription_tracking": {"enable": False},
    }


def test_a_delay_travels_as_seconds_with_its_batch():
    body = a_body(send_at=NOW, batch_id="b1")
    assert (body["send_at"], body["batch_id"]) == (int(NOW.timestamp()), "b1")


def test_a_rendered_letter_goes_alone_and_without_tags():
    message = Message(subject="Hours", html="<p>Dear Ada</p>", text="Dear Ada", headers=HEADERS)
    given = {"campaign": a_campaign(), "attempt": "a7", "plan": "f"}
    body = sendgrid_format.single_body(message=message, address="ada@example.com", name="Ada", position=3, **given)
    assert "substitutions" not in body["personalizations"][0]
    assert body["personalizations"][0]["headers"] == HEADERS


@pytest.mark.parametrize("people", [0, 1001])
def test_a_request_takes_one_to_a_thousand_people(people):
    with pytest.raises(ValueError, match="1 to 1000"):
        sendgrid_format.mail_send_body(
            campaign=a_campaign(), letter_static=LETTER, people=[a_person()] * people, attempt="a", plan="p"
        )


def test_categories_are_ascii_and_different_ids_stay_different():
    names = [sendgrid_format.category_of(name) for name in ("spring-2026", "Spring 2026", "春季通訊", "秋季通訊")]
    assert names[0] == "spring-2026"
    assert len(set(names)) == 4
    assert all(name.isascii() and len(name) <= 255 for name in names)


@pytest.mark.skipif(not SCHEMA.exists(), reason="SendGrid's published schema does not lie beside the checkout")
@given(
    name=st.text(max_size=40),
    value=st.text(max_size=40),
    language=st.sampled_from(["圖書館", "Library, Desk; 2"]),
    delayed=st.booleans(),
)
def test_every_body_is_valid_by_the_published_schema(name, value, language, delayed):
    person = a_person(name=name.encode("utf-8", "ignore").decode(), values={"-bm1t-": value, "-bm1h-": value})
    body = a_body(person, campaign=a_campaign(sender=a_sender(name=language)), send_at=NOW if delayed else None)
    assert list(published().iter_errors(body)) == []


# ---------------------------------------------------------------- answers


def errors(*pairs):
    return orjson.dumps({"errors": [{"field": field, "message": message, "help": None} for field, message in pairs]})


def read(status, body=b"", headers=None, error=None):
    return sendgrid_format.read_answer(status, headers or {}, body, error)


BAD_ADDRESS = "Does not contain a valid address."


@pytest.mark.parametrize(
    "status, body, kind",
    [
        (202, b"", AnswerKind.IN_DOUBT),
        (200, b"", AnswerKind.IN_DOUBT),
        (302, b"", AnswerKind.IN_DOUBT),
        (408, b"", AnswerKind.IN_DOUBT),
        (500, b"", AnswerKind.IN_DOUBT),
        (502, b"", AnswerKind.IN_DOUBT),
        (503, b"", AnswerKind.IN_DOUBT),
        (None, b"", AnswerKind.IN_DOUBT),
        (401, errors((None, "Maximum credits exceeded")), AnswerKind.STOP),
        (429, errors((None, "Maximum credits exceeded")), AnswerKind.STOP),
        (401, errors((None, "authorization required")), AnswerKind.STOP),
        (402, b"", AnswerKind.STOP),
        (403, errors(("from", "The from address does not match a verified Sender Identity")), AnswerKind.STOP),
        (404, b"<html>not here</html>", AnswerKind.STOP),
        (413, errors((None, "too large")), AnswerKind.TOO_LARGE),
        (400, errors((None, "Bad Request")), AnswerKind.REFUSED_REQUEST),
        (400, errors(("personalizations", "too many")), AnswerKind.REFUSED_REQUEST),
        (415, errors((None, "not UTF-8")), AnswerKind.REFUSED_REQUEST),
        (400, errors(("content.0.value", "required")), AnswerKind.STOP),
        (400, b"<html>a proxy's page</html>", AnswerKind.STOP),
    ],
)
def test_each_answer_is_of_one_kind(status, body, kind):
    assert read(status, body).kind == kind


def test_an_acceptance_brings_its_message_id_whatever_the_case_of_the_header():
    answer = read(202, headers={"x-message-ID": "kA5kcHA8SVGtVh5S9rAUew"})
    assert (answer.kind, answer.message_id) == ("accepted", "kA5kcHA8SVGtVh5S9rAUew")


def test_a_lost_answer_is_in_doubt_even_if_its_first_bytes_said_202():
    assert read(202, headers={"X-Message-Id": "abc"}, error="unknown: IncompleteRead").kind == AnswerKind.IN_DOUBT


def test_what_could_not_connect_was_not_sent():
    assert read(None, error="not_sent: NewConnectionError").kind == AnswerKind.NOT_SENT


def test_named_recipients_are_told_by_their_place_in_the_request():
    body = errors(
        ("personalizations.7.to.0.email", BAD_ADDRESS),
        ("personalizations.7.substitutions", "too long"),
        ("personalizations.0", "Each email address should be unique"),
    )
    answer = read(400, body)
    assert (answer.kind, answer.bad_positions) == (AnswerKind.REFUSED_RECIPIENTS, (0, 7))


def test_a_fault_of_the_letter_stops_the_run_even_beside_a_bad_recipient():
    body = errors(("personalizations.7.to.0.email", BAD_ADDRESS), ("subject", "The subject is required."))
    assert read(400, body).kind == AnswerKind.STOP


def test_a_rate_limit_says_when_it_ends():
    answer = read(429, headers={"X-RateLimit-Reset": "1795424400"})
    assert (answer.kind, answer.wait_until) == (AnswerKind.RATE_LIMITED, datetime(2026, 11, 23, 9, tzinfo=UTC))


@pytest.mark.parametrize("reset", ["", "soon", "58", "99999999999999999999"])
def test_a_rate_limit_without_a_readable_end_has_none(reset):
    assert read(429, headers={"X-RateLimit-Reset": reset}).wait_until is None


def test_no_address_stays_in_the_detail():
    said = "We found the first duplicate instance of [ada@example.com] in the personalizations.0.to field."
    detail = read(400, errors(("personalizations.0", said))).detail
    assert "ada" not in detail
    assert "[address]" in detail


@given(
    status=st.none() | st.integers(100, 599),
    body=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ).map(lambda value: json.dumps({"errors": value}).encode()),
)
def test_no_answer_can_break_its_reader_and_only_202_with_an_id_is_accepted(status, body):
    assert read(status, body).kind != AnswerKind.ACCEPTED


# ---------------------------------------------------------------- events


def an_event(**changes):
    event = {
        "email": "ada@example.com", "timestamp": 1795424400, "event": "delivered", "sg_event_id": "e1",
        "sg_message_id": "kA5kcHA8SVGtVh5S9rAUew.recvd-5f-1-5F-0.0", "bm_c": "f" * 64, "bm_a": "a7", "bm_r": "41",
    }  # fmt: skip
    return event | changes


def read_events(*events):
    return sendgrid_format.read_events(orjson.dumps(list(events)))


def test_an_event_is_tied_to_its_letter_by_our_own_arguments():
    (event,) = read_events(an_event())
    assert (event.kind, event.attempt, event.position) == (EventKind.DELIVERED, "a7", 41)
    assert event.message_id == "kA5kcHA8SVGtVh5S9rAUew"
    assert event.at == datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "word, kind",
    [
        ("processed", EventKind.QUEUED),
        ("dropped", EventKind.REJECTED),
        ("bounce", EventKind.BOUNCED),
        ("deferred", EventKind.DEFERRED),
        ("delivered", EventKind.DELIVERED),
        ("open", EventKind.OPENED),
        ("click", EventKind.CLICKED),
        ("spamreport", EventKind.COMPLAINED),
        ("unsubscribe", EventKind.UNSUBSCRIBED),
        ("group_unsubscribe", EventKind.UNSUBSCRIBED),
        ("group_resubscribe", EventKind.UNKNOWN),
        ("account_status_change", EventKind.UNKNOWN),
    ],
)
def test_events_arrive_in_our_words(word, kind):
    (event,) = read_events(an_event(event=word))
    assert event.kind == kind


def test_an_unknown_event_keeps_its_name():
    (event,) = read_events(an_event(event="teleported"))
    assert event.reason == "teleported"


def test_a_repeat_has_the_same_id_though_sendgrid_gives_it_another():
    first, again = read_events(an_event(sg_event_id="e1"), an_event(sg_event_id="e2"))
    assert first.id == again.id


@pytest.mark.parametrize("change", [{"timestamp": 1795424401}, {"url": "https://x.example"}, {"attempt": "2"}])
def test_another_event_has_another_id(change):
    first, other = read_events(an_event(event="deferred"), an_event(event="deferred", **change))
    assert first.id != other.id


def test_an_open_by_a_machine_is_marked():
    by_machine, by_hand = read_events(
        an_event(event="open", sg_machine_open=True), an_event(event="open", sg_machine_open=False)
    )
    assert (by_machine.by_machine, by_hand.by_machine) == (True, False)


def test_a_late_bounce_without_ids_still_arrives():
    (event,) = sendgrid_format.read_events(
        b'[{"email":"ada@example.com","timestamp":1795424400,"event":"bounce","type":"bounce","status":"5.1.1",'
        b'"sg_message_id":""}]'
    )
    assert (event.attempt, event.position, event.message_id, event.hard) == ("", -1, "", True)


HARD = [
    ("5.1.1", "550 5.1.1 The email account that you tried to reach does not exist"),
    ("5.1.2", "553 5.1.2 We weren't able to find the recipient domain"),
    ("5.1.3", "553 5.1.3 The recipient address is not a valid RFC 5321 address"),
    ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound"),
    ("5.2.1", "550 5.2.1 The email account that you tried to reach is inactive"),
    ("5.0.0", "554 delivery error: dd This user doesn't have a yahoo.com account"),
    ("", "550 Mailbox not found"),
    ("5.1.1", "550 5.1.1 no such user, said the antispam gateway of policy.example"),
]
NOT_HARD = [
    ("5.7.1", "550 5.7.1 likely unsolicited mail"),
    ("5.7.26", "550 5.7.26 unauthenticated, user unknown to DMARC"),
    ("5.7.515", "550 5.7.515 Access denied, sending domain does not meet the required authentication level"),
    ("4.2.2", "452 4.2.2 The email account that you tried to reach is over quota"),
    ("5.2.2", "552 5.2.2 The email account that you tried to reach is over quota"),
    ("4.4.2", "expired"),
    ("5.2.1", "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents"),
    ("5.0.0", "550 Mailbox unavailable or access denied"),
    ("", "550 Ip frequency limited"),
    ("", "550 Mail content denied"),
    ("5.1.1", "554 Message not allowed - [PH01] Email not accepted for policy reasons"),
    ("", "421 HL:REP sending to many unknown users"),
    ("5.1.1", "550 SC-001 (BAY004-MC1F5) Unfortunately, messages weren't sent"),
    ("5.1.8", "550 5.1.8 sender address rejected: domain not found"),
    ("5.0.0", "550 something"),
    ("5.3.4", "552 5.3.4 message too large"),
]


GMAIL, YAHOO, OUTLOOK = "ada@gmail.com", "ada@yahoo.com.hk", "ada@hotmail.com"
NETEASE, QQ = "ada@163.com", "ada@qq.com"
PROVIDER_TEXTS = [
    *((GMAIL, f"421 4.7.{code} and 550 5.7.{code} refused", "policy") for code in (23, 24, 25, 26, 27, 29, 30)),
    *((GMAIL, f"550 5.7.{code} refused", "policy") for code in (31, 32, 40)),
    (GMAIL, "421 4.7.28 Gmail has detected an unusual rate of mail from your IP address", "pace"),
    (GMAIL, "550 5.7.28 an unusual rate of unsolicited mail containing one of your URL domains", "pace"),
    (GMAIL, "550 5.7.1 likely unsolicited mail, low reputation", "policy"),
    (GMAIL, "550 5.1.1 The email account that you tried to reach does not exist", "no_mailbox"),
    (GMAIL, "553 5.1.2 The recipient domain could not be found", "no_mailbox"),
    (GMAIL, "553 5.1.3 The recipient address is not a valid RFC 5321 address", "no_mailbox"),
    (GMAIL, "550 5.2.1 The email account that you tried to reach is inactive", "no_mailbox"),
    (GMAIL, "550 5.2.1 The user is receiving mail at a rate that prevents more", "pace"),
    (GMAIL, "452 4.2.2 The recipient's inbox is out of storage space", "full"),
    (GMAIL, "552 5.2.2 The recipient's inbox is out of storage space", "full"),
    (YAHOO, "421 4.7.0 [TSS04] Messages temporarily deferred due to user complaints", "policy"),
    (YAHOO, "451 [TS03] All messages will be permanently deferred", "policy"),
    (YAHOO, "553 5.7.1 [PH01] Email not accepted for policy reasons", "policy"),
    (YAHOO, "554 delivery error: dd This user doesn't have a yahoo.com account", "no_mailbox"),
    (OUTLOOK, "550 5.7.515 Access denied, sending domain does not meet the required level", "policy"),
    *((OUTLOOK, f"421 RP-00{number} rate limited by reputation", "pace") for number in (1, 2, 3)),
    *((OUTLOOK, f"550 SC-00{number} Mail rejected", "policy") for number in (1, 2, 4)),
    (OUTLOOK, "550 5.5.0 Requested action not taken: mailbox unavailable, SC-002 namespace mining", "policy"),
    (NETEASE, "421 HL:REP sends to many unknown users", "policy"),
    *((NETEASE, f"421 {code} closing", "pace") for code in ("HL:ICC", "HL:IFC", "HL:MEP")),
    *((NETEASE, f"{code} wait", "pace") for code in ("451 MI:SFQ", "451 RP:QRC", "550 MI:STC", "550 RP:RCL")),
    *((NETEASE, f"{code} refused", "policy") for code in ("550 MI:SPF", "550 MI:DMA", "554 DT:SPM", "451 DT:SPM")),
    *((QQ, f"550 {what} frequency limited", "pace") for what in ("Domain", "Sender", "Connection", "Ip")),
    (QQ, "550 Connection denied", "pace"),
    (QQ, "550 Mail content denied", "policy"),
    (QQ, "550 Mailbox not found", "no_mailbox"),
    (QQ, "550 Mailbox unavailable or access denied", "pace"),
    ("ada@firm.example", "550 5.3.4 message too large", "system"),
    ("ada@firm.example", "554 5.4.4 no route to the host", "system"),
    ("ada@firm.example", "550 5.5.2 syntax error", "policy"),
    ("ada@firm.example", "550 5.6.1 media not supported", "policy"),
    ("ada@firm.example", "550 5.7.999 refused", "policy"),
    ("ada@firm.example", "550 5.1.8 sender refused", "policy"),
    ("ada@firm.example", "450 4.1.1 try again", "temporary"),
    ("ada@firm.example", "550 5.9.9 a code of tomorrow", "unknown"),
    ("ada@firm.example", "550", "unknown"),
    ("ada@firm.example", "", "other"),
]


@pytest.mark.parametrize("status, reason", HARD)
def test_a_mailbox_that_does_not_exist_is_a_hard_bounce(status, reason):
    (event,) = read_events(an_event(event="bounce", type="bounce", status=status, reason=reason))
    assert event.hard


@pytest.mark.parametrize("status, reason", NOT_HARD)
def test_a_fault_of_the_sender_or_of_the_hour_never_is(status, reason):
    (event,) = read_events(an_event(event="bounce", type="bounce", status=status, reason=reason))
    assert not event.hard


@pytest.mark.parametrize("status, reason", [("5.1.1", "550 HL:XYZ unknown user"), ("", "450 mailbox unknown"),
    ("5.0.0", "connection from 10.5.1.1 was closed")])  # fmt: skip
def test_a_code_in_no_table_a_basic_4xx_and_an_ip_address_are_not_hard(status, reason):
    (event,) = read_events(an_event(event="bounce", type="bounce", status=status, reason=reason))
    assert not event.hard


def test_the_class_of_sendgrid_counts_where_the_table_knows_nothing_and_only_there():
    known = {"event": "bounce", "type": "bounce", "bounce_classification": "Invalid Address"}
    (strange,) = read_events(an_event(reason="550 no such luck", **known))
    (policy,) = read_events(an_event(reason="550 5.7.1 rejected", **known))
    assert (strange.hard, policy.hard) == (True, False)


@pytest.mark.parametrize("email, reason, failure", PROVIDER_TEXTS, ids=[text[1][:30] for text in PROVIDER_TEXTS])
def test_a_providers_text_has_its_class_and_only_a_missing_mailbox_suppresses(email, reason, failure):
    """From the providers' pages, each as a bounce that SendGrid passes on without a status of its own."""
    (event,) = read_events(an_event(event="bounce", type="bounce", status="", reason=reason, email=email))
    domain = email.partition("@")[2]
    assert delivery.failure(event.kind, event.hard, event.reason, domain) == failure
    assert (delivery.suppression_of(event, "person") is not None) == (failure == "no_mailbox")


def test_a_policy_rejection_of_a_domain_hosted_anywhere_suppresses_nobody():
    for _, reason, failure in PROVIDER_TEXTS:
        (event,) = read_events(an_event(event="bounce", type="bounce", reason=reason, email="ada@firm.example"))
        assert event.hard == (failure == "no_mailbox"), reason


def test_every_class_of_the_table_has_its_words():
    kinds = [kind for table in (*replies.KNOWN.values(), replies.GENERIC) for _, kind in table]
    assert {kind.bounce for kind in kinds} | {"temporary", "unknown", "other"} <= set(delivery.FAILURES)


def test_a_blocked_letter_is_not_a_hard_bounce_whatever_its_code():
    (event,) = read_events(an_event(event="bounce", type="blocked", status="5.1.1", reason="550 5.1.1 no such user"))
    assert (event.kind, event.hard) == (EventKind.BOUNCED, False)


def test_only_bounces_are_hard():
    (event,) = read_events(an_event(event="dropped", status="5.1.1", reason="Bounced Address"))
    assert not event.hard


@pytest.mark.parametrize(
    "entry",
    [
        None,
        7,
        "delivered",
        [],
        {},
        {"event": "open"},
        an_event(timestamp="soon"),
        an_event(timestamp=True),
        an_event(timestamp=1e30),
        an_event(timestamp=-5),
        an_event(event=None),
        an_event(event=""),
    ],
)
def test_a_malformed_entry_is_counted_and_the_others_are_read(entry):
    events = read_events(an_event(), entry)
    assert (len(events), events.unreadable) == (1, 1)


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff\xfe", b'"text"', b"[" * 2000])
def test_a_body_that_is_no_list_is_counted_once(body):
    events = sendgrid_format.read_events(body)
    assert (len(events), events.unreadable) == (0, 1)


def test_fields_of_the_wrong_type_are_left_out():
    (event,) = read_events(an_event(email=7, bm_a=["x"], bm_r="1e3", url={}, reason="nul\0byte"))
    assert (event.address, event.attempt, event.position, event.url, event.reason) == ("", "", -1, "", "nulbyte")


@given(st.lists(st.dictionaries(st.sampled_from([*an_event(), "reason", "status", "url"]), st.text() | st.integers())))
def test_no_event_can_break_its_reader(entries):
    events = sendgrid_format.read_events(json.dumps(entries).encode())
    assert len(events) + events.unreadable == len(entries)


# ---------------------------------------------------------------- Email Logs


def test_a_log_says_which_attempt_a_letter_was_of():
    body = orjson.dumps({"sg_message_id": "kA5.recvd-1", "custom_args": {"bm_a": "a7", "bm_r": "41"}})
    assert sendgrid_format.read_log(body) == ("a7", 41, "kA5")


def test_a_log_of_a_letter_that_is_not_ours_says_so():
    assert sendgrid_format.read_log(b'{"sg_message_id":"kA5.recvd-1"}') == ("", -1, "kA5")


def test_an_address_cannot_break_out_of_a_logs_query():
    query = sendgrid_format.logs_query('x" OR status IN ("delivered', NOW)["query"]
    assert query.count('"') == 4
    assert query.endswith('sg_message_id_created_at > TIMESTAMP "2026-11-23T09:00:00Z"')
