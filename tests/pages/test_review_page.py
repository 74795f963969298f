"""The review page: what is ready, the approval by a person, and the run as the journal tells it."""

import pytest

from bulkmail import intake, prepare, results
from bulkmail.adapters import database, journal
from bulkmail.model import AttemptState, Sender
from tests.builders import NOW, a_campaign
from tests.pages.conftest import words
from tests.test_reviewing import LIST, LOST, edit, prepared, sent


@pytest.fixture
def ws(sqlite_workspace):
    prepare.save_list(sqlite_workspace, "list.csv", intake.read_list(LIST, "list.csv"), prepare.content_hash(LIST), NOW)
    database.save_campaign(sqlite_workspace, a_campaign(list_name="list.csv"), NOW)
    return sqlite_workspace


def approve(ws):
    plan = prepared(ws)
    prepare.approve(ws, plan, by="Ana", now=NOW)
    return plan.plan.hash


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_it_opens_empty_ready_and_watching_in_both_languages(opened, sqlite_workspace, locale):
    assert not opened("review", locale).exception
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    assert not opened("review", locale).exception


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_it_opens_before_and_after_approval_in_both_languages(opened, ws, locale):
    assert not opened("review", locale).exception
    approve(ws)
    assert not opened("review", locale).exception


def test_before_approval_it_says_who_gets_the_letter_and_who_not(opened, ws):
    page = opened("review")
    assert "Of 5 rows of list.csv, 3 people get the letter and 2 rows are left out" in words(page)
    assert page.dataframe[0].value["Reason"].tolist() == ["Address not well-formed", "Refused consent"]
    assert [metric.value for metric in page.metric] == ["3", "1"]


def test_the_findings_stand_by_tip_with_the_worst_first(opened, ws):
    page = opened("review")
    labels = [expander.label for expander in page.expander if "·" in expander.label]
    assert len(labels) == 7
    outcomes = [next(word for word in ("Blocks", "Unknown", "Look at", "Passes") if word in label) for label in labels]
    assert outcomes == sorted(outcomes, key=["Blocks", "Unknown", "Look at", "Passes"].index)


def test_what_blocks_cannot_be_approved(opened, ws):
    edit(ws, subject="")
    page = opened("review")
    assert page.button("review-approve").disabled
    assert "Something blocks" in words(page)


def test_opening_and_reloading_approves_nothing(opened, ws):
    opened("review").button("review-approve").click().run()
    opened("review")
    assert journal.runs(ws) == []


def test_the_dialog_names_list_subject_counts_and_reasons(opened, ws):
    page = opened("review").button("review-approve").click().run()
    assert not page.exception
    shown = words(page)
    for part in ("list.csv", "New opening hours", "**3** people get it, **2** rows are left out", "Refused consent"):
        assert part in shown


def test_the_run_is_watched_with_pause_and_cancel(opened, ws):
    plan_hash = approve(ws)
    page = opened("review")
    assert "Approved by Ana" in words(page)
    page.button("watch-paused").click().run()
    assert journal.run_state(ws, plan_hash) == "paused"
    assert "Paused at the dashboard" in words(page)
    page.button("watch-running").click().run()
    assert journal.run_state(ws, plan_hash) == "running"
    page.button("watch-cancelled").click().run()
    assert journal.run_state(ws, plan_hash) == "cancelled"


def test_why_the_worker_paused_is_said_in_words(opened, ws):
    journal.request(ws, approve(ws), "paused", "worker", NOW, reason="bounces")
    shown = words(opened("review"))
    assert "Too many letters bounced" in shown
    assert "0 of 0 letters: – (95 % interval – – –); the limit is 5.00%." in shown


def test_after_a_cancelled_sending_a_new_plan_can_be_approved(opened, ws):
    journal.request(ws, approve(ws), "cancelled", "Ana", NOW)
    page = opened("review")
    assert "The last sending was cancelled: 0 of 3 letters had been accepted" in words(page)
    assert not page.button("review-approve").disabled
    assert any("Earlier plans" in expander.label for expander in page.expander)


def test_who_is_in_doubt_is_named_with_count_and_since_when(opened, ws):
    plan_hash = sent(ws, LOST, plan_hash=approve(ws))
    [doubt] = journal.attempts(ws, plan_hash, AttemptState.IN_DOUBT)
    page = opened("review")
    assert "3 people are in doubt since 2026-11-23 17:00" in words(page)
    assert "Everything is handed over" not in words(page)
    assert doubt.people == 3


def test_a_finished_sending_offers_its_results_and_stays_after_a_reload(opened, ws):
    plan_hash = sent(ws, plan_hash=approve(ws))
    for _ in range(2):
        page = opened("review")
        assert "Everything is handed over" in words(page)
        assert page.button("review-next")
    assert results.progress_of(ws, plan_hash, NOW).is_over


def test_a_hostile_approver_and_subject_are_text(opened, ws):
    edit(ws, subject="![x](http://evil.example/x.png)")
    prepare.approve(ws, prepared(ws), by="[x](http://evil.example)", now=NOW)
    assert "[x](http" not in words(opened("review"))


def test_a_draft_without_a_sender_leads_to_the_sender(opened, ws):
    edit(ws, sender=Sender(name="", address="", reply_to="", organisation="", postal_address=""))
    page = opened("review")
    assert not page.exception
    assert "This campaign has no sender yet" in words(page)


def test_a_draft_without_words_blocks_and_does_not_break(opened, ws):
    edit(ws, subject="", preheader="", body="", purpose="")
    page = opened("review")
    assert not page.exception
    assert page.button("review-approve").disabled
