"""The checks of tip 2: the quality of a list in, one finding out. The docstring of each is the advice shown."""

from dataclasses import replace

from bulkmail import limits
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.addressing.quality import Quality

_LENGTHS = "RFC 5321 section 4.5.3.1"
_EMAIL_VALIDATOR = "RFC 5321 section 4.1.2; https://github.com/JoshData/python-email-validator, read 2026-11-23"
_CORRECT = say("Download the rejected rows, correct them where the list comes from, and upload the list again.")


def _counted(code: str, quality: Quality, sign: str, message: Text, fix: Text, source: str) -> Finding:
    """PASS where no row has the sign, WARN where one has; {count} and {rows} of the message are filled in."""
    count = quality.counts[sign]
    return Finding(
        code=code,
        outcome=Outcome.WARN if count else Outcome.PASS,
        message=Text(message.template, {"count": count, "rows": quality.rows, **message.values}),
        fix=fix,
        source=source,
        rows=quality.where(sign),
        count=count,
    )


def check_syntax(quality: Quality) -> Finding:
    """Mail only what is written as an address; correct the rest at its source instead of guessing."""
    message = say("{count} of {rows} rows hold no well-formed address and are left out.")
    finding = _counted("ADR-01", quality, "malformed", message, _CORRECT, _EMAIL_VALIDATOR)
    return finding if quality.counts["usable"] else replace(finding, outcome=Outcome.BLOCK)


def check_characters(quality: Quality) -> Finding:
    """Look at addresses with characters that Yahoo refuses: they are seldom real."""
    message = say("{count} of {rows} addresses hold a character that Yahoo refuses.")
    source = "https://senders.yahooinc.com/smtp-error-codes/, read 2026-11-23"
    return _counted("ADR-01", quality, "refused_by_yahoo", message, _CORRECT, source)


def check_length(quality: Quality) -> Finding:
    """Keep to the lengths that mail servers accept: 64 octets before the @, 254 altogether."""
    message = say("{count} of {rows} addresses are longer than mail allows and are left out.")
    return _counted("ADR-02", quality, "too_long", message, _CORRECT, _LENGTHS)


def check_normal_form(quality: Quality) -> Finding:
    """Bring addresses into normal form before comparing them, and keep what the list said beside it."""
    message = say("{count} of {rows} addresses came with spaces, names or full-width signs and were made plain.")
    fix = say("Nothing needs to be done; the list keeps each address as it was written beside the plain one.")
    finding = _counted("ADR-03", quality, "made_plain", message, fix, "RFC 5891 section 5.2")
    return replace(finding, outcome=Outcome.PASS)


def check_repeats(quality: Quality) -> Finding:
    """Send one letter to a mailbox, however often and in whatever spelling it stands in the list."""
    message = say("{count} of {rows} rows repeat a mailbox that stands higher up; a mailbox gets one letter.")
    fix = say("Nothing needs to be done; of rows that may be mailed, the one with the best consent is kept.")
    source = "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors, read 2026-11-23"
    return _counted("ADR-03", quality, "repeated", message, fix, source)


def check_international(quality: Quality) -> Finding:
    """Ask for a second address where the part before the @ is not ASCII: few mail systems carry those."""
    message = say("{count} of {rows} addresses have letters before the @ that the sending path cannot carry.")
    source = "RFC 6531 section 3.2"
    return _counted("ADR-04", quality, "international", message, _CORRECT, source)


def check_domains(quality: Quality) -> Finding:
    """Ask DNS whether a domain can receive mail; only "no such name" and a Null MX are a no, silence is not."""
    unknown = quality.counts["domain_unknown"]
    message = say(
        "{count} of {rows} addresses are at domains that cannot receive mail; for {unknown} the answer is not known.",
        unknown=unknown,
    )
    fix = say("Correct or remove these addresses; where the answer is not known, check the list with DNS.")
    finding = _counted("ADR-05", quality, "cannot_receive", message, fix, "RFC 5321 section 5.1 and RFC 7505")
    return replace(finding, outcome=Outcome.UNKNOWN) if unknown and not finding.count else finding


def check_slips(quality: Quality) -> Finding:
    """Look at domains that resemble a well-known one (gmial.com); a suggestion is never applied by itself."""
    message = say("{count} of {rows} addresses have a domain that looks like a slip of a well-known one.")
    fix = say("Compare the suggestions with your records and correct the list where they are right.")
    return _counted("ADR-06", quality, "slip", message, fix, limits.HOUSE)


def check_disposable(quality: Quality) -> Finding:
    """Expect little from throw-away addresses: many of them at once say that a form is being abused."""
    message = say("{count} of {rows} addresses are at throw-away domains.")
    fix = say("Ask these people for an address they keep, or leave the rows out.")
    source = "https://pypi.org/project/disposable-email-domains/, read 2026-11-23"
    return _counted("ADR-07", quality, "disposable", message, fix, source)


def check_roles(quality: Quality) -> Finding:
    """Write to people: mailboxes of a function have many readers and seldom anybody's consent."""
    message = say("{count} of {rows} addresses belong to a function (info@, admissions@) and not to a person.")
    fix = say("Keep them only where the organisation itself agreed; abuse@ and the like are left out in any case.")
    return _counted("ADR-08", quality, "role", message, fix, "RFC 2142")


def check_reserved(quality: Quality) -> Finding:
    """Remove example and test addresses before a list is used: nobody is there."""
    message = say("{count} of {rows} addresses are at reserved or example domains and are left out.")
    return _counted("ADR-09", quality, "reserved", message, _CORRECT, "RFC 2606 and RFC 6761")


def check_names(quality: Quality) -> Finding:
    """Look at names that cannot be names before a letter greets anybody by them."""
    message = say("{count} of {rows} rows have a name that is hardly one: digits, an address, capitals only, a test.")
    fix = say("Correct the names where the list comes from, or write to these people without a name.")
    return _counted("ADR-18", quality, "no_name", message, fix, limits.HOUSE)


def check_several_addresses(quality: Quality) -> Finding:
    """Ask which address somebody reads where they stand in the list under several: each would get a letter."""
    message = say("{count} of {rows} rows seem to be of people who stand in the list under several addresses.")
    fix = say("Compare the rows and exclude those that are not wanted; nothing is merged by itself.")
    return _counted("ADR-19", quality, "several_addresses", message, fix, limits.HOUSE)


def check_import(quality: Quality) -> Finding:
    """Be wary of a list with many doubtful addresses or no dates of consent: it may be old or bought."""
    dated = quality.counts["dated"] > 0
    enough = quality.rows >= limits.IMPORT_ENOUGH_ROWS.value
    much = enough and quality.counts["doubtful"] > limits.IMPORT_DOUBTFUL_SHARE.value * quality.rows
    message = (
        say("{count} of {rows} addresses are doubtful.")
        if dated
        else say("No row says when its person agreed; {count} of {rows} addresses are doubtful.")
    )
    fix = say("Find out where the list comes from and when its people agreed, before it is used.")
    finding = _counted("ADR-17", quality, "doubtful", message, fix, limits.HOUSE)
    return replace(finding, outcome=Outcome.WARN if much or not dated else Outcome.PASS)


CHECKS = (
    check_syntax, check_characters, check_length, check_normal_form, check_repeats, check_international, check_domains,
    check_slips, check_disposable, check_roles, check_reserved, check_names, check_several_addresses, check_import,
)  # fmt: skip
