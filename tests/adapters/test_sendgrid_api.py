"""The line to SendGrid, against servers on loopback that answer well, badly, half and not at all."""

import logging
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendgrid.helpers.mail import Mail

from bulkmail.adapters.sendgrid_api import ANSWER_BYTES, SendGrid, verify_signature

KEY = "SG.a-key-nobody-may-see"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: kA5kcHA8SVGtVh5S9rAUew\r\nContent-Length: 0\r\n\r\n"
CLOSES = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: kA5\r\nConnection: close\r\n\r\n"


def take_request(line):
    """One whole request: headers, and the body they announce."""
    taken = b""
    while b"\r\n\r\n" not in taken and (part := line.recv(65536)):
        taken += part
    head, _, body = taken.partition(b"\r\n\r\n")
    lengths = [row.split(b":")[1] for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += line.recv(65536)
    return head, body


@contextmanager
def a_server(*answers, hang=False):
    """A server that gives each connection one of the answers to each request, then hangs up (or hangs)."""
    listening = socket.create_server(("127.0.0.1", 0))
    requests, done = [], threading.Event()

    def serve():
        for answer in answers:
            try:
                line, _ = listening.accept()
            except OSError:  # closed: the client found its old line still open and asked for no new one
                return
            with line:
                for part in answer if isinstance(answer, list) else [answer]:
                    requests.append(take_request(line))
                    line.sendall(part)
                if hang:
                    done.wait()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", requests
    finally:
        done.set()
        listening.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        thread.join()
        listening.close()


def posted_to(host, body=b'{"a": "\xe5\x9c\x96"}', **limits):
    sendgrid = SendGrid(KEY, host, **limits)
    try:
        return sendgrid.post_mail(body)
    finally:
        sendgrid.close()


# ---------------------------------------------------------------- what arrives


def test_the_body_arrives_byte_for_byte_with_the_key():
    body = '{"subject":"圖書館 開放時間"}'.encode()
    with a_server(ACCEPTED) as (host, requests):
        reply = posted_to(host, body)
    ((head, arrived),) = requests
    assert arrived == body
    assert head.startswith(b"POST /v3/mail/send HTTP/1.1\r\n")
    assert f"Authorization: Bearer {KEY}".encode() in head
    assert b"application/json" in head
    assert (reply.status, reply.headers["X-Message-Id"], reply.error) == (202, "kA5kcHA8SVGtVh5S9rAUew", None)


def test_a_refusal_arrives_with_its_body():
    with a_server(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 13\r\n\r\n" + b'{"errors":[]}') as (host, _):
        assert posted_to(host)[0::2] == (400, b'{"errors":[]}')


def test_one_connection_serves_many_requests():
    with a_server([ACCEPTED] * 3) as (host, requests):
        sendgrid = SendGrid(KEY, host)
        assert [sendgrid.post_mail(b"{}").status for _ in range(3)] == [202, 202, 202]
        sendgrid.close()
    assert len(requests) == 3


def test_the_packages_own_helper_works_on_our_line():
    letter = Mail("library@example.org", "ada@example.com", "Hours", plain_text_content="We open at 9.")
    with a_server(ACCEPTED) as (host, requests):
        sendgrid = SendGrid(KEY, host)
        assert sendgrid.api.send(letter).status_code == 202
        sendgrid.close()
    assert b'"ada@example.com"' in requests[0][1]


def test_a_query_goes_with_a_get():
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
    with a_server(answer) as (host, requests):
        sendgrid = SendGrid(KEY, host)
        reply = sendgrid.call("get", "suppression/bounces", query={"limit": 500, "start_time": 1})
        sendgrid.close()
    assert reply.body == b"[]"
    assert requests[0][0].startswith(b"GET /v3/suppression/bounces?limit=500&start_time=1 HTTP/1.1\r\n")


# ---------------------------------------------------------------- not sent, and in doubt


def a_closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.mark.parametrize(
    "host",
    [f"http://127.0.0.1:{a_closed_port()}", "http://nowhere.invalid", "http://"],
    ids=["nobody listens", "no such name", "no name"],
)
def test_what_cannot_connect_was_not_sent(host):
    reply = posted_to(host)
    assert (reply.status, reply.error.split(":")[0]) == (None, "not_sent")


def test_a_handshake_that_does_not_end_was_not_sent():
    with a_server(b"this is not TLS") as (host, _):
        reply = posted_to(host.replace("http:", "https:"), connect_seconds=0.05)
    assert reply.error.startswith("not_sent")


@pytest.mark.parametrize("length", range(1, len(ACCEPTED)))
def test_an_acceptance_cut_anywhere_is_unknown(length):
    with a_server(ACCEPTED[:length]) as (host, _):
        reply = posted_to(host)
    assert (reply.status, reply.error.split(":")[0]) == (None, "unknown")


def test_an_acceptance_that_ends_with_the_connection_is_whole():
    with a_server(CLOSES) as (host, _):
        assert posted_to(host).status == 202


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 202 Accepted\r\nX-Message-Id: a\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 202 Accepted\r\nX-Message-Id: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
        b"HTTP/1.1 202 Accepted\r\nX-Message-Id: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 ABC\r\n\r\n",
    ],
)
def test_no_answer_half_an_answer_and_nonsense_are_unknown(answer):
    with a_server(answer) as (host, _):
        reply = posted_to(host)
    assert (reply.status, reply.error.split(":")[0]) == (None, "unknown")


