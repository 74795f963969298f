"""Which domains of a list can receive mail, each asked once: "receives", "cannot", or "unknown".

`resolver` is the (host, port) of a name server, None for the system's own. With `ask=False` no question leaves the
machine and every answer is "unknown".
"""

import asyncio
import itertools
from collections.abc import Callable, Iterable
from contextlib import suppress

from bulkmail.adapters import dns_lookup
from bulkmail.adapters.dns_lookup import Resolver, ask_host
from bulkmail.facts import DnsStatus
from bulkmail.limits import DNS_IN_FLIGHT, DNS_SECONDS

RECEIVES, CANNOT, UNKNOWN = "receives", "cannot", "unknown"


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
        server, tell = dns_lookup.open_resolver(resolver, ask, seconds), on_progress or (lambda done, all_of_them: None)
        dns_lookup.run(_judge_all(server, verdicts, in_flight, within, tell))
    return verdicts


async def _judge_all(
    resolver: Resolver, verdicts: dict[str, str], in_flight: int, within: float, tell: Callable[[int, int], object]
) -> None:
    asked = [domain for domain in verdicts if domain]  # an empty name would ask the root
    waiting, done = iter(asked), itertools.count(1)

    async def worker() -> None:
        for domain in waiting:
            verdicts[domain] = await _judge(resolver, domain)
            tell(next(done), len(asked))

    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            await asyncio.gather(*(worker() for _ in range(min(in_flight, len(verdicts)))))


async def _judge(resolver: Resolver, domain: str) -> str:
    mx = await dns_lookup.ask_for(resolver, domain, "MX")
    if mx.status is DnsStatus.FOUND:
        return CANNOT if all(record.split()[-1] == "." for record in mx.records) else RECEIVES
    answer = await ask_host(resolver, domain) if mx.status is DnsStatus.EMPTY else mx
    return {DnsStatus.FOUND: RECEIVES, DnsStatus.UNKNOWN: UNKNOWN}.get(answer.status, CANNOT)
