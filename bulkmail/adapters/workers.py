"""Who is sending, and who has died at it.

A worker holds a file lock while it lives; the operating system lets go of it however the process ends. On the worker's
own machine the lock is the truth. From another machine only the heartbeat can be seen, and a worker that has been
silent for longer than the limit is taken for dead. Should it live after all, it can do no harm: its
attempt is in doubt, and `record_digest` refuses it the wire.
"""

import os
import platform
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Row, insert, or_, select, update

from bulkmail import limits
from bulkmail.adapters import tables
from bulkmail.adapters.runs import update_runs
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.errors import StorageError
from bulkmail.model import AttemptState

WORKER_STOPPED = "the worker stopped"  # the detail of an attempt whose worker died


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A sending process, alive while it holds `lock`."""

    id: str
    host: str
    pid: int
    lock: FileLock = field(repr=False, compare=False)


def register_worker(ws: Workspace, now: datetime) -> Worker:
    """A new worker; its lock is held until `retire_worker` or the end of the process."""
    name = secrets.token_hex(16)
    lock = FileLock(_lock_path(ws, name), thread_local=False)
    lock.acquire(blocking=False)  # before the row is there: nobody may see a worker without a lock
    worker = Worker(id=name, host=platform.node(), pid=os.getpid(), lock=lock)
    row = {"id": name, "host": worker.host, "pid": worker.pid, "started_at": now, "heartbeat_at": now}
    with writing(ws) as connection:
        connection.execute(insert(tables.worker).values(row))
    return worker


def heartbeat(ws: Workspace, worker: Worker, now: datetime) -> None:
    """Say that the worker lives, for those who cannot see its lock (and may have taken it for dead)."""
    with writing(ws) as connection:
        mine = tables.worker.c.id == worker.id
        connection.execute(update(tables.worker).where(mine).values(heartbeat_at=now, retired_at=None))


def retire_worker(ws: Workspace, worker: Worker, now: datetime) -> None:
    """Sign the worker off and let go of its lock. What it left submitting is then an orphan; a database that cannot be
    written does not matter, for the lock says the same."""
    with suppress(StorageError):
        _bury(ws, [worker.id], now)
    worker.lock.release()


def doubt_orphans(ws: Workspace, now: datetime) -> int:
    """How many attempts of dead workers went from submitting to in doubt. Those of living workers are left alone."""
    dead = dead_workers(ws, now)
    if not dead:
        return 0
    _bury(ws, dead, now)
    orphans = (tables.attempt.c.state == AttemptState.SUBMITTING) & tables.attempt.c.worker_id.in_(dead)
    doubtful = {"state": AttemptState.IN_DOUBT.value, "settled_at": now, "detail": WORKER_STOPPED}
    with writing(ws) as connection:
        doubted = connection.execute(update(tables.attempt).where(orphans).values(doubtful)).rowcount
    update_runs(ws, now)
    return doubted


def dead_workers(ws: Workspace, now: datetime) -> list[str]:
    """The ids of workers that are dead and have attempts submitting, or were never signed off."""
    submitting = select(tables.attempt.c.worker_id).where(tables.attempt.c.state == AttemptState.SUBMITTING)
    worker = tables.worker.c
    with reading(ws) as connection:
        rows = connection.execute(
            select(tables.worker).where(or_(worker.retired_at.is_(None), worker.id.in_(submitting)))
        ).all()
    return [row.id for row in rows if not _lives(ws, row, now)]


def _lives(ws: Workspace, row: Row, now: datetime) -> bool:
    if row.retired_at is not None:
        return False
    path = _lock_path(ws, row.id)
    if row.host == platform.node() and path.exists():
        return _is_held(path)
    return now - row.heartbeat_at <= timedelta(seconds=limits.WORKER_SILENT_SECONDS.value)


def _is_held(path: Path) -> bool:
    try:
        with FileLock(path, blocking=False):
            return False
    except Timeout:
        return True


def _bury(ws: Workspace, workers: list[str], now: datetime) -> None:
    present = tables.worker.c.id.in_(workers) & tables.worker.c.retired_at.is_(None)
    with writing(ws) as connection:
        connection.execute(update(tables.worker).where(present).values(retired_at=now))
    for worker_id in workers:
        _lock_path(ws, worker_id).unlink(missing_ok=True)


def _lock_path(ws: Workspace, worker_id: str) -> Path:
    return ws.home / "locks" / f"{worker_id}.lock"
