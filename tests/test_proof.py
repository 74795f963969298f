from datetime import UTC, date, datetime, timedelta

import pytest

from bulkmail import audience, proof
from bulkmail.errors import InputError
from bulkmail.tips import consent
from tests.builders import NOW, a_campaign, a_table

JUDGED = """
person | consent_reason        | consent_evidence
ana    |                       | column
ben    | consent_refused       | column
ciu    | consent_withdrawn     | column
dan    | consent_expired       | attestation
eva    | consent_other_purpose |
fay    | no_consent            |
       | no_consent            |
"""
VOUCHED = {
    "basis": "consent_express", "source": "sign-up sheets", "wording": "Send me news", "by": "Registrar",
    "day": date(2026, 3, 1), "now": NOW,
}  # fmt: skip


def test_everybody_stands_somewhere_and_once():
    people = proof.people(a_table(JUDGED))
    assert proof.tally(people) == {"holds": 1, "against": 2, "expired": 1, "unclear": 1, "nothing": 1}
    assert sum(proof.tally(people).values()) == len(people) == 6


def test_who_was_never_asked_has_nothing_recorded():
    table = a_table("person | x\n ana |")
    events = consent.events_of_list(table, purpose="", attestation=None, source="", recorded_by="", now=NOW)
    judged = consent.annotate(table, events, purpose="news", kind="marketing", now=NOW)
    assert proof.tally(proof.people(judged))["nothing"] == 1


def test_reasons_come_in_their_order_and_leave_out_what_nobody_has():
    assert proof.reasons(proof.people(a_table(JUDGED))) == {
        "consent_refused": 1, "consent_withdrawn": 1, "consent_expired": 1, "consent_other_purpose": 1, "no_consent": 1,
    }  # fmt: skip
    assert proof.reasons(proof.people(a_table("person | consent_reason\nana |"))) == {}


PROVEN = """
person | consent | consent_at | consent_source | consent_wording
ana    | yes     | 2026-10-01 | web form       | v1
ben    | yes     | 2026-10-01 | web form       |
ciu    | yes     |            | fair           |
dan    | no      |            |                |
eva    | yes     | 2020-01-01 | fair           |
fay    | pending | 2026-10-01 | fair           |
gil    | yes     | 03/04/2026 | fair           |
"""


def proven():
    table = a_table(PROVEN)
    how = {"purpose": "news", "now": NOW}
    events = consent.events_of_list(table, attestation=None, source="", recorded_by="", **how)
    return proof.people(consent.annotate(table, events, kind="marketing", **how))


def test_the_map_has_a_row_for_each_origin_and_evidence_and_a_column_for_each_age():
    grid = proof.grid(consent.coverage_map(proven(), now=NOW))
    assert grid.columns.tolist() == ["under_6_months", "undated"]
    assert grid.reset_index().values.tolist() == [
        ["web form", "consent_express", "recorded", 1, 0],
        ["fair", "consent_express", "thin", 0, 2],
        ["web form", "consent_express", "thin", 1, 0],
    ]


def test_what_each_record_lacks_is_named_row_by_row():
    assert proof.lacks(proven()).tolist()[:4] == ["purpose", "purpose;wording", "purpose;day;wording", ""]


def test_who_would_be_asked_again_and_how_many_confirm_is_told_only_from_enough_of_the_past():
    unknown, known = proof.asked_again(proven(), 5, 5), proof.asked_again(proven(), 100, 40)
    assert (unknown.people, unknown.low) == (2, None)
    assert known.low < 0.4 < known.high


def test_dates_that_can_be_read_two_ways_are_counted():
    assert proof.ambiguous(proven()) == 1


def test_an_attestation_counts_for_those_who_rest_on_it():
    assert proof.vouched_for(proof.people(a_table(JUDGED))) == 1


def test_an_attestation_is_kept_with_its_day():
    kept = proof.attest(a_campaign(), **VOUCHED).attestation
    assert (kept.source, kept.by, kept.at) == ("sign-up sheets", "Registrar", datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize("part", ["basis", "source", "wording", "by", "day"])
def test_an_attestation_without_one_of_its_parts_is_refused(part):
    with pytest.raises(InputError):
        proof.attest(a_campaign(), **VOUCHED | {part: None if part == "day" else "" if part == "basis" else " "})


def test_an_attestation_of_a_day_to_come_is_refused_but_not_of_a_today_that_has_begun_elsewhere():
    with pytest.raises(InputError):
        proof.attest(a_campaign(), **VOUCHED | {"day": (NOW + timedelta(days=2)).date()})
    late = NOW.replace(hour=18)  # it is tomorrow in Macau
    assert proof.attest(a_campaign(), **VOUCHED | {"day": date(2026, 11, 24), "now": late}).attestation


def test_nobody_can_attest_to_bought_addresses():
    with pytest.raises(InputError):
        proof.attest(a_campaign(), **VOUCHED | {"source": "purchased list"})


def test_every_reason_that_consent_can_give_is_one_of_the_stands():
    known = [reason for group in proof.STANDS.values() for reason in group]
    of_consent = [reason for reason in audience.REASONS if "consent" in reason]
    assert sorted(known) == sorted(["", *of_consent])
