"""The planner: a better plan, each move with its reason and an honest gain.

A campaign leaves on another day, becomes part of another of its department, or reaches those of its people who are
under most pressure at a later slot: nobody is dropped. Odd four weeks of the past make the plan and even ones tell its
gain (`horizon.halves`): a planner that judges itself by its own numbers promises too much. The same plan gives the same
moves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bulkmail.forecast import board as boards
from bulkmail.forecast.board import Board, Prices
from bulkmail.forecast.horizon import Past, expected_totals, halves
from bulkmail.model import Text, say
from bulkmail.tips.cadence import HOUSE_RULES, Rules

Allowed = Callable[[str, float], bool]  # whether a campaign may leave on a day (since the log's start)
MOVE, MERGE, PART = "move", "merge", "part"
KINDS = (MOVE, MERGE, PART)
SHIFT_DAYS = 7  # how far a campaign may be moved
NEXT_SLOT_DAYS = range(2, 8)  # how much later people under most pressure get it
_PRESSED = (2, 3, 4, 5)  # letters in 7 days from which on people are a class that waits
_DRAWS = 200
_SEED = 20_261_123
_ROUNDS = 3
_SEARCHED_PEOPLE = 1_000
_KEPT_PEOPLE = 50_000  # for so many the caps are counted person by person
_LEAST_GAIN = 0.02  # clicks: below that a move is noise
MOVE_COLUMNS = (
    "campaign", "department", "from_at", "to_at", "reason", "gain_clicked", "gain_unsubscribed", "gain_complained",
    "gain_value", "low90", "high90", "kind", "into", "people", "at_least",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change of a plan: the campaign in column `place` leaves on `day` (MOVE), goes into column `other` (MERGE), or
    waits until `day` for its people with `at_least` letters in the 7 days before (PART)."""

    kind: str
    place: int
    day: float = np.nan
    other: int = -1
    at_least: int = 0

    def taken(self, board: Board) -> Board:
        """The board after the step."""
        if self.kind == MERGE:
            return boards.merged(board, self.place, self.other)
        if self.kind == PART:
            return boards.parted(board, self.place, self.at_least, self.day)
        days = board.days.copy()
        days[self.place] = self.day
        return board.at(days)


@dataclass(frozen=True, kw_only=True)
class Improvement:
    """What the planner proposes. `moves` has MOVE_COLUMNS, in the order in which they are to be made: gains are changes
    of expected counts, `gain_value` in clicks with its 90 % interval, `reason` a Text, `kind` one of KINDS, `into` the
    campaign that a merged one becomes part of, `people` how many it is about, `at_least` from how many letters in the
    7 days before on people wait. `days` the new times by campaign (days
    since the log's start); `gain` is that of all moves together: outcome, before, after, change, low90, high90.
    `over_caps` are letters beyond the caps, before and after, `too_close` those that follow another within the gap.
    `steps` are the moves for `improved_letters`."""

    moves: pd.DataFrame
    days: Mapping[str, float]
    gain: pd.DataFrame
    over_caps: tuple[float, float]
    too_close: tuple[float, float]
    prices: Prices
    steps: tuple[Step, ...]


def improve(
    past: Past,
    *,
    allowed: Allowed = lambda campaign, day: True,
    locked: Sequence[str] = (),
    prices: Prices | None = None,
    kinds: Sequence[str] = KINDS,
    rules: Rules = HOUSE_RULES,
) -> Improvement:
    """Return a better plan for the planned rows of `past`, by moves of these kinds.

    `allowed` says whether a campaign may leave on a day (days since the log's start: quiet hours, holidays, blackouts);
    `locked` campaigns stay. No move puts more letters over the caps of the `rules`, or within their gap, than there
    were, and nothing is proposed that the other half of the past denies. Prices default to what a person's leaving
    costs in clicks of a year (`prices_of`).
    """
    prices = prices or prices_of(past)
    made, judge = _boards(past, rules)
    everybody = boards.board_of(past, _KEPT_PEOPLE, models=False, rules=rules)
    found = _needed(made, _settled(_search(made, prices, allowed, set(locked), kinds)), prices)
    steps = _not_denied(judge, _within_rules(everybody, found), prices)
    after = _after(judge, steps)
    return Improvement(
        moves=_told(past, judge, steps, prices),
        days=dict(zip(made.names, after.days.tolist(), strict=False)),
        gain=_gain(judge, after, prices),
        **_against_rules(everybody, _after(everybody, steps)),
        prices=prices,
        steps=tuple(steps),
    )


