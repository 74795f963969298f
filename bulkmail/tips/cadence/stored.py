"""The organisation's rules as a document that can be kept, and what keeps a document from being rules."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date
from zoneinfo import available_timezones

import holidays

from bulkmail import limits
from bulkmail.errors import InputError
from bulkmail.tips.cadence.days import HOUSE_RULES, Cap, Rules, Trial

LONGEST_WINDOW = 30  # days: further back nobody looks who asks how often a person was mailed


def document_of(rules: Rules) -> dict[str, object]:
    """Return the rules as JSON can hold them."""
    document = asdict(rules)
    document["blackouts"] = [[first.isoformat(), last.isoformat()] for first, last in rules.blackouts]
    return document


def rules_of(document: Mapping[str, object] | None) -> Rules:
    """Return the rules kept as this document; the house's where there is none, and for what it does not say."""
    if document is None:
        return HOUSE_RULES
    known = {field.name: document[field.name] for field in fields(Rules) if field.name in document}
    made = {
        "caps": lambda caps: tuple(Cap(**cap) for cap in caps),
        "holidays": tuple,
        "blackouts": lambda days: tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in days),
        "trial": lambda trial: trial and Trial(**trial),
    }
    return Rules(**{name: made[name](value) if name in made else value for name, value in known.items()})


def check_rules(rules: Rules) -> None:
    """Raise InputError, in words for a person, where something in the rules cannot be kept to."""
    if not rules.caps:
        raise InputError("There is no cap. Write at least one: so many letters in so many days.")
    if any(not (cap.letters >= 1 and 1 <= cap.days <= LONGEST_WINDOW) for cap in rules.caps):
        raise InputError("A cap is at least 1 letter, in 1 to {days} days.", days=LONGEST_WINDOW)
    if rules.gap_hours < 0 or rules.gap_hours > LONGEST_WINDOW * 24:
        raise InputError("The gap between two letters is from 0 to {hours} hours.", hours=LONGEST_WINDOW * 24)
    if not 0 <= rules.quiet_until < rules.quiet_from <= 24:
        raise InputError("Letters leave from an earlier to a later hour of the same day, such as 8 to 21.")
    if rules.timezone not in available_timezones():
        raise InputError("{zone} is no time zone. Write one such as Asia/Macau.", zone=rules.timezone)
    if unknown := [place for place in rules.holidays if place not in holidays.list_supported_countries()]:
        raise InputError("The public holidays of {places} are not known here.", places=", ".join(unknown))
    if any(first > last for first, last in rules.blackouts):
        raise InputError("A blackout begins before it ends.")
    if rules.first_day < 1 or not 1 < rules.step <= limits.RAMP_FACTOR.value:
        raise InputError(
            "A warm-up begins with at least 1 letter and grows by more than 1, at most {most} times a day.",
            most=limits.RAMP_FACTOR.value,
        )
    if rules.trial and not (0 < rules.trial.share <= 0.5 and rules.trial.letters >= 1):
        raise InputError("A trial holds more than 0 and at most half of people, to at least 1 letter in 7 days.")
