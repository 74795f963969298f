"""What the law of the place where people are asks beside consent, and what class of letter this is."""

import re
from datetime import datetime, timedelta

import pandas as pd

from bulkmail import limits
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.consent.facts import ConsentFacts, answer, mailed, nothing_to_judge, of_people
from bulkmail.tips.consent.folding import months_of
from bulkmail.tips.consent.words import BASES, LIVE, each

CLASSES = ("marketing", "subscribed", "transactional")
_FREE = re.compile(r"free of charge|at no cost|no charge|免費|免费|費用全免|毋須付費|gratuit", re.IGNORECASE)
_PROMOTION = re.compile(
    r"\b(?:sale|discount|special offer|limited offer|promo(?:tion)?|coupon|voucher|\d+\s?% off|buy now|register now|"
    r"early bird|free gift)\b|優惠|折扣|特價|促銷|減價|限時|立即報名|早鳥|贈品|换领|換領|desconto|promoção",
    re.IGNORECASE,
)


def unasked_in(people: pd.DataFrame, country: str) -> pd.Series:
    """Return the persons of that country who have not asked for letters themselves.

    The country is that on record, else that of their domain. Singapore's law speaks of unsolicited letters so (Spam
    Control Act s. 5, read 2026-11-23); who agreed or inquired has asked, on any other basis nobody has.
    """
    unasked = people[~people["consent_basis"].isin(["", "consent_express", "consent_implied_inquiry"])]
    of_domain = unasked["domain"].str.extract(r"\.([a-z]{2})$")[0].str.upper().fillna("")
    there = unasked["consent_country"].mask(unasked["consent_country"].eq(""), of_domain)
    return unasked.loc[there == country, "person"]


def letters_in_bulk(persons: pd.Series, contacts: pd.DataFrame, now: datetime) -> tuple[int, int, int]:
    """Return how many letters these persons will have had in 24 hours, 30 days and a year with one more to each, by
    `contacts` (person, mailed_at) of that year."""
    theirs = contacts.loc[contacts["person"].isin(persons), "mailed_at"]
    earlier = (int((theirs > pd.Timestamp(now) - timedelta(days=days)).sum()) for days in (1, 30, 365))
    day, month, year = (len(persons) + count for count in earlier)
    return day, month, year


def check_canada(facts: ConsentFacts) -> Finding:
    """Let implied consent end as Canada's law says: two years after a purchase, six months after an inquiry."""
    if settled := nothing_to_judge("CON-04", facts):
        return settled
    people = of_people(facts)
    implied = people["consent_basis"].isin(["consent_implied", "consent_implied_inquiry"])
    rows = people[people["consent_country"].eq("CA") & implied]
    if rows.empty:
        return answer("CON-04", Outcome.PASS, say("Nobody with a link to Canada rests on implied consent."))
    live = rows["consent_state"].isin(LIVE)
    ended, undated = rows["consent_state"].eq("expired"), live & rows["consent_at"].isna()
    soon = live & (rows["consent_expires_at"] <= facts.now + timedelta(days=limits.CONSENT_WARN_DAYS.value))
    message = say(
        "Of {rows} rows with a link to Canada and implied consent, {ended} have passed its end ({months} months, or "
        "{inquiry} after an inquiry) and are left out; {soon} pass it within {days} days, {undated} have no date.",
        rows=len(rows), ended=int(ended.sum()), soon=int(soon.sum()), undated=int(undated.sum()),
        months=months_of("CA", "consent_implied", facts.validity), days=int(limits.CONSENT_WARN_DAYS.value),
        inquiry=months_of("CA", "consent_implied_inquiry", facts.validity),
    )  # fmt: skip
    if not (ended | soon | undated).any():
        return answer("CON-04", Outcome.PASS, message)
    fix = say("Ask these people for express consent before the implied one ends; it then lasts until they withdraw it.")
    return answer("CON-04", Outcome.WARN, message, fix, rows[ended | soon | undated])


def check_macau(facts: ConsentFacts) -> Finding:
    """In Macau, write on a basis that Law 8/2005 knows, and never to somebody who has objected."""
    if settled := nothing_to_judge("CON-12", facts):
        return settled
    rows = of_people(facts)
    rows = rows[rows["consent_country"].eq("MO")]
    if rows.empty:
        return answer("CON-12", Outcome.PASS, say("Nobody on this list falls under the law of Macau."))
    unknown = rows[rows["consent_state"].isin(LIVE) & ~rows["consent_basis"].isin(list(BASES))]
    objected = int(rows["suppression_reason"].eq("objected").sum()) if "suppression_reason" in rows else 0
    counts = {"rows": len(rows), "count": len(unknown), "objected": objected}
    if len(unknown):
        message = say("{count} of {rows} rows under the law of Macau name a basis nobody knows; left out.", **counts)
        fix = say("Name the basis as consent, contract, legal obligation, public task or legitimate interest.")
        return answer("CON-12", Outcome.WARN, message, fix, unknown)
    message = say(
        "Of {rows} rows under the law of Macau, all consent names a known basis; {objected} objected and are left out.",
        **counts,
    )
    return answer("CON-12", Outcome.PASS, message)


