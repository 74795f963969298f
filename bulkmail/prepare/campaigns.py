"""Prepares a campaign: from a list and a letter to a plan that a person may approve. It calls; no rule lives here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from bulkmail import audience, compose, intake, limits, plan, preflight, roles
from bulkmail.adapters import database, drafts, journal, ledger, lists, mends, past, sign_ups, suppressions, watching
from bulkmail.adapters.workspace import Workspace
from bulkmail.audience import Audience
from bulkmail.errors import StateError
from bulkmail.model import Campaign, EventKind, Finding, Outcome, Plan, say
from bulkmail.prepare import consents, way_out
from bulkmail.prepare.known import past_checks
from bulkmail.prepare.letters import canary_url, clarity_facts, largest_letter, letters_of, second_opinion
from bulkmail.prepare.lists import judge_addresses
from bulkmail.prepare.mends import list_hash, mended_list
from bulkmail.prepare.rules import cadence_rules, with_cadence
from bulkmail.prepare.sender import letters_as_sent, sender_facts
from bulkmail.prepare.words import check_words, with_words
from bulkmail.sample import SAMPLE_DOMAIN
from bulkmail.tips import addressing, cadence, clarity, personalization, unsubscribe
from bulkmail.tips.sender_requirements import replies

UNDER_WAY = ("queued", "running", "paused")  # the states of a run that is not over
LOOKED = ("PER-09",)  # what somebody has looked at changes no plan
LOOK_BACK = timedelta(days=31)  # the longest window that a cap counts over
SIGNS = ("person", "sent_at", "opened", "machine_open", "clicked", "machine_click")  # of past letters, for tip 6


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """A campaign with the list it is for: `table` as read, `read` what the reading found, `columns` field → header."""

    campaign: Campaign
    table: pd.DataFrame
    list_hash: str
    columns: Mapping[str, str]
    read: tuple[Finding, ...] = ()


def inputs_of_file(campaign: Campaign, reading: intake.Reading, list_hash: str) -> Inputs:
    """The inputs of a campaign whose list was just read."""
    return Inputs(
        campaign=campaign, table=reading.table, list_hash=list_hash, columns=reading.columns, read=reading.findings
    )


def inputs_of(ws: Workspace, campaign: Campaign) -> Inputs | None:
    """The inputs of a saved campaign, with the newest version of its list, mended; None where it has no list yet."""
    version = lists.newest(ws, campaign.list_name)
    if version is None:
        return None
    table = mended_list(ws, version.id)
    columns = dict(version.meta.get("columns", {}))
    return Inputs(campaign=campaign, table=table, list_hash=list_hash(ws, version), columns=columns)


def state_of(ws: Workspace, campaign: Campaign) -> str:
    """A text that changes whenever the campaign may have to be prepared anew: its draft, its list, what is known."""
    version = lists.newest(ws, campaign.list_name)
    of_list = f"{version.id} {mends.newest_deed(ws, version.id)}" if version else ""
    return f"{plan.campaign_hash(campaign)} {of_list} {database.last_change(ws)}"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A campaign ready to be approved, or not: `findings` say why. `table` is every row of the list, annotated;
    `contacts` are the letters that went to anybody in the last month; `letter` and `personal` are what tips 4 and 5
    judged."""

    inputs: Inputs
    table: pd.DataFrame
    audience: Audience
    letters: Mapping[str, compose.Letter]
    plan: Plan
    snapshot: pd.DataFrame
    contacts: pd.DataFrame
    consent_events: pd.DataFrame
    findings: tuple[Finding, ...]
    letter: clarity.ClarityFacts | None = None
    personal: personalization.PersonalizationFacts | None = None

    @property
    def campaign(self) -> Campaign:
        """What is said, by whom, to whom."""
        return self.inputs.campaign

    @property
    def blocks(self) -> bool:
        """Whether anything keeps the plan from being approved."""
        return preflight.blocks(self.findings)


