"""SPF (RFC 7208): one record on the From domain and one on the return path, within the limits of receivers."""

import re
from collections.abc import Sequence
from typing import Protocol

from bulkmail import limits
from bulkmail.facts import DnsAnswer, DnsStatus
from bulkmail.model import Finding, Outcome, say
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import (
    Fault,
    blocked,
    found,
    line,
    names,
    not_known,
    passed,
    publish,
    unanswered,
    with_status,
)

SENDGRID_RECORD = "v=spf1 include:sendgrid.net ~all"
_MECHANISM = r"[+?~-]?(all|include:\S+|a([:/]\S+)?|mx([:/]\S+)?|ptr(:\S+)?|ip4:\S+|ip6:\S+|exists:\S+)"
_SPF_TERM = re.compile(_MECHANISM + r"|[a-z][a-z0-9_.-]*=\S*", re.IGNORECASE)
_SPF_ALL = re.compile(r"([+?~-]?)all", re.IGNORECASE)
_SPF_PTR = re.compile(r"[+?~-]?ptr(:\S+)?", re.IGNORECASE)


class Published(Protocol):
    """What is judged: the From domain, or the return path."""

    domain: str
    spf: tuple[DnsAnswer, ...]
    spf_lookups: int


def check_spf_record(facts: SenderFacts) -> Finding:
    """Publish exactly one SPF record on the From domain, and have one on the return path.

    Receivers judge SPF on the return path. SendGrid's domain authentication makes that a name below your domain (such
    as em1234.example.org) whose record SendGrid keeps; many also look for a record on the From domain.
    """
    judged = [_judge_record(dns) for dns in (facts.dns, *filter(None, [facts.dns.envelope]))]
    return worst(judged)


def _judge_record(dns: Published) -> Finding:
    answer, domain = dns.spf[0], dns.domain
    records = _spf_records(answer)
    seen = {"domain": domain, "count": len(records), "records": " | ".join(records)}
    if answer.status is DnsStatus.UNKNOWN:
        return unanswered("SND-01", answer)
    if len(records) == 1:
        return passed("SND-01", say("{domain} publishes one SPF record: {records}", **seen))
    if not records:
        message = say("{domain} publishes no SPF record. Mailbox providers ask every sender for one.", **seen)
        return blocked("SND-01", message, publish(domain, SENDGRID_RECORD))
    message = say("{domain} publishes {count} SPF records, and receivers take that as an error: {records}", **seen)
    fix = say("Remove them all and publish one: {record}", record=line(domain, _merged(records)))
    return blocked("SND-01", message, fix)


def check_spf_limits(facts: SenderFacts) -> Finding:
    """Keep SPF within the limits of receivers, and let it end in ~all or -all.

    At most 10 terms that ask DNS, nested includes counted, 2 of them without an answer, and 10 servers behind an mx
    term: beyond that receivers stop and take the whole record for an error.
    """
    return worst([_judge_limits(dns) for dns in (facts.dns, *filter(None, [facts.dns.envelope]))])


def worst(judged: Sequence[Finding]) -> Finding:
    """Return the finding that does most harm, of several about one rule; the first among equals."""
    order = (Outcome.BLOCK, Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS)
    return min(judged, key=lambda finding: order.index(finding.outcome))


def _judge_limits(dns: Published) -> Finding:
    records = _spf_records(dns.spf[0])
    if dns.spf[0].status is DnsStatus.UNKNOWN:
        return unanswered("SND-02", dns.spf[0])
    if len(records) != 1:
        message = say("There is no single SPF record of {domain} to judge.", domain=dns.domain)
        return not_known("SND-02", message, say("Settle SND-01 first, then check again."))
    faults = _spf_errors(dns, records[0])
    silent = with_status(dns.spf, DnsStatus.UNKNOWN)
    if silent and not faults:
        return unanswered("SND-02", silent[0])
    for fault in faults + _spf_doubts(dns, records[0]):
        return found("SND-02", *fault)
    seen = _spf_seen(dns, records[0])
    return passed("SND-02", say("SPF costs {lookups} of {limit} DNS lookups and ends in {ending}: {record}", **seen))


def _spf_seen(dns: Published, record: str) -> dict[str, object]:
    counts = {"lookups": dns.spf_lookups, "limit": int(limits.SPF_LOOKUPS.value), "octets": len(record.encode())}
    most = {"voids": int(limits.SPF_VOID_LOOKUPS.value), "servers": int(limits.SPF_MX_NAMES.value)}
    return {"domain": dns.domain, "record": record, "ending": _ending(dns, dns.domain), **counts, **most}


