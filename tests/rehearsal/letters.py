"""Requests for the tests of the rehearsal, and somebody who takes its events."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import orjson

from bulkmail import sendgrid_format
from tests.builders import a_campaign

NOW = 1_795_424_400.0  # 23 November 2026, 09:00 UTC
LETTER = SimpleNamespace(
    subject="Hours for -bm1t-",
    html='<p>Dear -bm1h-, <a href="https://example.org/hours?a=1&amp;b=2">see our hours</a></p>',
    text="Dear -bm1t-, see our hours",
)


class AClock:
    """Seconds since 1970, standing still."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


def a_body(*addresses, leave="http://127.0.0.1:1/u", **changes):
    """A request to these addresses, as bulkmail builds it."""
    headers = {"List-Unsubscribe": f"<{leave}>, <mailto:u@example.org>"}
    headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    people = [
        (address, f"Person {place}", place, {"-bm1t-": f"P&{place}", "-bm1h-": f"P&amp;{place}"}, headers)
        for place, address in enumerate(addresses or ["ada@example.com"])
    ]
    given = {"campaign": a_campaign(), "letter_static": LETTER, "attempt": "a1", "plan": "f" * 64}
    return sendgrid_format.mail_send_body(people=people, **given | changes)


def raw(*addresses, **changes):
    """The bytes of such a request."""
    return sendgrid_format.dump(a_body(*addresses, **changes))


JSON = {"Content-Type": "application/json"}


def sent(client, *addresses, **changes):
    """Send such a request, and return its message id."""
    answer = client.post("/v3/mail/send", content=raw(*addresses, **changes), headers=JSON)
    assert answer.status_code == 202, answer.text
    return answer.headers["X-Message-Id"]


@contextmanager
def a_receiver(*statuses):
    """Somebody who takes POSTs and answers with these statuses, then with 200; yields (url, what came)."""
    came, left = [], list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append(SimpleNamespace(path=self.path, headers=self.headers, body=body))
            self.send_response(left.pop(0) if left else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=receiver.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{receiver.server_port}/webhooks/sendgrid", came
    finally:
        receiver.shutdown()
        thread.join()
        receiver.server_close()


def entries(came):
    """All events that came, in order."""
    return [entry for call in came for entry in orjson.loads(call.body)]
