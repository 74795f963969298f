"""The planner: better dates for planned campaigns, each move with its reason and an honest gain.

People are parted in two halves by a fixed lot. The plan is made with what one half's past teaches, the gain is told
from the other's: a planner that judges itself by its own numbers promises too much. The same plan gives the same moves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bulkmail.forecast import board as boards
from bulkmail.forecast.board import Board, Prices
from bulkmail.forecast.horizon import Past, halves
from bulkmail.model import Text, say

Allowed = Callable[[str, float], bool]  # whether a campaign may leave on a day (since the log's start)
SHIFT_DAYS = 7  # how far a campaign may be moved
_DRAWS, _DRAWS_OF_A_MOVE = 200, 60
_SEED = 20_261_123
_ROUNDS = 3
_SEARCHED_PEOPLE = 1_000
_LEAST_GAIN = 0.02  # clicks: below that a move is noise
MOVE_COLUMNS = (
    "campaign", "department", "from_at", "to_at", "reason", "gain_clicked", "gain_unsubscribed", "gain_complained",
    "gain_value", "low90", "high90",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Improvement:
    """What the planner proposes. `moves` has MOVE_COLUMNS, in the order in which they were found: gains are changes of
    expected counts, `gain_value` in clicks with its 90 % interval, `reason` a Text. `days` the new times by campaign
    (days since the log's start); `gain` is that of all moves together: outcome, before, after, change, low90, high90.
    `over_caps` are letters beyond the caps, before and after."""

    moves: pd.DataFrame
    days: Mapping[str, float]
    gain: pd.DataFrame
    over_caps: tuple[float, float]
    prices: Prices


def improve(
    past: Past,
    *,
    allowed: Allowed = lambda campaign, day: True,
    locked: Sequence[str] = (),
    prices: Prices | None = None,
) -> Improvement:
    """Return better dates for the planned rows of `past`.

    `allowed` says whether a campaign may leave on a day (days since the log's start: quiet hours, holidays, blackouts);
    `locked` campaigns stay. No move puts more letters over the caps than there were. Prices default to what a person's
    leaving costs in clicks of a year (`prices_of`).
    """
    prices = prices or prices_of(past)
    plan_half, judge_half = halves(past)
    made, judge = boards.board_of(plan_half, _SEARCHED_PEOPLE), boards.board_of(judge_half)
    steps = _search(made, prices, allowed, set(locked))
    moves = _told(past, judge, steps, prices)
    better = steps[-1][1] if steps else made.days
    return Improvement(
        moves=moves,
        days=dict(zip(made.names, better.tolist(), strict=True)),
        gain=_gain(judge, better, prices),
        over_caps=(_over_caps(judge), _over_caps(judge.at(better))),
        prices=prices,
    )


def prices_of(past: Past) -> Prices:
    """Return prices from the log: a person who leaves takes along the clicks of a year, and a complaint hurts five
    times as much, since it also costs the inboxes of others. A choice, to be changed by whoever plans."""
    sends = past.known.sends
    clicks = float((sends.happened["clicked"] * ~sends.planned).sum())
    years = max(min(sends.split, float(sends.day.max(initial=0.0))) / 365, 0.1)
    yearly = clicks / max(len(np.unique(sends.person[~sends.planned])), 1) / years
    return Prices(unsubscribed=round(max(yearly, 0.5), 2), complained=round(5 * max(yearly, 0.5), 2))


# ---------------------------------------------------------------- the search

_Step = tuple[int, np.ndarray]  # the campaign moved, and all times after it
_Counts = dict[str, np.ndarray]


def _search(board: Board, prices: Prices, allowed: Allowed, locked: set[str]) -> list[_Step]:
    """Moves, one campaign at a time to its best day, round after round until nothing improves."""
    wanted, steps, counts = board.days.copy(), [], boards.tally(board)
    for _ in range(_ROUNDS):
        before = len(steps)
        for place, name in enumerate(board.names):
            days = [] if name in locked else [wanted[place] + shift for shift in range(-SHIFT_DAYS, SHIFT_DAYS + 1)]
            open_days = [day for day in days if day != board.days[place] and allowed(name, day)]
            found = _best_day(board, place, open_days, counts, prices)
            if found is not None:
                board, counts = found
                steps.append((place, board.days))
        if len(steps) == before:
            break
    return steps


def _best_day(
    board: Board, place: int, open_days: Sequence[float], counts: _Counts, prices: Prices
) -> tuple[Board, _Counts] | None:
    """The board with a campaign on its best day, and the counts then; None where it stands best. The earlier day wins a
    tie, and no day is taken that puts more letters over the caps."""
    best, gained = None, _LEAST_GAIN
    for day in open_days:
        days = board.days.copy()
        days[place] = day
        tried, touched = board.at(days), _touched(board.days, days, place)
        fresh = boards.tally(tried, touched)
        change = {name: float(fresh[name].sum() - counts[name][touched].sum()) for name in fresh}
        gain = prices.value(change)
        if gain > gained and change[boards.OVER_CAPS] <= 0:
            updated = {name: values.copy() for name, values in counts.items()}
            for name, values in fresh.items():
                updated[name][touched] = values
            best, gained = (tried, updated), gain
    return best


def _touched(before: np.ndarray, after: np.ndarray, place: int) -> np.ndarray:
    """Campaigns whose readers have another pressure when one is moved: itself, and those within four weeks after."""
    reach = np.zeros(len(before), dtype=bool)
    for days in (before, after):
        age = days - days[place]
        reach |= (age > 0) & (age <= boards.WINDOW_28)
    reach[place] = True
    return np.flatnonzero(reach)


def _over_caps(board: Board) -> float:
    return float(boards.tally(board)[boards.OVER_CAPS].sum())


# ---------------------------------------------------------------- what is told


def _told(past: Past, judge: Board, steps: Sequence[_Step], prices: Prices) -> pd.DataFrame:
    """The moves with gains as the other half of people sees them. Moves of one campaign are told as one."""
    rows, days = [], judge.days
    last = {place: number for number, (place, _) in enumerate(steps)}
    draws = _draws(judge, _DRAWS_OF_A_MOVE)
    for number in sorted(last.values()):
        place = steps[number][0]
        after = days.copy()
        after[place] = steps[-1][1][place]
        rows.append(_move(past, judge.at(days), judge.at(after), place, draws, prices))
        days = after
    kept = [row for row in rows if row["from_at"] != row["to_at"]]
    return pd.DataFrame(kept, columns=list(MOVE_COLUMNS))


def _move(
    past: Past, before: Board, after: Board, place: int, draws: Mapping[str, np.ndarray], prices: Prices
) -> dict[str, object]:
    sends = past.known.sends
    touched = _touched(before.days, after.days, place)
    first, then = (boards.drawn(board, draws, touched) for board in (before, after))
    change = {name: then[name] - first[name] for name in first}
    value = prices.value(change)
    low, high = np.quantile(value, [0.05, 0.95])
    at = [sends.start + pd.Timedelta(days=float(board.days[place])) for board in (before, after)]
    return {
        "campaign": before.names[place],
        "department": sends.departments[before.department[place]],
        "from_at": at[0].round("s"),
        "to_at": at[1].round("s"),
        "reason": _reason(before, after, place),
        **{f"gain_{name}": float(change[name].mean()) if name in change else np.nan for name in _NAMES},
        "gain_value": float(value.mean()),
        "low90": float(low),
        "high90": float(high),
    }


_NAMES = ("clicked", "unsubscribed", "complained")


def _reason(before: Board, after: Board, place: int) -> Text:
    """Whom the campaign no longer meets so closely: the one that shares most people within seven days."""
    column = np.array([place])
    busy = [
        float(boards.letters_before(board, column)[0][board.member[:, place], 0].mean()) for board in (before, after)
    ]
    near = np.abs(before.days - before.days[place]) <= boards.WINDOW_7
    near[place] = False
    shared = (before.member & before.member[:, [place]]).sum(axis=0) * near
    other = int(shared.argmax())
    words = {"before": round(busy[0], 1), "after": round(busy[1], 1)}
    if busy[1] < busy[0] and shared[other]:
        return say(
            "Its readers had {before} letters in the 7 days before, and would have {after}; {count} of them also get "
            "{other}.",
            count=round(before.weight * int(shared[other])),
            other=before.names[other],
            **words,
        )
    return say(
        "It leaves room for the letters that follow; its own readers go from {before} letters in the 7 days before to "
        "{after}.",
        **words,
    )


def _draws(board: Board, count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(_SEED)
    return {name: made.hazard.draws(rng, count) for name, made in board.studies.items()}


def _gain(judge: Board, days: np.ndarray, prices: Prices) -> pd.DataFrame:
    """All moves together, outcome by outcome and in value."""
    draws = _draws(judge, _DRAWS)
    before, after = boards.drawn(judge, draws), boards.drawn(judge.at(days), draws)
    rows = {
        **{name: (before[name], after[name]) for name in before},
        "value": (prices.value(before), prices.value(after)),
    }
    table = []
    for name, (first, then) in rows.items():
        low, high = np.quantile(then - first, [0.05, 0.95])
        change = float((then - first).mean())
        table.append((name, float(first.mean()), float(then.mean()), change, float(low), float(high)))
    return pd.DataFrame(table, columns=["outcome", "before", "after", "change", "low90", "high90"])


# ---------------------------------------------------------------- the frontier


def frontier(
    past: Past,
    *,
    allowed: Allowed = lambda campaign, day: True,
    locked: Sequence[str] = (),
    weights: Sequence[float] = (0, 0.5, 1, 2, 4),
) -> pd.DataFrame:
    """Return how clicks trade against unsubscribes: the plan as it is, and then for each weight of prices.

    Columns: weight, moves, clicked, unsubscribed, complained, as the other half of people tells them.
    """
    usual, (plan_half, judge_half) = prices_of(past), halves(past)
    made, judge = boards.board_of(plan_half, _SEARCHED_PEOPLE), boards.board_of(judge_half)
    rows = [{"weight": np.nan, "moves": 0, **_sums(judge)}]
    for weight in weights:
        prices = Prices(unsubscribed=weight * usual.unsubscribed, complained=weight * usual.complained)
        steps = _search(made, prices, allowed, set(locked))
        days = steps[-1][1] if steps else made.days
        rows.append({"weight": weight, "moves": int((days != made.days).sum()), **_sums(judge.at(days))})
    return pd.DataFrame(rows)


def _sums(board: Board) -> dict[str, float]:
    counts = boards.tally(board)
    return {name: float(counts[name].sum()) if name in counts else np.nan for name in _NAMES}
