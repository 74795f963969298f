"""Tip 4: be clear and honest. A reader sees at once who writes, what about, and where each link leads.

Chinese counts as English does: widths in display columns, sizes in UTF-8 bytes, prefixes and lures in both languages.
`facts` is what is judged; each room judges one side of it: subject, sender, links, content, languages, wire.
"""

from collections.abc import Callable

from bulkmail.model import Finding
from bulkmail.tips.clarity import content, languages, links, sender, subject, wire
from bulkmail.tips.clarity.facts import ClarityFacts, SpamReport
from bulkmail.tips.clarity.subject import display_width
from bulkmail.tips.clarity.wire import check_spamassassin

__all__ = ["CHECKS", "ClarityFacts", "SpamReport", "check_spamassassin", "display_width"]

CHECKS: tuple[Callable[[ClarityFacts], Finding], ...] = tuple(
    check for room in (subject, sender, links, content, languages, wire) for check in room.CHECKS
)
