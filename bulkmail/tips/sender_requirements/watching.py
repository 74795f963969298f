"""Being watched over: the providers' own monitors, each confirmed by a person from time to time; and the rules' age."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from bulkmail import limits
from bulkmail.model import Finding, Text, say
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import not_known, passed, warned
from bulkmail.tips.sender_requirements.rules import RULES, Rule

# Where one enrols; each by a key, with what it shows. Apple offers nothing of the kind.
ENROLMENTS: dict[str, tuple[Text, str]] = {
    "postmaster_tools": (
        say("Gmail Postmaster Tools: spam rate and compliance of the domain"),
        "https://postmaster.google.com/",
    ),
    "yahoo_sender_hub": (
        say("Yahoo Sender Hub: complaints of each DKIM domain (feedback loop)"),
        "https://senders.yahooinc.com/",
    ),
    "outlook_snds": (
        say("Outlook.com SNDS: what it sees of your own sending addresses"),
        "https://substrate.office.com/ip-domain-management-snds/snds",
    ),
    "outlook_jmrp": (
        say("Outlook.com JMRP: complaints of its readers"),
        "https://substrate.office.com/ip-domain-management-snds/snds",
    ),
}

# What lies on the web is looked at by a person, since bulkmail fetches no pages: by a key, what to look at and where,
# and for how many days such a look is good.
LOOKS: dict[str, tuple[Text, str, limits.Limit]] = {
    "safe_browsing": (
        say("Google Safe Browsing knows nothing bad of {domain}"),
        "https://transparencyreport.google.com/safe-browsing/search?url={domain}",
        limits.SAFE_BROWSING_DAYS,
    ),
    "mta_sts_policy": (
        say("MTA-STS: the policy of {domain} is there, its mode is enforce, and it names each mail server"),
        "https://mta-sts.{domain}/.well-known/mta-sts.txt",
        limits.RULE_AGE_DAYS,
    ),
    "bimi_logo": (
        say("BIMI: the logo of {domain} and its certificate are there"),
        "https://bimigroup.org/bimi-generator/",
        limits.RULE_AGE_DAYS,
    ),
}


def look_key(look: str, domain: str) -> str:
    """Return under which name the day of a look is kept; it is of one domain, whose name may be longer than there is
    room for."""
    return f"{look}:{hashlib.sha256(domain.lower().encode()).hexdigest()[:16]}"


def looked_on(look: str, domain: str, confirmed: Mapping[str, date], today: date) -> date | None:
    """Return the day on which somebody last looked, None where nobody did or that is too long ago."""
    day = confirmed.get(look_key(look, domain))
    return day if day and today - day <= timedelta(days=LOOKS[look][2].value) else None


def place_of(look: str, domain: str) -> str:
    """Return the address of the page to look at."""
    return LOOKS[look][1].format(domain=domain)


def check_enrolments(facts: SenderFacts) -> Finding:
    """Enrol with the providers' monitors, and look twice a year that you still are.

    Complaints at Gmail are seen there and nowhere else; SNDS and Postmaster Tools both moved in the last year, and who
    did not look lost their figures.
    """
    if facts.watch is None:
        message = say("Nobody has said which monitors the domain is enrolled with.")
        return not_known("SND-17", message, say("Tick them on the Sender page, with the day."))
    stale = stale_enrolments(facts.watch.enrolments, facts.now.date())
    if stale:
        message = say("Not confirmed within {days} days: {names}", days=int(limits.RULE_AGE_DAYS.value),
                      names=", ".join(str(ENROLMENTS[key][0]).partition(":")[0] for key in stale))  # fmt: skip
        return warned("SND-17", message, say("Enrol, or look that you still are, and tick them on the Sender page."))
    return passed("SND-17", say("All {count} monitors of providers are confirmed.", count=len(ENROLMENTS)))


def stale_enrolments(confirmed: dict[str, date], today: date) -> list[str]:
    """Return the keys of the monitors that nobody has confirmed for 180 days."""
    oldest = today - timedelta(days=limits.RULE_AGE_DAYS.value)
    return [key for key in ENROLMENTS if confirmed.get(key, date.min) < oldest]


# ---------------------------------------------------------------- the age of the rules


def check_rule_age(facts: SenderFacts) -> Finding:
    """Read the rules of Google, Yahoo, Microsoft and Apple again twice a year."""
    today = facts.now.date()
    if age_of_the_rules(today) <= limits.RULE_AGE_DAYS.value:
        return passed("SND-22", age_in_words(today))
    advice = say("Update bulkmail. Each rule and limit there says on which day it was read.")
    return warned("SND-22", age_in_words(today), advice)


def age_in_words(today: date) -> Text:
    """Return how old the pack is, and which rules are too old."""
    days, old = age_of_the_rules(today), old_rules(RULES, today)
    seen = {
        "read_on": (today - timedelta(days=days)).isoformat(),
        "days": days,
        "limit": int(limits.RULE_AGE_DAYS.value),
    }
    if days <= seen["limit"]:
        return say("The rules were last read on {read_on}, {days} days ago; {limit} are allowed.", **seen)
    codes = ", ".join(old) or "limits"
    return say("Older than {limit} days, last read on {read_on}, {days} days ago: {codes}", codes=codes, **seen)


def old_rules(rules: dict[str, Rule], today: date) -> list[str]:
    """Return the codes of the rules that were read more than 180 days ago."""
    oldest = today - timedelta(days=limits.RULE_AGE_DAYS.value)
    return [code for code, rule in rules.items() if rule.read_on < oldest]


def age_of_the_rules(today: date) -> int:
    """Return how many days ago the oldest rule or limit of the pack was read."""
    return (today - min(_days_read())).days


def _days_read() -> Iterable[date]:
    return [*(rule.read_on for rule in RULES.values()), *(limit.read_on for limit in limits.every_limit().values())]
