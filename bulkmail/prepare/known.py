"""Prepares what the past knows of the people on a list."""

from datetime import datetime, timedelta

import pandas as pd

from bulkmail import limits, list_history
from bulkmail.adapters import history, past
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import Finding

_HEARD = ("campaign", "person", "sent_at", "bounced", "complained", "unsubscribed")


def past_checks(ws: Workspace, table: pd.DataFrame, now: datetime) -> list[Finding]:
    """What the past says of an annotated list (`list_history.CHECKS`)."""
    since = now - timedelta(days=31 * limits.ADDRESS_CONFIRMED_MONTHS.value)
    contacts = history.last_contacts(ws, table["person"], since)
    told = list_history.past_of(past_letters(ws), contacts)
    facts = list_history.ListFacts(table=table, past=told, now=now)
    return [check(facts) for check in list_history.CHECKS]


def past_letters(ws: Workspace) -> pd.DataFrame:
    """Letters of elsewhere and what came of them; no rows where none were brought in."""
    letters = past.imported_letters(ws, _HEARD)
    return pd.DataFrame(columns=list(_HEARD)) if letters is None else letters
