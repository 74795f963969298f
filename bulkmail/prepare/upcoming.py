"""Prepares the calendar: the letters that campaigns with a time will be, approved or still a draft."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from bulkmail import engagement, limits
from bulkmail.adapters import database, journal, lists, suppressions
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import Campaign, Wait
from bulkmail.prepare.lists import judge_addresses
from bulkmail.prepare.mends import mended_list
from bulkmail.tips import unsubscribe

CAMPAIGN_COLUMNS = ("id", "campaign", "department", "send_at", "letters", "approved", "wait")
_LETTER_KINDS = {"campaign": "str", "department": "str", "person": "str"}
NOTHING = pd.DataFrame(columns=["campaign", "department", "person", "sent_at", "at_gmail"]).astype(
    {**_LETTER_KINDS, "sent_at": "datetime64[us, UTC]", "at_gmail": "int64"}
)


@dataclass(frozen=True, kw_only=True)
class Upcoming:
    """What will be sent. `campaigns` has CAMPAIGN_COLUMNS, by time; `letters` a row per letter: campaign, department,
    person, sent_at, at_gmail; who waits (`wait`, as `wait_code` has it) stands at the campaign's time. Drafts count
    everybody on the list who may be mailed for their purpose as far as addresses and suppressions say; consent and caps
    are asked when they are prepared."""

    campaigns: pd.DataFrame
    letters: pd.DataFrame


def upcoming(ws: Workspace, now: datetime) -> Upcoming:
    """The campaigns whose time is still to come; a department is the organisation that signs the letter."""
    approved = {run.campaign_id: run.plan_hash for run in journal.runs(ws, "queued", "running", "paused")}
    ahead = [campaign for campaign in database.campaigns(ws) if campaign.send_at and campaign.send_at > now]
    if not ahead:
        return Upcoming(campaigns=pd.DataFrame(columns=list(CAMPAIGN_COLUMNS)), letters=NOTHING)
    people = [
        _approved(ws, approved[campaign.id]) if campaign.id in approved else _drafted(ws, campaign, now)
        for campaign in ahead
    ]
    rows = [
        (
            each.id,
            each.name,
            each.sender.organisation,
            each.send_at,
            len(some),
            each.id in approved,
            wait_code(each.wait),
        )
        for each, some in zip(ahead, people, strict=True)
    ]
    campaigns = pd.DataFrame(rows, columns=list(CAMPAIGN_COLUMNS)).sort_values(["send_at", "id"], ignore_index=True)
    letters = pd.concat(map(_letters, ahead, people), ignore_index=True)
    return Upcoming(campaigns=campaigns, letters=letters)


def _approved(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    return journal.load_snapshot(ws, plan_hash)[["person", "address"]]


def _drafted(ws: Workspace, campaign: Campaign, now: datetime) -> pd.DataFrame:
    version = lists.newest(ws, campaign.list_name)
    if version is None:
        return pd.DataFrame({"person": [], "address": []}, dtype="str")
    table = judge_addresses(ws, mended_list(ws, version.id), now=now)
    table = unsubscribe.annotate(table, suppressions.suppressions(ws), purpose=campaign.purpose)
    reasons = [name for name in ("addressing_reason", "suppression_reason", "left_out_reason") if name in table]
    mailable = (table[reasons] == "").all(axis=1)
    return table.loc[mailable, ["person", "address"]].drop_duplicates("person")


def _letters(campaign: Campaign, people: pd.DataFrame) -> pd.DataFrame:
    people = people.reset_index(drop=True)
    return pd.DataFrame(
        {
            "campaign": campaign.name,
            "department": campaign.sender.organisation,
            "person": people["person"],
            "sent_at": pd.Series(pd.Timestamp(campaign.send_at), people.index).dt.tz_convert("UTC"),
            "at_gmail": engagement.is_gmail(people["address"]),
        }
    ).astype(_LETTER_KINDS)


# ---------------------------------------------------------------- what an edited calendar says


def joins_of(edited: pd.DataFrame) -> dict[str, str]:
    """Whose letter the people of each campaign get: its own name where it goes out, the other's where it is merged, ""
    where it is skipped.

    `edited` has a row per campaign: campaign, department, send_at, skip, merge_into ("" for none) and approved. What is
    approved goes out as it is and takes nobody in; nor does what is skipped. Who would be merged in a circle stays.
    """
    free = edited[~edited["approved"].astype(bool)]
    skipped = set(free.loc[free["skip"].astype(bool), "campaign"])
    there = set(free["campaign"]) - skipped
    wanted = dict(zip(free["campaign"], free["merge_into"].fillna(""), strict=True))
    wanted = {name: other for name, other in wanted.items() if name in there and other in there}
    return {name: "" if name in skipped else _end(name, wanted) for name in edited["campaign"]}


def _end(name: str, wanted: Mapping[str, str]) -> str:
    way = [name]
    while way[-1] in wanted:
        if wanted[way[-1]] in way:
            return name if wanted[way[-1]] == name else way[-1]
        way.append(wanted[way[-1]])
    return way[-1]


def as_edited(letters: pd.DataFrame, edited: pd.DataFrame, past: pd.DataFrame) -> pd.DataFrame:
    """The letters of `Upcoming` as they would be with other dates: later, not at all, or within another campaign
    (`joins_of`). Who would get a merged letter twice gets it once, and who waits gets it at the later slot; `past` are
    the letters before (person, sent_at)."""
    joins, row = joins_of(edited), edited.set_index("campaign")
    kept = letters.assign(campaign=letters["campaign"].map(joins))
    kept = kept[kept["campaign"] != ""].drop_duplicates(["campaign", "person"])
    kept = kept.assign(
        sent_at=kept["campaign"].map(row["send_at"]), department=kept["campaign"].map(row["department"]).astype("str")
    ).reset_index(drop=True)
    for each in edited.sort_values("send_at").itertuples():
        if wait := wait_of(each.wait):
            kept = kept.assign(sent_at=_put_off(kept, past, each.campaign, wait))
    return kept


def as_kept(ahead: Upcoming, past: pd.DataFrame) -> pd.DataFrame:
    """The letters of the campaigns as they are kept, at their times: who waits gets it at the later slot."""
    if not ahead.campaigns["wait"].any():
        return ahead.letters
    return as_edited(ahead.letters, ahead.campaigns.assign(skip=False, merge_into=""), past)


def by_moment(letters: pd.DataFrame, late: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The letters with those who wait as the readers of a campaign of their own, whose name ends with `late`; and a
    row for each of these campaigns: campaign, department, send_at."""
    waits = letters["sent_at"] > letters.groupby("campaign")["sent_at"].transform("min")
    parted = letters.assign(campaign=letters["campaign"].mask(waits, letters["campaign"] + late))
    campaigns = parted.drop_duplicates("campaign")[["campaign", "department", "sent_at"]]
    return parted, campaigns.rename(columns={"sent_at": "send_at"}).reset_index(drop=True)


