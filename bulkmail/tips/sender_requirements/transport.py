"""Encryption of what one controls, and the optional signals of trust: MTA-STS, TLS reports, BIMI."""

from bulkmail.facts import DnsAnswer, DnsStatus, DomainFacts
from bulkmail.model import Finding, Text, say
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import (
    NOTHING_TO_DO,
    blocked,
    line,
    not_known,
    passed,
    tags_of,
    unanswered,
    warned,
    with_status,
)
from bulkmail.tips.sender_requirements.tree_walk import policy_of, requested
from bulkmail.tips.sender_requirements.watching import LOOKS, looked_on, place_of


def check_encryption(facts: SenderFacts) -> Finding:
    """Encrypt every hop that you control: here the one to SendGrid, which then encrypts the way to the mailboxes.

    The letter that came back shows the rest of the way: each Received header says whether that hop was encrypted.
    """
    if not facts.account.encrypted and not facts.account.stand_in:
        message = say("Letters go to the sending service without encryption (http).")
        return blocked("SND-13", message, say("Let SENDGRID_HOST begin with https://."))
    if facts.seed is None:
        return passed("SND-13", _OUR_HOP_STAYS if facts.account.stand_in else _OUR_HOP)
    encrypted, hops = facts.seed.encrypted_hops
    seen = {"encrypted": encrypted, "hops": hops, "old": ", ".join(facts.seed.old_encryption)}
    if facts.seed.old_encryption:
        message = say("A hop of the letter that came back used {old}; RFC 8996 asks for TLS 1.2 or newer.", **seen)
        return warned("SND-13", message, say("Whoever runs the machine of that hop lets it speak TLS 1.2 or newer."))
    if encrypted:
        return passed("SND-13", say("{encrypted} of {hops} hops of the letter that came back say TLS.", **seen))
    message = say("None of the {hops} hops of the letter that came back says that it was encrypted.", **seen)
    return warned("SND-13", message, say("Read its Received headers: the hop into the provider must say TLS."))


_OUR_HOP = say("The one hop of ours, to the sending service, is encrypted (HTTPS, with a certificate that is checked).")
_OUR_HOP_STAYS = say("The one hop of ours stays on this machine: letters go to the rehearsal.")


def check_trust_signals(facts: SenderFacts) -> Finding:
    """If you want them: MTA-STS and TLS reports protect mail to your domain, BIMI shows your logo.

    None of them is asked of senders. The policy of MTA-STS and the logo of BIMI lie on the web, where this check does
    not go: where they are announced, somebody looks at them by hand. BIMI wants a policy of quarantine or reject; Gmail
    wants a certificate (VMC or CMC), Apple a VMC.
    """
    dns = facts.dns
    silent = with_status((dns.mta_sts, dns.tls_reports, dns.bimi), DnsStatus.UNKNOWN)
    if silent:
        return unanswered("SND-20", silent[0])
    said = [_transport(dns.mta_sts, "STSv1", "MTA-STS"), _transport(dns.tls_reports, "TLSRPTv1", "TLS-RPT"), _logo(dns)]
    places = {"first": said[0][0], "second": said[1][0], "third": said[2][0]}
    message = say("{first} {second} {third}", **places)
    missing = [record for _, record in said if record]
    fix = say("If wanted, publish: {records}", records=" | ".join(missing)) if missing else NOTHING_TO_DO
    if _is_wrong(dns.mta_sts) or _is_wrong(dns.tls_reports):
        return warned("SND-20", message, fix)
    unseen = _unseen(facts)
    if unseen:
        message = say("{message} What of it lies on the web is not known.", message=message)
        return not_known("SND-20", message, _look_at(unseen[0], dns.domain))
    return passed("SND-20", message, fix)


def _unseen(facts: SenderFacts) -> list[str]:
    """Return what DNS announces and lies on the web, without those that a person has looked at."""
    dns, confirmed = facts.dns, facts.watch.enrolments if facts.watch else {}
    announced = [("mta_sts_policy", _versions(dns.mta_sts, "STSv1")), ("bimi_logo", _shows_logo(dns))]
    return [look for look, there in announced
            if there and not looked_on(look, dns.domain, confirmed, facts.now.date())]  # fmt: skip


def _look_at(look: str, domain: str) -> Text:
    """Return the advice to look by hand at what is not fetched."""
    seen = {"what": Text(LOOKS[look][0].template, {"domain": domain}), "place": place_of(look, domain)}
    return say(
        "bulkmail fetches no web pages. Open {place} and see: {what}. Then note the day on the page Sender.", **seen
    )


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
    tags = _bimi(dns)
    if tags.get("v") != "BIMI1":
        return say("BIMI is not published."), ""
    if not _is_enforced(dns):
        return say("BIMI is published, but shows nothing while DMARC asks for less than quarantine."), ""
    if not tags.get("a"):
        return say("BIMI is published without a certificate, which Gmail and Apple want."), ""
    return say("BIMI is published with a certificate."), ""


def _bimi(dns: DomainFacts) -> dict[str, str]:
    return tags_of(dns.bimi.records[0]) if dns.bimi.records else {}


def _shows_logo(dns: DomainFacts) -> bool:
    """Whether mailboxes could show a logo, were it there."""
    tags = _bimi(dns)
    return tags.get("v") == "BIMI1" and bool(tags.get("l")) and _is_enforced(dns)


def _is_enforced(dns: DomainFacts) -> bool:
    """Whether DMARC asks for enough that BIMI counts: quarantine or reject of all, for subdomains too."""
    answer, policy = policy_of(dns)
    asked = answer and requested(policy, inherited=answer is not dns.dmarc[0])
    whole = policy.get("sp", "").lower() != "none" and policy.get("pct", "100") == "100"
    return asked in {"quarantine", "reject"} and whole
