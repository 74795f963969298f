"""Every letter written before any is sent: complete, in words of its own, and nobody else's."""

import pandas as pd

from bulkmail import limits
from bulkmail.model import Finding, Outcome, say
from bulkmail.tips.personalization.facts import (
    CHOOSE_LIST,
    HOUSE,
    NO_PEOPLE,
    UNRESOLVED,
    PersonalizationFacts,
    finding,
    letters_by_way,
    names,
    rows_of,
)

_EXAMPLE = "{{ name | default('friend') }}"


def check_every_letter_is_complete(facts: PersonalizationFacts) -> Finding:
    """Send no letter with a field left unfilled: {{ name }}, None or nan tell a reader that nobody looked."""
    fix = say("Correct the field's name, give it a fallback such as {example}, or complete the list.", example=_EXAMPLE)
    if not facts.recipients or facts.failures is None:
        return finding("PER-01", Outcome.UNKNOWN, NO_PEOPLE, CHOOSE_LIST, UNRESOLVED)
    broken = facts.failed("undefined", "leftover", "too_long", "broken")
    if broken.empty:
        message = say("All {count} letters were written in full.", count=facts.recipients)
        return finding("PER-01", Outcome.PASS, message, fix, UNRESOLVED)
    message = say(
        "{bad} of {count} letters are not complete or too long: {details}.",
        bad=facts.affected(broken), count=facts.recipients, details=names(broken["detail"]),
    )  # fmt: skip
    return finding("PER-01", Outcome.BLOCK, message, fix, UNRESOLVED, rows_of(broken))


def check_fields_have_fallbacks(facts: PersonalizationFacts) -> Finding:
    """Write what a letter says when a cell is empty: “Dear ,” is worse than “Dear student,”."""
    fix = say("Write a fallback, such as {example}, or complete the list.", example=_EXAMPLE)
    if not facts.recipients:
        return finding("PER-02", Outcome.UNKNOWN, NO_PEOPLE, CHOOSE_LIST, HOUSE)
    gaps = {
        name: facts.fill.get(name, 0.0)
        for name, use in facts.uses.items()
        if not use.has_fallback and facts.fill.get(name, 0.0) < 1
    }
    blank = facts.failed("empty")
    rows = tuple(sorted({row for name in gaps for row in facts.empty_rows.get(name, ())} | set(rows_of(blank))))
    if gaps:
        outcome = Outcome.BLOCK if min(gaps.values()) < limits.FIELD_FILL_SHARE.value else Outcome.WARN
        details = ", ".join(f"{name} {100 * share:.1f} %" for name, share in sorted(gaps.items()))
        message = say(
            "Used without a fallback, but not filled for all {count} recipients: {details}.",
            count=facts.recipients,
            details=details,
        )
        return finding("PER-02", outcome, message, fix, HOUSE, rows)
    if len(blank):
        message = say(
            "{bad} of {count} letters have nothing where a word should stand: {details}.",
            bad=facts.affected(blank),
            count=facts.recipients,
            details=names(blank["detail"]),
        )
        return finding("PER-02", Outcome.WARN, message, fix, HOUSE, rows)
    message = say("Each of the {count} fields used is filled or has a fallback.", count=len(facts.uses))
    return finding("PER-02", Outcome.PASS, message, fix, HOUSE)


def check_letters_are_nobody_elses(facts: PersonalizationFacts) -> Finding:
    """Let each letter hold only its reader's own address, name and link: a sample left in the text tells all of one.

    What the author wrote blocks: an address, a link or a salutation of somebody on the list, in static text or inside a
    condition, a loop or a fallback. An address that comes out of a *field* warns: the author placed that column on
    purpose, and a supervisor or a partner who is on the same list is often meant. So does a name in running text, which
    may be the speaker of the evening.
    """
    fix = say("Put a field in the place of the person, as in {example}.", example=_EXAMPLE)
    if facts.failures is None:
        return finding("PER-08", Outcome.UNKNOWN, NO_PEOPLE, CHOOSE_LIST, HOUSE)
    leaks = facts.failed("leak")
    if len(leaks):
        message = say(
            "In all {count} letters stands what belongs to one person of the list: {details}.",
            count=facts.recipients, details=names(leaks["detail"]),
        )  # fmt: skip
        return finding("PER-08", Outcome.BLOCK, message, fix, HOUSE)
    doubtful, strays = facts.failed("mention"), facts.failed("stray")
    if len(doubtful) or len(strays):
        message = say(
            "{bad} of {count} letters name somebody else of the list ({details}); see whether it is meant.",
            bad=facts.affected(pd.concat([doubtful, strays])), count=facts.recipients,
            details=names([*doubtful["detail"], *strays["detail"]]),
        )  # fmt: skip
        return finding("PER-08", Outcome.WARN, message, fix, HOUSE, rows_of(strays))
    message = say("None of the {count} letters names another person of the list.", count=facts.recipients)
    return finding("PER-08", Outcome.PASS, message, fix, HOUSE)


