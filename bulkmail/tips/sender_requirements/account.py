"""The SendGrid account, as it answers read-only calls: may it send in this name, and does it change letters?

What a key has no right to ask (401, 403) is unknown, and no fault.
"""

from bulkmail.facts import AccountFacts, AuthenticatedDomain, EventWebhook
from bulkmail.model import Finding, Text, say
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import blocked, not_known, passed, warned

# Rights that let whoever has the key take the account away, or read other people's mail; sending needs none of them.
TOO_WIDE = ("api_keys.create", "billing.update", "subusers.create", "teammates.create", "user.email.update",
            "user.password.update")  # fmt: skip
# The kinds of events that results, suppressions and the stop on evidence live on.
EVENTS = frozenset({"bounce", "deferred", "delivered", "dropped", "spam_report", "processed"})
WEBHOOK_PATH = "/webhooks/sendgrid"
METHOD_NOT_ALLOWED = 405  # events are posted; whoever gets is told so (RFC 9110 section 15.5.6)
_REASONS = {
    "not_asked": say("there is no account to ask in rehearsal"),
    "no_right": say("the key has no right to ask"),
    "unreachable": say("SendGrid did not answer"),
    "unreadable": say("the answer could not be read"),
}


def _silent(code: str, account: AccountFacts, field: str) -> Finding:
    """Return that the account did not say."""
    trouble = account.troubles.get(field, "not_asked")
    message = say("The SendGrid account was not asked, or did not say ({why}).", why=_REASONS[trouble])
    fix = {
        "not_asked": say("Check again with the key set, before the first real letter."),
        "no_right": say("Give the key the right to read this, or look at it in the account."),
    }.get(trouble, say("Check again later."))
    return not_known(code, message, fix)


def _blocked(code: str, account: AccountFacts, message: Text, fix: Text) -> Finding:
    """Return a block; but of a stand-in, which is no account, that this is not known of the real one."""
    finding = not_known if account.stand_in else blocked
    return finding(code, _told(account, message), fix)


def _told(account: AccountFacts, message: Text) -> Text:
    """Return the message, marked where a stand-in speaks."""
    return say("{message} (Said by the stand-in on this machine.)", message=message) if account.stand_in else message


def check_rights(facts: SenderFacts) -> Finding:
    """Use a key that may send and read what preflight reads, and little more.

    A key that may make other keys or users is the account itself, for whoever finds it.
    """
    account = facts.account
    if account.scopes is None:
        return _silent("SND-23", account, "scopes")
    if "mail.send" not in account.scopes:
        message = say("The key may not send mail (scope mail.send).")
        return _blocked(
            "SND-23", account, message, say("Make a key with Mail Send, Full Access, and set SENDGRID_API_KEY.")
        )
    wide = sorted(account.scopes & set(TOO_WIDE))
    if wide:
        message = _told(account, say("The key may do far more than send: {scopes}", scopes=", ".join(wide)))
        return warned("SND-23", message, say("Make a key with restricted access: Mail Send, and Read for the rest."))
    return passed("SND-23", _told(account, say("The key may send, and has {count} rights.", count=len(account.scopes))))


def check_domain_authentication(facts: SenderFacts) -> Finding:
    """Authenticate the From domain in SendGrid: it then signs in that name, and the return path is below it."""
    account, domain = facts.account, facts.dns.domain
    if account.domains is None:
        return _silent("SND-24", account, "domains")
    known = authenticated(account, domain)
    fix = say("In SendGrid open Settings, Sender Authentication, and authenticate {domain}.", domain=domain)
    if known is None:
        message = say(
            "The account has not authenticated {domain}: letters would be signed in another name.", domain=domain
        )
        return _blocked("SND-24", account, message, fix)
    seen = {"domain": known.domain, "names": ", ".join(known.invalid) or known.domain, "envelope": known.envelope}
    if not known.valid:
        message = say("SendGrid finds the records of {domain} wrong or missing: {names}", **seen)
        return blocked(
            "SND-24", _told(account, message), say("Publish them as SendGrid shows them, then press Verify.")
        )
    message = say("SendGrid has authenticated {domain}; its return path is {envelope}.", **seen)
    return passed("SND-24", _told(account, message))


