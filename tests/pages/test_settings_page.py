"""The settings page: what is set without any secret, the rules with their sources, and who did what."""

import pytest
import streamlit as st

from bulkmail import limits
from bulkmail.adapters import database, drafts
from tests.builders import NOW
from tests.pages.conftest import settled, words


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
@pytest.mark.parametrize("part", ["settings", "brand", "rules", "trail"])
def test_each_part_opens_in_both_languages(opened, sqlite_workspace, locale, part):
    assert not opened("settings", locale, part=part).exception
    database.audit(sqlite_workspace, "Ana", "plan.approved", {"plan": "f" * 64, "recipients": 3}, NOW)
    assert not opened("settings", locale, part=part).exception


def everything(page):
    """All texts of the page and all cells of its tables."""
    tables = [*page.table, *page.dataframe]
    return "\n".join([words(page), *(table.value.to_string() for table in tables), *(one.value for one in page.code)])


def test_no_secret_is_shown(opened, monkeypatch):
    page_url = "postgresql://clerk:hidden@db.example.org/mail"
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.verysecret")
    monkeypatch.setenv("SENDGRID_HOST", "http://127.0.0.1:9")
    shown = everything(opened("settings"))
    assert "SG.verysecret" not in shown
    assert "hidden" not in shown and page_url not in shown
    assert "The key is set." in shown


def test_without_a_key_it_says_that_nothing_leaves(opened):
    page = opened("settings")
    assert "no letter leaves this machine" in page.info[0].value
    assert not page.error


def test_with_a_key_it_says_that_letters_go_to_people(opened, monkeypatch):
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.verysecret")
    page = opened("settings")
    assert "real people" in page.error[0].value
    assert "No event of SendGrid is believed" in everything(page)


def test_whether_the_outside_reaches_us_is_unknown(opened, monkeypatch):
    assert "Only this machine can follow the links" in everything(opened("settings"))
    st.cache_resource.clear()
    monkeypatch.setenv("BULKMAIL_PUBLIC_URL", "https://mail.example.org")
    assert "Reachable from outside: unknown" in everything(opened("settings"))


def test_every_rule_stands_there_with_its_source_and_day(opened):
    page = opened("settings", part="rules")
    table = page.dataframe[0].value
    assert len(table) == len(limits.every_limit()) == int(page.metric[0].value)
    assert table["Read on"].notna().all()


def test_the_trail_tells_the_newest_deed_first_and_harms_no_spreadsheet(opened, sqlite_workspace):
    database.audit(sqlite_workspace, "Ana", "plan.approved", {"plan": "f" * 64, "recipients": 3}, NOW)
    database.audit(sqlite_workspace, "=1+1", "other.deed", "a text", NOW)
    table = opened("settings", part="trail").dataframe[0].value
    assert table["What"].tolist() == ["other.deed", "Approved a plan"]
    assert table["Who"].tolist() == ["'=1+1", "Ana"]
    assert table["About"].tolist() == ["a text", f"plan: {'f' * 12}; recipients: 3"]


@pytest.mark.browser
def test_in_a_browser_the_part_stands_in_the_address_and_this_machine_alone_is_asked(page, sample_server):
    page.goto(f"{sample_server}/settings")
    settled(page).get_by_text("reachable from this machine only").wait_for()
    page.get_by_role("radio", name="Rules").or_(page.get_by_role("button", name="Rules")).first.click()
    page.wait_for_url("**part=rules*")
    page.reload()
    settled(page).get_by_text("Oldest page was read on").wait_for()
    assert page.strangers == []


def test_the_brand_is_kept_and_what_cannot_stand_in_a_letter_is_said(opened, sqlite_workspace):
    page = opened("settings", part="brand").run()
    page.text_area("brand-domains").set_value("um.edu.mo\n\nlib.um.edu.mo")
    page.text_input("brand-logo").set_value("http://um.edu.mo/logo.png")
    page.button("FormSubmitter:brand-Keep the brand").click().run()
    assert "beginning with https" in page.error[0].value
    page.text_input("brand-logo").set_value("")
    page.button("FormSubmitter:brand-Keep the brand").click().run()
    assert drafts.brand(sqlite_workspace).domains == ("um.edu.mo", "lib.um.edu.mo")


def test_a_second_click_counts_while_the_address_still_says_what_was_before_the_first(opened):
    page = opened("settings", part="rules")
    page.segmented_control("part").set_value("trail").run()
    page.query_params["part"] = "rules"
    page.segmented_control("part").set_value("brand").run()
    assert page.segmented_control("part").value == "brand"


def test_an_address_that_changes_by_itself_is_followed(opened):
    page = opened("settings", part="rules")
    page.query_params["part"] = "trail"
    assert page.run().segmented_control("part").value == "trail"
