"""What DNS says of a From domain and its return path, unjudged: existence, SPF, DKIM keys, the DMARC tree walk.

`resolver` is the (host, port) of a name server, None for the system's own. With `ask=False` no question leaves the
machine and every answer is UNKNOWN.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence

from bulkmail.adapters import dns_lookup
from bulkmail.adapters.dns_lookup import Resolver, ask_for, ask_host
from bulkmail.facts import AddressFacts, DnsAnswer, DomainFacts, EnvelopeFacts
from bulkmail.limits import DMARC_WALK_LABELS, DNS_SECONDS

SENDGRID_SELECTORS = ("s1", "s2")
BLOCKLIST = "dbl.spamhaus.org"  # domains seen in spam; https://www.spamhaus.org/faqs/dnsbl-usage/, read 2026-11-23

# Receivers give up at 10 lookups; we count on for a while so that the message can say how far over a record is.
_SPF_WALK_ENDS = 30
_SPF_TERM = re.compile(r"[+?~-]?(include|a|mx|ptr|exists|redirect)(?:[:=]([^/]*))?(?:/.*)?", re.IGNORECASE)
_SPF_ALL = re.compile(r"[+?~-]?all", re.IGNORECASE)
_REPORTS_TO = re.compile(r"mailto:[^,;\s@]+@([A-Za-z0-9._-]+)")
_SPF_QUESTION = {"include": "TXT", "redirect": "TXT", "a": "A", "exists": "A", "mx": "MX"}


def facts_of(
    domain: str,
    selectors: Sequence[str] = SENDGRID_SELECTORS,
    *,
    keys: Sequence[str] = (),
    envelope: str = "",
    addresses: Sequence[str] = (),
    linked: Sequence[str] = (),
    resolver: tuple[str, int] | None = None,
    ask: bool = True,
    seconds: float = DNS_SECONDS.value,
) -> DomainFacts:
    """Return what DNS says about a From domain: existence, SPF with everything it includes, DKIM keys, DMARC walk, and
    what is published about mail to it.

    `keys` are the names of the account's DKIM keys, where they are known better than by `selectors`; `envelope` is the
    return path, `addresses` are IPs of one's own, `linked` the domains that a blocklist is asked about beside the From
    domain. About 30 questions, most at once; each ends within `seconds`.
    """
    server, name = dns_lookup.open_resolver(resolver, ask, seconds), dns_lookup.ascii_name(domain)
    names = keys or [f"{selector}._domainkey.{parent}" for parent in _parents(name) for selector in selectors]
    others = [dns_lookup.ascii_name(other) for other in linked]
    return dns_lookup.run(_facts(server, name, names, envelope and dns_lookup.ascii_name(envelope), addresses, others))


# ---------------------------------------------------------------- the domain, its return path, its own machines


async def _facts(
    resolver: Resolver,
    domain: str,
    keys: Sequence[str],
    envelope: str,
    addresses: Sequence[str],
    linked: Sequence[str],
) -> DomainFacts:
    extras = [f"_mta-sts.{domain}", f"_smtp._tls.{domain}", f"default._bimi.{domain}"]
    listed = [f"{name}.{BLOCKLIST}" for name in dict.fromkeys([domain, *linked])]
    own, texts, policies, returned, machines, listings, above = await asyncio.gather(
        _existence(resolver, domain),
        asyncio.gather(*(ask_for(resolver, name, "TXT") for name in [*extras, *keys])),
        policy_answers(resolver, domain),
        _envelope(resolver, envelope),
        asyncio.gather(*(_address(resolver, ip) for ip in addresses)),
        asyncio.gather(*(ask_for(resolver, name, "A") for name in listed)),
        _mx_above(resolver, domain),
    )
    return DomainFacts(
        domain=domain,
        asked=resolver is not None,
        **own,
        dkim=tuple(texts[3:]),
        dmarc=policies,
        mta_sts=texts[0],
        tls_reports=texts[1],
        bimi=texts[2],
        report_consents=await _report_consents(resolver, domain, policies),
        envelope=returned,
        addresses=tuple(machines),
        listings=tuple(listings),
        mx_above=above,
    )


async def _mx_above(resolver: Resolver, domain: str) -> DnsAnswer | None:
    """Return the MX of the parent, None right below the top level: a parent with mailboxes makes this a subdomain."""
    parent = domain.partition(".")[2]
    return await ask_for(resolver, parent, "MX") if "." in parent else None


async def _existence(resolver: Resolver, domain: str) -> dict[str, object]:
    """Return what DomainFacts and EnvelopeFacts have in common: does it exist, can it receive, and its SPF."""
    soa, mx, host, (spf, lookups) = await asyncio.gather(
        ask_for(resolver, domain, "SOA"),
        ask_for(resolver, domain, "MX"),
        ask_host(resolver, domain),
        _spf(resolver, domain),
    )
    return {"soa": soa, "mx": mx, "host": host, "spf": spf, "spf_lookups": lookups}


async def policy_answers(resolver: Resolver, domain: str) -> tuple[DnsAnswer, ...]:
    """Return the TXT of `_dmarc` below each name of the tree walk, the domain first."""
    names = [f"_dmarc.{name}" for name in _tree_walk(domain)]
    return tuple(await asyncio.gather(*(ask_for(resolver, name, "TXT") for name in names)))


async def _envelope(resolver: Resolver, domain: str) -> EnvelopeFacts | None:
    if not domain:
        return None
    own, policies = await asyncio.gather(_existence(resolver, domain), policy_answers(resolver, domain))
    return EnvelopeFacts(domain=domain, dmarc=policies, **own)


async def _address(resolver: Resolver, ip: str) -> AddressFacts:
    """Return the names of an address, and the addresses of those names (forward-confirmed reverse DNS)."""
    ptr = await ask_for(resolver, dns_lookup.reverse_name(ip), "PTR")
    kind = "AAAA" if ":" in ip else "A"
    names = [record.rstrip(".") for record in ptr.records]
    forward = await asyncio.gather(*(ask_for(resolver, name, kind) for name in names))
    return AddressFacts(ip=ip, ptr=ptr, forward=tuple(forward))


async def _report_consents(resolver: Resolver, domain: str, policies: Sequence[DnsAnswer]) -> tuple[DnsAnswer, ...]:
    """Return the records by which other names agree to get the DMARC reports of ours (RFC 9990 section 4). Whether they
    have to is for the tip to say: of one organisation they need not."""
    found = (record for policy in policies for record in policy.records)
    hosts = dict.fromkeys(host.lower() for record in found for host in _REPORTS_TO.findall(record))
    # the record that asks for the reports names itself in the question, and that is the first one found
    asking = next((policy.name.removeprefix("_dmarc.") for policy in policies if policy.records), domain)
    names = [f"{asking}._report._dmarc.{host}" for host in hosts if host != asking]
    return tuple(await asyncio.gather(*(ask_for(resolver, name, "TXT") for name in names)))


# ---------------------------------------------------------------- names to walk


def _parents(domain: str) -> list[str]:
    """Return the domain and its parents of two labels or more, longest first: where a signing key may live."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(len(labels) - 1, 1))]


