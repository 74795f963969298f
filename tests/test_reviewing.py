"""From review to results: what a person approved is what is sent, and what became of it adds up."""

import io
import json
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

from bulkmail import delivery, dossier, intake, people, prepare, results, send
from bulkmail.adapters import database, journal, suppressions
from bulkmail.adapters.settings import SignIn
from bulkmail.errors import StateError
from bulkmail.model import DeliveryEvent, EventKind, Suppression, SuppressionReason
from tests.builders import NOW, a_campaign
from tests.sending import LOST, Clock, Provider

LATER = NOW + timedelta(hours=1)
LIST = b"""email,name,consent,consent date
ana@alpha.edu,Ana,yes,2026-10-01
bo@alpha.edu,=cmd,yes,2026-10-01
cai@alpha.edu,Cai,yes,2026-10-01
dan@alpha.edu,Dan,no,2026-10-01
not an address,Eve,yes,2026-10-01
"""


@pytest.fixture
def ws(sqlite_workspace):
    prepare.save_list(sqlite_workspace, "list.csv", intake.read_list(LIST, "list.csv"), prepare.content_hash(LIST), NOW)
    database.save_campaign(sqlite_workspace, a_campaign(list_name="list.csv"), NOW)
    return sqlite_workspace


def prepared(ws, now=NOW):
    return prepare.prepare_campaign(ws, prepare.inputs_of(ws, database.campaign(ws, "spring")), now=now)


def approve(ws, plan_hash=None, people=3, by="Ana", now=NOW):
    plan_hash = plan_hash or prepared(ws).plan.hash
    prepare.approve_reviewed(ws, "spring", plan_hash, people, by=by, now=now)
    return plan_hash


def sent(ws, *answers, plan_hash=None):
    plan_hash, clock, provider = plan_hash or approve(ws), Clock(), Provider(*answers)
    send.work(ws, provider, plan_hash=plan_hash, clock=clock, wait=clock.wait)
    return plan_hash


def edit(ws, **changes):
    database.save_campaign(ws, replace(database.campaign(ws, "spring"), **changes), NOW)


def hear(ws, plan_hash, *happened):
    """Events of (position, kind, seconds after, further fields)."""
    [attempt] = journal.attempts(ws, plan_hash)
    events = [
        DeliveryEvent(
            id=f"e{number}", kind=kind, at=NOW + timedelta(seconds=seconds), address="", attempt=attempt.id,
            position=position, **dict(*further),
        )
        for number, (position, kind, seconds, *further) in enumerate(happened)
    ]  # fmt: skip
    journal.store_events(ws, events, now=NOW)


# ---- approval


def test_what_was_reviewed_is_approved(ws):
    plan_hash = approve(ws, by="  Ana ")
    assert journal.run(ws, plan_hash).approved_by == "Ana"
    assert prepare.plan_to_watch(ws, database.campaign(ws, "spring")) == plan_hash


def test_approving_again_is_harmless(ws):
    plan_hash = approve(ws)
    approve(ws, plan_hash)
    sent(ws, plan_hash=plan_hash)
    approve(ws, plan_hash)
    assert len(journal.runs(ws)) == 1
    assert len(journal.attempts(ws, plan_hash)) == 1


@pytest.mark.parametrize(("people", "by"), [(2, "Ana"), (-1, "Ana"), (3, " ")])
def test_a_wrong_number_or_no_name_approves_nothing(ws, people, by):
    with pytest.raises(StateError):
        approve(ws, people=people, by=by)
    assert journal.runs(ws) == []


def test_a_letter_changed_after_the_review_is_not_approved(ws):
    plan_hash = prepared(ws).plan.hash
    edit(ws, subject="Another one")
    with pytest.raises(StateError, match="changed"):
        approve(ws, plan_hash)
    assert journal.runs(ws) == []


