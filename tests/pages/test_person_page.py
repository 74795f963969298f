"""The page of one person: looked up, handed over, corrected and erased, each in the audit trail."""

import pandas as pd
import pytest

from bulkmail import people
from bulkmail.adapters import database
from bulkmail.model import Suppression, SuppressionReason
from tests.builders import NOW
from tests.pages.conftest import words
from tests.pages.test_consent_page import a_draft

ANA = "ana@lotus.edu.mo"


def looked_up(opened, address, locale="en-US"):
    page = opened("person", locale)
    page.text_input("person-address").set_value(address)
    return page.button("FormSubmitter:person-search-Look up").click().run() if locale == "en-US" else page.run()


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_it_teaches_where_nobody_was_looked_up(opened, sqlite_workspace, locale):
    assert not opened("person", locale).exception


def test_what_is_no_address_is_said_and_a_stranger_is_not_known(opened, sqlite_workspace):
    assert "whole e-mail address" in looked_up(opened, "nobody").error[0].value
    assert "Nothing is known" in looked_up(opened, "stranger@lotus.edu.mo").info[0].value


def test_everything_known_of_an_address_stands_on_the_page(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    page = looked_up(opened, ANA)
    assert not page.exception
    assert "people.csv" in page.dataframe[0].value.to_string()


def test_a_consent_of_a_list_without_an_hour_shows_its_day_alone(opened, sqlite_workspace):
    person = people.known_of(sqlite_workspace, ANA, now=NOW).person
    said = {"person": person, "purpose": "news", "state": "given", "evidence": "column", "recorded_at": NOW}
    days = [pd.Timestamp("2026-09-01", tz="UTC"), pd.Timestamp("2026-09-02 01:30", tz="UTC")]
    database.append_consent(sqlite_workspace, pd.DataFrame([said | {"at": day} for day in days]))
    page = looked_up(opened, ANA)
    assert page.dataframe[0].value["When"].tolist() == ["2026-09-01", "2026-09-02 09:30"]


def test_what_keeps_letters_away_is_said_before_consent_and_details_are_words(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    person = people.known_of(sqlite_workspace, ANA, now=NOW).person
    left = Suppression(person=person, reason=SuppressionReason.COMPLAINED, at=NOW, origin="event")
    database.add_suppressions(sqlite_workspace, [left])
    page = looked_up(opened, ANA)
    told = words(page)
    assert told.index("Reported a letter as spam · All purposes") < told.index("Consent as it stands")
    assert person not in page.dataframe[0].value.to_string()


def test_a_name_is_corrected(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    page = looked_up(opened, ANA)
    page.text_input("person-new-name").set_value("Ana M.")
    page = page.button("FormSubmitter:person-correct-Correct").click().run()
    assert not page.exception
    assert "Corrected in 1 rows" in words(page)
    assert people.known_of(sqlite_workspace, ANA, now=NOW).rows[0][1]["name"].tolist() == ["Ana M."]


def test_a_person_is_erased_only_when_the_address_is_typed_again(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    page = looked_up(opened, ANA)
    page.text_input("person-erase-address").set_value("bob@lotus.edu.mo")
    page = page.button("FormSubmitter:person-erase-Erase").click().run()
    assert "another address" in words(page)
    assert people.known_of(sqlite_workspace, ANA, now=NOW).rows
    page.text_input("person-erase-address").set_value(ANA)
    page = page.button("FormSubmitter:person-erase-Erase").click().run()
    assert not page.exception
    assert not people.known_of(sqlite_workspace, ANA, now=NOW).rows
    assert "person.erased" in set(database.audit_trail(sqlite_workspace)["what"])
