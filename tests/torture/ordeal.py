"""One campaign, sent by processes that are killed again and again, through a provider and a database that misbehave.

Everything is real: processes, SIGKILL, HTTP, SQLite or PostgreSQL. A torturer, driven by a seed, decides when a sender
dies (at a step of the journal, or at any moment), what the provider does wrong, and when the disk is full or the
database locked. Then it stops, and what is in doubt is settled by events, by the log, and at last by a person who reads
what is known. The letters that the provider has are counted against the journal, person by person.
"""

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bulkmail import send, web
from bulkmail.adapters import journal
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import open_workspace
from bulkmail.rehearsal.letters import Store
from tests import killing
from tests.sending import approved

STEPS = (
    "claimed", "digest recorded", "half the body", "waiting for the answer", "posted", "answer noted", "recorded",
)  # fmt: skip
FAULTS = (
    {"kind": "accept_then_drop"},
    {"kind": "accept_then_truncate"},
    {"kind": "accept_then_hang", "seconds": 1},
    {"kind": "accept_then_answer", "status": 500},
    {"kind": "drop"},
    {"kind": "hang", "seconds": 1},
    {"kind": "answer", "status": 500},
    {"kind": "answer", "status": 503},
    {"kind": "answer", "status": 413},
    {"kind": "answer", "status": 400},
    {"kind": "too_many_requests", "seconds": 1},
    {"kind": "refuse_connections", "seconds": 0.3},
)
BATCH = 25
# A server that forks has imported everything once: a new sender then costs milliseconds and is a process like any other
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.killing"])


@dataclass
class Told:
    """What an ordeal ends with."""

    people: int
    kills: int = 0
    kills_at: Counter = field(default_factory=Counter)
    troubles: Counter = field(default_factory=Counter)
    doubled: int = 0
    lost: int = 0
    refused: int = 0
    doubts_before: int = 0
    doubts_after_proof: int = 0
    doubts_after: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        steps = ", ".join(f"{step} {count}" for step, count in sorted(self.kills_at.items()))
        troubles = ", ".join(f"{trouble} {count}" for trouble, count in sorted(self.troubles.items()))
        return (
            f"doubled {self.doubled}, lost {self.lost}; of {self.people} people {self.refused} refused by name; "
            f"in doubt {self.doubts_before} before settlement, {self.doubts_after_proof} after events and log, "
            f"{self.doubts_after} after a person; {self.kills} kills in {self.seconds:.0f} s ({steps}); {troubles}"
        )


@contextmanager
def a_database(kind: str) -> Iterator[str]:
    """Yield the URL of a fresh database; "" for SQLite in the workspace."""
    if kind == "sqlite":
        yield ""
        return
    from tests import conftest

    with contextmanager(conftest.postgresql_server.__wrapped__)() as server:
        conftest.on_server(server, "CREATE DATABASE torture")
        yield server.set(database="torture").render_as_string(hide_password=False)