def test_somebody_who_unsubscribed_after_the_review_makes_another_plan(ws):
    before = prepared(ws)
    who = before.snapshot["person"].iloc[0]
    database.add_suppressions(
        ws, [Suppression(person=who, reason=SuppressionReason.UNSUBSCRIBED, at=NOW, origin="test")]
    )
    with pytest.raises(StateError, match="changed"):
        approve(ws, before.plan.hash)


def test_while_a_plan_is_at_work_no_other_is_approved(ws):
    first = approve(ws)
    edit(ws, subject="Another one")
    with pytest.raises(StateError, match="at work"):
        approve(ws)
    assert journal.run_state(ws, first) == "queued"


def test_the_plan_at_work_is_watched_whatever_becomes_of_the_draft(ws):
    plan_hash = approve(ws)
    edit(ws, subject="Another one")
    assert prepare.plan_to_watch(ws, database.campaign(ws, "spring")) == plan_hash


def test_after_the_letter_changed_a_finished_plan_is_watched_no_more(ws):
    plan_hash = sent(ws)
    assert prepare.plan_to_watch(ws, database.campaign(ws, "spring")) == plan_hash
    edit(ws, subject="Another one")
    assert prepare.plan_to_watch(ws, database.campaign(ws, "spring")) is None


def test_a_campaign_without_list_or_plan_has_nothing_to_watch(sqlite_workspace):
    assert prepare.plan_to_watch(sqlite_workspace, a_campaign()) is None


def test_what_was_cancelled_can_be_approved_anew_as_another_plan(ws):
    first = approve(ws)
    journal.request(ws, first, "cancelled", "Ana", NOW)
    assert prepare.plan_to_watch(ws, database.campaign(ws, "spring")) is None
    second = approve(ws)
    assert second != first
    sent(ws, plan_hash=second)
    assert journal.totals(ws, second)["accepted"] == 3


def test_a_letter_changed_there_and_back_can_be_approved_again(ws):
    approved = prepared(ws)
    prepare.approve(ws, approved, by="Ana", now=NOW)
    edit(ws, subject="Another one")
    prepare.approve(ws, prepared(ws), by="Ana", now=NOW)  # makes the first one void
    edit(ws, subject=approved.campaign.subject)
    third = prepared(ws)
    prepare.approve(ws, third, by="Ana", now=NOW)
    assert journal.run_state(ws, third.plan.hash) == "queued"


# ---- progress


def test_progress_before_while_and_after(ws):
    assert results.progress_of(ws, prepared(ws).plan.hash, NOW) is None
    plan_hash = approve(ws)
    waiting = results.progress_of(ws, plan_hash, NOW)
    assert (waiting.waiting, waiting.is_over, waiting.seconds_left, waiting.doubts) == (3, False, None, ())
    sent(ws, plan_hash=plan_hash)
    done = results.progress_of(ws, plan_hash, NOW)
    assert (done.waiting, done.is_over, done.totals["accepted"]) == (0, True, 3)


def test_who_is_in_doubt_is_counted_with_since_when(ws):
    progress = results.progress_of(ws, sent(ws, LOST), NOW)
    assert [(doubt.people, doubt.started_at) for doubt in progress.doubts] == [(3, NOW)]


# ---- what became of it


def test_the_funnel_counts_each_step_among_the_one_before(ws):
    plan_hash = sent(ws)
    hear(
        ws, plan_hash,
        (0, EventKind.DELIVERED, 5), (1, EventKind.DELIVERED, 5), (2, EventKind.BOUNCED, 5, {"hard": True}),
        (0, EventKind.OPENED, 60), (1, EventKind.OPENED, 60, {"by_machine": True}), (0, EventKind.CLICKED, 90),
    )  # fmt: skip
    funnel = results.numbers_of_plan(ws, plan_hash).funnel.set_index("what")
    assert funnel["letters"].to_dict() == {
        "uploaded": 5, "eligible": 3, "accepted": 3, "delivered": 2, "opened": 1, "machine_open": 1, "clicked": 1,
        "machine_click": 0, "bounced": 1, "unsubscribed": 0, "complained": 0,
    }  # fmt: skip
    assert funnel.loc[["eligible", "accepted", "delivered", "opened", "clicked"], "of"].tolist() == [5, 3, 3, 1, 2]
    assert funnel.loc["accepted", ["low", "high"]].isna().all()
    assert 0 < funnel.loc["delivered", "low"] < 2 / 3 < funnel.loc["delivered", "high"] < 1


