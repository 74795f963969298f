"""Whether there is a record of consent, whether it holds, is for this purpose, and can be shown."""

from datetime import timedelta

import pandas as pd

from bulkmail import limits
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.consent.coverage import lacking
from bulkmail.tips.consent.facts import ConsentFacts, answer, mailed, nothing_to_judge, of_people
from bulkmail.tips.consent.folding import months_of
from bulkmail.tips.consent.words import COLUMN_UNNAMED


def check_record(facts: ConsentFacts) -> Finding:
    """Have a record of consent for everybody you write to; leave out the others until they agree."""
    if settled := nothing_to_judge("CON-01", facts):
        return settled
    people = of_people(facts)
    missing = people[people["consent_reason"].eq("no_consent")]
    if missing.empty:
        return answer("CON-01", Outcome.PASS, say("All {rows} rows have a record of consent.", rows=len(people)))
    counts = {"count": len(missing), "rows": len(people)}
    if len(missing) == len(people):
        fix = say("Tell which columns hold consent and its date, or attest how all these people agreed.")
        message = say("{count} of {rows} rows have no record of consent: nobody may be mailed.", **counts)
        return answer("CON-01", Outcome.BLOCK, message, fix, missing)
    fix = say("Add their consent to the list, or ask them for it outside this campaign; then prepare it again.")
    message = say("{count} of {rows} rows have no record of consent and are left out.", **counts)
    return answer("CON-01", Outcome.WARN, message, fix, missing)


def check_state(facts: ConsentFacts) -> Finding:
    """Write only to those whose last word is yes: asked, refused, withdrawn and expired all mean no."""
    if settled := nothing_to_judge("CON-02", facts):
        return settled
    people = of_people(facts)
    reason = people["consent_reason"]
    pending = people[reason.eq("consent_unconfirmed")]
    counts = {
        "given": int(reason.eq("").sum()),
        "rows": len(people),
        "against": int(reason.isin(["consent_refused", "consent_withdrawn"]).sum()),
        "pending": len(pending),
        "expired": int(reason.eq("consent_expired").sum()),
    }
    message = say(
        "{given} of {rows} rows have consent that holds today. Left out: {against} refused or withdrew, "
        "{pending} are not confirmed, {expired} expired.",
        **counts,
    )
    if not counts["given"]:
        return answer("CON-02", Outcome.BLOCK, message, say("Ask these people for consent before you write to them."))
    if counts["pending"]:
        fix = say("Ask those not confirmed to confirm, or correct what the list says of them.")
        return answer("CON-02", Outcome.WARN, message, fix, pending)
    return answer("CON-02", Outcome.PASS, message)


def check_complete(facts: ConsentFacts) -> Finding:
    """Record purpose, day, wording and origin of each consent, and write cells so that nobody has to guess at them."""
    settled = nothing_to_judge("CON-03", facts)
    if settled and ("consent_trouble" not in facts.table or facts.table["consent_trouble"].eq("").all()):
        return settled
    troubled = facts.table[facts.table["consent_trouble"].ne("")]
    if len(troubled):
        return answer("CON-03", Outcome.WARN, _unread(facts.table, troubled), _to_read(troubled), troubled)
    given = mailed(facts)
    lacks = lacking(given)[["purpose", "day", "wording", "origin"]].any(axis=1)
    records = say("{count} of {rows} records of consent name purpose, day, wording and origin.",
                  count=int((~lacks).sum()), rows=len(given))  # fmt: skip
    thin = given["consent_notice"].isin(list(facts.thin_notices))
    if not lacks.any() and not thin.any():
        return answer("CON-03", Outcome.PASS, records)
    if not lacks.any():
        return answer("CON-03", Outcome.WARN, *_thin(thin), given[thin])
    fix = say("Add columns with purpose, date, wording and source of each consent to the list.")
    return answer("CON-03", Outcome.WARN, records, fix, given[lacks])


def _thin(thin: pd.Series) -> tuple[Text, Text]:
    message = say(
        "{count} of {rows} records rest on a notice that does not say who is responsible, which data are kept, who "
        "else gets them, where and how long they rest, or how to withdraw.",
        count=int(thin.sum()), rows=len(thin),
    )  # fmt: skip
    return message, say("Keep the next version of the notice with all of these; the registry asks for them.")


def _unread(table: pd.DataFrame, troubled: pd.DataFrame) -> Text:
    counts = troubled["consent_trouble"].value_counts()
    return say(
        "Of {rows} rows, {values} have a consent value nobody can read (not mailed); of the dates, {dates} cannot be "
        "read, {ambiguous} can be read two ways (03/04) and {future} lie in the future (taken as no date).",
        rows=len(table),
        values=int(counts.get("unreadable_consent", 0)),
        dates=int(counts.get("unreadable_date", 0)),
        ambiguous=int(counts.get("ambiguous_date", 0)),
        future=int(counts.get("future_date", 0)),
    )


