"""What providers reply to a letter that they refuse or defer, and which rule that is about.

After the providers' own pages: Gmail https://support.google.com/a/answer/3726730 and /14229414, Yahoo
https://senders.yahooinc.com/smtp-error-codes/, Outlook.com https://postmaster.live.com/pm/troubleshooting.aspx, NetEase
and QQ from reposts of their help pages; all read 2026-11-23.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bulkmail.model import Finding, Text, say
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import not_known, passed, warned
from bulkmail.tips.sender_requirements.providers import name_of, provider_of


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A kind of reply: `about` says what it is, `rules` which rules it is about, `ours` whether the fault is the
    sender's: then nobody is suppressed for it. `bounce` is its class, a key of `delivery.FAILURES`."""

    about: Text
    rules: tuple[str, ...]
    ours: bool = True
    bounce: str = "policy"


def _reply(about: Text, *rules: str, ours: bool = True, bounce: str = "policy") -> Reply:
    return Reply(about=about, rules=rules, ours=ours, bounce=bounce)


_NO_MAILBOX = _reply(say("the mailbox does not exist"), "ADR-10", ours=False, bounce="no_mailbox")
_FULL = _reply(say("the mailbox is full"), "ADR-11", ours=False, bounce="full")
_PACE = _reply(say("too much at once for this provider"), "FRQ-12", bounce="pace")
_TOO_MUCH = _reply(say("that person gets too much mail now"), "FRQ-12", bounce="pace")
_SYSTEM = _reply(say("a fault of the network or of the receiving system"), ours=False, bounce="system")
_CONTENT = _reply(say("the content was refused"), "MSG-15", "MSG-16", "MSG-17")
_FAILED = _reply(say("authentication or DMARC failed"), "SND-05", "SND-06")
_FORM = _reply(say("the form, the content or the reputation was refused"), "MSG-07", "MSG-08", "MSG-10")

# provider → (what the reply says, its kind); the first that fits counts. QQ and NetEase use a bare 550 for everything,
# so their texts come before any code.
KNOWN: dict[str, tuple[tuple[str, Reply], ...]] = {
    "gmail": (
        (r"receiving mail (?:at a rate|too quickly)", _TOO_MUCH),
        (r"\b[45]\.7\.(23|25)\b", _reply(say("the sending address has no name that leads back"), "SND-12")),
        (r"\b[45]\.7\.26\b", _FAILED),
        (r"\b[45]\.7\.27\b", _reply(say("SPF did not pass"), "SND-01", "SND-05")),
        (r"\b[45]\.7\.28\b", _reply(say("too many letters at once"), "FRQ-06", "MSG-08", bounce="pace")),
        (r"\b[45]\.7\.29\b", _reply(say("the connection was not encrypted"), "SND-13")),
        (r"\b[45]\.7\.30\b", _reply(say("DKIM did not pass"), "SND-03", "SND-04", "SND-05")),
        (r"\b[45]\.7\.(31|40)\b", _reply(say("there is no DMARC record or policy"), "SND-07")),
        (r"\b[45]\.7\.32\b", _reply(say("the From domain is not aligned"), "SND-06")),
        (r"\b[45]\.7\.24\b", _reply(say("the SPF record looks suspicious"), "SND-02")),
        (r"\b5\.7\.1\b", _FORM),
    ),
    "yahoo": (
        (r"\bTSS?\d\d", _reply(say("deferred for complaints or reputation"), "FRQ-07")),
        (r"\bPH\d\d", _CONTENT),
        (r"doesn.t have a yahoo", _NO_MAILBOX),
    ),
    "outlook": (
        (r"\b5\.7\.515\b", _reply(say("SPF, DKIM and DMARC are not all right"), "SND-05", "SND-06", "SND-07")),
        (r"\bRP-00[123]\b", _reply(say("slowed down by reputation"), "FRQ-06", bounce="pace")),
        (r"\bSC-002\b", _reply(say("addresses look guessed"), "ADR-14")),
        (r"\bSC-004\b", _reply(say("too many complaints"), "FRQ-07")),
        (r"\bSC-001\b", _CONTENT),
    ),
    "netease": (
        (r"HL:REP\b", _reply(say("too many unknown mailboxes"), "ADR-13", "FRQ-12")),
        (r"HL:(ICC|IFC|MEP)\b|MI:(SFQ|STC)\b|RP:(QRC|RCL)\b", _PACE),
        (r"MI:(SPF|DMA)\b", _FAILED),
        (r"DT:SPM\b", _CONTENT),
    ),
    "qq": (
        (r"frequency limited|connection denied", _PACE),
        (r"mail content denied", _reply(say("many complain about this letter"), "FRQ-07")),
        (r"mailbox not found", _NO_MAILBOX),
        (r"mailbox unavailable or access denied", _TOO_MUCH),
    ),
}
# By the enhanced code of RFC 3463 alone, whoever the provider is.
GENERIC: tuple[tuple[str, Reply], ...] = (
    (r"\b5\.1\.(?:1|2|3|6|10)\b|\b5\.2\.1\b", _NO_MAILBOX),  # moved is 6, no mail server at all 10 (RFC 7505)
    (r"\b[45]\.1\.[78]\b", _reply(say("the sender's own address was refused"), "SND-14")),
    (r"\b[45]\.2\.2\b", _FULL),
    (r"\b[45]\.[34]\.\d+\b", _SYSTEM),
    (r"\b[45]\.5\.\d+\b", _reply(say("the letter or the connection broke a standard"), "SND-15")),
    (r"\b[45]\.6\.\d+\b", _CONTENT),
)
# Codes of Outlook.com and NetEase that no table lists yet: these families are about the sender, whatever stands beside.
_FAMILIES = re.compile(r"\b(?:SC|RP)-\d{3}\b|\b(?:HL|MI|DT|RP):[A-Z]{3}\b")
# Where no code decides.
_WORDS: tuple[tuple[str, str], ...] = (
    (r"over quota|mailbox (?:is )?full", "full"),
    (r"(?:user|account|mailbox|recipient)\b[^.]{0,60}(?:does not exist|doesn't exist|not found|unknown)", "no_mailbox"),
    (r"(?:no such|unknown|invalid) (?:user|recipient|mailbox|account)|user doesn't have an? \S+ account", "no_mailbox"),
    (r"reputation|spam|policy|blocked", "policy"),
)
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")  # and no part of an IP address
_TEMPORARY = re.compile(r"\b4\.\d{1,3}\.\d{1,3}\b|^4\d\d\b")
_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b|\b[245]\d\d\b")
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")


