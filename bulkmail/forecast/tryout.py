"""A plan to try things on: what other dates, skips and merges would do to a forecast, told within milliseconds.

The models are learned once. A change moves the pressure on people, and so each campaign's expected counts on the board
(`board`); forecasts follow by that ratio, and their ranges by what remains of the spread.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bulkmail.forecast import board as boards
from bulkmail.forecast.board import Board
from bulkmail.forecast.horizon import Outlook, Past
from bulkmail.model import Wait

_UNUSUAL, _UNUSUAL_SHARE = 0.995, 0.1  # as `horizon.extrapolated` has it
_BOUNDS = ("low90", "low50", "high50", "high90")
_WIDTH_90 = 2 * 1.645  # standard deviations between the ends of a 90 % range


@dataclass(frozen=True, kw_only=True)
class Tryout:
    """`told` is the forecast of the plan as it stands, `counts` what the board makes of it; `usual` are the letters in
    7 and in 28 days that nearly no past letter went beyond, `start` the first moment of the log."""

    board: Board
    told: Outlook
    counts: Mapping[str, np.ndarray]
    usual: tuple[float, float]
    start: pd.Timestamp


def tryout_of(past: Past, told: Outlook) -> Tryout:
    """Return the planned rows of a past, with their forecast, to try things on."""
    board, known = boards.board_of(past), past.known
    usual = [
        float(np.quantile(n[known.usable], _UNUSUAL)) if known.usable.any() else np.inf for n in (known.n7, known.n28)
    ]
    return Tryout(
        board=board, told=told, counts=boards.tally(board), usual=(usual[0], usual[1]), start=known.sends.start
    )


def tried(
    tryout: Tryout,
    send_at: Mapping[str, pd.Timestamp],
    joins: Mapping[str, str],
    waits: Mapping[str, Wait] | None = None,
) -> Outlook:
    """Return the forecast at other times, with some campaigns gone or within others, and with people who wait.

    `send_at` has the time of each campaign, `joins` the campaign whose letter its people get: its own name, another's,
    or "" where it is skipped; `waits` who of a campaign gets it later. People of a merged campaign are as likely to act
    as they were there. Nothing is refitted.
    """
    before = tryout.board
    board = _put_off(_joined(_moved(tryout, send_at), joins), waits or {})
    counts = {name: _by_campaign(board, values) for name, values in boards.tally(board).items()}
    left = [name for name in before.names if joins.get(name, name) == name]
    campaigns = tryout.told.campaigns
    rows = campaigns[campaigns["campaign"].isin(left)].reset_index(drop=True)
    place = rows["campaign"].map({name: number for number, name in enumerate(before.names)}).to_numpy(dtype=int)
    ratio = np.ones(len(rows))
    for name, values in counts.items():
        mine = (rows["outcome"] == name).to_numpy()
        was = tryout.counts[name][place[mine]]
        ratio[mine] = np.where(was > 0, values[place[mine]] / np.where(was > 0, was, 1), 1.0)
    flagged = _beyond(tryout, board)
    people = _by_campaign(board, board.member.sum(axis=0)) / np.maximum(before.member.sum(axis=0), 1)
    told = _scaled(rows, ratio).assign(
        send_at=rows["campaign"].map(send_at), extrapolated=rows["campaign"].map(flagged).astype(bool),
        letters=(rows["letters"] * people[place]).round().astype(int),
    )  # fmt: skip
    return replace(
        tryout.told,
        campaigns=told.sort_values(["send_at", "campaign"], kind="stable", ignore_index=True),
        totals=_totals(tryout.told, told),
        extrapolated={name: flagged[name] for name in left},
    )


def _moved(tryout: Tryout, send_at: Mapping[str, pd.Timestamp]) -> Board:
    days = [(send_at[name] - tryout.start) / pd.Timedelta(days=1) for name in tryout.board.names]
    return tryout.board.at(np.array(days, dtype=float))


def _joined(board: Board, joins: Mapping[str, str]) -> Board:
    """The board without what is skipped, and with the people of what is merged in the other's column."""
    place = {name: number for number, name in enumerate(board.names)}
    for name, other in joins.items():
        if name != other and name in place:
            board = boards.merged(board, place[name], place[other]) if other in place else _without(board, place[name])
    return board


def _put_off(board: Board, waits: Mapping[str, Wait]) -> Board:
    """The board with a further column for those of each campaign who wait; the earliest first, for others see it."""
    for place in np.argsort(board.days, kind="stable"):
        wait = waits.get(board.names[place])
        if wait:
            board = boards.parted(board, int(place), wait.letters, board.days[place] + wait.days)
    return board


def _by_campaign(board: Board, values: np.ndarray) -> np.ndarray:
    """Values of columns, those of one campaign together, in the order in which campaigns first come."""
    first = {name: place for place, name in reversed(list(enumerate(dict.fromkeys(board.names))))}
    return np.bincount([first[name] for name in board.names], weights=values)


def _without(board: Board, place: int) -> Board:
    """The board with nobody in a column."""
    member, base = board.member.copy(), {name: laid.copy() for name, laid in board.base.items()}
    member[:, place] = False
    for laid in base.values():
        laid[:, place] = boards.NEVER
    return replace(board, member=member, base=base)


def _beyond(tryout: Tryout, board: Board) -> dict[str, bool]:
    """Whether each campaign goes beyond the pressure that was ever seen."""
    seven, month = boards.letters_before(board, np.arange(len(board.names)))
    beyond = ((seven > tryout.usual[0]) | (month > tryout.usual[1])) & board.member
    people = np.maximum(_by_campaign(board, board.member.sum(axis=0)), 1)
    share = _by_campaign(board, beyond.sum(axis=0)) / people
    return dict(zip(dict.fromkeys(board.names), (share > _UNUSUAL_SHARE).tolist(), strict=True))


def _scaled(rows: pd.DataFrame, ratio: np.ndarray) -> pd.DataFrame:
    """Forecasts that are so many times as large: what is uncertain of the mean grows with it, chance with its root."""
    mean = rows["expected"].to_numpy(dtype=float)
    variance = ((rows["high90"] - rows["low90"]).to_numpy(dtype=float) / _WIDTH_90) ** 2
    chance = np.minimum(mean, variance)
    after = ratio**2 * (variance - chance) + ratio * chance
    stretch = np.where(variance > 0, np.sqrt(after / np.where(variance > 0, variance, 1)), ratio)
    bounds = {}
    for name in _BOUNDS:
        bound = (ratio * mean + (rows[name].to_numpy(dtype=float) - mean) * stretch).round(6)
        bounds[name] = np.maximum(np.floor(bound) if name.startswith("low") else np.ceil(bound), 0)
    return rows.assign(expected=ratio * mean, **bounds)


def _totals(told: Outlook, campaigns: pd.DataFrame) -> pd.DataFrame:
    before = told.campaigns.groupby("outcome")["expected"].sum()
    after = campaigns.groupby("outcome")["expected"].sum()
    ratio = after.reindex(told.totals["outcome"]).fillna(0.0) / before.reindex(told.totals["outcome"])
    return _scaled(told.totals, ratio.fillna(1.0).to_numpy()) if len(told.totals) else told.totals
