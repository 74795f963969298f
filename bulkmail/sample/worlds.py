"""Synthetic organisations whose truth is known: what the cadence engine is held against. Nobody in them exists.

A world has people on the lists of four departments, a year of campaigns and what became of each letter. Made so that
the traps of real logs are in it: who likes letters sits on more lists and is picked by "clicked lately" and by a hidden
score; programs open letters and scanners click; Gmail reports no complaint; who leaves is mailed no more. The kinds:
`standard`; `no_fatigue` (letters do nothing to people); `decayed` (pressure fades by the day instead of standing in a
window); `self_selection` (half of all audiences are picked); `scanners` (a third of mailboxes click by machine);
`survivors` (people differ much in how they bear letters).
"""

import zlib
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

KINDS = ("standard", "no_fatigue", "decayed", "self_selection", "scanners", "survivors")
OUTCOMES = ("unsubscribed", "complained", "clicked")
DEPARTMENTS = ("library", "alumni", "events", "careers")
START = pd.Timestamp("2025-01-06T00:00Z")  # a Monday
WINDOW_DAYS, MONTH_DAYS = 6.5, 27.5
# Truth in log-odds: of k letters in the last 7 days, of each in the last 28, and all else average.
SEVEN = {"unsubscribed": (0.15, 0.022), "complained": (0.19, 0.030), "clicked": (-0.085, 0.0)}
TWENTY_EIGHT = {"unsubscribed": 0.03, "complained": 0.035, "clicked": -0.012}
BASE = {"unsubscribed": -7.1, "complained": -8.5, "clicked": -3.75}
CONTENT = {"unsubscribed": 0.35, "complained": 0.45, "clicked": 0.40}
_PER_WEEK = (1.0, 0.8, 1.2, 0.9)


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One mailing: `audience` are the places of the people it is meant for."""

    department: int
    day: float
    audience: np.ndarray
    name: str = ""


@dataclass(kw_only=True)
class World:
    """An organisation at a moment. Arrays of people have a cell per person; `sent` has what happened so far."""

    kind: str
    rng: np.random.Generator
    member: np.ndarray  # people × departments
    liking: np.ndarray
    leaving: np.ndarray
    bearing: np.ndarray  # how strongly letters wear on this person; 1 on average
    score: np.ndarray  # what the hidden CRM thinks of them
    by_machine: np.ndarray
    scanned: np.ndarray
    at_gmail: np.ndarray
    gone: np.ndarray
    last_click: np.ndarray
    drift: np.ndarray  # weeks × departments
    cadence: float = 1.0
    held: np.ndarray | None = None  # people whom a randomised trial holds to two letters in seven days
    future: int | None = None  # in a future told apart, a campaign's content follows from this number and its name
    past: list[tuple[float, np.ndarray]] = field(default_factory=list)
    sent: list[dict] = field(default_factory=list)

    @property
    def people(self) -> int:
        """How many people there ever were."""
        return len(self.liking)


def a_world(kind: str = "standard", *, seed: int = 0, people: int = 5_000) -> World:
    """Return a world before its first letter."""
    rng = np.random.default_rng([20_261_123, KINDS.index(kind), seed])
    liking, other = rng.normal(size=people), rng.normal(size=people)
    picked = 1.0 if kind == "self_selection" else 0.7
    spread = {"no_fatigue": 0.0, "survivors": 0.8}.get(kind, 0.3)
    bearing = np.exp(rng.normal(-(spread**2) / 2, spread, people)) * (kind != "no_fatigue")
    drift = np.zeros((200, len(DEPARTMENTS)))
    for week in range(1, len(drift)):
        drift[week] = 0.95 * drift[week - 1] + rng.normal(0, 0.05, len(DEPARTMENTS))
    return World(
        kind=kind,
        rng=rng,
        member=rng.random((people, len(DEPARTMENTS))) < _share(-0.1 + 0.7 * liking)[:, None],
        liking=liking,
        leaving=-0.4 * liking + 0.92 * other,
        bearing=bearing,
        score=picked * liking - 0.4 * other + 0.5 * rng.normal(size=people),
        by_machine=rng.random(people) < 0.4,
        scanned=rng.random(people) < (0.33 if kind == "scanners" else 0.05),
        at_gmail=rng.random(people) < 0.25,
        gone=np.zeros(people, dtype=bool),
        last_click=np.full(people, -1e9),
        drift=drift,
    )


def _share(log_odds: np.ndarray | float) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(log_odds, dtype=float)))


# ---------------------------------------------------------------- what is planned


def calendar(world: World, *, weeks: int, first_week: int = 0, cadence: float = 1.0) -> list[Campaign]:
    """Return the campaigns of so many weeks, in order of time, each meant for the people of then."""
    rng, planned = world.rng, []
    for week in range(first_week, first_week + weeks):
        busy = cadence * np.exp(0.45 * np.sin(2 * np.pi * week / 13)) * rng.gamma(6.0, 1 / 6.0)
        for department, per_week in enumerate(_PER_WEEK):
            count = min(rng.poisson(per_week * busy), 5)
            days = 7 * week + rng.permutation(5)[:count] + rng.uniform(9.1, 17.9, count) / 24
            planned += [(float(day), department) for day in days]
    return [
        Campaign(
            department=department, day=day, audience=_audience(world, department, day), name=_name(department, day)
        )
        for day, department in sorted(planned)
    ]


def _name(department: int, day: float) -> str:
    return f"{DEPARTMENTS[department]}-{day:07.3f}"


def _audience(world: World, department: int, day: float) -> np.ndarray:
    """Who is meant: the whole list, or those of it who clicked in 90 days, or those of a high hidden score."""
    shares = {"self_selection": (0.5, 0.75)}.get(world.kind, (0.65, 0.9))
    dice, on_list = world.rng.random(), world.member[:, department] & ~world.gone
    if dice < shares[0]:
        return np.flatnonzero(on_list)
    if dice < shares[1]:
        return np.flatnonzero(on_list & (day - world.last_click < 90))
    return np.flatnonzero(on_list & (world.score > 0.2))


# ---------------------------------------------------------------- what happens


def live(world: World, weeks: int = 52, first_week: int = 0) -> World:
    """Play so many weeks, week by week: audiences are picked as the organisation is then."""
    for week in range(first_week, first_week + weeks):
        play(world, calendar(world, weeks=1, first_week=week, cadence=world.cadence))
    return world


def play(world: World, campaigns: list[Campaign]) -> None:
    """Send the campaigns in order of time; who has left meanwhile gets none."""
    for campaign in sorted(campaigns, key=lambda one: (one.day, one.name)):
        _send(world, campaign)


def _send(world: World, campaign: Campaign) -> None:
    rng, who = world.rng, campaign.audience[~world.gone[campaign.audience]]
    world.past = [(day, whom) for day, whom in world.past if campaign.day - day < MONTH_DAYS]
    seven, month = pressure(world, campaign.day)
    if world.held is not None:
        who = who[~(world.held[who] & (seven[who] >= 2))]
    week = int(campaign.day // 7)
    happened = {"person": who}
    for outcome in OUTCOMES:
        odds = truth(world, who, outcome, seven[who], month[who]) + _content(world, campaign.name, outcome)
        odds = odds + (world.drift[week, campaign.department] if outcome != "clicked" else 0.0)
        happened[f"p_{outcome}"] = _share(odds)
        happened[outcome] = rng.random(len(who)) < happened[f"p_{outcome}"]
    read = rng.random(len(who)) < _share(-1.0 + 0.7 * world.liking[who] - 0.03 * seven[who])
    machine, seen = world.by_machine[who], (read | happened["clicked"]) & ~world.by_machine[who]
    scanned = world.scanned[who] & (rng.random(len(who)) < 0.6)
    complained = happened["complained"]
    world.sent.append(
        {
            **happened, "day": campaign.day, "department": campaign.department, "campaign": campaign.name,
            "opened": seen, "machine_open": machine, "machine_click": scanned & ~happened["clicked"],
            "complained": complained & ~world.at_gmail[who], "silent": complained & world.at_gmail[who],
        }
    )  # fmt: skip
    world.past.append((campaign.day, who))
    world.last_click[who[happened["clicked"]]] = campaign.day
    world.gone[who[happened["unsubscribed"]]] = True
    world.gone[who[complained & ~world.at_gmail[who]]] = True


def _content(world: World, campaign: str, outcome: str) -> float:
    """What the content of a campaign does; equal in two plans of one future, so that only the plans differ."""
    if world.future is None:
        return world.rng.normal(0, CONTENT[outcome])
    seed = [world.future, zlib.crc32(campaign.encode()), OUTCOMES.index(outcome)]
    return np.random.default_rng(seed).normal(0, CONTENT[outcome])


def pressure(world: World, day: float) -> tuple[np.ndarray, np.ndarray]:
    """Letters of each person in the last 7 and 28 days; in a `decayed` world the first fades by the day."""
    seven, month = np.zeros(world.people), np.zeros(world.people)
    for before, who in world.past:
        age = day - before
        month[who] += age < MONTH_DAYS
        if world.kind == "decayed":
            seven[who] += 1.6 * np.exp(-age / 4)
        else:
            seven[who] += age < WINDOW_DAYS
    return seven, month


def truth(world: World, who: np.ndarray, outcome: str, seven: np.ndarray, month: np.ndarray) -> np.ndarray:
    """The log-odds of the outcome for these people under so many letters, campaign and week being average."""
    trait = 0.9 * world.liking[who] if outcome == "clicked" else 0.7 * world.leaving[who]
    line, curve = SEVEN[outcome]
    wear = line * seven + curve * seven**2 + TWENTY_EIGHT[outcome] * month
    return BASE[outcome] + trait + world.bearing[who] * wear


# ---------------------------------------------------------------- as tables


def letters(world: World, *, since: float = 0.0) -> pd.DataFrame:
    """Return what was sent since a day, in the columns of `engagement.LETTER_COLUMNS`, with `place` of the person."""
    mailings = [sent for sent in world.sent if sent["day"] >= since and len(sent["person"])]
    sizes = [len(sent["person"]) for sent in mailings]

    def column(name: str) -> np.ndarray:
        return np.concatenate([sent[name] for sent in mailings]) if mailings else np.array([])

    def repeated(values: list) -> np.ndarray:
        return np.repeat(np.array(values), sizes)

    place = column("person").astype(np.int64)
    names = np.array([f"p{number:07d}" for number in range(world.people)], dtype=object)
    at = START + pd.to_timedelta(repeated([sent["day"] for sent in mailings]), unit="D")
    marks = ("opened", "machine_open", "clicked", "machine_click", "unsubscribed", "complained")
    return pd.DataFrame(
        {
            "campaign": pd.Series(repeated([sent["campaign"] for sent in mailings]), dtype="str"),
            "department": pd.Series(repeated([DEPARTMENTS[sent["department"]] for sent in mailings]), dtype="str"),
            "person": pd.Series(names[place], dtype="str"),
            "sent_at": at.as_unit("us").floor("s"),
            "delivered": 1,
            "bounced": 0,
            **{name: column(name).astype(np.int64) for name in marks},
            "at_gmail": world.at_gmail[place].astype(np.int64),
            "place": place,
        }
    )


def true_ratio(world: World, outcome: str, month_given_seven: np.ndarray, *, since: float = 0.0) -> np.ndarray:
    """Return the true rate ratio of k letters against none in 7 days, over the people who were mailed since a day.

    `month_given_seven` is how many letters in 28 days go along with 0, 1, 2, … letters in 7 days.
    """
    who = np.concatenate([sent["person"] for sent in world.sent if sent["day"] >= since])
    who = world.rng.choice(who, size=min(len(who), 50_000), replace=False)
    rates = [
        _share(truth(world, who, outcome, np.full(len(who), float(k)), np.full(len(who), month))).mean()
        for k, month in enumerate(month_given_seven)
    ]
    return np.array(rates) / rates[0]


def fork(world: World, seed: int) -> World:
    """Return a copy that goes on by itself, from the same moment, with other dice."""
    copied = {name: getattr(world, name).copy() for name in ("gone", "last_click")}
    rng = np.random.default_rng([20_261_123, 7, seed])
    return replace(world, **copied, rng=rng, past=list(world.past), sent=[])


def moved(campaign: Campaign, day: float) -> Campaign:
    """Return the campaign on another day."""
    return replace(campaign, day=float(day))


def true_counts(world: World, campaigns: list[Campaign], futures: int = 4) -> dict[str, float]:
    """Return how much of each outcome these campaigns truly bring, over some futures: sums of chances, not of dice,
    and the same content of each campaign whatever the plan."""
    counts = dict.fromkeys(OUTCOMES, 0.0)
    for seed in range(futures):
        future = replace(fork(world, seed), future=seed)
        play(future, campaigns)
        for name in OUTCOMES:
            counts[name] += sum(sent[f"p_{name}"].sum() for sent in future.sent) / futures
    return counts