def test_an_answer_without_end_is_unknown():
    with a_server(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (ANSWER_BYTES + 1)) as (host, _):
        assert posted_to(host).error == "unknown: ProtocolError"


def test_silence_ends_after_the_time_limit_and_is_unknown():
    with a_server(b"", hang=True) as (host, _):
        reply = posted_to(host, answer_seconds=0.05)
    assert reply.error == "unknown: ReadTimeoutError"


def test_a_redirect_is_not_followed():
    with a_server(b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n") as (host, requests):
        reply = posted_to(host)
    assert (reply.status, len(requests)) == (307, 1)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"])
def test_nothing_is_ever_sent_twice(answer):
    with a_server(answer) as (host, requests):
        posted_to(host)
    assert len(requests) == 1


def test_a_line_that_rested_too_long_is_opened_anew():
    with a_server(ACCEPTED, ACCEPTED) as (host, requests):
        sendgrid = SendGrid(KEY, host)
        sendgrid.post_mail(b"{}")
        sendgrid._line.used_at -= 60
        assert sendgrid.post_mail(b"{}").status == 202
        sendgrid.close()
    assert len(requests) == 2


def test_the_key_appears_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    with a_server(ACCEPTED, b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", b"") as (host, _):
        sendgrid = SendGrid(KEY, host)
        replies = [sendgrid.post_mail(b'{"to": "ada@example.com"}') for _ in range(3)]
        shown = caplog.text + repr(sendgrid) + repr(replies) + repr(sendgrid.api.client.request_headers)
        sendgrid.close()
    assert KEY not in shown
    assert "ada@example.com" not in caplog.text


# ---------------------------------------------------------------- signatures
# A call that SendGrid signed; the values are published in the tests of its own package (sendgrid-python, MIT).

CURVE = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"
PUBLIC_KEY = f"{CURVE}83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
OTHER_KEY = f"{CURVE}qTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA=="
OTHER_SIGNATURE = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH3j/0="
SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
TIMESTAMP = "1600112502"
SIGNED = (
    b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
    b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
    b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
    b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
)
SIGNED_AT = datetime.fromtimestamp(int(TIMESTAMP), UTC)


def verified(key=PUBLIC_KEY, body=SIGNED, signature=SIGNATURE, timestamp=TIMESTAMP, **changes):
    return verify_signature(key, body, signature, timestamp, **{"now": SIGNED_AT} | changes)


def test_what_sendgrid_signed_is_verified():
    assert verified()


def test_a_key_pasted_with_line_breaks_works():
    assert verified(key=f" {PUBLIC_KEY[:64]}\n{PUBLIC_KEY[64:]}\n")


@pytest.mark.parametrize(
    "change",
    [
        {"key": OTHER_KEY},
        {"key": ""},
        {"key": "not a key"},
        {"key": None},
        {"body": SIGNED.rstrip()},
        {"body": SIGNED.replace(b"dropped", b"dropqed")},
        {"body": b"\xff\xfe"},
        {"body": b""},
        {"signature": OTHER_SIGNATURE},
        {"signature": "not base64!"},
        {"signature": ""},
        {"signature": None},
        {"timestamp": "1600112503"},
        {"timestamp": " 1600112502"},
        {"timestamp": "timestamp"},
        {"timestamp": "9" * 40},
        {"timestamp": "-1"},
        {"timestamp": None},
    ],
)
def test_anything_else_is_not(change):
    assert verified(**change) is False


@pytest.mark.parametrize("late, good", [(timedelta(hours=24), True), (timedelta(hours=26), False)])
def test_a_call_may_be_a_day_old_and_no_older(late, good):
    assert verified(now=SIGNED_AT + late) is good


def test_a_call_from_the_future_is_refused():
    assert not verified(now=SIGNED_AT - timedelta(hours=2))


def test_the_greatest_age_can_be_given():
    assert verified(now=SIGNED_AT + timedelta(days=3), max_age=timedelta(days=4))


@given(st.text(), st.binary(), st.text(), st.text())
def test_strangers_cannot_break_it(key, body, signature, timestamp):
    assert verify_signature(key, body, signature, timestamp) is False