def test_before_anything_is_accepted_no_share_is_made_up(ws):
    funnel = results.numbers_of_plan(ws, approve(ws)).funnel.set_index("what")
    assert funnel.loc["accepted", "letters"] == 0
    assert funnel.loc["delivered", ["rate", "low", "high"]].isna().all()


def test_who_left_by_the_letters_own_link_counts_as_unsubscribed(ws):
    plan_hash = sent(ws)
    person = journal.letters(ws, plan_hash)["person"].iloc[1]
    origin = f"{suppressions.LINK_ORIGIN}{plan_hash[:16]}"
    left = [
        Suppression(person=person, reason=SuppressionReason.UNSUBSCRIBED, at=NOW, origin=origin, purpose=purpose)
        for purpose in ("newsletter", "")
    ]
    database.add_suppressions(ws, left)
    funnel = results.numbers_of_plan(ws, plan_hash).funnel.set_index("what")["letters"]
    assert (funnel["unsubscribed"], funnel["delivered"]) == (1, 1)
    people = results.people_of_plan(ws, plan_hash).set_index("address")
    assert people["happened"].to_dict()["bo@alpha.edu"] == "unsubscribed"


def test_everybody_on_the_list_has_one_row_and_one_state(ws):
    plan_hash = sent(ws)
    hear(ws, plan_hash, (0, EventKind.OPENED, 9), (0, EventKind.DELIVERED, 5), (1, EventKind.BOUNCED, 5, {"reason": "550 5.1.1"}))  # fmt: skip # noqa: E501
    people = results.people_of_plan(ws, plan_hash)
    assert tuple(people.columns) == results.PEOPLE_COLUMNS
    assert people[["source_row", "state", "reason", "happened", "said"]].to_numpy().tolist() == [
        [2, "accepted", "", "opened", ""],
        [3, "accepted", "", "bounced", "550 5.1.1"],
        [4, "accepted", "", "", ""],
        [5, "excluded", "consent_refused", "", ""],
        [6, "excluded", "invalid_address", "", ""],
    ]


def test_people_are_found_by_state_happening_reason_and_whole_address(ws):
    plan_hash = sent(ws)
    hear(ws, plan_hash, (0, EventKind.DELIVERED, 5))
    people = results.people_of_plan(ws, plan_hash)

    def rows(**wanted):
        return results.among(people, ws, **wanted)["source_row"].tolist()

    assert rows() == [2, 3, 4, 5, 6]
    assert rows(state="accepted") == [2, 3, 4]
    assert rows(state="delivered") == [2]
    assert rows(reason="consent_refused") == [5]
    assert rows(address=" Ana@ALPHA.edu ") == [2]
    assert rows(address="ana") == rows(address="nobody@alpha.edu") == []


def test_a_download_holds_no_formula(ws):
    people = results.people_of_plan(ws, sent(ws))
    data = results.as_csv(people)
    assert data.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(io.BytesIO(data), dtype="str", keep_default_na=False)
    assert table["name"].tolist()[:2] == ["Ana", "'=cmd"]
    assert not table.map(lambda cell: cell.startswith(("=", "+", "-", "@"))).any(axis=None)
    assert list(results.harmless(pd.DataFrame({"=x": ["a"]})).columns) == ["'=x"]


