"""Two years of letters of four departments, and what became of them, with an effect of pressure that is known.

Made so that the traps of real logs are in it: people who like letters sit on more lists, so rates by frequency point
the wrong way; mail programs open letters by themselves, scanners click within seconds, complaints to Gmail are never
reported, and who has left a list is no longer there to leave.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from bulkmail.model import EventKind
from bulkmail.sample.people import SAMPLE_DOMAIN, SAMPLE_NOW, SEED, people

DEPARTMENTS: Mapping[str, str] = {
    "library": "Library 圖書館",
    "alumni": "Alumni Office 校友事務處",
    "events": "Arts and Events 文化活動",
    "careers": "Careers 就業輔導",
}
_PER_WEEK = {"library": 0.5, "alumni": 0.6, "events": 1.0, "careers": 0.7}
# The planted truth: change of the log-odds of each outcome per letter, of any department, in the 6.5 days before.
FATIGUE: Mapping[str, float] = {"unsubscribed": 0.30, "complained": 0.40, "clicked": -0.10}
MACAU = ZoneInfo("Asia/Macau")
_WINDOW = timedelta(days=6.5)
_BASE = {"clicked": -3.4, "opened": -1.1, "unsubscribed": -5.9, "complained": -8.2}  # log-odds, all else average
_LIKING = {"clicked": 0.9, "opened": 0.6, "unsubscribed": -0.5, "complained": -0.5}
_CAMPAIGN_SPREAD = {"clicked": 0.40, "opened": 0.2, "unsubscribed": 0.40, "complained": 0.45}
_BUSY_MONTHS = (3, 4, 9, 10, 11)
_WEEKS = 104


@dataclass
class _World:
    """The state that one campaign leaves to the next. Arrays have a cell per person."""

    rng: np.random.Generator
    everybody: pd.DataFrame
    on_list: dict[str, np.ndarray]
    joined: np.ndarray  # days after the start
    reads_by_machine: np.ndarray
    is_scanned: np.ndarray
    dies: np.ndarray  # day on which the mailbox ends
    gone: np.ndarray  # bounced or complained: mailed by nobody
    liking: np.ndarray
    at_gmail: np.ndarray
    recent: list[tuple[datetime, np.ndarray]] = field(default_factory=list)


def history(now: datetime = SAMPLE_NOW) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what was sent and what happened in the two years before `now`.

    sent: campaign, department, address, person, sent_at. events: campaign, address, person, kind (words of
    `EventKind`), at, by_machine, hard. Times are UTC. `person` is a hash without a key, good for a look at the numbers;
    a workspace replaces it by its own hash of `address`.
    """
    world = _start()
    today = now.astimezone(MACAU).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(weeks=_WEEKS, days=today.weekday())
    mailings = [_mail(world, *planned, first) for planned in _calendar(world.rng, first) if planned[0] < now]
    sent = _table(world, mailings, [(mailing.audience, {}) for mailing in mailings]).rename(columns={"at": "sent_at"})
    told = [(mailing, happened) for mailing in mailings for happened in mailing.events]
    events = _table(
        world,
        [mailing for mailing, _ in told],
        [(mailing.audience[happened.who], _words_of(happened)) for mailing, happened in told],
    )
    events = events[events["at"] <= now].reset_index(drop=True)
    return (
        sent[["campaign", "department", "address", "person", "sent_at"]],
        events[["campaign", "address", "person", "kind", "at", "by_machine", "hard"]],
    )


def _start() -> _World:
    rng, everybody = np.random.default_rng(SEED + 3), people()
    everybody = everybody.assign(person=[_person(address) for address in everybody["address"]])
    size = len(everybody)
    liking = everybody["engagement"].to_numpy()
    own = everybody["address"].str.endswith(SAMPLE_DOMAIN).to_numpy(dtype=bool)
    return _World(
        rng=rng,
        everybody=everybody.astype({"person": "str"}),
        on_list={name: rng.random(size) < _share(-0.1 + 0.8 * liking) for name in DEPARTMENTS},
        joined=np.where(rng.random(size) < 0.6, 0, rng.integers(0, 7 * _WEEKS, size)),
        reads_by_machine=rng.random(size) < 0.35,
        is_scanned=own & (rng.random(size) < 0.2),
        dies=np.where(rng.random(size) < 0.06, rng.integers(30, 7 * _WEEKS, size), 10**6),
        gone=np.zeros(size, dtype=bool),
        liking=liking,
        at_gmail=everybody["address"].str.endswith("@gmail.com").to_numpy(dtype=bool),
    )


def _person(address: str) -> str:
    return sha256(f"bulkmail sample: {address}".encode()).hexdigest()[:32]


def _share(log_odds: np.ndarray | float) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(log_odds, dtype=float)))


def _calendar(rng: np.random.Generator, first: datetime) -> list[tuple[datetime, str]]:
    """When each department mails: on weekdays, in office hours, more in the busy months. In order of time (UTC)."""
    planned = []
    for department, per_week in _PER_WEEK.items():
        for week in range(_WEEKS + 1):
            monday = first + timedelta(weeks=week)
            busy = 1.6 if monday.month in _BUSY_MONTHS else 0.8
            days = rng.permutation(5)[: min(rng.poisson(per_week * busy), 3)]
            minutes = rng.integers(9 * 60, 18 * 60, len(days))
            planned += [
                (monday + timedelta(days=int(day), minutes=int(minute)), department)
                for day, minute in zip(days, minutes, strict=True)
            ]
    return sorted((at.astimezone(UTC), department) for at, department in planned)


# ---------------------------------------------------------------- one campaign


