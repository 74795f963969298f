"""A real sender, a real rehearsal and a real SQLite file; the sender is killed at every step, and letters are counted.

Whenever it dies and however often: nobody is mailed twice, and who was not mailed is planned still or named in doubt.
"""

import json
import multiprocessing
import random
import signal
import threading
import time
import urllib.request
from contextlib import contextmanager
from itertools import count

import pytest
import uvicorn

from bulkmail import web
from bulkmail.adapters import journal
from bulkmail.rehearsal.letters import Store
from tests import killing
from tests.sending import approved

pytestmark = pytest.mark.kill

PEOPLE, BATCH = 40, 10
STEPS = ("claimed", "digest recorded", "half the body", "posted", "recorded")
LET_PEOPLE_COME = count(start=10_000, step=1_000)  # everybody of the module is somebody else

# A server that forks has imported everything once: a new sender then costs milliseconds and is a process like any other
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["__main__", "tests.killing"])


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory):
    """A rehearsal in a process of its own: its address, and the store of its letters."""
    folder, ready = tmp_path_factory.mktemp("rehearsal"), processes.Event()
    process = processes.Process(target=killing.run_rehearsal, args=(str(folder), ready))
    process.start()
    assert ready.wait(30)
    store = Store(folder)
    yield Rehearsal(json.loads((folder / "rehearsal.json").read_bytes()), store)
    store.close()
    process.terminate()
    process.join()


class Rehearsal:
    """What a test asks of the rehearsal, over HTTP and from its store."""

    def __init__(self, place, store):
        self.url, self.public_key, self.store = place["url"], place["public_key"], store

    def put(self, path, content):
        request = urllib.request.Request(self.url + path, data=json.dumps(content).encode(), method="PUT")
        urllib.request.urlopen(request).close()

    def letters(self, first):
        """Letters for each of a plan's people, by position."""
        counts = self.store.counts()["by_address"]
        return [counts.get(f"quiet.{first + number}@example.com", 0) for number in range(PEOPLE)]


@pytest.fixture
def campaign(sqlite_workspace, rehearsal):
    """A workspace with an approved plan of people nobody else mails, and a rehearsal that behaves."""
    rehearsal.put("/faults", [])
    first = next(LET_PEOPLE_COME)
    addresses = {"address": [f"quiet.{first + number}@example.com" for number in range(PEOPLE)]}
    plan_hash = approved(sqlite_workspace, PEOPLE, BATCH, first=first, fields=addresses)
    return Campaign(sqlite_workspace, rehearsal, plan_hash, first)


class Campaign:
    """One approved plan, its sender processes, and the count of what became of it."""

    def __init__(self, ws, rehearsal, plan_hash, first):
        self.ws, self.rehearsal, self.plan_hash, self.first = ws, rehearsal, plan_hash, first

    def send(self, when="", turn=0):
        """Start a sender and wait for its end, which comes at step `when` by SIGKILL, or else when all is done."""
        arguments = (str(self.ws.home), self.rehearsal.url, self.plan_hash, when, turn)
        process = processes.Process(target=killing.run_sender, args=arguments)
        process.start()
        process.join(30)
        return process.exitcode

    def totals(self):
        return {state: people for state, people in journal.totals(self.ws, self.plan_hash).items() if people}

    def check(self):
        """The promise: each person's letters at the provider agree with what the journal says of that person."""
        states = journal.letters(self.ws, self.plan_hash)["state"].tolist()
        mailed = self.rehearsal.letters(self.first)
        assert max(mailed) <= 1, "somebody has two letters"
        assert all(letters == 1 for state, letters in zip(states, mailed, strict=True) if state == "accepted")
        without = {state for state, letters in zip(states, mailed, strict=True) if not letters}
        assert without <= {"planned", "submitting", "in_doubt"}, "somebody has no letter and nobody knows"
        totals = journal.totals(self.ws, self.plan_hash)
        assert sum(totals[state] for state in ("accepted", "in_doubt", "submitting", "planned")) == PEOPLE
        return sum(mailed)

    def let_events_settle(self):
        """Serve the webhook until the events have settled every doubt about letters that arrived."""
        with served(web.public_app(self.ws, webhook_key=lambda: self.rehearsal.public_key)) as url:
            self.rehearsal.put("/webhook", {"url": f"{url}/webhooks/sendgrid"})
            until = time.monotonic() + 10
            while self.totals().get("accepted", 0) < sum(self.rehearsal.letters(self.first)):
                assert time.monotonic() < until, "the events did not settle what arrived"
                journal.settle_by_events(self.ws, web.utc_now())
                threading.Event().wait(0.02)
            self.rehearsal.put("/webhook", {"url": ""})