def _boards(past: Past, rules: Rules) -> tuple[Board, Board]:
    """The board that the plan is made on, and the one that tells its gain; both at the level of the whole forecast, for
    half a past knows what pressure does, but how much there is of all better from the whole."""
    plan_half, judge_half = halves(past)
    made, judge = boards.board_of(plan_half, _SEARCHED_PEOPLE, rules=rules), boards.board_of(judge_half, rules=rules)
    totals = expected_totals(past)
    return boards.levelled(made, totals), boards.levelled(judge, totals)


def improved_letters(past: Past, told: Improvement) -> pd.DataFrame:
    """Return the planned letters after all moves: campaign, person, day (since the log's start)."""
    board = _after(boards.board_of(past, len(past.known.sends.persons), models=False), told.steps)
    row, column = np.nonzero(board.member)
    names = np.array(board.names, dtype=object)
    persons = past.known.sends.persons.to_numpy()[board.person]
    table = {"campaign": names[column], "person": persons[row], "day": board.days[column]}
    return pd.DataFrame(table).astype({"campaign": "str", "person": "str"})


def prices_of(past: Past) -> Prices:
    """Return prices from the log: a person who leaves takes along the clicks of a year, and a complaint hurts five
    times as much, since it also costs the inboxes of others. A choice, to be changed by whoever plans."""
    sends = past.known.sends
    clicks = float((sends.happened["clicked"] * ~sends.planned).sum())
    years = max(min(sends.split, float(sends.day.max(initial=0.0))) / 365, 0.1)
    yearly = clicks / max(len(np.unique(sends.person[~sends.planned])), 1) / years
    return Prices(unsubscribed=round(max(yearly, 0.5), 2), complained=round(5 * max(yearly, 0.5), 2))


# ---------------------------------------------------------------- the search

_Counts = dict[str, np.ndarray]


def _search(made: Board, prices: Prices, allowed: Allowed, locked: set[str], kinds: Sequence[str]) -> list[Step]:
    """Steps, one campaign at a time to what serves it best: first other days, round after round until nothing improves,
    then merging and waiting."""
    open_days = {
        place: [day for day in made.days[place] + np.arange(-SHIFT_DAYS, 2 * SHIFT_DAYS + 1) if allowed(name, day)]
        for place, name in enumerate(made.names)
        if name not in locked
    }
    board, steps, counts = made, [], boards.tally(made)
    for kind in [MOVE] * _ROUNDS + [MERGE, PART]:
        found = []
        for place, days in open_days.items() if kind in kinds else ():
            choices = _choices(kind, made, board, place, days, open_days)
            best = _best(board, counts, choices, prices)
            if best is not None:
                step, board, counts = best
                found.append(step)
        steps += found
    return steps


def _choices(
    kind: str, made: Board, board: Board, place: int, days: Sequence[float], free: Mapping[int, Sequence[float]]
) -> list[Step]:
    """What may become of a campaign; earlier days come first and win a tie."""
    if not board.member[:, place].any():
        return []
    if kind == MOVE:
        near = [day for day in days if abs(day - made.days[place]) <= SHIFT_DAYS and day != board.days[place]]
        return [Step(kind=MOVE, place=place, day=float(day)) for day in near]
    if kind == MERGE:
        alike = np.flatnonzero(made.department == made.department[place])
        near = alike[(np.abs(board.days[alike] - board.days[place]) <= SHIFT_DAYS) & board.member[:, alike].any(axis=0)]
        return [Step(kind=MERGE, place=place, other=int(other)) for other in near if other != place and other in free]
    later = [day for day in days if round(day - board.days[place]) in NEXT_SLOT_DAYS]
    seven = boards.letters_before(board, np.array([place]))[0][board.member[:, place], 0]
    classes = [most for most in _PRESSED if seven.min() < most <= seven.max()]
    return [Step(kind=PART, place=place, day=float(day), at_least=most) for most in classes for day in later]


def _best(board: Board, counts: _Counts, choices: Sequence[Step], prices: Prices) -> tuple[Step, Board, _Counts] | None:
    """The step of most worth, the board and the counts after it; None where all stands best as it is, or whatever would
    help puts more letters over the caps or within the gap, or helps only because a window ends."""
    found = []
    for step in choices:
        tried = step.taken(board)
        touched = _touched(board, tried, step)
        known = touched[touched < len(board.names)]
        if boards.too_close(tried, touched).sum() > counts[boards.TOO_CLOSE][known].sum():
            continue
        fresh = boards.tally(tried, touched)
        change = {name: float(fresh[name].sum() - counts[name][known].sum()) for name in fresh}
        gain = prices.value(change)
        if gain > _LEAST_GAIN and change[boards.OVER_CAPS] <= 0:
            found.append((gain, step, tried, touched, fresh))
    for _, step, tried, touched, fresh in sorted(found, key=lambda one: -one[0]):
        if _helps_where_pressure_fades(board, tried, prices, touched):
            return step, tried, _updated(counts, len(tried.names), touched, fresh)
    return None


