"""Bounces that come without our ids find their letter: by the address, among the letters of the last days."""

from datetime import datetime, timedelta

from bulkmail.adapters import journal
from bulkmail.adapters.workspace import Workspace
from bulkmail.tips import addressing

LOOK_BACK = timedelta(days=7)  # a mailbox's own server gives up after a few days (RFC 5321, section 4.5.4.1)


def name_late_bounces(ws: Workspace, now: datetime) -> int:
    """Give each bounce without ids to the last letter that its address was sent; how many found theirs.

    The address was suppressed when the bounce arrived; here the campaign learns of it.
    """
    unnamed = journal.unnamed_bounces(ws)
    if not unnamed:
        return 0
    persons = {event: addressing.person_of(address, ws.person_key) for event, address in unnamed.items()}
    found: dict[str, tuple[str, int]] = {}
    for run in journal.runs(ws):  # the newest first
        left = {person for event, person in persons.items() if event not in found and person}
        if not left or run.changed_at < now - LOOK_BACK:
            continue
        letters = journal.letters(ws, run.plan_hash)
        theirs = letters[letters["person"].isin(left) & (letters["state"] == "accepted")]
        of_person = dict(zip(theirs["person"], zip(theirs["attempt"], theirs["position"], strict=True), strict=True))
        named = {event: of_person[person] for event, person in persons.items() if person in of_person}
        found |= {
            event: (str(attempt), int(position)) for event, (attempt, position) in named.items() if event not in found
        }
    journal.name_bounces(ws, dict.fromkeys(unnamed, ("", journal.NOBODYS)) | found)
    return len(found)
