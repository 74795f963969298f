"""What the past knows of a list: who bounced, complained or left here, who was not reached for long, and the gate."""

from datetime import timedelta

import pandas as pd
import pytest

from bulkmail import list_history
from bulkmail.errors import InputError
from bulkmail.model import Outcome
from bulkmail.tips import addressing
from tests.builders import NOW, a_table

LONG_AGO, LATELY = NOW - timedelta(days=500), NOW - timedelta(days=20)


def people(count, **columns):
    block = "\n".join(["original_address", *(f"p{number}@lotusbay.edu.mo" for number in range(count))])
    return addressing.annotate(a_table(block), person_key=b"k").assign(suppression_reason="", **columns)


def facts(table, *past):
    records = [(table["person"].iloc[row], *rest) for row, *rest in past]
    told = pd.DataFrame(records, columns=list(list_history.PAST_COLUMNS))
    told = told.assign(reached_at=pd.to_datetime(told["reached_at"], utc=True))
    return list_history.known_of(table, told, NOW)


def suppressed(reason, count=1, of=3):
    table = people(of)
    return table.assign(suppression_reason=[reason] * count + [""] * (of - count))


KNOWN = {
    list_history.check_bounced: ("hard_bounce", 0),
    list_history.check_complained: ("complained", 1),
    list_history.check_left: ("unsubscribed", 2),
}


@pytest.mark.parametrize("check", KNOWN)
def test_who_bounced_complained_or_left_here_before_is_named_with_a_count(check):
    reason, place = KNOWN[check]
    marks = [int(number == place) for number in range(3)]
    found = check(facts(suppressed(reason), (2, *marks, pd.NaT)))
    assert (found.outcome, found.rows) == (Outcome.WARN, (2, 4))
    assert str(found.message).startswith("2 of 3 rows") and "1 of them" in str(found.message)
    assert check(facts(people(3))).outcome is Outcome.PASS


def test_an_address_is_confirmed_by_a_yes_or_by_a_letter_that_did_not_bounce():
    table = people(4, consent_at=pd.Series([LONG_AGO, LONG_AGO, LATELY, pd.NaT]))
    found = list_history.check_confirmed(facts(table, (0, 0, 0, 0, LATELY)))
    assert (found.outcome, found.rows) == (Outcome.WARN, (3,))
    assert "1 of 4" in str(found.message) and "for 1 nothing says when" in str(found.message)


def test_a_list_of_which_nothing_says_when_it_was_right_is_unknown_and_not_a_pass():
    assert list_history.check_confirmed(facts(people(2))).outcome is Outcome.UNKNOWN
    dated = people(2, consent_at=pd.Series([LATELY, LATELY]))
    assert list_history.check_confirmed(facts(dated)).outcome is Outcome.PASS


def test_a_letter_that_bounced_confirms_nothing():
    letters = pd.DataFrame({
        "person": ["a", "a", "b"], "sent_at": [LONG_AGO, LATELY, LATELY], "bounced": [0, 1, 0],
        "complained": 0, "unsubscribed": [0, 0, 1],
    })  # fmt: skip
    contacts = pd.DataFrame({"person": ["c"], "mailed_at": [LATELY]})
    told = list_history.past_of(letters, contacts).set_index("person")
    assert told["bounced"].to_dict() == {"a": 1, "b": 0, "c": 0}
    assert told["unsubscribed"].to_dict() == {"a": 0, "b": 1, "c": 0}
    assert told["reached_at"].to_dict() == {"a": LONG_AGO, "b": LATELY, "c": LATELY}


# ---------------------------------------------------------------- the gate

FRESH = {"consent_at": "2026-03-02"}


def gate(table):
    """What tip 2 and the past say of where a list may come from."""
    known = facts(table)
    found = [addressing.checks.check_import(addressing.quality_of(table))]
    return [*found, *(check(known) for check in (list_history.check_known_leavers, list_history.check_dates))]


def outcomes(table):
    return [finding.outcome for finding in gate(table)]


def test_an_ordinary_list_passes_the_gate():
    assert outcomes(people(100, **FRESH)) == [Outcome.PASS] * 3
    list_history.admit(gate(people(100, **FRESH)), "")


def test_many_doubtful_addresses_close_it():
    doubtful = people(100, **FRESH)
    doubtful.loc[:5, "suggestion"] = "x@y.zz"
    assert outcomes(doubtful)[0] is Outcome.WARN
    doubtful.loc[5, "suggestion"] = ""
    assert outcomes(doubtful)[0] is Outcome.PASS


def test_many_people_who_left_before_close_it():
    left = people(100, **FRESH)
    left.loc[:9, "suppression_reason"] = "unsubscribed"
    assert outcomes(left)[1] is Outcome.WARN


def test_no_dates_or_old_ones_close_it():
    assert outcomes(people(100)) == [Outcome.WARN, Outcome.PASS, Outcome.UNKNOWN]
    assert outcomes(people(100, consent_at="2023-01-01"))[2] is Outcome.WARN
    mixed = people(100, **FRESH)
    mixed.loc[:40, "consent_at"] = "2023-01-01"
    assert outcomes(mixed)[2] is Outcome.PASS


def test_too_few_rows_tell_nothing_of_a_list():
    few = people(5, **FRESH)
    few.loc[0, "suppression_reason"] = "unsubscribed"
    assert outcomes(few)[1] is Outcome.UNKNOWN
    assert outcomes(people(5, **FRESH))[1] is Outcome.PASS


def test_a_closed_gate_opens_for_who_says_where_the_list_comes_from_unless_it_was_bought():
    found = gate(people(100))
    assert len(list_history.closed(found)) == 1
    with pytest.raises(InputError, match="looks bought or stale"):
        list_history.admit(found, " ")
    list_history.admit(found, "sign-up sheets of the spring fair 2026")
    with pytest.raises(InputError, match="the list is not kept"):
        list_history.admit((), "purchased list")