def rule_of(domain: str, reply: str) -> Reply | None:
    """Return what a reply of the provider of this domain means, None where no table has it."""
    for pattern, kind in (*KNOWN.get(provider_of(domain), ()), *GENERIC):
        if re.search(pattern, reply, re.IGNORECASE):
            return kind
    return None


def bounce_class(domain: str, reply: str) -> str:
    """Return the class of a reply to a letter that bounced: no_mailbox, full, pace, policy, system, temporary;
    "unknown" where it is in no table, "other" where nothing was said.

    The provider's text counts before any code, and its policy (RFC 3463, x.7.x) before any word about a mailbox; what
    a 4.x.x code puts off says nothing about whether the mailbox exists. A domain may live at any of the providers, so
    where its own table is silent the others are asked.
    """
    reply = reply.strip()
    if not reply:
        return "other"
    codes = " ".join(_ENHANCED.findall(reply))
    found = _class_by_text(domain, reply) or _class_by_code(codes) or _class_by_words(reply)
    if found == "no_mailbox" and ".7." in codes:
        return "policy"
    is_put_off = found in ("no_mailbox", "unknown") and _TEMPORARY.search(f"{reply[:3]} {codes}")
    return "temporary" if is_put_off else found


def _class_by_text(domain: str, reply: str) -> str:
    tables = (KNOWN.get(provider_of(domain), ()), *KNOWN.values())
    rows = (row for table in tables for row in table)
    found = next((kind.bounce for pattern, kind in rows if re.search(pattern, reply, re.IGNORECASE)), "")
    return found or ("policy" if _FAMILIES.search(reply) else "")


def _class_by_code(codes: str) -> str:
    if ".7." in codes:
        return "policy"
    return next((kind.bounce for pattern, kind in GENERIC if re.search(pattern, codes)), "")


def _class_by_words(reply: str) -> str:
    return next((found for pattern, found in _WORDS if re.search(pattern, reply, re.IGNORECASE)), "unknown")


def without_people(reply: str) -> str:
    """Return a reply without addresses, in one line of 200 characters at most."""
    return " ".join(_ADDRESS.sub("<…>", reply).split())[:200]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """How often a provider gave a kind of reply, with one as an example; `kind` None is in no table."""

    provider: str
    kind: Reply | None
    example: str
    count: int


def by_rule(replies: Iterable[tuple[str, str, int]]) -> list[Heard]:
    """Return the replies (domain, text, how many) by provider and meaning, the most frequent first; what is in no table
    stands apart by its code."""
    counted: dict[tuple[str, str], list] = {}
    for domain, reply, count in replies:
        kind, code = rule_of(domain, reply), _CODE.search(reply)
        meaning = kind.about.template if kind else f"? {code[0] if code else reply[:40]}"
        counted.setdefault((provider_of(domain), meaning), [kind, without_people(reply), 0])[2] += count
    rows = [
        Heard(provider=provider, kind=kind, example=example, count=count)
        for (provider, _), (kind, example, count) in counted.items()
    ]
    return sorted(rows, key=lambda row: -row.count)


def check_replies(facts: SenderFacts) -> Finding:
    """Understand every reply of a provider: mend what is yours, and suppress nobody for it.

    Codes x.7.x are about the sender. What is in no table is shown as unknown, for somebody to look up.
    """
    if facts.watch is None:
        return not_known("SND-18", say("No replies of providers have been read."), say("Send, then look again."))
    rows = by_rule(facts.watch.replies)
    if not rows:
        return passed("SND-18", say("No provider has refused or deferred a letter in the last 30 days."))
    for row in rows:
        if row.kind is None:
            return _strange(row)
    for row in rows:
        if row.kind.ours:
            return _ours(row)
    count = sum(row.count for row in rows)
    return passed("SND-18", say("All {count} replies of the last 30 days are about single mailboxes.", count=count))


def _strange(row: Heard) -> Finding:
    seen = {"provider": name_of(row.provider), "count": row.count, "example": row.example}
    message = say("{count} replies of {provider} are in no table yet: {example}", **seen)
    return warned("SND-18", message, say("Look the code up on the provider's page, and write down its rule."))


def _ours(row: Heard) -> Finding:
    seen = {"provider": name_of(row.provider), "count": row.count}
    codes = ", ".join(row.kind.rules)
    message = say("{provider} refused or deferred {count} letters: {about} ({codes}).",
                  about=row.kind.about, codes=codes, **seen)  # fmt: skip
    return warned("SND-18", message, say("Settle {codes}, then send again.", codes=codes))
