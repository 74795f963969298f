"""A plan laid out for trying things: who gets which campaign when, and what it is worth, a change in milliseconds.

People are rows and campaigns columns. Where there are many people a sample drawn by a fixed seed stands for them.
A campaign may leave on another day (`Board.at`), become part of another (`merged`), or reach those of its people who
are under most pressure at a later slot (`parted`, which adds a column).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bulkmail import limits
from bulkmail.forecast import hazard
from bulkmail.forecast.covariates import MOST_7, MOST_28
from bulkmail.forecast.horizon import Past
from bulkmail.forecast.study import Study
from bulkmail.tips.cadence import HOUSE_RULES, Rules

MOST_PEOPLE = 2_000
_HOURS = 28 * 24
_SEED = 20_261_123
NEVER = -40.0  # log-odds of what cannot happen
_CELLS = MOST_28 + 1  # people are counted by their letters in 7 days and in 28
_SLACK = limits.WINDOW_SLACK_HOURS.value / 24
WINDOW_7, WINDOW_28 = 7 - _SLACK, 28 - _SLACK
_FADING = tuple(WINDOW_7 + days for days in (-3.0, -1.5, 0.0, 1.5, 3.0))


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What an unsubscription and a complaint cost, counted in clicks."""

    unsubscribed: float = 2.0
    complained: float = 10.0

    def value(self, counts: Mapping[str, np.ndarray | float]) -> np.ndarray | float:
        """The worth of so many clicks, unsubscriptions and complaints, in clicks."""
        lost = self.unsubscribed * counts.get("unsubscribed", 0.0) + self.complained * counts.get("complained", 0.0)
        return counts.get("clicked", 0.0) - lost


@dataclass(frozen=True, kw_only=True)
class Board:
    """`member` (people × campaigns) says who is meant, `days` when each campaign leaves, `recent` how many letters
    people had from an hour on before the plan `begins`; `base` has the log-odds of each outcome but for pressure; a
    row stands for `weight` people. `names` are campaigns, `department` the place of each in the log's departments;
    `person` says who is in each row; letters beyond the caps of `rules` and within their gap are counted."""

    names: tuple[str, ...]
    department: np.ndarray
    member: np.ndarray
    days: np.ndarray
    recent: np.ndarray
    begins: float
    base: Mapping[str, np.ndarray]
    studies: Mapping[str, Study]
    weight: float
    person: np.ndarray
    rules: Rules = HOUSE_RULES

    def at(self, days: np.ndarray) -> "Board":
        """The same plan at other times."""
        return replace(self, days=days)


def board_of(past: Past, most: int = MOST_PEOPLE, *, models: bool = True, rules: Rules = HOUSE_RULES) -> Board:
    """Return the planned rows of a log as a board, a column for each moment of a campaign, for at most so many people;
    without models only letters count."""
    sends = past.known.sends
    rows = np.flatnonzero(sends.planned)
    people = np.unique(sends.person[rows])
    weight = max(len(people) / most, 1.0)
    if weight > 1:
        people = np.sort(np.random.default_rng(_SEED).choice(people, most, replace=False))
    moments = np.column_stack([sends.day[rows], sends.campaign[rows]])
    _, first, column = np.unique(moments, axis=0, return_index=True, return_inverse=True)
    first, chosen = rows[first], np.isin(sends.person[rows], people)
    rows, column = rows[chosen], column.ravel()[chosen]
    where = np.searchsorted(people, sends.person[rows]), column
    member = np.zeros((len(people), len(first)), dtype=bool)
    member[where] = True
    base = {}
    studies = past.studies if models else {}
    for name, made in studies.items():
        laid = np.full(member.shape, NEVER, dtype=np.float32)
        visible = sends.happened["at_gmail"][rows] == 0 if name == "complained" else np.ones(len(rows), dtype=bool)
        laid[where[0][visible], where[1][visible]] = _but_for_pressure(made, rows)[visible]
        base[name] = laid
    return Board(
        names=tuple(sends.campaigns[code] for code in sends.campaign[first]),
        department=sends.department[first],
        member=member,
        days=sends.day[first].astype(float),
        recent=_recent(past, people),
        begins=sends.split,
        base=base,
        studies=studies,
        weight=weight,
        person=people,
        rules=rules,
    )


