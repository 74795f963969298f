"""Drills of the way out, as kept: who asks again within minutes reads the last one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from bulkmail.adapters.tables import drill
from bulkmail.adapters.workspace import Workspace, reading, writing


@dataclass(frozen=True, kw_only=True)
class KeptDrill:
    """One drill: when, at which address, and what it saw as plain values."""

    at: datetime
    url: str
    steps: Mapping[str, object]


def keep_drill(ws: Workspace, kept: KeptDrill) -> None:
    """Keep what a drill saw."""
    with writing(ws) as connection:
        connection.execute(insert(drill).values(at=kept.at, url=kept.url, steps=dict(kept.steps)))


def drills(ws: Workspace, url: str, most: int = 1) -> Sequence[KeptDrill]:
    """The newest drills of an address, newest first."""
    newest = select(drill.c.at, drill.c.url, drill.c.steps).where(drill.c.url == url).order_by(drill.c.id.desc())
    with reading(ws) as connection:
        return [KeptDrill(**row._mapping) for row in connection.execute(newest.limit(most))]