def _spf_errors(dns: Published, record: str) -> list[Fault]:
    """Return what makes receivers give up on the record (permerror), and +all, which lets anybody pass."""
    strange = [term for term in record.split()[1:] if not _SPF_TERM.fullmatch(term)]
    dead = with_status(dns.spf[1:], DnsStatus.EMPTY, DnsStatus.ABSENT)
    included = [answer for answer in dns.spf[1:] if answer.kind == "TXT" and answer.status is not DnsStatus.UNKNOWN]
    broken = [answer for answer in included if len(_spf_records(answer)) != 1]
    crowded = [answer for answer in dns.spf if answer.kind == "MX" and len(answer.records) > limits.SPF_MX_NAMES.value]
    seen = {**_spf_seen(dns, record), "names": names(broken or dead)}
    rules = (
        (strange, say("The SPF record of {domain} has a term nobody knows: {record}", **seen),
         publish(dns.domain, _without(record, strange))),
        (dns.spf_lookups > limits.SPF_LOOKUPS.value,
         say("SPF for {domain} costs {lookups} DNS lookups; receivers stop at {limit}: {record}", **seen),
         say("Remove senders you no longer use, or name their addresses (ip4:, ip6:) instead of including them.")),
        (broken, say("{names} has no single SPF record, but SPF for {domain} needs it: {record}", **seen),
         say("Remove it from the record, or have it repaired: {names}", names=names(broken))),
        (len(dead) > limits.SPF_VOID_LOOKUPS.value,
         say("More than {voids} names of SPF for {domain} lead nowhere; receivers stop there: {record}", **seen),
         say("Remove from the record: {names}", names=names(dead))),
        (crowded, say("The mx term of SPF for {domain} meets more than {servers} mail servers: {record}", **seen),
         say("Name the addresses of the servers (ip4:, ip6:) instead of mx.")),
        (seen["ending"] == "+all",
         say("SPF for {domain} lets the whole world send in its name (+all): {record}", **seen),
         publish(dns.domain, _ending_softly(record))),
    )  # fmt: skip
    return [(Outcome.BLOCK, message, fix) for holds, message, fix in rules if holds]


def _spf_doubts(dns: Published, record: str) -> list[Fault]:
    """Return what receivers accept but weigh against the sender."""
    seen = _spf_seen(dns, record)
    slow = [term for term in record.split() if _SPF_PTR.fullmatch(term)]
    rules = (
        (seen["ending"] not in {"~all", "-all"}, say("SPF for {domain} does not end in ~all or -all: {record}", **seen),
         publish(dns.domain, _ending_softly(record))),
        (slow, say("SPF for {domain} uses ptr, which the standard asks not to use: {record}", **seen),
         publish(dns.domain, _without(record, slow))),
        (len(record.encode()) > limits.SPF_RECORD_OCTETS.value,
         say("SPF for {domain} is {octets} octets long and may not fit one answer: {record}", **seen),
         say("Move some of the addresses into a record of their own and include that.")),
    )  # fmt: skip
    return [(Outcome.WARN, message, fix) for holds, message, fix in rules if holds]


def _spf_records(answer: DnsAnswer) -> list[str]:
    return [record for record in answer.records if re.match(r"v=spf1( |$)", record, re.IGNORECASE)]


def _ending(dns: Published, name: str, hops: int = 10) -> str:
    """Return the `all` term that decides for a record, through redirect: "~all", or "" when there is none."""
    answers = (answer for answer in dns.spf if answer.kind == "TXT" and answer.name == name)
    records = [record for answer in answers for record in _spf_records(answer)]
    terms = records[0].split()[1:] if records else []
    for ending in filter(None, map(_SPF_ALL.fullmatch, terms)):
        return f"{ending[1] or '+'}all"
    targets = [term.partition("=")[2].rstrip(".") for term in terms if term.lower().startswith("redirect=")]
    return _ending(dns, targets[0], hops - 1) if targets and hops else ""


def _ending_softly(record: str) -> str:
    return " ".join([*(term for term in record.split() if not _SPF_ALL.fullmatch(term)), "~all"])


def _without(record: str, terms: Sequence[str]) -> str:
    return " ".join(term for term in record.split() if term not in terms)


def _merged(records: Sequence[str]) -> str:
    """Return one SPF record that admits what any of the records admits; -all only when every one of them said so."""
    terms = dict.fromkeys(term for record in records for term in record.split()[1:] if not _SPF_ALL.fullmatch(term))
    strict = all(record.split()[-1].lower() == "-all" for record in records)
    return " ".join(["v=spf1", *terms, "-all" if strict else "~all"])
