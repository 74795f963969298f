"""What an improvement comes to, campaign by campaign: several moves of one are told as one."""

import pandas as pd

MOVED_COLUMNS = ("campaign", "department", "from_at", "to_at", "reason")


def in_time(moves: pd.DataFrame, campaigns: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Return each of `campaigns` (campaign, department, send_at) with where it is moved from and to in the end:
    MOVED_COLUMNS, times by the clocks of `timezone` and without it, `reason` None where it stays. A row more tells of
    the readers of a campaign who wait. `moves` as in `Improvement`."""
    waiting, whole = moves[moves["kind"] == "part"], moves[moves["kind"] != "part"]
    last = whole.drop_duplicates("campaign", keep="last").set_index("campaign")
    names = campaigns["campaign"]
    times = {"from_at": campaigns["send_at"], "to_at": names.map(last["to_at"]).fillna(campaigns["send_at"])}
    reasons = [last["reason"].get(name) for name in names]
    stand = campaigns[["campaign", "department"]].assign(**times, reason=reasons)
    table = pd.concat([stand, waiting[list(MOVED_COLUMNS)]], ignore_index=True) if len(waiting) else stand
    local = {name: table[name].dt.tz_convert(timezone).dt.tz_localize(None) for name in times}
    return table.assign(**local)[list(MOVED_COLUMNS)]


def by_campaign(moves: pd.DataFrame, outcome: str) -> dict[str, float]:
    """Return what the moves of each campaign change of an outcome, in the order in which campaigns are moved."""
    return moves.groupby("campaign", sort=False)[f"gain_{outcome}"].sum().to_dict()
