"""Values for tests, each with one good default of everything."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd

from bulkmail.adapters.workspace import Workspace
from bulkmail.model import Batch, Campaign, Plan, Sender

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def a_table(block: str) -> pd.DataFrame:
    """A list as intake reads it, from lines of cells set apart by `|`; the first line names the columns.

    Rows count from 2 (a header stands above them) unless there is a column `source_row`."""
    lines = [[cell.strip() for cell in line.split("|")] for line in block.strip().splitlines()]
    table = pd.DataFrame(lines[1:], columns=lines[0], dtype="str")
    if "source_row" not in table:
        table.insert(0, "source_row", range(2, len(table) + 2))
    return table.astype({"source_row": "int64"})


def a_campaign(**changes: object) -> Campaign:
    """A letter to subscribers, in Markdown."""
    sender = Sender(
        name="Open University Library",
        address="library@example.org",
        reply_to="desk@example.org",
        organisation="Open University",
        postal_address="1 Harbour Road\nMacau",
    )
    campaign = {
        "id": "spring",
        "name": "Spring letter",
        "purpose": "newsletter",
        "kind": "subscribed",
        "sender": sender,
        "language": "en",
        "subject": "New opening hours",
        "preheader": "From Monday on",
        "body": "Dear {{ name }}, we open at 9.",
        "body_format": "md",
    }
    return Campaign(**campaign | changes)


def a_snapshot(people: int, first: int = 0) -> pd.DataFrame:
    """A plan's snapshot of so many people, whose keyed hashes count from `first`."""
    numbers = range(first, first + people)
    columns = {
        "position": range(people),
        "source_row": range(2, people + 2),
        "person": [f"{number:032x}" for number in numbers],
        "address": [f"person{number}@example.com" for number in numbers],
    }
    return pd.DataFrame(columns).assign(name="", language="en", variant="en")


def a_plan(people: int, batch: int = 1_000, **changes: object) -> Plan:
    """A plan for `a_snapshot(people)` in batches of so many; of a rehearsal, as workspaces in tests have no key."""
    starts = range(0, people, batch)
    batches = tuple(Batch(start=s, stop=min(s + batch, people), variant="en", not_before=None) for s in starts)
    plan = {"hash": "a" * 64, "campaign_id": "spring", "recipients": people, "excluded": {}, "batches": batches}
    return Plan(**plan | {"parts": {"letter": "b" * 64}, "rehearsal": True} | changes)


def live(ws: Workspace) -> Workspace:
    """The same workspace as somebody finds it who has set a key: the provider is not of this machine for all that the
    house can tell, and yet nothing leaves it."""
    elsewhere = {"sendgrid_host": "https://127.0.0.2:9", "dns": ("127.0.0.2", 9)}
    return replace(ws, settings=replace(ws.settings, rehearsal=False, sendgrid_key="SG.any", **elsewhere))
