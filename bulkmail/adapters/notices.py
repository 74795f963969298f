"""The registry of notices: the words people were shown when they agreed, by version and language. It only grows."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, select

from bulkmail.adapters import tables
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.errors import InputError, StateError
from bulkmail.model import Notice

_FIELDS = [tables.notice.c[field.name] for field in fields(Notice)]


def add_notice(ws: Workspace, notice: Notice, *, by: str, now: datetime) -> str:
    """Keep a notice; its hash, by which consent events name it. The same words again are the same notice.

    A changed text under a name, version and language that are taken is a StateError: give it a new version.
    """
    if not all(value.strip() for value in (notice.name, notice.version, notice.language, notice.text)):
        raise InputError("A notice needs its name, version, language and text.")
    label = {"name": notice.name, "version": notice.version, "language": notice.language}
    with writing(ws) as connection:
        taken = select(tables.notice.c.hash).filter_by(**label)
        if connection.execute(taken).scalar_one_or_none() not in (None, notice.hash):
            raise StateError(
                "The notice {name} has other words as version {version} in this language. Give this one a new version.",
                name=notice.name, version=notice.version,
            )  # fmt: skip
        insert_notices(connection, [notice], by=by, now=now)
    return notice.hash


def keep_notices(ws: Workspace, notices: Iterable[Notice], *, by: str, now: datetime) -> int:
    """Keep those whose words are not kept yet; how many those were."""
    with writing(ws) as connection:
        return insert_notices(connection, notices, by=by, now=now)


def insert_notices(connection: Connection, notices: Iterable[Notice], *, by: str, now: datetime) -> int:
    """Keep those whose words are not kept yet, inside a transaction; how many those were."""
    rows = [
        {**{field.name: getattr(notice, field.name) for field in fields(Notice)}, "hash": notice.hash}
        | {"recorded_by": by, "recorded_at": now}
        for notice in notices
    ]
    return insert_new(connection, tables.notice, rows)


def notices(ws: Workspace, purpose: str | None = None) -> list[Notice]:
    """All notices, newest first; or those for one purpose."""
    wanted = select(*_FIELDS).order_by(tables.notice.c.recorded_at.desc(), tables.notice.c.hash)
    if purpose is not None:
        wanted = wanted.where(tables.notice.c.purpose == purpose)
    with reading(ws) as connection:
        return [Notice(**row._mapping) for row in connection.execute(wanted)]


def notice_of(ws: Workspace, notice_hash: str) -> Notice | None:
    """The notice whose text has this SHA-256, or None."""
    with reading(ws) as connection:
        row = connection.execute(select(*_FIELDS).where(tables.notice.c.hash == notice_hash)).one_or_none()
    return row and Notice(**row._mapping)


def newest_notice(ws: Workspace, purpose: str, language: str) -> Notice | None:
    """The words to show to somebody who is asked now, for a purpose and in a language; None where there are none."""
    return next((notice for notice in notices(ws, purpose) if notice.language == language), None)
