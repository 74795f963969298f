"""What to ask of those who keep the DNS: a letter with each record seen, what to publish, and the rule behind it."""

from collections.abc import Sequence

from bulkmail.facts import DomainFacts
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.sender_requirements.dkim import key_lines
from bulkmail.tips.sender_requirements.dmarc import suggested
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import NOTHING_TO_DO, line
from bulkmail.tips.sender_requirements.rules import RULES
from bulkmail.tips.sender_requirements.spf import SENDGRID_RECORD

# What is for those who keep the DNS; the rest is for the account, the author or the keeper of bulkmail.
FOR_THEM = ("SND-01", "SND-02", "SND-03", "SND-06", "SND-07", "SND-08", "SND-09", "SND-10", "SND-11", "SND-12",
            "SND-14", "SND-20", "SND-24", "SND-25")  # fmt: skip


def request_to_dns_team(facts: SenderFacts, findings: Sequence[Finding]) -> list[Text]:
    """Return the lines of a letter to whoever runs the DNS: what was seen and what to publish, each with its rule and
    whose task it is; where DNS did not say, what to look for. No lines when there is nothing to ask for."""
    to_look_for = _to_look_for(facts.dns)
    asked = [finding for finding in findings if finding.code in FOR_THEM and _asks(finding, to_look_for)]
    if not asked:
        return []
    lines = [say("DNS of {domain}: what mailbox providers ask of those who send bulk mail", domain=facts.dns.domain)]
    for number, finding in enumerate(asked, start=1):
        unknown = finding.outcome is Outcome.UNKNOWN
        said = to_look_for[finding.code] if unknown else [finding.message, finding.fix]
        lines += [Text(""), say("{number}. {what}", number=number, what=said[0]), *said[1:]]
        lines.append(say("Who: {who}", who=RULES[finding.code].who))
        lines.append(say("Rule: {asks} ({source})", asks=RULES[finding.code].asks, source=finding.source))
    return lines


def _asks(finding: Finding, to_look_for: dict[str, list[Text]]) -> bool:
    """Whether there is anything to do: an advice beside a pass is one, an unknown only where something can be said."""
    if finding.outcome is Outcome.UNKNOWN:
        return finding.code in to_look_for
    return finding.outcome is not Outcome.PASS or (finding.fix != NOTHING_TO_DO and finding.code != "SND-12")


def _to_look_for(dns: DomainFacts) -> dict[str, list[Text]]:
    """Return, for where DNS did not say, code → what has to be there in the end, a record on a line of its own."""
    name = f"_dmarc.{dns.domain}"
    publish = say("Where there is none, publish:")
    return {
        "SND-01": [
            say("Please see that {domain} has one SPF record, and one only.", domain=dns.domain),
            publish,
            _verbatim(line(dns.domain, SENDGRID_RECORD)),
        ],
        "SND-02": [say("Please see that the SPF record costs 10 DNS lookups or fewer and ends in ~all or -all.")],
        "SND-03": [
            say("Please publish the records that SendGrid shows under Settings, Sender Authentication. Their form:"),
            *map(_verbatim, key_lines(dns)),
        ],
        "SND-06": [say("Please see that these keys stand below {domain} itself.", domain=dns.domain)],
        "SND-07": [
            say("Please see that {name} has one DMARC record.", name=name),
            publish,
            _verbatim(line(name, suggested(dns.domain))),
        ],
        "SND-14": [say("Please see that {domain} exists and has a mail server (MX).", domain=dns.domain)],
    }


def _verbatim(record: str) -> Text:
    return Text("{record}", {"record": record})