def test_each_letter_is_counted_once_at_its_provider(ws):
    plan_hash = sent(ws)
    hear(
        ws, plan_hash, (0, EventKind.DELIVERED, 5), (0, EventKind.OPENED, 9), (1, EventKind.BOUNCED, 5, {"hard": True})
    )
    [row] = results.numbers_of_plan(ws, plan_hash).providers.to_dict("records")
    assert row == {
        "provider": "others", "accepted": 3, "delivered": 1, "waiting": 0, "soft": 0, "hard": 1, "not_tried": 0,
        "complained": 0, "unheard": 1,
    }  # fmt: skip


def test_the_gap_between_accepted_and_reported_is_counted(ws):
    plan_hash = sent(ws)
    assert results.numbers_of_plan(ws, plan_hash).unheard == 3
    hear(ws, plan_hash, (0, EventKind.DELIVERED, 5), (1, EventKind.DEFERRED, 5), (1, EventKind.DELIVERED, 9))
    assert results.numbers_of_plan(ws, plan_hash).unheard == 1


def test_failures_are_counted_by_whose_move_it_is(ws):
    plan_hash = sent(ws)
    hear(
        ws, plan_hash,
        (0, EventKind.BOUNCED, 5, {"hard": True, "reason": "550 5.1.1"}), (1, EventKind.DEFERRED, 5),
        (1, EventKind.DELIVERED, 9), (2, EventKind.DEFERRED, 5),
    )  # fmt: skip
    failures = results.numbers_of_plan(ws, plan_hash).failures.set_index("failure")
    assert failures["letters"].to_dict() == {"no_mailbox": 1, "waiting": 1}
    assert failures["example"].to_dict() == {"no_mailbox": "550 5.1.1", "waiting": ""}


@pytest.mark.parametrize(
    ("kind", "hard", "said", "failure"),
    [
        (EventKind.BOUNCED, True, "550 5.2.2 but known to be gone", "no_mailbox"),
        (EventKind.BOUNCED, False, "552 5.2.2 over quota", "full"),
        (EventKind.BOUNCED, False, "550 5.7.1 rejected", "policy"),
        (EventKind.BOUNCED, False, "550 blocked for reputation", "policy"),
        (EventKind.BOUNCED, False, "550 5.9.9 nobody knows this", "unknown"),
        (EventKind.BOUNCED, False, "550 5.1.1 was read as soft once", "unknown"),
        (EventKind.BOUNCED, False, "", "other"),
        (EventKind.REJECTED, False, "Bounced Address", "not_tried"),
        (EventKind.DEFERRED, False, "451 4.7.1", "waiting"),
        (EventKind.OPENED, False, "", ""),
    ],
)
def test_a_failure_has_a_class(kind, hard, said, failure):
    assert delivery.failure(kind, hard, said) == failure


def test_the_pace_is_that_of_the_last_minute():
    settled = [(NOW - timedelta(seconds=seconds), 100) for seconds in (300, 30, 10)]
    assert delivery.letters_per_second(settled, NOW - timedelta(hours=1), NOW) == pytest.approx(200 / 60)
    assert delivery.letters_per_second(settled[1:], NOW - timedelta(seconds=40), NOW) == pytest.approx(5)
    assert delivery.letters_per_second([], None, NOW) == 0


# ---- the dossier


def test_the_dossier_of_a_campaign_adds_up_and_names_no_recipient(ws):
    plan_hash = sent(ws)
    made = results.dossier_of_campaign(ws, "spring", NOW, people.receipts_of_plan)
    [plan] = made["plans"]
    assert made["reconciles"]
    assert plan["reconciliation"][0]["parts"] == {"eligible": 3, "excluded": 2}
    assert [approval["by"] for approval in plan["approvals"]] == ["Ana"]
    assert [(attempt["state"], attempt["stop"]) for attempt in plan["attempts"]] == [("accepted", 3)]
    assert plan["attempts"][0]["digest"] == journal.attempts(ws, plan_hash)[0].digest
    assert [(sum_["evidence"], sum_["letters"]) for sum_ in plan["consent"]] == [("column, purpose not named", 3)]
    assert "plan.approved" in [line["what"] for line in made["trail"]]
    assert "alpha.edu" not in json.dumps(made)
    assert dossier.sums_in_words(made, str)[0] == "Rows uploaded 5 = Eligible 3 + Excluded 2: it adds up."
    assert dossier.first_broken(made) == ""