def _put_off(letters: pd.DataFrame, past: pd.DataFrame, campaign: str, wait: Wait) -> pd.Series:
    """When each letter leaves if those of a campaign wait who had so many letters before."""
    mine, at = letters["campaign"] == campaign, letters.loc[letters["campaign"] == campaign, "sent_at"].min()
    both = pd.concat([past[["person", "sent_at"]], letters[["person", "sent_at"]]])
    since = at - pd.Timedelta(days=7) + pd.Timedelta(hours=limits.WINDOW_SLACK_HOURS.value)
    had = both.loc[(both["sent_at"] < at) & (both["sent_at"] > since), "person"].value_counts()
    pressed = mine & (letters["person"].map(had).fillna(0) >= wait.letters)
    return letters["sent_at"].mask(pressed, at + pd.Timedelta(days=wait.days))


class Timing(NamedTuple):
    """When a draft leaves, None where it has no time of its own, and who of its readers waits."""

    send_at: datetime | None
    wait: Wait | None = None


def wait_code(wait: Wait | None) -> str:
    """A wait as a cell of a table has it: letters/days, "" where nobody waits."""
    return f"{wait.letters}/{wait.days}" if wait else ""


def wait_of(code: str | None) -> Wait | None:
    """The wait that a cell tells of."""
    letters, _, days = (code or "").partition("/")
    return Wait(letters=int(letters), days=int(days)) if days else None


def changed(campaigns: pd.DataFrame, edited: pd.DataFrame) -> dict[str, Timing]:
    """What keeping an edited calendar would change: id → its new timing; what is skipped or merged has none.

    `campaigns` is that of `Upcoming`, `edited` the same rows edited; what is approved never changes here.
    """
    joins = joins_of(edited)
    before = {row.id: Timing(row.send_at, wait_of(row.wait)) for row in campaigns.itertuples()}
    new = {
        row.id: Timing(row.send_at.to_pydatetime(), wait_of(row.wait)) if joins[row.campaign] == row.campaign
        else Timing(None)
        for row in edited[~edited["approved"].astype(bool)].itertuples()
    }  # fmt: skip
    return {identity: timing for identity, timing in new.items() if timing != before[identity]}
