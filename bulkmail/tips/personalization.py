"""Tip 5: personalise. Every letter is complete, safe for its reader, and tells nobody what is not theirs to know."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from bulkmail import limits
from bulkmail.model import Finding, Outcome, Sender, Text, say

# What can be wrong with one letter; the `problem` column of a table of failures.
PROBLEMS = ("undefined", "leftover", "empty", "too_long", "control", "broken", "leak", "mention", "stray", "sensitive")
FAILURE_COLUMNS = ("source_row", "variant", "part", "problem", "detail")
# Each way of each condition and loop of a letter: how many letters take it, and the first row that does (0: nobody).
BRANCH_COLUMNS = ("variant", "condition", "way", "letters", "source_row")

_UNRESOLVED = "https://github.com/apache/spamassassin/blob/trunk/rules/20_body_tests.cf, read 2026-11-23"
_HOUSE = "house default, read 2026-11-23"
_EXAMPLE = "{{ name | default('friend') }}"
_NO_PEOPLE = say("No letter was written yet: there is no list to write to.")
_CHOOSE_LIST = say("Choose a list; every letter is then written and looked at.")

# Where escaping protects nobody: a value there can be code, a style, or lead the reader to a host of its choice.
_UNSAFE_PLACES = ("script", "style", "link_host", "event")
_EXPOSED_PLACES = ("subject", "preheader", "link", "link_host", "alt")
# Words in names of fields that hold what others must not see over a shoulder, in a log or in a list of subjects.
_SENSITIVE = re.compile(
    r"(?<![a-z])(?:passw|pwd|pin(?![a-z])|passport|birth|dob(?![a-z])|grade|gpa|score|health|medical|diagnos|disab|"
    r"salary|bank|iban|student_?(?:no|num|id)|id_?(?:card|no|num)|hkid|bir(?![a-z])|nif(?![a-z])|tax_?(?:no|num|id)|"
    r"religio|ethnic|senha|nascimento|passaporte|saude|saúde)|密碼|密码|護照|护照|出生|生日|成績|成绩|分數|分数|健康|病|"
    r"殘障|残障|薪|銀行|银行|學號|学号|學生編號|学生编号|學生證|学生证|身份證|身份证|身分證|證件|证件|稅務|税务|宗教",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class FieldUse:
    """Where the letters use a field: `places` of subject, preheader, html, text, alt, link, link_host, style, script,
    event (an attribute such as onclick); `has_fallback` says that each use has words for an empty cell."""

    field: str
    places: tuple[str, ...]
    has_fallback: bool


@dataclass(frozen=True, kw_only=True)
class PersonalizationFacts:
    """What tip 5 judges. `fill` is the share of `recipients` whose cell is not empty, for fields that the list has;
    `empty_rows` are the source rows of the others; `failures` has FAILURE_COLUMNS, source row 0 = in every letter."""

    sender: Sender
    uses: Mapping[str, FieldUse]
    recipients: int
    fill: Mapping[str, float] = field(default_factory=dict)
    empty_rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    failures: pd.DataFrame | None = None
    branches: pd.DataFrame | None = None
    html_bytes: pd.Series | None = None


def _finding(code: str, outcome: Outcome, message: Text, fix: Text, source: str, rows: tuple[int, ...] = ()) -> Finding:
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=source, rows=rows)


def _failures(facts: PersonalizationFacts, *problems: str) -> pd.DataFrame:
    if facts.failures is None:
        return pd.DataFrame(columns=list(FAILURE_COLUMNS))
    return facts.failures[facts.failures["problem"].isin(problems)]


def _rows(failures: pd.DataFrame) -> tuple[int, ...]:
    return tuple(int(row) for row in sorted(failures["source_row"].unique()) if row)


def _affected(failures: pd.DataFrame, recipients: int) -> int:
    return recipients if (failures["source_row"] == 0).any() else failures["source_row"].nunique()


def _names(values: pd.Series | list[str]) -> str:
    return ", ".join(sorted({str(value) for value in values}))


def check_every_letter_is_complete(facts: PersonalizationFacts) -> Finding:
    """Send no letter with a field left unfilled: {{ name }}, None or nan tell a reader that nobody looked."""
    fix = say("Correct the field's name, give it a fallback such as {example}, or complete the list.", example=_EXAMPLE)
    if not facts.recipients or facts.failures is None:
        return _finding("PER-01", Outcome.UNKNOWN, _NO_PEOPLE, _CHOOSE_LIST, _UNRESOLVED)
    broken = _failures(facts, "undefined", "leftover", "too_long")
    if broken.empty:
        message = say("All {count} letters were written in full.", count=facts.recipients)
        return _finding("PER-01", Outcome.PASS, message, fix, _UNRESOLVED)
    message = say(
        "{bad} of {count} letters are not complete or too long: {details}.",
        bad=_affected(broken, facts.recipients), count=facts.recipients, details=_names(broken["detail"]),
    )  # fmt: skip
    return _finding("PER-01", Outcome.BLOCK, message, fix, _UNRESOLVED, _rows(broken))


def check_fields_have_fallbacks(facts: PersonalizationFacts) -> Finding:
    """Write what a letter says when a cell is empty: “Dear ,” is worse than “Dear student,”."""
    fix = say("Write a fallback, such as {example}, or complete the list.", example=_EXAMPLE)
    if not facts.recipients:
        return _finding("PER-02", Outcome.UNKNOWN, _NO_PEOPLE, _CHOOSE_LIST, _HOUSE)
    gaps = {
        name: facts.fill.get(name, 0.0)
        for name, use in facts.uses.items()
        if not use.has_fallback and facts.fill.get(name, 0.0) < 1
    }
    blank = _failures(facts, "empty")
    rows = tuple(sorted({row for name in gaps for row in facts.empty_rows.get(name, ())} | set(_rows(blank))))
    if gaps:
        outcome = Outcome.BLOCK if min(gaps.values()) < limits.FIELD_FILL_SHARE.value else Outcome.WARN
        details = ", ".join(f"{name} {100 * share:.1f} %" for name, share in sorted(gaps.items()))
        message = say(
            "Used without a fallback, but not filled for all {count} recipients: {details}.",
            count=facts.recipients,
            details=details,
        )
        return _finding("PER-02", outcome, message, fix, _HOUSE, rows)
    if len(blank):
        message = say(
            "{bad} of {count} letters have nothing where a word should stand: {details}.",
            bad=_affected(blank, facts.recipients),
            count=facts.recipients,
            details=_names(blank["detail"]),
        )
        return _finding("PER-02", Outcome.WARN, message, fix, _HOUSE, rows)
    message = say("Each of the {count} fields used is filled or has a fallback.", count=len(facts.uses))
    return _finding("PER-02", Outcome.PASS, message, fix, _HOUSE)


def check_values_cannot_inject(facts: PersonalizationFacts) -> Finding:
    """Let no value of a list become HTML, a script, a link's host or a header."""
    source = "RFC 5322 §2.2, read 2026-11-23"
    unsafe = [use.field for use in facts.uses.values() if set(use.places) & set(_UNSAFE_PLACES)]
    if unsafe:
        message = say("Fields stand where escaping cannot protect the reader: {fields}.", fields=_names(unsafe))
        fix = say("Use fields in text, in quoted attributes, or after a link's host; never in a style, script or host.")
        return _finding("PER-03", Outcome.BLOCK, message, fix, source)
    fix = say("Nothing to do: values are escaped in HTML, and line breaks are removed from the subject.")
    if facts.failures is None:
        message = say("Values of the list have not been looked at yet: there is no list.")
        return _finding("PER-03", Outcome.UNKNOWN, message, _CHOOSE_LIST, source)
    control = _failures(facts, "control")
    if len(control):
        message = say(
            "{bad} of {count} subjects had line breaks or control characters in a value; they are removed.",
            bad=_affected(control, facts.recipients), count=facts.recipients,
        )  # fmt: skip
        fix = say(
            "Look at those rows: a cell of a list has no honest reason to hold a line break in {fields}.",
            fields=_names(control["detail"]),
        )
        return _finding("PER-03", Outcome.WARN, message, fix, source, _rows(control))
    message = say("Each of the {count} fields used is escaped where it stands.", count=len(facts.uses))
    return _finding("PER-03", Outcome.PASS, message, fix, source)


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
        return _finding("PER-05", Outcome.BLOCK, message, fix, source)
    message = say("The sender is the same for everybody, and each letter has one recipient.")
    return _finding("PER-05", Outcome.PASS, message, fix, source)


