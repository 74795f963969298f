"""The frame in a real browser: every page by its address, languages, the way back, and nothing asked of the world."""

import re

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import HOUSE, app_server, settled

pytestmark = pytest.mark.browser
PAGES = sorted(path.stem for path in (HOUSE / "pages").glob("[a-z]*.py"))
PATIENCE = 30_000  # milliseconds, on a machine with much to do


def at(page, address):
    page.goto(address)
    return settled(page)


def main(page):
    return page.get_by_test_id("stMain")


@pytest.mark.parametrize(("server", "language"), [("sample_server", "繁體中文"), ("empty_server", "English")])
def test_every_page_opens_by_its_address_and_asks_nothing_of_the_world(request, page, server, language):
    address = request.getfixturevalue(server)
    for name in PAGES:
        at(page, f"{address}/{name if name != 'home' else ''}?language={language}")
        expect(main(page).get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)
        assert page.get_by_test_id("stException").count() == 0, name
    assert page.strangers == []


def test_a_deep_link_into_a_fresh_server_goes_through_the_frame(page, tmp_path):
    with app_server(tmp_path, "--sample") as address:
        at(page, f"{address}/lists")
        expect(page.get_by_role("link", name="Review and send")).to_be_visible(timeout=PATIENCE)
        expect(main(page).get_by_role("heading", name="Lists")).to_be_visible()


def test_the_language_is_chosen_once_and_stays_over_pages_and_reloads(sample_server, page):
    at(page, sample_server)
    page.get_by_role("radio", name="繁體中文").click()
    expect(main(page).get_by_role("heading", level=1)).not_to_have_text("Home", timeout=PATIENCE)
    home = main(page).get_by_role("heading", level=1).inner_text()
    page.get_by_test_id("stSidebarNav").get_by_role("link").nth(1).click()
    expect(main(page).get_by_role("heading", level=1)).not_to_have_text(home, timeout=PATIENCE)
    lists = main(page).get_by_role("heading", level=1).inner_text()
    page.reload()
    expect(main(page).get_by_role("heading", level=1)).to_have_text(lists, timeout=PATIENCE)
    assert lists != "Lists"


def test_a_choice_stands_in_the_other_language_as_it_stood(sample_server, page):
    at(page, f"{sample_server}/lists?list=new&language=English")
    box = main(page).get_by_role("combobox").first
    expect(box).to_have_value(re.compile("A new list"), timeout=PATIENCE)
    page.get_by_role("radio", name="繁體中文").click()
    expect(box).to_have_value(re.compile("新增名單"), timeout=PATIENCE)
    settled(page)
    page.get_by_role("radio", name="English").click()
    expect(box).to_have_value(re.compile("A new list"), timeout=PATIENCE)


def test_back_brings_the_campaign_that_was_in_hand_before(sample_server, page):
    at(page, sample_server)
    box = page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox")
    expect(page).to_have_url(re.compile("campaign=open-day"), timeout=PATIENCE)
    box.click()
    page.get_by_role("option", name=re.compile("Library hours")).click()
    expect(page).to_have_url(re.compile("campaign=library-hours"), timeout=PATIENCE)
    expect(main(page).get_by_role("heading", level=3)).to_contain_text("Library hours")
    page.go_back()
    expect(page).to_have_url(re.compile("campaign=open-day"), timeout=PATIENCE)
    expect(main(page).get_by_role("heading", level=3)).to_contain_text("Open Day", timeout=PATIENCE)


def test_a_file_is_uploaded_saved_and_found_again_after_a_reload(page, tmp_path):
    file = {"name": "new.csv", "mimeType": "text/csv", "buffer": b"email,name\na@alpha.edu,Ana\nbad,Bo\n"}
    with app_server(tmp_path) as address:
        at(page, f"{address}/lists")
        page.locator("input[type=file]").set_input_files(file)
        origin = page.get_by_role("textbox", name="Where does it come from")
        origin.fill("sign-up sheets of the open day", timeout=PATIENCE)  # half of the rows are no addresses
        origin.press("Enter")
        settled(page)
        page.get_by_role("button", name="Save the list").click(timeout=PATIENCE)
        expect(page).to_have_url(re.compile("list=1"), timeout=PATIENCE)
        page.reload()
        rows = page.get_by_test_id("stMetric").filter(has_text="Can be mailed")
        expect(rows.get_by_test_id("stMetricValue")).to_have_text("1", timeout=PATIENCE)
        at(page, f"{address}/lists?list=1&seen=rows")
        with page.expect_download() as workbook:
            page.get_by_role("button", name="Rows to correct (XLSX)").click()
        assert workbook.value.suggested_filename == "rejected-rows.xlsx"
    assert page.strangers == []