def _helps_where_pressure_fades(before: Board, after: Board, prices: Prices, columns: np.ndarray) -> bool:
    """Whether a change gains, too, where pressure fades over the days. A window knows no difference between six days
    and none, and would have letters wait until just beyond its end, which spares nobody anything."""
    known = columns[columns < len(before.names)]
    worth = [
        float(prices.value({name: values.sum() for name, values in boards.tally_faded(board, where).items()}))
        for board, where in ((before, known), (after, columns))
    ]
    return worth[1] > worth[0]


def _updated(counts: _Counts, columns: int, touched: np.ndarray, fresh: _Counts) -> _Counts:
    updated = {name: np.append(values, np.zeros(columns - len(values))) for name, values in counts.items()}
    for name, values in fresh.items():
        updated[name][touched] = values
    return updated


def _touched(before: Board, after: Board, step: Step) -> np.ndarray:
    """Campaigns whose readers have another pressure after a step: those it is about, and those of four weeks after."""
    about = {MERGE: [step.place, step.other], PART: [step.place, len(before.names)]}.get(step.kind, [step.place])
    reach = np.zeros(len(after.names), dtype=bool)
    for day in {*before.days[[place for place in about if place < len(before.names)]], *after.days[about]}:
        age = after.days - day
        reach |= (age >= 0) & (age <= boards.WINDOW_28)
    reach[about] = True
    return np.flatnonzero(reach)


def _settled(steps: Sequence[Step]) -> list[Step]:
    """The steps, of several days for one campaign only the last."""
    last = {(step.place, step.kind): number for number, step in enumerate(steps)}
    return [step for number, step in enumerate(steps) if last[step.place, step.kind] == number]


def _after(board: Board, steps: Sequence[Step]) -> Board:
    for step in steps:
        board = step.taken(board)
    return board


def _needed(made: Board, steps: Sequence[Step], prices: Prices) -> list[Step]:
    """The steps but for those that others have made needless, the last ones asked first."""
    kept, worth = list(steps), _worth(_after(made, steps), prices)
    for step in reversed(steps):
        fewer = [each for each in kept if each is not step]
        if any(each.kind == PART and each.place == step.place for each in fewer):
            continue  # its later slot was found for the day it moved to
        if (without := _worth(_after(made, fewer), prices)) >= worth - _LEAST_GAIN:
            kept, worth = fewer, without
    return kept


def _worth(board: Board, prices: Prices) -> float:
    return float(prices.value({name: values.sum() for name, values in boards.tally(board).items()}))


def _within_rules(everybody: Board, steps: Sequence[Step]) -> list[Step]:
    """The steps but for those that put more of all people's letters over the caps or within the gap: the search saw a
    sample only."""
    kept, stay, board = [], set(), everybody
    for step in steps:
        after = step.taken(board)
        touched = _touched(board, after, step)
        told = _against_rules(board, after, touched).values()
        if all(then <= now for now, then in told) and step.place not in stay:
            kept, board = [*kept, step], after
        else:
            stay.add(step.place)
    return kept


def _against_rules(before: Board, after: Board, columns: np.ndarray | None = None) -> dict[str, tuple[float, float]]:
    """Letters of these campaigns (all without a choice) over the caps and within the gap, before and after."""
    known = columns if columns is None else columns[columns < len(before.names)]
    first, then = boards.tally(before, known), boards.tally(after, columns)
    return {name: (float(first[name].sum()), float(then[name].sum())) for name in (boards.OVER_CAPS, boards.TOO_CLOSE)}


def _not_denied(judge: Board, steps: Sequence[Step], prices: Prices) -> Sequence[Step]:
    """The steps, or none where the half of the past that they were not found in denies that they gain anything."""
    after = _after(judge, steps)
    gains = _worth(after, prices) > _worth(judge, prices)
    return steps if gains and _helps_where_pressure_fades(judge, after, prices, np.arange(len(after.names))) else []


# ---------------------------------------------------------------- what is told


def _told(past: Past, judge: Board, steps: Sequence[Step], prices: Prices) -> pd.DataFrame:
    """The moves with gains as the other half of the past sees them."""
    rows, board, draws = [], judge, _draws(judge)
    for step in steps:
        after = step.taken(board)
        if step.kind != MOVE or board.days[step.place] != step.day:
            rows.append(_move(past, board, after, step, draws, prices))
        board = after
    return pd.DataFrame(rows, columns=list(MOVE_COLUMNS))


