"""Bounces and complaints by day and provider, each with its denominator and interval."""

import pandas as pd

from bulkmail import limits
from bulkmail.tips.cadence import wilson
from bulkmail.tips.sender_requirements import provider_of

RATE_COLUMNS = (
    "day", "provider", "delivered", "bounced", "complained",
    "bounce_rate", "bounce_low", "bounce_high", "complaint_rate", "complaint_low", "complaint_high", "verdict",
)  # fmt: skip
TELLS_NOTHING = ("gmail",)  # Gmail sends no complaint back: Postmaster Tools alone has its rate
FEW, GOOD, CAREFUL, BAD = "few", "good", "careful", "bad"


def by_day_and_provider(told: pd.DataFrame) -> pd.DataFrame:
    """Return RATE_COLUMNS of (day, domain, kind, letters), the newest day first.

    Bounces are a share of delivered and bounced letters, complaints of delivered ones; a rate is missing where nothing
    could be counted. The verdict looks at the interval, and a small sample gets none (`few`).
    """
    if told.empty:
        return pd.DataFrame(columns=list(RATE_COLUMNS))
    counted = told.assign(provider=told["domain"].map(provider_of))
    wide = counted.pivot_table(index=["day", "provider"], columns="kind", values="letters", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=["delivered", "bounced", "complained"], fill_value=0).reset_index()
    rows = [_judged(row) for row in wide.to_dict("records")]
    return pd.DataFrame(rows, columns=list(RATE_COLUMNS)).sort_values(["day", "provider"], ascending=[False, True])


def _judged(row: dict[str, object]) -> dict[str, object]:
    delivered, bounced, complained = int(row["delivered"]), int(row["bounced"]), int(row["complained"])
    silent = row["provider"] in TELLS_NOTHING
    bounce = _rate(bounced, delivered + bounced)
    complaint = (None, None, None) if silent else _rate(complained, delivered)
    return {
        **row,
        **dict(zip(("bounce_rate", "bounce_low", "bounce_high"), bounce, strict=True)),
        **dict(zip(("complaint_rate", "complaint_low", "complaint_high"), complaint, strict=True)),
        "verdict": _verdict(delivered + bounced, bounce, complaint),
    }


def _rate(count: int, of: int) -> tuple[float | None, float | None, float | None]:
    return (count / of, *wilson(count, of)) if of else (None, None, None)


def _verdict(letters: int, bounce: tuple, complaint: tuple) -> str:
    """Return bad where even the low end is beyond the limit, careful near the limit, few of a small sample."""
    if letters < limits.COMPLAINT_ENOUGH_LETTERS.value:
        return FEW
    pairs = ((bounce, limits.BOUNCE_STOP_RATE.value), (complaint, limits.COMPLAINT_STOP_RATE.value))
    known = [(rate, low, limit) for (rate, low, _), limit in pairs if rate is not None]
    if any(low > limit for _, low, limit in known):
        return BAD
    soft = ((bounce, limits.BOUNCE_WARN_RATE.value), (complaint, limits.COMPLAINT_TARGET_RATE.value))
    return CAREFUL if any(rate is not None and rate > limit for (rate, _, _), limit in soft) else GOOD
