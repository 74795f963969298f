"""Where a campaign stands, and what comes next."""

import pytest
from builders import a_campaign

from bulkmail.journey import Step, as_approved, draft, next_step, stand, way
from bulkmail.model import Attestation, Brand, Finding, Outcome, say

DONE = {"list_name": "people.csv"}


def a_finding(code, outcome):
    return Finding(code=code, outcome=outcome, message=say("x"), fix=say("y"), source="house")


def test_each_tip_stands_as_its_worst_finding():
    stands = stand([a_finding("CON-01", Outcome.PASS), a_finding("CON-02", Outcome.BLOCK)])
    assert (stands[0].outcome, stands[0].finding.code) == (Outcome.BLOCK, "CON-02")
    assert stands[0].counts == {Outcome.PASS: 1, Outcome.BLOCK: 1}


def test_unknown_is_worse_than_something_to_look_at():
    assert stand([a_finding("SND-01", Outcome.WARN), a_finding("SND-02", Outcome.UNKNOWN)])[6].finding.code == "SND-02"


def test_there_are_always_seven_tips_and_one_without_findings_is_unknown():
    stands = stand([])
    assert [one.tip for one in stands] == [1, 2, 3, 4, 5, 6, 7]
    assert {one.outcome for one in stands} == {Outcome.UNKNOWN}
    assert stands[0].finding is None


def test_findings_of_an_approval_stand_as_they_were_stored():
    found = {"code": "CON-01", "outcome": "warn", "message": "1 of {x}", "fix": "y", "source": "house", "rows": 1}
    stands = stand(as_approved([found]))
    assert (stands[0].outcome, str(stands[0].finding.message)) == (Outcome.WARN, "1 of {x}")


@pytest.mark.parametrize(
    ("changes", "findings", "run_state", "expected"),
    [
        ({}, [], "", (Step.LIST, 0)),
        (DONE | {"body": " "}, [], "", (Step.WRITE, 0)),
        (DONE, [a_finding("MSG-01", Outcome.BLOCK), a_finding("CON-02", Outcome.BLOCK)], "", (Step.MEND, 1)),
        (DONE, [a_finding("CON-02", Outcome.WARN)], "", (Step.REVIEW, 0)),
        (DONE, [a_finding("CON-02", Outcome.BLOCK)], "running", (Step.WATCH, 0)),
        (DONE, [], "paused", (Step.WATCH, 0)),
        (DONE, [], "done", (Step.RESULTS, 0)),
    ],
)
def test_the_next_step_is_the_first_that_is_not_done(changes, findings, run_state, expected):
    assert next_step(a_campaign(**changes), stand(findings), run_state) == expected


def test_a_list_that_is_gone_and_a_letter_that_cannot_be_read_are_the_next_step():
    assert next_step(a_campaign(**DONE), [], listed=False) == (Step.LIST, 0)
    assert next_step(a_campaign(**DONE), [], readable=False) == (Step.WRITE, 0)


def test_each_step_of_the_way_is_a_share_of_the_step_before():
    assert way({"uploaded": 10, "eligible": 8})[:3] == (("uploaded", 10, 0), ("eligible", 8, 10), ("approved", None, 8))


def test_a_new_campaign_is_signed_by_the_same_sender_and_has_no_letter_yet():
    new = draft("autumn", name=" Autumn ", purpose="newsletter", kind="subscribed", like=a_campaign())
    assert (new.name, new.sender, new.subject, new.list_name) == ("Autumn", a_campaign().sender, "", "")


def test_a_copy_keeps_letter_and_list_but_neither_day_nor_attestation():
    attested = Attestation(basis="contract", source="desk", wording="w", by="staff", at=None)
    like = a_campaign(list_name="people.csv", attestation=attested)
    copy = draft("autumn", name="Autumn", purpose="events", kind="marketing", like=like, copy=True)
    assert (copy.id, copy.purpose, copy.kind) == ("autumn", "events", "marketing")
    assert (copy.body, copy.list_name, copy.attestation, copy.send_at) == (like.body, "people.csv", None, None)


def test_a_first_campaign_has_nobody_to_sign_it():
    assert draft("first", name="First", purpose="p", kind="marketing").sender.address == ""


def test_a_first_campaign_is_signed_as_the_brand_says():
    brand = Brand(sender_names=("Open University", "公開大學"), postal_address="1 Harbour Road")
    sender = draft("x", name="X", purpose="news", kind="marketing", brand=brand).sender
    assert (sender.name, sender.postal_address) == ("Open University", "1 Harbour Road")