def _move(
    past: Past, before: Board, after: Board, step: Step, draws: Mapping[str, np.ndarray], prices: Prices
) -> dict[str, object]:
    sends, place = past.known.sends, step.place
    touched = _touched(before, after, step)
    first = boards.drawn(before, draws, touched[touched < len(before.names)])
    then = boards.drawn(after, draws, touched)
    stay = boards.stayers(before, after)
    change = {name: then[name] - first[name] + stay[name] for name in first}
    value = prices.value(change)
    low, high = np.quantile(value, [0.05, 0.95])
    to = {MERGE: after.days[step.other], PART: step.day}.get(step.kind, after.days[place])
    at = [sends.start + pd.Timedelta(days=float(day)) for day in (before.days[place], to)]
    return {
        "campaign": before.names[place],
        "department": sends.departments[before.department[place]],
        "from_at": at[0].round("s"),
        "to_at": at[1].round("s"),
        "reason": _reason(before, after, step),
        **{f"gain_{name}": float(change[name].mean()) if name in change else np.nan for name in _NAMES},
        "gain_value": float(np.mean(value)),
        "low90": float(low),
        "high90": float(high),
        "kind": step.kind,
        "into": before.names[step.other] if step.kind == MERGE else "",
        "people": round(before.weight * _people(before, after, step)),
        "at_least": step.at_least,
    }


_NAMES = ("clicked", "unsubscribed", "complained")


def _people(before: Board, after: Board, step: Step) -> int:
    """Whom a step is about: all readers of a moved campaign, who would have got both letters, or who wait."""
    if step.kind == MERGE:
        return int((before.member[:, step.place] & before.member[:, step.other]).sum())
    return int(after.member[:, -1 if step.kind == PART else step.place].sum())


def _reason(before: Board, after: Board, step: Step) -> Text:
    """What a step spares whom; of a moved campaign, whom it no longer meets so closely."""
    people = round(before.weight * _people(before, after, step))
    if step.kind == MERGE:
        return say(
            "{count} people would get this letter and {other} within a week: one letter with both spares them one.",
            count=people, other=before.names[step.other],
        )  # fmt: skip
    if step.kind == PART:
        return say(
            "{count} of its readers had {least} letters or more in the 7 days before: they get it at the next slot.",
            count=people, least=step.at_least,
        )  # fmt: skip
    return _reason_of_day(before, after, step.place)


def _reason_of_day(before: Board, after: Board, place: int) -> Text:
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


def _draws(board: Board) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(_SEED)
    return {name: made.hazard.draws(rng, _DRAWS) for name, made in board.studies.items()}


def _gain(before: Board, after: Board, prices: Prices) -> pd.DataFrame:
    """All moves together, outcome by outcome and in value; no rows where no outcome is known."""
    draws = _draws(before)
    first, then, stay = boards.drawn(before, draws), boards.drawn(after, draws), boards.stayers(before, after)
    then = {name: counts + stay[name] for name, counts in then.items()}
    pairs = {name: (first[name], then[name]) for name in first}
    pairs |= {"value": (prices.value(first), prices.value(then))} if pairs else {}
    table = []
    for name, (was, becomes) in pairs.items():
        low, high = np.quantile(becomes - was, [0.05, 0.95])
        told = float(np.mean(was)), float(np.mean(becomes)), float(np.mean(becomes - was))
        table.append((name, *told, float(low), float(high)))
    return pd.DataFrame(table, columns=["outcome", "before", "after", "change", "low90", "high90"])


# ---------------------------------------------------------------- the frontier


def frontier(
    past: Past,
    *,
    allowed: Allowed = lambda campaign, day: True,
    locked: Sequence[str] = (),
    weights: Sequence[float] = (0, 0.5, 1, 2, 4),
    kinds: Sequence[str] = KINDS,
    rules: Rules = HOUSE_RULES,
) -> pd.DataFrame:
    """Return how clicks trade against unsubscribes: the plan as it is, and then for each weight of prices.

    Columns: weight, moves, clicked, unsubscribed, complained, as the other half of the past tells them.
    """
    usual, (made, judge) = prices_of(past), _boards(past, rules)
    rows = [{"weight": np.nan, "moves": 0, **_sums(judge, judge)}]
    for weight in weights:
        prices = Prices(unsubscribed=weight * usual.unsubscribed, complained=weight * usual.complained)
        steps = _needed(made, _settled(_search(made, prices, allowed, set(locked), kinds)), prices)
        rows.append({"weight": weight, "moves": len(steps), **_sums(judge, _after(judge, steps))})
    return pd.DataFrame(rows)


def _sums(before: Board, after: Board) -> dict[str, float]:
    counts, stay = boards.tally(after), boards.stayers(before, after)
    return {name: float(counts[name].sum()) + stay[name] if name in counts else np.nan for name in _NAMES}
