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
    known = list_history.known_of(table, past_of(ws, past_letters(ws), now, table["person"]), now)
    return [check(known) for check in list_history.CHECKS]


def past_of(ws: Workspace, letters: pd.DataFrame, now: datetime, persons: pd.Series | None = None) -> pd.DataFrame:
    """What came of letters of elsewhere and of ours (`list_history.PAST_COLUMNS`), to some persons or to all."""
    since = now - timedelta(days=31 * limits.ADDRESS_CONFIRMED_MONTHS.value)
    return list_history.past_of(letters, history.last_contacts(ws, persons, since))


def past_letters(ws: Workspace) -> pd.DataFrame:
    """Letters of elsewhere and what came of them; no rows where none were brought in."""
    letters = past.imported_letters(ws, _HEARD)
    return pd.DataFrame(columns=list(_HEARD)) if letters is None else letters
