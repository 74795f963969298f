"""Misbehaviour on order, as the sender's side reads it, and as the letters know it."""

import socket
import urllib.error
import urllib.request
from contextlib import closing
from datetime import UTC, datetime

import orjson
import pytest

from bulkmail import sendgrid_format
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.rehearsal import server
from bulkmail.rehearsal.faults import Fault, Faults, read_faults
from tests.rehearsal.letters import raw


@pytest.fixture
def sendgrid(rehearsal):
    with closing(SendGrid("SG.any", rehearsal.url, answer_seconds=2)) as sendgrid:
        yield sendgrid


def posted(sendgrid):
    return sendgrid_format.read_answer(*sendgrid.post_mail(raw()))


def letters(rehearsal):
    return rehearsal.counts()["letters"]


def test_good_behaviour_is_an_acceptance(rehearsal, sendgrid):
    answer = posted(sendgrid)
    assert answer.kind == "accepted"
    assert rehearsal.letters()[0].message_id == answer.message_id


@pytest.mark.parametrize(
    "fault, kind, kept",
    [
        (Fault("accept_then_drop"), "in_doubt", 1),
        (Fault("accept_then_hang", seconds=0.02), "in_doubt", 1),
        (Fault("accept_then_truncate", bytes=0), "in_doubt", 1),
        (Fault("accept_then_truncate", bytes=16), "in_doubt", 1),
        (Fault("accept_then_truncate", bytes=60), "in_doubt", 1),
        (Fault("accept_then_answer", status=500), "in_doubt", 1),
        (Fault("accept_then_answer", status=502), "in_doubt", 1),
        (Fault("drop"), "in_doubt", 0),
        (Fault("hang", seconds=0.02), "in_doubt", 0),
        (Fault("answer", status=503), "in_doubt", 0),
        (Fault("answer", status=400, message="Bad Request"), "refused_request", 0),
        (Fault("answer", status=401, message="Maximum credits exceeded"), "stop", 0),
        (Fault("answer", status=403), "stop", 0),
        (Fault("answer", status=413), "too_large", 0),
        (Fault("too_many_requests", seconds=5), "rate_limited", 0),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_each_fault_is_met_once_and_then_all_is_well(rehearsal, sendgrid, fault, kind, kept):
    rehearsal.order(fault)
    assert posted(sendgrid).kind == kind
    assert letters(rehearsal) == kept
    assert posted(sendgrid).kind == "accepted"
    assert letters(rehearsal) == kept + 1


def test_a_rate_limit_says_when_it_ends(rehearsal, sendgrid):
    rehearsal.order(Fault("too_many_requests", seconds=5))
    wait = (posted(sendgrid).wait_until - datetime.now(UTC)).total_seconds()
    assert 3 < wait <= 6


def test_refused_connections_were_not_sent_and_end_by_themselves(rehearsal, sendgrid):
    assert posted(sendgrid).kind == "accepted"
    rehearsal.order(Fault("refuse_connections", seconds=0.15))
    sendgrid.close()  # what rested was cut
    assert posted(sendgrid).kind == "not_sent"
    while posted(sendgrid).kind == "not_sent":
        pass
    assert letters(rehearsal) == 2


def test_doors_that_are_closed_already_open_once_and_after_the_time_asked_last(rehearsal, sendgrid):
    rehearsal.order(Fault("refuse_connections", seconds=60))
    rehearsal.order(Fault("refuse_connections", seconds=0.1))
    sendgrid.close()
    assert posted(sendgrid).kind == "not_sent"
    while (kind := posted(sendgrid).kind) == "not_sent":
        pass
    assert kind == "accepted"


def test_faults_can_be_ordered_from_the_start(tmp_path):
    twice = [Fault("answer", status=500, count=2)]
    with server.serving(tmp_path, play=False, faults=twice) as run, closing(SendGrid("SG.any", run.url)) as sendgrid:
        assert [posted(sendgrid).kind for _ in range(3)] == ["in_doubt", "in_doubt", "accepted"]


def test_whoever_hangs_is_let_go_when_it_closes(tmp_path):
    with server.serving(tmp_path, play=False, faults=[Fault("hang", seconds=600)]) as rehearsal:
        line = socket.create_connection(("127.0.0.1", int(rehearsal.url.rpartition(":")[2])))
        request = "POST /v3/mail/send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
        line.sendall(request.encode())
        while rehearsal.stage.faults.coming():
            pass
    with line:
        assert line.recv(100) == b""


# ---------------------------------------------------------------- ordering over HTTP


def put(url, value):
    request = urllib.request.Request(url, orjson.dumps(value), {"Content-Type": "application/json"}, method="PUT")
    with urllib.request.urlopen(request) as answer:
        return orjson.loads(answer.read())


def test_faults_are_ordered_and_seen_over_http(rehearsal, sendgrid):
    assert put(f"{rehearsal.url}/faults", [{"kind": "answer", "status": 500, "count": 3}]) == {"ordered": 1}
    posted(sendgrid)
    with urllib.request.urlopen(f"{rehearsal.url}/faults") as answer:
        (fault,) = orjson.loads(answer.read())
    assert (fault["kind"], fault["count"]) == ("answer", 2)
    put(f"{rehearsal.url}/faults", [])
    assert posted(sendgrid).kind == "accepted"


def test_connections_can_be_refused_over_http(rehearsal, sendgrid):
    assert put(f"{rehearsal.url}/faults", [{"kind": "refuse_connections", "seconds": 0.2}]) == {"ordered": 1}
    assert posted(sendgrid).kind == "not_sent"
    while (kind := posted(sendgrid).kind) == "not_sent":
        pass
    assert kind == "accepted"


@pytest.mark.parametrize("order", [{}, [{}], [{"kind": "vanish"}], [{"kind": "drop", "often": 3}], "drop"])
def test_an_order_that_makes_no_sense_is_refused(rehearsal, order):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        put(f"{rehearsal.url}/faults", order)
    refusal.value.close()
    assert refusal.value.code == 400


# ---------------------------------------------------------------- counting


def test_a_fault_may_let_some_requests_pass_first():
    faults = Faults([Fault("drop", skip=2, count=1)])
    met = [faults.for_request("/v3/mail/send") for _ in range(4)]
    assert [fault.kind if fault else None for fault in met] == [None, None, "drop", None]


def test_faults_come_in_the_order_given():
    faults = Faults([Fault("drop"), Fault("hang")])
    assert [faults.for_request("/v3/mail/send").kind for _ in range(2)] == ["drop", "hang"]


def test_a_fault_meets_only_its_path():
    faults = Faults([Fault("answer", path="/v3/logs")])
    assert faults.for_request("/v3/mail/send") is None
    assert faults.for_request("/v3/logs").kind == "answer"


def test_events_are_met_by_number():
    faults = Faults([Fault("lose_events", count=5)])
    assert [faults.take("lose_events", 3) for _ in range(3)] == [3, 2, 0]


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="accept_then_drop"):
        read_faults([{"kind": "vanish"}])
