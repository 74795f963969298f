"""What an improvement comes to, campaign by campaign: several moves of one are told as one."""

import pandas as pd

MOVED_COLUMNS = ("campaign", "department", "from_at", "to_at", "reason")


def in_time(moves: pd.DataFrame, campaigns: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Return each of `campaigns` (campaign, department, send_at) with where it is moved from and to in the end:
    MOVED_COLUMNS, times by the clocks of `timezone` and without it, `reason` None where it stays. `moves` as in
    `Improvement`."""
    last = moves.drop_duplicates("campaign", keep="last").set_index("campaign")
    names = campaigns["campaign"]
    times = {"from_at": campaigns["send_at"], "to_at": names.map(last["to_at"]).fillna(campaigns["send_at"])}
    local = {name: at.dt.tz_convert(timezone).dt.tz_localize(None) for name, at in times.items()}
    reasons = [last["reason"].get(name) for name in names]
    return campaigns[["campaign", "department"]].assign(**local, reason=reasons)[list(MOVED_COLUMNS)]


def by_campaign(moves: pd.DataFrame, outcome: str) -> dict[str, float]:
    """Return what the moves of each campaign change of an outcome, in the order in which campaigns are moved."""
    return moves.groupby("campaign", sort=False)[f"gain_{outcome}"].sum().to_dict()
