"""The calendar: how often people are mailed week by week, and which campaigns meet at the same people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

NEAR = timedelta(days=7)


def pressure_by_week(letters: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Return how often the readers of each department were mailed: week (its Monday, a date), department, letters,
    mean_letters_7_days.

    `letters` has department, sent_at and n7, past and planned ones together: n7 counts letters of all departments in
    the 7 days before (`engagement.pressure`), so that 0 says that this letter was the only one.
    """
    local = letters["sent_at"].dt.tz_convert(timezone)
    monday = (local.dt.tz_localize(None).dt.normalize() - pd.to_timedelta(local.dt.day_of_week, unit="D")).dt.date
    weeks = letters.assign(week=monday).groupby(["week", "department"], as_index=False)
    return weeks.agg(letters=("n7", "size"), mean_letters_7_days=("n7", "mean"))


@dataclass(frozen=True, kw_only=True)
class Audiences:
    """Who gets which planned campaign: `member` (people × campaigns, ones where somebody gets it), by `names`."""

    names: tuple[str, ...]
    member: csr_array


def audiences(letters: pd.DataFrame) -> Audiences:
    """Return who gets what, from a row per letter (campaign, person); who is twice on a list is one."""
    campaign, names = pd.factorize(letters["campaign"], sort=True)
    person, persons = pd.factorize(letters["person"])
    ones = np.ones(len(letters), dtype=np.int32)
    member = csr_array((ones, (person, campaign)), shape=(len(persons), len(names)))
    member.data[:] = 1
    return Audiences(names=tuple(map(str, names)), member=member)


def collisions(
    planned: pd.DataFrame, who: Audiences, joins: Mapping[str, str] | None = None, near: timedelta = NEAR
) -> pd.DataFrame:
    """Return the pairs of campaigns that reach the same people within a week, most people first: campaign, department,
    send_at (the earlier one), other_campaign, other_department, other_send_at, hours_apart, people, share (of the
    smaller audience).

    `planned` has a row per campaign: campaign, department, send_at. `joins` says whose letter a campaign's people get:
    its own name's, another's, or "" for nobody's.
    """
    member = _joined(who, joins or {})
    shared = (member.T @ member).toarray()
    rows = planned[planned["campaign"].isin(who.names)].sort_values(["send_at", "campaign"], kind="stable")
    place = pd.Index(who.names).get_indexer(rows["campaign"])
    together = np.triu(shared[np.ix_(place, place)], 1)
    first, second = np.nonzero(together)
    left, right = (
        rows[["campaign", "department", "send_at"]].iloc[which].reset_index(drop=True) for which in (first, second)
    )
    sizes = shared.diagonal()[place]
    pairs = left.join(right.add_prefix("other_")).assign(
        hours_apart=(right["send_at"] - left["send_at"]).dt.total_seconds() / 3600,
        people=together[first, second],
        share=together[first, second] / np.maximum(np.minimum(sizes[first], sizes[second]), 1),
    )
    told = pairs[pairs["hours_apart"] <= near.total_seconds() / 3600]
    return told.sort_values(["people", "send_at"], ascending=[False, True], kind="stable", ignore_index=True)


def _joined(who: Audiences, joins: Mapping[str, str]) -> csr_array:
    """Who gets what once some campaigns are gone or within others."""
    place = {name: number for number, name in enumerate(who.names)}
    kept = [(number, place[joins.get(name, name)]) for name, number in place.items() if joins.get(name, name) in place]
    became = csr_array(
        (np.ones(len(kept), dtype=np.int32), tuple(np.array(kept, dtype=int).reshape(-1, 2).T)), shape=(len(place),) * 2
    )
    member = who.member @ became
    member.data[:] = 1
    return member
