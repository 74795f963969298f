"""The sender page: who signs, what DNS says, and what to ask of those who keep the DNS."""

from dataclasses import replace

import pytest

from bulkmail.adapters import database
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
