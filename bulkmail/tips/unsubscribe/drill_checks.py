"""The way out as strangers meet it: scanners that look, and mail programs that press the button.

A drill sends a canary letter's link over the public address, asks what a scanner asks, then posts what a mail program
posts, and looks after each request whether the canary is suppressed. These checks read what it saw.
"""

from collections.abc import Sequence

from bulkmail.limits import GMAIL_GUIDELINES, YAHOO_PRACTICES
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.unsubscribe.facts import NOTHING_TO_DO, Drill, Step, UnsubscribeFacts

LOOKS, POSTS = ("head", "get"), ("post", "again", "multipart")
SOURCES = {
    "UNS-06": "RFC 8058 sections 3.1 and 3.2; https://support.google.com/a/answer/14229414; read 2026-11-23",
    "UNS-07": "RFC 8058 section 1, read 2026-11-23",
    "UNS-12": "Hong Kong Cap. 593 section 9, http://www.hklii.org/hk/legis/en/ord/593/s9.html, read 2026-11-23",
    "UNS-13": f"{YAHOO_PRACTICES}; https://support.google.com/a/answer/14229414; {GMAIL_GUIDELINES}; read 2026-11-23",
}


def _found(code: str, outcome: Outcome, message: Text, fix: Text = NOTHING_TO_DO) -> Finding:
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=SOURCES[code])


def _unknown(code: str, facts: UnsubscribeFacts) -> Finding:
    """The finding of a drill that met nobody."""
    fix = say("Start the application where BULKMAIL_PUBLIC_URL leads, then try the way out again.")
    if facts.drill is None:
        return _found(code, Outcome.UNKNOWN, say("The way out has not been tried yet."), fix)
    trouble = next((step.trouble for step in facts.drill.steps if step.status is None), "")
    message = say("Nobody answered at {url}: {trouble}.", url=facts.drill.url, trouble=TROUBLES.get(trouble, trouble))
    return _found(code, Outcome.UNKNOWN, message, fix)


TROUBLES = {
    "refused": say("nothing listens there"),
    "timeout": say("no answer in time"),
    "certificate": say("its certificate is not valid"),
    "unreachable": say("the address cannot be reached"),
    "": say("no answer"),
}


def _failing(facts: UnsubscribeFacts) -> Outcome:
    """What a failure is: nothing in rehearsal may depend on this machine's address."""
    return Outcome.WARN if facts.rehearsal else Outcome.BLOCK


def _bad_certificate(facts: UnsubscribeFacts) -> bool:
    return facts.drill is not None and any(step.trouble == "certificate" for step in facts.drill.steps)


def check_one_click_acts(facts: UnsubscribeFacts) -> Finding:
    """Honour a mail program's one click before you answer it: urlencoded or multipart, once or again, with a 2xx and
    without redirect, cookie or sign-in."""
    fix = say("Let requests to /u/ reach bulkmail as they are: without redirect, sign-in, cookies or a filter.")
    if _bad_certificate(facts):
        return _found("UNS-06", _failing(facts), say("Mail programs do not trust the certificate of the link."), fix)
    if facts.drill is None or not facts.drill.reached:
        return _unknown("UNS-06", facts)
    posts = facts.drill.of(*POSTS)
    wrong = [step for step in posts if not _acted(step)]
    if wrong:
        return _found("UNS-06", _failing(facts), _what_is_wrong(wrong[0], facts.drill), fix)
    message = say(
        "At {at} one click over {url} was honoured before its answer: {times} ms (urlencoded, repeated, multipart).",
        at=facts.drill.at, url=facts.drill.url, times=_milliseconds(posts),
    )  # fmt: skip
    return _found("UNS-06", Outcome.PASS, message)


def _acted(step: Step) -> bool:
    """Whether a post was answered as RFC 8058 asks, and had worked by then."""
    return step.status is not None and 200 <= step.status < 300 and step.suppressed and not (step.cookie or step.moved)


def _what_is_wrong(step: Step, drill: Drill) -> Text:
    if step.moved:
        return say("One click over {url} is answered by a redirect, which mail programs do not follow.", url=drill.url)
    if step.cookie:
        return say("One click over {url} is answered with a cookie.", url=drill.url)
    if step.status is not None and 200 <= step.status < 300:
        return say("One click over {url} is answered, but nobody is suppressed here.", url=drill.url)
    return say("One click over {url} is answered by {status}.", url=drill.url, status=step.status)


def _milliseconds(steps: Sequence[Step]) -> list[int]:
    return [round(step.seconds * 1000) for step in steps]


def check_looking_is_harmless(facts: UnsubscribeFacts) -> Finding:
    """Let nothing happen to whoever only opens the link: scanners of mailboxes follow every link of a letter."""
    if facts.drill is None or not facts.drill.reached:
        return _unknown("UNS-07", facts)
    looks = facts.drill.of(*LOOKS)
    fix = say("Let requests to /u/ reach bulkmail as they are: without redirect, sign-in, cookies or a filter.")
    if any(step.suppressed for step in looks):
        return _found("UNS-07", _failing(facts), say("Whoever only opens the link is unsubscribed by it."), fix)
    if any(step.status != 200 for step in looks):
        message = say("The link's page is answered by {status}.", status=[step.status for step in looks])
        return _found("UNS-07", _failing(facts), message, fix)
    message = say(
        "At {at} a scanner looked at the link twice over {url} ({times} ms) and stayed subscribed.",
        at=facts.drill.at, url=facts.drill.url, times=_milliseconds(looks),
    )  # fmt: skip
    return _found("UNS-07", Outcome.PASS, message)


def check_old_links_work(facts: UnsubscribeFacts) -> Finding:
    """Let the links of old letters work for ever: Hong Kong, Singapore and the United States ask for 30 days, Canada
    for 60, and people keep letters for years."""
    lost = sorted(set(range(1, max(facts.key_ids, default=0) + 1)) - set(facts.key_ids))
    if lost:
        message = say("The keys {keys} that signed links are gone: links of those letters no longer work.", keys=lost)
        return _found("UNS-12", Outcome.BLOCK, message, say("Restore the database from a backup that has them."))
    if facts.drill is None or not facts.drill.reached:
        return _unknown("UNS-12", facts)
    if not all(_acted(step) for step in facts.drill.of("multipart")):
        message = say("A link signed by the oldest key no longer works over {url}.", url=facts.drill.url)
        return _found("UNS-12", _failing(facts), message, say("Settle UNS-06 first."))
    message = say(
        "Links never expire: one signed by the oldest of {count} keys was honoured.", count=len(facts.key_ids)
    )
    return _found("UNS-12", Outcome.PASS, message)


def check_nothing_is_asked(facts: UnsubscribeFacts) -> Finding:
    """Ask nothing of who leaves: no sign-in, no fee, no survey, one page; and offer to stop everything there."""
    if facts.drill is None or not facts.drill.reached:
        return _unknown("UNS-13", facts)
    fix = say("Let the page of bulkmail stand as it is; whatever stands before it must ask nothing.")
    if facts.drill.asks:
        message = say("The page asks for {count} things before anybody may leave.", count=facts.drill.asks)
        return _found("UNS-13", _failing(facts), message, fix)
    if not facts.drill.offers_everything:
        return _found("UNS-13", _failing(facts), say("The page does not offer to stop everything."), fix)
    return _found("UNS-13", Outcome.PASS, say("The page asks nothing and also offers to stop everything."))


CHECKS = (check_one_click_acts, check_looking_is_harmless, check_old_links_work, check_nothing_is_asked)
