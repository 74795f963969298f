"""Mending a list in a real browser: from a finding to its rows, accept, undo, correct; and a workbook comes back."""

import re

import openpyxl
import pytest
from playwright.sync_api import expect

from bulkmail import prepare
from bulkmail.adapters import lists, mends, settings, workspace
from bulkmail.sample import MEMBERS_FILE
from tests.pages.conftest import app_server, settled

pytestmark = pytest.mark.browser
PATIENCE = 30_000  # milliseconds, on a machine with much to do


@pytest.fixture
def house(tmp_path):
    """A server with sample data, and its workspace from outside."""
    with app_server(tmp_path, "--sample") as address:
        ws = workspace.open_workspace(settings.read_settings({"BULKMAIL_HOME": str(tmp_path / "workspace")}))
        yield address, ws
        ws.engine.dispose()


def addresses(ws):
    table = prepare.mended_list(ws, lists.newest(ws, MEMBERS_FILE).id)
    return table.set_index("source_row")["original_address"].to_dict()


def say_who(page, name):
    box = page.get_by_role("textbox", name="Your name")
    box.fill(name)
    box.press("Enter")
    settled(page)


def pick_first_row(page):
    """Click the mark before the first row of the table, which is drawn on a canvas."""
    page.get_by_test_id("stDataFrame").first.locator(".dvn-scroller").click(position={"x": 18, "y": 52})


def test_a_list_is_mended_from_a_finding_to_the_history_and_back(house, page, tmp_path):
    address, ws = house
    page.goto(f"{address}/lists")
    settled(page)
    slip = page.get_by_text("have a domain that looks like a slip").locator(
        "xpath=ancestor::*[@data-testid='stVerticalBlock'][1]"
    )
    slip.get_by_role("button", name="Look at the 5 rows").first.click()
    page.wait_for_url(re.compile("seen=rows"), timeout=PATIENCE)
    expect(page.get_by_text("Rows 1 to 5 of 5")).to_be_visible(timeout=PATIENCE)
    say_who(page, "Ana")

    before = addresses(ws)
    page.get_by_role("button", name="Accept 5 suggestions").click()
    expect(page.get_by_text(re.compile("Suggestions accepted: 5 rows · Ana"))).to_be_visible(timeout=PATIENCE)
    changed = {row: (old, addresses(ws)[row]) for row, old in before.items() if addresses(ws)[row] != old}
    assert len(changed) == 5 and all(new.endswith((".com", ".hk")) for _, new in changed.values())

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text(re.compile("Suggestions accepted"))).to_have_count(0, timeout=PATIENCE)
    assert addresses(ws) == before

    page.goto(f"{address}/lists?seen=rows&behind=no_address")
    settled(page)
    say_who(page, "Ana")
    pick_first_row(page)
    page.get_by_role("textbox", name="電郵地址").fill("synthetic.found@lotusbay-sample.edu.mo")
    page.get_by_role("button", name="Save this row").click()
    expect(page.get_by_text(re.compile("Row corrected: 1 rows · Ana"))).to_be_visible(timeout=PATIENCE)
    assert "synthetic.found@lotusbay-sample.edu.mo" in addresses(ws).values()

    with page.expect_download(timeout=PATIENCE) as waiting:
        page.get_by_role("button", name="Rows to correct (XLSX)").click()
    kept = tmp_path / "corrected.xlsx"
    waiting.value.save_as(kept)
    book = openpyxl.load_workbook(kept)
    sheet = book.worksheets[0]
    row = next(cells for cells in sheet.iter_rows(min_row=2) if cells[1].value == "No address")
    row[3].value = "synthetic.other@lotusbay-sample.edu.mo"
    book.save(kept)
    page.get_by_text("What was changed", exact=True).click()
    page.get_by_text("Bring a corrected workbook back").click()
    page.locator("input[type=file]").set_input_files(kept)
    expect(page.get_by_text(re.compile("1 of .* rows in the workbook were corrected"))).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Merge 1 rows").click()
    expect(page.get_by_text(re.compile("Corrected workbook merged: 1 rows · Ana"))).to_be_visible(timeout=PATIENCE)
    assert "synthetic.other@lotusbay-sample.edu.mo" in addresses(ws).values()

    page.reload()
    settled(page)
    expect(page.get_by_text("Bring a corrected workbook back")).to_be_visible(
        timeout=PATIENCE
    )  # the look is in the URL
    done = mends.deeds(ws, lists.newest(ws, MEMBERS_FILE).id)
    assert done["what"].tolist() == ["accepted", "undone", "edited", "merged"]
    assert set(done["who"]) == {"Ana"}
    cells = mends.mends(ws, lists.newest(ws, MEMBERS_FILE).id)
    assert (
        cells["column"].tolist() == ["original_address"] * 7
    )  # five accepted, one corrected, one merged; no other cell
    assert page.strangers == []
