"""What the workspace holds of one person, found by their keyed hash, and how their address is forgotten everywhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection, and_, func, or_, select, update

from bulkmail.adapters import database, files, history, tables
from bulkmail.adapters.frames import frame_of
from bulkmail.adapters.plans import plan_row
from bulkmail.adapters.suppressions import insert_suppressions
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.model import Suppression

EVENT_KINDS = {"at": "datetime64[us, UTC]"} | dict.fromkeys(("kind", "attempt", "address", "reason", "url"), "str")
KEPT_OF_A_LETTER = ("position", "source_row", "person", "language", "variant", "reason", "details")
NAMES_A_TABLE = (
    tables.list_version.c.content_hash, tables.plan.c.snapshot_hash, tables.plan.c.excluded_hash,
    tables.past_import.c.content_hash,
)  # fmt: skip
PERSONAL = ("address", "name", "said")  # columns of the tables that hold a person with more than their hash
WITH_AN_ADDRESS = (tables.suppression, tables.sign_up, tables.opt_out)  # and the person whose it is


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One person's place in a plan. `state` is one of `history.STATES`, or excluded; `reason` says why there is no
    letter, `details` what else spoke against it."""

    plan_hash: str
    position: int
    source_row: int
    address: str
    state: str
    reason: str
    details: str
    attempt: str
    at: datetime | None


def letter_of(ws: Workspace, plan_hash: str, person: str) -> Letter | None:
    """The letter of a person in a plan, or why the plan has none for them; None where they are not on its list."""
    with reading(ws) as connection:
        plan = plan_row(connection, plan_hash)
    places = _places(ws, plan.snapshot_hash, person)
    if len(places):
        return _letter(ws, plan_hash, int(places[0]))
    excluded = files.load_table(ws.home, plan.excluded_hash)
    rows = excluded[excluded["person"] == person].to_dict("records")
    if not rows:
        return None
    row, nothing = rows[0], {"position": -1, "attempt": "", "at": None, "state": "excluded", "plan_hash": plan_hash}
    return Letter(**nothing, **{name: row[name] for name in ("source_row", "address", "reason", "details")})


def _places(ws: Workspace, content_hash: str, person: str) -> np.ndarray:
    persons = files.load_table(ws.home, content_hash, columns=["person"])["person"]
    return np.flatnonzero((persons == person).to_numpy())


def _letter(ws: Workspace, plan_hash: str, position: int) -> Letter:
    row = history.letter(ws, plan_hash, position)
    with reading(ws) as connection:
        started = select(tables.attempt.c.started_at).where(tables.attempt.c.id == row["attempt"])
        at = connection.execute(started).scalar_one_or_none()
    same = {name: row[name] for name in ("position", "source_row", "address", "state", "reason", "attempt")}
    return Letter(plan_hash=plan_hash, details="", at=at, **same)


def events_about(ws: Workspace, addresses: Iterable[str], letters: Iterable[Letter]) -> pd.DataFrame:
    """What the provider told of these addresses and letters, by time: at, kind, attempt, address, reason, url."""
    columns = [tables.event.c[name] for name in EVENT_KINDS]
    wanted = select(*columns).where(_about(addresses, letters)).order_by(tables.event.c.at)
    with reading(ws) as connection:
        return frame_of(connection, wanted, EVENT_KINDS)


def _about(addresses: Iterable[str], letters: Iterable[Letter]) -> object:
    event = tables.event.c
    by_address = func.lower(event.address).in_([address.lower() for address in addresses if address])
    theirs = [and_(event.attempt == one.attempt, event.position == one.position) for one in letters if one.attempt]
    return or_(by_address, *theirs)


# ---------------------------------------------------------------- forgetting


