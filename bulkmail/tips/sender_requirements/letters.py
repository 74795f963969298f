"""The letter as it will be sent, parsed as a receiver parses it: RFC 5322, one-click headers, parts."""

import re
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage

from bulkmail.model import Finding, Text, say
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.findings import blocked, not_known, passed, warned

# RFC 5322 section 3.6: these may stand in a letter once; the first three must.
_ONCE = ("from", "date", "message-id", "subject", "to", "cc", "sender", "reply-to", "mime-version", "content-type",
         "list-unsubscribe", "list-unsubscribe-post", "list-id")  # fmt: skip
_NEEDED = ("from", "date", "message-id", "subject")
_LINE_OCTETS = 998  # RFC 5322 section 2.1.1
_URI = re.compile(r"<[^<>\s]+>")


def check_form(facts: SenderFacts) -> Finding:
    """Let the letter follow RFC 5322: one From, one Date, one Message-ID, headers once, no defect.

    Built as it will be sent, for several recipients, and read again as a receiver reads it. Gmail refuses letters with
    two From headers or a bad encoded word with 5.7.1.
    """
    if not facts.letters:
        message = say("No letter was built as it will be sent, so its form is not known.")
        return not_known("SND-15", message, say("Choose a list and write the letter, then check again."))
    faults = [fault for letter in facts.letters for fault in faults_of(letter)]
    seen = {"count": len(facts.letters), "what": faults[0] if faults else ""}
    if faults:
        message = say("Of {count} letters built as they will be sent, one is not as it must be: {what}", **seen)
        return blocked("SND-15", message, _MEND)
    return passed("SND-15", say("{count} letters built as they will be sent follow RFC 5322.", **seen))


_MEND = say("Write the letter without it; if nothing of yours explains it, report it.")


def faults_of(letter: bytes) -> list[Text]:
    """Return what a receiver may refuse in a letter."""
    parsed = message_from_bytes(letter, policy=policy.default)
    raw = _raw_headers(letter)
    counts = Counter(name for name, _ in raw)
    head = letter.partition(b"\r\n\r\n" if b"\r\n\r\n" in letter else b"\n\n")[0]
    faults = [say("no header {name}", name=name) for name in _NEEDED if not counts[name]]
    faults += [say("{count} headers {name}", count=counts[name], name=name) for name in _ONCE if counts[name] > 1]
    faults += [say("a line of the head is longer than {most} octets", most=_LINE_OCTETS)
               for line in head.splitlines() if len(line) > _LINE_OCTETS][:1]  # fmt: skip
    faults += [say("{name} cannot be read ({defect})", name=name, defect=type(defect).__name__)
               for name, value in parsed.items() for defect in value.defects]  # fmt: skip
    faults += [say("the letter cannot be read ({defect})", defect=type(defect).__name__)
               for part in parsed.walk() for defect in part.defects]  # fmt: skip
    return [*faults, *_list_faults(raw), *_part_faults(parsed)]


def _raw_headers(letter: bytes) -> list[tuple[str, str]]:
    """Return (name in lower case, value with its folds) of every header, undecoded."""
    parsed = message_from_bytes(letter, policy=policy.compat32)
    return [(name.lower(), str(value)) for name, value in parsed.raw_items()]


def _list_faults(raw: list[tuple[str, str]]) -> list[Text]:
    """Return what keeps a mailbox from showing its unsubscribe button: List-* encoded, or folded inside an address."""
    faults = []
    for name, value in raw:
        if not name.startswith("list-"):
            continue
        if "=?" in value:
            faults.append(say("{name} is encoded, and mailboxes then show no button", name=name))
        if any("\n" in inside for inside in re.findall(r"<[^>]*>", value)):
            faults.append(say("{name} is folded inside an address", name=name))
    named = dict(raw)
    left, post = named.get("list-unsubscribe", ""), named.get("list-unsubscribe-post", "")
    if left and not _URI.search(left):
        faults.append(say("{name} names no address", name="list-unsubscribe"))
    if post and post.strip() != "List-Unsubscribe=One-Click":
        faults.append(say("{name} is not as RFC 8058 has it", name="list-unsubscribe-post"))
    if post and "<https://" not in left and "<http://" not in left:
        faults.append(say("one-click without an address to post to"))
    return faults


def _part_faults(parsed: EmailMessage) -> list[Text]:
    kinds = [part.get_content_type() for part in parsed.walk() if not part.is_multipart()]
    if "text/html" in kinds and "text/plain" not in kinds:
        return [say("the letter has no plain-text part")]
    empty = [part for part in parsed.walk() if part.get_content_maintype() == "text" and not _content(part).strip()]
    return [say("a text part is empty")] if empty or not kinds else []


def _content(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):
        return ""


# RFC 3834 section 5.1 and RFC 5436 section 2.7.1
_AUTO_SUBMITTED = re.compile(r"(no|auto-generated|auto-replied|auto-notified)\s*(;.*)?", re.IGNORECASE | re.DOTALL)


def check_optional_headers(facts: SenderFacts) -> Finding:
    """Write Feedback-ID and Auto-Submitted in their form, where you use them; nobody asks for them.

    Feedback-ID has four parts, the last one 5 to 15 characters and the same for all your mail; no part may differ from
    letter to letter, or Gmail cannot count. Auto-Submitted keeps holiday notices from answering a notice.
    """
    if not facts.letters:
        message = say("No letter was built as it will be sent, so its headers are not known.")
        return not_known("SND-16", message, say("Choose a list and write the letter, then check again."))
    heads = [dict(_raw_headers(letter)) for letter in facts.letters]
    said = {head["auto-submitted"].strip() for head in heads if "auto-submitted" in head}
    wrong = sorted(word for word in said if not _AUTO_SUBMITTED.fullmatch(word))
    if wrong:
        message = say("Auto-Submitted says {words}, which mail programs do not know.", words=" | ".join(wrong))
        return warned("SND-16", message, say("Write auto-generated on notices, and leave it away elsewhere."))
    marks = {head["feedback-id"].strip() for head in heads if "feedback-id" in head}
    told = _auto_submitted_told(facts.kind, bool(said))
    if not marks:
        return passed("SND-16", say("The letter has no Feedback-ID; SendGrid adds its own. {told}", told=told))
    parts = [mark.split(":") for mark in marks]
    if len(marks) == 1 and len(parts[0]) == 4 and 5 <= len(parts[0][3]) <= 15:
        seen = {"mark": ":".join(parts[0]), "told": told}
        return passed("SND-16", say("Feedback-ID is in its form: {mark}. {told}", **seen))
    message = say("Feedback-ID is not in its form, or differs from letter to letter: {marks}", marks=" | ".join(marks))
    return warned("SND-16", message, say("Write it as campaign:customer:mailtype:sender, the same in every letter."))


def _auto_submitted_told(kind: str, said: bool) -> Text:
    if said:
        return say("Auto-Submitted tells that nobody wrote it by hand, so that no holiday notice answers.")
    if kind == "transactional":
        return say("It has no Auto-Submitted.")
    return say("Letters with List-Id need no Auto-Submitted.")
