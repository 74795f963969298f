"""What tip 4 judges, and the words in which it answers."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from bulkmail import limits
from bulkmail.model import Campaign, Finding, Outcome, Text, say
from bulkmail.tips.clarity.page import Page, read_page

GMAIL = f"{limits.GMAIL_GUIDELINES}, read 2026-11-23"
OUTLOOK = "https://postmaster.live.com/pm/troubleshooting.aspx, read 2026-11-23"
SPAMASSASSIN = "https://github.com/apache/spamassassin/tree/trunk/rules, read 2026-11-23"
RSPAMD = "https://github.com/rspamd/rspamd/tree/master/conf/scores.d, read 2026-11-23"
HOUSE = limits.HOUSE


@dataclass(frozen=True, kw_only=True)
class SpamReport:
    """What SpamAssassin says of a letter: its score, the score from which it calls mail spam, and the rules that hit
    as (rule, points)."""

    score: float
    threshold: float
    rules: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClarityFacts:
    """What tip 4 judges: the campaign, and its largest rendered letter.

    `organisation_domains` and `sender_names` are the sender's own, empty where nobody has said. `headers` are those
    that would travel with the letter, `mime` the letter as it travels (b"" where nobody has built it). `both_html` is a
    letter with both languages, "" where the campaign has no such letter. `earlier_senders` are (name, address) of the
    last campaigns of the same purpose; `recipient_domains` count the recipients, None where there is no list,
    `unasked_in` is, by the code of a country, how many letters those of them who have not asked for any have in 24
    hours, 30 days and a year, this one counted.
    `spam` is None where SpamAssassin was not asked.
    """

    campaign: Campaign
    subject: str
    html: str
    text: str
    preheader: str = ""
    organisation_domains: tuple[str, ...] = ()
    sender_names: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    mime: bytes = b""
    both_html: str = ""
    earlier_senders: tuple[tuple[str, str], ...] = ()
    recipient_domains: Mapping[str, int] | None = None
    unasked_in: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    spam: SpamReport | None = None

    @property
    def page(self) -> Page:
        """The HTML as read."""
        return read_page(self.html)


def finding(code: str, outcome: Outcome, message: Text, fix: Text, source: str, place: Text | None = None) -> Finding:
    """The answer of one check."""
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=source, place=place)


SUBJECT, PREHEADER, FROM, REPLY_TO = say("Subject"), say("Preheader"), say("From"), say("Reply-To")
TEXT_PART, FOOTER = say("Plain text"), say("Footer")


def place_of(facts: ClarityFacts, *words: str) -> Text:
    """Where in the source of the letter one of the words stands: its line, or the letter as a whole."""
    lines = facts.campaign.body.splitlines()
    for word in words:
        for number, line in enumerate(lines, 1):
            if word and word in line:
                return say("Line {line} of the letter", line=number)
    return say("Letter")


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


def organisation_of(host: str) -> str:
    """The part of a host that one organisation registers (by the public suffix list); the host where there is none."""
    plain = host.casefold().rstrip(".")
    return _suffixes().privatesuffix(plain) or plain


def is_within(domain: str, own: str) -> bool:
    """Whether a domain is that of the organisation, or below it."""
    return f".{domain.casefold()}".endswith(f".{own.casefold().lstrip('.')}")


def plain(text: str) -> str:
    """The text in the compatible form, without signs that cannot be seen."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")


def squeezed(text: str) -> str:
    """The text for comparing: without case and spaces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def tokens(text: str) -> set[str]:
    """What a text is about: its words in lower case, and each pair of neighbouring Chinese characters."""
    lowered = unicodedata.normalize("NFKC", text).casefold()
    found = {
        word for word in re.findall(r"[^\W\d_][\w'’-]+", re.sub(r"[\u3400-\u9fff]+", " ", lowered)) if len(word) > 2
    }
    for run in re.findall(r"[\u3400-\u9fff]+", lowered):
        found |= {run[start : start + 2] for start in range(max(len(run) - 1, 1))}
    return found
