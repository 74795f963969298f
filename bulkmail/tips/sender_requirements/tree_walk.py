"""The DMARC tree walk (RFC 9989 section 4.10): which record applies to a domain, and which organisation it is of.

Not the public suffix list: where news.example.edu has a record and example.edu has none, each is its own organisation.
"""

import re
from collections.abc import Sequence

from bulkmail.facts import DnsAnswer, DomainFacts
from bulkmail.tips.sender_requirements.findings import tags_of


def records_of(answer: DnsAnswer) -> list[str]:
    """Return the DMARC records among the texts of an answer."""
    return [record for record in answer.records if re.match(r"v\s*=\s*DMARC1\s*(;|$)", record)]


def walk(answers: Sequence[DnsAnswer], domain: str) -> dict[str, tuple[DnsAnswer, dict[str, str]]]:
    """Return name → (answer, tags) where one DMARC record is published, from `domain` up, as far as the walk goes: a
    record with psd=n or psd=y ends it, and several records at one name are all discarded (RFC 9989 section 4.10)."""
    steps = {}
    for answer in answers:
        name, records = answer.name.removeprefix("_dmarc."), records_of(answer)
        if f".{domain}".endswith(f".{name}") and len(records) == 1:
            steps[name] = (answer, tags_of(records[0]))
            if steps[name][1].get("psd", "").lower() in {"n", "y"}:
                break
    return steps


def organisation(answers: Sequence[DnsAnswer], domain: str) -> str:
    """Return the organisational domain (RFC 9989 section 4.10.2): of the names with a record the shortest, or the name
    one label below a public suffix (psd=y), or the domain itself when nobody publishes a record."""
    steps = walk(answers, domain)
    last = list(steps)[-1] if steps else domain
    if last != domain and steps[last][1].get("psd", "").lower() == "y":
        return ".".join(domain.split(".")[-last.count(".") - 2 :])
    return last


def policy_of(dns: DomainFacts) -> tuple[DnsAnswer | None, dict[str, str]]:
    """Return the record that applies to the From domain, and its tags: its own, else its organisation's, else that of
    the public suffix (RFC 9989 section 4.10.1)."""
    steps = walk(dns.dmarc, dns.domain)
    places = (dns.domain, organisation(dns.dmarc, dns.domain), *list(steps)[-1:])
    return next((steps[name] for name in places if name in steps), (None, {}))


def requested(tags: dict[str, str], *, inherited: bool) -> str:
    """Return the policy asked for, "" when the record cannot be applied. A missing or unreadable policy beside an
    address for reports counts as none (RFC 9989 section 4.7)."""
    named = {tag: tags[tag].lower() for tag in ("p", "sp", "np") if tag in tags}
    if "p" in named and set(named.values()) <= {"none", "quarantine", "reject"}:
        return named.get("sp", named["p"]) if inherited else named["p"]
    return "none" if "mailto:" in tags.get("rua", "").lower() else ""
