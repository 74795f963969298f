"""How long a person waits: switching pages and clicking, in a real browser on the sample organisation.

Run alone: `make benchmarks`. Figures are for people to read, not bounds to test: they vary with the machine. A click is
told by three moments: the control itself answers, the first thing around it changes, the run of the page has ended.
Beside it stands the same of the smallest page that Streamlit can draw.
"""

import statistics
import subprocess
import sys
from contextlib import contextmanager

from tests.pages.conftest import app_server, free_port, settled, wait_until_healthy

PAGES = ("Lists", "Consent", "Message", "Cadence", "Sender", "Review and send", "Results", "Settings", "Home")
CLICKS = ("settings?part", "lists?seen", "message?shown", "message?message-kind")  # page, and the key of its control
# Watches the page from inside, so that the driver's own round trips are not counted.
WATCH = """
([link, heading]) => new Promise(done => {
  const began = performance.now();
  const look = () => {
    const title = document.querySelector('[data-testid=stMain] h1');
    const app = document.querySelector('[data-testid=stApp]');
    if (title && title.innerText === heading && app.dataset.testScriptState === 'notRunning')
      done(performance.now() - began);
    else requestAnimationFrame(look);
  };
  [...document.querySelectorAll('[data-testid=stSidebarNavLink]')].find(a => a.innerText.trim().endsWith(link)).click();
  requestAnimationFrame(look);
})
"""
CLICK = """
([key, turn]) => new Promise(done => {
  const main = document.querySelector('[data-testid=stMain]'), app = document.querySelector('[data-testid=stApp]');
  const began = performance.now(), seen = [null, null, null];
  const note = place => { seen[place] ??= performance.now() - began; };
  const control = main.querySelector('.st-key-' + key);
  const outside = change => !control.contains(change.target);
  const looking = new MutationObserver(changes => note(changes.some(outside) ? 1 : 0));
  looking.observe(main, {subtree: true, childList: true, characterData: true, attributes: true});
  let ran = false;
  const look = () => {
    ran ||= app.dataset.testScriptState === 'running' || seen[1] !== null;
    if (ran && app.dataset.testScriptState === 'notRunning' || performance.now() - began > 5000) {
      note(2); looking.disconnect(); done(seen);
    } else requestAnimationFrame(look);
  };
  const buttons = control.querySelectorAll('button');
  buttons[turn % buttons.length].click();
  requestAnimationFrame(look);
})
"""
# Watches the numbers of the forecast from before a cell of the calendar is clicked.
CHANGE = """
() => { window.told = new Promise(done => {
  const app = document.querySelector('[data-testid=stApp]');
  const numbers = () => [...document.querySelectorAll('[data-testid=stMetric]')].map(one => one.innerText).join();
  const began = performance.now(), before = numbers();
  let seen = null;
  const look = () => {
    const since = performance.now() - began;
    if (seen === null && numbers() !== before) seen = since;
    if (seen !== null && app.dataset.testScriptState === 'notRunning' || since > 5000) done([seen, since]);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}) }
"""
SMALLEST = """
import streamlit as st
st.write(st.segmented_control("choice", ["a", "b", "c"], default="a", required=True, key="choice"))
"""


def opened(browser, address):
    page = browser.new_context(viewport={"width": 1360, "height": 900}, locale="en-US").new_page()
    page.goto(address)
    settled(page)
    return page


@contextmanager
def smallest_app(home):
    """Yield the address of Streamlit serving a page of one control and one word."""
    (home / "smallest.py").write_text(SMALLEST, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "smallest.py", f"--server.port={port}",
               "--server.headless=true", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]  # fmt: skip
    with (home / "smallest.log").open("w") as log:
        process = subprocess.Popen(command, cwd=home, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process, home / "smallest.log", path="/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def tell_clicks(name, page, key, times=16):
    """Click through the choices of one control; print when it, something around it, and the whole had changed."""
    page.wait_for_selector(f"[data-testid=stMain] .st-key-{key} button")
    page.evaluate(CLICK, [key, 1])
    seen = [page.evaluate(CLICK, [key, turn + 2]) for turn in range(times)]
    middles = [
        statistics.median(moment for moment in moments if moment is not None) for moments in zip(*seen, strict=True)
    ]
    print("{:<24} control {:4.0f} ms   first change {:4.0f} ms   whole {:4.0f} ms".format(name, *middles))


def test_waiting_for_a_page(browser, tmp_path):
    with app_server(tmp_path, "--sample") as address:
        page = opened(browser, address)
        times = {name: [] for name in PAGES}
        for _ in range(5):
            for name in PAGES:
                times[name].append(page.evaluate(WATCH, [name, name]))
    for name, seen in times.items():
        print(f"{name:<18} first {seen[0]:6.0f} ms   then p50 {statistics.median(seen[1:]):6.0f} ms")
    later = [value for seen in times.values() for value in seen[1:]]
    print(f"page switch p50 {statistics.median(later):.0f} ms over {len(later)} switches")


def test_waiting_for_a_forecast_of_the_calendar(browser, tmp_path):
    """Skip the first campaign and bring it back, again and again: the cell is drawn on a canvas and found by place."""
    with app_server(tmp_path, "--sample") as address:
        page = opened(browser, f"{address}/cadence?past=calendar")
        page.get_by_text("Such forecasts held").wait_for(timeout=120_000)
        settled(page)
        table = page.get_by_test_id("stDataFrame").locator("visible=true").first.locator(".dvn-scroller")
        seen = []
        for _ in range(14):
            page.evaluate(CHANGE)
            table.click(position={"x": 537, "y": 52})
            seen.append(page.evaluate("window.told"))
    first, whole = (statistics.median(moments) for moments in zip(*seen[2:], strict=True))
    print(f"a change of the calendar: its forecast p50 {first:.0f} ms, the whole {whole:.0f} ms")


def test_waiting_for_a_click(browser, tmp_path):
    print("\np50 of a click")
    with smallest_app(tmp_path) as address:
        tell_clicks("the smallest page", opened(browser, address), "choice")
    with app_server(tmp_path, "--sample") as address:
        for place in CLICKS:
            name, key = place.split("?")
            tell_clicks(place, opened(browser, f"{address}/{name}"), key)
