"""A letter that came back: sent by the real path to a mailbox of one's own, saved there as .eml, verified in full."""

from collections.abc import Sequence
from datetime import timedelta

from bulkmail import limits
from bulkmail.facts import DnsStatus, SeedFacts, SignatureFacts
from bulkmail.model import Finding, Text, say
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import blocked, not_known, passed, warned, with_status
from bulkmail.tips.sender_requirements.tree_walk import organisation

# RFC 6376 section 5.4.1 and RFC 8058 section 4: what a signature has to cover; List-* only where the letter has them.
COVERED = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type", "reply-to",
           "list-unsubscribe", "list-unsubscribe-post")  # fmt: skip
MUST_COVER = ("from", "subject", "date", "list-unsubscribe", "list-unsubscribe-post")
_SEND_ONE = say("Send the letter to a mailbox of your own, save it there as .eml, and bring it in here.")


def _seed(facts: SenderFacts) -> SeedFacts | None:
    """Return the letter that came back, if it is one of this From domain."""
    return facts.seed if facts.seed and facts.seed.from_domain == facts.dns.domain else None


def _none_yet(code: str, facts: SenderFacts) -> Finding:
    message = say("No letter from {domain} has come back from a mailbox of your own yet.", domain=facts.dns.domain)
    return not_known(code, message, _SEND_ONE)


def aligned(seed: SeedFacts, domain: str) -> bool | None:
    """Return whether a domain is of one organisation with the From domain; None where DNS did not say."""
    if domain == seed.from_domain:
        return True
    if with_status(seed.dmarc, DnsStatus.UNKNOWN) or not seed.dmarc:
        return None
    return organisation(seed.dmarc, domain) == organisation(seed.dmarc, seed.from_domain)


def check_coverage(facts: SenderFacts) -> Finding:
    """Have the signature cover From, Subject, Date and both one-click headers, and all of the body.

    A one-click header that is not signed may be anybody's, and mailboxes then show no button (RFC 8058 section 4). An
    l= tag lets anybody add to the letter. Known of SendGrid since 2025: it signs both headers; a letter shows it.
    """
    seed = _seed(facts)
    if seed is None:
        return _none_yet("SND-04", facts)
    own = [signature for signature in seed.signatures if aligned(seed, signature.domain)]
    if not own:
        message = say("No signature of the letter that came back is in the name of {domain}.", domain=seed.from_domain)
        return blocked("SND-04", message, _ASK_ACCOUNT)
    faults = [fault for signature in own for fault in coverage_faults(seed, signature)]
    if faults:
        return blocked("SND-04", faults[0], _ASK_ACCOUNT)
    open_ends = sorted(set(seed.headers) & set(COVERED) - set(own[0].signed))
    seen = {"domain": own[0].domain, "count": len(set(own[0].signed)), "names": ", ".join(open_ends)}
    if open_ends:
        message = say("The signature of {domain} leaves these headers open: {names}", **seen)
        return warned("SND-04", message, _ASK_ACCOUNT)
    return passed("SND-04", say("The signature of {domain} covers {count} headers and all of the body.", **seen))


_ASK_ACCOUNT = say("Whoever signs decides what is signed: with SendGrid authenticate the domain, and ask its support.")


def coverage_faults(seed: SeedFacts, signature: SignatureFacts) -> list[Text]:
    """Return what a signature must cover and does not."""
    missing = [name for name in MUST_COVER if name in seed.headers and name not in signature.signed]
    seen = {"domain": signature.domain, "names": ", ".join(missing), "algorithm": signature.algorithm}
    faults = []
    if missing:
        faults.append(say("The signature of {domain} does not cover: {names}", **seen))
    if signature.length_limit:
        faults.append(say("The signature of {domain} ends before the body does (l=): anybody may add to it.", **seen))
    if "sha1" in signature.algorithm:
        faults.append(say("The signature of {domain} uses {algorithm}, which receivers take for none.", **seen))
    return faults


def check_received(facts: SenderFacts) -> Finding:
    """See SPF and DKIM pass on a letter that was really received; bulk senders need both.

    The signatures are verified here anew; what the provider found stands in its Authentication-Results, of which only
    the topmost, its own, is believed.
    """
    seed = _seed(facts)
    if seed is None:
        return _none_yet("SND-05", facts)
    own = [signature for signature in seed.signatures if aligned(seed, signature.domain)]
    verified = any(signature.verdict == "pass" for signature in own)
    unsure = [signature for signature in own or seed.signatures if signature.verdict == "unknown"]
    results = dict(seed.provider.results) if seed.provider else {}
    told = {method: results.get(method, "–") for method in ("spf", "dkim", "dmarc")}
    seen = {"domain": seed.from_domain, "by": seed.provider.by if seed.provider else "–", **told}
    if not verified and unsure:
        message = say("The key of {names} could not be asked for.", names=", ".join(_names(unsure)))
        return not_known("SND-05", message, say("Check again later."))
    if not verified:
        reason = own[0].detail if own else ""
        message = say("No DKIM signature in the name of {domain} verifies ({reason}).", reason=reason or "–", **seen)
        return blocked("SND-05", message, _REPAIR)
    if seed.provider is None:
        return not_known("SND-05", say("DKIM verifies; the letter holds no verdict of a provider on SPF."), _SEND_ONE)
    if told["spf"] != "pass" or told["dkim"] != "pass" or told["dmarc"] not in ("pass", "–"):
        message = say("{by} says: spf={spf}, dkim={dkim}, dmarc={dmarc}.", **seen)
        return blocked("SND-05", message, _REPAIR)
    return _with_its_age(
        facts, seed, say("{by} says: spf={spf}, dkim={dkim}, dmarc={dmarc}; verified here too.", **seen)
    )


_REPAIR = say("Settle SND-01, SND-03 and SND-24 first, then send another letter to yourself.")


def _names(signatures: Sequence[SignatureFacts]) -> list[str]:
    return [f"{signature.selector}._domainkey.{signature.domain}" for signature in signatures]


def _with_its_age(facts: SenderFacts, seed: SeedFacts, message: Text) -> Finding:
    limit = int(limits.SEED_DAYS.value)
    if seed.received_at and facts.now - seed.received_at > timedelta(days=limit):
        seen = {"message": message, "day": seed.received_at.date().isoformat(), "days": limit}
        return warned(
            "SND-05", say("{message} But that letter is of {day}, more than {days} days old.", **seen), _SEND_ONE
        )
    return passed("SND-05", message)


def rewritten(facts: SenderFacts, seed: SeedFacts, subject: str) -> list[Text]:
    """Return what became of the letter on its way: links, pictures, subject and headers that are not as they were."""
    hosts, own = set(facts.links), facts.dns.domain
    strange = [host for host in seed.hosts if host not in hosts]
    said = []
    if strange and hosts:
        said.append(say("Links lead over hosts that the letter did not name: {hosts}", hosts=", ".join(strange)))
    if seed.pictures:
        said.append(say("Pictures that count opens come from: {hosts}", hosts=", ".join(seed.pictures)))
    if subject and seed.subject != subject:
        said.append(say("The subject is another than that of the campaign: {subject}", subject=seed.subject))
    if seed.envelope_domain and not seed.envelope_domain.endswith(own):
        said.append(say("The return path is {domain}.", domain=seed.envelope_domain))
    if not seed.one_click:
        said.append(say("The letter has no one-click headers any more."))
    return said
