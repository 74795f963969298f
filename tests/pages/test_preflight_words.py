"""A person's word on warnings, given on the review page; and the parts of the sender page that open on demand."""

import pytest

from bulkmail import intake, preflight, prepare
from bulkmail.adapters import acknowledgements, database
from tests.builders import NOW, a_campaign
from tests.pages.conftest import words
from tests.test_reviewing import LIST, prepared


@pytest.fixture
def ws(sqlite_workspace):
    prepare.save_list(sqlite_workspace, "list.csv", intake.read_list(LIST, "list.csv"), prepare.content_hash(LIST), NOW)
    database.save_campaign(sqlite_workspace, a_campaign(list_name="list.csv"), NOW)
    return sqlite_workspace


def with_words(opened):
    """The review page with the part opened in which people give their word."""
    page = opened("review")
    page.session_state["review-words"] = True
    return page.run()


def test_a_reason_is_kept_with_the_name_of_who_gave_it(opened, ws):
    page = with_words(opened)
    asked = next(field for field in page.text_input if field.key.endswith("SND-01"))
    asked.set_value("IT publishes it on Friday")
    page.text_input("review-words-by").set_value("Ana")
    next(button for button in page.button if button.label == "Acknowledge").click()
    page.run()
    assert not page.exception
    word = acknowledgements.said_before(ws, "spring")["SND-01"]
    assert (word.by, word.reason) == ("Ana", "IT publishes it on Friday")
    page.session_state["review-words"] = True
    assert "SND-01: Ana" in words(page.run()).replace("\\", "")


def test_a_reason_without_a_name_is_refused_with_a_word(opened, ws):
    page = with_words(opened)
    next(field for field in page.text_input if field.key.endswith("SND-01")).set_value("fine")
    next(button for button in page.button if button.label == "Acknowledge").click()
    page.run()
    assert "needs a name and a reason" in words(page)
    assert acknowledgements.said_before(ws, "spring") == {}


def test_one_reason_may_stand_for_all_that_are_left_empty(opened, ws):
    page = with_words(opened)
    page.text_input("review-words-by").set_value("Ana")
    next(field for field in page.text_input if field.key.endswith("-all")).set_value("Read together on Monday")
    next(button for button in page.button if button.label == "Acknowledge").click()
    page.run()
    said = acknowledgements.said_before(ws, "spring")
    assert len(said) > 20
    assert {(word.by, word.reason) for word in said.values()} == {("Ana", "Read together on Monday")}
    page.session_state["review-words"] = True
    assert "(0 to come)" in " ".join(expander.label for expander in page.run().expander)


def test_in_rehearsal_the_plan_may_be_approved_without_words(opened, ws):
    assert preflight.to_acknowledge(prepared(ws).findings)
    assert not opened("review").button("review-approve").disabled


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_the_sender_page_has_a_part_for_providers_seed_and_watching(opened, ws, locale):
    page = opened("sender", locale)
    assert not page.exception
    labels = [expander.label for expander in page.expander]
    assert (
        sum(
            word in label
            for label in labels
            for word in ("provider", "came back", "Watching", "供應商", "寄回", "監察")
        )
        >= 3
    )
