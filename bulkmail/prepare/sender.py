"""What tip 7 judges, gathered: DNS and the account are asked, letters are built as they will be sent."""

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import pandas as pd

from bulkmail import compose, limits, postmaster, preflight, provider_rates, sendgrid_account
from bulkmail.adapters import doors, journal, past, seed_letters, sender_dns, watching, workspace
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import InputError
from bulkmail.facts import AccountFacts, DomainFacts, DoorFacts, SeedFacts, WatchFacts
from bulkmail.forecast.bulk_day import REACHED, BulkDay, bulk_day, gmail_by_day
from bulkmail.model import Campaign, Finding, Text
from bulkmail.prepare.letters import canary_url
from bulkmail.prepare.lists import asks_dns
from bulkmail.tips import sender_requirements, unsubscribe
from bulkmail.tips.sender_requirements import SenderFacts, providers, replies
from bulkmail.tips.sender_requirements import seed as came_back

WATCHED = timedelta(days=30)
TWO_YEARS = timedelta(days=730)
ACCOUNT_SECONDS = 10  # an account that does not say in time is unknown
LETTERS_BUILT = 5  # of each variant the first, the last and those between, at even distances
_LINK = re.compile(r"""href=["']?(https?://[^"'\s>]+)""", re.IGNORECASE)


def account_of(ws: Workspace) -> AccountFacts:
    """What the SendGrid account says of itself; of a rehearsal that runs, its stand-in; nothing where neither is."""
    settings = ws.settings
    host = workspace.rehearsal_address(ws) if settings.rehearsal else settings.sendgrid_host
    if not host:
        return AccountFacts(stand_in=True)
    provider = SendGrid(settings.sendgrid_key or "rehearsal", host, answer_seconds=ACCOUNT_SECONDS)
    paths = sendgrid_account.PATHS
    with ThreadPoolExecutor(len(paths)) as threads:
        replies = list(threads.map(lambda path: provider.call("get", path), paths.values()))
    provider.close()
    answers = {field: (reply.status, reply.body) for field, reply in zip(paths, replies, strict=True)}
    encrypted = host.startswith("https://")
    return sendgrid_account.read_account(answers, stand_in=settings.stays_here, encrypted=encrypted)


def door_of(ws: Workspace, account: AccountFacts) -> DoorFacts | None:
    """How our public address answers; None where no account could post events to it, so that it is not asked."""
    if account.webhooks is None:
        return None
    where = {"events_path": sender_requirements.WEBHOOK_PATH, "seconds": limits.DRILL_ANSWER_SECONDS.value}
    return doors.door_of(ws.settings.public_url, **where)


def dns_of_sender(
    ws: Workspace, campaign: Campaign, account: AccountFacts, links: Mapping[str, str] | None = None
) -> DomainFacts:
    """What DNS says of the From domain, of the return path and of the keys that the account names; where DNS may not be
    asked, facts that say so."""
    domain = campaign.sender.address.rpartition("@")[2].lower()
    known = sender_requirements.authenticated(account, domain)
    return sender_dns.facts_of(
        domain,
        keys=known.keys if known else (),
        envelope=known.envelope if known else "",
        addresses=ws.settings.sending_ips,
        linked=list(links or ()),
        resolver=ws.settings.dns,
        ask=asks_dns(ws),
    )


@dataclass(frozen=True, kw_only=True)
class SenderReport:
    """What tip 7 says of a From address by itself; `asked` is whether DNS was, `request` a letter to its team."""

    asked: bool
    findings: tuple[Finding, ...]
    request: tuple[Text, ...]


def report_on_sender(ws: Workspace, campaign: Campaign, *, now: datetime) -> SenderReport:
    """Judge the sender of a campaign: needs no list and no letter, and may take seconds where DNS is slow."""
    facts = sender_facts(ws, campaign, now=now)
    found = preflight.by_harm(check(facts) for check in sender_requirements.CHECKS)
    request = sender_requirements.request_to_dns_team(facts, found)
    return SenderReport(asked=facts.dns.asked, findings=tuple(found), request=tuple(request))


def sender_facts(
    ws: Workspace, campaign: Campaign, *, now: datetime, letters: tuple[bytes, ...] = (), recipients: int = 0
) -> SenderFacts:
    """What tip 7 judges of a campaign; without letters those checks are UNKNOWN."""
    account, links = account_of(ws), links_in(letters)
    return SenderFacts(
        dns=dns_of_sender(ws, campaign, account, links),
        now=now,
        kind=campaign.kind,
        recipients=recipients,
        account=account,
        public_url=ws.settings.public_url,
        webhook_key=ws.settings.webhook_key,
        door=door_of(ws, account),
        letters=letters,
        seed=seed_letters.newest_seed(ws, campaign.sender.address.rpartition("@")[2].lower()),
        watch=watch_of(ws, now),
        links=links,
    )


# ---------------------------------------------------------------- letters that went


