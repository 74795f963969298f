"""One person: everything known of an address, corrected and erased, and the receipt of what they were sent."""

import json
from datetime import timedelta

import pandas as pd
import pytest
from builders import NOW, a_campaign

from bulkmail import intake, people, prepare
from bulkmail.adapters import database, journal, ledger, lists
from bulkmail.errors import InputError
from bulkmail.model import AttemptState, Attestation, DeliveryEvent, EventKind, Sender, Suppression, SuppressionReason

LATER = NOW + timedelta(hours=1)
LIST = """Email,Name,Consent,Consent date,Consent source,Consent wording
ana.lei@mail.lotusbay.edu.mo,Ana Lei,yes,2026-03-01,open day,"Send me news."
ben@other.lotusbay.edu.mo,Ben Wong,yes,2026-03-02,open day,v1
ciu@other.lotusbay.edu.mo,Ciu,no,2026-03-02,open day,v1
"""
SENDER = Sender(name="Library", address="library@lotusbay.edu.mo", reply_to="library@lotusbay.edu.mo",
                organisation="Lotus Bay University", postal_address="1 Lotus Avenue, Macau")  # fmt: skip


def a_house(workspace, data=LIST, **changes):
    """A list that was uploaded, and a plan for it that was approved."""
    reading = intake.read_list(data.encode(), "members.csv")
    prepare.save_list(workspace, "members.csv", reading, prepare.content_hash(data.encode()), NOW, who="Ana")
    campaign = a_campaign(sender=SENDER, list_name="members.csv", **changes)
    database.save_campaign(workspace, campaign, NOW)
    prepared = prepare.prepare_campaign(workspace, prepare.inputs_of(workspace, campaign), now=NOW)
    journal_plan(workspace, prepared)
    return prepared.plan.hash


def journal_plan(workspace, prepared):
    from bulkmail.prepare import consents  # the approval without what blocks for other tips' reasons

    consents.record(workspace, prepared.campaign, prepared.consent_events, by="Registrar", now=NOW)
    excluded = prepared.audience.excluded[["source_row", "person", "address", "reason", "details"]]
    journal.store_plan(workspace, prepared.plan, prepared.snapshot, excluded, [], NOW)
    journal.approve(workspace, prepared.plan.hash, "Registrar", NOW)


def known(workspace, address="Ana.Lei@Mail.lotusbay.edu.mo"):
    return people.known_of(workspace, address, now=LATER)


def kinds(found):
    return [moment.kind for moment in found.moments]


def test_everything_known_of_an_address_is_told_in_order_of_time(workspace):
    plan = a_house(workspace)
    position = int(journal.load_snapshot(workspace, plan)["address"].eq("ana.lei@mail.lotusbay.edu.mo").idxmax())
    event = DeliveryEvent(
        id="e1", kind=EventKind.OPENED, at=LATER, address="ana.lei@mail.lotusbay.edu.mo", position=position
    )
    suppression = Suppression(person=known(workspace).person, reason=SuppressionReason.MANUAL, at=LATER, origin="desk")
    journal.store_events(workspace, [event], [suppression], now=LATER)
    found = known(workspace)
    assert sorted(kinds(found)) == ["consent", "event", "letter", "suppression", "upload"]
    dated = [moment.at for moment in found.moments if moment.at]
    assert dated == sorted(dated)
    assert found.why[0] == "Spring letter"
    assert found.standing["state"].tolist() == ["given"]


def test_who_was_left_out_is_told_why(workspace):
    a_house(workspace)
    campaign, why = known(workspace, "ciu@other.lotusbay.edu.mo").why
    assert (campaign, str(why)) == ("Spring letter", "Refused consent")


def test_what_is_no_address_is_a_clear_error_and_a_stranger_is_not_known(workspace):
    with pytest.raises(InputError):
        known(workspace, "nobody")
    assert not known(workspace, "stranger@lotusbay.edu.mo").is_known


def test_what_is_known_is_handed_over_for_programs_and_for_people(workspace):
    a_house(workspace)
    found = known(workspace)
    document = json.loads(people.as_json(found, LATER))
    assert document["address"] == found.address
    assert {moment["kind"] for moment in document["history"]} == {"upload", "consent", "letter"}
    text = people.as_text(found, LATER, str)
    assert "Ana Lei" in text
    assert "Send me news." in text


def test_what_keeps_letters_away_stands_first_until_the_person_comes_back(workspace):
    a_house(workspace)
    person = known(workspace).person
    left = {"person": person, "origin": "link", "at": NOW}
    reasons = {"club": SuppressionReason.UNSUBSCRIBED, "": SuppressionReason.HARD_BOUNCE}
    database.add_suppressions(workspace, [Suppression(purpose=p, reason=r, **left) for p, r in reasons.items()])
    assert {(moment.where, str(moment.what)) for moment in known(workspace).held} == {
        ("club", "Unsubscribed"),
        ("", "Mailbox does not exist"),
    }
    assert "Not to be mailed" in people.as_text(known(workspace), LATER, str)
    back = {"purpose": "club", "basis": "consent_express", "state": "given", "evidence": "form", "at": LATER}
    database.append_consent(workspace, pd.DataFrame([back | {"person": person, "recorded_at": LATER}]))
    assert [moment.where for moment in known(workspace).held] == [""]
    assert [moment.where for moment in known(workspace).moments if moment.kind == "suppression"].count("club") == 1


def test_the_readable_copy_speaks_words_and_no_codes(workspace):
    a_house(workspace)
    text = people.as_text(known(workspace), LATER, str)
    assert "    Basis: Express consent" in text
    assert "    Consent source: open day" in text
    assert "original_address" not in text


