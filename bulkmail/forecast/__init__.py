"""What a planned campaign will likely bring, how well such forecasts have held, and what cannot be said yet.

Everything starts from counts per campaign (`engagement.by_campaign`). The unit is the campaign: letters of one campaign
share its content, its audience and its day, so their spread is far wider than letters tossed like coins. Forecasts come
with 90 % intervals or as unknown with a reason; `backtest` shows how often past ones held.
"""

from bulkmail.forecast.expected import OUTCOMES, Forecast, backtest, coverage, expected, expected_outcomes
from bulkmail.forecast.pressure import PressureCurve, pressure_curve

__all__ = [
    "OUTCOMES",
    "Forecast",
    "PressureCurve",
    "backtest",
    "coverage",
    "expected",
    "expected_outcomes",
    "pressure_curve",
]
