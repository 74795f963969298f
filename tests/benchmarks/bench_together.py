"""Whether a million rows of one person hold up another: uploaded, judged, saved, saved again with mends to take over.

Run alone: `make benchmarks`, on a machine that does nothing else: what the machine itself holds up stands in the first
line, where nobody uploads anything. What the host takes from a virtual machine during a click is not counted; where
that is much, the click tells nothing and is not judged, and where that is often, nothing is. Two people are at a real
server, each in a process of their own, and without browsers, which stand on other machines: here they would take from
the server what is measured. A click is a page that is asked for and has come whole.
"""

import itertools
import multiprocessing
import os
import statistics
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bulkmail import mending, prepare
from bulkmail.adapters import lists, settings, workspace
from tests.benchmarks import big_lists
from tests.pages.conftest import app_server
from tests.pages.sessions import session

PAGES = ("Home", "Sender", "Results", "Settings")
UPLOADER = "A list as CSV, TSV, Excel (XLSX) or OpenDocument (ODS), up to 200 MB"
ALONE, REST = 15, 0.1  # seconds that nobody else does anything, and between two clicks
MUCH, OFTEN = 0.05, 0.05  # seconds of a click that there was no machine; share of clicks of which that was much


def click_away(address, told, ended):
    """Go from page to page as another person, and tell of each when it was asked for, how many seconds it took, and how
    many of them there was no machine."""
    with session(address) as other:
        for name in itertools.cycle(PAGES):
            if ended.wait(REST):
                break
            began, before = time.monotonic(), stolen()
            other.visit(name)
            told.put((began, name, time.monotonic() - began, stolen() - before))
    told.put(None)


def stolen():
    """How many seconds the host has taken from each processor of this virtual machine (Linux says so; elsewhere 0)."""
    told = Path("/proc/stat")
    ticks = int(told.read_text().split(maxsplit=9)[8]) if told.exists() else 0
    return ticks / os.sysconf("SC_CLK_TCK") / os.cpu_count() if ticks else 0


@contextmanager
def somebody_else(address):
    """Yield a list that has their clicks once they have left."""
    apart = multiprocessing.get_context("spawn")
    told, ended, seen = apart.Queue(), apart.Event(), []
    process = apart.Process(target=click_away, args=(address, told, ended), daemon=True)
    process.start()
    told.get(timeout=60)
    try:
        yield seen
    finally:
        ended.set()
        seen.extend(iter(told.get, None))
        process.join()


def took(work, *args):
    """When something began and when it had been done."""
    began = time.monotonic()
    work(*args)
    return began, time.monotonic()


def leave_some_out(home):
    """Leave rows of the newest list out by hand, which the next upload has to take over."""
    ws = workspace.open_workspace(settings.read_settings({"BULKMAIL_HOME": str(home)}))
    version = lists.lists(ws)[0]
    table = lists.load_list(ws, version.id)
    gone = mending.leave_out(table, table["source_row"].head(300).tolist(), "asked by telephone")
    prepare.mend(ws, version.id, "left_out", gone, who="ana", now=datetime.now(UTC))


def upload_twice(address, home):
    """Upload a list of a million rows and then its next version; when each step began and ended."""
    steps = {}
    for seed, what in enumerate(("first upload", "next upload")):
        with session(address) as mine:
            mine.visit("Lists", "list=new")
            steps[f"{what}, judged"] = took(mine.give, UPLOADER, "everybody.csv", big_lists.csv(1_000_000, seed))
            steps[f"{what}, saved and shown"] = took(mine.press, "Save the list")
            assert "Save the list" not in mine.widgets
        leave_some_out(home)
    return steps


def later_than_usual(steps, seen):
    """Print a line for each step; by how many seconds its latest click came later than that page usually does."""
    usual = {}
    for what, (began, ended) in steps.items():
        clicks = [click for click in seen if began < click[0] < ended]
        median = {name: statistics.median(took for _, page, took, _ in clicks if page == name) for name in PAGES}
        usual = usual or median
        later, gone, where = max(lateness(clicks, usual, lambda gone: gone <= MUCH))
        told = ", ".join(f"{name} {1000 * seconds:.0f}" for name, seconds in median.items())
        late = f"{1000 * later:.0f} ms ({where}; besides {1000 * gone:.0f} ms without a machine)"
        aside = [f"{1000 * (later + gone):.0f}" for later, gone, _ in lateness(clicks, usual, lambda gone: gone > MUCH)]
        print(f"{what:<30} {len(clicks):3} clicks, p50 in ms: {told}; latest by {late}; not judged: {aside or 'none'}")
        yield later


def lateness(clicks, usual, taken):
    """Of the clicks of which the host took so much: by how many seconds each came later, what it took, and the page."""
    return [(took - gone - usual[name], gone, name) for _, name, took, gone in clicks if taken(gone)]


@pytest.mark.timeout(900)
def test_nobody_waits_for_a_million_rows_of_another(tmp_path):
    with app_server(tmp_path, "--sample") as address, somebody_else(address) as seen:
        time.sleep(ALONE / 3)  # their first clicks are slower
        steps = {"nobody else": took(time.sleep, ALONE)}
        steps |= upload_twice(address, tmp_path / "workspace")
    print()
    latest = max(later_than_usual(steps, seen))
    if sum(gone > MUCH for _, _, _, gone in seen) > OFTEN * len(seen):
        pytest.skip("the host took the machine away too often to tell")
    assert latest < 0.3
