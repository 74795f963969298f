"""Plans as stored: with their snapshot, their exclusions, their findings and the campaign they were made of."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
import pandas as pd
from sqlalchemy import ColumnElement, Connection, Row, exists, select, update

from bulkmail.adapters import files, tables
from bulkmail.adapters.database import campaign_of_document
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.errors import StateError
from bulkmail.model import Batch, Campaign, Plan


@dataclass(frozen=True, kw_only=True)
class StoredPlan:
    """A plan as kept: `findings` as given to `store_plan`, `made_at` when stored, `voided_at` None while valid."""

    plan: Plan
    findings: object
    made_at: datetime
    voided_at: datetime | None
    void_reason: str


def store_plan(
    ws: Workspace,
    plan: Plan,
    snapshot: pd.DataFrame,
    excluded: pd.DataFrame,
    findings: object,
    now: datetime,
    *,
    campaign: Mapping[str, object] | None = None,
) -> None:
    """Keep the plan with its snapshot, exclusions and findings (JSON, as text or as a value); again is harmless.

    The campaign rests beside it as it was saved last, so that later edits of the draft do not reach this plan; one that
    is saved nowhere (a test letter's) is given as a document.
    StateError when the snapshot is not what the plan says: one row per position, each person once, batches end to end.
    """
    _check_snapshot(plan, snapshot)
    row = {
        "hash": plan.hash,
        "campaign_id": plan.campaign_id,
        "rehearsal": plan.rehearsal,
        "recipients": plan.recipients,
        "excluded": dict(plan.excluded),
        "batches": [_batch_out(batch) for batch in plan.batches],
        "parts": dict(plan.parts),
        "findings": orjson.loads(findings) if isinstance(findings, str | bytes) else findings,
        "snapshot_hash": files.save_table(ws.home, snapshot),
        "excluded_hash": files.save_table(ws.home, excluded),
        "made_at": now,
    }
    with writing(ws) as connection:
        draft = select(tables.campaign.c.document).where(tables.campaign.c.id == plan.campaign_id)
        row["campaign"] = dict(campaign) if campaign else connection.execute(draft).scalar_one_or_none() or {}
        if not insert_new(connection, tables.plan, [row]):
            # the same plan, made anew in the knowledge of today: it holds as of now
            unapproved = ~exists().where(tables.run.c.plan_hash == plan.hash)
            fresh = {"made_at": now, "findings": row["findings"]}
            connection.execute(update(tables.plan).where(tables.plan.c.hash == plan.hash, unapproved).values(fresh))


def _check_snapshot(plan: Plan, snapshot: pd.DataFrame) -> None:
    edges = [0, *(batch.stop for batch in plan.batches)]
    end_to_end = [batch.start for batch in plan.batches] == edges[:-1] and edges[-1] == plan.recipients
    in_order = bool((snapshot["position"].to_numpy() == range(len(snapshot))).all()) if len(snapshot) else True
    if len(snapshot) != plan.recipients or not end_to_end or not in_order:
        raise StateError("The plan and its snapshot do not agree. Make the plan again.")
    if not snapshot["person"].is_unique:
        raise StateError("A person stands twice in the plan. Make the plan again.")


def _batch_out(batch: Batch) -> dict[str, object]:
    return {**asdict(batch), "not_before": batch.not_before and batch.not_before.isoformat()}


def batch_in(row: Mapping[str, object]) -> Batch:
    """A batch as a plan's row holds it."""
    return Batch(**{**row, "not_before": row["not_before"] and datetime.fromisoformat(row["not_before"])})


def load_plan(ws: Workspace, plan_hash: str) -> StoredPlan:
    """The plan with this hash. StateError when there is none."""
    with reading(ws) as connection:
        return _stored(plan_row(connection, plan_hash))


def plan_campaign(ws: Workspace, plan_hash: str) -> Campaign | None:
    """The campaign as it stood when the plan was stored; None for an unknown plan. The beginning of a hash will do."""
    theirs = select(tables.plan.c.campaign).where(tables.plan.c.hash.startswith(plan_hash, autoescape=True)).limit(1)
    with reading(ws) as connection:
        document = connection.execute(theirs).scalar_one_or_none()
    return campaign_of_document(document) if document else None


def addresses_of(ws: Workspace, plan_hash: str, persons: list[str]) -> list[str]:
    """The addresses that these persons have in a plan, by the beginning of its hash; none for an unknown plan."""
    begins = tables.plan.c.hash.startswith(plan_hash, autoescape=True)
    with reading(ws) as connection:
        kept = connection.execute(select(tables.plan.c.snapshot_hash).where(begins).limit(1)).scalar_one_or_none()
    if kept is None:
        return []
    rows = files.load_table(ws.home, kept, columns=["person", "address"])
    return rows.loc[rows["person"].isin(persons), "address"].tolist()


def purpose_and_mode(ws: Workspace, plan_hash: str) -> tuple[str, bool] | None:
    """The purpose of a plan's letters ("" where it is not kept) and whether the plan was made in rehearsal; None for an
    unknown plan. The beginning of a hash will do."""
    known = select(tables.plan.c.campaign, tables.plan.c.rehearsal)
    with reading(ws) as connection:
        row = connection.execute(
            known.where(tables.plan.c.hash.startswith(plan_hash, autoescape=True)).limit(1)
        ).first()
    return row and (str((row.campaign or {}).get("purpose", "")), bool(row.rehearsal))


def of_this_mode(ws: Workspace) -> ColumnElement[bool]:
    """The condition that a plan is a rehearsal's, if this workspace rehearses, or else one for people."""
    return tables.plan.c.rehearsal == ws.settings.rehearsal


def plans(ws: Workspace, campaign_id: str | None = None, *, both_modes: bool = False) -> list[StoredPlan]:
    """All plans of this mode (or of both), or those of a campaign, newest first."""
    statement = select(tables.plan).order_by(tables.plan.c.made_at.desc(), tables.plan.c.hash)
    if campaign_id is not None:
        statement = statement.where(tables.plan.c.campaign_id == campaign_id)
    if not both_modes:
        statement = statement.where(of_this_mode(ws))
    with reading(ws) as connection:
        return [_stored(row) for row in connection.execute(statement)]


def plan_row(connection: Connection, plan_hash: str) -> Row:
    """The row of a plan, inside a transaction. StateError when there is none."""
    row = connection.execute(select(tables.plan).where(tables.plan.c.hash == plan_hash)).one_or_none()
    if row is None:
        raise StateError("There is no plan {plan}.", plan=plan_hash[:12])
    return row


def _stored(row: Row) -> StoredPlan:
    plan = Plan(
        hash=row.hash,
        campaign_id=row.campaign_id,
        rehearsal=row.rehearsal,
        recipients=row.recipients,
        excluded=row.excluded,
        batches=tuple(batch_in(batch) for batch in row.batches),
        parts=row.parts,
    )
    return StoredPlan(
        plan=plan, findings=row.findings, made_at=row.made_at, voided_at=row.voided_at, void_reason=row.void_reason
    )


def load_snapshot(ws: Workspace, plan_hash: str, start: int = 0, stop: int | None = None) -> pd.DataFrame:
    """Rows `start` to `stop` (exclusive) of the plan's snapshot, in order of position."""
    with reading(ws) as connection:
        content_hash = plan_row(connection, plan_hash).snapshot_hash
    return files.load_table(ws.home, content_hash, start=start, stop=stop)


def load_excluded(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """Who the plan leaves out, with reasons, as given to `store_plan`."""
    with reading(ws) as connection:
        content_hash = plan_row(connection, plan_hash).excluded_hash
    return files.load_table(ws.home, content_hash)
