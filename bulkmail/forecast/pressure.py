"""What one more letter in a week does to people: not told yet, and why the easy answer is wrong."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bulkmail.model import Text, say
from bulkmail.tips.cadence import wilson

MOST = 6  # letters in 7 days from which on they are counted together


@dataclass(frozen=True, kw_only=True)
class PressureCurve:
    """The effect of letters in the last 7 days on one outcome. `known` is False and `reason` says why; `naive` is the
    bucket table that dashboards show, to be looked at and not to be planned with."""

    outcome: str
    known: bool
    reason: Text
    naive: pd.DataFrame


def pressure_curve(letters: pd.DataFrame, *, outcome: str) -> PressureCurve:
    """Return that the curve is unknown, with the naive table: n7, letters, events, rate, low, high, ratio, method.

    `letters` are from `engagement.pressure`. People who are mailed often are those who like letters and sit on many
    lists, so rates by frequency mix who they are with what was done to them: with a true click ratio of 0.53 at six
    letters a week such tables go up. An estimate has to compare the same people in busy and in quiet weeks.
    """
    reason = say(
        "People who get many letters differ from people who get few, so rates by frequency do not show what one more "
        "letter does. Comparing busy with quiet weeks, or holding back letters from a random tenth of people, would."
    )
    return PressureCurve(outcome=outcome, known=False, reason=reason, naive=_naive(letters, outcome))


def _naive(letters: pd.DataFrame, outcome: str) -> pd.DataFrame:
    delivered = letters[letters["delivered"] == 1]
    groups = delivered.groupby(delivered["n7"].clip(upper=MOST))[outcome]
    table = groups.agg(letters="size", events="sum").reset_index()
    low, high = wilson(table["events"], table["letters"])
    rate = table["events"] / table["letters"]
    alone = rate[table["n7"] == 0]
    base = float(alone.iloc[0]) if len(alone) else 0.0
    ratio = rate / base if base > 0 else np.nan
    return table.assign(rate=rate, low=low, high=high, ratio=ratio, method="naive")
