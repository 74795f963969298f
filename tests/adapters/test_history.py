"""History: what became of each person, whom the campaign has mailed, and who was mailed since when."""

from datetime import timedelta

import pandas as pd
import pytest
from builders import NOW, a_plan, a_snapshot

from bulkmail.adapters import history, journal
from bulkmail.model import AttemptState

HASH = a_plan(1).hash
LATER = NOW + timedelta(days=2)


@pytest.fixture
def worker(workspace):
    worker = journal.register_worker(workspace, NOW)
    yield worker
    worker.lock.release()


def approve(ws, people=20, first=0, now=NOW, **changes):
    plan = a_plan(people, 5, **changes)
    journal.store_plan(ws, plan, a_snapshot(people, first), a_snapshot(0), [], now)
    journal.approve(ws, plan.hash, "anna", now)
    return plan.hash


def send(ws, worker, *states, now=NOW, skip=None):
    for state in states:
        claimed = journal.claim(
            ws, worker, now, lambda c, a, letters: {p: "x" for p in skip or () if a.start <= p < a.stop}
        )
        if state:
            journal.settle(ws, claimed.attempt.id, state, now=now)


def test_each_person_has_one_state_and_the_counts_are_the_totals(workspace, worker):
    approve(workspace)
    send(workspace, worker, AttemptState.ACCEPTED, AttemptState.IN_DOUBT, None, skip=[1, 11])
    submitting = journal.attempts(workspace, HASH, AttemptState.SUBMITTING)[0]
    (heir,) = journal.replace(workspace, submitting.id, [(10, 15)], {12: "invalid_address"}, now=NOW)
    send(workspace, worker, AttemptState.REFUSED)
    frame = journal.letters(workspace, HASH)
    states = ["accepted", "skipped", *["accepted"] * 3, *["in_doubt"] * 5]
    states += ["refused", "skipped", "refused", "refused", "refused", *["planned"] * 5]
    assert list(frame["state"]) == states
    assert list(frame["reason"][[0, 1, 10, 11, 12]]) == ["", "x", "request_refused", "x", "invalid_address"]
    assert list(frame["attempt"][[10, 12]]) == [heir, submitting.id]
    totals = journal.totals(workspace, HASH)
    assert frame["state"].value_counts().to_dict() == {k: v for k, v in totals.items() if v and k in states}
    assert frame["reason"].value_counts().drop("").to_dict() == totals["reasons"]


def test_a_plan_not_approved_has_all_people_planned(workspace):
    journal.store_plan(workspace, a_plan(3), a_snapshot(3), a_snapshot(0), [], NOW)
    assert list(journal.letters(workspace, HASH)["state"]) == ["planned"] * 3
    assert list(journal.letters(workspace, HASH)["attempt"]) == [""] * 3


def test_who_was_mailed_or_may_have_been_is_handled(workspace, worker):
    approve(workspace)
    send(workspace, worker, AttemptState.ACCEPTED, AttemptState.IN_DOUBT, AttemptState.REFUSED, None, skip=[0])
    handled = journal.handled(workspace, "spring").set_index("person")["reason"]
    persons = list(a_snapshot(20)["person"])
    assert [handled.get(person, "") for person in persons] == [
        "", *["already_mailed"] * 4, *["in_doubt_before"] * 5, *[""] * 5, *["in_doubt_before"] * 5,
    ]  # fmt: skip
    assert journal.handled(workspace, "autumn").empty
    assert list(journal.handled(workspace, "autumn").columns) == ["person", "reason"]


def test_being_mailed_by_a_later_plan_outweighs_an_earlier_refusal(workspace, worker):
    approve(workspace)
    send(workspace, worker, *[AttemptState.IN_DOUBT] * 4)
    doubtful = journal.attempts(workspace, HASH)[0]
    journal.settle(workspace, doubtful.id, AttemptState.REFUSED, now=LATER)
    approve(workspace, people=5, hash="b" * 64, now=LATER)
    send(workspace, worker, AttemptState.ACCEPTED, now=LATER)
    reasons = journal.handled(workspace, "spring")["reason"].value_counts().to_dict()
    assert reasons == {"already_mailed": 5, "in_doubt_before": 15}


def test_each_person_is_told_by_the_last_letter_that_was_accepted(workspace, worker):
    approve(workspace)
    send(workspace, worker, AttemptState.ACCEPTED, AttemptState.REFUSED, skip=[0])
    approve(workspace, hash="b" * 64, campaign_id="autumn", now=LATER)
    send(workspace, worker, AttemptState.IN_DOUBT, now=LATER)
    everybody = journal.contacts_since(workspace, NOW)["person"]
    told = history.last_contacts(workspace, everybody, NOW)
    assert len(told) == 4 and set(told["mailed_at"]) == {pd.Timestamp(NOW)}
    assert len(history.last_contacts(workspace, told["person"].head(1), NOW)) == 1
    assert history.last_contacts(workspace, everybody, LATER + timedelta(days=1)).empty


def test_contacts_are_letters_sent_or_perhaps_sent_since_then(workspace, worker):
    approve(workspace)
    send(workspace, worker, AttemptState.ACCEPTED, AttemptState.REFUSED, skip=[0])
    send(workspace, worker, AttemptState.IN_DOUBT, now=LATER)
    approve(workspace, first=15, hash="b" * 64, campaign_id="autumn", now=LATER)
    contacts = journal.contacts_since(workspace, NOW)
    assert list(contacts.columns) == ["person", "mailed_at", "campaign", "state"]
    assert contacts.groupby(["campaign", "mailed_at", "state"]).size().to_dict() == {
        ("spring", NOW, "accepted"): 4,
        ("spring", LATER, "in_doubt"): 5,
    }
    assert set(journal.contacts_since(workspace, LATER)["state"]) == {"in_doubt"}
    empty = journal.contacts_since(workspace, LATER + timedelta(days=1))
    assert dict(empty.dtypes) == dict(contacts.dtypes)
    assert empty.empty