def check_sensitive_fields_stay_inside(facts: PersonalizationFacts) -> Finding:
    """Keep personal matters out of subjects, previews and links, where screens, logs and neighbours read them."""
    source = "https://gdpr-info.eu/art-5-gdpr/, read 2026-11-23"
    fix = say("Move these fields into the body of the letter, or behind a login.")
    exposed = [
        use.field
        for use in facts.uses.values()
        if (_SENSITIVE.search(use.field) and set(use.places) & set(_EXPOSED_PLACES))
        or (use.field == "address" and set(use.places) & {"link", "link_host"})
    ]
    if exposed:
        message = say(
            "Sensitive fields stand in the subject, the preheader, a link or an image's text: {fields}.",
            fields=_names(exposed),
        )
        return _finding("PER-07", Outcome.BLOCK, message, fix, source)
    message = say(
        "None of the {count} fields used is sensitive in an exposed place, by its name.", count=len(facts.uses)
    )
    return _finding("PER-07", Outcome.PASS, message, fix, source)


CHECKS: tuple[Callable[[PersonalizationFacts], Finding], ...] = (
    check_every_letter_is_complete,
    check_fields_have_fallbacks,
    check_values_cannot_inject,
    check_sender_is_not_personalised,
    check_sensitive_fields_stay_inside,
)
