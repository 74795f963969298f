"""Frames → Plotly figures: layout only. What is counted or estimated is counted or estimated elsewhere."""

from bulkmail.charts.cadence import contacts_per_week, fatigue_curve, send_hours
from bulkmail.charts.calendar import collision_matrix, forecast_fan, pressure_calendar
from bulkmail.charts.drawing import BAD, CAREFUL, DELIVERY, GOOD, PALETTE, QUIET, alt_text
from bulkmail.charts.people import consent_coverage, consent_ends, consent_map, exclusion_funnel, fill_rates
from bulkmail.charts.results import backtest, campaign_rates, delivery_progress, letter_funnel

__all__ = [
    "BAD",
    "CAREFUL",
    "DELIVERY",
    "GOOD",
    "PALETTE",
    "QUIET",
    "alt_text",
    "backtest",
    "campaign_rates",
    "collision_matrix",
    "consent_coverage",
    "consent_ends",
    "consent_map",
    "contacts_per_week",
    "delivery_progress",
    "exclusion_funnel",
    "fatigue_curve",
    "fill_rates",
    "forecast_fan",
    "letter_funnel",
    "pressure_calendar",
    "send_hours",
]
