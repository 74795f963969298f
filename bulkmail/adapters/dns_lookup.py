"""Names to records, or "unknown": questions to DNS asked in parallel and answered without judgement.

`resolver` is the (host, port) of a name server, None for the system's own. With `ask=False` no question leaves the
machine and every answer is UNKNOWN.
"""

import asyncio
import re
import socket
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
from dns.rdata import Rdata

from bulkmail.errors import SettingsError
from bulkmail.limits import DMARC_WALK_LABELS, DNS_IN_FLIGHT, DNS_SECONDS
from bulkmail.model import DnsAnswer, DnsStatus, DomainFacts

RECEIVES, CANNOT, UNKNOWN = "receives", "cannot", "unknown"
SENDGRID_SELECTORS = ("s1", "s2")

# Receivers give up at 10 lookups; we count on for a while so that the message can say how far over a record is.
_SPF_WALK_ENDS = 30
_SPF_TERM = re.compile(r"[+?~-]?(include|a|mx|ptr|exists|redirect)(?:[:=]([^/]*))?(?:/.*)?", re.IGNORECASE)
_SPF_ALL = re.compile(r"[+?~-]?all", re.IGNORECASE)
_SPF_QUESTION = {"include": "TXT", "redirect": "TXT", "a": "A", "exists": "A", "mx": "MX"}

_Resolver = dns.asyncresolver.Resolver | None
_Result = TypeVar("_Result")


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
    return _run(_facts(_open(resolver, ask, seconds), _ascii(domain), selectors))


def mail_domains(
    domains: Iterable[str],
    *,
    resolver: tuple[str, int] | None = None,
    ask: bool = True,
    in_flight: int = int(DNS_IN_FLIGHT.value),
    seconds: float = DNS_SECONDS.value,
    within: float = 120,
) -> dict[str, str]:
    """Return "receives", "cannot" or "unknown" for each distinct domain.

    Only proof says "cannot": no such name, a Null MX (RFC 7505), or neither MX nor address (RFC 5321 section 5.1).
    What is not answered `within` that many seconds in all stays unknown.
    """
    verdicts = dict.fromkeys(domains, UNKNOWN)
    if ask:
        _run(_judge_all(_open(resolver, ask, seconds), verdicts, in_flight, within))
    return verdicts


# ---------------------------------------------------------------- one question


