"""What is small and precious: campaigns and the audit trail; lists, consent and suppressions from the rooms beside."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, Select, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from bulkmail.adapters import tables
from bulkmail.adapters.drafts import brand_among, brand_of_document, keep_version
from bulkmail.adapters.ledger import append_consent, consent_among, consent_events, first_broken_link, verify_chain
from bulkmail.adapters.lists import ListVersion, list_version_of, lists, load_list, save_list_version
from bulkmail.adapters.suppressions import (
    add_suppressions,
    erase_address,
    insert_suppressions,
    left_by_link,
    of_people,
    suppressions,
    suppressions_among,
)
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.model import Attestation, Campaign, Sender, Wait

__all__ = [
    "ListVersion",
    "add_suppressions",
    "append_consent",
    "audit",
    "audit_trail",
    "authors",
    "campaign",
    "campaigns",
    "consent_among",
    "consent_events",
    "erase_address",
    "first_broken_link",
    "insert_suppressions",
    "left_by_link",
    "list_version_of",
    "lists",
    "load_list",
    "save_campaign",
    "save_list_version",
    "saved_at",
    "suppressions",
    "suppressions_among",
    "verify_chain",
]

# ---------------------------------------------------------------- campaigns


def save_campaign(ws: Workspace, campaign: Campaign, now: datetime, *, by: str = "") -> None:
    """Keep the campaign as it stands; an earlier text under the same id is replaced (plans keep what was approved).

    `by` is who wrote it, as the sign-in names them: from then on one of its authors.
    """
    row = {"name": campaign.name, "document": document_of(campaign), "saved_at": now}
    dialect = postgresql if ws.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(tables.campaign).values(id=campaign.id, **row)
    with writing(ws) as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))
        keep_version(connection, campaign, now)
        if by:
            insert_new(connection, tables.campaign_author, [{"campaign_id": campaign.id, "person": by}])


def campaign(ws: Workspace, campaign_id: str) -> Campaign | None:
    """The campaign with this id, or None."""
    with reading(ws) as connection:
        document = select(tables.campaign.c.document).where(tables.campaign.c.id == campaign_id)
        found = connection.execute(document).scalar_one_or_none()
        return replace(campaign_of_document(found), brand=brand_among(connection)) if found is not None else None


def campaigns(ws: Workspace) -> list[Campaign]:
    """All campaigns, the one saved last first."""
    newest_first = select(tables.campaign.c.document).order_by(tables.campaign.c.saved_at.desc(), tables.campaign.c.id)
    with reading(ws) as connection:
        brand = brand_among(connection)
        documents = connection.execute(newest_first).scalars()
        return [replace(campaign_of_document(document), brand=brand) for document in documents]


def saved_at(ws: Workspace, campaign_id: str) -> datetime | None:
    """When the campaign was last saved; None where there is no such campaign."""
    with reading(ws) as connection:
        kept = select(tables.campaign.c.saved_at).where(tables.campaign.c.id == campaign_id)
        return connection.execute(kept).scalar_one_or_none()


def authors(ws: Workspace, campaign_id: str) -> set[str]:
    """Who has written any part of the campaign, as the sign-in names them."""
    with reading(ws) as connection:
        wrote = select(tables.campaign_author.c.person).where(tables.campaign_author.c.campaign_id == campaign_id)
        return set(connection.execute(wrote).scalars())


def document_of(campaign: Campaign) -> dict[str, object]:
    """The campaign as JSON can hold it."""
    document = asdict(campaign)
    document["send_at"] = campaign.send_at and campaign.send_at.isoformat()
    if campaign.attestation:
        document["attestation"]["at"] = campaign.attestation.at.isoformat()
    return document


def campaign_of_document(document: Mapping[str, object]) -> Campaign:
    """The campaign that `save_campaign` kept as this document."""
    vouched, send_at, wait = document["attestation"], document["send_at"], document.get("wait")
    return Campaign(
        **{
            **document,
            "sender": Sender(**document["sender"]),
            "attestation": vouched and Attestation(**{**vouched, "at": datetime.fromisoformat(vouched["at"])}),
            "send_at": send_at and datetime.fromisoformat(send_at),
            "brand": brand_of_document(document.get("brand", {})),
            "also_hours": tuple(document.get("also_hours", ())),
            "wait": wait and Wait(**wait),
        }
    )


def last_change(ws: Workspace) -> str:
    """A text that changes with each suppression, consent event, import, settled attempt and deed, save that a list was
    saved or mended (`last_list`): that changes nothing for other lists, and who uses one knows it by its version and
    hash."""
    counted = (
        select(func.count()).select_from(tables.suppression).where(of_people()),
        select(func.count()).select_from(tables.opt_out).where(tables.opt_out.c.decision == ""),
        select(func.max(tables.consent_event.c.id)),
        select(func.max(tables.audit.c.id)).where(tables.audit.c.what.not_in(("list.saved", "list.mended"))),
        select(func.max(tables.attempt.c.settled_at)),
        select(func.max(tables.past_import.c.id)),
        select(func.max(tables.brand.c.saved_at)),
    )
    return _told(ws, counted)


def last_list(ws: Workspace) -> str:
    """A text that changes with each list that is saved or mended."""
    return _told(ws, (select(func.max(table.c.id)) for table in (tables.list_version, tables.deed)))


def last_letter(ws: Workspace) -> str:
    """A text that changes with each approved run, settled attempt, import of past letters and erasure of a person."""
    counted = (
        select(func.count()).select_from(tables.run),
        select(func.max(tables.attempt.c.settled_at)),
        select(func.max(tables.past_import.c.id)),
        select(func.max(tables.audit.c.id)).where(tables.audit.c.what == "person.erased"),
    )
    return _told(ws, counted)


def _told(ws: Workspace, questions: Iterable[Select]) -> str:
    with reading(ws) as connection:
        return " ".join(str(connection.execute(question).scalar()) for question in questions)


# ---------------------------------------------------------------- audit trail


def audit(ws: Workspace, who: str, what: str, about: Mapping[str, object] | str, now: datetime) -> None:
    """Write down who did what. `what` is a short code (`plan.approved`); addresses do not belong here."""
    with writing(ws) as connection:
        record(connection, who, what, about, now)


def record(connection: Connection, who: str, what: str, about: Mapping[str, object] | str, now: datetime) -> None:
    """As `audit`, inside a transaction: the deed and its record are committed together."""
    row = {"at": now, "who": who, "what": what, "about": about if isinstance(about, str) else dict(about)}
    connection.execute(insert(tables.audit).values(**row))


def audit_trail(ws: Workspace) -> pd.DataFrame:
    """The trail in order: id, at, who, what, about."""
    columns = [tables.audit.c[name] for name in ("id", "at", "who", "what", "about")]
    with reading(ws) as connection:
        rows = connection.execute(select(*columns).order_by(tables.audit.c.id)).all()
    return pd.DataFrame(rows, columns=[column.name for column in columns])
