"""Tip 5: each check with a letter that passes, one that does not, and what cannot be known."""

from dataclasses import replace

import pandas as pd
import pytest

from bulkmail.model import Outcome, say
from bulkmail.tips import personalization as tip
from tests.builders import a_campaign


def failures(*rows):
    return pd.DataFrame(rows, columns=list(tip.FAILURE_COLUMNS)).astype({"source_row": "int64"})


def facts(*uses, fill=None, found=(), recipients=10, **changes):
    return tip.PersonalizationFacts(
        sender=replace(a_campaign().sender, **changes.pop("sender", {})),
        uses={use.field: use for use in uses},
        recipients=recipients,
        fill={use.field: 1.0 for use in uses} if fill is None else fill,
        failures=failures(*found) if recipients else None,
        **changes,
    )


def judged(code, known):
    """What the check of this code says."""
    [found] = [found for found in (check(known) for check in tip.CHECKS) if found.code == code]
    return found


def use(field, *places, fallback=False):
    return tip.FieldUse(field=field, places=places or ("html", "text"), has_fallback=fallback)


def branches(*rows):
    return pd.DataFrame(rows, columns=list(tip.BRANCH_COLUMNS))


def values(*rows):
    return pd.DataFrame(rows, columns=list(tip.VALUE_COLUMNS))


def complete(**changes):
    """Facts of ten letters that have been looked at in every way."""
    known = {
        "branches": branches(("en", "if name", "yes", 10, 2), ("en", "if name", "no", 0, 0)),
        "values": values(("name", 10, 5, 2, (), (), ())),
        "html_bytes": pd.Series([2000] * 10, index=range(2, 12)),
        "languages": {"en": 10},
        "telling": ("en", "longest"),
        "looked_at": ("en", "longest"),
        "singly": (),
    }
    return facts(use("name"), **known | changes)


def test_a_complete_letter_passes_every_check():
    assert {check(complete()).outcome for check in tip.CHECKS} == {Outcome.PASS}


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ((0, "en", "html", "leak", "address"), "block"),
        ((0, "en", "html", "mention", "name"), "warn"),
        ((5, "en", "html", "stray", "supervisor"), "warn"),
    ],
)
def test_what_belongs_to_another_person_is_pointed_out(found, outcome):
    said = judged("PER-08", complete(found=[found]))
    assert said.outcome == outcome
    assert said.rows == ((5,) if found[0] else ())


def test_letters_that_do_not_nest_are_not_complete():
    assert judged("PER-01", complete(found=[(3, "en", "html", "broken", "</b>")])).rows == (3,)


def test_a_way_that_nobody_takes_is_pointed_out_and_a_fallback_that_nobody_needs_is_not():
    idle = branches(("en", "if Faculty == 'Lwa'", "yes", 0, 0), ("en", "if Faculty == 'Lwa'", "no", 10, 2))
    said = judged("PER-10", complete(branches=idle))
    assert said.outcome == Outcome.WARN and "Lwa" in str(said.message)
    needed = branches(("en", "for c in courses", "some", 8, 2), ("en", "for c in courses", "none", 2, 4))
    assert judged("PER-10", complete(branches=needed)).outcome == Outcome.WARN
    in_one_variant = branches(("en", "if name", "yes", 0, 0), ("both", "if name", "yes", 3, 4))
    assert judged("PER-10", complete(branches=in_one_variant)).outcome == Outcome.PASS


def test_a_condition_in_both_halves_of_a_letter_counts_once_a_letter():
    found = branches(
        ("both", "if name", "yes", 87, 2), ("both", "if name", "yes", 87, 2), ("en", "if name", "yes", 3, 4)
    )  # fmt: skip
    assert tip.letters_by_way(found).to_dict() == {("if name", "yes"): 90}


def test_a_letter_much_longer_than_the_others_is_pointed_out():
    sizes = pd.Series([2000, 2010, 1990, 2005, 40_000], index=[2, 3, 4, 5, 6])
    said = judged("PER-11", complete(html_bytes=sizes))
    assert (said.outcome, said.rows) == (Outcome.WARN, (6,))


def test_names_that_do_not_look_like_names_are_pointed_out():
    said = judged("PER-04", complete(values=values(("name", 10, 5, 2, (3,), (3, 7), ()))))
    assert (said.outcome, said.rows) == (Outcome.WARN, (3, 7))
    assert judged("PER-04", complete(values=values(("course", 10, 5, 2, (3,), (), ())))).outcome == Outcome.PASS


def test_numbers_of_identity_cards_in_exposed_places_block():
    held = values(("ref", 10, 5, 2, (), (), (4,)))
    exposed = facts(use("ref", "subject"), values=held)
    assert (judged("PER-07", exposed).outcome, judged("PER-07", exposed).rows) == (Outcome.BLOCK, (4,))
    assert judged("PER-07", facts(use("ref", "html"), values=held)).outcome == Outcome.PASS


