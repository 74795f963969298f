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
    Trial,
    holiday_on,
    slots,
    suggest_send_times,
    why_closed,
    why_closed_day,
)
from bulkmail.tips.cadence.facts import CadenceFacts
from bulkmail.tips.cadence.inactive import (
    ACTIVE,
    ASK,
    NEW,
    SUNSET,
    SUNSET_COLUMNS,
    check_inactive_readers,
    check_signals_are_human,
    quiet_limit,
    sunset,
)
from bulkmail.tips.cadence.numbers import growth, ramp, volume_by_day, wilson
from bulkmail.tips.cadence.providers import (
    check_gmail_quota,
    check_pacing_in_china,
    check_promised_cadence,
    check_transport,
    check_warm_up_begins_with_engaged,
)
from bulkmail.tips.cadence.rows import (
    BY_TIME,
    DAYS_BETWEEN,
    FREQUENCY_CAP,
    FREQUENCY_PROMISE,
    FREQUENCY_TRIAL,
    INACTIVE,
    QUIET_HOURS,
    annotate,
    capped_by_slot,
    lately,
    next_slots,
    promises_of,
    simulate_caps,
)
from bulkmail.tips.cadence.stored import LONGEST_WINDOW, check_rules, document_of, rules_of
from bulkmail.tips.cadence.zones import quiet_by_own_clocks, zones_of

CHECKS = (
    check_promised_cadence, check_letters_per_person, check_volume_grows_slowly, check_warm_up_begins_with_engaged,
    check_gmail_bulk_mark, check_gmail_quota, check_complaint_rate, check_inactive_readers, check_signals_are_human,
    check_hour_of_sending, check_transport, check_pacing_in_china,
)  # fmt: skip

__all__ = [
    "ACTIVE",
    "ASK",
    "BY_TIME",
    "CHECKS",
    "DAYS_BETWEEN",
    "FREQUENCY_CAP",
    "FREQUENCY_PROMISE",
    "FREQUENCY_TRIAL",
    "GMAIL_DOMAINS",
    "HOUSE_RULES",
    "INACTIVE",
    "LEAD_TIME",
    "LONGEST_WINDOW",
    "MACAU",
    "NEW",
    "QUIET_HOURS",
    "SLOT_TIMES",
    "SUNSET",
    "SUNSET_COLUMNS",
    "CadenceFacts",
    "Cap",
    "Rules",
    "Trial",
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
    "check_rules",
    "check_signals_are_human",
    "check_transport",
    "check_volume_grows_slowly",
    "check_warm_up_begins_with_engaged",
    "document_of",
    "growth",
    "holiday_on",
    "lately",
    "next_slots",
    "promises_of",
    "quiet_by_own_clocks",
    "quiet_limit",
    "ramp",
    "rules_of",
    "simulate_caps",
    "slots",
    "suggest_send_times",
    "sunset",
    "volume_by_day",
    "why_closed",
    "why_closed_day",
    "wilson",
    "zones_of",
]  # fmt: skip
