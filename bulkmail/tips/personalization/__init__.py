"""Tip 5: personalise. Every letter is complete, safe for its reader, and tells nobody what is not theirs to know.

`facts` is what is judged; then a room for the letters, one for the values in them, and one for their readers.
"""

from collections.abc import Callable

from bulkmail.model import Finding
from bulkmail.tips.personalization import letters, readers, values
from bulkmail.tips.personalization.facts import (
    BRANCH_COLUMNS,
    FAILURE_COLUMNS,
    PROBLEMS,
    VALUE_COLUMNS,
    FieldUse,
    PersonalizationFacts,
    letters_by_way,
)
from bulkmail.tips.personalization.readers import check_letters_were_looked_at

__all__ = [
    "BRANCH_COLUMNS",
    "CHECKS",
    "FAILURE_COLUMNS",
    "PROBLEMS",
    "VALUE_COLUMNS",
    "FieldUse",
    "PersonalizationFacts",
    "check_letters_were_looked_at",
    "letters_by_way",
]

CHECKS: tuple[Callable[[PersonalizationFacts], Finding], ...] = tuple(
    check for room in (letters, values, readers) for check in room.CHECKS
)
