"""Receipts: for a recipient and a send, which consent allowed it and which wording they had agreed to."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from bulkmail.adapters import journal, ledger, notices, persons
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import Notice
from bulkmail.tips import consent

RECEIPT_COLUMNS = (
    "source_row", "person", "state", "basis", "at", "evidence", "source", "method", "wording", "notice",
    "notice_version", "notice_language", "recorded_at", "recorded_by", "event", "event_hash",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Why one person was mailed: the `event` of the ledger that counted when the plan was approved (None for a letter
    that asks for no consent), the `notice` it names, who approved, and when the letter was handed over."""

    campaign: str
    purpose: str
    plan_hash: str
    approved_by: str
    approved_at: datetime
    sent_at: datetime | None
    event: dict[str, object] | None
    notice: Notice | None


def receipt_of(ws: Workspace, letter: persons.Letter) -> Receipt | None:
    """The receipt of a letter; None where it was left out or its plan was never approved."""
    run, campaign = journal.run(ws, letter.plan_hash), journal.plan_campaign(ws, letter.plan_hash)
    if letter.position < 0 or run is None or campaign is None:
        return None
    with_id = ledger.consent_records(ws, [_person(ws, letter)])
    counted = _that_counted(with_id, campaign.purpose, run.approved_at).to_dict("records")
    event = counted[0] if counted else None
    return Receipt(
        campaign=campaign.name,
        purpose=campaign.purpose,
        plan_hash=letter.plan_hash,
        approved_by=run.approved_by,
        approved_at=run.approved_at,
        sent_at=letter.at,
        event=event,
        notice=_notice(ws, event) if event else None,
    )


def _person(ws: Workspace, letter: persons.Letter) -> str:
    return str(journal.load_snapshot(ws, letter.plan_hash, letter.position, letter.position + 1)["person"].iloc[0])


def _that_counted(events: pd.DataFrame, purpose: str, approved_at: datetime) -> pd.DataFrame:
    """The event for each person that counted for the purpose at the approval, as far as the ledger knew it then."""
    known = events[events["recorded_at"] <= approved_at]
    deciding = consent.deciding(consent.spelled_as(known, purpose), now=approved_at)
    return deciding[deciding["purpose"].eq(purpose)]


def _notice(ws: Workspace, event: dict[str, object]) -> Notice | None:
    kept = notices.notices(ws)
    found = event["notice"] or consent.index_of(kept).get(consent.clean(str(event["wording"])), "")
    return next((notice for notice in kept if notice.hash == found), None)


def receipts_of_plan(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """A receipt for each letter of an approved plan that was accepted: RECEIPT_COLUMNS, in the order of the list."""
    run, campaign = journal.run(ws, plan_hash), journal.plan_campaign(ws, plan_hash)
    letters = journal.letters(ws, plan_hash)
    sent = letters[letters["state"].eq("accepted")][["source_row", "person"]]
    if run is None or campaign is None:
        return pd.DataFrame(columns=list(RECEIPT_COLUMNS))
    events = ledger.consent_records(ws, sent["person"])
    counted = _that_counted(events, campaign.purpose, run.approved_at)
    kept = pd.DataFrame(
        [(notice.hash, notice.version, notice.language) for notice in notices.notices(ws)],
        columns=["notice", "notice_version", "notice_language"], dtype="str",
    )  # fmt: skip
    told = counted.rename(columns={"id": "event", "hash": "event_hash"}).merge(kept, on="notice", how="left")
    receipts = sent.merge(told, on="person", how="left").sort_values("source_row", kind="stable")
    return receipts[list(RECEIPT_COLUMNS)].reset_index(drop=True)
