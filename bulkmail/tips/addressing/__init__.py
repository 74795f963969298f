"""Tip 2, accurate addresses: normal form, verdict, repeats, likely slips, and addresses to leave alone.

`annotate` judges the rows of a list, `quality_of` counts what was found, and each of CHECKS makes a finding of it.
"""

from bulkmail.tips.addressing.checks import CHECKS
from bulkmail.tips.addressing.forms import repair
from bulkmail.tips.addressing.judging import annotate, normal_forms, with_answers
from bulkmail.tips.addressing.mailboxes import person_of, persons
from bulkmail.tips.addressing.names import clues, shared
from bulkmail.tips.addressing.quality import Quality, count, is_disposable, is_role, quality_of, signs_of
from bulkmail.tips.addressing.slips import likely_domains

__all__ = [
    "CHECKS", "Quality", "annotate", "clues", "count", "is_disposable", "is_role", "likely_domains", "normal_forms",
    "person_of", "persons", "quality_of", "repair", "shared", "signs_of", "with_answers",
]  # fmt: skip
