"""A small bilingual organisation to try everything on. All of it is synthetic, and says so wherever it is read.

Everything follows from a seed: the same call gives the same bytes. Nobody here exists: most addresses are at
SAMPLE_DOMAIN, the others begin with SAMPLE_PREFIX; `is_sample` knows both, so that no real letter is sent to them.
"""

from bulkmail.sample.campaigns import campaigns
from bulkmail.sample.history import DEPARTMENTS, FATIGUE, history
from bulkmail.sample.lists import ALUMNI_FILE, MEMBERS_FILE, MESS, lists
from bulkmail.sample.people import ORGANISATION, SAMPLE_DOMAIN, SAMPLE_NOW, SAMPLE_PREFIX, is_sample

__all__ = [
    "ALUMNI_FILE",
    "DEPARTMENTS",
    "FATIGUE",
    "MEMBERS_FILE",
    "MESS",
    "ORGANISATION",
    "SAMPLE_DOMAIN",
    "SAMPLE_NOW",
    "SAMPLE_PREFIX",
    "campaigns",
    "history",
    "is_sample",
    "lists",
]