def _tree_walk(domain: str) -> list[str]:
    """Return the names whose `_dmarc` is asked, at most 8 (RFC 9989 section 4.10): a name of 8 labels or more is
    followed by its last 7, then one label is taken off at a time down to the top level."""
    labels = domain.split(".")
    longest = min(len(labels) - 1, int(DMARC_WALK_LABELS.value) - 1)
    return [domain, *(".".join(labels[-count:]) for count in range(longest, 0, -1))]


async def _spf(resolver: Resolver, domain: str) -> tuple[tuple[DnsAnswer, ...], int]:
    """Return the answers behind an SPF record, in the order a receiver would ask, and the number of asking terms."""
    answers = [await ask_for(resolver, domain, "TXT")]
    waiting = list(_spf_questions(answers[0]))
    lookups = 0
    while waiting and lookups < _SPF_WALK_ENDS:
        name, kind = waiting.pop(0)
        lookups += 1
        if not kind:
            continue
        answer = await (ask_host(resolver, name) if kind == "A" else ask_for(resolver, name, kind))
        answers.append(answer)
        waiting[:0] = _spf_questions(answer) if kind == "TXT" else ()
    return tuple(answers), lookups


def _spf_questions(answer: DnsAnswer) -> Iterator[tuple[str, str]]:
    """Yield (name, kind) of every term of the answer's only SPF record that asks DNS (RFC 7208 section 4.6.4); kind is
    "" where it can only be counted: `ptr`, and macros, which need a letter's own sender and address."""
    records = [record for record in answer.records if re.match(r"v=spf1( |$)", record, re.IGNORECASE)]
    terms = records[0].split()[1:] if len(records) == 1 else []
    ends = next((place for place, term in enumerate(terms) if _SPF_ALL.fullmatch(term)), None)
    for term in terms[:ends]:
        found = _SPF_TERM.fullmatch(term)
        # redirect is ignored in a record that has `all` anywhere (section 6.1)
        if found and not (found[1].lower() == "redirect" and ends is not None):
            name = (found[2] or answer.name).rstrip(".")
            yield name, "" if "%" in name else _SPF_QUESTION.get(found[1].lower(), "")
