"""Values of the list inside letters: they cannot break out, names look like names, and nothing private is exposed."""

import re

from bulkmail.model import Finding, Outcome, say
from bulkmail.tips.personalization.facts import (
    CHOOSE_LIST,
    HOUSE,
    NO_PEOPLE,
    PersonalizationFacts,
    finding,
    names,
    rows_of,
)

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
_NAME_FIELDS = re.compile(r"(?:given_|family_|first_?|last_?|full_?|sur)?name|姓名|名字|姓氏|稱呼", re.IGNORECASE)


def check_values_cannot_inject(facts: PersonalizationFacts) -> Finding:
    """Let no value of a list become HTML, a script, a link's host or a header."""
    source = "RFC 5322 §2.2, read 2026-11-23"
    unsafe = [use.field for use in facts.uses.values() if set(use.places) & set(_UNSAFE_PLACES)]
    if unsafe:
        message = say("Fields stand where escaping cannot protect the reader: {fields}.", fields=names(unsafe))
        fix = say("Use fields in text, in quoted attributes, or after a link's host; never in a style, script or host.")
        return finding("PER-03", Outcome.BLOCK, message, fix, source)
    fix = say("Nothing to do: values are escaped in HTML, and line breaks are removed from the subject.")
    if facts.failures is None:
        message = say("Values of the list have not been looked at yet: there is no list.")
        return finding("PER-03", Outcome.UNKNOWN, message, CHOOSE_LIST, source)
    control = facts.failed("control")
    if len(control):
        message = say(
            "{bad} of {count} subjects had line breaks or control characters in a value; they are removed.",
            bad=facts.affected(control), count=facts.recipients,
        )  # fmt: skip
        fix = say(
            "Look at those rows: a cell of a list has no honest reason to hold a line break in {fields}.",
            fields=names(control["detail"]),
        )
        return finding("PER-03", Outcome.WARN, message, fix, source, rows_of(control))
    message = say("Each of the {count} fields used is escaped where it stands.", count=len(facts.uses))
    return finding("PER-03", Outcome.PASS, message, fix, source)


def check_names_look_like_names(facts: PersonalizationFacts) -> Finding:
    """Call people by names: digits, addresses, “test”, a lone letter or capitals in a name show that nobody looked."""
    fix = say("Correct these rows in the list. Chinese full names go with 同學, 老師, 先生 or 女士 as they are.")
    if facts.values is None:
        return finding("PER-04", Outcome.UNKNOWN, NO_PEOPLE, CHOOSE_LIST, HOUSE)
    named = facts.values[facts.values["field"].isin([name for name in facts.uses if _NAME_FIELDS.fullmatch(name)])]
    odd = sorted({row for rows in named["odd_rows"] for row in rows})
    shouted = sorted({row for rows in named["capital_rows"] for row in rows} - set(odd))
    if odd or shouted:
        message = say(
            "Of {count} names used {odd} do not look like names, and {capitals} are all in capitals.",
            count=facts.recipients, odd=len(odd), capitals=len(shouted),
        )  # fmt: skip
        return finding("PER-04", Outcome.WARN, message, fix, HOUSE, sorted({*odd, *shouted}))
    if named.empty:
        return finding("PER-04", Outcome.PASS, say("The letters use no names."), fix, HOUSE)
    message = say("The names in {count} letters look like names.", count=facts.recipients)
    return finding("PER-04", Outcome.PASS, message, fix, HOUSE)


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
            fields=names(exposed),
        )
        return finding("PER-07", Outcome.BLOCK, message, fix, source)
    held = _identifiers(facts)
    if held:
        message = say(
            "Numbers of identity or bank cards stand in the subject, preheader, a link or an image's text: {fields}.",
            fields=names(held),
        )
        rows = sorted({row for known in held.values() for row in known})
        return finding("PER-07", Outcome.BLOCK, message, fix, source, rows)
    message = say(
        "None of the {count} fields used is sensitive in an exposed place, by its name.", count=len(facts.uses)
    )
    return finding("PER-07", Outcome.PASS, message, fix, source)


def _identifiers(facts: PersonalizationFacts) -> dict[str, tuple[int, ...]]:
    """The fields in exposed places whose values hold numbers of identity or bank cards, and the rows that do."""
    if facts.values is None:
        return {}
    exposed = {name for name, use in facts.uses.items() if set(use.places) & set(_EXPOSED_PLACES)}
    held = facts.values[facts.values["field"].isin(exposed)]
    return {row.field: row.identifier_rows for row in held.itertuples() if row.identifier_rows}


CHECKS = (
    check_values_cannot_inject,
    check_names_look_like_names,
    check_sensitive_fields_stay_inside,
)