@contextmanager
def served(app):
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        threading.Event().wait(0.005)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


# ---- killed once, at every step


@pytest.mark.parametrize("turn", [1, 2, 4])
@pytest.mark.parametrize("when", STEPS)
def test_killed_at_any_step_it_mails_nobody_twice_and_loses_nobody(campaign, when, turn):
    assert campaign.send(when, turn) == -signal.SIGKILL
    campaign.check()
    assert campaign.send() == 0
    mailed = campaign.check()
    doubtful = 0 if when in ("claimed", "recorded") else BATCH
    assert campaign.totals().get("in_doubt", 0) == doubtful
    assert mailed == (PEOPLE - BATCH if when in ("digest recorded", "half the body") else PEOPLE)


def test_events_settle_the_doubt_that_a_kill_leaves(campaign):
    campaign.send("posted", 2)
    campaign.send()
    assert campaign.totals()["in_doubt"] == BATCH
    campaign.let_events_settle()
    assert campaign.totals() == {"recipients": PEOPLE, "accepted": PEOPLE}


# ---- killed again and again


@pytest.mark.parametrize("seed", range(3))
def test_killed_again_and_again_it_comes_to_an_end(campaign, seed):
    chance, lives = random.Random(seed), 0
    while campaign.send(chance.choice(STEPS), chance.choice((1, 1, 2))) == -signal.SIGKILL:
        lives += 1
        campaign.check()
    assert lives >= 2
    mailed = campaign.check()
    campaign.let_events_settle()
    assert campaign.totals().get("accepted", 0) == mailed
    assert campaign.totals().get("in_doubt", 0) == PEOPLE - mailed


# ---- killed while the provider misbehaves


@pytest.mark.parametrize(
    ("fault", "mailed", "in_doubt"),
    [
        ({"kind": "accept_then_drop"}, PEOPLE, BATCH),
        ({"kind": "accept_then_truncate"}, PEOPLE, BATCH),
        ({"kind": "accept_then_hang", "seconds": 5}, PEOPLE, BATCH),
        ({"kind": "accept_then_answer", "status": 500}, PEOPLE, BATCH),
        ({"kind": "drop"}, PEOPLE - BATCH, BATCH),
        ({"kind": "hang", "seconds": 5}, PEOPLE - BATCH, BATCH),
        ({"kind": "answer", "status": 503}, PEOPLE - BATCH, BATCH),
        ({"kind": "too_many_requests", "seconds": 0}, PEOPLE, 0),
        ({"kind": "answer", "status": 413}, PEOPLE, 0),
        ({"kind": "answer", "status": 400}, PEOPLE, 0),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_a_provider_that_misbehaves_makes_nobody_get_two_letters(campaign, fault, mailed, in_doubt):
    campaign.rehearsal.put("/faults", [{"skip": 1, **fault}])
    assert campaign.send() == 0
    assert campaign.check() == mailed
    assert campaign.totals().get("in_doubt", 0) == in_doubt


@pytest.mark.parametrize("kind", ["accept_then_hang", "hang"])
def test_killed_while_the_provider_hangs(campaign, kind):
    campaign.rehearsal.put("/faults", [{"kind": kind, "seconds": 5, "skip": 1}])
    assert campaign.send("waiting for the answer", 2) == -signal.SIGKILL
    assert campaign.send() == 0
    assert campaign.check() == (PEOPLE if kind == "accept_then_hang" else PEOPLE - BATCH)
    campaign.let_events_settle()
    assert campaign.totals().get("in_doubt", 0) == (0 if kind == "accept_then_hang" else BATCH)


def test_killed_between_a_refusal_and_its_retry(campaign):
    campaign.rehearsal.put("/faults", [{"kind": "answer", "status": 413}])
    assert campaign.send("posted", 1) == -signal.SIGKILL
    assert campaign.send() == 0
    assert (campaign.check(), campaign.totals()["in_doubt"]) == (PEOPLE - BATCH, BATCH)


def test_a_connection_refused_is_tried_again(campaign):
    campaign.rehearsal.put("/faults", [{"kind": "refuse_connections", "seconds": 0.5}])
    assert campaign.send() == 0
    assert campaign.totals() == {"recipients": PEOPLE, "accepted": PEOPLE}
    assert campaign.check() == PEOPLE
