"""To whom: one reader a letter, in the reader's language, and looked at before it is approved."""

import re

from bulkmail import limits
from bulkmail.model import Finding, Outcome, say
from bulkmail.tips.personalization.facts import CHOOSE_LIST, HOUSE, NO_PEOPLE, PersonalizationFacts, finding


def check_sender_is_not_personalised(facts: PersonalizationFacts) -> Finding:
    """Put no recipient's name in From, and write to one recipient a letter."""
    source = f"{limits.GMAIL_GUIDELINES}, read 2026-11-23"
    fix = say("Give the sender's name and address as they are, without fields.")
    sender = facts.sender
    marked = [
        part for part in (sender.name, sender.address, sender.reply_to) if re.search(r"\{[{%#]|\*\||%%|\[\[", part)
    ]
    if marked:
        message = say("The sender holds {count} personal fields; From is the same for everybody.", count=len(marked))
        return finding("PER-05", Outcome.BLOCK, message, fix, source)
    message = say("The sender is the same for everybody, and each letter has one recipient.")
    return finding("PER-05", Outcome.PASS, message, fix, source)


def check_languages_are_known(facts: PersonalizationFacts) -> Finding:
    """Write to each in their language, their own first; whose language nobody knows reads both."""
    fix = say("Complete the language column of the list: zh-Hant or en.")
    if not facts.recipients:
        return finding("PER-06", Outcome.UNKNOWN, NO_PEOPLE, CHOOSE_LIST, HOUSE)
    unknown, count = facts.languages.get("", 0), facts.recipients
    if facts.language_rule in ("zh-Hant", "en"):
        others = sum(
            number for language, number in facts.languages.items() if language not in ("", facts.language_rule)
        )
        message = say("All read one language; {others} of {count} prefer another one.", others=others, count=count)
        return finding("PER-06", Outcome.WARN if others else Outcome.PASS, message, fix, HOUSE)
    message = say(
        "The language of {known} of {count} readers is known; the others read both.", known=count - unknown, count=count
    )
    return finding("PER-06", Outcome.PASS, message, fix, HOUSE)


def check_letters_were_looked_at(facts: PersonalizationFacts) -> Finding:
    """Look at some letters before you approve them, and at who gets them: a letter for nearly everybody interests few.

    Letters of each language, the longest, the emptiest, each branch. Fewer than AUDIENCE_LEAST people get no verdict on
    how many they are; nor does an audience of which nobody has counted the active list (`active` is None).
    """
    fix = say("Open them on the page Message; {count} are enough.", count=int(limits.LETTERS_LOOKED_AT.value))
    if not facts.recipients:
        return finding("PER-09", Outcome.UNKNOWN, NO_PEOPLE, CHOOSE_LIST, HOUSE)
    wanted = min(len(facts.telling), int(limits.LETTERS_LOOKED_AT.value))
    seen = len(set(facts.looked_at))
    message = say("{seen} letters of this text were looked at, of {wanted} that tell most.", seen=seen, wanted=wanted)
    if seen < wanted or not _is_nearly_everybody(facts):
        return finding("PER-09", Outcome.WARN if seen < wanted else Outcome.PASS, message, fix, HOUSE)
    message = say(
        "{count} of the {active} people who may be mailed for this purpose get this letter: more than {share} %.",
        count=facts.recipients, active=facts.active, share=int(100 * limits.AUDIENCE_SHARE.value),
    )  # fmt: skip
    fix = say("See whether all of them are meant; write to those whom it concerns, with a list of their own.")
    source = f"{limits.AUDIENCE_SHARE.source}, read {limits.AUDIENCE_SHARE.read_on}"
    return finding("PER-09", Outcome.WARN, message, fix, source)


def _is_nearly_everybody(facts: PersonalizationFacts) -> bool:
    if not facts.active or facts.recipients < limits.AUDIENCE_LEAST.value:
        return False
    return facts.recipients > limits.AUDIENCE_SHARE.value * facts.active


CHECKS = (
    check_sender_is_not_personalised,
    check_languages_are_known,
    check_letters_were_looked_at,
)
