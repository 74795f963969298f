"""How this house reads consent: its rules, the wordings it knows, and what its ledger says of some people."""

from datetime import datetime

import pandas as pd

from bulkmail.adapters import ledger, notices
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import Campaign
from bulkmail.tips import consent


def rules(ws: Workspace) -> dict[str, object]:
    """For how long consent lasts, the house's own country, and the wordings it knows: arguments of consent.annotate."""
    return {
        "validity": consent.lasting(ws.settings.consent_months),
        "country": ws.settings.country,
        "notices": consent.index_of(notices.notices(ws)),
    }


def judge(
    ws: Workspace, table: pd.DataFrame, campaign: Campaign, *, now: datetime
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Every row with what tip 1 says of it, the consent events that the list itself brings, and all that count."""
    order = {"date_order": campaign.date_order}
    brought = consent.events_of_list(
        table,
        purpose=campaign.purpose,
        attestation=campaign.attestation,
        source=campaign.list_name,
        recorded_by="",
        now=now,
        **order,
    )
    known = ledger.consent_of(ws, table["person"])
    events = pd.concat([known, brought], ignore_index=True) if len(known) else brought
    how = {"purpose": campaign.purpose, "kind": campaign.kind, "now": now, **rules(ws), **order}
    return consent.annotate(table, events, **how), brought, events


def facts(
    ws: Workspace, table: pd.DataFrame, campaign: Campaign, *, letter: str | None, now: datetime
) -> consent.ConsentFacts:
    """What the checks of tip 1 judge. `letter` is subject and text of a letter, None where there is none yet."""
    noes, first = ledger.noes(ws)
    return consent.ConsentFacts(
        table=table,
        purpose=campaign.purpose,
        kind=campaign.kind,
        attestation=campaign.attestation,
        now=now,
        validity=consent.lasting(ws.settings.consent_months),
        letter=letter,
        ledger=consent.LedgerFacts(sound=ledger.newest_are_sound(ws), noes=noes, first_no_at=first),
        thin_notices=consent.thin(notices.notices(ws)),
    )


def record(ws: Workspace, campaign: Campaign, events: pd.DataFrame, *, by: str, now: datetime) -> None:
    """Write into the ledger what a list and an attestation bring, and the attested wording into the registry."""
    if campaign.attestation:
        vouched = consent.notice_of_attestation(campaign.attestation, campaign.list_name, campaign.purpose)
        notices.keep_notices(ws, [vouched], by=by, now=now)
    ledger.append_consent(ws, events[events["state"] != ""].assign(recorded_by=by))