def authenticated(account: AccountFacts, domain: str) -> AuthenticatedDomain | None:
    """Return the authenticated domain that signs for a From domain: a valid one first, then the nearest."""
    fitting = [known for known in account.domains or () if f".{domain}".endswith(f".{known.domain}")]
    return max(fitting, key=lambda known: (known.valid, len(known.domain)), default=None)


def check_link_branding(facts: SenderFacts) -> Finding:
    """Brand the links that SendGrid counts: on its shared host they share the fate of strangers' letters.

    Reputation of hosts in letters is judged as that of senders, and a link that says one name and leads over another
    looks like phishing.
    """
    account, domain = facts.account, facts.dns.domain
    if account.links is None:
        return _silent("SND-25", account, "links")
    if account.tracking is not None and not account.tracking.get("click", False):
        return passed("SND-25", _told(account, say("Clicks are not counted, so links stay as they are written.")))
    fitting = [link for link in account.links if f".{domain}".endswith(f".{link.domain}")]
    fix = say("In SendGrid open Settings, Sender Authentication, Link Branding, for {domain}.", domain=domain)
    if not fitting:
        message = say("Counted links lead over SendGrid's shared host, not one of {domain}.", domain=domain)
        return warned("SND-25", _told(account, message), fix)
    hosts = ", ".join(link.host for link in fitting)
    if not any(link.valid for link in fitting):
        message = say("SendGrid finds the record of {hosts} wrong or missing.", hosts=hosts)
        return warned("SND-25", _told(account, message), fix)
    return passed("SND-25", _told(account, say("Counted links lead over {hosts}.", hosts=hosts)))


def check_tracking(facts: SenderFacts) -> Finding:
    """Turn off SendGrid's own unsubscribe link and its additions to addresses: the letter has its own way out.

    Subscription tracking adds a second List-Unsubscribe and a second footer, and what is unsubscribed there comes back
    as an event only. Every letter of bulkmail turns it off for itself; an account without it is safer still.
    """
    account = facts.account
    if account.tracking is None:
        return _silent("SND-26", account, "tracking")
    on = [name for name, enabled in account.tracking.items() if enabled]
    if "subscription" in on:
        message = say("Subscription tracking is on in the account: it would add a second way to unsubscribe.")
        fix = say("In SendGrid open Settings, Tracking, and turn Subscription Tracking off.")
        return warned("SND-26", _told(account, message), fix)
    if "google_analytics" in on:
        message = say("The account adds parameters for Google Analytics to every link.")
        return warned("SND-26", _told(account, message), say("In SendGrid open Settings, Tracking, and turn it off."))
    told = say("The account adds nothing of its own: {names}", names=", ".join(sorted(on)) or "–")
    return passed("SND-26", _told(account, told))


def check_credits(facts: SenderFacts) -> Finding:
    """Have a credit for every letter: SendGrid answers the rest with "Maximum credits exceeded", half-way through."""
    account = facts.account
    if account.credits_left is None:
        return _silent("SND-27", account, "credits")
    seen = {"left": account.credits_left, "letters": facts.recipients, "day": account.credits_reset or "?"}
    if account.credits_left < facts.recipients:
        message = say("The account has {left} credits left for {letters} letters (until {day}).", **seen)
        return _blocked("SND-27", account, message, say("Raise the plan, or send the rest after that day."))
    return passed("SND-27", _told(account, say("The account has {left} credits for {letters} letters.", **seen)))


def check_mail_settings(facts: SenderFacts) -> Finding:
    """Leave the account's own suppressions in force, and let it add no footer.

    Bounce purge forgets who bounced, so that they are mailed again; an address whitelist delivers to people who have
    unsubscribed; a footer of the account stands in every letter beside your own.
    """
    account, words = facts.account, _SETTINGS
    if account.mail_settings is None:
        return _silent("SND-28", account, "mail_settings")
    on = [name for name, enabled in account.mail_settings.items() if enabled and name in words]
    if on:
        message = say("On in the account: {what}", what=words[on[0]])
        return warned(
            "SND-28", _told(account, message), say("In SendGrid open Settings, Mail Settings, and turn it off.")
        )
    return passed("SND-28", _told(account, say("No mail setting of the account changes letters or forgets bounces.")))


