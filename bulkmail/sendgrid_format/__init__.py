"""SendGrid's words, known to no other pure room: letters become request bodies, answers and events become our nouns.

Pages read on 2026-11-23: twilio.com/docs/sendgrid, api-reference/mail-send (limits, errors, personalizations),
for-developers/tracking-events/event, api-reference/email-logs.
"""

from bulkmail.sendgrid_format.answers import NOT_SENT, Answer, AnswerKind, read_answer, read_batch, read_is_cancelled
from bulkmail.sendgrid_format.events import (
    EventsRead,
    is_hard_bounce,
    read_events,
    read_log,
    read_log_ids,
    read_suppressed,
)
from bulkmail.sendgrid_format.requests import (
    SUBSCRIPTION_TRACKING,
    Addressee,
    StaticLetter,
    category_of,
    dump,
    logs_query,
    mail_send_body,
    single_body,
)

__all__ = [
    "NOT_SENT", "SUBSCRIPTION_TRACKING", "Addressee", "Answer", "AnswerKind", "EventsRead", "StaticLetter",
    "category_of", "dump", "is_hard_bounce", "logs_query", "mail_send_body", "read_answer", "read_batch",
    "read_events", "read_is_cancelled", "read_log", "read_log_ids", "read_suppressed", "single_body",
]  # fmt: skip
