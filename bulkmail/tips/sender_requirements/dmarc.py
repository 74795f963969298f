"""DMARC (RFC 9989): a record that applies, reports that arrive, tags of today, a policy that fits the domain."""

import re

from bulkmail.facts import DnsAnswer, DnsStatus, DomainFacts
from bulkmail.model import Finding, say
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import (
    blocked,
    line,
    names,
    not_known,
    passed,
    publish,
    unanswered,
    warned,
    with_status,
)
from bulkmail.tips.sender_requirements.tree_walk import organisation, policy_of, records_of, requested

_REPORTS = re.compile(r"mailto:[^,;\s@]+@([A-Za-z0-9._-]+)", re.IGNORECASE)
_GONE = ("pct", "rf", "ri")


def suggested(domain: str) -> str:
    """Return a first DMARC record for a domain."""
    return f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{domain}"


def check_dmarc_record(facts: SenderFacts) -> Finding:
    """Publish a DMARC record for the From domain; p=none is enough to begin.

    Receivers look below the From domain and, label by label, below its parents; two records at one name are both
    discarded. Once the reports show that your own letters pass, move on to p=quarantine.
    """
    dns, own = facts.dns, facts.dns.dmarc[0]
    records = records_of(own)
    seen = {"domain": dns.domain, "name": own.name, "count": len(records), "records": " | ".join(records)}
    if len(records) > 1:
        message = say("{name} holds {count} DMARC records, and receivers discard them all: {records}", **seen)
        return blocked("SND-07", message, say("Keep one: {record}", record=line(own.name, records[0])))
    silent = with_status(dns.dmarc[:1] if records else dns.dmarc, DnsStatus.UNKNOWN)
    if silent:
        return unanswered("SND-07", silent[0])
    return _judge_policy(dns, own, seen)


def _judge_policy(dns: DomainFacts, own: DnsAnswer, seen: dict[str, object]) -> Finding:
    answer, tags = policy_of(dns)
    fix = publish(own.name, suggested(dns.domain))
    if answer is None:
        return blocked("SND-07", say("No DMARC record applies to {domain}.", **seen), fix)
    seen |= {"name": answer.name, "records": " | ".join(records_of(answer))}
    policy = requested(tags, inherited=answer is not own)
    if not policy:
        message = say("The DMARC record at {name} asks for no policy receivers know: {records}", **seen)
        return blocked("SND-07", message, fix)
    message = say("DMARC applies to {domain} with p={policy}, from {name}: {records}", policy=policy, **seen)
    return passed("SND-07", message)


def check_reports(facts: SenderFacts) -> Finding:
    """Have DMARC reports sent to somebody who reads them, and who has agreed where that is another domain.

    The reports show who sends in your name, and whether your own letters pass. A foreign domain agrees by a record of
    its own (RFC 9990 section 4); without it receivers send it nothing.
    """
    answer, tags, unsettled = _applied("SND-08", facts.dns)
    if unsettled:
        return unsettled
    hosts = [host.lower() for host in _REPORTS.findall(tags.get("rua", ""))]
    seen = {"name": answer.name, "hosts": ", ".join(hosts), "record": records_of(answer)[0]}
    if not hosts:
        message = say("The DMARC record at {name} sends its reports to nobody: {record}", **seen)
        better = f"{seen['record'].rstrip('; ')}; rua=mailto:dmarc-reports@{facts.dns.domain}"
        return warned("SND-08", message, publish(answer.name, better))
    ours = organisation(facts.dns.dmarc, facts.dns.domain)
    foreign = {host for host in hosts if organisation(facts.dns.dmarc, host) != ours}
    asked = [one for one in facts.dns.report_consents if one.name.partition("._report._dmarc.")[2] in foreign]
    refused = [one for one in asked if not _agrees(one)]
    silent = with_status(refused, DnsStatus.UNKNOWN)
    if silent:
        return unanswered("SND-08", silent[0])
    if refused:
        message = say("Receivers send no DMARC report there, for it has not agreed: {names}", names=names(refused))
        return warned("SND-08", message, publish(refused[0].name, "v=DMARC1;"))
    return passed("SND-08", say("DMARC reports go to {hosts}.", **seen))


def _agrees(answer: DnsAnswer) -> bool:
    return any(record.replace(" ", "").lower().startswith("v=dmarc1") for record in answer.records)


