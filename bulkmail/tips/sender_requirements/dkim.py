"""DKIM keys (RFC 6376, 8301): published under the From domain, strong, and no test."""

import base64

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bulkmail import limits
from bulkmail.facts import DnsAnswer, DnsStatus, DomainFacts
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import (
    blocked,
    found,
    items,
    names,
    passed,
    tags_of,
    unanswered,
    with_status,
)


def check_dkim_keys(facts: SenderFacts) -> Finding:
    """Publish DKIM keys of 2048 bits under the From domain, so that every letter is signed in your name.

    Receivers want RSA of 1,024 bits or more; a key that is marked as a test (t=y) or empty (p=) counts as none.
    """
    _, answers = signing(facts.dns)
    present, silent = with_status(answers, DnsStatus.FOUND), with_status(answers, DnsStatus.UNKNOWN)
    faults = [fault for fault in map(_key_fault, present) if fault]
    missing = [(Outcome.WARN, _missing_key(answer)) for answer in answers if answer not in present]
    refused = [fault for fault in faults if fault[0] is Outcome.BLOCK]
    if silent and not refused:
        return unanswered("SND-03", silent[0])
    if not present:
        return blocked("SND-03", missing[0][1], publish_keys(facts.dns))
    for outcome, message in (*refused, *missing, *faults):
        return found("SND-03", outcome, message, publish_keys(facts.dns))
    return passed("SND-03", say("DKIM keys are published and strong enough: {names}", names=names(present)))


def signing(dns: DomainFacts) -> tuple[str, list[DnsAnswer]]:
    """Return the nearest domain, From or a parent, where a key was found or could not be asked for, and its answers."""
    levels: dict[str, list[DnsAnswer]] = {}
    for answer in dns.dkim:
        levels.setdefault(answer.name.partition("._domainkey.")[2], []).append(answer)
    near = (name for name, answers in levels.items() if with_status(answers, DnsStatus.FOUND, DnsStatus.UNKNOWN))
    signer = next(near, dns.domain if dns.domain in levels else next(iter(levels)))
    return signer, levels[signer]


def _key_fault(answer: DnsAnswer) -> tuple[Outcome, Text] | None:
    """Return what is wrong with a published key (RFC 6376 section 3.6.1), None for a sound one of 2048 bits or more."""
    tags = tags_of(answer.records[0])
    seen = {"name": answer.name, "count": len(answer.records), "record": answer.records[0][:80]}
    rules = (
        (len(answer.records) > 1, say("{name} holds {count} records where one key belongs.", **seen)),
        (tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags, say("{name} holds no DKIM key but: {record}", **seen)),
        (tags.get("p") == "", say("The DKIM key at {name} has been revoked: {record}", **seen)),
        (
            "y" in items(tags, "t"),
            say("The DKIM key at {name} is a test (t=y), so letters count as unsigned.", **seen),
        ),
        ("sha256" not in items(tags, "h", "sha256"), say("The DKIM key at {name} allows sha1 only: {record}", **seen)),
    )
    refused = [(Outcome.BLOCK, message) for holds, message in rules if holds]
    return refused[0] if refused else _size_fault(answer.name, tags)


def _size_fault(name: str, tags: dict[str, str]) -> tuple[Outcome, Text] | None:
    bits, least, good = _rsa_bits(tags["p"]), limits.DKIM_RSA_BITS_MIN.value, limits.DKIM_RSA_BITS_GOOD.value
    seen = {"name": name, "bits": bits, "least": int(least), "good": int(good)}
    if tags.get("k", "rsa").lower() == "ed25519":
        return Outcome.WARN, say("The DKIM key at {name} is Ed25519, which not every receiver can read.", **seen)
    if not bits:
        return Outcome.BLOCK, say("The DKIM key at {name} cannot be read.", **seen)
    if bits < least:
        return Outcome.BLOCK, say("The DKIM key at {name} has {bits} bits; receivers want {least} or more.", **seen)
    return (
        (Outcome.WARN, say("The DKIM key at {name} has {bits} bits; {good} are advised.", **seen))
        if bits < good
        else None
    )


def _rsa_bits(key: str) -> int:
    """Return the size of a published RSA key, 0 when it cannot be read."""
    try:
        public = load_der_public_key(base64.b64decode("".join(key.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return 0
    return public.key_size if isinstance(public, RSAPublicKey) else 0


def _missing_key(answer: DnsAnswer) -> Text:
    if answer.canonical:
        return say("{name} points at {target}, which publishes no DKIM key.", name=answer.name, target=answer.canonical)
    return say("There is no DKIM key at {name}.", name=answer.name)


def publish_keys(dns: DomainFacts) -> Text:
    """Return how to get the keys, and the form of their records."""
    return say(
        "In SendGrid open Settings, Sender Authentication, Authenticate Your Domain and publish the records shown "
        "there, of this form: {records}",
        records=" | ".join(key_lines(dns)),
    )


def key_lines(dns: DomainFacts) -> list[str]:
    """Return the records of the domain's own keys, in the shape of SendGrid's CNAMEs."""
    own = [answer.name for answer in dns.dkim if answer.name.endswith(f"._domainkey.{dns.domain}")]
    own = own or [answer.name for answer in dns.dkim]
    return [f"{name}. CNAME {name.partition('.')[0]}.domainkey.u<account>.wl<number>.sendgrid.net." for name in own]
