"""What named persons say to the warnings of a plan; append-only, the newest word on a code counts."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select

from bulkmail.adapters.database import record
from bulkmail.adapters.tables import acknowledgement
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.model import Acknowledgement


def acknowledge(
    ws: Workspace, plan_hash: str, campaign_id: str, reasons: Mapping[str, str], *, by: str, now: datetime
) -> None:
    """Keep code → reason for this plan, all or nothing, with a line of the audit trail."""
    about = {"plan_hash": plan_hash, "campaign_id": campaign_id, "said_by": by, "at": now}
    rows = [{**about, "code": code, "reason": reason} for code, reason in reasons.items()]
    if not rows:
        return
    with writing(ws) as connection:
        connection.execute(insert(acknowledgement), rows)
        record(connection, by, "preflight.acknowledged", {"plan": plan_hash, "codes": sorted(reasons)}, now)


def acknowledged(ws: Workspace, plan_hash: str) -> dict[str, Acknowledgement]:
    """Code → the newest word on it for this very plan."""
    return _newest(ws, acknowledgement.c.plan_hash == plan_hash)


def said_before(ws: Workspace, campaign_id: str) -> dict[str, Acknowledgement]:
    """Code → the newest word on it for any plan of the campaign: what somebody may want to say again."""
    return _newest(ws, acknowledgement.c.campaign_id == campaign_id)


def _newest(ws: Workspace, which: object) -> dict[str, Acknowledgement]:
    with reading(ws) as connection:
        rows = connection.execute(select(acknowledgement).where(which).order_by(acknowledgement.c.id)).all()
    return {
        row.code: Acknowledgement(plan=row.plan_hash, code=row.code, by=row.said_by, reason=row.reason, at=row.at)
        for row in rows
    }