def check_letters_share_their_text(facts: PersonalizationFacts) -> Finding:
    """Let letters share what is the same for everybody: those that cannot go out one by one, which takes far longer."""
    source = f"{limits.SUBSTITUTION_BYTES.source}, read {limits.SUBSTITUTION_BYTES.read_on}"
    fix = say("Nothing is lost: each arrives as it is shown. To send faster, mend what the reason names.")
    if facts.singly is None:
        return finding("PER-12", Outcome.UNKNOWN, NO_PEOPLE, CHOOSE_LIST, source)
    if not facts.singly:
        message = say("The letters share their text; each brings only its own words.")
        return finding("PER-12", Outcome.PASS, message, fix, source)
    reasons = [reason for reason, _ in facts.singly]
    if not facts.recipients:
        message = say("The letters will go out one by one: {reasons}.", reasons=reasons)
        return finding("PER-12", Outcome.WARN, message, fix, source)
    message = say(
        "{bad} of {count} letters go out one by one: {reasons}.",
        bad=sum(letters for _, letters in facts.singly), count=facts.recipients, reasons=reasons,
    )  # fmt: skip
    return finding("PER-12", Outcome.WARN, message, fix, source, facts.singly_rows)


def check_branches_are_taken(facts: PersonalizationFacts) -> Finding:
    """Look at each condition from both sides: what nobody reads is a mistake in the condition, or in the list."""
    fix = say("Compare the condition with the values of the list, letter by letter, or take it out.")
    if facts.branches is None:
        return finding("PER-10", Outcome.UNKNOWN, NO_PEOPLE, CHOOSE_LIST, HOUSE)
    each = letters_by_way(facts.branches)
    idle = [condition for (condition, way), letters in each.items() if way in ("yes", "some") and not letters]
    empty = {condition: letters for (condition, way), letters in each.items() if way == "none" and letters}
    if idle:
        message = say(
            "No letter takes {count} of {all} ways: {details}.", count=len(idle), all=len(each), details=names(idle)
        )
        return finding("PER-10", Outcome.WARN, message, fix, HOUSE)
    if empty:
        shown = [say("{condition} in {letters} letters", condition=name, letters=int(n)) for name, n in empty.items()]
        return finding("PER-10", Outcome.WARN, say("Loops have nothing to say: {details}.", details=shown), fix, HOUSE)
    message = say("Each way of the conditions that should be taken is taken; there are {count}.", count=len(each))
    return finding("PER-10", Outcome.PASS, message, fix, HOUSE)


def check_lengths_are_alike(facts: PersonalizationFacts) -> Finding:
    """Look at the letters that are much longer or shorter than the others: a value has gone astray in them."""
    fix = say("Read these letters in the preview, by their rows.")
    if facts.html_bytes is None or facts.html_bytes.empty:
        return finding("PER-11", Outcome.UNKNOWN, NO_PEOPLE, CHOOSE_LIST, HOUSE)
    sizes = facts.html_bytes
    middle = float(sizes.median())
    spread = max(float((sizes - middle).abs().median()) * limits.OUTLIER_SPREADS.value, limits.OUTLIER_BYTES.value)
    outliers = sizes[(sizes - middle).abs() > spread]
    if len(outliers):
        message = say(
            "{bad} of {count} letters are far from the usual {middle} bytes; they have {least} to {most}.",
            bad=len(outliers),
            count=len(sizes),
            middle=int(middle),
            least=int(outliers.min()),
            most=int(outliers.max()),
        )
        return finding("PER-11", Outcome.WARN, message, fix, HOUSE, sorted(map(int, outliers.index)))
    message = say(
        "The {count} letters have {least} to {most} bytes; none is far from the others.",
        count=len(sizes), least=int(sizes.min()), most=int(sizes.max()),
    )  # fmt: skip
    return finding("PER-11", Outcome.PASS, message, fix, HOUSE)


CHECKS = (
    check_every_letter_is_complete,
    check_fields_have_fallbacks,
    check_letters_are_nobody_elses,
    check_branches_are_taken,
    check_lengths_are_alike,
    check_letters_share_their_text,
)
