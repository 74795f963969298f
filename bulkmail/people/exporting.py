"""What is known of a person, to hand over: as JSON for programs and as text for people."""

import json
from collections.abc import Callable
from datetime import datetime

from bulkmail.model import Text, say
from bulkmail.people.known import KINDS, Known, Moment, called, in_words
from bulkmail.tips import consent

Translate = Callable[[Text], str]


def as_json(known: Known, at: datetime) -> str:
    """Everything as the text of one JSON document."""
    return json.dumps(document(known, at), ensure_ascii=False, indent=2)


def document(known: Known, at: datetime) -> dict[str, object]:
    """Everything for a program: words in English, details as they are kept."""
    return {
        "address": known.address,
        "person": known.person,
        "exported_at": at.isoformat(),
        "addresses": sorted(known.addresses),
        "not_to_be_mailed": [_moment(moment) for moment in known.held],
        "consent": [_plain(row) for row in known.standing.to_dict("records")],
        "last_campaign": known.why and {"campaign": known.why[0], "outcome": str(known.why[1])},
        "history": [_moment(moment) for moment in known.moments],
    }


def _plain(row: dict[str, object]) -> dict[str, str]:
    said = {name: str(value) for name, value in row.items() if name != "person"}
    return {name: value for name, value in said.items() if value not in ("", "NaT", "nan")}


def _moment(moment: Moment) -> dict[str, object]:
    at = moment.at and moment.at.isoformat()
    said = {"at": at, "kind": moment.kind, "what": str(moment.what), "where": moment.where}
    return said | {"details": dict(moment.details)}


def as_text(known: Known, at: datetime, t: Translate) -> str:
    """Everything as text that a person can read, in the language of `t`."""
    lines = [t(say("What we know about {address}", address=known.address)), t(say("As of {time}", time=_day(at))), ""]
    if known.held:
        lines += [t(say("Not to be mailed")), *(_line(moment, t) for moment in known.held), ""]
    lines += [t(say("Consent as it stands")), *(_standing(row, t) for row in known.standing.to_dict("records")), ""]
    if known.why:
        told = say("The last campaign, {campaign}: {outcome}", campaign=known.why[0], outcome=known.why[1])
        lines += [t(told), ""]
    lines += [t(say("In order of time"))]
    for moment in known.moments:
        lines += [_line(moment, t), *(_detail(*one, t) for one in moment.details.items())]
    return "\n".join(lines) + "\n"


def _standing(row: dict[str, object], t: Translate) -> str:
    purpose = row["purpose"] or t(say("All purposes"))
    return f"- {purpose}: {t(consent.in_words(consent.STATES, str(row['state'])))} ({_day(row['at'])})"


def _line(moment: Moment, t: Translate) -> str:
    where = f" · {moment.where}" if moment.where else ""
    return f"- {_day(moment.at)} · {t(KINDS[moment.kind])}: {t(moment.what)}{where}"


def _detail(name: str, value: str, t: Translate) -> str:
    return f"    {t(called(name))}: {t(in_words(name, value))}"


def _day(at: object) -> str:
    return "–" if at is None or str(at) == "NaT" else f"{at:%Y-%m-%d %H:%M} UTC"