def _but_for_pressure(made: Study, rows: np.ndarray) -> np.ndarray:
    others = [f.at(rows) for f in made.factors if f.name not in ("campaign", "seven", "month")]
    return made.hazard.log_odds(others) + made.hazard.variance["campaign"] / 2 + np.log(made.correction)


def _recent(past: Past, people: np.ndarray) -> np.ndarray:
    """How many letters each person had from each hour of the last four weeks on until the plan begins (hours × people).
    The last row is of the moment when it begins, and empty."""
    sends = past.known.sends
    near = np.flatnonzero(~sends.planned & (sends.day > sends.split - 28) & np.isin(sends.person, people))
    hour = ((sends.day[near] - (sends.split - 28)) * 24).astype(np.int64).clip(0, _HOURS - 1)
    counts = np.zeros((_HOURS + 1, len(people)), dtype=np.int16)
    np.add.at(counts, (hour, np.searchsorted(people, sends.person[near])), 1)
    return counts[::-1].cumsum(axis=0, dtype=np.int16)[::-1]


# ---------------------------------------------------------------- counting


def letters_before(board: Board, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many letters each person had in 7 and 28 days before each of these campaigns (people × columns)."""
    return _within(board, columns, WINDOW_7), _within(board, columns, WINDOW_28)


def _within(board: Board, columns: np.ndarray, window: float) -> np.ndarray:
    """How many letters each person had in so many days before each of these campaigns."""
    age = board.days[columns][None, :] - board.days[:, None]
    earlier = (age > 0) | ((age == 0) & (np.arange(len(board.days))[:, None] < columns[None, :]))  # one comes first
    inside = (earlier & (age <= window)).astype(np.float32)
    planned = board.member.astype(np.float32) @ inside
    hours = np.ceil((board.days[columns] - window - board.begins + 28) * 24).astype(np.int64)
    return planned.astype(np.int64) + board.recent[hours.clip(0, _HOURS)].T


def levelled(board: Board, totals: Mapping[str, float]) -> Board:
    """The board with all chances of an outcome raised or lowered alike, so that it brings as much as is told of it."""
    counts = {name: max(float(values.sum()), 1e-9) for name, values in tally(board).items()}
    rise = {name: np.float32(np.log(max(totals[name], 1e-9) / counts[name])) for name in board.base}
    return replace(board, base={name: laid + rise[name] for name, laid in board.base.items()})


def merged(board: Board, place: int, other: int) -> Board:
    """The board with the people of one campaign in another's column: who would get both gets one letter."""
    member, base = board.member.copy(), {name: laid.copy() for name, laid in board.base.items()}
    fresh = member[:, place] & ~member[:, other]
    member[:, other] |= member[:, place]
    member[:, place] = False
    for laid in base.values():
        laid[fresh, other] = laid[fresh, place]
        laid[:, place] = NEVER
    return replace(board, member=member, base=base)


def parted(board: Board, place: int, at_least: int, day: float) -> Board:
    """The board with a further column: those of a campaign's people who had so many letters in the 7 days before get it
    on that day instead."""
    tired = board.member[:, place] & (letters_before(board, np.array([place]))[0][:, 0] >= at_least)
    member = np.column_stack([board.member, tired])
    member[tired, place] = False
    base = {}
    for name, laid in board.base.items():
        late = np.where(tired, laid[:, place], np.float32(NEVER))
        base[name] = np.column_stack([laid, late])
        base[name][tired, place] = NEVER
    return replace(
        board,
        names=(*board.names, board.names[place]),
        department=np.append(board.department, board.department[place]),
        member=member,
        days=np.append(board.days, day),
        base=base,
    )


OVER_CAPS, TOO_CLOSE = "over_caps", "too_close"
LEAVING = ("unsubscribed", "complained")  # after either nobody gets another letter


def tally(board: Board, columns: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return for each of these campaigns (all without a choice) the expected count of each outcome, and OVER_CAPS and
    TOO_CLOSE: how many of its letters go beyond a cap of the rules, the planned one counted, and how many follow
    another within their gap. A month is counted as 28 days."""
    columns = np.arange(len(board.names)) if columns is None else columns
    seven, month = letters_before(board, columns)
    over = np.zeros(seven.shape, dtype=bool)
    for cap in board.rules.caps:
        had = {7: seven}.get(cap.days, month) if cap.days in (7, *range(28, 32)) else None
        over |= (_within(board, columns, cap.days - _SLACK) if had is None else had) + 1 > cap.letters
    over_caps = board.weight * (over & board.member[:, columns]).sum(axis=0).astype(float)
    counts = {OVER_CAPS: over_caps, TOO_CLOSE: too_close(board, columns)}
    for name in board.studies:
        counts[name] = board.weight * _chances(board, name, columns, seven, month).sum(axis=0)
    return counts


def too_close(board: Board, columns: np.ndarray) -> np.ndarray:
    """Return how many letters of each of these campaigns follow another to the same person within the gap, or leave at
    the same moment."""
    near = _within(board, columns, board.rules.gap_hours / 24) > 0
    return board.weight * (near & board.member[:, columns]).sum(axis=0).astype(float)


def tally_faded(board: Board, columns: np.ndarray) -> dict[str, np.ndarray]:
    """Return the outcomes that `tally` tells, were pressure to fade over the days instead of ending with a window:
    letters in shorter and in longer ones count on average."""
    seven = np.mean([_within(board, columns, days) for days in _FADING], axis=0)
    month = _within(board, columns, WINDOW_28)
    return {name: board.weight * _chances(board, name, columns, seven, month).sum(axis=0) for name in board.studies}


def drawn(board: Board, draws: Mapping[str, np.ndarray], columns: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return draws of the expected counts of these campaigns together, from draws of coefficients (`Hazard.draws`).

    Their mean is what `tally` tells: of a rate that is known roughly the mean of all it may be is too high. People with
    equally many letters before are counted together.
    """
    columns = np.arange(len(board.names)) if columns is None else columns
    seven, month = letters_before(board, columns)
    cell = np.minimum(seven, MOST_7) * _CELLS + np.minimum(month, MOST_28)
    return {
        name: board.weight * _drawn_sums(made, _chances(board, name, columns, seven, month), cell, draws[name])
        for name, made in board.studies.items()
    }


def stayers(before: Board, after: Board) -> dict[str, float]:
    """Return how much more of each outcome comes after a change from people who stay on because of it."""
    first, then = _lost(before), _lost(after)
    return {name: first[name] - then[name] for name in first}


def _lost(board: Board) -> dict[str, float]:
    """How much of each outcome does not come since its people have left by then."""
    columns = np.arange(len(board.names))
    chances = {name: _chances(board, name, columns, *letters_before(board, columns)) for name in board.studies}
    order = np.argsort(board.days, kind="stable")
    leaving = sum((chances[name] for name in LEAVING if name in chances), np.zeros(board.member.shape))
    gone = np.zeros(board.member.shape)
    gone[:, order[1:]] = -np.expm1(-np.cumsum(leaving[:, order], axis=1)[:, :-1])
    return {name: board.weight * float((chance * gone).sum()) for name, chance in chances.items()}


def _chances(board: Board, name: str, columns: np.ndarray, seven: np.ndarray, month: np.ndarray) -> np.ndarray:
    f7, f28 = (board.studies[name].hazard.levels(each).astype(np.float32) for each in ("seven", "month"))
    seven = np.minimum(seven, MOST_7)
    pressure = f7[seven] if seven.dtype.kind == "i" else np.interp(seven, np.arange(len(f7)), f7)
    return hazard.share(board.base[name][:, columns] + pressure + f28[np.minimum(month, MOST_28)])


def _drawn_sums(made: Study, chance: np.ndarray, cell: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Sums of chances for each draw. In a cell all log-odds move alike, and chances p become p·r / (1 - p + p·r)."""
    cells, code = np.unique(cell, return_inverse=True)
    total = np.bincount(code.ravel(), weights=chance.ravel())
    usual = np.bincount(code.ravel(), weights=chance.ravel().astype(float) ** 2) / np.maximum(total, 1e-12)
    where = made.hazard.columns
    at = where["seven"].start + cells // _CELLS, where["month"].start + cells % _CELLS
    change = sum(draws[place] - made.hazard.beta[place][:, None] for place in at)
    ratio = np.exp(change)
    ratio = ratio / (1 - usual[:, None] + usual[:, None] * ratio)
    return total @ (ratio / ratio.mean(axis=1, keepdims=True))
