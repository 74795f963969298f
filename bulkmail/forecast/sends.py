"""Letters as arrays, sorted by person and time: what the statistics walk over, millions of rows at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bulkmail import limits

OUTCOMES = ("unsubscribed", "complained", "clicked")
BLOCK_DAYS = 56  # what is known of a person stands still for so long: the length of a plan
PERIOD_DAYS = 28


@dataclass(frozen=True, kw_only=True)
class Sends:
    """A row per letter, sorted by person and then by `day` (since `start`). Codes point into the tuples of names.

    `happened` has 0 or 1 for each outcome and for opened, machine_open, delivered and at_gmail. Rows from day `split`
    on are planned, or to be forecast: nothing that happened to them is looked at.
    """

    person: np.ndarray
    campaign: np.ndarray
    department: np.ndarray
    day: np.ndarray
    happened: dict[str, np.ndarray]
    persons: pd.Index
    campaigns: tuple[str, ...]
    departments: tuple[str, ...]
    start: pd.Timestamp
    split: float
    settled: float  # letters after this day are too young to be learned from
    order: np.ndarray  # row of the letters table that each row was

    def __len__(self) -> int:
        return len(self.person)

    @property
    def planned(self) -> np.ndarray:
        """True for rows to be forecast."""
        return self.day >= self.split

    @property
    def line(self) -> np.ndarray:
        """Times of all people laid end to end, too far apart to meet: sorted, for looking up windows."""
        return self.person * self.stride + self.day

    @property
    def stride(self) -> float:
        """How far apart the times of two people are laid."""
        return float(self.day.max(initial=0.0) + 10 * BLOCK_DAYS)

    def earlier(self, days: float) -> np.ndarray:
        """How many letters the same person had in so many days before each letter, all departments counted."""
        line = self.line
        window = days - limits.WINDOW_SLACK_HOURS.value / 24
        return np.searchsorted(line, line) - np.searchsorted(line, line - window)

    def before(self, day: np.ndarray | float) -> np.ndarray:
        """The row at which each row's person reaches that day: rows from the person's first up to it lie before."""
        return np.searchsorted(self.line, self.person * self.stride + day)

    @property
    def first(self) -> np.ndarray:
        """The first row of each row's person."""
        return np.searchsorted(self.person, np.arange(len(self.persons)))[self.person]

    @property
    def end(self) -> np.ndarray:
        """The row after the last of each row's person."""
        return np.searchsorted(self.person, np.arange(len(self.persons)), side="right")[self.person]


def sends_of(letters: pd.DataFrame, *, split: pd.Timestamp | None = None, settled: pd.Timestamp | None = None) -> Sends:
    """Return the letters as arrays. `split` parts what is past from what is to be forecast, None means all is past;
    nothing is learned from letters after `settled`."""
    person, persons = pd.factorize(letters["person"])
    campaign, campaigns = pd.factorize(letters["campaign"])
    department, departments = pd.factorize(letters["department"])
    at = letters["sent_at"].astype("datetime64[us, UTC]").astype("int64").to_numpy()
    start = at.min() if len(at) else 0
    day = (at - start) / 86_400e6
    order = np.lexsort((day, person))
    names = (*OUTCOMES, "opened", "machine_open", "delivered", "at_gmail")
    happened = {name: _marks(letters, name)[order] for name in names}
    moment = pd.Timestamp(start, unit="us", tz="UTC")
    last = float(day.max(initial=0.0)) + 1e-6
    return Sends(
        person=person[order],
        campaign=campaign[order].astype(np.int32),
        department=department[order].astype(np.int16),
        day=day[order],
        happened=happened,
        persons=persons,
        campaigns=tuple(map(str, campaigns)),
        departments=tuple(map(str, departments)),
        start=moment,
        split=last if split is None else (split - moment) / pd.Timedelta(days=1),
        settled=np.inf if settled is None else (settled - moment) / pd.Timedelta(days=1),
        order=order,
    )


def _marks(letters: pd.DataFrame, name: str) -> np.ndarray:
    return letters[name].to_numpy(dtype=np.int8) if name in letters else np.zeros(len(letters), dtype=np.int8)


def running(values: np.ndarray) -> np.ndarray:
    """Return sums before each row, and after the last: the sum over rows i to j is `running[j] - running[i]`."""
    return np.concatenate([[0.0], np.cumsum(values, dtype=float)])


def by_campaign(sends: Sends, values: np.ndarray, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Return sums of the values by campaign."""
    return np.bincount(sends.campaign[rows], weights=values[rows], minlength=len(sends.campaigns))


def named(sends: Sends, names: Sequence[str]) -> np.ndarray:
    """Return the rows of the campaigns of these names."""
    return np.isin(sends.campaign, [sends.campaigns.index(name) for name in names])