def test_letters_that_nobody_has_looked_at_are_pointed_out():
    assert judged("PER-09", complete(looked_at=("en",))).outcome == Outcome.WARN
    assert judged("PER-09", complete(telling=tuple("abcdefgh"), looked_at=tuple("abcde"))).outcome == Outcome.PASS


@pytest.mark.parametrize(
    ("recipients", "active", "outcome"),
    [(801, 1_000, "warn"), (800, 1_000, "pass"), (199, 199, "pass"), (1_000, None, "pass")],
)
def test_a_letter_for_nearly_everybody_is_pointed_out(recipients, active, outcome):
    said = judged("PER-09", complete(recipients=recipients, active=active))
    assert said.outcome == outcome
    assert ("801 of the 1000 people" in str(said.message)) == (outcome == "warn")


def test_why_letters_go_out_one_by_one_is_said():
    reason = say("the host of a link is in a field or a condition")
    said = judged("PER-12", complete(singly=((reason, 4), (say("too long"), 1)), singly_rows=(7,)))
    assert (said.outcome, said.rows) == (Outcome.WARN, (7,))
    assert "5 of 10 letters" in str(said.message) and "host of a link" in str(said.message)
    early = judged("PER-12", facts(recipients=0, singly=((reason, 0),)))
    assert early.outcome == Outcome.WARN and "host of a link" in str(early.message)
    assert judged("PER-12", facts(recipients=0)).outcome == Outcome.UNKNOWN


def test_people_who_prefer_the_other_language_are_counted():
    said = judged("PER-06", complete(language_rule="en", languages={"zh-Hant": 4, "en": 6}))
    assert said.outcome == Outcome.WARN and "4 of 10" in str(said.message)
    assert judged("PER-06", complete(language_rule="column", languages={"": 4, "en": 6})).outcome == Outcome.PASS


def test_without_a_list_nothing_is_known():
    outcomes = {
        check(facts(use("name"), recipients=0)).code: check(facts(use("name"), recipients=0)).outcome
        for check in tip.CHECKS
    }
    assert [outcomes[code] for code in ("PER-01", "PER-02", "PER-03")] == [Outcome.UNKNOWN] * 3


def test_an_unfilled_field_blocks_and_names_the_rows():
    found = judged(
        "PER-01", facts(found=[(4, "en", "html", "undefined", "nmae"), (3, "en", "text", "leftover", "name")])
    )
    assert (found.outcome, found.rows) == (Outcome.BLOCK, (3, 4))
    assert str(found.message).startswith("2 of 10 letters")


def test_residue_in_what_everybody_reads_concerns_every_letter():
    found = judged("PER-01", facts(found=[(0, "en", "text", "leftover", "*|NAME|*")]))
    assert (str(found.message).split()[0], found.rows) == ("10", ())


@pytest.mark.parametrize(
    ("share", "fallback", "outcome"),
    [(1.0, False, "pass"), (0.97, False, "warn"), (0.94, False, "block"), (0.1, True, "pass")],
)
def test_fields_without_fallback_must_be_filled(share, fallback, outcome):
    known = facts(use("name", fallback=fallback), fill={"name": share}, empty_rows={"name": (5,)})
    found = judged("PER-02", known)
    assert found.outcome == outcome
    assert found.rows == (() if outcome == "pass" else (5,))


def test_a_field_that_the_list_lacks_counts_as_empty():
    assert judged("PER-02", facts(use("name"), fill={})).outcome == Outcome.BLOCK


def test_letters_with_nothing_where_a_word_should_stand_are_pointed_out():
    found = judged("PER-02", facts(use("name"), found=[(7, "en", "html", "empty", "name")]))
    assert (found.outcome, found.rows) == (Outcome.WARN, (7,))


@pytest.mark.parametrize("place", ["script", "style", "link_host", "event"])
def test_fields_where_escaping_does_not_help_are_blocked(place):
    assert judged("PER-03", facts(use("name", "html", place))).outcome == Outcome.BLOCK


def test_control_characters_in_subjects_are_pointed_out():
    found = judged("PER-03", facts(use("name"), found=[(3, "en", "subject", "control", "name")]))
    assert (found.outcome, found.rows) == (Outcome.WARN, (3,))


@pytest.mark.parametrize("sender", [{"name": "{{ name }}"}, {"reply_to": "*|X|*"}, {"address": "{% x %}@example.org"}])
def test_a_personalised_sender_is_blocked(sender):
    assert judged("PER-05", facts(sender=sender)).outcome == Outcome.BLOCK


@pytest.mark.parametrize(
    ("field", "place"),
    [("學號", "subject"), ("student_no", "link"), ("Date_of_birth", "preheader"), ("成績", "alt"), ("address", "link")],
)
def test_sensitive_fields_in_exposed_places_are_blocked(field, place):
    assert judged("PER-07", facts(use(field, place))).outcome == Outcome.BLOCK


@pytest.mark.parametrize(
    ("field", "place"), [("學號", "html"), ("name", "subject"), ("address", "html"), ("upgrade", "subject")]
)
def test_other_fields_and_places_are_free(field, place):
    assert judged("PER-07", facts(use(field, place))).outcome == Outcome.PASS
