"""What became of letters: one row per send, then counts with denominators and intervals, and contact pressure.

A *letters* table has LETTER_COLUMNS: who was sent what and when, and 0 or 1 for each thing that happened, as integers
(boolean sums differ between engines). Opens and clicks made by machines stand in columns of their own. Summaries and
pressure are narwhals over elementary aggregations, so letters may be a pandas, Arrow, polars or Spark table.
"""

from bulkmail.engagement.letters import (
    BASES,
    HAPPENINGS,
    LETTER_COLUMNS,
    is_gmail,
    letters_from_events,
    persons_of,
    unmatched_events,
)
from bulkmail.engagement.pressure import pressure
from bulkmail.engagement.shapes import as_sends
from bulkmail.engagement.signs import complaints_by_week, signals, silence, usual_silence
from bulkmail.engagement.summaries import by_campaign, by_send_hour, by_week, hours_apart, shares
from bulkmail.engagement.tables import REFUSALS, TIME_COLUMNS, EventReading, read_event_table, read_times

__all__ = [
    "BASES",
    "HAPPENINGS",
    "LETTER_COLUMNS",
    "REFUSALS",
    "TIME_COLUMNS",
    "EventReading",
    "as_sends",
    "by_campaign",
    "by_send_hour",
    "by_week",
    "complaints_by_week",
    "hours_apart",
    "is_gmail",
    "letters_from_events",
    "persons_of",
    "pressure",
    "read_event_table",
    "read_times",
    "shares",
    "signals",
    "silence",
    "unmatched_events",
    "usual_silence",
]