def check_tags(facts: SenderFacts) -> Finding:
    """Write the DMARC record with the tags of RFC 9989: pct, rf and ri are gone, and t=y takes the place of pct=0.

    Receivers ignore what they do not know, so nothing breaks; but who reads pct=20 believes in a fifth that is none.
    """
    answer, tags, unsettled = _applied("SND-09", facts.dns)
    if unsettled:
        return unsettled
    record = records_of(answer)[0]
    seen = {"name": answer.name, "tags": ", ".join(tag for tag in _GONE if tag in tags), "record": record}
    kept = "; ".join(part.strip() for part in record.split(";") if part.partition("=")[0].strip().lower() not in _GONE)
    if seen["tags"]:
        message = say("{name} has tags that RFC 9989 has done away with ({tags}): {record}", **seen)
        return passed("SND-09", message, publish(answer.name, kept.rstrip("; ")))
    if tags.get("t", "").lower() == "y":
        return passed("SND-09", say("{name} is a test (t=y), which lowers its policy by one step: {record}", **seen))
    if "!" in tags.get("rua", ""):
        message = say("{name} limits the size of reports, which RFC 9989 ignores: {record}", **seen)
        return passed("SND-09", message, publish(answer.name, re.sub(r"!\d+[kmgt]?", "", record)))
    return passed("SND-09", say("{name} uses no tag that is gone: {record}", **seen))


def check_policy_fits(facts: SenderFacts) -> Finding:
    """Keep p=reject away from a domain whose people write to mailing lists; give bulk mail a subdomain of its own.

    RFC 9989 section 7.4: such domains SHOULD NOT use p=reject, since lists that change a letter break its signature.
    A month of p=none, then a month of p=quarantine, show what would be lost.
    """
    answer, tags, unsettled = _applied("SND-10", facts.dns)
    if unsettled:
        return unsettled
    dns, policy = facts.dns, requested(tags, inherited=answer is not facts.dns.dmarc[0])
    seen = {"domain": dns.domain, "policy": policy or "?", "name": answer.name, "record": records_of(answer)[0]}
    if policy == "reject" and organisation(dns.dmarc, dns.domain) == dns.domain:
        message = say(
            "{domain} is the organisation's main domain and asks receivers to reject (p=reject): letters of its people "
            "to mailing lists are lost, and every bulk letter hangs on its DKIM signature.", **seen
        )  # fmt: skip
        fix = say("Send bulk mail from news.{domain} with a record of its own: {record}",
                  domain=dns.domain, record=line(f"_dmarc.news.{dns.domain}", suggested(dns.domain)))  # fmt: skip
        return passed("SND-10", message, fix)
    if policy == "reject":
        message = say("{name} asks receivers to reject what fails: a letter without an aligned DKIM signature is lost.",
                      **seen)  # fmt: skip
        return passed("SND-10", message)
    return passed("SND-10", say("The policy of {domain} (p={policy}) leaves room for mailing lists.", **seen))


def check_own_subdomain(facts: SenderFacts) -> Finding:
    """Send bulk mail from a subdomain of its own (news.example.edu), apart from the letters of staff.

    What a campaign does to a name's reputation then stays with that name. Give the subdomain its own DKIM keys and
    DMARC record; where no parent has a DMARC record, the subdomain is an organisation of its own.
    """
    dns = facts.dns
    silent = with_status(dns.dmarc, DnsStatus.UNKNOWN)
    if facts.kind == "transactional":
        return passed("SND-11", say("A transactional letter may come from the main domain."))
    if silent:
        return unanswered("SND-11", silent[0])
    top = organisation(dns.dmarc, dns.domain)
    seen = {"domain": dns.domain, "organisation": top}
    if top != dns.domain:
        return passed("SND-11", say("{domain} is a subdomain of {organisation}, for this mail alone.", **seen))
    if dns.mx_above is not None and dns.mx_above.status is DnsStatus.UNKNOWN:
        return unanswered("SND-11", dns.mx_above)
    if dns.mx_above is not None and dns.mx_above.records:
        seen["organisation"] = dns.mx_above.name
        return passed("SND-11", say("{domain} is a subdomain of {organisation}, for this mail alone.", **seen))
    message = say("Bulk mail goes out from {domain} itself, beside the mail of its people.", **seen)
    fix = say("Authenticate a subdomain in SendGrid and send from it, say news.{domain}.", **seen)
    return warned("SND-11", message, fix)


def _applied(code: str, dns: DomainFacts) -> tuple[DnsAnswer, dict[str, str], Finding | None]:
    """Return the record that applies with its tags, and instead a finding where that is not settled."""
    answer, tags = policy_of(dns)
    silent = with_status(dns.dmarc, DnsStatus.UNKNOWN)
    if answer is not None and dns.dmarc[0].status is not DnsStatus.UNKNOWN:
        return answer, tags, None
    if silent:
        return dns.dmarc[0], {}, unanswered(code, silent[0])
    message = say("No DMARC record applies to {domain} that could be judged.", domain=dns.domain)
    return dns.dmarc[0], {}, not_known(code, message, say("Settle SND-07 first, then check again."))
