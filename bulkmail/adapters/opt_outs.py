"""Requests to stop that came by letter: brought here by somebody, honoured once a person has confirmed them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, true, update

from bulkmail.adapters.database import record
from bulkmail.adapters.suppressions import insert_suppressions
from bulkmail.adapters.tables import Instant, opt_out, provider_sync
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.model import Suppression

HONOURED, DISMISSED = "honoured", "dismissed"


@dataclass(frozen=True, kw_only=True)
class OptOut:
    """One person's request: `id` is the same for the same mail and person; `said` its subject; `purpose` what it is
    about, "" for everything; `arrived_at` when the mail came, `brought_at` when somebody brought it here."""

    id: str
    person: str
    address: str
    purpose: str
    said: str
    arrived_at: datetime
    brought_by: str
    brought_at: datetime
    rehearsal: bool


def bring(ws: Workspace, requests: Iterable[OptOut]) -> int:
    """Keep requests until a person decides; how many are new."""
    with writing(ws) as connection:
        return insert_new(connection, opt_out, [asdict(request) for request in requests])


def waiting(ws: Workspace) -> list[OptOut]:
    """The requests that nobody has decided on, the oldest first."""
    columns = [opt_out.c[name] for name in OptOut.__dataclass_fields__]
    with reading(ws) as connection:
        rows = connection.execute(select(*columns).where(_waits(ws)).order_by(opt_out.c.arrived_at, opt_out.c.id))
        return [OptOut(**row._mapping) for row in rows]


def count_waiting(ws: Workspace) -> tuple[int, datetime | None]:
    """How many requests wait, and since when the oldest does."""
    with reading(ws) as connection:
        count, oldest = connection.execute(
            select(func.count(), func.min(opt_out.c.arrived_at, type_=Instant)).where(_waits(ws))
        ).one()
    return count, oldest


def decide(ws: Workspace, ids: Iterable[str], suppressions: Iterable[Suppression], *, by: str, now: datetime) -> int:
    """Honour the requests with these ids by `suppressions`, or with none dismiss them; how many were decided on. The
    decision, what it does and its record are committed together."""
    held = list(suppressions)
    decision = HONOURED if held else DISMISSED
    chosen = opt_out.c.id.in_(list(ids)) & (opt_out.c.decision == "")
    with writing(ws) as connection:
        insert_suppressions(connection, held)
        values = {"decision": decision, "decided_by": by, "decided_at": now}
        decided = connection.execute(update(opt_out).where(chosen).values(**values)).rowcount
        record(connection, by, f"opt_out.{decision}", {"requests": decided}, now)
    return decided


def _waits(ws: Workspace) -> ColumnElement[bool]:
    mine = true() if ws.settings.rehearsal else ~opt_out.c.rehearsal
    return (opt_out.c.decision == "") & mine


# ---------------------------------------------------------------- how far the sending service's lists were read


# The lists of the sending service that name people who must not be mailed; its blocks do not.
LISTS = ("unsubscribes", "spam_reports", "bounces", "invalid_emails")


def standing(ws: Workspace) -> dict[str, object]:
    """How requests to stop stand, as `tips.unsubscribe.Requests` takes it."""
    waits, oldest = count_waiting(ws)
    heard = [read_until(ws, name) for name in LISTS]
    known = [moment for moment in heard if moment is not None]
    whole = min(known) if len(known) == len(LISTS) else None
    return {"waiting": waits, "oldest": oldest, "listens": not ws.settings.rehearsal, "unheard_since": whole}


def read_until(ws: Workspace, name: str) -> datetime | None:
    """Up to when a list of the sending service was read, or ours told to it; None where it never was."""
    with reading(ws) as connection:
        until = select(provider_sync.c.until).where(provider_sync.c.name == _here(ws, name))
        return connection.execute(until).scalar_one_or_none()


def set_read_until(ws: Workspace, name: str, until: datetime, now: datetime) -> None:
    """Remember it."""
    name = _here(ws, name)
    row = {"name": name, "until": until, "ran_at": now}
    with writing(ws) as connection:
        if not insert_new(connection, provider_sync, [row]):
            connection.execute(
                update(provider_sync).where(provider_sync.c.name == name).values(until=until, ran_at=now)
            )


def _here(ws: Workspace, name: str) -> str:
    """The name with where the list is: a rehearsal's lists are not SendGrid's."""
    return f"{'rehearsal' if ws.settings.rehearsal else ws.settings.sendgrid_host} {name}"
