"""What has certainly not been sent is tried again: new attempts that carry the people of an old one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from bulkmail.adapters import tables
from bulkmail.adapters.attempts import Attempt, except_people, excepted, move, one_attempt, planned_attempt
from bulkmail.adapters.runs import update_runs
from bulkmail.adapters.workspace import Workspace, writing
from bulkmail.errors import StateError
from bulkmail.model import AttemptState


def replace(
    ws: Workspace,
    attempt_id: str,
    ranges: Sequence[tuple[int, int]],
    refused: Mapping[int, str] | None = None,
    *,
    now: datetime,
    not_before: datetime | None = None,
    status: int = 0,
    detail: str = "",
) -> tuple[str, ...]:
    """The ids of new planned attempts over `ranges` that carry the people of this one, which is refused from now on.

    For what has certainly not been sent. `refused` names the people who are not tried again, and why; everybody else
    must be inside a range. Trying the same people later is the same range with `not_before`. In a cancelled run the
    new attempts are cancelled too. All in one transaction.
    """
    refused = refused or {}
    with writing(ws) as connection:
        old = one_attempt(connection, attempt_id)
        born = _birth_state(connection, old.plan_hash)
        values = {"state": AttemptState.REFUSED.value, "replaced": True, "settled_at": now}
        sent_or_doubtful = (AttemptState.SUBMITTING, AttemptState.IN_DOUBT)
        move(connection, old.id, sent_or_doubtful, values | {"status": status, "detail": detail})
        except_people(connection, old, "refused", refused, now)
        heirs = _heirs(old, sorted(ranges), excepted(connection, old), not_before)
        for heir in heirs:
            heir.update(state=born.value, settled_at=now if born is AttemptState.CANCELLED else None)
        if heirs:
            connection.execute(insert(tables.attempt), heirs)
    update_runs(ws, now)
    return tuple(heir["id"] for heir in heirs)


def _birth_state(connection: Connection, plan_hash: str) -> AttemptState:
    """The state of new attempts. The run is locked, so that a cancelling waits for us or we for it; done goes on."""
    mine = tables.run.c.plan_hash == plan_hash
    state = connection.execute(select(tables.run.c.state).where(mine).with_for_update()).scalar_one()
    if state == "done":
        connection.execute(update(tables.run).where(mine).values(state="running"))
    return AttemptState.CANCELLED if state == "cancelled" else AttemptState.PLANNED


def _heirs(
    old: Attempt, ranges: Sequence[tuple[int, int]], gone: set[int], not_before: datetime | None
) -> list[dict[str, object]]:
    """New rows for the ranges that have people; StateError when the ranges overlap, stray or leave somebody out."""
    edges = [edge for start_stop in ranges for edge in start_stop]
    covered = {position for start, stop in ranges for position in range(start, stop)}
    inside = not ranges or (old.start <= edges[0] and edges[-1] <= old.stop and edges == sorted(edges))
    if not inside or not set(range(old.start, old.stop)) <= covered | gone:
        raise StateError("The new attempts do not carry exactly the people of the old one.")
    heirs = []
    for start, stop in ranges:
        people = stop - start - sum(start <= position < stop for position in gone)
        if people:
            heirs.append(planned_attempt(old.plan_hash, start, stop, old.variant, not_before) | {"people": people})
    return heirs
