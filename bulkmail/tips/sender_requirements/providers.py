"""Who am I to Gmail and the rest: what each provider asks from which volume on, held against one campaign and its list.

The requirements are those of the providers' pages (read 2026-11-23): Gmail https://support.google.com/a/answer/14229414
and /mail/answer/81126, Yahoo https://senders.yahooinc.com/best-practices/, Outlook.com's post of 2025, Apple
https://support.apple.com/en-us/102322; QQ and NetEase publish no numbers, and show what they ask in their replies.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bulkmail.limits import GMAIL_BULK_PER_DAY, OUTLOOK_BULK_PER_DAY
from bulkmail.model import Finding, Outcome, Text, say


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider of mailboxes, known by whole domains or by their first label (yahoo.com.hk). From `bulk_from` letters
    a day on it asks for everything; 0 is of every bulk sender."""

    name: str
    domains: frozenset[str]
    first_labels: frozenset[str] = frozenset()
    bulk_from: int = 0


# Gmail's rules are for its own mailboxes, not for Workspace; Yahoo's not for Yahoo Japan.
PROVIDERS: Mapping[str, Provider] = {
    "gmail": Provider(
        name="Gmail", domains=frozenset({"gmail.com", "googlemail.com"}), bulk_from=int(GMAIL_BULK_PER_DAY.value)
    ),
    "yahoo": Provider(
        name="Yahoo, AOL",
        domains=frozenset({"aol.com", "ymail.com", "rocketmail.com", "myyahoo.com"}),
        first_labels=frozenset({"yahoo"}),
    ),
    "outlook": Provider(
        name="Outlook.com",
        domains=frozenset({"msn.com", "passport.com"}),
        first_labels=frozenset({"outlook", "hotmail", "live"}),
        bulk_from=int(OUTLOOK_BULK_PER_DAY.value),
    ),
    "icloud": Provider(name="iCloud", domains=frozenset({"icloud.com", "me.com", "mac.com"})),
    "qq": Provider(name="QQ", domains=frozenset({"qq.com", "vip.qq.com", "foxmail.com"})),
    "netease": Provider(name="NetEase", domains=frozenset({"163.com", "126.com", "yeah.net", "vip.163.com"})),
}
_NOT_YAHOO = "yahoo.co.jp"
OTHERS = "others"


def provider_of(domain: str) -> str:
    """Return the key of the provider at a domain, "others" where it is none of the six."""
    first = domain.partition(".")[0]
    for key, provider in PROVIDERS.items():
        if domain in provider.domains or (first in provider.first_labels and domain != _NOT_YAHOO):
            return key
    return OTHERS


def name_of(key: str) -> Text:
    """Return what a provider is called."""
    return say("other providers") if key == OTHERS else Text(PROVIDERS[key].name)


def mix(domains: Mapping[str, int]) -> dict[str, int]:
    """Return provider → people of (domain → people), the six in their order and then the others."""
    counts = dict.fromkeys([*PROVIDERS, OTHERS], 0)
    for domain, people in domains.items():
        counts[provider_of(domain)] += people
    return counts


# ---------------------------------------------------------------- what they ask

ALWAYS, BULK, ADVISED = "always", "bulk", "advised"


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """Something asked of senders: `codes` are the checks, of all seven tips, that must pass for it; `asked_by` is
    provider → ALWAYS, BULK (from its volume on) or ADVISED."""

    name: Text
    codes: tuple[str, ...]
    asked_by: Mapping[str, str]


REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        name=say("SPF record"),
        codes=("SND-01", "SND-02"),
        asked_by={"gmail": BULK, "yahoo": BULK, "outlook": BULK, "icloud": ALWAYS, "netease": ALWAYS, "qq": ADVISED},
    ),
    Requirement(
        name=say("DKIM keys"),
        codes=("SND-03",),
        asked_by={"gmail": BULK, "yahoo": BULK, "outlook": BULK, "icloud": ALWAYS, "netease": ADVISED, "qq": ADVISED},
    ),
    Requirement(
        name=say("SPF and DKIM pass on a received letter"),
        codes=("SND-05",),
        asked_by={"gmail": ALWAYS, "yahoo": BULK, "outlook": BULK, "icloud": ALWAYS},
    ),
    Requirement(
        name=say("DMARC record"),
        codes=("SND-07",),
        asked_by={"gmail": BULK, "yahoo": BULK, "outlook": BULK, "icloud": ALWAYS, "netease": ALWAYS},
    ),
    Requirement(
        name=say("From aligned with SPF or DKIM"),
        codes=("SND-06",),
        asked_by={"gmail": BULK, "yahoo": BULK, "outlook": BULK},
    ),
    Requirement(
        name=say("One-click unsubscribe (RFC 8058)"),
        codes=("UNS-01", "SND-04"),
        asked_by={"gmail": BULK, "yahoo": BULK, "outlook": ADVISED, "icloud": ADVISED},
    ),
    Requirement(
        name=say("Unsubscribe link in the letter"),
        codes=("UNS-10",),
        asked_by={"gmail": BULK, "yahoo": BULK, "outlook": ADVISED, "icloud": ALWAYS},
    ),
    Requirement(
        name=say("Few complaints"),
        codes=("FRQ-07",),
        asked_by={
            "gmail": ALWAYS,
            "yahoo": ALWAYS,
            "outlook": ALWAYS,
            "icloud": ALWAYS,
            "qq": ALWAYS,
            "netease": ALWAYS,
        },
    ),
    Requirement(
        name=say("Sending address with a name (PTR)"),
        codes=("SND-12",),
        asked_by={"gmail": ALWAYS, "yahoo": ALWAYS, "outlook": ALWAYS, "icloud": ALWAYS},
    ),
    Requirement(name=say("Encryption (TLS)"), codes=("SND-13",), asked_by={"gmail": ALWAYS}),
    Requirement(
        name=say("Domain exists and receives"),
        codes=("SND-14",),
        asked_by={"yahoo": ALWAYS, "gmail": ADVISED, "outlook": ADVISED, "icloud": ADVISED},
    ),
    Requirement(
        name=say("Form of the letter (RFC 5322)"),
        codes=("SND-15",),
        asked_by={"gmail": ALWAYS, "yahoo": ALWAYS, "icloud": ALWAYS},
    ),
)

# ---------------------------------------------------------------- how they stand

MET, NOT_MET, NOT_SURE = "met", "not_met", "unknown"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one requirement of one provider stands: `asked` is how it asks, `applies` whether the volume binds,
    `state` MET, NOT_MET or NOT_SURE."""

    requirement: Requirement
    provider: str
    asked: str
    applies: bool
    state: str


def standings(findings: Iterable[Finding], people: Mapping[str, int], *, is_bulk: bool) -> list[Standing]:
    """Return how each requirement of each provider stands by the findings of all tips, for the providers that the list
    has; `people` is provider → recipients.

    A BULK requirement binds from the provider's number on, or always where it names none; `is_bulk` says that Gmail
    counts the organisation among bulk senders already, which is for ever.
    """
    outcomes: dict[str, list[Outcome]] = {}
    for finding in findings:
        outcomes.setdefault(finding.code, []).append(finding.outcome)
    return [
        Standing(
            requirement=requirement,
            provider=key,
            asked=asked,
            applies=asked == ALWAYS or (asked == BULK and _is_bulk(key, people[key], is_bulk)),
            state=_state([one for code in requirement.codes for one in outcomes.get(code, [Outcome.UNKNOWN])]),
        )
        for requirement in REQUIREMENTS
        for key, asked in requirement.asked_by.items()
        if people.get(key)
    ]


def _is_bulk(key: str, people: int, already: bool) -> bool:
    return people >= PROVIDERS[key].bulk_from or (already and key == "gmail")


def _state(outcomes: list[Outcome]) -> str:
    """Return the state of a requirement: what is only warned of is met; unknown is never met."""
    if Outcome.BLOCK in outcomes:
        return NOT_MET
    return NOT_SURE if Outcome.UNKNOWN in outcomes else MET
