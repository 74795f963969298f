"""Whether forecasts are too sure or too shy: where in the told range what came fell, over all that were judged."""

import numpy as np
import pandas as pd

from bulkmail.tips.cadence import wilson

BANDS = {"below": 0.05, "low": 0.2, "middle": 0.5, "high": 0.2, "above": 0.05}


def reliability(record: pd.DataFrame) -> pd.DataFrame:
    """Return how often what came fell into each part of the range: band (of BANDS), promised, count, forecasts, share,
    low, high (95 %).

    `record`: `forecast.backtest`, of one outcome. An honest forecast has half of what comes in its 50 % range, a fifth
    between that and either end of the 90 % range, a twentieth beyond either. Counts are whole numbers, and both ends of
    a range belong to it, so that the middle gets a little more where counts are small.
    """
    actual = record["actual"].to_numpy(dtype=float)
    low50, high50, low90, high90 = (
        record[name].to_numpy(dtype=float) for name in ("low50", "high50", "low90", "high90")
    )
    tests = [actual < low90, actual < low50, actual <= high50, actual <= high90]
    fell = np.select(tests, list(BANDS)[:4], "above") if len(record) else np.array([], dtype=str)
    count = pd.Series(fell).value_counts().reindex(list(BANDS), fill_value=0)
    low, high = wilson(count, len(record))
    table = pd.DataFrame({"band": list(BANDS), "promised": list(BANDS.values()), "count": count.to_numpy()})
    shares = count.to_numpy() / max(len(record), 1)
    return table.assign(forecasts=len(record), share=shares, low=low, high=high)
