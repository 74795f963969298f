"""A test letter to oneself: a plan of one, which goes the same way as every other letter and counts for nobody."""

from dataclasses import replace
from datetime import datetime

import pandas as pd

from bulkmail import plan
from bulkmail.adapters import database, drafts, journal, suppressions
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import InputError, StateError
from bulkmail.model import TRIAL, Campaign
from bulkmail.prepare.campaigns import Prepared
from bulkmail.prepare.lists import judge_addresses
from bulkmail.tips import personalization


def send_trial(ws: Workspace, prepared: Prepared, source_row: int, address: str, *, by: str, now: datetime) -> str:
    """The hash of an approved plan that sends the letter of this row to `address`, and to nobody else.

    Raises InputError for what is no address, StateError for one outside the organisation where letters are real, for
    one that must not be mailed, and where the row gets no letter. The campaign's own people are untouched by it.
    """
    row = prepared.snapshot[prepared.snapshot["source_row"] == source_row].head(1)
    if row.empty:
        raise StateError("Row {row} gets no letter, so that there is none to test.", row=source_row)
    mine = _checked(ws, prepared.campaign, address, now)
    campaign = replace(
        prepared.campaign,
        id=f"{prepared.campaign.id[:40]}{TRIAL}{now:%Y%m%d%H%M%S}",
        kind="transactional",
        send_at=None,
    )
    made, snapshot = plan.make_plan(
        campaign=campaign,
        rehearsal=ws.settings.rehearsal,
        eligible=row.drop(columns="position").assign(address=mine["address"], person=mine["person"]),
        excluded_reasons={},
        letters=prepared.letters,
        list_hash=prepared.plan.parts["list"],
        suppression_digest="",
        preflight=[],
    )
    nobody = pd.DataFrame(columns=["source_row", "person", "address", "reason", "details"])
    document = database.document_of(campaign)
    journal.store_plan(ws, made, snapshot, nobody, [], now, campaign=document)
    journal.approve(ws, made.hash, by or "trial", now)
    return made.hash


def _checked(ws: Workspace, campaign: Campaign, address: str, now: datetime) -> dict[str, str]:
    """The address in its normal form, and its person."""
    typed = pd.DataFrame({"source_row": [1], "original_address": [address], "address": [address], "name": [""]})
    judged = judge_addresses(ws, typed.astype({"address": "str", "original_address": "str", "name": "str"}), now=now)
    found = judged.iloc[0]
    if not found["address"]:
        raise InputError("“{address}” is no address that can be mailed.", address=address)
    own = {*ws.settings.domains, *campaign.brand.domains, campaign.sender.address.rpartition("@")[2].lower()}
    if not ws.settings.stays_here and not any(f".{found['domain']}".endswith(f".{domain}") for domain in own if domain):
        raise StateError("A test letter stays inside the organisation: {domains}.", domains=", ".join(sorted(own)))
    known = suppressions.suppressions(ws)
    if (known["person"] == found["person"]).any():
        raise StateError("This address must not be mailed: it has left, complained or bounced.")
    return {"address": str(found["address"]), "person": str(found["person"])}


# ---------------------------------------------------------------- looking


def note_look(ws: Workspace, prepared: Prepared, kind: str, *, now: datetime) -> bool:
    """Whether this is news: that somebody has looked at the telling letter of this kind, in the very text that would
    be sent. It is kept."""
    news = kind not in drafts.looked_at(ws, prepared.plan.parts["letters"])
    if news:
        drafts.look(ws, prepared.plan.parts["letters"], kind, now)
    return news


def with_looks(ws: Workspace, prepared: Prepared) -> Prepared:
    """The same with what has been looked at by now: it changes no plan, and costs one question to the database."""
    if prepared.personal is None:
        return prepared
    seen = drafts.looked_at(ws, prepared.plan.parts["letters"])
    judged = personalization.check_letters_were_looked_at(replace(prepared.personal, looked_at=seen))
    found = [judged if each.code == judged.code else each for each in prepared.findings]
    return replace(prepared, findings=tuple(found))
