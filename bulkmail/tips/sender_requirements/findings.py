"""How the checks of tip 7 speak: findings with their source, and what to publish written as it stands in a zone."""

from collections.abc import Sequence

from bulkmail.facts import DnsAnswer, DnsStatus
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.sender_requirements.rules import SOURCES

NOTHING_TO_DO = say("Nothing to do.")
Fault = tuple[Outcome, Text, Text]  # the outcome, what was seen, what to publish


def found(code: str, outcome: Outcome, message: Text, fix: Text) -> Finding:
    """Return a finding of this rule."""
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=SOURCES[code])


def passed(code: str, message: Text, fix: Text = NOTHING_TO_DO) -> Finding:
    """Return that the rule is met; `fix` then says what could be better still."""
    return found(code, Outcome.PASS, message, fix)


def warned(code: str, message: Text, fix: Text) -> Finding:
    """Return what somebody should look at."""
    return found(code, Outcome.WARN, message, fix)


def blocked(code: str, message: Text, fix: Text) -> Finding:
    """Return what must not go out."""
    return found(code, Outcome.BLOCK, message, fix)


def not_known(code: str, message: Text, fix: Text) -> Finding:
    """Return that it could not be found out."""
    return found(code, Outcome.UNKNOWN, message, fix)


def unanswered(code: str, answer: DnsAnswer) -> Finding:
    """Return that DNS did not say, or was not asked."""
    seen = {"kind": answer.kind, "name": answer.name, "why": answer.detail}
    if answer.detail == "not_asked":
        message = say("DNS was not asked for {kind} of {name}: in rehearsal no question leaves this machine.", **seen)
        fix = say("Set BULKMAIL_DNS to a name server, such as 127.0.0.1:53, and check before the first real letter.")
    else:
        message = say("DNS did not answer for {kind} of {name} ({why}).", **seen)
        fix = say("Check again later. If it stays so, ask whoever runs the name servers of the domain.")
    return not_known(code, message, fix)


def publish(name: str, text: str, kind: str = "TXT") -> Text:
    """Return the advice to publish a record."""
    return say("Publish: {record}", record=line(name, text, kind))


def line(name: str, text: str, kind: str = "TXT") -> str:
    """Return a record as it stands in a zone, each string of a TXT within 255 octets (RFC 1035 section 3.3.14)."""
    if kind != "TXT":
        return f"{name}. {kind} {text}"
    parts = [text[start : start + 255] for start in range(0, len(text), 255)]
    return f"{name}. TXT " + " ".join(f'"{part}"' for part in parts)


def with_status(answers: Sequence[DnsAnswer], *statuses: DnsStatus) -> list[DnsAnswer]:
    """Return the answers that ended so."""
    return [answer for answer in answers if answer.status in statuses]


def names(answers: Sequence[DnsAnswer]) -> str:
    """Return the names asked for, apart by commas."""
    return ", ".join(answer.name for answer in answers)


def items(tags: dict[str, str], tag: str, default: str = "") -> list[str]:
    """Return the parts of a tag's value that colons set apart."""
    return tags.get(tag, default).lower().replace(" ", "").split(":")


def tags_of(record: str) -> dict[str, str]:
    """Return tag → value of a DKIM, DMARC, TLS-RPT or BIMI record; the first of a repeated tag counts."""
    tags: dict[str, str] = {}
    for tag, _, value in (part.partition("=") for part in record.split(";")):
        tags.setdefault(tag.strip().lower(), value.strip())
    return tags