def _to_read(troubled: pd.DataFrame) -> Text:
    if troubled["consent_trouble"].eq("ambiguous_date").any():
        return say(
            "Say what comes first in dates such as 03/04/2026: on the Consent page, or in the campaign file under "
            '[audience] as dates = "day first" or "month first".'
        )
    return say("Write yes or no, and dates as 2026-03-25, in the rows named; then upload the list again.")


def check_purpose(facts: ConsentFacts) -> Finding:
    """Write only for the purpose people agreed to; a new purpose needs a new yes."""
    if not facts.purpose.strip() and facts.kind != "transactional":
        fix = say("Name one purpose, as people knew it when they agreed: newsletter, open day…")
        return answer("CON-09", Outcome.BLOCK, say("The campaign names no purpose, so no consent can be for it."), fix)
    if settled := nothing_to_judge("CON-09", facts):
        return settled
    people = of_people(facts)
    other = people[people["consent_reason"].eq("consent_other_purpose")]
    unnamed = people["consent_evidence"].eq(COLUMN_UNNAMED) & people["consent_reason"].eq("")
    counts = {"rows": len(people), "purpose": facts.purpose, "count": len(other), "unnamed": int(unnamed.sum())}
    if len(other):
        message = say("{count} of {rows} rows agreed to other purposes than {purpose} and are left out.", **counts)
        fix = say("Write to them for the purpose they agreed to, or ask them about this one first.")
        return answer("CON-09", Outcome.WARN, message, fix, other)
    message = say(
        "Nobody of {rows} rows agreed to another purpose only. The consent of {unnamed} rows names no purpose: "
        "it counts for {purpose}, and the record says so.",
        **counts,
    )
    return answer("CON-09", Outcome.PASS, message)


def check_evidence(facts: ConsentFacts) -> Finding:
    """Keep proof of each consent: the day, the wording people saw, and a record of their own act."""
    if settled := nothing_to_judge("CON-10", facts):
        return settled
    given = mailed(facts)
    if given.empty:
        fix = say("Settle CON-01 and CON-02 first, then check again.")
        return answer("CON-10", Outcome.UNKNOWN, say("There is no consent whose proof could be judged."), fix)
    lacks, noticed = lacking(given), given["consent_notice"].ne("")
    weak = lacks[["day", "own_record", "wording"]].any(axis=1) | ~noticed
    message = say(
        "Of {given} rows with consent, {undated} have no date, {vouched} rest on an attestation only, {unworded} do "
        "not name the wording that people saw, and {unkept} name one that the registry of notices does not hold.",
        given=len(given), undated=int(lacks["day"].sum()), vouched=int(lacks["own_record"].sum()),
        unworded=int(lacks["wording"].sum()), unkept=int((~noticed & ~lacks["wording"]).sum()),
    )  # fmt: skip
    if not weak.any():
        return answer("CON-10", Outcome.PASS, message)
    fix = say(
        "Add columns with the date and the wording of each consent, and keep that wording in the registry of notices; "
        "where they are lost, ask for consent again."
    )
    return answer("CON-10", Outcome.WARN, message, fix, given[weak])


def check_age(facts: ConsentFacts) -> Finding:
    """Ask again before consent grows old: after two years few people remember that they agreed."""
    if settled := nothing_to_judge("CON-17", facts):
        return settled
    people = of_people(facts)
    live = people["consent_reason"].eq("")
    soon = live & (people["consent_expires_at"] <= facts.now + timedelta(days=limits.CONSENT_WARN_DAYS.value))
    expired = people["consent_reason"].eq("consent_expired")
    if live.any() and people.loc[live, "consent_at"].isna().all():
        fix = say("Add a column with the date of each consent.")
        message = say("None of {rows} rows with consent has a date, so its age is not known.", rows=int(live.sum()))
        return answer("CON-17", Outcome.UNKNOWN, message, fix)
    message = say(
        "Of {rows} rows, {expired} have consent that has run out and are left out; that of {soon} more ends within "
        "{days} days. Consent lasts {months} months here unless a law or the wording says otherwise.",
        rows=len(people), expired=int(expired.sum()), soon=int(soon.sum()),
        months=months_of("", "", facts.validity), days=limits.CONSENT_WARN_DAYS.value,
    )  # fmt: skip
    if not (expired | soon).any():
        return answer("CON-17", Outcome.PASS, message)
    fix = say("Ask these people to confirm that they still want to hear from you.")
    return answer("CON-17", Outcome.WARN, message, fix, people[expired | soon])
