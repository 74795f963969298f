"""What the checks of tip 6 judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from bulkmail.tips.cadence.days import HOUSE_RULES, MACAU, Rules

_OTHER_REASONS = ("addressing_reason", "suppression_reason", "left_out_reason", "consent_reason")


@dataclass(frozen=True, kw_only=True)
class CadenceFacts:
    """What the checks judge. `table` is annotated (all rows of the list, `domain` and `cadence_reason` among its
    columns); `contacts` are the letters that went out, empty where nothing is recorded; `daily_volume` is letters by
    local day of this From domain, empty for not known; `letters` are past ones (`engagement`), None for not known;
    `promises` how often each person was told or asked to be written to; `gmail_refusals` when Gmail lately answered
    421 4.7.28, None for not known; `delivered` and `complaints` are of the last 30 days, None for
    not known. `send_at` None means now; `moments` are all at which letters leave, where there are several."""

    table: pd.DataFrame
    contacts: pd.DataFrame
    kind: str
    send_at: datetime | None
    now: datetime
    daily_volume: Mapping[date, int] = field(default_factory=dict)
    delivered: int | None = None
    complaints: int | None = None
    timezone: str = MACAU
    rules: Rules = HOUSE_RULES
    promises: pd.Series | None = None
    letters: pd.DataFrame | None = None
    gmail_refusals: Sequence[datetime] | None = None
    moments: Sequence[datetime] = ()

    @property
    def moment(self) -> datetime:
        """When the letters are to leave."""
        return self.send_at or self.now


def mailable(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that no other tip excludes: the caps are counted among these."""
    free = np.ones(len(table), dtype=bool)
    for column in _OTHER_REASONS:
        if column in table:
            free &= (table[column] == "").to_numpy(dtype=bool)
    return table[free]


def planned(table: pd.DataFrame) -> pd.DataFrame:
    """One row per person that would be mailed."""
    rows = mailable(table)
    return rows[rows["cadence_reason"] == ""].drop_duplicates("person")


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of this name, or None where there is none such."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
