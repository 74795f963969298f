"""Frames → Plotly figures: layout only. What is counted or estimated is counted or estimated elsewhere."""

from bulkmail.charts.cadence import contacts_per_week, naive_pressure, send_hours
from bulkmail.charts.drawing import BAD, CAREFUL, DELIVERY, GOOD, PALETTE, QUIET, alt_text
from bulkmail.charts.people import consent_coverage, exclusion_funnel, fill_rates
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
    "consent_coverage",
    "contacts_per_week",
    "delivery_progress",
    "exclusion_funnel",
    "fill_rates",
    "letter_funnel",
    "naive_pressure",
    "send_hours",
]
