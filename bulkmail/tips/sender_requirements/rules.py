"""What tip 7 asks, as data: each rule with its source, the day that was read, and whose task it is to meet it.

SND-01 to SND-22 are the providers' and the standards'; SND-23 to SND-28 are about the SendGrid account.
"""

from dataclasses import dataclass
from datetime import date

from bulkmail.limits import GMAIL_GUIDELINES, HOUSE, YAHOO_PRACTICES
from bulkmail.model import Text, say

_READ = date(2026, 11, 23)
_OUTLOOK = (
    "https://techcommunity.microsoft.com/blog/MicrosoftDefenderforOffice365Blog/"
    "strengthening-email-ecosystem-outlook%E2%80%99s-new-requirements-for-high%E2%80%90volume-senders/4399730"
)
_APPLE = "https://support.apple.com/en-us/102322"
_GMAIL_FAQ = "https://support.google.com/a/answer/14229414"
_YAHOO_CODES = "https://senders.yahooinc.com/smtp-error-codes/"
_SENDGRID = "https://www.twilio.com/docs/sendgrid"

_DNS_TEAM = say("Whoever runs the DNS of the domain publishes it.")
_ACCOUNT_THEN_DNS = say("The SendGrid account shows the records; whoever runs the DNS of the domain publishes them.")
_ACCOUNT = say("Whoever administers the SendGrid account does it.")
_AUTHOR = say("Whoever writes the letter does it.")
_KEEPER = say("Whoever keeps bulkmail up to date does it.")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule: `asks` holds its threshold, `source` where that is written ("house" for our own), `who` whose task it
    is to meet it."""

    asks: Text
    source: str
    who: Text
    read_on: date = _READ


RULES: dict[str, Rule] = {
    "SND-01": Rule(
        asks=say("Exactly one SPF record on the From domain, and one on the return path."),
        source=f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; RFC 7208 section 4.5",
        who=_DNS_TEAM,
    ),
    "SND-02": Rule(
        asks=say("SPF: 10 DNS lookups and 2 void ones at most, ending in -all or ~all."),
        source="RFC 7208 section 4.6.4",
        who=_DNS_TEAM,
    ),
    "SND-03": Rule(
        asks=say("DKIM: RSA keys of 1,024 bits or more, better 2,048; sha256; no test flag."),
        source=f"{GMAIL_GUIDELINES}; RFC 8301 section 3; RFC 6376 section 3.6.1",
        who=_ACCOUNT_THEN_DNS,
    ),
    "SND-04": Rule(
        asks=say("DKIM covers From, Subject, Date and both one-click headers, and all of the body (no l=)."),
        source="RFC 8058 section 4; RFC 6376 section 5.4; RFC 8301",
        who=_ACCOUNT,
    ),
    "SND-05": Rule(
        asks=say("SPF and DKIM both pass on a letter that was really received."),
        source=f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; {_OUTLOOK}; {_APPLE}",
        who=_ACCOUNT_THEN_DNS,
    ),
    "SND-06": Rule(
        asks=say("The From domain is aligned with SPF or DKIM, better with both."),
        source=f"{_GMAIL_FAQ}; {YAHOO_PRACTICES}; RFC 9989 sections 4.4 and 4.10",
        who=_ACCOUNT_THEN_DNS,
    ),
    "SND-07": Rule(
        asks=say("Exactly one DMARC record applies to the From domain; p=none is enough."),
        source=f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; {_OUTLOOK}; {_APPLE}; RFC 9989 section 4.10",
        who=_DNS_TEAM,
    ),
    "SND-08": Rule(
        asks=say("DMARC reports go to somebody (rua=), who has agreed to get them where the domain is another."),
        source=f"{YAHOO_PRACTICES}; {GMAIL_GUIDELINES}; RFC 9990 section 4",
        who=_DNS_TEAM,
    ),
    "SND-09": Rule(
        asks=say("DMARC tags are those of RFC 9989: pct, rf, ri are gone; np, psd, t are new."),
        source="RFC 9989 section 4.7 and appendix C",
        who=_DNS_TEAM,
    ),
    "SND-10": Rule(
        asks=say("The DMARC policy fits the domain: no p=reject where people write to mailing lists."),
        source="RFC 9989 section 7.4",
        who=_DNS_TEAM,
    ),
    "SND-11": Rule(
        asks=say("Bulk mail has a subdomain of its own, apart from the mail of staff."),
        source=f"{YAHOO_PRACTICES}; {_APPLE}; {GMAIL_GUIDELINES}; RFC 9989 section 4.10.2",
        who=_ACCOUNT_THEN_DNS,
    ),
    "SND-12": Rule(
        asks=say("Each sending address of one's own has a name (PTR) that leads back to it."),
        source=f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; {_APPLE}",
        who=_DNS_TEAM,
    ),
    "SND-13": Rule(
        asks=say("Every hop that one controls is encrypted (TLS)."),
        source=f"{GMAIL_GUIDELINES}; RFC 8996",
        who=_KEEPER,
    ),
    "SND-14": Rule(
        asks=say("The From and return-path domains exist (SOA) and receive mail (MX or A, no Null MX)."),
        source=f"{_YAHOO_CODES}; RFC 7505",
        who=_DNS_TEAM,
    ),
    "SND-15": Rule(
        asks=say("The letter follows RFC 5322: one From, one Date, one Message-ID, no defect."),
        source=f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; {_APPLE}; RFC 5322 section 3.6",
        who=_AUTHOR,
    ),
    "SND-16": Rule(
        asks=say("Helpful headers are of the right form: Feedback-ID of four parts, Auto-Submitted on notices."),
        source="https://support.google.com/mail/answer/6254652; RFC 3834",
        who=_KEEPER,
    ),
    "SND-17": Rule(
        asks=say("Postmaster Tools, Yahoo's feedback loop, SNDS and JMRP are enrolled, confirmed within 180 days."),
        source=f"{YAHOO_PRACTICES}; https://substrate.office.com/ip-domain-management-snds/snds; {_APPLE}",
        who=_ACCOUNT,
    ),
    "SND-18": Rule(
        asks=say("Every reply of a provider about policy is understood, and permanent ones are not tried again."),
        source=f"{_GMAIL_FAQ}; https://support.google.com/a/answer/3726730; {_YAHOO_CODES}; "
        "https://postmaster.live.com/pm/troubleshooting.aspx",
        who=_KEEPER,
    ),
    "SND-19": Rule(
        asks=say("The domains of the letter are on no blocklist."),
        source=f"{GMAIL_GUIDELINES}; {_YAHOO_CODES}; https://www.spamhaus.org/faqs/dnsbl-usage/",
        who=_DNS_TEAM,
    ),
    "SND-20": Rule(
        asks=say("If wanted: MTA-STS and TLS reports for mail to the domain, BIMI for a logo."),
        source="RFC 8461; RFC 8460; https://senders.yahooinc.com/faqs/",
        who=_DNS_TEAM,
    ),
    "SND-21": Rule(
        asks=say("Events come back signed, and every accepted letter is heard of."),
        source=f"{_SENDGRID}/for-developers/tracking-events/getting-started-event-webhook-security-features",
        who=_ACCOUNT,
    ),
    "SND-22": Rule(asks=say("The rules were read within 180 days."), source=HOUSE, who=_KEEPER),
    "SND-23": Rule(
        asks=say("The key may send, and may not do much more."),
        source=f"{_SENDGRID}/api-reference/api-key-permissions",
        who=_ACCOUNT,
    ),
    "SND-24": Rule(
        asks=say("The account has authenticated the From domain, and it is valid."),
        source=f"{_SENDGRID}/api-reference/domain-authentication",
        who=_ACCOUNT_THEN_DNS,
    ),
    "SND-25": Rule(
        asks=say("Counted links stand on the organisation's own host (link branding)."),
        source=f"{_SENDGRID}/api-reference/link-branding",
        who=_ACCOUNT_THEN_DNS,
    ),
    "SND-26": Rule(
        asks=say("No setting of the account adds a second way to unsubscribe, or parameters to links."),
        source=f"{_SENDGRID}/api-reference/settings-tracking; RFC 8058 section 3.1",
        who=_ACCOUNT,
    ),
    "SND-27": Rule(
        asks=say("The account has a credit for every letter."),
        source=f"{_SENDGRID}/api-reference/users-api",
        who=_ACCOUNT,
    ),
    "SND-28": Rule(
        asks=say("No mail setting of the account changes letters or forgets bounces."),
        source=f"{_SENDGRID}/api-reference/settings-mail",
        who=_ACCOUNT,
    ),
}
SOURCES = {
    code: rule.source if rule.source == HOUSE else f"{rule.source}; read {rule.read_on}" for code, rule in RULES.items()
}
# Whose task it is to mend a finding.
WHO = {code: rule.who for code, rule in RULES.items()}