async def _ask(resolver: _Resolver, name: str, kind: str) -> DnsAnswer:
    if resolver is None:
        return _unknown(name, kind, "not_asked")
    try:
        # search=False: a question never leaves with the office's own domain appended
        answer = await resolver.resolve(name, kind, search=False, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN as error:
        return DnsAnswer(name=name, kind=kind, status=DnsStatus.ABSENT, canonical=_end_of_chain(error, name))
    except dns.exception.Timeout:
        return _unknown(name, kind, "timeout")
    except dns.resolver.NoNameservers as error:
        return _unknown(name, kind, _word_of(error))
    except (dns.exception.DNSException, UnicodeError):  # a name that cannot be asked: a label too long, say
        return _unknown(name, kind, "not_a_name")
    records = tuple(sorted(_text(record) for record in answer.rrset or ()))
    status = DnsStatus.FOUND if records else DnsStatus.EMPTY
    return DnsAnswer(
        name=name, kind=kind, status=status, records=records, canonical=_other_name(answer.canonical_name, name)
    )


async def _host(resolver: _Resolver, name: str) -> DnsAnswer:
    """Return A, or AAAA where there is no A, as one answer."""
    answers = [await _ask(resolver, name, "A")]
    if answers[0].status is DnsStatus.EMPTY:
        answers.append(await _ask(resolver, name, "AAAA"))
    last = answers[-1]
    return DnsAnswer(name=name, kind="A", status=last.status, records=last.records, detail=last.detail)


def _unknown(name: str, kind: str, detail: str) -> DnsAnswer:
    return DnsAnswer(name=name, kind=kind, status=DnsStatus.UNKNOWN, detail=detail)


def _text(record: Rdata) -> str:
    """Return a record as printable ASCII: anybody may publish text that would steer a terminal."""
    strings = getattr(record, "strings", None)
    text = record.to_text() if strings is None else b"".join(strings).decode("latin-1")
    return re.sub(r"[^ -~]", lambda character: f"\\x{ord(character[0]):02x}", text)


def _other_name(name: dns.name.Name, asked: str) -> str:
    text = name.to_text(omit_final_dot=True).lower()
    return "" if text == asked.lower() else text


def _end_of_chain(error: dns.resolver.NXDOMAIN, asked: str) -> str:
    with suppress(dns.exception.DNSException, TypeError):
        return _other_name(error.canonical_name, asked)
    return ""


def _word_of(error: dns.resolver.NoNameservers) -> str:
    words = [str(trouble[3]) for trouble in error.kwargs.get("errors", ())]
    return words[-1] if words and words[-1].isupper() else "unreachable"


# ---------------------------------------------------------------- a From domain


async def _facts(resolver: _Resolver, domain: str, selectors: Sequence[str]) -> DomainFacts:
    keys = [f"{selector}._domainkey.{parent}" for parent in _parents(domain) for selector in selectors]
    policies = [f"_dmarc.{name}" for name in _tree_walk(domain)]
    (soa, mx, host, (spf, lookups)), texts = await asyncio.gather(
        asyncio.gather(
            _ask(resolver, domain, "SOA"), _ask(resolver, domain, "MX"), _host(resolver, domain), _spf(resolver, domain)
        ),
        asyncio.gather(*(_ask(resolver, name, "TXT") for name in [*keys, *policies])),
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


async def _spf(resolver: _Resolver, domain: str) -> tuple[tuple[DnsAnswer, ...], int]:
    """Return the answers behind an SPF record, in the order a receiver would ask, and the number of asking terms."""
    answers = [await _ask(resolver, domain, "TXT")]
    waiting = list(_spf_questions(answers[0]))
    lookups = 0
    while waiting and lookups < _SPF_WALK_ENDS:
        name, kind = waiting.pop(0)
        lookups += 1
        if not kind:
            continue
        answer = await (_host(resolver, name) if kind == "A" else _ask(resolver, name, kind))
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


# ---------------------------------------------------------------- the domains of a list


async def _judge_all(resolver: _Resolver, verdicts: dict[str, str], in_flight: int, within: float) -> None:
    waiting = iter([domain for domain in verdicts if domain])  # an empty name would ask the root

    async def worker() -> None:
        for domain in waiting:
            verdicts[domain] = await _judge(resolver, domain)

    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            await asyncio.gather(*(worker() for _ in range(min(in_flight, len(verdicts)))))


async def _judge(resolver: _Resolver, domain: str) -> str:
    mx = await _ask(resolver, domain, "MX")
    if mx.status is DnsStatus.FOUND:
        return CANNOT if all(record.split()[-1] == "." for record in mx.records) else RECEIVES
    answer = await _host(resolver, domain) if mx.status is DnsStatus.EMPTY else mx
    return {DnsStatus.FOUND: RECEIVES, DnsStatus.UNKNOWN: UNKNOWN}.get(answer.status, CANNOT)


# ---------------------------------------------------------------- the way out


def _open(server: tuple[str, int] | None, ask: bool, seconds: float) -> _Resolver:
    if not ask:
        return None
    resolver = dns.asyncresolver.Resolver(configure=False)
    if server is not None:
        resolver.nameservers, resolver.port = [_address_of(*server)], server[1]
    else:
        with suppress(dns.resolver.NoResolverConfiguration):  # none: every question ends as unreachable
            resolver = dns.asyncresolver.Resolver()
    resolver.lifetime, resolver.timeout = seconds, seconds / 2
    return resolver


def _address_of(host: str, port: int) -> str:
    try:
        return str(socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][4][0])
    except OSError as error:
        raise SettingsError(
            "BULKMAIL_DNS names the host {host}, which cannot be found. Give the address of a name server, "
            "say 127.0.0.1:53.",
            host=host,
        ) from error


def _ascii(domain: str) -> str:
    bare = domain.strip().rstrip(".").lower()
    with suppress(dns.exception.DNSException, UnicodeError):
        return dns.name.from_text(bare).to_text(omit_final_dot=True)
    return bare


def _run(work: Coroutine[None, None, _Result]) -> _Result:
    """Return what the coroutine returns, from a thread of its own: a notebook already has a loop running in ours."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
