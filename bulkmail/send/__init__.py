"""Sends what was approved, one attempt at a time: claim, last look, letters, digest, post, outcome.

Each step is committed before the next begins, so that a stop at any point loses nobody and mails nobody twice: before
the digest nothing has left, after the outcome all is known, and in between the attempt is in doubt. What is in doubt is
settled by what the provider says later, or by a person; never by sending again.
"""

from bulkmail.send.doubts import recover, settle_by_logs
from bulkmail.send.loop import Desk, a_desk, last_look, send_due, work
from bulkmail.send.parcels import Letters, Parcel, links, pack, write_letters

__all__ = [
    "Desk",
    "Letters",
    "Parcel",
    "a_desk",
    "last_look",
    "links",
    "pack",
    "recover",
    "send_due",
    "settle_by_logs",
    "work",
    "write_letters",
]
