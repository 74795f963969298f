"""The table of roles: who of the staff may do what, where the sign-in itself does not say."""

from datetime import datetime

from sqlalchemy import delete, insert, select

from bulkmail.adapters import tables
from bulkmail.adapters.database import record
from bulkmail.adapters.workspace import Workspace, reading, writing


def granted(ws: Workspace) -> dict[str, str]:
    """The role of each person who was given one here, by person in order."""
    with reading(ws) as connection:
        rows = connection.execute(select(tables.role.c.person, tables.role.c.role).order_by(tables.role.c.person))
        return dict(rows.tuples().all())


def grant(ws: Workspace, person: str, role: str, *, by: str, now: datetime) -> None:
    """Give the person this role in place of any other, or with "" take away what they had; audited."""
    person = person.strip().casefold() if "@" in person else person.strip()
    with writing(ws) as connection:
        connection.execute(delete(tables.role).where(tables.role.c.person == person))
        if role:
            given = {"person": person, "role": role, "given_by": by, "given_at": now}
            connection.execute(insert(tables.role).values(**given))
        record(connection, by, "role.granted" if role else "role.taken", {"person": person, "role": role}, now)
