"""What the journal says about people: the journal's rows laid over the snapshots, position by position."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Row, select

from bulkmail.adapters import files, tables
from bulkmail.adapters.attempts import WHOLE_REQUEST
from bulkmail.adapters.plans import of_this_mode, plan_row
from bulkmail.adapters.workspace import Workspace, reading
from bulkmail.model import CONFIRMATION_ID, TRIAL, AttemptState

STATES = (*(state.value for state in AttemptState), "skipped")
ACCEPTED, DOUBTFUL = ("accepted",), ("in_doubt", "submitting")
PLANS_ASKED = 30  # of the year, for when somebody was last written to: weekly letters and a few more
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
LOOK_BACK = timedelta(days=31)  # further back than any window of a cap
CONTACT_KINDS = {"person": "str", "mailed_at": "datetime64[us, UTC]", "campaign": "str", "state": "str"}
HANDLED_KINDS = {"person": "str", "reason": "str"}


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """By position: the number of the state in STATES and of the live attempt in `attempts` (-1: none); exceptions."""

    state: np.ndarray
    attempt: np.ndarray
    exceptions: Sequence[Row]
    attempts: Sequence[Row]

    def among(self, states: Sequence[str]) -> np.ndarray:
        """The positions that are in one of the states."""
        return np.flatnonzero(np.isin(self.state, [STATES.index(state) for state in states]))


def letters(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """The whole snapshot with what became of each row: `state`, `reason` (refused, skipped) and `attempt` (its id).

    This is the proof, person by person: the states are those of `totals` and count up to the same numbers.
    """
    with reading(ws) as connection:
        plan = plan_row(connection, plan_hash)
        standing = _standing(connection, plan)
    frame = files.load_table(ws.home, plan.snapshot_hash)
    reason = np.where(standing.state == STATES.index("refused"), WHOLE_REQUEST, "").astype(object)
    attempt = np.array([*(row.id for row in standing.attempts), ""], dtype=object)[standing.attempt]
    positions = [row.position for row in standing.exceptions]
    reason[positions] = [row.reason for row in standing.exceptions]
    attempt[positions] = [row.attempt_id for row in standing.exceptions]
    state = np.array(STATES, dtype=object)[standing.state]
    return frame.assign(
        **{
            name: pd.Series(values, dtype="str")
            for name, values in (("state", state), ("reason", reason), ("attempt", attempt))
        }
    )


def letter(ws: Workspace, plan_hash: str, position: int) -> dict[str, object]:
    """One row of `letters`."""
    with reading(ws) as connection:
        plan = plan_row(connection, plan_hash)
        standing = _standing(connection, plan)
    row = files.load_table(ws.home, plan.snapshot_hash, start=position, stop=position + 1).iloc[0].to_dict()
    state, number = STATES[standing.state[position]], int(standing.attempt[position])
    told = {"state": state, "reason": WHOLE_REQUEST if state == "refused" else "", "attempt": ""}
    if number >= 0:
        told["attempt"] = standing.attempts[number].id
    for exception in standing.exceptions:
        if exception.position == position:
            told |= {"reason": exception.reason, "attempt": exception.attempt_id}
    return row | told


def contacts_since(ws: Workspace, since: datetime) -> pd.DataFrame:
    """A row per letter sent, or perhaps sent, since then: person, mailed_at, campaign, state (accepted or in_doubt).

    Of plans of this mode: a letter rehearsed is no contact with anybody.
    """
    with reading(ws) as connection:
        parts = [_contacts(connection, ws, plan) for plan in _plans_started(connection, ws, since)]
    frame = _stacked(parts, CONTACT_KINDS)
    return frame[frame["mailed_at"] >= pd.Timestamp(since)].reset_index(drop=True)


def last_contacts(ws: Workspace, persons: pd.Series | None, since: datetime) -> pd.DataFrame:
    """When each of these persons (None: everybody) was last sent a letter since then, as far as that is known: person,
    mailed_at.

    Plans are asked from the newest back until everybody was found, PLANS_ASKED at most, one at a time in memory.
    """
    parts = []
    with reading(ws) as connection:
        newest_first = sorted(_plans_started(connection, ws, since), key=lambda plan: plan.made_at, reverse=True)
        missing = pd.Index([] if persons is None or not newest_first else persons.unique())
        for plan in newest_first[:PLANS_ASKED]:
            frame = _contacts(connection, ws, plan)
            sent = frame[frame["state"].eq("accepted")]
            parts.append(sent if persons is None else sent[sent["person"].isin(missing)])
            missing = missing.difference(pd.Index(sent["person"]))
            if missing.empty and persons is not None:
                break
    return _stacked(parts, CONTACT_KINDS)[["person", "mailed_at"]]


def contacts_of(ws: Workspace, person: str) -> tuple[pd.DataFrame, int]:
    """The letters one person was sent, or perhaps sent, as `contacts_since` tells of them; and of how many plans, the
    newest ones, PLANS_ASKED at most."""
    with reading(ws) as connection:
        newest_first = sorted(_plans_started(connection, ws, _EVER), key=lambda plan: plan.made_at, reverse=True)
        asked = newest_first[:PLANS_ASKED]
        return _stacked([_contacts(connection, ws, plan, [person]) for plan in asked], CONTACT_KINDS), len(asked)


def _contacts(connection: Connection, ws: Workspace, plan: Row, among: Sequence[str] | None = None) -> pd.DataFrame:
    """The letters of one plan that were, or perhaps were, sent; to some persons or (None) to all."""
    standing = _standing(connection, plan)
    positions = standing.among(ACCEPTED + DOUBTFUL)
    persons = _persons(ws, plan, positions)
    if among is not None:
        wanted = np.isin(persons, np.asarray(among, dtype=object)) if len(persons) else np.array([], dtype=bool)
        positions, persons = positions[wanted], persons[wanted]
    times = np.array([*(row.started_at for row in standing.attempts), None], dtype=object)
    started = pd.Series(pd.to_datetime(times, utc=True)).dt.as_unit("us")
    frame = pd.DataFrame({"person": persons})
    frame["mailed_at"] = started.to_numpy()[standing.attempt[positions]]
    frame["campaign"] = plan.campaign_id
    sent = standing.state[positions] == STATES.index("accepted")
    frame["state"] = np.where(sent, "accepted", "in_doubt")
    return frame


def contacts_beside(ws: Workspace, connection: Connection, plan_hash: str, persons: Sequence[str]) -> pd.DataFrame:
    """What other plans have sent these people, as `contacts_since` says it, if any has sent since this plan was stored.

    Empty otherwise: the plan was made in the knowledge of all that, so the last look asks one short question a batch.
    """
    plan = plan_row(connection, plan_hash)
    beside = select(tables.attempt.c.id).join(tables.plan).where(tables.plan.c.hash != plan_hash, of_this_mode(ws))
    if connection.execute(beside.where(tables.attempt.c.started_at > plan.made_at).limit(1)).first() is None:
        return _no_contacts().copy()
    others = (row for row in _plans_started(connection, ws, plan.made_at - LOOK_BACK) if row.hash != plan_hash)
    return _stacked([_contacts(connection, ws, row, persons) for row in others], CONTACT_KINDS)


@cache
def _no_contacts() -> pd.DataFrame:
    """Made once: the last look of most letters finds nothing."""
    return _stacked([], CONTACT_KINDS)


def handled(ws: Workspace, campaign_id: str) -> pd.DataFrame:
    """People of the campaign who need no other letter: person, reason (already_mailed, or in_doubt_before).

    Of plans of this mode: who was mailed in rehearsal was not mailed.
    """
    with reading(ws) as connection:
        return handled_in(connection, ws, campaign_id)


def handled_in(connection: Connection, ws: Workspace, campaign_id: str) -> pd.DataFrame:
    """As `handled`, inside a transaction."""
    parts = []
    of_campaign = select(tables.plan).where(tables.plan.c.campaign_id == campaign_id, of_this_mode(ws))
    for plan in connection.execute(of_campaign).all():
        standing = _standing(connection, plan)
        for states, reason in ((ACCEPTED, "already_mailed"), (DOUBTFUL, "in_doubt_before")):
            persons = _persons(ws, plan, standing.among(states))
            parts.append(pd.DataFrame({"person": persons, "reason": reason}))
    frame = _stacked(parts, HANDLED_KINDS).sort_values("reason", kind="stable")
    return frame.drop_duplicates("person").reset_index(drop=True)  # already_mailed comes first


def sent_by_day(connection: Connection, ws: Workspace, domain: str, since: datetime, zone: ZoneInfo) -> dict[date, int]:
    """Letters handed over by local day since then, of all plans of this mode that are signed from this domain; those in
    doubt count."""
    ours = {plan.hash for plan in _plans_started(connection, ws, since) if _domain_of(plan) == domain.lower()}
    handed = tables.attempt.c.state.in_([*ACCEPTED, *DOUBTFUL]) & (tables.attempt.c.started_at >= since)
    columns = (tables.attempt.c.plan_hash, tables.attempt.c.started_at, tables.attempt.c.people)
    by_day: Counter[date] = Counter()
    for row in connection.execute(select(*columns).where(handed, ~tables.attempt.c.replaced)):
        if row.plan_hash in ours:
            by_day[row.started_at.astimezone(zone).date()] += row.people
    return dict(by_day)


def _domain_of(plan: Row) -> str:
    return str(plan.campaign.get("sender", {}).get("address", "")).rpartition("@")[2].lower()


def _plans_started(connection: Connection, ws: Workspace, since: datetime) -> Iterator[Row]:
    """What asks to confirm a sign-up is no contact: its reader has just asked for it."""
    started = select(tables.attempt.c.plan_hash).where(tables.attempt.c.started_at >= since)
    real = ~tables.plan.c.campaign_id.contains(TRIAL, autoescape=True)
    asking = tables.plan.c.campaign_id.startswith(CONFIRMATION_ID, autoescape=True)
    ours = select(tables.plan).where(tables.plan.c.hash.in_(started), of_this_mode(ws), real, ~asking)
    return iter(connection.execute(ours).all())


def _standing(connection: Connection, plan: Row) -> _Standing:
    """Where every position of the plan stands; before approval all are planned, after voiding cancelled."""
    mine = (tables.attempt.c.plan_hash == plan.hash) & ~tables.attempt.c.replaced
    attempts = connection.execute(select(tables.attempt).where(mine)).all()
    first = "cancelled" if plan.voided_at else "planned"
    state = np.full(plan.recipients, STATES.index(first), dtype=np.int8)
    attempt = np.full(plan.recipients, -1, dtype=np.int32)
    for number, row in enumerate(attempts):
        state[row.start : row.stop] = STATES.index(row.state)
        attempt[row.start : row.stop] = number
    excepted = select(tables.exception).where(tables.exception.c.plan_hash == plan.hash)
    exceptions = connection.execute(excepted).all()
    state[[row.position for row in exceptions]] = [STATES.index(row.kind) for row in exceptions]
    return _Standing(state=state, attempt=attempt, exceptions=exceptions, attempts=attempts)


def _persons(ws: Workspace, plan: Row, positions: np.ndarray) -> np.ndarray:
    if not len(positions):
        return np.array([], dtype=object)
    return files.load_table(ws.home, plan.snapshot_hash, columns=["person"])["person"].to_numpy()[positions]


def _stacked(parts: Sequence[pd.DataFrame], kinds: dict[str, str]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    frame = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(kinds))
    return frame.astype(kinds)
