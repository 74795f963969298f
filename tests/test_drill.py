"""The way out is tried over HTTP as strangers try it."""

import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bulkmail import prepare, web, wiring
from bulkmail.adapters import database, token_keys
from bulkmail.adapters.workspace import open_workspace
from bulkmail.tips.unsubscribe import drill_checks
from tests.builders import NOW, a_campaign, live


@pytest.fixture(scope="module")
def elsewhere():
    """A server at the public address that is not bulkmail: it answers everything by what the test put into `says`."""
    with a_server() as (url, says):
        yield url, says


@contextmanager
def a_server():
    says = {}

    class Stranger(BaseHTTPRequestHandler):
        def _answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(says.get("status", 200))
            for name, value in says.get("headers", {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_POST = _answer

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", says
    server.shutdown()
    thread.join()
    server.server_close()


def at(ws, url):
    return replace(ws, settings=replace(ws.settings, public_url=url))


def outcomes(ws, drill):
    """What the checks of the drill say of it, when letters are real."""
    known = {"headers": {}, "html": "", "text": "", "rehearsal": False, "key_ids": tuple(ws.token_keys)}
    facts = drill_checks.UnsubscribeFacts(public_url=drill.url, drill=drill, **known)
    return {check(facts).code: str(check(facts).outcome) for check in drill_checks.CHECKS}


def test_over_its_own_doors_a_drill_passes(workspace):
    with wiring.served(web.public_app(workspace)) as url:
        drill = prepare.make_drill(at(workspace, url), a_campaign(), now=NOW)
    assert outcomes(workspace, drill) == dict.fromkeys(("UNS-06", "UNS-07", "UNS-12", "UNS-13"), "pass")
    assert [step.suppressed for step in drill.steps] == [False, False, True, True, True]
    assert all(0 < step.seconds < 5 for step in drill.steps)


def test_a_canary_is_no_person_anywhere(sqlite_workspace):
    before = database.last_change(sqlite_workspace)
    with wiring.served(web.public_app(sqlite_workspace)) as url:
        prepare.make_drill(at(sqlite_workspace, url), a_campaign(), now=NOW)
    assert database.suppressions(sqlite_workspace).empty
    assert database.suppressions(live(sqlite_workspace)).empty
    assert database.last_change(sqlite_workspace) == before


def test_the_oldest_key_is_tried_too(sqlite_workspace):
    token_keys.rotate(sqlite_workspace, by="Ana Lei", now=NOW)
    rotated = open_workspace(sqlite_workspace.settings)
    forgetful = replace(rotated, token_keys={2: rotated.token_keys[2]})
    with wiring.served(web.public_app(forgetful)) as url:
        drill = prepare.make_drill(at(rotated, url), a_campaign(), now=NOW)
    assert [step.status for step in drill.steps] == [200, 200, 200, 200, 404]
    assert outcomes(rotated, drill)["UNS-12"] == "block"
    rotated.engine.dispose()


def test_where_nothing_listens_all_is_unknown_and_asked_once(sqlite_workspace):
    drill = prepare.make_drill(at(sqlite_workspace, "http://127.0.0.1:1"), a_campaign(), now=NOW)
    assert set(outcomes(sqlite_workspace, drill).values()) == {"unknown"}
    assert [(step.name, step.trouble) for step in drill.steps] == [("head", "refused")]


@pytest.mark.parametrize(
    "says",
    [
        {"status": 200},
        {"status": 302, "headers": {"Location": "/login"}},
        {"status": 401},
        {"status": 404},
        {"status": 503},
        {"headers": {"Set-Cookie": "session=1"}},
    ],
    ids=str,
)
def test_whoever_else_answers_there_is_found_out(sqlite_workspace, elsewhere, says):
    url, said = elsewhere
    said.clear()
    said.update(says)
    drill = prepare.make_drill(at(sqlite_workspace, url), a_campaign(), now=NOW)
    assert outcomes(sqlite_workspace, drill)["UNS-06"] == "block"


def test_a_house_with_other_keys_does_not_act_here(sqlite_workspace):
    stranger = replace(sqlite_workspace, token_keys={1: b"s" * 32})
    with wiring.served(web.public_app(stranger)) as url:
        drill = prepare.make_drill(at(sqlite_workspace, url), a_campaign(), now=NOW)
    assert outcomes(sqlite_workspace, drill)["UNS-06"] == "block"


def test_a_good_drill_is_believed_for_minutes_and_a_failed_one_for_seconds(sqlite_workspace):
    with wiring.served(web.public_app(sqlite_workspace)) as url:
        here = at(sqlite_workspace, url)
        first = prepare.newest_drill(here, a_campaign(), now=NOW)
        again = prepare.newest_drill(here, a_campaign(), now=NOW + timedelta(minutes=14))
        later = prepare.newest_drill(here, a_campaign(), now=NOW + timedelta(minutes=16))
    assert first == again != later
    gone = prepare.newest_drill(at(sqlite_workspace, "http://127.0.0.1:1"), a_campaign(), now=NOW)
    assert prepare.newest_drill(at(sqlite_workspace, gone.url), a_campaign(), now=NOW + timedelta(minutes=2)) != gone
