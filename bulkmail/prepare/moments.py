"""When each letter of a campaign leaves: at one moment, at hours drawn by lot, and later for who had many lately."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from bulkmail import forecast
from bulkmail.model import Campaign
from bulkmail.tips import cadence


def moments_of(campaign: Campaign, table: pd.DataFrame, contacts: pd.DataFrame, rules: cadence.Rules) -> pd.Series:
    """When the letter of each row (source_row, person, address) leaves, in UTC; NaT for as soon as approved.

    The lot follows from the campaign and the person alone. `contacts` are letters that went out: person, mailed_at.
    """
    at = campaign.send_at
    if at is None or not (campaign.also_hours or campaign.wait):
        return pd.Series(pd.Timestamp(at), table.index, dtype="datetime64[us, UTC]")
    local = at.astimezone(ZoneInfo(rules.timezone))
    hours, days = np.full(len(table), local.hour), np.zeros(len(table), dtype=int)
    if campaign.also_hours:
        hours = forecast.hours_by_lot(table["person"], campaign.id, sorted({local.hour, *campaign.also_hours}))
    if campaign.wait:
        had = cadence.lately(table.reset_index(drop=True), contacts, send_at=at)["letters_7_days"]
        days = np.where(had >= campaign.wait.letters, campaign.wait.days, 0)
    moments, code = np.unique(days * 24 + hours, return_inverse=True)
    found = [_moment(local, *divmod(int(moment), 24)) for moment in moments]
    return pd.Series(pd.to_datetime(found, utc=True).as_unit("us")[code], table.index)


def _moment(local: datetime, days: int, hour: int) -> datetime:
    """So many days after a local moment, at another hour and the same minute of it."""
    return datetime.combine(local.date() + timedelta(days=days), time(hour, local.minute), local.tzinfo)
