"""How consent was collected, and how its withdrawal is kept."""

from collections.abc import Callable

import pandas as pd

from bulkmail import limits
from bulkmail.model import BY_THE_PERSON, Finding, Outcome, say
from bulkmail.tips.consent.facts import ConsentFacts, answer, mailed, nothing_to_judge, of_people
from bulkmail.tips.consent.law import covers
from bulkmail.tips.consent.rows import meets
from bulkmail.tips.consent.words import LIVE, PRESUMED, cells, each, is_bought, method_of


def check_soft_opt_in(facts: ConsentFacts) -> Finding:
    """Use a soft opt-in only for people who gave their address in a sale, for similar things, with a way to refuse."""
    if settled := nothing_to_judge("CON-05", facts):
        return settled
    soft = _live(facts, lambda rows: rows["consent_basis"].eq("soft_opt_in"))
    if soft.empty:
        return answer("CON-05", Outcome.PASS, say("Nobody on this list rests on a soft opt-in."))
    short = soft[~meets(soft)]
    counts = {"rows": len(soft), "count": len(short)}
    if short.empty:
        return answer("CON-05", Outcome.PASS, say("All {rows} soft opt-ins have the conditions they need.", **counts))
    message = say("{count} of {rows} soft opt-ins lack a condition they need and are left out.", **counts)
    fix = say(
        "Name in a column of conditions what holds of each: sale, similar products, refusal offered. Else ask for "
        "consent."
    )
    return answer("CON-05", Outcome.WARN, message, fix, short)


def check_affirmative(facts: ConsentFacts) -> Finding:
    """Count only what people did themselves: a box that was ticked already, or consent tied to terms, is none."""
    if settled := nothing_to_judge("CON-06", facts):
        return settled
    live = _live(facts, lambda rows: rows["person"].ne(""))
    presumed = live[live["consent_method"].isin(PRESUMED)]
    told = ~live["consent_method"].isin(["import", "attestation", ""]) | live["consent_evidence"].isin(BY_THE_PERSON)
    counts = {"rows": len(live), "count": len(presumed), "told": int(told.sum())}
    if len(presumed):
        message = say(
            "{count} of {rows} consents were presumed from a ticked box or tied to terms, and left out.", **counts
        )
        return answer("CON-06", Outcome.WARN, message, say("Ask these people, with a box that they tick."), presumed)
    if not told.any():
        message = say("Nothing says how the consent of {rows} rows was collected.", **counts)
        return answer("CON-06", Outcome.UNKNOWN, message, say("Add a column that says how: web form, paper, phone."))
    message = say("{told} of {rows} consents say how they were collected, and none was presumed.", **counts)
    return answer("CON-06", Outcome.PASS, message)


def check_origin(facts: ConsentFacts) -> Finding:
    """Never mail bought, rented, appended or harvested addresses; know where each one comes from."""
    sources = cells(facts.table, "consent_source").str.strip()
    bought = facts.table[each(sources, lambda cell: "bought" if is_bought(cell) else "").eq("bought")]
    fix = say("Take these rows out of the list and keep only people who gave you their address themselves.")
    if facts.attestation and is_bought(facts.attestation.source):
        return answer("CON-07", Outcome.BLOCK, say("The attestation names a bought or harvested source."), fix)
    counts = {"rows": len(facts.table), "named": int(sources.ne("").sum()), "count": len(bought)}
    if len(bought):
        message = say("{count} of {rows} rows come from a bought or harvested source.", **counts)
        return answer("CON-07", Outcome.BLOCK, message, fix, bought)
    if facts.attestation and facts.attestation.source.strip():
        message = say("The attestation names where the addresses come from, and it was not bought or harvested.")
        return answer("CON-07", Outcome.PASS, message)
    if not counts["named"]:
        ask = say("Add a column with the source of each address, or name it in an attestation.")
        return answer(
            "CON-07", Outcome.UNKNOWN, say("Nothing says where the addresses of {rows} rows come from.", **counts), ask
        )
    message = say("{named} of {rows} rows name their source, and none was bought or harvested.", **counts)
    return answer("CON-07", Outcome.PASS, message)


def check_confirmed(facts: ConsentFacts) -> Finding:
    """Have people who sign up on the web confirm by a link: else anybody can sign up anybody."""
    if settled := nothing_to_judge("CON-08", facts):
        return settled
    given = mailed(facts)
    from_web = given["consent_method"].eq("web_form") | each(given["consent_origin"], method_of).eq("web_form")
    web = given[from_web]
    if web.empty:
        return answer("CON-08", Outcome.PASS, say("Nobody on this list signed up through a form on the web."))
    confirmed = web["consent_evidence"].eq("link") | web["consent_state"].eq("reconfirmed") | covers(web, "confirmed")
    counts = {"rows": len(web), "count": int((~confirmed).sum())}
    if confirmed.all():
        return answer("CON-08", Outcome.PASS, say("All {rows} sign-ups on the web were confirmed.", **counts))
    message = say("{count} of {rows} sign-ups on the web were never confirmed by a link in a letter.", **counts)
    fix = say("Use the sign-up page, which asks to confirm; write “confirmed” among the conditions of those who have.")
    return answer("CON-08", Outcome.WARN, message, fix, web[~confirmed])


def check_kept(facts: ConsentFacts) -> Finding:
    """Keep every withdrawal for good, in a ledger that shows when somebody has tampered with it."""
    ledger, years = facts.ledger, int(limits.UNSUBSCRIBE_KEPT_YEARS.value)
    if ledger is None or ledger.sound is None:
        fix = say("Run bulkmail verify, which looks at every event.")
        return answer("CON-11", Outcome.UNKNOWN, say("The ledger of consent was not looked at."), fix)
    if not ledger.sound:
        fix = say("Run bulkmail verify to see where, and restore the database from a backup.")
        message = say("The ledger of consent is not as it was recorded: a withdrawal may be missing.")
        return answer("CON-11", Outcome.BLOCK, message, fix)
    message = say(
        "{count} refusals and withdrawals are kept for good; the law asks for {years} years. Nothing is missing from "
        "the ledger, and its newest events are as they were recorded.",
        count=ledger.noes, years=years,
    )  # fmt: skip
    return answer("CON-11", Outcome.PASS, message)


def _live(facts: ConsentFacts, wanted: Callable[[pd.DataFrame], pd.Series]) -> pd.DataFrame:
    rows = of_people(facts)
    return rows[rows["consent_state"].isin(LIVE) & wanted(rows)]
