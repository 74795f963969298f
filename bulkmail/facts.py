"""What adapters find out about a sender, unjudged: what DNS says, what the SendGrid account says, a letter that came
back, and what was seen since. Tip 7 judges it; whatever could not be found out is None or UNKNOWN, never a guess."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

# ---------------------------------------------------------------- what DNS says


class DnsStatus(StrEnum):
    """How a question to DNS ended: records found; EMPTY, the name exists without such a record; ABSENT, no such name
    (NXDOMAIN); or UNKNOWN (no answer, a broken server, not asked), which is never read as one of the others."""

    FOUND = "found"
    EMPTY = "empty"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class DnsAnswer:
    """What came back for one question. `canonical` is where a chain of CNAMEs ended ("" without one); `detail` of an
    UNKNOWN is not_asked, timeout, unreachable or the server's own word (SERVFAIL, REFUSED)."""

    name: str
    kind: str
    status: DnsStatus
    records: tuple[str, ...] = ()
    canonical: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class EnvelopeFacts:
    """What DNS says about a return path (envelope) domain; its fields are those of `DomainFacts`."""

    domain: str
    soa: DnsAnswer
    mx: DnsAnswer
    host: DnsAnswer
    spf: tuple[DnsAnswer, ...]
    spf_lookups: int
    dmarc: tuple[DnsAnswer, ...]


@dataclass(frozen=True, kw_only=True)
class AddressFacts:
    """What DNS says about an address that letters leave from: its PTR, and A or AAAA of the names found there."""

    ip: str
    ptr: DnsAnswer
    forward: tuple[DnsAnswer, ...]


@dataclass(frozen=True, kw_only=True)
class DomainFacts:
    """What DNS says about a From domain, unjudged. `host` is A and AAAA together. `spf` is the TXT of the domain, then
    the answers to its include, redirect, a, mx and exists terms; `spf_lookups` counts those terms, asked or not. `dkim`
    is the TXT of `<selector>._domainkey` below the domain, then below its parents. `dmarc` is the TXT of `_dmarc` below
    each name of the tree walk (RFC 9989 section 4.10), the domain first. `report_consents` are the TXT by which other
    domains agree to get its DMARC reports. `envelope` is None while the return path is not known; `addresses` are those
    that letters leave from, where they are one's own; `listings` the answers of a blocklist about its domains;
    `mx_above` is the MX of the parent, None right below the top level."""

    domain: str
    asked: bool
    soa: DnsAnswer
    mx: DnsAnswer
    host: DnsAnswer
    spf: tuple[DnsAnswer, ...]
    spf_lookups: int
    dkim: tuple[DnsAnswer, ...]
    dmarc: tuple[DnsAnswer, ...]
    mta_sts: DnsAnswer
    tls_reports: DnsAnswer
    bimi: DnsAnswer
    report_consents: tuple[DnsAnswer, ...] = ()
    envelope: EnvelopeFacts | None = None
    addresses: tuple[AddressFacts, ...] = ()
    listings: tuple[DnsAnswer, ...] = ()
    mx_above: DnsAnswer | None = None


# ---------------------------------------------------------------- what the SendGrid account says


@dataclass(frozen=True, kw_only=True)
class AuthenticatedDomain:
    """A domain that the account may sign for. `envelope` is its return path; `keys` are the names of its DKIM keys."""

    domain: str
    valid: bool
    envelope: str
    keys: tuple[str, ...]
    invalid: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BrandedLink:
    """The host that stands for SendGrid's in links that are counted."""

    host: str
    domain: str
    valid: bool


@dataclass(frozen=True, kw_only=True)
class EventWebhook:
    """Where the account posts events, and of which kinds (SendGrid's names); `public_key` is "" where it does not
    sign."""

    url: str
    enabled: bool
    events: frozenset[str]
    public_key: str


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """What the account says of itself, by read-only calls. A field is None where that is not known, and `troubles`
    says why: field → not_asked, no_right (401, 403), unreachable, or unreadable. `stand_in` marks the rehearsal's."""

    stand_in: bool = False
    encrypted: bool = True
    scopes: frozenset[str] | None = None
    domains: tuple[AuthenticatedDomain, ...] | None = None
    links: tuple[BrandedLink, ...] | None = None
    tracking: Mapping[str, bool] | None = None
    credits_left: int | None = None
    credits_reset: str = ""
    mail_settings: Mapping[str, bool] | None = None
    webhooks: tuple[EventWebhook, ...] | None = None
    troubles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DoorFacts:
    """How our own public address answers a stranger's GET, seen from this machine: the status of its health and of
    where events are posted, None where no answer came; `trouble` then says how (as `Knock`)."""

    health: int | None
    events: int | None
    trouble: str = ""


# ---------------------------------------------------------------- a letter that came back


@dataclass(frozen=True, kw_only=True)
class SignatureFacts:
    """A DKIM signature of a received letter. `verdict` is pass, fail or unknown (its key could not be asked for);
    `signed` are the header names it covers, in lower case; `length_limit` is whether an l= tag ends the body early."""

    domain: str
    selector: str
    algorithm: str
    signed: tuple[str, ...]
    length_limit: bool
    verdict: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class ProviderVerdict:
    """What the receiving provider wrote into Authentication-Results: method → result, with the domain it names."""

    by: str
    results: Mapping[str, str]
    domains: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SeedFacts:
    """A letter as a mailbox of one's own received it. No address of a person is kept: `from_domain` and
    `envelope_domain` are domains. `hosts` are those of the links in it; `encrypted_hops` is (hops with TLS, hops)
    and `old_encryption` the versions before TLS 1.2 that hops name;
    `leaving_counts` how often List-Unsubscribe and List-Unsubscribe-Post are there (None: was not counted), and
    `leaving_mangled` whether one is encoded (RFC 2047) or broken inside a link."""

    digest: str
    received_at: datetime | None
    from_domain: str
    envelope_domain: str
    subject: str
    headers: tuple[str, ...]
    signatures: tuple[SignatureFacts, ...]
    provider: ProviderVerdict | None
    dmarc: tuple[DnsAnswer, ...]
    hosts: tuple[str, ...]
    pictures: tuple[str, ...]
    one_click: bool
    encrypted_hops: tuple[int, int]
    defects: tuple[str, ...] = ()
    old_encryption: tuple[str, ...] = ()
    leaving_counts: tuple[int, int] | None = None
    leaving_mangled: bool = False


# ---------------------------------------------------------------- what was seen since


@dataclass(frozen=True, kw_only=True)
class WatchFacts:
    """What was seen of earlier letters. `enrolments` is service → day on which somebody last confirmed it; `replies`
    are (domain, reply of the provider, how many); `accepted` letters should have an event each, `heard` of them do."""

    enrolments: Mapping[str, date]
    replies: tuple[tuple[str, str, int], ...] = ()
    accepted: int = 0
    heard: int = 0
