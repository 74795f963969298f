"""Letters that came back from mailboxes of one's own: read, verified with the keys in DNS, and what was seen is kept.

The letter itself is not kept, and of its people nothing but domains.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import authres
import dkim
from sqlalchemy import select, update

from bulkmail.adapters import dns_lookup
from bulkmail.adapters.sender_dns import policy_answers
from bulkmail.adapters.tables import seed_letter
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.errors import InputError
from bulkmail.facts import DnsAnswer, DnsStatus, ProviderVerdict, SeedFacts, SignatureFacts
from bulkmail.limits import DKIM_RSA_BITS_MIN, DNS_SECONDS, SEED_BYTES, SEED_SIGNATURES

_LINK = re.compile(r"""<a\b[^>]*\bhref=["']?(https?://[^"'\s>]+)""", re.IGNORECASE)
_PICTURE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SOURCE = re.compile(r"""\bsrc=["']?(https?://[^"'\s>]+)""", re.IGNORECASE)
_ONE_PIXEL = re.compile(r"""\b(?:width|height)=["']?1(?:px)?["'\s>]""", re.IGNORECASE)
_URI = re.compile(r"<\s*([^<>]*?)\s*>")
_LEAVING = ("list-unsubscribe", "list-unsubscribe-post")
_OLD_TLS = re.compile(r"\b(?:SSLv[23]|TLS[ _]?v?1(?:[._][01])?)(?![\d._])", re.IGNORECASE)  # RFC 8996
_TLS = re.compile(r"\bwith\s+(UTF8)?E?SMTPSA?\b|\bTLS|\bwith\s+HTTPS?\b", re.IGNORECASE)


def read_seed(
    data: bytes,
    *,
    resolver: tuple[str, int] | None = None,
    ask: bool = True,
    seconds: float = DNS_SECONDS.value,
) -> SeedFacts:
    """Return what a received letter says, its signatures verified anew. InputError when it is no such letter."""
    if len(data) > SEED_BYTES.value:
        raise InputError("This letter is larger than {limit} MB. Send one without attachments.",
                         limit=int(SEED_BYTES.value // 1_000_000))  # fmt: skip
    letter = message_from_bytes(data, policy=policy.default)
    if not letter["From"] or not letter["Received"]:
        raise InputError(
            "This is no letter as a mailbox received it: it wants From and Received. Save it there as .eml."
        )
    sender = _domain_of(str(letter["From"]))
    raw = [_tags(str(value)) for value in letter.get_all("DKIM-Signature", [])][: int(SEED_SIGNATURES.value)]
    server = dns_lookup.open_resolver(resolver, ask, seconds)
    keys, policies = dns_lookup.run(_ask(server, sender, raw))
    signatures = tuple(_verified(data, place, tags, keys) for place, tags in enumerate(raw))
    return _seen(letter, data, sender, signatures, policies)


async def _ask(
    server: dns_lookup.Resolver, sender: str, raw: Sequence[Mapping[str, str]]
) -> tuple[dict[str, DnsAnswer], tuple[DnsAnswer, ...]]:
    """Return the keys of the signatures by their names, and the DMARC walk of the sender and of who signs."""
    names = list(dict.fromkeys(_key_name(tags) for tags in raw))
    domains = dict.fromkeys([sender, *(tags.get("d", "").lower() for tags in raw)])
    keys, walks = await asyncio.gather(
        asyncio.gather(*(dns_lookup.ask_for(server, name, "TXT") for name in names)),
        asyncio.gather(*(policy_answers(server, domain) for domain in domains if domain)),
    )
    policies = {answer.name: answer for walk in walks for answer in walk}
    longest_first = sorted(policies.values(), key=lambda answer: -answer.name.count("."))
    return dict(zip(names, keys, strict=True)), tuple(longest_first)


def _key_name(tags: Mapping[str, str]) -> str:
    return f"{tags.get('s', '')}._domainkey.{tags.get('d', '')}".lower()


def _verified(data: bytes, place: int, tags: Mapping[str, str], keys: Mapping[str, DnsAnswer]) -> SignatureFacts:
    verdict, detail = _verdict(data, place, keys[_key_name(tags)])
    return SignatureFacts(
        domain=tags.get("d", "").lower(),
        selector=tags.get("s", "").lower(),
        algorithm=tags.get("a", "").lower(),
        signed=tuple(name.strip().lower() for name in tags.get("h", "").split(":")),
        length_limit="l" in tags,
        verdict=verdict,
        detail=detail,
    )


def _verdict(data: bytes, place: int, key: DnsAnswer) -> tuple[str, str]:
    """Return pass, fail or unknown, and why: unknown where the key could not be asked for, fail where it is absent."""
    if key.status is DnsStatus.UNKNOWN:
        return "unknown", key.detail
    texts = [record.encode() for record in key.records]

    def answer(name: bytes, timeout: float = 0) -> bytes | None:
        return texts[0] if len(texts) == 1 else None

    try:
        checked = dkim.DKIM(data, minkey=int(DKIM_RSA_BITS_MIN.value)).verify(place, dnsfunc=answer)
    except dkim.DKIMException as failure:
        return "fail", str(failure)[:120]
    return ("pass", "") if checked else ("fail", "the signature does not match")


# ---------------------------------------------------------------- what the letter says


def _seen(
    letter: EmailMessage,
    data: bytes,
    sender: str,
    signatures: tuple[SignatureFacts, ...],
    policies: tuple[DnsAnswer, ...],
) -> SeedFacts:
    html, hops = _html(letter), [str(hop) for hop in letter.get_all("Received", [])]
    return SeedFacts(
        digest=hashlib.sha256(data).hexdigest(),
        received_at=_moment(hops[0].rpartition(";")[2]) or _moment(str(letter["Date"] or "")),
        from_domain=sender,
        envelope_domain=_domain_of(str(letter["Return-Path"] or "")),
        subject=str(letter["Subject"] or ""),
        headers=tuple(dict.fromkeys(name.lower() for name in letter)),
        signatures=signatures,
        provider=_provider(letter),
        dmarc=policies,
        hosts=_hosts(_LINK.findall(html)),
        pictures=_hosts(_counting_pictures(html)),
        one_click="One-Click" in str(letter["List-Unsubscribe-Post"] or "") and bool(letter["List-Unsubscribe"]),
        encrypted_hops=(sum(bool(_TLS.search(hop)) for hop in hops), len(hops)),
        old_encryption=tuple(dict.fromkeys(word for hop in hops for word in _OLD_TLS.findall(hop))),
        leaving_counts=(len(_raw(letter, _LEAVING[0])), len(_raw(letter, _LEAVING[1]))),
        leaving_mangled=any(_mangled(value) for name in _LEAVING for value in _raw(letter, name)),
        defects=tuple(type(defect).__name__ for part in letter.walk() for defect in part.defects),
    )


def _raw(letter: EmailMessage, name: str) -> list[str]:
    """The headers of this name as they travelled: nothing in them is decoded yet."""
    return [value for known, value in letter.raw_items() if known.lower() == name]


def _mangled(value: str) -> bool:
    return "=?" in value or not value.isascii() or any(re.search(r"\s", uri) for uri in _URI.findall(value))


def _provider(letter: EmailMessage) -> ProviderVerdict | None:
    """The topmost Authentication-Results, which the receiving provider wrote; others may be anybody's."""
    found = letter.get_all("Authentication-Results", [])
    if not found:
        return None
    try:
        text = " ".join(str(found[0]).split())
        header = authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {text}")
    except (authres.AuthResError, ValueError, IndexError, TypeError):
        return None
    results: dict[str, str] = {}
    domains: dict[str, str] = {}
    for one in header.results:
        if results.get(one.method) != "pass":  # of several signatures one that passes is enough
            results[one.method] = one.result
            values = [prop.value for prop in one.properties if prop.value]
            domains[one.method] = str(values[0]).rpartition("@")[2].lower() if values else ""
    return ProviderVerdict(by=str(header.authserv_id), results=results, domains=domains)


def _html(letter: EmailMessage) -> str:
    part = letter.get_body(("html",))
    try:
        return str(part.get_content()) if part else ""
    except (LookupError, UnicodeError):
        return ""


def _counting_pictures(html: str) -> list[str]:
    """The sources of pictures of one pixel, by which opens are counted."""
    dots = (tag for tag in _PICTURE.findall(html) if _ONE_PIXEL.search(tag))
    return [source for tag in dots for source in _SOURCE.findall(tag)]


def _hosts(links: Sequence[str]) -> tuple[str, ...]:
    found = (_host(link) for link in links)
    return tuple(dict.fromkeys(host for host in found if host))


def _host(link: str) -> str:
    try:
        return (urlsplit(link).hostname or "").lower()
    except ValueError:
        return ""


def _tags(value: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in value.split(";"))
    return {name.strip(): "".join(text.split()) for name, _, text in pairs if name.strip()}


def _domain_of(value: str) -> str:
    return value.rpartition("@")[2].strip("<> \t\r\n").lower()


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value.strip())
    except (TypeError, ValueError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


# ---------------------------------------------------------------- kept


def keep_seed(ws: Workspace, seed: SeedFacts, now: datetime) -> int:
    """How many letters this added: 1, or 0 where it was here already. What it says now counts, as the newest: a key
    that DNS did not give the first time may be there today."""
    document = asdict(seed) | {"received_at": seed.received_at and seed.received_at.isoformat()}
    row = {"digest": seed.digest, "domain": seed.from_domain, "document": document, "saved_at": now}
    with writing(ws) as connection:
        new = insert_new(connection, seed_letter, [row])
        if not new:
            connection.execute(update(seed_letter).where(seed_letter.c.digest == seed.digest).values(**row))
        return new


def newest_seed(ws: Workspace, domain: str) -> SeedFacts | None:
    """What was seen of the letter from this domain that came back last; None where none did."""
    theirs = select(seed_letter.c.document).where(seed_letter.c.domain == domain)
    with reading(ws) as connection:
        found = connection.execute(theirs.order_by(seed_letter.c.saved_at.desc()).limit(1)).scalar_one_or_none()
    return _seed_of(found) if found else None


def _seed_of(document: Mapping[str, object]) -> SeedFacts:
    kept = dict(document)
    lists = ("headers", "hosts", "pictures", "encrypted_hops", "defects", "old_encryption")
    provider, moment, counts = kept["provider"], kept["received_at"], kept.get("leaving_counts")
    return SeedFacts(
        **kept
        | {name: tuple(kept.get(name, ())) for name in lists}
        | {
            "leaving_counts": tuple(counts) if counts else None,
            "received_at": moment and datetime.fromisoformat(moment),
            "provider": ProviderVerdict(**provider) if provider else None,
            "signatures": tuple(SignatureFacts(**one | {"signed": tuple(one["signed"])}) for one in kept["signatures"]),
            "dmarc": tuple(
                DnsAnswer(**one | {"status": DnsStatus(one["status"]), "records": tuple(one["records"])})
                for one in kept["dmarc"]
            ),
        }
    )
