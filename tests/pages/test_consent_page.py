"""The consent page: everybody counted once, the rows behind each number, attestations kept, the ledger checked."""

import re
from datetime import date

import pytest
from sqlalchemy import text

from bulkmail import intake, prepare
from bulkmail.adapters import database, files, notices
from bulkmail.adapters.workspace import writing
from bulkmail.model import Suppression, SuppressionReason
from bulkmail.tips import addressing
from tests.builders import NOW, a_campaign
from tests.pages.conftest import settled, words

LIST = """Name,Email,Consent,Consent date
Ana,ana@lotus.edu.mo,yes,2026-09-01
Bob,bob@lotus.edu.mo,no,2026-09-01
Cai,cai@lotus.edu.mo,yes,2020-01-01
Dan,dan@lotus.edu.mo,,
"=HYPERLINK(""http://evil.example"")",eva@lotus.edu.mo,,
Nobody,,yes,2026-09-01
"""
BARE = "Name,Email\nAna,ana@lotus.edu.mo\nBob,bob@lotus.edu.mo\n"


def a_draft(ws, content=LIST, **changes):
    reading = intake.read_list(content.encode(), "people.csv")
    prepare.save_list(ws, "people.csv", reading, prepare.content_hash(content.encode()), NOW)
    campaign = a_campaign(**{"list_name": "people.csv", "body": "Dear reader"} | changes)
    database.save_campaign(ws, campaign, NOW)
    return campaign


def vouch(page, **changes):
    """Fill in the attestation and keep it."""
    typed = {"source": "sheets", "wording": "Send me news", "by": "Registrar", "day": date(2026, 3, 1)} | changes
    page.selectbox("attest-spring-basis").select("consent_express")
    for part in ("source", "by"):
        page.text_input(f"attest-spring-{part}").set_value(typed[part])
    page.text_area("attest-spring-wording").set_value(typed["wording"])
    page.date_input("attest-spring-day").set_value(typed["day"])
    return page.button("attest-spring-keep").click().run()


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_it_opens_empty_without_a_list_and_full_in_both_languages(opened, sqlite_workspace, locale):
    assert not opened("consent", locale).exception
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    assert not opened("consent", locale).exception
    a_draft(sqlite_workspace)
    full = opened("consent", locale)
    assert not full.exception
    assert len(full.metric) == 5


