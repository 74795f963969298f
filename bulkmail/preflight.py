"""Preflight: the seven tips run over the facts of one campaign, the worst finding first."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from types import ModuleType

from bulkmail.limits import HOUSE, RULE_AGE_DAYS
from bulkmail.model import TIP_OF_CODE, Finding, Outcome, Text, say
from bulkmail.tips import addressing, cadence, clarity, consent, personalization, sender_requirements, unsubscribe

# In the order of the README, which is the order of `model.TIPS` and of the fields of PreflightFacts.
SEVEN_TIPS: tuple[ModuleType, ...] = (
    consent, addressing, unsubscribe, clarity, personalization, cadence, sender_requirements,
)  # fmt: skip
# What each tip is called where its findings are shown, and the page where they are mended.
NAMES: dict[int, tuple[Text, str]] = {
    1: (say("Consent"), "consent"),
    2: (say("Addresses"), "lists"),
    3: (say("Unsubscribing"), "message"),
    4: (say("Clarity"), "message"),
    5: (say("Personalization"), "message"),
    6: (say("Cadence"), "cadence"),
    7: (say("Sender requirements"), "sender"),
}
_READ_ON = re.compile(r"read (\d{4}-\d\d-\d\d)")
HARM = (Outcome.BLOCK, Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS)


@dataclass(frozen=True, kw_only=True)
class PreflightFacts:
    """What the seven tips judge: each field is what the CHECKS of that tip take, None where it is not known."""

    consent: object | None = None
    addressing: object | None = None
    unsubscribe: object | None = None
    clarity: object | None = None
    personalization: object | None = None
    cadence: object | None = None
    sender_requirements: object | None = None


def judge(facts: PreflightFacts) -> list[Finding]:
    """Return every finding of the seven tips: what blocks first, then unknown, warn and pass, each by code.

    A tip whose facts are missing is one UNKNOWN, never silence. A check that raises is a bug of ours: it surfaces.
    """
    return by_harm(finding for tip in SEVEN_TIPS for finding in _judge(tip, getattr(facts, _name(tip))))


def by_harm(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings in the order of harm (block, unknown, warn, pass), then of codes."""
    return sorted(findings, key=lambda finding: (HARM.index(finding.outcome), finding.code))


def blocks(findings: Iterable[Finding]) -> bool:
    """Return whether the campaign must not be sent as it is. UNKNOWN and WARN are for a person to accept."""
    return any(finding.outcome is Outcome.BLOCK for finding in findings)


def to_acknowledge(findings: Iterable[Finding]) -> list[str]:
    """Return the codes that want a person's word before the plan goes to people: what is warned of or not known, in the
    order of harm."""
    asked = (finding.code for finding in by_harm(findings) if finding.outcome in (Outcome.WARN, Outcome.UNKNOWN))
    return list(dict.fromkeys(asked))


def result(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Return what the tips said in brief, (code, outcome) in the order of codes: this is part of the plan's hash."""
    return sorted((finding.code, finding.outcome.value) for finding in findings)


def by_tip(findings: Iterable[Finding]) -> list[tuple[int, list[Finding]]]:
    """Return (number of the tip, its findings), the tips with the worst finding first, each worst first."""
    groups: dict[int, list[Finding]] = {}
    for finding in by_harm(findings):
        groups.setdefault(finding.tip, []).append(finding)
    return sorted(groups.items(), key=lambda group: (HARM.index(group[1][0].outcome), group[0]))


def read_again(source: str, today: date) -> Text | None:
    """Return how long ago the page of a rule was read, by the oldest day that its source names; None within the 180
    days allowed, and of a rule of the house."""
    days = max(((today - date.fromisoformat(day)).days for day in _READ_ON.findall(source)), default=0)
    return say("read {days} days ago: read it again", days=days) if days > RULE_AGE_DAYS.value else None


def source_of(source: str) -> Text:
    """Return the source of a rule as people read it: ours is called by its name, a page or a clause stays as it is."""
    return say("our own default") if source.startswith(HOUSE) else Text("{source}", {"source": source})


def as_json(findings: Iterable[Finding], translate: Callable[[Text], str]) -> list[dict[str, str | int]]:
    """Return the findings as plain values in the reader's language; `rows` is how many rows are concerned."""
    return [
        {
            "code": finding.code,
            "tip": finding.tip,
            "outcome": finding.outcome.value,
            "message": translate(finding.message),
            "fix": translate(finding.fix),
            "source": finding.source,
            "rows": finding.count or len(finding.rows),
        }
        for finding in findings
    ]


def _judge(tip: ModuleType, facts: object | None) -> list[Finding]:
    if facts is None:
        return [_not_judged(SEVEN_TIPS.index(tip) + 1)]
    return [check(facts) for check in tip.CHECKS]


def _not_judged(number: int) -> Finding:
    prefix = next(prefix for prefix, tip in TIP_OF_CODE.items() if tip == number)
    return Finding(
        code=f"{prefix}-00",
        outcome=Outcome.UNKNOWN,
        message=say("Tip {number} could not be judged: what it needs to know is missing.", number=number),
        fix=say("Complete the earlier steps (list, message, sender, time), then check again."),
        source=HOUSE,
    )


def _name(tip: ModuleType) -> str:
    return tip.__name__.rpartition(".")[2]
