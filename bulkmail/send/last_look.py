"""The last look: who of a request is not to be mailed after all, asked inside the transaction that claims it."""

from dataclasses import replace
from datetime import datetime

import pandas as pd

from bulkmail.adapters import cadence_rules, database, journal, ledger
from bulkmail.adapters.workspace import Connection, Workspace
from bulkmail.model import CONFIRMATION, Campaign
from bulkmail.tips import cadence, consent, unsubscribe

# What the last look heeds of consent. Who had none when the plan was made is not in the plan.
TAKEN_BACK = ("consent_refused", "consent_withdrawn", "consent_expired", "consent_invalid")


def last_look(
    ws: Workspace,
    campaign: Campaign,
    now: datetime,
    connection: Connection,
    attempt: journal.Attempt,
    letters: pd.DataFrame,
) -> dict[int, str]:
    """Return who of these is not to be mailed after all, and why: position → reason."""
    persons = letters["person"].tolist()
    events = ledger.of_mode(database.consent_among(connection, persons), rehearsal=ws.settings.rehearsal)
    suppressed = database.suppressions_among(connection, persons, rehearsal=ws.settings.rehearsal)
    contacts = journal.contacts_beside(ws, connection, attempt.plan_hash, persons)
    if not (len(events) or len(suppressed) or len(contacts)):
        return {}  # nothing is known against anybody, as of most requests
    judged = unsubscribe.annotate(letters, suppressed, purpose=campaign.purpose, events=events)
    reason = judged["suppression_reason"]
    if campaign.kind == CONFIRMATION:  # whoever left may ask to come back; whether they do, the letter asks
        reason = reason.mask(reason.isin(unsubscribe.MAY_ASK_AGAIN), "")
    elif len(events):
        rules = {"validity": consent.lasting(ws.settings.consent_months), "country": ws.settings.country}
        judged = consent.annotate(letters, events, purpose=campaign.purpose, kind=campaign.kind, now=now, **rules)
        taken_back = judged["consent_reason"].where(judged["consent_reason"].isin(TAKEN_BACK), "")
        reason = reason.where(reason != "", taken_back)
    if len(contacts):
        rules = replace(cadence.rules_of(cadence_rules.newest_among(connection)), quiet_holds=False)
        capped = cadence.annotate(letters, contacts, kind=campaign.kind, send_at=now, rules=rules)["cadence_reason"]
        reason = reason.where(reason != "", capped)
    left_out = reason != ""
    return dict(zip(letters["position"][left_out].tolist(), reason[left_out].tolist(), strict=True))