def test_everybody_with_an_address_is_counted_once(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    page = opened("consent")
    assert {card.label: card.value for card in page.metric} == {
        "May be written to": "1", "Refused or withdrew": "1", "Expired": "1", "Not for this yet": "0", "No record": "2",
    }  # fmt: skip
    assert page.metric[0].delta == "20.0% of 5"


def test_a_letter_of_a_service_asks_for_no_consent(opened, sqlite_workspace):
    a_draft(sqlite_workspace, kind="transactional")
    page = opened("consent")
    assert [card.value for card in page.metric] == ["4", "1", "0", "0", "0"]
    assert "asks for no consent" in words(page)


def test_the_rows_behind_a_number_come_with_a_link(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    assert len(rows(opened("consent"))) == 4
    refused = opened("consent", stand="consent_refused")
    assert rows(refused)["Address"].tolist() == ["bob@lotus.edu.mo"]
    assert rows(opened("consent", stand="holds"))["Proof"].tolist() == ["A row of a list, purpose not named"]


def rows(page):
    return next(table.value for table in page.dataframe if "Address" in table.value)


def test_where_nobody_is_left_out_those_stand_there_who_may_be_written_to(opened, sqlite_workspace):
    a_draft(sqlite_workspace, "Name,Email,Consent\nAna,ana@lotus.edu.mo,yes\n")
    assert rows(opened("consent"))["Address"].tolist() == ["ana@lotus.edu.mo"]


def test_a_formula_in_a_name_is_harmless(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    assert any(name.startswith("'=HYPERLINK") for name in rows(opened("consent"))["Name"])


def test_an_attestation_is_kept_speaks_for_the_list_and_can_be_removed(opened, sqlite_workspace):
    a_draft(sqlite_workspace, BARE)
    page = opened("consent")
    assert page.metric[0].value == "0"
    page = vouch(page)
    assert not page.exception
    assert database.campaign(sqlite_workspace, "spring").attestation.by == "Registrar"
    assert page.metric[0].value == "2"
    assert "speaks for 2 of 2 rows" in words(page)
    page = page.button("consent-remove").click().run()
    assert database.campaign(sqlite_workspace, "spring").attestation is None
    assert page.metric[0].value == "0"
    trail = database.audit_trail(sqlite_workspace)
    assert trail["what"].tolist() == ["attestation.kept", "attestation.removed"]
    assert trail["who"].tolist()[0] == "Registrar"


def test_an_attestation_speaks_for_nobody_where_the_list_speaks_for_itself(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    page = vouch(opened("consent"))
    assert "speaks for 0 of 5 rows" in words(page)
    assert page.metric[0].value == "1"


@pytest.mark.parametrize("change", [{"source": ""}, {"source": "purchased list"}, {"by": "  "}, {"day": None}])
def test_an_attestation_that_is_worth_nothing_is_not_kept_and_the_page_says_why(opened, sqlite_workspace, change):
    a_draft(sqlite_workspace, BARE)
    page = vouch(opened("consent"), **change)
    assert len(page.error) == 1
    assert database.campaign(sqlite_workspace, "spring").attestation is None
    assert page.text_area("attest-spring-wording").value == "Send me news"


def test_the_chain_of_the_ledger_is_checked_when_asked(opened, sqlite_workspace):
    campaign = a_draft(sqlite_workspace)
    prepared = prepare.prepare_campaign(sqlite_workspace, prepare.inputs_of(sqlite_workspace, campaign), now=NOW)
    database.append_consent(sqlite_workspace, prepared.consent_events)
    page = opened("consent")
    assert "Consent ledger: 3 events" in words(page)
    assert "All 3 events are as they were recorded" in words(page.button("consent-check").click().run())
    with writing(sqlite_workspace) as connection:
        connection.execute(text("DROP TRIGGER keep_consent_event_update"))
        connection.execute(text("UPDATE consent_event SET wording = 'other' WHERE id = 2"))
    assert "Event 2 is not as it was recorded" in words(page.button("consent-check").click().run())


def test_who_is_never_to_be_mailed_is_counted_by_reason(opened, sqlite_workspace):
    person = addressing.person_of("ana@lotus.edu.mo", sqlite_workspace.person_key)
    left = Suppression(
        person=person, reason=SuppressionReason.UNSUBSCRIBED, purpose="", at=NOW, origin="link", address=""
    )
    database.add_suppressions(sqlite_workspace, [left])
    page = opened("consent")
    assert page.dataframe[0].value.to_dict("records") == [{"People": 1, "Reason": "Unsubscribed"}]


def test_a_hostile_purpose_is_text(opened, sqlite_workspace):
    a_draft(sqlite_workspace, purpose="![x](http://evil.example/x.png)")
    page = opened("consent")
    assert not page.exception
    assert "![x](" not in words(page)


def test_a_mere_look_changes_nothing(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    opened("consent").run()
    assert database.saved_at(sqlite_workspace, "spring") == NOW
    assert database.audit_trail(sqlite_workspace).empty


@pytest.mark.browser
def test_in_a_browser_the_reason_chosen_stands_in_the_address(page, sample_server):
    from playwright.sync_api import expect

    chosen = page.get_by_test_id("stMain").get_by_role("combobox", name="Rows")
    page.goto(f"{sample_server}/consent?stand=consent_expired")
    expect(chosen).to_have_value(re.compile("^Consent expired"))
    settled(page).reload()
    expect(chosen).to_have_value(re.compile("^Consent expired"))
    assert "stand=consent_expired" in page.url
    assert page.strangers == []


def test_a_notice_is_kept_and_a_second_text_under_its_version_is_refused(opened, sqlite_workspace):
    page = opened("consent")
    for words_seen in ("Send me news.", "Send me everything."):
        typed = {
            "name": "sign-up form",
            "version": "1",
            "purpose": "newsletter",
            "controller": "Registry",
        }
        for field, value in typed.items():
            page.text_input(f"notice-{field}").set_value(value)
        page.text_area("notice-text").set_value(words_seen)
        page = page.button("FormSubmitter:notice-form-Keep the notice").click().run()
        assert not page.exception
    (kept,) = notices.notices(sqlite_workspace)
    assert (kept.text, kept.controller) == ("Send me news.", "Registry")
    assert "other words" in words(page)


def test_what_comes_first_in_a_date_is_asked_and_the_answer_kept(opened, sqlite_workspace):
    a_draft(sqlite_workspace, "Email,Consent,Consent date\nana@lotus.edu.mo,yes,03/04/2026\n")
    page = opened("consent")
    assert "1 dates can be read two ways" in words(page)
    page.segmented_control("consent-dates-spring").set_value("month").run()
    assert database.campaign(sqlite_workspace, "spring").date_order == "month"


def test_a_document_stays_with_the_attestation(opened, sqlite_workspace):
    a_draft(sqlite_workspace, BARE)
    page = vouch(opened("consent"))
    assert database.campaign(sqlite_workspace, "spring").attestation.document == ""
    page.file_uploader("attest-spring-document").upload("signed.pdf", b"%PDF signed")
    page = vouch(page)
    attached = database.campaign(sqlite_workspace, "spring").attestation.document
    assert files.document(sqlite_workspace.home, attached) == b"%PDF signed"
    assert page.download_button("consent-document").label == "The attached document"
    kept = files.save_document(sqlite_workspace.home, b"signed")
    assert files.document(sqlite_workspace.home, kept) == b"signed"
    (sqlite_workspace.home / "documents" / kept).write_bytes(b"forged")
    assert files.document(sqlite_workspace.home, kept) is None
    assert not page.exception
