"""Which departments write to the same people, and how often their letters fall into the same week."""

from itertools import combinations

import numpy as np
import pandas as pd

from bulkmail.forecast.sends import Sends, running

READER_COLUMNS = ("department", "other_department", "readers", "people", "share")
_WEEK = 7.0


def shared_readers(sends: Sends, *, since: float = 0.0) -> pd.DataFrame:
    """Return for each pair of departments: department, other_department, readers (of the one that has fewer), people
    (who had letters of both within 7 days of each other at least once) and share (of those readers).

    Letters from day `since` of the log on count. One pass over all letters for each pair of departments.
    """
    recent, rows = sends.day >= since, np.arange(len(sends))
    opens = np.searchsorted(sends.line, sends.line - _WEEK)
    had, theirs = {}, {}
    for code, name in enumerate(sends.departments):
        mine = (sends.department == code) & recent
        total = running(mine)
        had[name] = total[rows + 1] - total[opens] > 0  # this department wrote within the week that ends with the row
        theirs[name] = mine
    readers = {name: len(np.unique(sends.person[mine])) for name, mine in theirs.items()}
    pairs = []
    for one, other in combinations(sorted(theirs), 2):
        met = (theirs[one] & had[other]) | (theirs[other] & had[one])
        least = min(readers[one], readers[other])
        people = len(np.unique(sends.person[met]))
        pairs.append((one, other, least, people, people / least if least else np.nan))
    return pd.DataFrame(pairs, columns=list(READER_COLUMNS))
