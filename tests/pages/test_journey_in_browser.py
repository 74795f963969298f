"""The journey in a real browser: review, approve by typing the number, watch, close the tab, come back, results."""

import json
import re
import urllib.request
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from bulkmail import intake, prepare, wiring
from bulkmail.adapters import database, journal, settings, workspace
from tests.builders import a_campaign
from tests.pages.conftest import app_server, settled

pytestmark = pytest.mark.browser
PATIENCE = 30_000  # milliseconds, on a machine with much to do


def open_workspace(home):
    """The workspace of the server that runs (or will run) in `home`, from outside."""
    return workspace.open_workspace(settings.read_settings({"BULKMAIL_HOME": str(home / "workspace")}))


@pytest.fixture
def many(tmp_path):
    """A server with one campaign to 2,500 people, so that the sending takes three requests."""
    ws, now = open_workspace(tmp_path), wiring.now()
    rows = [f"person{number}@alpha.edu,Person {number},yes,2026-10-01" for number in range(2_500)]
    data = "\n".join(["email,name,consent,consent date", *rows]).encode()
    prepare.save_list(ws, "many.csv", intake.read_list(data, "many.csv"), prepare.content_hash(data), now)
    database.save_campaign(ws, a_campaign(list_name="many.csv"), now)
    with app_server(tmp_path) as address:
        yield address, ws
    ws.engine.dispose()


def order(ws, *faults):
    """Let the rehearsal misbehave so from now on."""
    told = json.loads((ws.home / "rehearsal" / "rehearsal.json").read_text())
    request = urllib.request.Request(f"{told['url']}/faults", json.dumps(faults).encode(), method="PUT")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5).close()


def approve(page, people):
    page.get_by_role("button", name="Approve …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Your name").fill("Ana")
    dialog.get_by_role("textbox", name="Type how many").fill(str(people))
    dialog.get_by_role("button", name="Approve and send").click()


def card(page, label):
    """The number on a card."""
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")


def test_a_campaign_goes_from_home_to_its_results(browser, tmp_path, page):
    with app_server(tmp_path, "--sample") as address:
        settled_at(page, address)
        page.get_by_role("link", name="Review and send").click()
        sentence = page.get_by_text(re.compile(r"Of \d+ rows of .*, (\d+) people get the letter"))
        eligible = int(re.search(r"(\d+) people", sentence.inner_text(timeout=PATIENCE))[1])
        approve(page, eligible + 1)
        expect(page.get_by_text("That is not the number of people")).to_be_visible(timeout=PATIENCE)
        page.get_by_role("dialog").get_by_role("textbox", name="Type how many").fill(str(eligible))
        page.get_by_role("dialog").get_by_role("button", name="Approve and send").click()
        expect(page.get_by_text("Everything is handed over")).to_be_visible(timeout=PATIENCE)
        page.get_by_role("button", name="See what happened").click()
        expect(card(page, "Accepted")).to_have_text(str(eligible), timeout=PATIENCE)
        expect(card(page, "Delivered")).not_to_have_text("0", timeout=PATIENCE)  # by itself, as events come in
    assert page.strangers == []


def test_a_closed_tab_stops_nothing_and_is_found_again(many, page, browser):
    address, ws = many
    settled_at(page, f"{address}/review")
    order(ws, {"kind": "too_many_requests", "skip": 1, "seconds": 6})
    approve(page, 2_500)
    expect(card(page, "Accepted")).to_have_text("1,000", timeout=PATIENCE)
    expect(page.get_by_text("The sending service asks to wait")).to_be_visible(timeout=PATIENCE)
    page.close()
    later = browser.new_page(locale="en-US")
    later.goto(f"{address}/review")
    expect(later.get_by_text("Approved by Ana")).to_be_visible(timeout=PATIENCE)
    expect(later.get_by_text("Everything is handed over")).to_be_visible(timeout=PATIENCE)
    expect(card(later, "Accepted")).to_have_text("2,500")
    assert [journal.totals(ws, run.plan_hash)["accepted"] for run in journal.runs(ws)] == [2_500]
    later.close()


def test_a_sending_is_paused_resumed_and_cancelled(many, page):
    address, ws = many
    settled_at(page, f"{address}/review")
    order(ws, {"kind": "too_many_requests", "skip": 1, "seconds": 600})
    approve(page, 2_500)
    expect(card(page, "Accepted")).to_have_text("1,000", timeout=PATIENCE)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused at the dashboard")).to_be_visible(timeout=PATIENCE)
    page.reload()
    page.get_by_role("button", name="Resume").click(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Pause")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Cancel the rest").click()
    page.get_by_role("button", name="Yes, cancel them").click()
    expect(page.get_by_text("1,000 of 2,500 letters had been accepted")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("1,500 people get the letter and 1,000 rows are left out")).to_be_visible(timeout=PATIENCE)
    [run] = journal.runs(ws)
    assert {state: journal.totals(ws, run.plan_hash)[state] for state in ("accepted", "cancelled", "planned")} == {
        "accepted": 1_000, "cancelled": 1_500, "planned": 0,
    }  # fmt: skip


def test_a_scheduled_sending_says_when_it_leaves(many, page):
    address, ws = many
    at = (wiring.now() + timedelta(days=1)).replace(hour=2, minute=53, second=0, microsecond=0)
    database.save_campaign(ws, a_campaign(list_name="many.csv", send_at=at), wiring.now())
    settled_at(page, f"{address}/review")
    approve(page, 2_500)
    expect(page.get_by_text("Approved, waiting to leave")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("The next letters leave at")).to_contain_text("10:53", timeout=PATIENCE)
    expect(page.get_by_text("You may close this page")).to_be_visible()


def test_a_deep_link_as_the_very_first_request_opens_inside_the_frame(browser, tmp_path, page):
    with app_server(tmp_path, "--sample") as address:
        settled_at(page, f"{address}/results?view=people")
        expect(page.get_by_role("heading", name="Results")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_test_id("stSidebar").get_by_text("Rehearsal")).to_be_visible()
    assert page.strangers == []


def settled_at(page, address):
    page.goto(address)
    settled(page)
