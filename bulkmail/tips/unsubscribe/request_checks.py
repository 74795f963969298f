"""What people asked of us: how long the oldest request waits, and whether anybody was mailed after leaving."""

from datetime import datetime, timedelta

from bulkmail import limits
from bulkmail.limits import GMAIL_GUIDELINES, YAHOO_PRACTICES
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.unsubscribe.facts import NOTHING_TO_DO, Requests, UnsubscribeFacts

SOURCES = {
    "UNS-08": f"{limits.UNSUBSCRIBE_HONOUR_HOURS.source}; {YAHOO_PRACTICES}; read 2026-11-23",
    "UNS-09": f"https://www.ofca.gov.hk/en/industry_focus/industry_focus/uemo/index.html; {GMAIL_GUIDELINES}; "
    "read 2026-11-23",
}


def clock(requests: Requests, now: datetime) -> timedelta | None:
    """How long the oldest request may have waited; None where none can wait. What the sending service has heard since
    we last asked it counts as waiting from then."""
    since = [moment for moment in (requests.oldest, requests.listens and requests.unheard_since) if moment]
    return now - min(since) if since else None


def is_overdue(requests: Requests, now: datetime) -> bool:
    """Whether nothing may be sent until the oldest request is honoured."""
    waited = clock(requests, now)
    return waited is not None and waited > timedelta(hours=limits.UNSUBSCRIBE_HONOUR_HOURS.value)


def check_requests_are_honoured(facts: UnsubscribeFacts) -> Finding:
    """Honour each request to stop at once, and within 48 hours at the latest; until then nothing is sent."""
    if facts.requests is None or facts.now is None:
        return _found("UNS-08", Outcome.UNKNOWN, say("Whether requests to stop wait here is not known."))
    asked, waited = facts.requests, clock(facts.requests, facts.now)
    fix = say("Decide on the requests on the page Unsubscribing, and let a worker run that reads SendGrid's lists.")
    if is_overdue(asked, facts.now) and waited:
        message = say(
            "The oldest request to stop may have waited for {hours:.0f} hours; {limit:.0f} are the limit.",
            hours=waited.total_seconds() / 3600, limit=limits.UNSUBSCRIBE_HONOUR_HOURS.value,
        )  # fmt: skip
        return _found("UNS-08", Outcome.BLOCK, message, fix)
    if asked.listens and asked.unheard_since is None:
        return _found("UNS-08", Outcome.UNKNOWN, say("The sending service's own lists have not been read yet."), fix)
    if asked.waiting:
        message = say("{count} requests to stop wait for somebody to decide.", count=asked.waiting)
        return _found("UNS-08", Outcome.WARN, message, fix)
    return _found("UNS-08", Outcome.PASS, say("No request to stop waits."))


def check_nobody_is_mailed_after_leaving(facts: UnsubscribeFacts) -> Finding:
    """Mail nobody who left before the letter did: who is suppressed is asked again as each batch leaves."""
    if facts.mailed is None or facts.mailed_after_leaving is None:
        return _found("UNS-09", Outcome.UNKNOWN, say("Letters of the last month are not known."))
    counts = {"count": facts.mailed_after_leaving, "letters": facts.mailed}
    if facts.mailed_after_leaving:
        message = say("{count} of {letters} letters of the last month went to people who had left.", **counts)
        fix = say("Find out how they were sent: by another system, or from a copy of the list.")
        return _found("UNS-09", Outcome.BLOCK, message, fix)
    message = say("Of {letters} letters of the last month none went to anybody who had left.", **counts)
    return _found("UNS-09", Outcome.PASS, message)


def _found(code: str, outcome: Outcome, message: Text, fix: Text = NOTHING_TO_DO) -> Finding:
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=SOURCES[code])


CHECKS = (check_requests_are_honoured, check_nobody_is_mailed_after_leaving)
