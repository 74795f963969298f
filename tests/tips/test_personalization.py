"""Tip 5: each check with a letter that passes, one that does not, and what cannot be known."""

from dataclasses import replace

import pandas as pd
import pytest

from bulkmail.model import Outcome
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


def use(field, *places, fallback=False):
    return tip.FieldUse(field=field, places=places or ("html", "text"), has_fallback=fallback)


def test_a_complete_letter_passes_every_check():
    assert {check(facts(use("name"))).outcome for check in tip.CHECKS} == {Outcome.PASS}


def test_without_a_list_nothing_is_known():
    outcomes = {
        check(facts(use("name"), recipients=0)).code: check(facts(use("name"), recipients=0)).outcome
        for check in tip.CHECKS
    }
    assert [outcomes[code] for code in ("PER-01", "PER-02", "PER-03")] == [Outcome.UNKNOWN] * 3


def test_an_unfilled_field_blocks_and_names_the_rows():
    found = tip.check_every_letter_is_complete(
        facts(found=[(4, "en", "html", "undefined", "nmae"), (3, "en", "text", "leftover", "name")])
    )
    assert (found.outcome, found.rows) == (Outcome.BLOCK, (3, 4))
    assert str(found.message).startswith("2 of 10 letters")


def test_residue_in_what_everybody_reads_concerns_every_letter():
    found = tip.check_every_letter_is_complete(facts(found=[(0, "en", "text", "leftover", "*|NAME|*")]))
    assert (str(found.message).split()[0], found.rows) == ("10", ())


@pytest.mark.parametrize(
    ("share", "fallback", "outcome"),
    [(1.0, False, "pass"), (0.97, False, "warn"), (0.94, False, "block"), (0.1, True, "pass")],
)
def test_fields_without_fallback_must_be_filled(share, fallback, outcome):
    known = facts(use("name", fallback=fallback), fill={"name": share}, empty_rows={"name": (5,)})
    found = tip.check_fields_have_fallbacks(known)
    assert found.outcome == outcome
    assert found.rows == (() if outcome == "pass" else (5,))


def test_a_field_that_the_list_lacks_counts_as_empty():
    assert tip.check_fields_have_fallbacks(facts(use("name"), fill={})).outcome == Outcome.BLOCK


def test_letters_with_nothing_where_a_word_should_stand_are_pointed_out():
    found = tip.check_fields_have_fallbacks(facts(use("name"), found=[(7, "en", "html", "empty", "name")]))
    assert (found.outcome, found.rows) == (Outcome.WARN, (7,))


@pytest.mark.parametrize("place", ["script", "style", "link_host", "event"])
def test_fields_where_escaping_does_not_help_are_blocked(place):
    assert tip.check_values_cannot_inject(facts(use("name", "html", place))).outcome == Outcome.BLOCK


def test_control_characters_in_subjects_are_pointed_out():
    found = tip.check_values_cannot_inject(facts(use("name"), found=[(3, "en", "subject", "control", "name")]))
    assert (found.outcome, found.rows) == (Outcome.WARN, (3,))


@pytest.mark.parametrize("sender", [{"name": "{{ name }}"}, {"reply_to": "*|X|*"}, {"address": "{% x %}@example.org"}])
def test_a_personalised_sender_is_blocked(sender):
    assert tip.check_sender_is_not_personalised(facts(sender=sender)).outcome == Outcome.BLOCK


@pytest.mark.parametrize(
    ("field", "place"),
    [("學號", "subject"), ("student_no", "link"), ("Date_of_birth", "preheader"), ("成績", "alt"), ("address", "link")],
)
def test_sensitive_fields_in_exposed_places_are_blocked(field, place):
    assert tip.check_sensitive_fields_stay_inside(facts(use(field, place))).outcome == Outcome.BLOCK


@pytest.mark.parametrize(
    ("field", "place"), [("學號", "html"), ("name", "subject"), ("address", "html"), ("upgrade", "subject")]
)
def test_other_fields_and_places_are_free(field, place):
    assert tip.check_sensitive_fields_stay_inside(facts(use(field, place))).outcome == Outcome.PASS
