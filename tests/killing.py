"""The sender and the rehearsal as processes of their own, the sender to be killed at a given moment."""

import os
import resource
import signal
import socket
import threading
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import event

from bulkmail import send
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import open_workspace
from bulkmail.errors import StorageError
from bulkmail.rehearsal import server


def run_rehearsal(folder: str, ready) -> None:
    """The rehearsal, until it is told to stop."""
    server.run(Path(folder), 0, ready=lambda running: ready.set())


def run_sender(home: str, url: str, plan_hash: str, when: str = "", turn: int = 0) -> None:
    """Send the plan; die by SIGKILL at the step `when` of the loop, the `turn`th time that it comes to it."""
    workspace = open_workspace(read_settings({"BULKMAIL_HOME": home}))
    provider, moment = SendGrid("rehearsal", url, answer_seconds=1.0), Moment(when, turn)
    post = partial(_post, provider, url, moment)
    send.work(workspace, post, plan_hash=plan_hash, at_step=moment.has_come)


def _post(provider, url, moment, body):
    """Hand over as always; or die with half the body on the wire, or a little after all of it is."""
    if moment.has_come("half the body", die=False):
        return _half(url, body)
    if moment.has_come("waiting for the answer", die=False):
        threading.Timer(0.25, die).start()
    return provider.post_mail(body)


def _half(url, body):
    host = urlsplit(url)
    head = f"POST /v3/mail/send HTTP/1.1\r\nHost: {host.netloc}\r\nAuthorization: Bearer x\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    try:
        with socket.create_connection((host.hostname, host.port)) as line:
            line.sendall(head.encode() + body[: len(body) // 2])
    finally:  # also where nobody listens
        die()


def die() -> None:
    """What `kill -9`, the out-of-memory killer and a power cut do: nothing more is run."""
    os.kill(os.getpid(), signal.SIGKILL)


class Moment:
    """Counts steps and dies when the chosen one has come."""

    def __init__(self, when: str, turn: int) -> None:
        self.when, self.turn, self.seen = when, turn, Counter()

    def has_come(self, step: str, *, die: bool = True) -> bool:
        """Whether this is the moment; normally nobody learns that it was."""
        self.seen[step] += 1
        here = (step, self.seen[step]) == (self.when, self.turn)
        if here and die:
            os.kill(os.getpid(), signal.SIGKILL)
        return here


# ---------------------------------------------------------------- under torture

PATIENCE_MS = 400  # how long a tortured sender waits for a lock: half a minute would be a long torture


def run_tortured_sender(environ: dict[str, str], url: str, plan_hash: str, when: str, turn: int, full: str) -> None:
    """Send the plan with little patience; die at the step `when`; `full` lets the disk be full for this process, by
    SQLite's own count of `pages` or by the system's limit for a `file`."""
    workspace = open_workspace(read_settings(environ))
    event.listen(workspace.engine, "connect", partial(_impatient, workspace, full))
    workspace.engine.dispose()
    if full == "file":
        wal = Path(workspace.home, "bulkmail.sqlite3-wal")
        largest = max(wal.stat().st_size if wal.exists() else 0, 64_000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    provider, moment = SendGrid("rehearsal", url, answer_seconds=0.6), Moment(when, turn)
    with suppress(StorageError):  # it stayed full or locked: another sender will come
        send.work(
            workspace,
            partial(_post, provider, url, moment),
            plan_hash=plan_hash,
            at_step=moment.has_come,
            wait=lambda seconds: threading.Event().wait(min(seconds, 0.1)),
        )


def _impatient(workspace, full, connection, record) -> None:
    cursor = connection.cursor()
    if workspace.engine.dialect.name == "postgresql":
        cursor.execute(f"SET lock_timeout = {PATIENCE_MS}")
        connection.commit()
    else:
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
        if full == "pages":
            (pages,) = cursor.execute("PRAGMA page_count").fetchone()
            cursor.execute(f"PRAGMA max_page_count = {pages}")
    cursor.close()
