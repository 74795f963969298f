"""What pressure does to people, what a planned campaign will likely bring, and how well such forecasts have held.

The way of the data: letters (`engagement`) → `sends` (sorted arrays) → `covariates` (pressure, the calendar's share of
it, who the reader is) → `hazard` (a logit with learned spreads) → `study` (one fitted outcome) → `fatigue` (the curve),
`horizon` (forecasts), `record` (the backtest), `board` and `planner` (better dates), `tryout` (what a change does).
`expected` tells one campaign from counts alone, where a log is too thin for more. Forecasts come with intervals, or as
unknown with a reason.
"""

from bulkmail.forecast.board import Prices
from bulkmail.forecast.bounces import BounceForecast, bounces_among, expected_bounces, reached_by
from bulkmail.forecast.calendar import Audiences, audiences, collisions, pressure_by_week
from bulkmail.forecast.expected import Forecast, coverage, expected, expected_outcomes
from bulkmail.forecast.expected import backtest as backtest_of_counts
from bulkmail.forecast.fatigue import Curve, curve, curves, curves_of
from bulkmail.forecast.holdout import hold, is_held, read_holdout
from bulkmail.forecast.horizon import GMAIL_RULE, TOO_FEW, Outlook, Past, extrapolated, has_left, learn, outlook
from bulkmail.forecast.hours import NOT_PROVEN, hours_by_lot, read_hours
from bulkmail.forecast.planner import KINDS, Improvement, frontier, improve, improved_letters, prices_of
from bulkmail.forecast.readers import shared_readers
from bulkmail.forecast.record import backtest, share_covered
from bulkmail.forecast.reliability import reliability
from bulkmail.forecast.sends import OUTCOMES, Sends, sends_of
from bulkmail.forecast.tryout import Tryout, tried, tryout_of
from bulkmail.forecast.worth import next_letter

__all__ = [
    "GMAIL_RULE",
    "KINDS",
    "NOT_PROVEN",
    "OUTCOMES",
    "TOO_FEW",
    "Audiences",
    "BounceForecast",
    "Curve",
    "Forecast",
    "Improvement",
    "Outlook",
    "Past",
    "Prices",
    "Sends",
    "Tryout",
    "audiences",
    "backtest",
    "backtest_of_counts",
    "bounces_among",
    "collisions",
    "coverage",
    "curve",
    "curves",
    "curves_of",
    "expected",
    "expected_bounces",
    "expected_outcomes",
    "extrapolated",
    "frontier",
    "has_left",
    "hold",
    "hours_by_lot",
    "improve",
    "improved_letters",
    "is_held",
    "learn",
    "next_letter",
    "outlook",
    "pressure_by_week",
    "prices_of",
    "reached_by",
    "read_holdout",
    "read_hours",
    "reliability",
    "sends_of",
    "share_covered",
    "shared_readers",
    "tried",
    "tryout_of",
]