def watch_of(ws: Workspace, now: datetime) -> WatchFacts:
    """What was seen of the letters of the last 30 days; the youngest hour is left out, for its events are under way."""
    accepted, heard = watching.heard_since(ws, now - WATCHED, now - timedelta(hours=1))
    return WatchFacts(
        enrolments=watching.enrolments(ws),
        replies=watching.replies_since(ws, now - WATCHED),
        accepted=accepted,
        heard=heard,
    )


def take_seed(ws: Workspace, data: bytes, *, now: datetime) -> SeedFacts:
    """What a letter that came back says, kept for the preflight of its From domain. InputError when it is none."""
    seed = seed_letters.read_seed(data, resolver=ws.settings.dns, ask=asks_dns(ws))
    seed_letters.keep_seed(ws, seed, now)
    return seed


# ---------------------------------------------------------------- letters as they will be sent


def letters_as_sent(
    ws: Workspace, campaign: Campaign, letters: Mapping[str, compose.Letter], people: pd.DataFrame, *, now: datetime
) -> tuple[bytes, ...]:
    """The whole letters of several recipients of each variant, as they travel; none where one cannot be written."""
    built = []
    for variant, rows in people.groupby("variant", sort=True):
        chosen = rows.iloc[:: max(1, len(rows) // LETTERS_BUILT)].head(LETTERS_BUILT)
        for recipient in compose.recipients(chosen):
            url = canary_url(ws)
            try:
                message = compose.render(letters[variant], recipient, url)
            except InputError:
                return ()
            headers = unsubscribe.headers_of(campaign, url)
            built.append(compose.final_mime(message, recipient, campaign.sender, sent_at=now, headers=headers))
    return tuple(built)


def links_in(letters: tuple[bytes, ...]) -> dict[str, str]:
    """The hosts that letters link to, each with one link as an example."""
    found: dict[str, str] = {}
    for letter in letters[:1]:
        html = compose.html_of(letter)
        for link in _LINK.findall(html):
            found.setdefault(urlsplit(link).hostname or "", link)
    return {host: link for host, link in found.items() if "." in host and not host.replace(".", "").isdigit()}


# ---------------------------------------------------------------- who am I to Gmail and the rest


@dataclass(frozen=True, kw_only=True)
class SenderStanding:
    """How a prepared campaign stands with the providers of its list: `people` is provider → recipients."""

    people: Mapping[str, int]
    standings: tuple[providers.Standing, ...]
    bulk_day: BulkDay


def standing_of(
    ws: Workspace, findings: Iterable[Finding], people: pd.DataFrame, known: pd.DataFrame, sends_on: date, now: datetime
) -> SenderStanding:
    """Hold a campaign's findings against what each provider asks, at the volume that `people` (its recipients) makes.

    `known` are people with person and domain, by whom earlier letters are told to be Gmail's or not.
    """
    counts = providers.mix(people["domain"].value_counts().to_dict())
    contacts = pd.concat([journal.contacts_since(ws, now - TWO_YEARS), past.contacts_since(ws, now - TWO_YEARS)])
    daily, estimated = gmail_by_day(contacts, known)
    when = bulk_day(daily, counts["gmail"], sends_on, estimated=estimated)
    found = providers.standings(findings, counts, is_bulk=when.state == REACHED)
    return SenderStanding(people=counts, standings=tuple(found), bulk_day=when)


# ---------------------------------------------------------------- watching


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was seen of the letters of the last 30 days: `rates` by day and provider, `replies` by meaning."""

    rates: pd.DataFrame
    replies: tuple[replies.Heard, ...]


def watched(ws: Workspace, now: datetime) -> Watched:
    """What providers did with the letters of the last 30 days, of this mode."""
    told = watching.by_day_and_domain(ws, now - WATCHED)
    heard = replies.by_rule(watching.replies_since(ws, now - WATCHED))
    return Watched(rates=provider_rates.by_day_and_provider(told), replies=tuple(heard))


def take_postmaster_days(ws: Workspace, domain: str, data: bytes) -> int:
    """How many days of a table of Postmaster Tools were kept for a domain. InputError when it is none."""
    return watching.keep_postmaster_days(ws, domain, postmaster.read_days(data))


@dataclass(frozen=True, kw_only=True)
class SeedReport:
    """What the newest letter that came back says: SND-04 and SND-05 of it, and what became of it on its way."""

    seed: SeedFacts
    findings: tuple[Finding, ...]
    rewritten: tuple[Text, ...]


def seed_report(ws: Workspace, campaign: Campaign, *, now: datetime) -> SeedReport | None:
    """Judge the newest letter that came back from the campaign's From domain; None where none did. Asks nobody."""
    domain = campaign.sender.address.rpartition("@")[2].lower()
    seed = seed_letters.newest_seed(ws, domain)
    if seed is None:
        return None
    facts = SenderFacts(dns=sender_dns.facts_of(domain, ask=False), now=now, seed=seed)
    found = preflight.by_harm([came_back.check_coverage(facts), came_back.check_received(facts)])
    return SeedReport(
        seed=seed, findings=tuple(found), rewritten=tuple(came_back.rewritten(facts, seed, campaign.subject))
    )
