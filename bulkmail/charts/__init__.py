"""Frames → Plotly figures: layout only. What is counted or estimated is counted or estimated elsewhere."""

from bulkmail.charts.cadence import (
    contacts_per_week,
    fatigue_curve,
    holdout_check,
    hours_by_lot,
    next_letter,
    send_hours,
)
from bulkmail.charts.calendar import collision_matrix, forecast_fan, frontier, pressure_calendar
from bulkmail.charts.drawing import BAD, CAREFUL, DELIVERY, GOOD, PALETTE, QUIET, alt_text
from bulkmail.charts.engagement import complaint_strip, signals, silence, warm_up
from bulkmail.charts.people import consent_coverage, consent_ends, consent_map, exclusion_funnel, fill_rates
from bulkmail.charts.planner import campaign_schedule, plan_waterfall
from bulkmail.charts.results import backtest, campaign_rates, delivery_progress, letter_funnel, reliability

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
    "campaign_schedule",
    "collision_matrix",
    "complaint_strip",
    "consent_coverage",
    "consent_ends",
    "consent_map",
    "contacts_per_week",
    "delivery_progress",
    "exclusion_funnel",
    "fatigue_curve",
    "fill_rates",
    "forecast_fan",
    "frontier",
    "holdout_check",
    "hours_by_lot",
    "letter_funnel",
    "next_letter",
    "plan_waterfall",
    "pressure_calendar",
    "reliability",
    "send_hours",
    "signals",
    "silence",
    "warm_up",
]