class Ordeal:
    """A workspace with an approved plan, a rehearsal in a process of its own, and the torturer."""

    def __init__(
        self, folder: Path, database_url: str, *, seed: int, people: int, workers: int, batch: int = BATCH
    ) -> None:
        self.environ = {"BULKMAIL_HOME": str(folder / "home"), "BULKMAIL_DATABASE_URL": database_url}
        self.ws = open_workspace(read_settings(self.environ))
        self.provider_folder = folder / "provider"
        self.chance, self.people, self.workers = random.Random(seed), people, workers
        addresses = {"address": [f"quiet.{number}@example.com" for number in range(people)]}
        self.plan_hash = approved(self.ws, people, batch, fields=addresses, at=datetime.now(UTC))
        self.told = Told(people)

    def endure(self, kills: int) -> Told:
        """Be sent under torture until so many senders were killed, each step at least once; then settle and count."""
        began = time.monotonic()
        with ExitStack() as doors:
            doors.callback(self.ws.engine.dispose)
            self.url, self.store = doors.enter_context(self._provider())
            self._torture(kills)
            self._settle()
            self._count()
        self.told.seconds = time.monotonic() - began
        return self.told

    # ---------------------------------------------------------------- the torture

    def _torture(self, kills: int) -> None:
        lives: list[tuple[object, str, float]] = []
        trouble_at = 0.0
        while not self._is_over() or lives:
            now = time.monotonic()
            lives = [life for life in lives if not self._has_ended(*life, now)]
            if len(lives) < self.workers and not self._is_over():
                lives.append(self._a_life(now, gently=self.told.kills >= kills and self._each_step_has_come()))
            if now >= trouble_at and self.told.kills < kills:
                self._make_trouble()
                trouble_at = now + self.chance.uniform(1.0, 3.0)
            with suppress(Exception):  # the torturer holds the database himself now and then
                self._resume()
            time.sleep(0.01)
        self._put("/faults", [])

    def _a_life(self, now: float, *, gently: bool) -> tuple[object, str, float]:
        """A new sender: its process, the step at which it will die (or ""), and the moment at which it is killed."""
        missing = [step for step in STEPS if not self.told.kills_at[step]]
        turn = 1 if missing else self.chance.choice((1, 1, 1, 2))
        if gently:
            step, moment = "", float("inf")
        elif missing or self.chance.random() < 0.7:
            step, moment = self.chance.choice(missing or STEPS), float("inf")
        else:
            step, moment = "", now + self.chance.uniform(0.05, 0.8)
        full = "" if gently else self.chance.choice(("", "", "", "", "pages", "file"))
        self.told.troubles["disk full"] += bool(full)
        arguments = (self.environ, self.url, self.plan_hash, step, turn, full)
        process = processes.Process(target=killing.run_tortured_sender, args=arguments)
        process.start()
        return process, step, moment

    def _has_ended(self, process, step: str, moment: float, now: float) -> bool:
        if process.is_alive() and now >= moment:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            process.join()
            step = "any moment"
        if process.is_alive():
            return False
        if process.exitcode == -signal.SIGKILL:
            self.told.kills += 1
            self.told.kills_at[step] += 1
        return True

    def _each_step_has_come(self) -> bool:
        return all(self.told.kills_at[step] for step in STEPS)

    def _is_over(self) -> bool:
        try:
            return journal.run_state(self.ws, self.plan_hash) == "done"
        except Exception:  # the torturer holds the database
            return False

    def _resume(self) -> None:
        """What a person does who finds the run paused."""
        run = journal.run(self.ws, self.plan_hash)
        if run.state == "paused":
            self.told.troubles[f"paused: {run.reason}"] += 1
            journal.request(self.ws, self.plan_hash, "running", "torturer", datetime.now(UTC))

    def _make_trouble(self) -> None:
        faults = [self.chance.choice(FAULTS) | {"skip": self.chance.randrange(3)} for _ in range(3)]
        for fault in faults:
            self.told.troubles[f"{fault['kind']} {fault.get('status', '')}".strip()] += 1
        with suppress(OSError):  # it may be refusing connections just now
            self._put("/faults", faults)
        if self.chance.random() < 0.3:
            self.told.troubles["database locked"] += 1
            threading.Thread(target=self._hold_database, args=(self.chance.uniform(0.2, 1.5),), daemon=True).start()
        if self.ws.engine.dialect.name == "postgresql" and self.chance.random() < 0.3:
            self.told.troubles["disk full"] += 1
            threading.Thread(target=self._fill_server, args=(self.chance.uniform(0.2, 0.6),), daemon=True).start()

    def _hold_database(self, seconds: float) -> None:
        with suppress(Exception):
            if self.ws.engine.dialect.name == "sqlite":
                line = sqlite3.connect(self.ws.home / "bulkmail.sqlite3", isolation_level=None, timeout=5)
                line.execute("BEGIN IMMEDIATE")
                time.sleep(seconds)
                line.close()
            else:
                with self._server() as connection, connection.begin():
                    connection.execute(text("LOCK TABLE attempt IN ACCESS EXCLUSIVE MODE"))
                    time.sleep(seconds)

    def _fill_server(self, seconds: float) -> None:
        """Let PostgreSQL answer every change of an attempt as it does when its disk is full (SQLSTATE 53100)."""
        full = "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
        full += "'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
        trigger = "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON attempt EXECUTE FUNCTION full_disk()"
        with suppress(Exception), self._server() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text(full))
            connection.execute(text(trigger))
            try:
                time.sleep(seconds)
            finally:
                connection.execute(text("DROP TRIGGER full_disk ON attempt"))

    def _server(self):
        return create_engine(self.ws.engine.url, poolclass=NullPool).connect()

    # ---------------------------------------------------------------- settlement

    def _settle(self) -> None:
        """By events, by the log asked twice with time between, and by a person who reads what is known."""
        self.told.doubts_before = journal.totals(self.ws, self.plan_hash)["in_doubt"]
        self._let_events_settle()
        provider, now = SendGrid("rehearsal", self.url), datetime.now(UTC)
        for later in (timedelta(0), timedelta(minutes=16)):
            send.settle_by_logs(self.ws, provider.call, now + later)
        self.told.doubts_after_proof = journal.totals(self.ws, self.plan_hash)["in_doubt"]
        for doubt in send.doubts(self.ws, self.plan_hash):
            if doubt.looks_unsent:
                send.decide(self.ws, doubt.attempt.id, False, by="a person", now=now)
        send.work(self.ws, provider.post_mail, plan_hash=self.plan_hash)
        self.told.doubts_after = journal.totals(self.ws, self.plan_hash)["in_doubt"]

    def _let_events_settle(self, seconds: float = 3.0) -> None:
        """Serve the webhook for a while: some doubts are settled by events, the log is left with the others."""
        key = json.loads((self.provider_folder / "rehearsal.json").read_bytes())["public_key"]
        with _served(web.public_app(self.ws, webhook_key=lambda: key)) as url:
            self._put("/webhook", {"url": f"{url}/webhooks/sendgrid"})
            time.sleep(seconds)
            self._put("/webhook", {"url": ""})
        journal.settle_by_events(self.ws, datetime.now(UTC))

    def _count(self) -> None:
        """Each person's letters at the provider against what the journal says of that person."""
        states = journal.letters(self.ws, self.plan_hash)["state"].tolist()
        got = self.store.counts()["by_address"]
        letters = [got.get(f"quiet.{number}@example.com", 0) for number in range(self.people)]
        self.told.doubled = sum(count > 1 for count in letters)
        named = ("in_doubt", "refused")
        self.told.lost = sum(not count and state not in named for count, state in zip(letters, states, strict=True))
        self.told.refused = states.count("refused")
        assert len(states) == self.people

    # ---------------------------------------------------------------- the provider

    @contextmanager
    def _provider(self) -> Iterator[tuple[str, Store]]:
        ready = processes.Event()
        process = processes.Process(target=killing.run_rehearsal, args=(str(self.provider_folder), ready))
        process.start()
        assert ready.wait(60), "the rehearsal did not start"
        store = Store(self.provider_folder)
        try:
            yield json.loads((self.provider_folder / "rehearsal.json").read_bytes())["url"], store
        finally:
            store.close()
            process.terminate()
            process.join()

    def _put(self, path: str, content: object) -> None:
        body = json.dumps(content).encode()
        for _ in range(100):
            try:
                urllib.request.urlopen(urllib.request.Request(self.url + path, body, method="PUT"), timeout=30).close()
                return
            except OSError:
                time.sleep(0.05)


@contextmanager
def _served(app) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