def prepare_campaign(ws: Workspace, inputs: Inputs, *, now: datetime) -> Prepared:
    """Judge the list for the campaign, compile its letters, plan it, and run the seven tips. Nothing is written, save
    what a drill of the way out saw."""
    campaign = inputs.campaign
    contacts = contacts_since(ws, now - LOOK_BACK)
    table, brought, events = _judge_people(ws, inputs, contacts, now)
    people = audience.select_audience(table, handled=journal.handled(ws, campaign.id))
    letters = letters_of(ws, campaign)
    eligible = people.eligible.assign(variant=compose.variants(people.eligible, campaign))
    facts = _facts(ws, inputs, table, eligible, letters, contacts, events, now)
    found = [*inputs.read, *preflight.judge(facts), *_nobody_left(people), *_sample_by_mistake(ws, table)]
    found += past_checks(ws, table, now)
    made, snapshot = plan.make_plan(
        campaign=campaign,
        rehearsal=ws.settings.rehearsal,
        eligible=eligible,
        excluded_reasons=people.reasons,
        letters=letters,
        list_hash=inputs.list_hash,
        suppression_digest=plan.content_hash(_suppressed(table)),
        preflight=preflight.result(finding for finding in found if finding.code not in LOOKED),
        after=_given_up(ws, campaign.id),
    )
    return Prepared(
        inputs=inputs,
        table=table,
        audience=people,
        letters=letters,
        plan=made,
        snapshot=snapshot,
        contacts=contacts,
        consent_events=brought,
        findings=tuple(preflight.by_harm(found)),
        letter=facts.clarity,
        personal=facts.personalization,
    )


def with_second_opinion(prepared: Prepared) -> Prepared:
    """The same with SpamAssassin asked, where it is installed: for when somebody decides, since it takes seconds."""
    if prepared.letter is None:
        return prepared
    asked = second_opinion(prepared.letter)
    found = [asked, *(finding for finding in prepared.findings if finding.code != asked.code)]
    return replace(prepared, findings=tuple(preflight.by_harm(found)))


def contacts_since(ws: Workspace, since: datetime) -> pd.DataFrame:
    """A row per letter sent since then, ours and imported ones: a reader's patience does not ask who sent them."""
    return pd.concat([journal.contacts_since(ws, since), past.contacts_since(ws, since)], ignore_index=True)


