"""What the provider's line allows just now, known to every worker: one row for each mode.

Three things are kept: until when nothing may leave (a rate limit that was met), how many requests may leave before the
limit's window ends (as the headers of the answers say), and how many answers of one kind came one after another. When
too many of them were failures, the line has tripped: one request at a time tries it, until one gets through.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, func, select, update

from bulkmail import limits
from bulkmail.adapters import tables
from bulkmail.adapters.plans import of_this_mode
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.model import AttemptState

FAILURES = ("not_sent", "in_doubt", "rate_limited")  # kinds of answers that trip the line


@dataclass(frozen=True, kw_only=True)
class Line:
    """The line as last heard of. `remaining` requests may leave before `reset_at`; None where nobody has said."""

    hold_until: datetime | None = None
    remaining: int | None = None
    reset_at: datetime | None = None
    kind: str = ""
    in_a_row: int = 0

    @property
    def has_tripped(self) -> bool:
        """Whether requests failed so often in a row that they go one at a time now."""
        return self.kind in FAILURES and self.in_a_row >= limits.LINE_TRIPS_AFTER.value

    def is_limited(self, now: datetime) -> bool:
        """Whether the provider counts requests now."""
        return self.remaining is not None and self.reset_at is not None and self.reset_at > now

    def opens_at(self, now: datetime) -> datetime:
        """When the next request may leave: now, or when the limit ends."""
        spent = self.reset_at if self.is_limited(now) and not self.remaining else None
        return max([now, *(moment for moment in (self.hold_until, spent) if moment)])


def line(ws: Workspace) -> Line:
    """The line as all workers of this mode see it."""
    with reading(ws) as connection:
        return line_in(connection, ws)


def line_in(connection: Connection, ws: Workspace) -> Line:
    """The same, inside a transaction."""
    row = connection.execute(_mine(ws)).one_or_none()
    return Line(**row._mapping) if row else Line()


def take_permit(connection: Connection, ws: Workspace, now: datetime) -> bool:
    """Whether one more request may leave now; if so it is counted. To be asked inside the transaction that claims it.

    Only where the provider counts, or the line has tripped, do workers wait for one another here.
    """
    known = line_in(connection, ws)
    if known.opens_at(now) > now:
        return False
    if not (known.has_tripped or known.is_limited(now)):
        return True
    row = connection.execute(_mine(ws).with_for_update()).one()
    known = Line(**row._mapping)
    if known.opens_at(now) > now or (known.has_tripped and _on_the_wire(connection, ws)):
        return False
    if known.is_limited(now):
        _write(connection, ws, remaining=known.remaining - 1)
    return True


def hold(ws: Workspace, until: datetime) -> None:
    """Let no request of this mode leave before `until`: a provider's rate limit concerns every run and worker."""
    with writing(ws) as connection:
        known = _locked(connection, ws)
        if known.hold_until is None or known.hold_until < until:
            _write(connection, ws, hold_until=until)


def answered(
    ws: Workspace, kind: str, now: datetime, *, remaining: int | None = None, reset_at: datetime | None = None
) -> int:
    """How many answers of this `kind` came in a row now, over all workers; what the provider said of its rate limit is
    kept. To be called while the attempt is still submitting. A good answer on a good line writes nothing."""
    counts = remaining is not None and reset_at is not None
    before = line(ws)
    if kind == "accepted" and not before.in_a_row and not counts:
        return 1
    with writing(ws) as connection:
        known = _locked(connection, ws)
        in_a_row = known.in_a_row + 1 if kind == known.kind else 1
        fresh = {"kind": "", "in_a_row": 0} if kind == "accepted" else {"kind": kind, "in_a_row": in_a_row}
        if counts:
            fresh |= _counted(connection, ws, known, remaining, reset_at)
        _write(connection, ws, **fresh)
    return in_a_row


def _counted(
    connection: Connection, ws: Workspace, known: Line, remaining: int, reset_at: datetime
) -> dict[str, object]:
    """What may still leave. In the window we know, permits were counted as they were taken; of a new window the
    provider has not yet counted what is on the wire; an answer from a window gone by says nothing."""
    if known.reset_at is not None and reset_at < known.reset_at:
        return {}
    if reset_at == known.reset_at and known.remaining is not None:
        return {"remaining": min(known.remaining, remaining)}
    others = max(_on_the_wire(connection, ws) - 1, 0)
    return {"remaining": max(remaining - others, 0), "reset_at": reset_at}


def forget_failures(ws: Workspace) -> None:
    """Begin to count answers anew: a run has paused for them, and a person looks."""
    with writing(ws) as connection:
        _locked(connection, ws)
        _write(connection, ws, kind="", in_a_row=0)


def _on_the_wire(connection: Connection, ws: Workspace) -> int:
    submitting = (tables.attempt.c.state == AttemptState.SUBMITTING) & of_this_mode(ws)
    return connection.execute(
        select(func.count()).select_from(tables.attempt).join(tables.plan).where(submitting)
    ).scalar_one()


def _mine(ws: Workspace) -> Select:
    columns = (tables.line.c[name] for name in Line.__dataclass_fields__)
    return select(*columns).where(tables.line.c.rehearsal == ws.settings.rehearsal)


def _locked(connection: Connection, ws: Workspace) -> Line:
    """The line, held until the end of the transaction, and made where nothing has been heard of it."""
    row = connection.execute(_mine(ws).with_for_update()).one_or_none()
    if row is None:
        insert_new(connection, tables.line, [{"rehearsal": ws.settings.rehearsal}])
        row = connection.execute(_mine(ws).with_for_update()).one()
    return Line(**row._mapping)


def _write(connection: Connection, ws: Workspace, **values: object) -> None:
    mine = tables.line.c.rehearsal == ws.settings.rehearsal
    connection.execute(update(tables.line).where(mine).values(**values))
