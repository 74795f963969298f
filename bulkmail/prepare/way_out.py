"""What tip 3 is to judge: the letter, the last drill, the requests that wait, and who was mailed after leaving."""

from datetime import datetime

import pandas as pd

from bulkmail import sendgrid_format
from bulkmail.adapters import opt_outs, seed_letters, suppressions
from bulkmail.adapters.workspace import Workspace
from bulkmail.facts import SeedFacts
from bulkmail.model import Campaign, Finding, Message
from bulkmail.prepare.drill import newest_drill
from bulkmail.prepare.letters import canary_url
from bulkmail.tips import unsubscribe


def facts_of(
    ws: Workspace, campaign: Campaign, letter: Message, contacts: pd.DataFrame, events: pd.DataFrame, *, now: datetime
) -> unsubscribe.UnsubscribeFacts:
    """The facts about one letter of the campaign; `contacts` of the last month, `events` of the ledger."""
    return unsubscribe.UnsubscribeFacts(
        public_url=ws.settings.public_url,
        headers=unsubscribe.headers_of(campaign, canary_url(ws)),
        html=letter.html,
        text=letter.text,
        rehearsal=ws.settings.stays_here,
        drill=newest_drill(ws, campaign, now=now),
        key_ids=tuple(sorted(ws.token_keys)),
        requests=requests_to_stop(ws),
        now=now,
        mailed=len(contacts),
        mailed_after_leaving=_mailed_after_leaving(ws, campaign, contacts, events),
        provider_adds_headers=sendgrid_format.SUBSCRIPTION_TRACKING,
        received=_received(seed_letters.newest_seed(ws, campaign.sender.address.rpartition("@")[2].lower())),
    )


def findings_of_drill(ws: Workspace, drill: unsubscribe.Drill) -> list[Finding]:
    """What a drill says of the way out, each thing once."""
    facts = unsubscribe.UnsubscribeFacts(
        public_url=ws.settings.public_url, headers={}, html="", text="", rehearsal=ws.settings.stays_here,
        drill=drill, key_ids=tuple(sorted(ws.token_keys)),
    )  # fmt: skip
    found = [check(facts) for check in unsubscribe.DRILL_CHECKS]
    return list({str(finding.message): finding for finding in reversed(found)}.values())[::-1]


def _received(seed: SeedFacts | None) -> unsubscribe.Received | None:
    """What tip 3 wants of the newest letter that came back; a signature that does not verify covers nothing."""

    def covered(verdict: str) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(one.signed) for one in seed.signatures if one.verdict == verdict)

    return seed and unsubscribe.Received(
        at=seed.received_at,
        signed=covered("pass"),
        unsure=covered("unknown"),
        counts=seed.leaving_counts,
        mangled=seed.leaving_mangled,
    )


def _mailed_after_leaving(ws: Workspace, campaign: Campaign, contacts: pd.DataFrame, events: pd.DataFrame) -> int:
    """Of other campaigns' letters the purpose is not known here: those count after who had left everything."""
    held, ours = suppressions.suppressions(ws), contacts["campaign"] == campaign.id
    parts = ((contacts[ours], held), (contacts[~ours], held[held["purpose"] == ""]))
    asked = {"purpose": campaign.purpose, "events": events}
    return sum(unsubscribe.mailed_after_leaving(letters, left, **asked) for letters, left in parts)


def requests_to_stop(ws: Workspace) -> unsubscribe.Requests:
    """The requests to stop that are not honoured yet, as far as is known here."""
    return unsubscribe.Requests(**opt_outs.standing(ws))