_OFF = say("In SendGrid open Settings, Mail Settings, and turn it off.")
_SETTINGS = {
    "address_whitelist": say("an address whitelist, which delivers to people who have unsubscribed"),
    "bounce_purge": say("bounce purge, which forgets who bounced"),
    "footer": say("a footer, which stands in every letter beside your own"),
    "template": say("a template that is laid around every letter"),
}


# ---------------------------------------------------------------- the events that come back


def check_events(facts: SenderFacts) -> Finding:
    """Have SendGrid post its events here, signed: they end doubt, suppress who bounced, and stop a campaign.

    Reachable is what our public address itself answers (as bulkmail: healthy, and 405 to whoever only looks at where
    events are posted), and later that events came: each accepted letter has at least one.
    """
    account, ours = facts.account, facts.public_url.rstrip("/") + WEBHOOK_PATH
    if account.webhooks is None:
        return _silent("SND-21", account, "webhooks")
    hook = next((each for each in account.webhooks if each.enabled and each.url.rstrip("/") == ours), None)
    fault = _webhook_fault(facts, hook)
    fix = say(
        "In SendGrid open Settings, Mail Settings, Event Webhooks: {url}, every delivery event, signed.", url=ours
    )
    if fault:
        return _blocked("SND-21", account, fault, fix)
    missing = sorted(EVENTS - hook.events)
    if missing:
        message = say("SendGrid does not post these events: {names}", names=", ".join(missing))
        return warned("SND-21", _told(account, message), fix)
    return _at_the_door(facts) or _heard(facts)


def _webhook_fault(facts: SenderFacts, hook: EventWebhook | None) -> Text | None:
    if hook is None:
        return say("No event webhook of the account posts to this workspace.")
    if not hook.public_key:
        return say("The event webhook is not signed, and unsigned events are refused.")
    if not facts.account.stand_in and not facts.public_url.startswith("https://"):
        return say("SendGrid cannot reach {url}: it wants https.", url=facts.public_url)
    if facts.webhook_key and facts.webhook_key != hook.public_key:
        return say("The event webhook is signed with another key than SENDGRID_WEBHOOK_KEY.")
    if not facts.webhook_key and not facts.account.stand_in:
        return say("SENDGRID_WEBHOOK_KEY is not set, so every event is refused.")
    return None


def _at_the_door(facts: SenderFacts) -> Finding | None:
    """Return what keeps events out, or that this cannot be told: nobody answers from here, and none came so far."""
    door, seen = facts.door, {"url": facts.public_url}
    if door is not None and None not in (door.health, door.events):
        if (door.health, door.events) == (200, METHOD_NOT_ALLOWED):
            return None
        statuses = {"health": door.health, "events": door.events}
        message = say(
            "{url} does not answer as bulkmail does: {health} for /healthz, {events} for events.", **seen, **statuses
        )
        fix = say("Let requests to /healthz and /webhooks/ reach bulkmail as they are: without redirect or sign-in.")
        return _blocked("SND-21", facts.account, message, fix)
    if facts.watch is not None and facts.watch.heard:
        return None
    why = _UNREACHED.get(door.trouble if door else "", say("no answer"))
    message = say("Whether events reach {url} is not known: asked from here, {why}.", why=why, **seen)
    fix = say("Start the application where BULKMAIL_PUBLIC_URL leads, and check again.")
    return not_known("SND-21", _told(facts.account, message), fix)


_UNREACHED = {
    "refused": say("nothing listens there"),
    "timeout": say("no answer in time"),
    "certificate": say("its certificate is not valid"),
    "unreachable": say("the address cannot be reached"),
}


def _heard(facts: SenderFacts) -> Finding:
    watch = facts.watch
    if watch is None or not watch.accepted:
        message = say("The event webhook is set, signed and reachable; what arrives is seen after the first letters.")
        return passed("SND-21", _told(facts.account, message))
    seen = {"heard": watch.heard, "accepted": watch.accepted}
    message = say("Events came for {heard} of {accepted} letters of the last 30 days.", **seen)
    if watch.heard < watch.accepted:
        return warned("SND-21", message, say("Look at Settings, Mail Settings, Event Webhooks, for failed posts."))
    return passed("SND-21", message)
