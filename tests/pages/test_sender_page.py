"""The sender page: who signs, what DNS says, and what to ask of those who keep the DNS."""

from dataclasses import replace
from datetime import date

import pytest

from bulkmail.adapters import database, seed_letters, watching
from bulkmail.tips.sender_requirements.watching import look_key
from tests.adapters.test_seed_letters import received
from tests.builders import NOW, a_campaign
from tests.pages.conftest import words


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_it_opens_empty_and_full_in_both_languages(opened, sqlite_workspace, locale):
    assert not opened("sender", locale).exception
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    full = opened("sender", locale)
    assert not full.exception
    assert len(full.text_input) == 4


def test_where_dns_was_not_asked_nothing_is_green_and_the_page_says_how_to_have_it_asked(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    page = opened("sender")
    assert "DNS was not asked" in page.info[0].value
    assert "BULKMAIL_DNS" in page.code[0].value
    assert "Unknown 23" in words(page)
    assert "Passes 4" in words(page)  # no machine of one's own, no open hop, no bad reply, the age of our own rules


def test_the_text_for_the_dns_team_has_the_records_in_full(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    assert 'example.org. TXT "v=spf1 include:sendgrid.net ~all"' in opened("sender").code[1].value


def test_what_is_written_is_kept_in_the_draft(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    page = opened("sender")
    page.text_input("sender-name-spring").set_value(" New name ").run()
    assert database.campaign(sqlite_workspace, "spring").sender.name == "New name"


def test_without_an_address_dns_is_not_asked_at_all(opened, sqlite_workspace):
    campaign = a_campaign()
    for address in ("", "nonsense", "a@b@c"):
        changed = replace(campaign, sender=replace(campaign.sender, address=address))
        database.save_campaign(sqlite_workspace, changed, NOW)
        page = opened("sender")
        assert not page.exception
        assert "Write a From address" in page.info[0].value


def test_a_hostile_domain_is_text(opened, sqlite_workspace):
    campaign = a_campaign()
    sender = replace(campaign.sender, name="![x](http://evil.example/x.png)", address="a@evil.example")
    database.save_campaign(sqlite_workspace, replace(campaign, name="**b**", sender=sender), NOW)
    page = opened("sender")
    assert not page.exception
    assert "![x](" not in words(page)


# ---------------------------------------------------------------- what is opened when it is wanted

PARTS = ("sender-providers-part", "sender-seed-part", "sender-watching-part")


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
@pytest.mark.parametrize("part", PARTS)
def test_each_part_opens_with_nothing_known_in_both_languages(opened, sqlite_workspace, locale, part):
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    page = opened("sender", locale)
    page.session_state[part] = True
    assert not page.run().exception


def test_a_letter_that_came_back_is_verified_on_the_page_and_what_is_none_is_refused(opened, sqlite_workspace):
    campaign = a_campaign()
    sender = replace(campaign.sender, address="openday@news.alpha.edu")
    database.save_campaign(sqlite_workspace, replace(campaign, sender=sender), NOW)
    page = opened("sender")
    page.session_state["sender-seed-part"] = True
    page = page.run()
    page = page.file_uploader("sender-seed").upload("other.eml", b"hello").run()
    assert "as a mailbox received it" in page.error[0].value
    page = page.file_uploader("sender-seed").upload("seed.eml", received()).run()
    assert not page.exception
    assert "could not be asked for" in words(page)  # in rehearsal no question leaves the machine: unknown, no pass
    assert seed_letters.newest_seed(sqlite_workspace, "news.alpha.edu").provider.by == "mx.google.com"


def test_an_enrolment_and_a_look_by_hand_are_kept_with_their_day(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    page = opened("sender")
    page.session_state["sender-watching-part"] = True
    page = page.run()
    look = look_key("safe_browsing", "example.org")
    for key in ("outlook_snds", look):
        page = page.date_input(f"sender-enrolled-{key}").set_value(date(2026, 11, 20)).run()
    assert watching.enrolments(sqlite_workspace) == {"outlook_snds": date(2026, 11, 20), look: date(2026, 11, 20)}
    assert database.audit_trail(sqlite_workspace)["what"].tolist() == ["enrolment.confirmed"] * 2


def test_days_of_postmaster_tools_are_brought_in_and_a_table_of_something_else_is_refused(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    page = opened("sender")
    page.session_state["sender-watching-part"] = True
    page = page.run()
    page = page.file_uploader("sender-postmaster").upload("other.csv", b"a,b\n1,2\n").run()
    assert len(page.error) == 1
    table = b"Date,User-reported spam rate\n2026-11-20,0.4%\n2026-11-21,0.05%\n"
    page = page.file_uploader("sender-postmaster").upload("days.csv", table).run()
    assert "2 days of example.org are kept" in page.success[0].value
    assert "Of 2 days 1 are over 0.3 % spam" in words(page)
