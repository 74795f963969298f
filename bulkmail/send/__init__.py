"""Sends what was approved, one attempt at a time: claim, last look, letters, digest, post, outcome.

Each step is committed before the next begins, so that a stop at any point loses nobody and mails nobody twice: before
the digest nothing has left, after the outcome all is known, and in between the attempt is in doubt. What is in doubt is
settled by what the provider says later, by calling it back where it was scheduled ahead, or by a person; never by
sending again.
"""

from bulkmail.send.chores import evidence_for_pause, evidence_of, stop_on_evidence
from bulkmail.send.desk import Desk, a_desk
from bulkmail.send.doubts import Doubt, decide, doubts, recover, settle_by_logs
from bulkmail.send.last_look import last_look
from bulkmail.send.loop import send_due, work
from bulkmail.send.parcels import Letters, Parcel, links, pack, write_letters

__all__ = [
    "Desk",
    "Doubt",
    "Letters",
    "Parcel",
    "a_desk",
    "decide",
    "doubts",
    "evidence_for_pause",
    "evidence_of",
    "last_look",
    "links",
    "pack",
    "recover",
    "send_due",
    "settle_by_logs",
    "stop_on_evidence",
    "work",
    "write_letters",
]
