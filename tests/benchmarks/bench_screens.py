"""How long a person waits: switching pages and clicking, in a real browser on the sample organisation.

Run alone: `make benchmarks`. Figures are for people to read, not bounds to test: they vary with the machine.
"""

import statistics

from tests.pages.conftest import app_server, settled
from tests.pages.conftest import browser as browser

PAGES = ("Lists", "Consent", "Message", "Cadence", "Sender", "Review and send", "Results", "Settings", "Home")
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


def test_waiting(browser, tmp_path):
    with app_server(tmp_path, "--sample") as address:
        page = browser.new_context(viewport={"width": 1360, "height": 900}, locale="en-US").new_page()
        page.goto(address)
        settled(page)
        times = {name: [] for name in PAGES}
        for _ in range(5):
            for name in PAGES:
                times[name].append(page.evaluate(WATCH, [name, name]))
    for name, seen in times.items():
        print(f"{name:<18} first {seen[0]:6.0f} ms   then p50 {statistics.median(seen[1:]):6.0f} ms")
    later = [value for seen in times.values() for value in seen[1:]]
    print(f"page switch p50 {statistics.median(later):.0f} ms over {len(later)} switches")
