"""One question to DNS, answered without judgement: records, none, no such name, or unknown.

The rooms that ask many (`sender_dns`, `mail_domains`) open a resolver here and run what they ask in one go. Without a
resolver (`ask=False`) no question leaves the machine and every answer is UNKNOWN.
"""

import asyncio
import re
import socket
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename
from dns.rdata import Rdata

from bulkmail.errors import SettingsError
from bulkmail.facts import DnsAnswer, DnsStatus

Resolver = dns.asyncresolver.Resolver | None
_Result = TypeVar("_Result")


# ---------------------------------------------------------------- one question


async def ask_for(resolver: Resolver, name: str, kind: str) -> DnsAnswer:
    """Return what came back for one question; an expected trouble is an UNKNOWN with its kind."""
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
    if not records and _is_lame(answer.response):
        return _unknown(name, kind, "lame")
    status = DnsStatus.FOUND if records else DnsStatus.EMPTY
    return DnsAnswer(
        name=name, kind=kind, status=status, records=records, canonical=_other_name(answer.canonical_name, name)
    )


async def ask_host(resolver: Resolver, name: str) -> DnsAnswer:
    """Return A, or AAAA where there is no A, as one answer."""
    answers = [await ask_for(resolver, name, "A")]
    if answers[0].status is DnsStatus.EMPTY:
        answers.append(await ask_for(resolver, name, "AAAA"))
    last = answers[-1]
    return DnsAnswer(name=name, kind="A", status=last.status, records=last.records, detail=last.detail)


def _is_lame(response: dns.message.Message) -> bool:
    """Whether a server only points elsewhere: a referral is no answer, and "no such record" comes with an SOA (RFC 2308
    section 2.2)."""
    kinds = {rrset.rdtype for rrset in response.authority}
    return dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds


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
    troubles = [trouble[3] for trouble in error.kwargs.get("errors", ())]
    if any(isinstance(trouble, dns.message.ChainTooLong) for trouble in troubles):
        return "loop"
    words = list(map(str, troubles))
    return words[-1] if words and words[-1].isupper() else "unreachable"


# ---------------------------------------------------------------- the way out


def open_resolver(server: tuple[str, int] | None, ask: bool, seconds: float) -> Resolver:
    """Return a resolver that asks `server` (the system's own where None), or None where nothing may be asked."""
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


def ascii_name(domain: str) -> str:
    """Return the name as DNS has it: lower case, ASCII, without a final dot."""
    bare = domain.strip().rstrip(".").lower()
    with suppress(dns.exception.DNSException, UnicodeError):
        return dns.name.from_text(bare).to_text(omit_final_dot=True)
    return bare


def reverse_name(ip: str) -> str:
    """Return the name under which the PTR of an address stands."""
    return dns.reversename.from_address(ip).to_text(omit_final_dot=True)


def run(work: Coroutine[None, None, _Result]) -> _Result:
    """Return what the coroutine returns, from a thread of its own: a notebook already has a loop running in ours. On
    uvloop where Streamlit has brought it along, which spares a fifth of the time."""
    loop = asyncio.run
    with suppress(ImportError):
        from uvloop import run as loop
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(loop, work).result()