def test_a_grown_list_makes_a_second_plan_in_the_same_dossier(ws):
    sent(ws)
    grown = LIST + b"fay@alpha.edu,Fay,yes,2026-10-01\n"
    prepare.save_list(ws, "list.csv", intake.read_list(grown, "list.csv"), prepare.content_hash(grown), LATER)
    sent(ws, plan_hash=approve(ws, people=1, now=LATER))
    made = results.dossier_of_campaign(ws, "spring", LATER)
    assert [plan["recipients"] for plan in made["plans"]] == [3, 1]
    assert made["reconciles"]


def test_a_campaign_that_was_never_approved_has_no_dossier(ws):
    with pytest.raises(StateError, match="approved"):
        results.dossier_of_campaign(ws, "spring", NOW)


# ---- the sender


def test_a_sender_is_judged_without_a_list_and_unknown_is_never_a_pass(sqlite_workspace):
    report = prepare.report_on_sender(sqlite_workspace, a_campaign(), now=NOW)
    outcomes = {finding.code: finding.outcome for finding in report.findings}
    assert not report.asked
    # known without asking: no machine of one's own, no hop without encryption, no bad reply, the age of the rules
    assert [code for code, outcome in outcomes.items() if outcome == "pass"] == ["SND-12", "SND-13", "SND-18", "SND-22"]


def test_the_request_to_the_dns_team_names_each_record_to_look_for(sqlite_workspace):
    lines = [str(line) for line in prepare.report_on_sender(sqlite_workspace, a_campaign(), now=NOW).request]
    assert 'example.org. TXT "v=spf1 include:sendgrid.net ~all"' in lines
    assert '_dmarc.example.org. TXT "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.org"' in lines
    assert "s1._domainkey.example.org. CNAME s1.domainkey.u<account>.wl<number>.sendgrid.net." in lines
    assert not any("not asked" in line for line in lines)


# ---------------------------------------------------------------- a second person, where people sign in


@pytest.fixture
def signed_in(ws):
    """The house where people sign in, and a plan for more than two people takes a second one."""
    sign_in = SignIn(issuer="http://127.0.0.1", client_id="x", client_secret="y", role_claim="role", app_url="")
    return replace(ws, settings=replace(ws.settings, sign_in=sign_in, second_person_above=2))


def test_who_wrote_a_large_plan_does_not_approve_it(signed_in):
    database.save_campaign(signed_in, database.campaign(signed_in, "spring"), NOW, by="ana@alpha.edu")
    with pytest.raises(StateError, match="ask a second person"):
        approve(signed_in, by="ana@alpha.edu")
    assert journal.runs(signed_in) == []
    plan_hash = approve(signed_in, by="ben@alpha.edu")
    assert journal.run(signed_in, plan_hash).approved_by == "ben@alpha.edu"


def test_a_small_plan_takes_one_person(signed_in):
    lenient = replace(signed_in, settings=replace(signed_in.settings, second_person_above=3))
    database.save_campaign(lenient, database.campaign(lenient, "spring"), NOW, by="ana@alpha.edu")
    assert approve(lenient, by="ana@alpha.edu")


def test_a_typed_name_does_not_approve_a_large_plan_where_people_sign_in(signed_in):
    with pytest.raises(StateError, match="in the dashboard"):
        prepare.approve(signed_in, prepared(signed_in), by="Ben", now=NOW)
    assert journal.runs(signed_in) == []
