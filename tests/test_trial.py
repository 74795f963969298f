"""A test letter to oneself: a plan of one that goes the whole way, and counts for nobody."""

import pytest
from builders import NOW, a_campaign, live

from bulkmail import intake, prepare
from bulkmail.adapters import database, drafts, journal, ledger
from bulkmail.adapters.workspace import writing
from bulkmail.errors import InputError, StateError
from bulkmail.model import TRIAL, Outcome, Suppression, SuppressionReason

LIST = (
    b"Name,Email,Language,Consent\nAna,ana@lotus.edu.mo,en,yes\nBo,bo@lotus.edu.mo,zh,yes\nCai,cai@lotus.edu.mo,en,no\n"
)


@pytest.fixture
def prepared(sqlite_workspace):
    campaign = a_campaign(body="Dear {{ name }}, we open at nine.", list_name="people.csv")
    database.save_campaign(sqlite_workspace, campaign, NOW)
    prepare.save_list(sqlite_workspace, "people.csv", intake.read_list(LIST, "people.csv"), "h", NOW)
    inputs = prepare.inputs_of(sqlite_workspace, database.campaign(sqlite_workspace, "spring"))
    return prepare.prepare_campaign(sqlite_workspace, inputs, now=NOW)


def trial(ws, prepared, address="me@example.org", row=2):
    return prepare.send_trial(ws, prepared, row, address, by="Eva", now=NOW)


def test_it_is_a_plan_of_one_with_the_letter_of_that_row(sqlite_workspace, prepared):
    sent = trial(sqlite_workspace, prepared)
    stored = journal.load_plan(sqlite_workspace, sent)
    assert stored.plan.recipients == 1 and TRIAL in stored.plan.campaign_id
    assert stored.plan.parts["letters"] == prepared.plan.parts["letters"]
    assert journal.run_state(sqlite_workspace, sent) == "queued"
    claimed = journal.claim(sqlite_workspace, journal.register_worker(sqlite_workspace, NOW), NOW, lambda *_: {})
    assert claimed.letters["address"].tolist() == ["me@example.org"]
    assert claimed.letters["name"].tolist() == ["Ana"]


def test_it_counts_for_nobody_and_is_listed_nowhere(sqlite_workspace, prepared):
    trial(sqlite_workspace, prepared, "ana@lotus.edu.mo")
    journal.claim(sqlite_workspace, journal.register_worker(sqlite_workspace, NOW), NOW, lambda *_: {})
    assert journal.runs(sqlite_workspace) == []
    assert journal.contacts_since(sqlite_workspace, NOW.replace(year=2020)).empty
    assert journal.handled(sqlite_workspace, "spring").empty
    assert [known.id for known in database.campaigns(sqlite_workspace)] == ["spring"]


def test_what_is_no_address_and_who_has_left_get_none(sqlite_workspace, prepared):
    with pytest.raises(InputError, match="no address"):
        trial(sqlite_workspace, prepared, "nobody")
    with pytest.raises(StateError, match="Row 4"):
        trial(sqlite_workspace, prepared, row=4)
    left = prepared.table.loc[prepared.table["address"] == "bo@lotus.edu.mo", "person"].iloc[0]
    gone = Suppression(person=left, reason=SuppressionReason.UNSUBSCRIBED, at=NOW, origin="page")
    with writing(sqlite_workspace) as connection:
        database.insert_suppressions(connection, [gone])
    with pytest.raises(StateError, match="must not be mailed"):
        trial(sqlite_workspace, prepared, "bo@lotus.edu.mo")


def test_a_real_test_letter_stays_inside_the_organisation(sqlite_workspace, prepared):
    with pytest.raises(StateError, match="inside the organisation"):
        trial(live(sqlite_workspace), prepared, "friend@elsewhere.net")


# ---------------------------------------------------------------- looking, and versions


def test_an_audience_is_weighed_against_all_who_may_be_mailed_for_the_purpose(sqlite_workspace):
    def rows(count):
        people = (f"P{n},p{n}@lotus.edu.mo,yes" for n in range(count))
        return "\n".join(["Name,Email,Consent", *people]).encode()

    def prepared_with(count, name):
        prepare.save_list(sqlite_workspace, name, intake.read_list(rows(count), name), f"h{count}", NOW)
        database.save_campaign(sqlite_workspace, a_campaign(body="We open at nine.", list_name=name), NOW)
        inputs = prepare.inputs_of(sqlite_workspace, database.campaign(sqlite_workspace, "spring"))
        return prepare.prepare_campaign(sqlite_workspace, inputs, now=NOW)

    everybody = prepared_with(300, "all.csv")
    assert everybody.personal.active == 300
    ledger.append_consent(sqlite_workspace, everybody.consent_events.assign(recorded_by="Eva"))
    assert prepared_with(210, "some.csv").personal.active == 300
    assert prepared_with(199, "few.csv").personal.active is None


def test_what_was_looked_at_is_known_until_the_letter_changes(sqlite_workspace, prepared):
    outcome = {found.code: found.outcome for found in prepare.with_looks(sqlite_workspace, prepared).findings}
    assert outcome["PER-09"] is Outcome.WARN
    for kind in prepared.personal.telling:
        prepare.note_look(sqlite_workspace, prepared, kind, now=NOW)
    outcome = {found.code: found.outcome for found in prepare.with_looks(sqlite_workspace, prepared).findings}
    assert outcome["PER-09"] is Outcome.PASS
    again = prepare.prepare_campaign(sqlite_workspace, prepared.inputs, now=NOW)
    assert again.plan.hash == prepared.plan.hash  # looking changes no plan
    assert drafts.looked_at(sqlite_workspace, "another letter") == ()
