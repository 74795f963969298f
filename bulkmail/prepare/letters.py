"""Prepares letters: compiles those of a campaign, finds the largest, gathers what tip 4 judges. No rule lives here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pandas as pd

from bulkmail import compose, preflight
from bulkmail.adapters import files, journal, past, spamassassin
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import InputError
from bulkmail.model import Campaign, Finding, Message, Recipient
from bulkmail.tips import clarity, consent, personalization, unsubscribe

CANARY = "0" * 32  # a person who does not exist, for links in letters that are only looked at
EARLIER = 3  # campaigns of the same purpose whose sender readers remember


def letters_of(ws: Workspace, campaign: Campaign) -> dict[str, compose.Letter]:
    """The letters of a campaign, one for each variant, in its layout and with the footer of tip 3."""
    return compose.compile_letters(
        campaign,
        layout=files.layout(ws.home, campaign.layout),
        footer_html=unsubscribe.footer_html(campaign.sender),
        footer_text=unsubscribe.footer_text(campaign.sender),
    )


def canary_url(ws: Workspace) -> str:
    """An unsubscribe link of the right shape and length that belongs to nobody."""
    token = unsubscribe.make_token(CANARY, "0" * 16, *ws.signing_key())
    return f"{ws.settings.public_url}/u/{token}"


@dataclass(frozen=True, kw_only=True)
class Written:
    """A letter as one person reads it."""

    message: Message
    recipient: Recipient
    variant: str


def write(ws: Workspace, letters: Mapping[str, compose.Letter], recipient: Recipient, variant: str) -> Written:
    """The letter of this person in this variant. Raises InputError where it cannot be written."""
    return Written(
        message=compose.render(letters[variant], recipient, canary_url(ws)), recipient=recipient, variant=variant
    )


def largest_letter(
    ws: Workspace,
    letters: Mapping[str, compose.Letter],
    people: pd.DataFrame,
    examined: personalization.PersonalizationFacts,
) -> Written | None:
    """The letter with the most bytes of HTML of all; None without people, or where it cannot be written: PER-01 then
    says why."""
    sizes = examined.html_bytes
    if sizes is None or sizes.empty:
        return None
    row = people[people["source_row"] == sizes.index[sizes.to_numpy().argmax()]].head(1)
    try:
        return write(ws, letters, compose.recipients(row)[0], str(row["variant"].iloc[0]))
    except InputError:
        return None


def clarity_facts(
    ws: Workspace,
    campaign: Campaign,
    letters: Mapping[str, compose.Letter],
    written: Written,
    people: pd.DataFrame | None,
    *,
    now: datetime,
) -> clarity.ClarityFacts:
    """What tip 4 judges: the letter as it is read and as it would travel, and what is known beside it."""
    url, message = canary_url(ws), written.message
    headers = unsubscribe.headers_of(campaign, url)
    hour = now.replace(minute=0, second=0, microsecond=0)  # the same letter stays the same for SpamAssassin
    mime = compose.final_mime(message, written.recipient, campaign.sender, sent_at=hour, headers=headers)
    return clarity.ClarityFacts(
        campaign=campaign,
        subject=message.subject,
        html=message.html,
        text=message.text,
        preheader=compose.preheader(letters[written.variant], written.recipient, url),
        organisation_domains=tuple(dict.fromkeys([*ws.settings.domains, *campaign.brand.domains])),
        sender_names=campaign.brand.sender_names,
        headers=headers,
        mime=mime,
        both_html=_both(letters, written, url),
        earlier_senders=_earlier_senders(ws, campaign),
        recipient_domains=None if people is None else people["domain"].value_counts().to_dict(),
        unasked_in={} if people is None else _unasked(ws, people, now),
    )


def _unasked(ws: Workspace, people: pd.DataFrame, now: datetime) -> dict[str, tuple[int, int, int]]:
    """How many letters unasked people of Singapore get. A year of letters is read only where there are such people."""
    persons = consent.unasked_in(people, "SG")
    if persons.empty:
        return {}
    year = now - timedelta(days=365)
    contacts = pd.concat([journal.contacts_since(ws, year), past.contacts_since(ws, year)], ignore_index=True)
    return {"SG": consent.letters_in_bulk(persons, contacts, now)}


def _both(letters: Mapping[str, compose.Letter], written: Written, url: str) -> str:
    """The letter of the same person in both languages, "" where the campaign has none or it cannot be written."""
    if "both" not in letters:
        return ""
    try:
        return compose.render(letters["both"], written.recipient, url).html
    except InputError:
        return ""


def _earlier_senders(ws: Workspace, campaign: Campaign) -> tuple[tuple[str, str], ...]:
    """Name and address from which the last other campaigns of the same purpose went out."""
    runs = [run for run in journal.runs(ws, "done", "running") if run.campaign_id != campaign.id]
    sent = (journal.plan_campaign(ws, run.plan_hash) for run in runs[: 10 * EARLIER])
    same = [each.sender for each in sent if each is not None and each.purpose == campaign.purpose]
    return tuple((sender.name, sender.address) for sender in same[:EARLIER])


def second_opinion(facts: clarity.ClarityFacts) -> Finding:
    """What SpamAssassin says of the letter, as a finding: it takes seconds, and is asked where somebody decides."""
    said = spamassassin.opinion(facts.mime)
    report = said and clarity.SpamReport(score=said.score, threshold=said.threshold, rules=said.rules)
    return clarity.check_spamassassin(replace(facts, spam=report))


def judge_letter(
    ws: Workspace, campaign: Campaign, letters: Mapping[str, compose.Letter], *, now: datetime
) -> list[Finding]:
    """What tips 4 and 5 say of letters that have no list yet, by a reader who is nobody; what needs people is UNKNOWN.

    Raises InputError where a letter cannot be written at all.
    """
    written = [write(ws, letters, compose.stand_in(letters), variant) for variant in letters]
    uses = personalization.PersonalizationFacts(
        sender=campaign.sender, uses=compose.inventory(letters), recipients=0, singly=compose.singly(letters)
    )
    largest = max(written, key=lambda each: len(each.message.html))
    about = clarity_facts(ws, campaign, letters, largest, None, now=now)
    found = [check(about) for check in clarity.CHECKS] + [check(uses) for check in personalization.CHECKS]
    return preflight.by_harm(found)
