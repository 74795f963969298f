"""Which domains of a list can receive mail, each asked once: "receives", "cannot", or "unknown".

`resolver` is the (host, port) of a name server, None for the system's own. With `ask=False` no question leaves the
machine and every answer is "unknown".
"""

import asyncio
import itertools
import re
from collections.abc import Callable, Iterable
from contextlib import suppress

import aiodns
import pycares

from bulkmail.adapters import dns_lookup
from bulkmail.adapters.dns_lookup import Resolver, ask_host
from bulkmail.facts import DnsStatus
from bulkmail.limits import DNS_IN_FLIGHT, DNS_SECONDS

RECEIVES, CANNOT, UNKNOWN = "receives", "cannot", "unknown"
_PLAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*", re.IGNORECASE)


def mail_domains(
    domains: Iterable[str],
    *,
    resolver: tuple[str, int] | None = None,
    ask: bool = True,
    in_flight: int = int(DNS_IN_FLIGHT.value),
    seconds: float = DNS_SECONDS.value,
    within: float = 120,
    on_progress: Callable[[int, int], object] | None = None,
) -> dict[str, str]:
    """Return "receives", "cannot" or "unknown" for each distinct domain.

    Only proof says "cannot": no such name, a Null MX (RFC 7505), or neither MX nor address (RFC 5321 section 5.1).
    What is not answered `within` that many seconds in all stays unknown. `on_progress` is told how many are done, and
    how many there are.
    """
    verdicts = dict.fromkeys(domains, UNKNOWN)
    if ask:
        # half of the time is for the quick question, half for the careful ones
        server, tell = dns_lookup.open_resolver(resolver, ask, seconds / 2), on_progress or (lambda done, whole: None)
        dns_lookup.run(_judge_all(server, verdicts, in_flight, within, tell))
    return verdicts


async def _judge_all(
    resolver: Resolver, verdicts: dict[str, str], in_flight: int, within: float, tell: Callable[[int, int], object]
) -> None:
    asked = [domain for domain in verdicts if domain]  # an empty name would ask the root
    waiting, done = iter(asked), itertools.count(1)
    quick = _quick(resolver)

    async def worker() -> None:
        for domain in waiting:
            verdicts[domain] = RECEIVES if await _has_mx(quick, domain) else await _judge(resolver, domain)
            tell(next(done), len(asked))

    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            await asyncio.gather(*(worker() for _ in range(min(in_flight, len(verdicts)))))
    await quick.close()


# ---------------------------------------------------------------- most domains: an MX, asked for in C


def _quick(resolver: Resolver) -> aiodns.DNSResolver:
    """Ten times less work for a question, yet it cannot tell a lame answer from an empty one (`dns_lookup.ask_for`):
    what it finds counts, what it does not find is asked again with care."""
    return aiodns.DNSResolver(
        resolver.nameservers,
        udp_port=resolver.port,
        tcp_port=resolver.port,
        timeout=resolver.lifetime,
        tries=1,
        flags=pycares.ARES_FLAG_NOSEARCH | pycares.ARES_FLAG_STAYOPEN,
    )


async def _has_mx(quick: aiodns.DNSResolver, domain: str) -> bool:
    """Whether a server takes mail for the domain; False also where that could not be found out."""
    if not _PLAIN.fullmatch(domain):
        return False
    with suppress(aiodns.error.DNSError):
        found = await quick.query_dns(domain, "MX")
        return any(record.data.exchange.strip(".") for record in found.answer if record.type == pycares.QUERY_TYPE_MX)
    return False


# ---------------------------------------------------------------- the rest, with care


async def _judge(resolver: Resolver, domain: str) -> str:
    mx = await dns_lookup.ask_for(resolver, domain, "MX")
    if mx.status is DnsStatus.FOUND:
        return CANNOT if all(record.split()[-1] == "." for record in mx.records) else RECEIVES
    answer = await ask_host(resolver, domain) if mx.status is DnsStatus.EMPTY else mx
    return {DnsStatus.FOUND: RECEIVES, DnsStatus.UNKNOWN: UNKNOWN}.get(answer.status, CANNOT)
