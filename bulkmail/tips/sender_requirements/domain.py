"""The domains of the letter exist and receive, their machines have names, and no blocklist knows them."""

from ipaddress import ip_address

from bulkmail.facts import AddressFacts, DnsAnswer, DnsStatus, DomainFacts, EnvelopeFacts
from bulkmail.model import Finding, Text, say
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import (
    blocked,
    names,
    not_known,
    passed,
    publish,
    unanswered,
    warned,
    with_status,
)
from bulkmail.tips.sender_requirements.spf import worst
from bulkmail.tips.sender_requirements.watching import looked_on, place_of

# What Spamhaus answers when it refuses to say (a public resolver, too many questions):
# https://www.spamhaus.org/faqs/dnsbl-usage/, read 2026-11-23
_REFUSALS = "127.255.255."


def check_domain_exists(facts: SenderFacts) -> Finding:
    """Send from a domain that exists and can receive answers; the return path must exist too.

    Yahoo asks for an SOA, also of subdomains. A Null MX (RFC 7505) says that the domain takes no mail at all.
    """
    return worst([_judge_existence(dns) for dns in (facts.dns, *filter(None, [facts.dns.envelope]))])


def _judge_existence(dns: DomainFacts | EnvelopeFacts) -> Finding:
    reached = dns.mx if dns.mx.records else dns.host
    seen = {"domain": dns.domain, "records": ", ".join(reached.records)}
    if DnsStatus.ABSENT in {dns.soa.status, dns.mx.status}:
        fix = say("Correct the sender's address, or register it.")
        return blocked("SND-14", say("{domain} does not exist in DNS.", **seen), fix)
    fix = publish(dns.domain, f"10 <mail server of {dns.domain}>.", kind="MX")
    if any(record.split()[-1] == "." for record in dns.mx.records):
        message = say("{domain} says that it accepts no mail at all (Null MX): {records}", **seen)
        return blocked("SND-14", message, fix)
    silent = with_status((dns.mx, dns.soa, reached), DnsStatus.UNKNOWN)
    if silent:
        return unanswered("SND-14", silent[0])
    if not reached.records:
        return blocked("SND-14", say("{domain} has neither a mail server (MX) nor an address.", **seen), fix)
    return passed("SND-14", say("{domain} exists and receives mail at: {records}", **seen))


# ---------------------------------------------------------------- one's own machines


def check_reverse_names(facts: SenderFacts) -> Finding:
    """Give each sending address of your own a name that leads back to it.

    Where SendGrid owns the addresses it sees to that. Gmail refuses others with 4.7.23 or 5.7.25.
    """
    machines = facts.dns.addresses
    if not machines:
        message = say("Letters leave from SendGrid's addresses, and SendGrid names those.")
        return passed("SND-12", message, say("With addresses of your own list them in BULKMAIL_SENDING_IPS."))
    return worst([_judge_address(machine) for machine in machines])


def _judge_address(machine: AddressFacts) -> Finding:
    seen = {"ip": machine.ip, "names": ", ".join(machine.ptr.records)}
    if machine.ptr.status is DnsStatus.UNKNOWN:
        return unanswered("SND-12", machine.ptr)
    fix = say("Whoever owns {ip} gives it a PTR, and that name an address record of {ip}.", **seen)
    if not machine.ptr.records:
        return blocked("SND-12", say("{ip} has no name in DNS (PTR).", **seen), fix)
    if any(ip_address(record) == ip_address(machine.ip) for answer in machine.forward for record in answer.records):
        return passed("SND-12", say("{ip} is called {names}, and that leads back to it.", **seen))
    silent = with_status(machine.forward, DnsStatus.UNKNOWN)
    if silent:
        return unanswered("SND-12", silent[0])
    return blocked("SND-12", say("{ip} is called {names}, but no such name leads back to it.", **seen), fix)


# ---------------------------------------------------------------- blocklists


def check_blocklists(facts: SenderFacts) -> Finding:
    """Keep the domains of the letter off the blocklists; look why when one is listed.

    Asked of Spamhaus DBL through your own name server: it refuses public ones, and a refusal is no answer. Safe
    Browsing answers on the web alone, where this check does not go: a person looks, and notes the day.
    """
    answers = facts.dns.listings
    listed = [answer for answer in answers if _listed(answer)]
    if listed:
        message = say("On the blocklist of Spamhaus (DBL): {names}", names=_bare(listed))
        fix = say("Look the domain up at https://check.spamhaus.org, mend the cause, and ask for its removal there.")
        return warned("SND-19", message, fix)
    refused = [answer for answer in answers if _refused(answer)]
    silent = with_status(answers, DnsStatus.UNKNOWN)
    if silent or not answers:
        return unanswered("SND-19", silent[0]) if silent else not_known("SND-19", say("No blocklist was asked."), _OWN)
    if refused:
        message = say("The blocklist of Spamhaus did not answer this name server: {names}", names=_bare(refused))
        return not_known("SND-19", message, _OWN)
    return _with_safe_browsing(facts, say("Not on the blocklist of Spamhaus (DBL): {names}", names=_bare(answers)))


def _with_safe_browsing(facts: SenderFacts, message: Text) -> Finding:
    domain, confirmed = facts.dns.domain, facts.watch.enrolments if facts.watch else {}
    day = looked_on("safe_browsing", domain, confirmed, facts.now.date())
    if day:
        seen = {"message": message, "day": day.isoformat()}
        return passed("SND-19", say("{message}. Safe Browsing was looked at by hand on {day}.", **seen))
    fix = say("bulkmail fetches no web pages. Open {place}, and note the day on the page Sender.",
              place=place_of("safe_browsing", domain))  # fmt: skip
    return not_known("SND-19", say("{message}. What Safe Browsing knows is not known.", message=message), fix)


_OWN = say("Set BULKMAIL_DNS to a name server of your own; Spamhaus does not answer public ones.")


def _refused(answer: DnsAnswer) -> bool:
    return any(record.startswith(_REFUSALS) for record in answer.records)


def _listed(answer: DnsAnswer) -> bool:
    return any(record.startswith("127.0.1.") for record in answer.records)


def _bare(answers: list[DnsAnswer] | tuple[DnsAnswer, ...]) -> str:
    return names(answers).replace(".dbl.spamhaus.org", "")
