"""Reads what became of what was sent: our own campaigns and past ones brought in, as one row per letter."""

import io
from datetime import datetime

import pandas as pd

from bulkmail import engagement
from bulkmail.adapters import database, journal, past
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import InputError
from bulkmail.tips import addressing


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


def state_of(ws: Workspace) -> str:
    """A text that changes whenever `past_letters` may: with each import, each letter settled and each event stored."""
    return f"{database.last_change(ws)} {journal.stored_events(ws)}"


# ---------------------------------------------------------------- past engagement from elsewhere


def bring_in(ws: Workspace, name: str, data: bytes, now: datetime) -> engagement.EventReading:
    """What a table of sends from elsewhere brought; its new letters are kept under `name`, without any address.

    `data` is CSV in UTF-8 or Parquet, with the columns of `engagement.read_event_table`. Raises InputError for others.
    """

    def persons(addresses: pd.Series) -> pd.Series:
        known = addressing.annotate(_as_list(addresses), person_key=ws.person_key)["person"]
        return known.set_axis(addresses.index)

    table, known = _table(name, data), past.imported_letters(ws)
    report = engagement.read_event_table(table, persons=persons, now=now, known=known)
    past.save_import(ws, name, report.letters, now)
    return report


def _as_list(addresses: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"source_row": range(1, len(addresses) + 1), "original_address": addresses.to_numpy()}).astype(
        {"original_address": "str"}
    )


def _table(name: str, data: bytes) -> pd.DataFrame:
    try:
        if data[:4] == b"PAR1":
            return pd.read_parquet(io.BytesIO(data))
        return pd.read_csv(io.BytesIO(data), dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        raise InputError("{file} is neither a CSV in UTF-8 nor Parquet.", file=name) from error