def forget(
    ws: Workspace,
    person: str,
    *,
    rows: Mapping[int, Sequence[int]],
    addresses: Iterable[str],
    letters: Sequence[Letter],
    objection: Suppression,
    who: str,
    now: datetime,
) -> None:
    """Take the person out of all that is kept: the cells of their `rows` (source rows by the id of a list's version)
    and mends, their address in letters, events and requests. What stays are keyed hashes, and the objection, which
    still matches. All or nothing; the deed enters the audit trail."""
    before = _tables_of(ws, rows, letters)
    lists = {list_id: _without_rows(ws, list_id, of_list) for list_id, of_list in rows.items() if len(of_list)}
    plans = {letter.plan_hash: _without_person(ws, letter.plan_hash, person) for letter in letters}
    with writing(ws) as connection:
        for list_id, content_hash in lists.items():
            one = tables.list_version.c.id == list_id
            connection.execute(update(tables.list_version).where(one).values(content_hash=content_hash))
            _forget_mends(connection, list_id, rows[list_id])
        for plan_hash, hashes in plans.items():
            connection.execute(update(tables.plan).where(tables.plan.c.hash == plan_hash).values(**hashes))
        connection.execute(update(tables.event).where(_about(addresses, letters)).values(address=""))
        for table in WITH_AN_ADDRESS:
            held = (table.c.person == person) & (func.length(table.c.address) > 0)
            connection.execute(update(table).where(held).values({name: "" for name in PERSONAL if name in table.c}))
        insert_suppressions(connection, [objection])
        about = {"person": person, "lists": len(lists), "plans": len(plans)}
        database.record(connection, who, "person.erased", about, now)
    files.remove_tables(ws.home, [one for one in before if not _is_named(ws, one)])


def _tables_of(ws: Workspace, list_ids: Iterable[int], letters: Sequence[Letter]) -> set[str]:
    lists = select(tables.list_version.c.content_hash).where(tables.list_version.c.id.in_(list(list_ids)))
    ours = tables.plan.c.hash.in_([letter.plan_hash for letter in letters])
    with reading(ws) as connection:
        plans = connection.execute(select(tables.plan.c.snapshot_hash, tables.plan.c.excluded_hash).where(ours)).all()
        return {*connection.execute(lists).scalars(), *(name for row in plans for name in row)}


def _is_named(ws: Workspace, content_hash: str) -> bool:
    """Whether anything still names this table."""
    with reading(ws) as connection:
        return any(connection.execute(select(one).where(one == content_hash).limit(1)).first() for one in NAMES_A_TABLE)


def _without_rows(ws: Workspace, list_id: int, rows: Sequence[int]) -> str:
    """The hash of the list's table with all cells of these rows empty; the rows stay, so that counts stay true."""
    with reading(ws) as connection:
        kept = select(tables.list_version.c.content_hash).where(tables.list_version.c.id == list_id)
        table = files.load_table(ws.home, connection.execute(kept).scalar_one())
    theirs = table["source_row"].isin(list(rows))
    return files.save_table(ws.home, _emptied(table, theirs, [name for name in table if name != "source_row"]))


def _without_person(ws: Workspace, plan_hash: str, person: str) -> dict[str, str]:
    with reading(ws) as connection:
        plan = plan_row(connection, plan_hash)
    hashes = {}
    for name in ("snapshot_hash", "excluded_hash"):
        table = files.load_table(ws.home, getattr(plan, name))
        personal = [column for column in table if column not in KEPT_OF_A_LETTER]
        hashes[name] = files.save_table(ws.home, _emptied(table, table["person"] == person, personal))
    return hashes


def _emptied(table: pd.DataFrame, where: pd.Series, columns: Iterable[str]) -> pd.DataFrame:
    return table.assign(**{name: table[name].mask(where, "") for name in columns if table[name].dtype == "str"})


def _forget_mends(connection: Connection, list_id: int, rows: Sequence[int]) -> None:
    deeds = select(tables.deed.c.id).where(tables.deed.c.list_id == list_id)
    theirs = tables.mend.c.deed.in_(deeds) & tables.mend.c.source_row.in_([int(row) for row in rows])
    connection.execute(update(tables.mend).where(theirs).values(before="", after=""))
