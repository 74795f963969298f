"""Contact pressure: how many letters a person had before each letter, counted over all departments."""

from datetime import timedelta

import narwhals as nw
from narwhals.typing import IntoFrameT

from bulkmail import limits

WINDOWS = {"n7": 7, "n28": 28}
_KEY = ("person", "campaign", "sent_at")


def pressure(letters: IntoFrameT) -> IntoFrameT:
    """Return the letters, in the kind of table they came in, with `n7` and `n28`: earlier letters to the same person in
    the 7 and 28 days before. Row order is not kept.

    All departments count; letters sent in the same moment do not count for each other. Windows are shortened by
    WINDOW_SLACK_HOURS: at exactly 168 hours a weekly letter falls in and out of "7 days" by minutes. A running count
    along each person's time is read at every letter and at the beginning of each of its windows; what lies between is
    the difference. A person must not appear twice in one campaign at one moment.
    """
    frame = nw.from_native(letters)
    sent = frame.select(*_KEY)
    marks = [sent.with_columns(at=nw.col("sent_at"), letters=nw.lit(1), **dict.fromkeys(WINDOWS, nw.lit(0)))]
    for name, days in WINDOWS.items():
        window = timedelta(days=days) - timedelta(hours=limits.WINDOW_SLACK_HOURS.value)
        others = {other: nw.lit(0) for other in WINDOWS if other != name}
        for at, sign in ((nw.col("sent_at"), 1), (nw.col("sent_at") - window, -1)):
            marks.append(sent.with_columns(at=at, letters=nw.lit(0), **{name: nw.lit(sign)}, **others))
    line = nw.concat([mark.select(*_KEY, "at", "letters", *WINDOWS) for mark in marks])
    # at one moment readings (0) come before letters (1): only what was earlier is counted
    before = nw.col("letters").cum_sum().over("person", order_by=["at", "letters"])
    counts = (
        line.with_columns(before=before)
        .with_columns(**{name: nw.col(name) * nw.col("before") for name in WINDOWS})
        .group_by(*_KEY)
        .agg(*(nw.col(name).sum() for name in WINDOWS))
    )
    return frame.join(counts, on=list(_KEY), how="left").to_native()
