"""Alignment (RFC 9989 section 4.4): the From domain must be of one organisation with who signs, or who the return path
names."""

from bulkmail.facts import DnsStatus, DomainFacts
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.sender_requirements.dkim import publish_keys, signing
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import blocked, found, passed, unanswered, warned, with_status
from bulkmail.tips.sender_requirements.tree_walk import organisation, policy_of


def check_alignment(facts: SenderFacts) -> Finding:
    """Let the signature carry the From domain (DMARC alignment), and better the return path too.

    One of them is required of bulk senders, and only the signature survives forwarding. Both count as of one
    organisation by the DNS tree walk, not by the public suffix list.
    """
    signed = _by_signature(facts.dns)
    if signed.outcome is not Outcome.PASS or facts.dns.envelope is None:
        return signed
    return _with_return_path(facts.dns, signed)


def _by_signature(dns: DomainFacts) -> Finding:
    signer, answers = signing(dns)
    seen = {"domain": dns.domain, "signer": signer}
    above = dns.dmarc if signer != dns.domain else ()
    silent = with_status((*answers, *above), DnsStatus.UNKNOWN)
    if silent and not (signer == dns.domain and with_status(answers, DnsStatus.FOUND)):
        return unanswered("SND-06", silent[0])
    if not with_status(answers, DnsStatus.FOUND):
        message = say("No DKIM key was found for {domain}: no signature can carry the From domain.", **seen)
    elif signer == dns.domain:
        return passed("SND-06", say("SendGrid signs as {signer}, the From domain itself: aligned.", **seen))
    elif policy_of(dns)[1].get("adkim", "").lower() == "s":
        message = say("SendGrid signs as {signer}, but DMARC for {domain} wants the very same name (adkim=s).", **seen)
    elif organisation(dns.dmarc, dns.domain) != organisation(dns.dmarc, signer):
        message = say("SendGrid signs as {signer}, which DMARC takes for another organisation than {domain}.", **seen)
    else:
        return passed("SND-06", say("SendGrid signs as {signer}, of one organisation with {domain}: aligned.", **seen))
    return blocked("SND-06", message, publish_keys(dns))


def _with_return_path(dns: DomainFacts, signed: Finding) -> Finding:
    """Return the finding about the signature with what the return path adds; that it does not align is a warning."""
    envelope = dns.envelope
    seen = {"signature": signed.message, "envelope": envelope.domain, "domain": dns.domain}
    silent = with_status((*dns.dmarc, *envelope.dmarc), DnsStatus.UNKNOWN)
    if silent:
        message = say("{signature} Whether the return path {envelope} is aligned too could not be asked.", **seen)
        return found("SND-06", Outcome.PASS, message, signed.fix)
    strict = policy_of(dns)[1].get("aspf", "").lower() == "s"
    theirs = organisation(envelope.dmarc, envelope.domain)
    if envelope.domain == dns.domain or (not strict and theirs == organisation(dns.dmarc, dns.domain)):
        return passed("SND-06", say("{signature} The return path {envelope} is aligned too.", **seen))
    return warned("SND-06", say("{signature} But the return path {envelope} is not aligned.", **seen), _own_path(dns))


def _own_path(dns: DomainFacts) -> Text:
    return say("In SendGrid authenticate {domain} itself, so that the return path is a name below it.",
               domain=dns.domain)  # fmt: skip
