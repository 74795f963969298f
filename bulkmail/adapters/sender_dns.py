"""What DNS says of a From domain, unjudged: existence, SPF with all that it includes, DKIM keys, the DMARC tree walk.

`resolver` is the (host, port) of a name server, None for the system's own. With `ask=False` no question leaves the
machine and every answer is UNKNOWN.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence

from bulkmail.adapters import dns_lookup
from bulkmail.adapters.dns_lookup import Resolver, ask_for, ask_host
from bulkmail.limits import DMARC_WALK_LABELS, DNS_SECONDS
from bulkmail.model import DnsAnswer, DomainFacts

SENDGRID_SELECTORS = ("s1", "s2")

# Receivers give up at 10 lookups; we count on for a while so that the message can say how far over a record is.
_SPF_WALK_ENDS = 30
_SPF_TERM = re.compile(r"[+?~-]?(include|a|mx|ptr|exists|redirect)(?:[:=]([^/]*))?(?:/.*)?", re.IGNORECASE)
_SPF_ALL = re.compile(r"[+?~-]?all", re.IGNORECASE)
_SPF_QUESTION = {"include": "TXT", "redirect": "TXT", "a": "A", "exists": "A", "mx": "MX"}


def facts_of(
    domain: str,
    selectors: Sequence[str] = SENDGRID_SELECTORS,
    *,
    resolver: tuple[str, int] | None = None,
    ask: bool = True,
    seconds: float = DNS_SECONDS.value,
) -> DomainFacts:
    """Return what DNS says about a From domain: existence, SPF with everything it includes, DKIM keys, DMARC walk.

    About 20 questions, most at once; each ends within `seconds`.
    """
    return dns_lookup.run(
        _facts(dns_lookup.open_resolver(resolver, ask, seconds), dns_lookup.ascii_name(domain), selectors)
    )


async def _facts(resolver: Resolver, domain: str, selectors: Sequence[str]) -> DomainFacts:
    keys = [f"{selector}._domainkey.{parent}" for parent in _parents(domain) for selector in selectors]
    policies = [f"_dmarc.{name}" for name in _tree_walk(domain)]
    (soa, mx, host, (spf, lookups)), texts = await asyncio.gather(
        asyncio.gather(
            ask_for(resolver, domain, "SOA"),
            ask_for(resolver, domain, "MX"),
            ask_host(resolver, domain),
            _spf(resolver, domain),
        ),
        asyncio.gather(*(ask_for(resolver, name, "TXT") for name in [*keys, *policies])),
    )
    return DomainFacts(
        domain=domain,
        asked=resolver is not None,
        soa=soa,
        mx=mx,
        host=host,
        spf=spf,
        spf_lookups=lookups,
        dkim=tuple(texts[: len(keys)]),
        dmarc=tuple(texts[len(keys) :]),
    )


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
