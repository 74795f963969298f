"""The event webhook under load and under attack: what was answered with 2xx is stored, whatever dies; no forgery is."""

import json
import random
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.testclient import TestClient

from bulkmail import web
from bulkmail.adapters import journal, tables
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import open_workspace, reading
from tests.webhook import Signer, a_call, a_line, post, serving

EVENTS = 50


@pytest.fixture(scope="module")
def signer():
    return Signer()


# ---- killed


@pytest.mark.kill
@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_answered_with_2xx_is_stored_when_the_server_is_killed(tmp_path, signer, seed):
    answered, chance = [], random.Random(seed)
    last = chance.randrange(2, 8)  # somewhere in or after this call it dies
    with serving(tmp_path, signer.public_key) as (process, url), a_line(url) as line:
        for number in range(10_000):
            body = a_call(number, EVENTS)
            if number == last:
                threading.Timer(chance.uniform(0, 0.05), process.kill).start()
            try:
                if post(line, url, body, signer.headers(body)) == 200:
                    answered.append(f"{number:032x}")
            except OSError:
                break
    ws = open_workspace(read_settings({"BULKMAIL_HOME": str(tmp_path)}))
    with reading(ws) as connection:
        stored = list(connection.execute(select(tables.event.c.attempt)).scalars())
    ws.engine.dispose()
    assert answered
    assert all(stored.count(attempt) == EVENTS for attempt in answered)
    assert len(set(stored)) - len(answered) in (0, 1), "a call is stored whole or not at all"


# ---- forged, replayed, cut


@pytest.fixture(scope="module")
def door(tmp_path_factory, signer):
    """The webhook without a network, and its workspace."""
    home = str(tmp_path_factory.mktemp("door"))
    ws = open_workspace(read_settings({"BULKMAIL_HOME": home, "SENDGRID_WEBHOOK_KEY": signer.public_key}))
    yield TestClient(web.public_app(ws), raise_server_exceptions=False), ws
    ws.engine.dispose()


def call(door, body, headers):
    client, ws = door
    before = journal.stored_events(ws)
    status = client.post("/webhooks/sendgrid", content=body, headers=headers).status_code
    return status, journal.stored_events(ws) - before


def test_a_call_that_is_repeated_46_times_is_stored_once(door, signer):
    body = a_call(1, 20)
    told = [call(door, body, signer.headers(body)) for _ in range(46)]
    assert told == [(200, 20)] + [(200, 0)] * 45


def test_a_replay_of_the_day_before_yesterday_is_refused(door, signer):
    body = a_call(2, 5)
    assert call(door, body, signer.headers(body, datetime.now(UTC) - timedelta(hours=30))) == (403, 0)


def test_late_by_a_day_is_taken(door, signer):
    body = a_call(3, 5)
    assert call(door, body, signer.headers(body, datetime.now(UTC) - timedelta(hours=24))) == (200, 5)


def test_signed_by_somebody_else_is_refused(door):
    body = a_call(4, 5)
    assert call(door, body, Signer().headers(body)) == (403, 0)


WHOLE = a_call(5, 4)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(cut=st.integers(0, len(WHOLE) - 1))
def test_a_body_cut_anywhere_is_refused(door, signer, cut):
    assert call(door, WHOLE[:cut], signer.headers(WHOLE)) == (403, 0)


@quick
@given(place=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_a_body_with_another_byte_anywhere_is_refused(door, signer, place, byte):
    forged = WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]
    if forged != WHOLE:
        assert call(door, forged, signer.headers(WHOLE)) == (403, 0)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ("email", "timestamp", "event", "sg_message_id", "bm_a", "bm_r", "reason", "url", "type", "status")
)


@quick
@given(entries=st.lists(st.dictionaries(names, values, max_size=8) | values, max_size=5))
def test_whatever_is_signed_never_breaks_the_door(door, signer, entries):
    body = json.dumps(entries).encode()
    status, _ = call(door, body, signer.headers(body))
    assert status in (200, 400)