def _judge_people(
    ws: Workspace, inputs: Inputs, contacts: pd.DataFrame, now: datetime
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Every row with the reasons of tips 1, 2, 3 and 6, the consent events that the list itself brings, and all that
    are known."""
    campaign = inputs.campaign
    table, brought, events = consents.judge(ws, judge_addresses(ws, inputs.table, now=now), campaign, now=now)
    table = _in_their_language(ws, table)
    table = unsubscribe.annotate(table, suppressions.suppressions(ws), purpose=campaign.purpose, events=events)
    table = with_cadence(ws, campaign, table, contacts, cadence.promises_of(events, campaign.purpose), now)
    return table, brought, events


def _in_their_language(ws: Workspace, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the language that people asked for on the preference page, in place of what the list says."""
    asked = {person: language for person, language in sign_ups.languages(ws).items() if language}
    if not asked:
        return table
    wanted = table["person"].map(asked).replace("both", "")
    known = table["language"] if "language" in table else pd.Series("", table.index, dtype="str")
    return table.assign(language=wanted.where(wanted.notna(), known).astype("str"))


def _given_up(ws: Workspace, campaign_id: str) -> list[str]:
    """The plans of a campaign that were cancelled or are void."""
    cancelled = {run.plan_hash for run in journal.runs(ws, "cancelled")}
    known = journal.plans(ws, campaign_id)
    return [stored.plan.hash for stored in known if stored.voided_at or stored.plan.hash in cancelled]


def _suppressed(table: pd.DataFrame) -> pd.DataFrame:
    columns = ["person", "suppression_reason"]
    return table.loc[table["suppression_reason"] != "", columns].drop_duplicates().sort_values(columns)


# ---------------------------------------------------------------- facts for the seven tips


def _facts(
    ws: Workspace,
    inputs: Inputs,
    table: pd.DataFrame,
    eligible: pd.DataFrame,
    letters: Mapping[str, compose.Letter],
    contacts: pd.DataFrame,
    events: pd.DataFrame,
    now: datetime,
) -> preflight.PreflightFacts:
    campaign = inputs.campaign
    seen = drafts.looked_at(ws, plan.letters_hash(letters))
    personal = compose.personalization_facts(
        letters, eligible, canary_url(ws), campaign, seen, active=_active(ws, campaign, eligible)
    )
    largest = largest_letter(ws, letters, eligible, personal)
    letter = largest and largest.message
    return preflight.PreflightFacts(
        consent=consents.facts(ws, table, campaign, letter=letter and f"{letter.subject}\n{letter.text}", now=now),
        addressing=addressing.quality_of(table),
        unsubscribe=letter and way_out.facts_of(ws, campaign, letter, contacts, events, now=now),
        clarity=largest and clarity_facts(ws, campaign, letters, largest, eligible, now=now),
        personalization=personal,
        cadence=_cadence_facts(ws, campaign, table, contacts, events, now),
        sender_requirements=sender_facts(
            ws,
            campaign,
            now=now,
            letters=letters_as_sent(ws, campaign, letters, eligible, now=now),
            recipients=len(eligible),
        ),
    )


def _active(ws: Workspace, campaign: Campaign, eligible: pd.DataFrame) -> int | None:
    """How many people may be mailed for the purpose of the campaign, on whatever list; None for an audience too small
    to be judged by it."""
    if len(eligible) < limits.AUDIENCE_LEAST.value:
        return None
    suppressed = set(suppressions.suppressions(ws)["person"])
    return len((ledger.agreed(ws, campaign.purpose) - suppressed) | set(eligible["person"]))


def _cadence_facts(
    ws: Workspace,
    campaign: Campaign,
    table: pd.DataFrame,
    contacts: pd.DataFrame,
    events: pd.DataFrame,
    now: datetime,
) -> cadence.CadenceFacts:
    month, rules = now - timedelta(days=30), cadence_rules(ws)
    delivered, complaints = past.counts_since(ws, month)
    return cadence.CadenceFacts(
        table=table,
        contacts=contacts,
        kind=campaign.kind,
        send_at=campaign.send_at,
        now=now,
        daily_volume=cadence.volume_by_day(contacts, rules.timezone),
        timezone=rules.timezone,
        rules=rules,
        delivered=delivered + journal.letters_since(ws, EventKind.DELIVERED, month),
        promises=cadence.promises_of(events, campaign.purpose),
        letters=past.imported_letters(ws, SIGNS),
        complaints=complaints + journal.letters_since(ws, EventKind.COMPLAINED, month),
        gmail_refusals=_gmail_refusals(ws, now),
        moments=[moment.to_pydatetime() for moment in sorted(table["leaves_at"].dropna().unique())],
    )


def _gmail_refusals(ws: Workspace, now: datetime) -> tuple[datetime, ...] | None:
    """When Gmail said in the last day that its quota is used up; None where nothing was ever heard of a letter."""
    if journal.heard_at(ws) is None:
        return None
    said = watching.moments_since(ws, now - timedelta(days=1), sorted(cadence.GMAIL_DOMAINS))
    kinds = [(at, replies.rule_of("gmail.com", reply)) for at, reply in said]
    return tuple(at for at, kind in kinds if kind and "FRQ-06" in kind.rules)


def _nobody_left(people: Audience) -> list[Finding]:
    if len(people.eligible):
        return []
    return [
        Finding(
            code="ADR-00",
            outcome=Outcome.BLOCK,
            message=say("Nobody is left to mail: {rows} of {rows} rows are excluded.", rows=people.rows),
            fix=say("Read the reasons. A new letter to people who had the last one needs a campaign name of its own."),
            source=limits.HOUSE,
        )
    ]


def _sample_by_mistake(ws: Workspace, table: pd.DataFrame) -> list[Finding]:
    """Sample people are not real, and their addresses may be: they are for the rehearsal alone."""
    if ws.settings.stays_here or not table["domain"].str.endswith(SAMPLE_DOMAIN).any():
        return []
    return [
        Finding(
            code="ADR-00",
            outcome=Outcome.BLOCK,
            message=say("This list holds people of the synthetic sample, and letters would really be sent."),
            fix=say("Use the sample in rehearsal only, without SENDGRID_API_KEY."),
            source=limits.HOUSE,
        )
    ]


# ---------------------------------------------------------------- approval


def approve(
    ws: Workspace, prepared: Prepared, *, by: str, now: datetime, signed_in: bool = False, **manner: Any
) -> None:
    """Keep the plan, the consent that it rests on and the approval. Raises StateError when something blocks, where a
    warning wants a person's word and has none, or when it takes a second person: `by` of somebody who has `signed_in`
    is proven, any other is a name that was typed. `manner` is how it is sent: countdown, exactly_once, ramp
    (`journal.approve`).

    What is still waiting of an earlier plan of the campaign is void from then on: the new plan has those people.
    """
    if prepared.blocks:
        raise StateError("This plan cannot be approved: something blocks. Read the findings first.")
    _check_second_person(ws, prepared, by, signed_in)
    check_words(ws, prepared.plan, prepared.findings)
    database.save_campaign(ws, prepared.campaign, now)
    consents.record(ws, prepared.campaign, prepared.consent_events, by=by, now=now)
    for earlier in journal.plans(ws, prepared.campaign.id):
        if earlier.plan.hash != prepared.plan.hash and not earlier.voided_at:
            journal.void(ws, earlier.plan.hash, "a newer plan was approved", now)
    findings = with_words(ws, prepared.plan, preflight.as_json(prepared.findings, str))
    journal.store_plan(ws, prepared.plan, prepared.snapshot, _with_reasons(prepared.audience), findings, now)
    journal.approve(ws, prepared.plan.hash, by, now, **manner)


def _check_second_person(ws: Workspace, prepared: Prepared, by: str, signed_in: bool) -> None:
    """StateError where people sign in, the plan is a large one, and who approves has written it or is not proven."""
    above = ws.settings.second_person_above
    if not roles.needs_second_person(prepared.plan.recipients, above, people_sign_in=ws.settings.sign_in is not None):
        return
    if not signed_in:
        raise StateError(
            "A plan for more than {above} people is approved by a person who has signed in: do it in the dashboard.",
            above=above,
        )
    if by in database.authors(ws, prepared.campaign.id):
        raise StateError(
            "A plan for more than {above} people is approved by somebody who has not written it: ask a second person.",
            above=above,
        )


def approve_reviewed(
    ws: Workspace, campaign_id: str, plan_hash: str, people: int, *, by: str, now: datetime, **manner: Any
) -> None:
    """Approve the plan that a person has looked at, if it is what would be planned now. Approved already is harmless.

    However long the look took: everything is judged anew, and what differs is a StateError. `people` is the number
    that the person typed; `manner` is how it is sent: countdown, exactly_once, ramp (`journal.approve`).
    """
    if any(run.plan_hash == plan_hash for run in journal.runs(ws, *UNDER_WAY, "done")):
        return
    if not by.strip():
        raise StateError("Write your name: an approval without one is worth nothing.")
    if any(run.campaign_id == campaign_id for run in journal.runs(ws, *UNDER_WAY)):
        raise StateError("Another plan of this campaign is at work. Wait until it is done, or cancel it first.")
    campaign = database.campaign(ws, campaign_id)
    inputs = campaign and inputs_of(ws, campaign)
    prepared = inputs and prepare_campaign(ws, inputs, now=now)
    if prepared is None or prepared.plan.hash != plan_hash:
        raise StateError("Something has changed since you looked at this plan: nothing was approved. Look again.")
    if people != prepared.plan.recipients:
        raise StateError("That is not the number of people who get the letter: nothing was approved.")
    approve(ws, prepared, by=by.strip(), now=now, signed_in=ws.settings.sign_in is not None, **manner)


def _with_reasons(people: Audience) -> pd.DataFrame:
    return people.excluded[["source_row", "person", "address", "reason", "details"]]


def excluded_of(ws: Workspace, plan_hash: str) -> dict[str, int]:
    """How many rows the plan left out, by reason."""
    return dict(journal.load_plan(ws, plan_hash).plan.excluded)


def plan_under_way(ws: Workspace, inputs: Inputs) -> str | None:
    """The hash of the campaign's newest approved plan if it was made from this very letter and list; None otherwise.

    Who it mails stays as approved, whatever has happened since: the last look sees to who may not be mailed any more.
    """
    return _made_of(ws, inputs.campaign, lambda: inputs.list_hash)


def plan_to_watch(ws: Workspace, campaign: Campaign) -> str | None:
    """The hash of the campaign's plan that is at work, whatever became of the draft since; else of the one that was
    sent of this very letter and list; None where there is something to review, or nothing yet."""
    at_work = (run.plan_hash for run in journal.runs(ws, *UNDER_WAY) if run.campaign_id == campaign.id)
    version = lists.newest(ws, campaign.list_name)
    sent = version and _made_of(ws, campaign, lambda: list_hash(ws, version))
    return next(at_work, sent)


def _made_of(ws: Workspace, campaign: Campaign, list_hash: Callable[[], str]) -> str | None:
    campaign_part = plan.campaign_hash(campaign)
    for stored in journal.plans(ws, campaign.id):
        same = stored.plan.parts["campaign"] == campaign_part and stored.plan.parts["list"] == list_hash()
        if same and not stored.voided_at and journal.run_state(ws, stored.plan.hash) not in ("", "cancelled"):
            return stored.plan.hash
    return None
