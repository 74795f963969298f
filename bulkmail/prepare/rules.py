"""Prepares the organisation's rules of cadence: those in force, and new ones."""

from datetime import datetime

import pandas as pd

from bulkmail import engagement, forecast
from bulkmail.adapters import cadence_rules as kept
from bulkmail.adapters import database, journal, lists, past
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import Campaign
from bulkmail.prepare.lists import judge_addresses
from bulkmail.prepare.mends import mended_list
from bulkmail.prepare.moments import moments_of
from bulkmail.tips import cadence

ASK_LIST = "ask-again-"  # how the lists begin whose people are asked whether to go on
SIGNS = ("person", "sent_at", "opened", "machine_open", "clicked", "machine_click")  # of past letters


def cadence_rules(ws: Workspace) -> cadence.Rules:
    """The rules in force: the newest ones saved, the house's where none were."""
    return cadence.rules_of(kept.newest(ws))


def save_cadence_rules(ws: Workspace, rules: cadence.Rules, *, by: str, now: datetime) -> None:
    """Put the rules in force for all departments from now on; audited. InputError where they cannot be kept to."""
    cadence.check_rules(rules)
    kept.save(ws, cadence.document_of(rules), by=by, now=now)


def with_cadence(
    ws: Workspace, campaign: Campaign, table: pd.DataFrame, contacts: pd.DataFrame, promises: pd.Series, now: datetime
) -> pd.DataFrame:
    """The table with when each letter leaves (`leaves_at`, see `moments_of`) and `cadence_reason`, by the rules in
    force: promise, sunset, caps and gap, trial, quiet hours."""
    rules = cadence_rules(ws)
    table = table.assign(leaves_at=moments_of(campaign, table, contacts, rules))
    moments = table["leaves_at"].fillna(pd.Timestamp(now))
    parts = [
        _capped(campaign, part, contacts, promises, moment, rules)
        for moment, part in (table.groupby(moments) if moments.nunique() > 1 else [(campaign.send_at or now, table)])
    ]
    table = pd.concat(parts).sort_index() if len(parts) > 1 else parts[0]
    if campaign.kind == "marketing" and rules.sunset and not campaign.list_name.startswith(ASK_LIST):
        stages, reason = reader_stages(ws, now).set_index("person")["stage"], table["cadence_reason"]
        silent = (table["person"].map(stages) == cadence.SUNSET) & (reason != cadence.FREQUENCY_PROMISE)
        table = table.assign(cadence_reason=reason.mask(silent, cadence.INACTIVE).astype("str"))
    return table


def _capped(
    campaign: Campaign,
    table: pd.DataFrame,
    contacts: pd.DataFrame,
    promises: pd.Series,
    moment: datetime,
    rules: cadence.Rules,
) -> pd.DataFrame:
    """The table with `cadence_reason` for letters of one moment."""
    table = cadence.annotate(table, contacts, kind=campaign.kind, send_at=moment, rules=rules, promises=promises)
    if campaign.kind != "marketing" or not rules.trial:
        return table
    lately, trial = cadence.lately(table.reset_index(drop=True), contacts, send_at=moment), rules.trial
    return forecast.hold(table, lately, trial=trial.name, cap=trial.letters, share=trial.share)


# ---------------------------------------------------------------- who has gone quiet


def reader_stages(ws: Workspace, now: datetime) -> pd.DataFrame:
    """How long each person who was ever mailed has been quiet, and the stage: `tips.cadence.sunset` of all letters,
    brought in and our own. Who got a letter to a list of ASK_LIST was asked."""
    own = [_letters_of(ws, run) for run in journal.runs(ws)]
    asked = [letters[["person", "sent_at"]] for letters, asks in own if asks]
    parts = [part for part in (past.imported_letters(ws, SIGNS), *(letters for letters, _ in own)) if part is not None]
    parts = [part[list(SIGNS)] for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=list(cadence.SUNSET_COLUMNS))
    told = pd.concat(asked).rename(columns={"sent_at": "asked_at"}) if asked else None
    return cadence.sunset(pd.concat(parts, ignore_index=True), now, asked=told)


def _letters_of(ws: Workspace, run: journal.Run) -> tuple[pd.DataFrame, bool]:
    """The letters of a run that were handed over, with what people did, and whether they asked whether to go on."""
    campaign, letters = journal.plan_campaign(ws, run.plan_hash), journal.letters(ws, run.plan_hash)
    events = journal.events(ws, run.plan_hash).merge(letters[["position", "person"]], on="position")
    sent = letters.loc[letters["state"] == "accepted", ["person"]].assign(
        campaign=run.campaign_id, department="", sent_at=pd.Timestamp(run.approved_at), at_gmail=0
    )
    told = engagement.letters_from_events(sent, events.assign(campaign=run.campaign_id))
    return told, bool(campaign and campaign.list_name.startswith(ASK_LIST))


def list_to_ask(ws: Workspace, now: datetime) -> bytes:
    """A CSV of the people who have gone quiet and were not asked yet (Email), from the newest version of every list; to
    be saved as a list whose name begins with ASK_LIST."""
    stages = reader_stages(ws, now)
    quiet = set(stages.loc[stages["stage"] == cadence.ASK, "person"])
    found = []
    for name in {version.name for version in database.lists(ws)}:
        if not name.startswith(ASK_LIST):
            table = judge_addresses(ws, mended_list(ws, lists.newest(ws, name).id), now=now)
            found.append(table.loc[table["person"].isin(quiet), ["person", "address"]])
    people = pd.concat([pd.DataFrame({"person": [], "address": []}), *found]).drop_duplicates("person")
    return people[["address"]].rename(columns={"address": "Email"}).to_csv(index=False).encode()
