"""What belongs to writing: the brand, versions of drafts, and which letters of a text somebody has looked at."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bulkmail.adapters import tables
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.model import Brand, Campaign

# What a version holds: the letter, and not to whom or when it goes.
VERSIONED = ("subject", "preheader", "body", "body_format", "text", "language", "layout")
ONE_SITTING = timedelta(minutes=5)  # changes so close together are one version
_ONLY = 1  # a workspace has one brand


# ---------------------------------------------------------------- brand


def brand(ws: Workspace) -> Brand:
    """The brand of this workspace; an empty one where nobody has set any."""
    with reading(ws) as connection:
        return brand_among(connection)


def brand_among(connection: Connection) -> Brand:
    """As `brand`, inside a transaction."""
    found = connection.execute(select(tables.brand.c.document).where(tables.brand.c.id == _ONLY)).scalar_one_or_none()
    return brand_of_document(found or {})


def brand_of_document(document: Mapping[str, object]) -> Brand:
    """The brand as kept in JSON."""
    lists = {name: tuple(document.get(name, ())) for name in ("sender_names", "domains")}
    return Brand(**{**document, **lists})


def save_brand(ws: Workspace, new: Brand, now: datetime) -> None:
    """Keep the brand: letters that are approved already keep the one they were approved with."""
    row = {"document": asdict(new), "saved_at": now}
    dialect = postgresql if ws.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(tables.brand).values(id=_ONLY, **row)
    with writing(ws) as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))


# ---------------------------------------------------------------- versions


@dataclass(frozen=True, kw_only=True)
class Version:
    """A letter as it once stood: `parts` are the fields of a campaign that VERSIONED names."""

    id: int
    saved_at: datetime
    parts: Mapping[str, str]


def keep_version(connection: Connection, campaign: Campaign, now: datetime) -> None:
    """Keep the letter as a version, where it differs from the last; what was written in one sitting is one version."""
    known = tables.draft_version
    parts = {name: getattr(campaign, name) for name in VERSIONED}
    newest = select(known).where(known.c.campaign_id == campaign.id).order_by(known.c.id.desc()).limit(1)
    last = connection.execute(newest).one_or_none()
    if last is not None and last.document == parts:
        return
    if last is not None and timedelta(0) <= now - last.begun_at < ONE_SITTING:
        changed = {"document": parts, "saved_at": now}
        connection.execute(update(known).where(known.c.id == last.id).values(**changed))
        return
    row = {"campaign_id": campaign.id, "begun_at": now, "saved_at": now, "document": parts}
    connection.execute(insert(known).values(**row))


def versions(ws: Workspace, campaign_id: str) -> list[Version]:
    """The versions of a draft, the newest first."""
    known = tables.draft_version
    newest_first = select(known).where(known.c.campaign_id == campaign_id).order_by(known.c.id.desc())
    with reading(ws) as connection:
        rows = connection.execute(newest_first).all()
    return [Version(id=row.id, saved_at=row.saved_at, parts=row.document) for row in rows]


# ---------------------------------------------------------------- looks


def look(ws: Workspace, letters_hash: str, kind: str, now: datetime) -> None:
    """Keep that somebody has looked at the letter of this kind (of telling_rows) of these letters."""
    dialect = postgresql if ws.engine.dialect.name == "postgresql" else sqlite
    row = {"letters_hash": letters_hash, "kind": kind[:255], "at": now}
    with writing(ws) as connection:
        connection.execute(dialect.insert(tables.letter_look).values(**row).on_conflict_do_nothing())


def looked_at(ws: Workspace, letters_hash: str) -> tuple[str, ...]:
    """The kinds of letters of these that somebody has looked at."""
    known = tables.letter_look
    with reading(ws) as connection:
        kinds = connection.execute(select(known.c.kind).where(known.c.letters_hash == letters_hash)).scalars()
        return tuple(sorted(kinds))
