"""Tip 3: let everybody leave with one click, at once and for good.

Signed tokens for links, the headers and the foot of letters, the join with the suppressions, and the checks: of the
letter, of the way out as strangers meet it (`drill_checks`), and of what was asked of us (`request_checks`).
"""

from bulkmail.tips.unsubscribe import drill_checks, letter_checks, request_checks
from bulkmail.tips.unsubscribe.facts import Drill, Received, Requests, Step, UnsubscribeFacts
from bulkmail.tips.unsubscribe.letter import (
    ONE_CLICK,
    footer_html,
    footer_text,
    headers,
    headers_of,
    list_id,
)
from bulkmail.tips.unsubscribe.request_checks import is_overdue
from bulkmail.tips.unsubscribe.signing import Token, make_token, read_token, tokens
from bulkmail.tips.unsubscribe.suppressed import MAY_ASK_AGAIN, annotate, mailed_after_leaving

__all__ = [
    "CHECKS", "DRILL_CHECKS", "MAY_ASK_AGAIN", "ONE_CLICK", "Drill", "Received", "Requests", "Step", "Token",
    "UnsubscribeFacts", "annotate", "footer_html", "footer_text", "headers", "headers_of", "is_overdue", "list_id",
    "mailed_after_leaving", "make_token", "read_token", "tokens",
]  # fmt: skip

DRILL_CHECKS = drill_checks.CHECKS
CHECKS = (*letter_checks.CHECKS, *drill_checks.CHECKS, *request_checks.CHECKS)
