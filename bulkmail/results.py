"""Reads what became of what was sent: our own campaigns and past ones brought in, as one row per letter."""

import pandas as pd

from bulkmail import engagement
from bulkmail.adapters import database, journal, past
from bulkmail.adapters.workspace import Workspace


def letters_of_plan(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """One row per letter of a plan that was accepted, in the columns of `engagement.LETTER_COLUMNS`."""
    stored, run = journal.load_plan(ws, plan_hash), journal.run(ws, plan_hash)
    letters = journal.letters(ws, plan_hash)
    accepted = letters[letters["state"] == "accepted"]
    campaign = database.campaign(ws, stored.plan.campaign_id)
    name = campaign.name if campaign else stored.plan.campaign_id
    sent = pd.DataFrame(
        {
            "campaign": name,
            "department": campaign.sender.organisation if campaign else "",
            "person": accepted["person"],
            "sent_at": run.approved_at if run else stored.made_at,
        }
    )
    events = journal.events(ws, plan_hash).merge(letters[["position", "person"]], on="position")
    return engagement.letters_from_events(sent, events.assign(campaign=name))


def past_letters(ws: Workspace) -> pd.DataFrame | None:
    """Every letter known of: imported ones and our own; None where nothing was ever sent or imported."""
    own = [letters_of_plan(ws, run.plan_hash) for run in journal.runs(ws)]
    parts = [part for part in (past.imported_letters(ws), *own) if part is not None and len(part)]
    return pd.concat(parts, ignore_index=True) if parts else None