def test_an_erased_person_is_found_nowhere_and_an_upload_does_not_bring_them_back(workspace):
    plan = a_house(workspace)
    people.erase(workspace, known(workspace), who="an officer", now=LATER)
    after = known(workspace)
    assert set(kinds(after)) == {"consent", "letter", "suppression", "deed"}
    last = ledger.consent_records(workspace, [after.person]).iloc[-1]
    assert (last["state"], last["purpose"], last["evidence"]) == ("withdrawn", "", "request")
    assert not [path for path in workspace.home.rglob("*") if path.is_file() and b"ana.lei" in path.read_bytes()]
    version = lists.newest(workspace, "members.csv")
    assert (version.rows, len(lists.load_list(workspace, version.id))) == (3, 3)
    assert len(journal.load_snapshot(workspace, plan)) == 2
    again = intake.read_list(LIST.encode(), "again.csv")
    prepare.save_list(workspace, "again.csv", again, "f" * 64, LATER)
    campaign = a_campaign(id="next", name="Next", sender=SENDER, list_name="again.csv")
    database.save_campaign(workspace, campaign, LATER)
    prepared = prepare.prepare_campaign(workspace, prepare.inputs_of(workspace, campaign), now=LATER)
    assert prepared.audience.reasons["objected"] == 1
    assert ledger.first_broken_link(workspace) is None


def test_erasing_reaches_what_was_mended(workspace):
    a_house(workspace)
    people.correct(workspace, known(workspace), address="ana@new.lotusbay.edu.mo", name="", who="an officer", now=LATER)
    people.erase(workspace, known(workspace, "ana@new.lotusbay.edu.mo"), who="an officer", now=LATER)
    assert "upload" not in kinds(known(workspace, "ana@new.lotusbay.edu.mo"))


def test_a_corrected_address_takes_its_consent_along(workspace):
    a_house(workspace)
    assert people.correct(
        workspace, known(workspace), address="ana@new.lotusbay.edu.mo", name="Ana M. Lei", who="an officer", now=LATER
    ) == 1  # fmt: skip
    new = known(workspace, "ana@new.lotusbay.edu.mo")
    assert new.standing["state"].tolist() == ["given"]
    assert new.rows[0][1]["name"].tolist() == ["Ana M. Lei"]


def test_a_correction_does_not_bring_back_who_has_left(workspace):
    a_house(workspace)
    left = Suppression(person=known(workspace).person, reason=SuppressionReason.UNSUBSCRIBED, at=NOW, origin="link")
    database.add_suppressions(workspace, [left])
    people.correct(workspace, known(workspace), address="ana@new.lotusbay.edu.mo", name="", who="x", now=LATER)
    assert "suppression" in kinds(known(workspace, "ana@new.lotusbay.edu.mo"))


@pytest.mark.parametrize(("address", "name"), [("nonsense", ""), ("", "")])
def test_a_correction_says_what_it_needs(workspace, address, name):
    a_house(workspace)
    with pytest.raises(InputError):
        people.correct(workspace, known(workspace), address=address, name=name, who="x", now=LATER)


def test_what_was_asked_of_us_stands_in_the_audit_trail_without_an_address(workspace):
    a_house(workspace)
    people.correct(workspace, known(workspace), address="", name="Ana M.", who="an officer", now=LATER)
    people.erase(workspace, known(workspace), who="an officer", now=LATER)
    trail = database.audit_trail(workspace)
    assert {"person.corrected", "person.erased"} <= set(trail["what"])
    assert not trail["about"].map(str).str.contains("@").any()


def test_a_receipt_names_the_event_and_the_wording_that_allowed_a_letter(workspace):
    a_house(workspace, "Email,Name\nana.lei@mail.lotusbay.edu.mo,Ana\n", attestation=ATTESTED)
    letter = known(workspace).letters[0]
    receipt = people.receipt_of(workspace, letter)
    assert (receipt.approved_by, receipt.purpose) == ("Registrar", "newsletter")
    assert (receipt.event["evidence"], receipt.event["id"]) == ("attestation", 1)
    assert receipt.notice.text == "Yes, send me the newsletter."


def test_what_came_after_the_approval_is_not_what_allowed_the_letter(workspace):
    a_house(workspace)
    event = ledger.consent_records(workspace, [known(workspace).person]).assign(
        state="withdrawn", at=NOW, recorded_at=LATER
    )
    ledger.append_consent(workspace, event)
    assert people.receipt_of(workspace, known(workspace).letters[0]).event["state"] == "given"


def test_who_was_left_out_has_no_receipt(workspace):
    a_house(workspace)
    assert people.receipt_of(workspace, known(workspace, "ciu@other.lotusbay.edu.mo").letters[0]) is None


def test_every_accepted_letter_of_a_plan_has_a_receipt(workspace):
    plan = a_house(workspace)
    assert people.receipts_of_plan(workspace, plan).empty
    worker = journal.register_worker(workspace, NOW)
    attempt = journal.attempts(workspace, plan)[0]
    journal.claim(workspace, worker, NOW, lambda *given: {})
    journal.settle(workspace, attempt.id, AttemptState.ACCEPTED, now=LATER, message_id="m1")
    receipts = people.receipts_of_plan(workspace, plan)
    assert receipts["source_row"].tolist() == [2, 3]
    assert set(receipts["state"]) == {"given"}
    assert receipts["event"].notna().all()


ATTESTED = Attestation(
    basis="consent", source="sign-up sheets", wording="Yes, send me the newsletter.", by="Registrar",
    at=NOW - timedelta(days=30),
)  # fmt: skip
