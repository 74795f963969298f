"""Tip 6, consistency and frequency: how often a person is mailed across all departments, how volume grows, and when.

Estimates of what pressure does to people are in `forecast/`; here are the rules that hold before anything is known:
who has had enough (`rows`), when letters may leave (`days`), who has gone quiet (`inactive`), and the checks.
"""

from bulkmail.tips.cadence.checks import (
    check_complaint_rate,
    check_gmail_bulk_mark,
    check_hour_of_sending,
    check_letters_per_person,
    check_volume_grows_slowly,
)
from bulkmail.tips.cadence.days import (
    GMAIL_DOMAINS,
    HOUSE_RULES,
    LEAD_TIME,
    MACAU,
    SLOT_TIMES,
    Cap,
    Rules,
    holiday_on,
    slots,
    suggest_send_times,
    why_closed,
    why_closed_day,
)
from bulkmail.tips.cadence.facts import CadenceFacts
from bulkmail.tips.cadence.inactive import check_inactive_readers, check_signals_are_human, quiet_limit, sunset
from bulkmail.tips.cadence.numbers import growth, ramp, volume_by_day, wilson
from bulkmail.tips.cadence.providers import (
    check_gmail_quota,
    check_pacing_in_china,
    check_promised_cadence,
    check_transport,
    check_warm_up_begins_with_engaged,
)
from bulkmail.tips.cadence.rows import (
    DAYS_BETWEEN,
    FREQUENCY_CAP,
    FREQUENCY_PROMISE,
    annotate,
    capped_by_slot,
    lately,
    next_slots,
    promises_of,
    simulate_caps,
)

CHECKS = (
    check_promised_cadence, check_letters_per_person, check_volume_grows_slowly, check_warm_up_begins_with_engaged,
    check_gmail_bulk_mark, check_gmail_quota, check_complaint_rate, check_inactive_readers, check_signals_are_human,
    check_hour_of_sending, check_transport, check_pacing_in_china,
)  # fmt: skip

__all__ = [
    "CHECKS",
    "DAYS_BETWEEN",
    "FREQUENCY_CAP",
    "FREQUENCY_PROMISE",
    "GMAIL_DOMAINS",
    "HOUSE_RULES",
    "LEAD_TIME",
    "MACAU",
    "SLOT_TIMES",
    "CadenceFacts",
    "Cap",
    "Rules",
    "annotate",
    "capped_by_slot",
    "check_complaint_rate",
    "check_gmail_bulk_mark",
    "check_gmail_quota",
    "check_hour_of_sending",
    "check_inactive_readers",
    "check_letters_per_person",
    "check_pacing_in_china",
    "check_promised_cadence",
    "check_signals_are_human",
    "check_transport",
    "check_volume_grows_slowly",
    "check_warm_up_begins_with_engaged",
    "growth",
    "holiday_on",
    "lately", "next_slots",
    "promises_of",
    "quiet_limit",
    "ramp",
    "simulate_caps",
    "slots",
    "suggest_send_times",
    "sunset",
    "volume_by_day",
    "why_closed",
    "why_closed_day",
    "wilson",
]  # fmt: skip
