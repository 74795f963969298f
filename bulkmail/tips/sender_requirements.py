"""Tip 7: meet what Google, Yahoo, Microsoft and Apple ask of senders, judged from what DNS says about the From domain.

Every finding shows the record that was seen and the text to publish. A question that was not answered, or not asked, is
UNKNOWN. Written for SendGrid's domain authentication: it signs with the From domain's own keys (selectors s1 and s2)
and uses a return path of its own below that domain.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bulkmail import limits
from bulkmail.limits import GMAIL_GUIDELINES, YAHOO_PRACTICES, Limit
from bulkmail.model import DnsAnswer, DnsStatus, DomainFacts, Finding, Outcome, Text, say

SOURCES = {
    "SND-01": f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; RFC 7208 section 4.5; read 2026-11-23",
    "SND-02": "RFC 7208 section 4.6.4; read 2026-11-23",
    "SND-03": f"{GMAIL_GUIDELINES}; RFC 8301 section 3; RFC 6376 section 3.6.1; read 2026-11-23",
    "SND-06": "https://support.google.com/a/answer/14229414; RFC 9989 sections 4.4 and 4.10; read 2026-11-23",
    "SND-07": f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; RFC 9989 section 4.10; read 2026-11-23",
    "SND-14": "https://senders.yahooinc.com/smtp-error-codes/; RFC 7505; read 2026-11-23",
    "SND-22": "house",
}
NOTHING_TO_DO = say("Nothing to do.")
_MECHANISM = r"[+?~-]?(all|include:\S+|a([:/]\S+)?|mx([:/]\S+)?|ptr(:\S+)?|ip4:\S+|ip6:\S+|exists:\S+)"
_SPF_TERM = re.compile(_MECHANISM + r"|[a-z][a-z0-9_.-]*=\S*", re.IGNORECASE)
_SPF_ALL = re.compile(r"([+?~-]?)all", re.IGNORECASE)
_SPF_PTR = re.compile(r"[+?~-]?ptr(:\S+)?", re.IGNORECASE)

_Fault = tuple[Outcome, Text, Text]  # the outcome, what was seen, what to publish


@dataclass(frozen=True, kw_only=True)
class SenderFacts:
    """What tip 7 judges: DNS about the From domain, and the time, for the age of the rules."""

    dns: DomainFacts
    now: datetime


# ---------------------------------------------------------------- SPF


def check_spf_record(facts: SenderFacts) -> Finding:
    """Publish exactly one SPF record on the From domain."""
    answer, domain = facts.dns.spf[0], facts.dns.domain
    records = _spf_records(answer)
    seen = {"domain": domain, "count": len(records), "records": " | ".join(records)}
    if answer.status is DnsStatus.UNKNOWN:
        return _unknown("SND-01", answer)
    if len(records) == 1:
        return _passed("SND-01", say("{domain} publishes one SPF record: {records}", **seen))
    if not records:
        message = say("{domain} publishes no SPF record. Mailbox providers ask every sender for one.", **seen)
        return _blocked("SND-01", message, _publish(domain, "v=spf1 include:sendgrid.net ~all"))
    message = say("{domain} publishes {count} SPF records, and receivers take that as an error: {records}", **seen)
    fix = say("Remove them all and publish one: {record}", record=_line(domain, _merged(records)))
    return _blocked("SND-01", message, fix)


def check_spf_limits(facts: SenderFacts) -> Finding:
    """Keep SPF within the limits of receivers, and let it end in ~all or -all."""
    dns, records = facts.dns, _spf_records(facts.dns.spf[0])
    if dns.spf[0].status is DnsStatus.UNKNOWN:
        return _unknown("SND-02", dns.spf[0])
    if len(records) != 1:
        message = say("There is no single SPF record of {domain} to judge.", domain=dns.domain)
        return _finding("SND-02", Outcome.UNKNOWN, message, say("Settle SND-01 first, then check again."))
    faults = _spf_errors(dns, records[0])
    unanswered = _with_status(dns.spf, DnsStatus.UNKNOWN)
    if unanswered and not faults:
        return _unknown("SND-02", unanswered[0])
    for fault in faults + _spf_doubts(dns, records[0]):
        return _finding("SND-02", *fault)
    seen = _spf_seen(dns, records[0])
    return _passed("SND-02", say("SPF costs {lookups} of {limit} DNS lookups and ends in {ending}: {record}", **seen))


def _spf_seen(dns: DomainFacts, record: str) -> dict[str, object]:
    counts = {"lookups": dns.spf_lookups, "limit": int(limits.SPF_LOOKUPS.value), "octets": len(record.encode())}
    most = {"voids": int(limits.SPF_VOID_LOOKUPS.value), "servers": int(limits.SPF_MX_NAMES.value)}
    return {"domain": dns.domain, "record": record, "ending": _ending(dns, dns.domain), **counts, **most}


def _spf_errors(dns: DomainFacts, record: str) -> list[_Fault]:
    """Return what makes receivers give up on the record (permerror), and +all, which lets anybody pass."""
    strange = [term for term in record.split()[1:] if not _SPF_TERM.fullmatch(term)]
    dead = _with_status(dns.spf[1:], DnsStatus.EMPTY, DnsStatus.ABSENT)
    included = [answer for answer in dns.spf[1:] if answer.kind == "TXT" and answer.status is not DnsStatus.UNKNOWN]
    broken = [answer for answer in included if len(_spf_records(answer)) != 1]
    crowded = [answer for answer in dns.spf if answer.kind == "MX" and len(answer.records) > limits.SPF_MX_NAMES.value]
    seen = {**_spf_seen(dns, record), "names": _names(broken or dead)}
    rules = (
        (strange, say("The SPF record of {domain} has a term nobody knows: {record}", **seen),
         _publish(dns.domain, _without(record, strange))),
        (dns.spf_lookups > limits.SPF_LOOKUPS.value,
         say("SPF for {domain} costs {lookups} DNS lookups; receivers stop at {limit}: {record}", **seen),
         say("Remove senders you no longer use, or name their addresses (ip4:, ip6:) instead of including them.")),
        (broken, say("{names} has no single SPF record, but SPF for {domain} needs it: {record}", **seen),
         say("Remove it from the record, or have it repaired: {names}", names=_names(broken))),
        (len(dead) > limits.SPF_VOID_LOOKUPS.value,
         say("More than {voids} names of SPF for {domain} lead nowhere; receivers stop there: {record}", **seen),
         say("Remove from the record: {names}", names=_names(dead))),
        (crowded, say("The mx term of SPF for {domain} meets more than {servers} mail servers: {record}", **seen),
         say("Name the addresses of the servers (ip4:, ip6:) instead of mx.")),
        (seen["ending"] == "+all",
         say("SPF for {domain} lets the whole world send in its name (+all): {record}", **seen),
         _publish(dns.domain, _ending_softly(record))),
    )  # fmt: skip
    return [(Outcome.BLOCK, message, fix) for holds, message, fix in rules if holds]


def _spf_doubts(dns: DomainFacts, record: str) -> list[_Fault]:
    """Return what receivers accept but weigh against the sender."""
    seen = _spf_seen(dns, record)
    slow = [term for term in record.split() if _SPF_PTR.fullmatch(term)]
    rules = (
        (seen["ending"] not in {"~all", "-all"}, say("SPF for {domain} does not end in ~all or -all: {record}", **seen),
         _publish(dns.domain, _ending_softly(record))),
        (slow, say("SPF for {domain} uses ptr, which the standard asks not to use: {record}", **seen),
         _publish(dns.domain, _without(record, slow))),
        (len(record.encode()) > limits.SPF_RECORD_OCTETS.value,
         say("SPF for {domain} is {octets} octets long and may not fit one answer: {record}", **seen),
         say("Move some of the addresses into a record of their own and include that.")),
    )  # fmt: skip
    return [(Outcome.WARN, message, fix) for holds, message, fix in rules if holds]


def _spf_records(answer: DnsAnswer) -> list[str]:
    return [record for record in answer.records if re.match(r"v=spf1( |$)", record, re.IGNORECASE)]


def _ending(dns: DomainFacts, name: str, hops: int = 10) -> str:
    """Return the `all` term that decides for a record, through redirect: "~all", or "" when there is none."""
    answers = (answer for answer in dns.spf if answer.kind == "TXT" and answer.name == name)
    records = [record for answer in answers for record in _spf_records(answer)]
    terms = records[0].split()[1:] if records else []
    for found in filter(None, map(_SPF_ALL.fullmatch, terms)):
        return f"{found[1] or '+'}all"
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


# ---------------------------------------------------------------- DKIM


def check_dkim_keys(facts: SenderFacts) -> Finding:
    """Publish DKIM keys of 2048 bits under the From domain, so that every letter is signed in your name."""
    _, answers = _signing(facts.dns)
    found, unanswered = _with_status(answers, DnsStatus.FOUND), _with_status(answers, DnsStatus.UNKNOWN)
    faults = [fault for fault in map(_key_fault, found) if fault]
    missing = [(Outcome.WARN, _missing_key(answer)) for answer in answers if answer not in found]
    refused = [fault for fault in faults if fault[0] is Outcome.BLOCK]
    if unanswered and not refused:
        return _unknown("SND-03", unanswered[0])
    if not found:
        return _blocked("SND-03", missing[0][1], _publish_keys(facts.dns))
    for outcome, message in (*refused, *missing, *faults):
        return _finding("SND-03", outcome, message, _publish_keys(facts.dns))
    return _passed("SND-03", say("DKIM keys are published and strong enough: {names}", names=_names(found)))


def check_alignment(facts: SenderFacts) -> Finding:
    """Let the signature carry the From domain (DMARC alignment)."""
    dns, (signer, answers) = facts.dns, _signing(facts.dns)
    seen = {"domain": dns.domain, "signer": signer}
    above = dns.dmarc if signer != dns.domain else ()
    unanswered = _with_status((*answers, *above), DnsStatus.UNKNOWN)
    if unanswered and not (signer == dns.domain and _with_status(answers, DnsStatus.FOUND)):
        return _unknown("SND-06", unanswered[0])
    if not _with_status(answers, DnsStatus.FOUND):
        message = say("No DKIM key was found for {domain}: no signature can carry the From domain.", **seen)
    elif signer == dns.domain:
        return _passed("SND-06", say("SendGrid signs as {signer}, the From domain itself: aligned.", **seen))
    elif _policy(dns)[1].get("adkim", "").lower() == "s":
        message = say("SendGrid signs as {signer}, but DMARC for {domain} wants the very same name (adkim=s).", **seen)
    elif _organisation(dns, dns.domain) != _organisation(dns, signer):
        message = say("SendGrid signs as {signer}, which DMARC takes for another organisation than {domain}.", **seen)
    else:
        return _passed("SND-06", say("SendGrid signs as {signer}, of one organisation with {domain}: aligned.", **seen))
    return _blocked("SND-06", message, _publish_keys(dns))


def _signing(dns: DomainFacts) -> tuple[str, list[DnsAnswer]]:
    """Return the nearest domain, From or a parent, where a key was found or could not be asked for, and its answers."""
    levels: dict[str, list[DnsAnswer]] = {}
    for answer in dns.dkim:
        levels.setdefault(answer.name.partition("._domainkey.")[2], []).append(answer)
    near = (name for name, answers in levels.items() if _with_status(answers, DnsStatus.FOUND, DnsStatus.UNKNOWN))
    signer = next(near, dns.domain)
    return signer, levels[signer]


def _key_fault(answer: DnsAnswer) -> tuple[Outcome, Text] | None:
    """Return what is wrong with a published key (RFC 6376 section 3.6.1), None for a sound one of 2048 bits or more."""
    tags = _tags(answer.records[0])
    seen = {"name": answer.name, "count": len(answer.records), "record": answer.records[0][:80]}
    rules = (
        (len(answer.records) > 1, say("{name} holds {count} records where one key belongs.", **seen)),
        (tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags, say("{name} holds no DKIM key but: {record}", **seen)),
        (tags.get("p") == "", say("The DKIM key at {name} has been revoked: {record}", **seen)),
        (
            "y" in _items(tags, "t"),
            say("The DKIM key at {name} is a test (t=y), so letters count as unsigned.", **seen),
        ),
        ("sha256" not in _items(tags, "h", "sha256"), say("The DKIM key at {name} allows sha1 only: {record}", **seen)),
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


def _publish_keys(dns: DomainFacts) -> Text:
    return say(
        "In SendGrid open Settings, Sender Authentication, Authenticate Your Domain and publish the records shown "
        "there, of this form: {records}",
        records=" | ".join(_key_lines(dns)),
    )


def _key_lines(dns: DomainFacts) -> list[str]:
    own = [answer.name for answer in dns.dkim if answer.name.endswith(f"._domainkey.{dns.domain}")]
    return [f"{name}. CNAME {name.partition('.')[0]}.domainkey.u<account>.wl<number>.sendgrid.net." for name in own]


# ---------------------------------------------------------------- DMARC


def check_dmarc_record(facts: SenderFacts) -> Finding:
    """Publish a DMARC record for the From domain; p=none is enough to begin."""
    dns, own = facts.dns, facts.dns.dmarc[0]
    records = _dmarc_records(own)
    seen = {"domain": dns.domain, "name": own.name, "count": len(records), "records": " | ".join(records)}
    if len(records) > 1:
        message = say("{name} holds {count} DMARC records, and receivers discard them all: {records}", **seen)
        return _blocked("SND-07", message, say("Keep one: {record}", record=_line(own.name, records[0])))
    unanswered = _with_status(dns.dmarc[:1] if records else dns.dmarc, DnsStatus.UNKNOWN)
    if unanswered:
        return _unknown("SND-07", unanswered[0])
    answer, tags = _policy(dns)
    fix = _publish(own.name, f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{dns.domain}")
    if answer is None:
        return _blocked("SND-07", say("No DMARC record applies to {domain}.", **seen), fix)
    seen |= {"name": answer.name, "records": " | ".join(_dmarc_records(answer))}
    policy = _requested(tags, inherited=answer is not own)
    if not policy:
        message = say("The DMARC record at {name} asks for no policy receivers know: {records}", **seen)
        return _blocked("SND-07", message, fix)
    message = say("DMARC applies to {domain} with p={policy}, from {name}: {records}", policy=policy, **seen)
    return _passed("SND-07", message)


def _dmarc_records(answer: DnsAnswer) -> list[str]:
    return [record for record in answer.records if re.match(r"v\s*=\s*DMARC1\s*(;|$)", record)]


def _walk(dns: DomainFacts, domain: str) -> dict[str, tuple[DnsAnswer, dict[str, str]]]:
    """Return name → (answer, tags) where one DMARC record is published, from `domain` up, as far as the walk goes: a
    record with psd=n or psd=y ends it, and several records at one name are all discarded (RFC 9989 section 4.10)."""
    steps = {}
    for answer in dns.dmarc:
        name, records = answer.name.removeprefix("_dmarc."), _dmarc_records(answer)
        if f".{domain}".endswith(f".{name}") and len(records) == 1:
            steps[name] = (answer, _tags(records[0]))
            if steps[name][1].get("psd", "").lower() in {"n", "y"}:
                break
    return steps


def _organisation(dns: DomainFacts, domain: str) -> str:
    """Return the organisational domain (RFC 9989 section 4.10.2): of the names with a record the shortest, or the name
    one label below a public suffix (psd=y), or the domain itself when nobody publishes a record."""
    steps = _walk(dns, domain)
    last = list(steps)[-1] if steps else domain
    if last != domain and steps[last][1].get("psd", "").lower() == "y":
        return ".".join(domain.split(".")[-last.count(".") - 2 :])
    return last


def _policy(dns: DomainFacts) -> tuple[DnsAnswer | None, dict[str, str]]:
    """Return the record that applies to the From domain, and its tags: its own, else its organisation's, else that of
    the public suffix (RFC 9989 section 4.10.1)."""
    steps = _walk(dns, dns.domain)
    places = (dns.domain, _organisation(dns, dns.domain), *list(steps)[-1:])
    return next((steps[name] for name in places if name in steps), (None, {}))


def _requested(tags: dict[str, str], *, inherited: bool) -> str:
    """Return the policy asked for, "" when the record cannot be applied. A missing or unreadable policy beside an
    address for reports counts as none (RFC 9989 section 4.7)."""
    named = {tag: tags[tag].lower() for tag in ("p", "sp", "np") if tag in tags}
    if "p" in named and set(named.values()) <= {"none", "quarantine", "reject"}:
        return named.get("sp", named["p"]) if inherited else named["p"]
    return "none" if "mailto:" in tags.get("rua", "").lower() else ""


# ---------------------------------------------------------------- existence, and the rules themselves


def check_domain_exists(facts: SenderFacts) -> Finding:
    """Send from a domain that exists and can receive answers."""
    dns = facts.dns
    reached = dns.mx if dns.mx.records else dns.host
    seen = {"domain": dns.domain, "records": ", ".join(reached.records)}
    fix = _publish(dns.domain, f"10 <mail server of {dns.domain}>.", kind="MX")
    if DnsStatus.ABSENT in {dns.soa.status, dns.mx.status}:
        message, fix = (
            say("{domain} does not exist in DNS.", **seen),
            say("Correct the sender's address, or register it."),
        )
        return _blocked("SND-14", message, fix)
    if any(record.split()[-1] == "." for record in dns.mx.records):
        message = say("{domain} says that it accepts no mail at all (Null MX): {records}", **seen)
        return _blocked("SND-14", message, fix)
    unanswered = _with_status((dns.mx, dns.soa, reached), DnsStatus.UNKNOWN)
    if unanswered:
        return _unknown("SND-14", unanswered[0])
    if not reached.records:
        return _blocked("SND-14", say("{domain} has neither a mail server (MX) nor an address.", **seen), fix)
    return _passed("SND-14", say("{domain} exists and receives mail at: {records}", **seen))


def check_rule_age(facts: SenderFacts) -> Finding:
    """Read the rules of Google, Yahoo, Microsoft and Apple again twice a year."""
    oldest = min(rule.read_on for rule in vars(limits).values() if isinstance(rule, Limit))
    days, limit = (facts.now.date() - oldest).days, int(limits.RULE_AGE_DAYS.value)
    message = say(
        "The rules were last read on {read_on}, {days} days ago; {limit} are allowed.",
        read_on=oldest.isoformat(),
        days=days,
        limit=limit,
    )
    fix = say("Update bulkmail. The rules and the days they were read are in bulkmail/limits.py.")
    return _finding("SND-22", Outcome.WARN, message, fix) if days > limit else _passed("SND-22", message)


# ---------------------------------------------------------------- for those who publish

_DNS_TEAM = say("Whoever runs the DNS of the domain publishes it.")
_ACCOUNT_THEN_DNS = say("The SendGrid account shows the records; whoever runs the DNS of the domain publishes them.")
# Whose task it is to mend a finding.
WHO: Mapping[str, Text] = {
    **dict.fromkeys(("SND-01", "SND-02", "SND-07", "SND-14"), _DNS_TEAM),
    **dict.fromkeys(("SND-03", "SND-06"), _ACCOUNT_THEN_DNS),
    "SND-22": say("Whoever keeps bulkmail up to date does it."),
}


def request_to_dns_team(facts: SenderFacts, findings: Sequence[Finding]) -> list[Text]:
    """Return the lines of a letter to whoever runs the DNS: what was seen and what to publish, each with its rule;
    where DNS did not say, what to look for. No lines when there is nothing to ask for."""
    to_look_for = _to_look_for(facts.dns)
    asked = [finding for finding in findings if finding.outcome is not Outcome.PASS and finding.code != "SND-22"]
    if not asked:
        return []
    lines = [say("DNS of {domain}: what mailbox providers ask of those who send bulk mail", domain=facts.dns.domain)]
    for number, finding in enumerate(asked, start=1):
        unknown = finding.outcome is Outcome.UNKNOWN and finding.code in to_look_for
        said = to_look_for[finding.code] if unknown else [finding.message, finding.fix]
        lines += [Text(""), say("{number}. {what}", number=number, what=said[0]), *said[1:]]
        lines.append(say("Rule: {source}", source=finding.source))
    return lines


def _to_look_for(dns: DomainFacts) -> dict[str, list[Text]]:
    """Return, for where DNS did not say, code → what has to be there in the end, a record on a line of its own."""
    name, policy = f"_dmarc.{dns.domain}", f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{dns.domain}"
    publish = say("Where there is none, publish:")
    return {
        "SND-01": [
            say("Please see that {domain} has one SPF record, and one only.", domain=dns.domain),
            publish,
            _verbatim(_line(dns.domain, "v=spf1 include:sendgrid.net ~all")),
        ],
        "SND-02": [say("Please see that the SPF record costs 10 DNS lookups or fewer and ends in ~all or -all.")],
        "SND-03": [
            say("Please publish the records that SendGrid shows under Settings, Sender Authentication. Their form:"),
            *map(_verbatim, _key_lines(dns)),
        ],
        "SND-06": [say("Please see that these keys stand below {domain} itself.", domain=dns.domain)],
        "SND-07": [
            say("Please see that {name} has one DMARC record.", name=name),
            publish,
            _verbatim(_line(name, policy)),
        ],
        "SND-14": [say("Please see that {domain} exists and has a mail server (MX).", domain=dns.domain)],
    }


def _verbatim(record: str) -> Text:
    return Text("{record}", {"record": record})


# ---------------------------------------------------------------- words


def _finding(code: str, outcome: Outcome, message: Text, fix: Text) -> Finding:
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=SOURCES[code])


def _passed(code: str, message: Text) -> Finding:
    return _finding(code, Outcome.PASS, message, NOTHING_TO_DO)


def _blocked(code: str, message: Text, fix: Text) -> Finding:
    return _finding(code, Outcome.BLOCK, message, fix)


def _unknown(code: str, answer: DnsAnswer) -> Finding:
    seen = {"kind": answer.kind, "name": answer.name, "why": answer.detail}
    if answer.detail == "not_asked":
        message = say("DNS was not asked for {kind} of {name}: in rehearsal no question leaves this machine.", **seen)
        fix = say("Set BULKMAIL_DNS to a name server, such as 127.0.0.1:53, and check before the first real letter.")
    else:
        message = say("DNS did not answer for {kind} of {name} ({why}).", **seen)
        fix = say("Check again later. If it stays so, ask whoever runs the name servers of the domain.")
    return _finding(code, Outcome.UNKNOWN, message, fix)


def _publish(name: str, text: str, kind: str = "TXT") -> Text:
    return say("Publish: {record}", record=_line(name, text, kind))


def _line(name: str, text: str, kind: str = "TXT") -> str:
    return f"{name}. {kind} " + (f'"{text}"' if kind == "TXT" else text)


def _with_status(answers: Sequence[DnsAnswer], *statuses: DnsStatus) -> list[DnsAnswer]:
    return [answer for answer in answers if answer.status in statuses]


def _names(answers: Sequence[DnsAnswer]) -> str:
    return ", ".join(answer.name for answer in answers)


def _items(tags: dict[str, str], tag: str, default: str = "") -> list[str]:
    return tags.get(tag, default).lower().replace(" ", "").split(":")


def _tags(record: str) -> dict[str, str]:
    """Return tag → value of a DKIM or DMARC record; the first of a repeated tag counts."""
    tags: dict[str, str] = {}
    for tag, _, value in (part.partition("=") for part in record.split(";")):
        tags.setdefault(tag.strip().lower(), value.strip())
    return tags


CHECKS = (
    check_spf_record, check_spf_limits, check_dkim_keys, check_alignment, check_dmarc_record, check_domain_exists,
    check_rule_age,
)  # fmt: skip
