"""Encryption of what one controls, and the optional signals of trust: MTA-STS, TLS reports, BIMI."""

from bulkmail.facts import DnsAnswer, DnsStatus, DomainFacts
from bulkmail.model import Finding, Text, say
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import (
    blocked,
    line,
    passed,
    tags_of,
    unanswered,
    warned,
    with_status,
)
from bulkmail.tips.sender_requirements.tree_walk import policy_of, requested


def check_encryption(facts: SenderFacts) -> Finding:
    """Encrypt every hop that you control: here the one to SendGrid, which then encrypts the way to the mailboxes.

    The letter that came back shows the rest of the way: each Received header says whether that hop was encrypted.
    """
    if not facts.account.encrypted and not facts.account.stand_in:
        message = say("Letters go to the sending service without encryption (http).")
        return blocked("SND-13", message, say("Let SENDGRID_HOST begin with https://."))
    if facts.seed is None:
        return passed("SND-13", say("The hop to the sending service is encrypted (HTTPS), or stays on this machine."))
    encrypted, hops = facts.seed.encrypted_hops
    seen = {"encrypted": encrypted, "hops": hops}
    if encrypted:
        return passed("SND-13", say("{encrypted} of {hops} hops of the letter that came back say TLS.", **seen))
    message = say("None of the {hops} hops of the letter that came back says that it was encrypted.", **seen)
    return warned("SND-13", message, say("Read its Received headers: the hop into the provider must say TLS."))


def check_trust_signals(facts: SenderFacts) -> Finding:
    """If you want them: MTA-STS and TLS reports protect mail to your domain, BIMI shows your logo.

    None of them is asked of senders. The policy file of MTA-STS and the logo of BIMI lie on the web, where this check
    does not go. BIMI wants a policy of quarantine or reject; Gmail wants a certificate (VMC or CMC), Apple a VMC.
    """
    dns = facts.dns
    silent = with_status((dns.mta_sts, dns.tls_reports, dns.bimi), DnsStatus.UNKNOWN)
    if silent:
        return unanswered("SND-20", silent[0])
    said = [_transport(dns.mta_sts, "STSv1", "MTA-STS"), _transport(dns.tls_reports, "TLSRPTv1", "TLS-RPT"), _logo(dns)]
    places = {"first": said[0][0], "second": said[1][0], "third": said[2][0]}
    message = say("{first} {second} {third}", **places)
    missing = [record for _, record in said if record]
    fix = say("If wanted, publish: {records}", records=" | ".join(missing)) if missing else say("Nothing to do.")
    wrong = [name for name, answer in (("MTA-STS", dns.mta_sts), ("TLS-RPT", dns.tls_reports)) if _is_wrong(answer)]
    return warned("SND-20", message, fix) if wrong else passed("SND-20", message, fix)


def _is_wrong(answer: DnsAnswer) -> bool:
    """Whether there is a record, and receivers cannot use it."""
    version = "STSv1" if answer.name.startswith("_mta-sts") else "TLSRPTv1"
    return bool(answer.records) and len(_versions(answer, version)) != 1


def _versions(answer: DnsAnswer, version: str) -> list[dict[str, str]]:
    needed = "id" if version == "STSv1" else "rua"
    parsed = [tags_of(record) for record in answer.records]
    return [tags for tags in parsed if tags.get("v") == version and tags.get(needed)]


def _transport(answer: DnsAnswer, version: str, name: str) -> tuple[Text, str]:
    """Return what is so, and the record to publish where there is none."""
    found, domain = _versions(answer, version), answer.name.split(".", 1)[1].removeprefix("_tls.")
    value = "v=STSv1; id=1" if version == "STSv1" else f"v=TLSRPTv1; rua=mailto:tls-reports@{domain}"
    if len(found) == 1:
        return say("{name} is published.", name=name), ""
    if answer.records:
        places = {"name": name, "place": answer.name, "records": " | ".join(answer.records)}
        return say("{name} at {place} cannot be used: {records}.", **places), line(answer.name, value)
    return say("{name} is not published.", name=name), line(answer.name, value)


def _logo(dns: DomainFacts) -> tuple[Text, str]:
    tags = tags_of(dns.bimi.records[0]) if dns.bimi.records else {}
    answer, policy = policy_of(dns)
    asked = answer and requested(policy, inherited=answer is not dns.dmarc[0])
    enforced = asked in {"quarantine", "reject"}
    enforced = enforced and policy.get("sp", "").lower() != "none" and policy.get("pct", "100") == "100"
    if tags.get("v") != "BIMI1":
        return say("BIMI is not published."), ""
    if not enforced:
        return say("BIMI is published, but shows nothing while DMARC asks for less than quarantine."), ""
    if not tags.get("a"):
        return say("BIMI is published without a certificate, which Gmail and Apple want."), ""
    return say("BIMI is published with a certificate."), ""