@dataclass(frozen=True)
class _Happened:
    """Events of one kind: `who` are places in the audience, `seconds` after sending."""

    kind: EventKind
    who: np.ndarray
    seconds: np.ndarray
    by_machine: bool = False
    hard: bool = False


@dataclass(frozen=True)
class _Mailing:
    """One campaign: `audience` are places among everybody."""

    department: str
    at: datetime
    audience: np.ndarray
    events: list[_Happened]


def _mail(world: _World, at: datetime, department: str, first: datetime) -> _Mailing:
    """Send one campaign, play what follows, and leave the lists as they are afterwards."""
    day = (at - first).days
    audience = np.flatnonzero(world.on_list[department] & (world.joined <= day) & ~world.gone)
    audience = audience[world.rng.random(len(audience)) < world.rng.choice([1.0, 0.7])]
    world.recent = [(before, who) for before, who in world.recent if at - before <= _WINDOW]
    pressure = np.zeros(len(world.gone), dtype=np.int64)
    for _, who in world.recent:
        pressure[who] += 1
    events = _play(world, audience, pressure[audience], day)
    _leave(world, department, audience, events)
    world.recent.append((at, audience))
    return _Mailing(department, at, audience, events)


def _play(world: _World, audience: np.ndarray, pressure: np.ndarray, day: int) -> list[_Happened]:
    """What the provider reports of one campaign."""
    rng, dead = world.rng, world.dies[audience] <= day
    alive, arrived = np.flatnonzero(~dead), rng.integers(2, 120, len(audience))
    acted = {name: _who(world, name, audience, alive, pressure) for name in _BASE}
    machine = alive[world.reads_by_machine[audience[alive]]]
    scanned = alive[world.is_scanned[audience[alive]] & (rng.random(len(alive)) < 0.6)]
    opened = np.setdiff1d(acted["opened"], machine)  # behind a machine's open nobody sees a person's
    complained = acted["complained"][~world.at_gmail[audience[acted["complained"]]]]  # Gmail reports nobody

    def later(who: np.ndarray, scale: float) -> np.ndarray:
        return arrived[who] + 35 + rng.exponential(scale, len(who)).astype(int)

    def at_once(who: np.ndarray, most: int) -> np.ndarray:
        return arrived[who] + rng.integers(1, most, len(who))

    return [
        _Happened(EventKind.BOUNCED, np.flatnonzero(dead), arrived[dead], hard=True),
        _Happened(EventKind.DELIVERED, alive, arrived[alive]),
        _Happened(EventKind.OPENED, machine, at_once(machine, 600), by_machine=True),
        _Happened(EventKind.OPENED, opened, later(opened, 20_000)),
        _Happened(EventKind.CLICKED, scanned, at_once(scanned, 12)),
        _Happened(EventKind.CLICKED, acted["clicked"], later(acted["clicked"], 25_000)),
        _Happened(EventKind.UNSUBSCRIBED, acted["unsubscribed"], later(acted["unsubscribed"], 30_000)),
        _Happened(EventKind.COMPLAINED, complained, later(complained, 30_000)),
    ]


def _who(world: _World, outcome: str, audience: np.ndarray, alive: np.ndarray, pressure: np.ndarray) -> np.ndarray:
    """Places in the audience of those who do it: by liking, by pressure, and by what this campaign is like."""
    odds = _BASE[outcome] + _LIKING[outcome] * world.liking[audience] + FATIGUE.get(outcome, 0.0) * pressure
    odds = odds + world.rng.normal(0, _CAMPAIGN_SPREAD[outcome])
    return alive[world.rng.random(len(alive)) < _share(odds[alive])]


def _leave(world: _World, department: str, audience: np.ndarray, events: list[_Happened]) -> None:
    """Who unsubscribed is off this list, one in six off all; bounced and (reported) complained are mailed by nobody."""
    for happened in events:
        whom = audience[happened.who]
        if happened.kind is EventKind.UNSUBSCRIBED:
            world.on_list[department][whom] = False
            world.gone[whom[world.rng.random(len(whom)) < 1 / 6]] = True
        elif happened.kind in (EventKind.BOUNCED, EventKind.COMPLAINED):
            world.gone[whom] = True


# ---------------------------------------------------------------- tables


def _words_of(happened: _Happened) -> dict[str, object]:
    words = {"kind": happened.kind.value, "by_machine": happened.by_machine, "hard": happened.hard}
    return {"seconds": happened.seconds, **words}


def _table(world: _World, mailings: list[_Mailing], rows: list[tuple[np.ndarray, dict]]) -> pd.DataFrame:
    """One row per person of each entry of `rows` (places among everybody, further columns), beside its mailing."""
    sizes = [len(who) for who, _ in rows]
    whom = world.everybody.iloc[np.concatenate([who for who, _ in rows])][["address", "person"]]
    columns = {name: _spread([words[name] for _, words in rows], sizes) for name in rows[0][1]}
    seconds = columns.pop("seconds", np.zeros(sum(sizes), dtype=int))
    start = pd.DatetimeIndex([mailing.at for mailing in mailings], dtype="datetime64[us, UTC]").repeat(sizes)
    names = [f"{mailing.department}-{mailing.at:%Y-%m-%d}" for mailing in mailings]
    table = whom.reset_index(drop=True).assign(at=start + pd.to_timedelta(seconds, unit="s"), **columns)
    words = {"campaign": names, "department": [mailing.department for mailing in mailings]}
    return table.assign(**{name: pd.Series(np.repeat(values, sizes), dtype="str") for name, values in words.items()})


def _spread(values: list[object], sizes: list[int]) -> np.ndarray:
    """A column from one value, or one array, per entry."""
    return np.concatenate(values) if isinstance(values[0], np.ndarray) else np.repeat(values, sizes)