def check_hong_kong(facts: ConsentFacts) -> Finding:
    """In Hong Kong, tell people at the first letter that you stop on request, free of charge."""
    return _asked_for(
        facts, "CON-13", "HK", "first_use_notice",
        nobody=say("Nobody on this list falls under the law of Hong Kong."),
        short=say("{count} of {rows} rows under the law of Hong Kong have no first-use notice on record."),
        fix=say("Say in the letter that you stop on request, free of charge; then record it as first-use notice."),
        letter=_FREE,
    )  # fmt: skip


def check_mainland(facts: ConsentFacts) -> Finding:
    """In mainland China, have express consent for commercial letters, and consent to data leaving the mainland."""
    if facts.kind == "marketing" and "consent_reason" in facts.table:
        rows = mailed(facts)
        weak = rows[rows["consent_country"].eq("CN") & rows["consent_basis"].ne("consent_express")]
        if len(weak):
            message = say("{count} rows in mainland China have no express consent to marketing.", count=len(weak))
            return answer("CON-14", Outcome.WARN, message, say("Ask these people for express consent first."), weak)
    return _asked_for(
        facts, "CON-14", "CN", "cross_border",
        nobody=say("Nobody on this list is in mainland China."),
        short=say("{count} of {rows} rows in mainland China have not agreed that their data leave the mainland."),
        fix=say("Ask for that consent separately, and record it among the conditions as cross-border."),
    )  # fmt: skip


def check_measured_opens(facts: ConsentFacts) -> Finding:
    """In France, measure who opens a letter only with consent to that measuring."""
    if not facts.opens_measured:
        return answer("CON-15", Outcome.PASS, say("Whether a letter is opened is not measured."))
    return _asked_for(
        facts, "CON-15", "FR", "tracking",
        nobody=say("Nobody on this list is in France."),
        short=say("{count} of {rows} rows in France have not agreed that their opening of letters is measured."),
        fix=say("Ask for that consent and record it among the conditions as tracking, or leave these people out."),
    )  # fmt: skip


def check_class(facts: ConsentFacts) -> Finding:
    """Say what class of letter it is, and keep promotion out of transactional ones."""
    fix = say("Call it marketing, which asks for consent, or take the promotion out of the letter.")
    if facts.kind not in CLASSES:
        return answer(
            "CON-16", Outcome.BLOCK, say("The letter has no class: marketing, subscribed, transactional."), fix
        )
    if facts.kind != "transactional":
        return answer("CON-16", Outcome.PASS, say("The letter has a class that asks for consent."))
    if facts.letter is None:
        return answer("CON-16", Outcome.UNKNOWN, say("There is no letter yet that could be judged."), fix)
    found = sorted({word.group().casefold() for word in _PROMOTION.finditer(facts.letter)})
    if not found:
        return answer("CON-16", Outcome.PASS, say("No words of promotion were found in this transactional letter."))
    message = say("This transactional letter reads like promotion: {words}.", words=", ".join(found[:5]))
    return answer("CON-16", Outcome.WARN, message, fix)


def _asked_for(
    facts: ConsentFacts, code: str, country: str, condition: str, *, nobody: Text, short: Text, fix: Text,
    letter: re.Pattern[str] | None = None,
) -> Finding:  # fmt: skip
    """Whether consent under the law of a country was given under, or covers, a condition."""
    if settled := nothing_to_judge(code, facts):
        return settled
    rows = mailed(facts)
    rows = rows[rows["consent_country"].eq(country)]
    lacking = rows[~covers(rows, condition)]
    if rows.empty:
        return answer(code, Outcome.PASS, nobody)
    counts = {"rows": len(rows), "count": len(lacking)}
    if lacking.empty:
        return answer(code, Outcome.PASS, say("All {rows} rows concerned have what the law asks for.", **counts))
    if letter and facts.letter and letter.search(facts.letter):
        return answer(code, Outcome.PASS, say("The letter itself tells {count} of {rows} rows what it must.", **counts))
    return answer(code, Outcome.WARN, Text(short.template, counts), fix, lacking)


def covers(rows: pd.DataFrame, condition: str) -> pd.Series:
    """Which rows have the condition recorded."""
    return each(rows["consent_conditions"], lambda cell: str(condition in cell.split())).eq("True")
