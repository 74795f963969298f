"""How many signed events a second the webhook stores, over HTTP on this machine, while the dashboard is read.

The server is a process of its own; its processor time is what counts, for this machine is shared.
"""

import threading
import time
from pathlib import Path

from bulkmail.adapters import journal
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import open_workspace
from tests.webhook import Signer, a_call, a_line, post, serving

CALLS, EVENTS = 40, 1_500  # a call of SendGrid's has up to 768 KB
CLOCK_TICKS = 100


def processor_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def test_ten_thousand_signed_events_a_second(tmp_path):
    signer, over = Signer(), threading.Event()
    bodies = [a_call(number, EVENTS) for number in range(CALLS)]
    signed = [(body, signer.headers(body)) for body in bodies]
    with serving(tmp_path, signer.public_key) as (process, url):
        ws = open_workspace(read_settings({"BULKMAIL_HOME": str(tmp_path)}))
        reader = threading.Thread(target=look_at_it, args=(ws, over))  # the app in use
        reader.start()
        began, before = time.perf_counter(), processor_seconds(process)
        with a_line(url) as line:
            assert {post(line, url, body, headers) for body, headers in signed} == {200}
        clock, processor = time.perf_counter() - began, processor_seconds(process) - before
        over.set()
        reader.join()
        assert journal.stored_events(ws) == CALLS * EVENTS
        ws.engine.dispose()
    told = CALLS * EVENTS
    print(f"\n{told / processor:,.0f} events a second of a processor, {told / clock:,.0f} by the clock")
    assert told / processor >= 10_000


def look_at_it(ws, over):
    while not over.wait(0.1):
        journal.stored_events(ws)
        journal.runs(ws)
