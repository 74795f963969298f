"""Whether a million rows of one person hold up another: uploaded, judged, saved, saved again with mends to take over.

Run alone: `make benchmarks`, on a machine that does nothing else: what the machine itself holds up stands in the first
line, where nobody uploads anything. The clicks are page switches in a real browser; the server is also asked for a
trifle all the time, and its slowest answer is how long anybody's click was held up by Python.
"""

import http.client
import itertools
import statistics
import threading
import time
from datetime import UTC, datetime

import pytest

from bulkmail import mending, prepare
from bulkmail.adapters import lists, settings, workspace
from tests.benchmarks import big_lists
from tests.benchmarks.bench_screens import WATCH
from tests.pages.conftest import app_server, settled

SWITCHES = ("Home", "Sender", "Results", "Settings")


class Stalls(threading.Thread):
    """Asks the server for a trifle a hundred times a second, and keeps how long the slowest answer took, in seconds.
    Asked without a rest, it would do nothing else: that alone holds everybody up."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.host, self.slowest, self.ended = address.removeprefix("http://"), 0.0, threading.Event()

    def run(self):
        line = http.client.HTTPConnection(self.host)
        while not self.ended.wait(0.01):
            began = time.monotonic()
            line.request("GET", "/healthz")
            line.getresponse().read()
            self.slowest = max(self.slowest, time.monotonic() - began)
        line.close()


def clicks_until(other, done):
    """Switch pages as another person until something has happened; the milliseconds of each switch, and to where."""
    seen, names = [], itertools.cycle(SWITCHES)
    while not seen or not done():
        name = next(names)
        seen.append((other.evaluate(WATCH, [name, name]), name))
    return seen


def times(count):
    """Something that has happened when it was asked about so many times."""
    return iter([False] * (count - 1) + [True]).__next__


def told(what, seen, stalls):
    """Print a line; how long the server took for its slowest answer meanwhile, which is counted anew from here on."""
    slowest, stalls.slowest = stalls.slowest, 0.0
    (longest, where), usual = max(seen), statistics.median(milliseconds for milliseconds, _ in seen)
    clicks = f"p50 {usual:5.0f} ms, max {longest:5.0f} ms ({where})"
    print(f"{what:<30} {len(seen):3} switches, {clicks}; slowest answer of the server {slowest * 1000:4.0f} ms")
    return slowest


def leave_some_out(home):
    """Leave rows of the newest list out by hand, which the next upload has to take over."""
    ws = workspace.open_workspace(settings.read_settings({"BULKMAIL_HOME": str(home)}))
    version = lists.lists(ws)[0]
    table = lists.load_list(ws, version.id)
    gone = mending.leave_out(table, table["source_row"].head(300).tolist(), "asked by telephone")
    prepare.mend(ws, version.id, "left_out", gone, who="ana", now=datetime.now(UTC))


@pytest.mark.timeout(900)
def test_nobody_waits_for_a_million_rows_of_another(browser, tmp_path):
    files = {"first upload": tmp_path / "list.csv", "next upload": tmp_path / "next.csv"}
    for seed, file in enumerate(files.values()):
        file.write_bytes(big_lists.csv(1_000_000, seed))
    with app_server(tmp_path, "--sample") as address:
        contexts = (browser.new_context(viewport={"width": 1360, "height": 900}, locale="en-US") for _ in range(2))
        mine, other = (context.new_page() for context in contexts)
        for page in (mine, other):
            page.goto(address)
            settled(page)
        clicks_until(other, times(8))  # each twice, for the first is slower
        stalls = Stalls(address)
        stalls.start()
        print()
        slowest = [told("nobody else", clicks_until(other, times(60)), stalls)]
        for what, file in files.items():
            mine.goto(f"{address}/lists?list=new")
            settled(mine)
            mine.locator("input[type=file]").first.set_input_files(file)
            save = mine.get_by_role("button", name="Save the list")
            slowest.append(told(f"{what}, judged", clicks_until(other, save.is_visible), stalls))
            mine.get_by_role("textbox", name="Save as").fill("Everybody")
            mine.get_by_role("textbox", name="Save as").press("Enter")
            settled(mine)
            save.click()
            shown = mine.get_by_text("Rows, to mend")
            slowest.append(told(f"{what}, saved and shown", clicks_until(other, shown.is_visible), stalls))
            leave_some_out(tmp_path / "workspace")
        stalls.ended.set()
        stalls.join()
    assert max(slowest) < 0.3
