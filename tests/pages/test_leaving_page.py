"""The page Unsubscribing: who asked to be left alone, and whether the way out works."""

from zoneinfo import ZoneInfo

import pytest

from bulkmail import prepare, wiring
from bulkmail.adapters import database, opt_outs
from tests.builders import a_campaign


@pytest.fixture
def house(sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(), wiring.now())
    return sqlite_workspace


def test_without_requests_it_says_that_none_waits(opened, house):
    page = opened("leaving")
    assert page.metric[0].value == "0"
    assert not page.multiselect


def test_pasted_mails_wait_until_somebody_has_chosen_whom_they_are_about(opened, house):
    page = opened("leaving")
    page.text_area(key="leaving-pasted").input("remove me: ana@example.com, bo@example.com")
    next(button for button in page.button if button.label == "Read them").click()
    page.run()
    assert len(opt_outs.waiting(house)) == 2
    arrived = {request.arrived_at.astimezone(ZoneInfo("Asia/Macau")) for request in opt_outs.waiting(house)}
    assert {f"{at:%Y-%m-%d %H:%M}" for at in arrived} == set(page.dataframe[0].value["Since"])
    ana = next(request for request in opt_outs.waiting(house) if request.address.startswith("ana"))
    page.multiselect(key="leaving-chosen").select(ana.id).run()
    page.button(key="leaving-honour").click().run()
    assert database.suppressions(house)["address"].tolist() == ["ana@example.com"]
    assert not page.exception


def test_the_drill_is_shown_step_by_step_and_says_where_nobody_answers(opened, house):
    page = opened("leaving")
    page.button(key="leaving-drill").click().run()
    assert not page.exception
    nobody = len(page.dataframe[-1].value) == 1  # at the address, where otherwise some other house listens
    assert ("Nobody answered at" in " ".join(one.value for one in page.markdown)) == nobody


def test_a_mail_without_an_address_is_an_error_in_words(opened, house):
    page = opened("leaving")
    page.text_area(key="leaving-pasted").input("stop it")
    next(button for button in page.button if button.label == "Read them").click()
    page.run()
    assert [error.value for error in page.error]
    assert not prepare.requests_to_stop(house).waiting
