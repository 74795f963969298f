"""`bulkmail web` as a process of its own: the public routes and nothing else, on a port of this machine."""

import http.client
import os
import subprocess
import sys
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from bulkmail.adapters import database, journal
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import make_folders, open_workspace
from bulkmail.tips import unsubscribe
from tests.builders import NOW, a_campaign, a_plan, a_snapshot
from tests.pages.conftest import free_port, wait_until_healthy

PERSON = f"{1:032x}"


@pytest.fixture(scope="module")
def home(tmp_path_factory, migrated_sqlite):
    """A workspace with one stored plan."""
    home = tmp_path_factory.mktemp("public")
    make_folders(home)
    (home / "bulkmail.sqlite3").write_bytes(migrated_sqlite.read_bytes())
    ws, snapshot = opened(home), a_snapshot(3)
    database.save_campaign(ws, a_campaign(), NOW)
    journal.store_plan(ws, a_plan(3), snapshot, snapshot.iloc[:0], [], NOW)
    return home


def opened(home):
    return open_workspace(read_settings({"BULKMAIL_HOME": str(home)}))


@pytest.fixture(scope="module")
def ask(home):
    """A function that asks the server: (status, headers, body)."""
    keep = {key: value for key, value in os.environ.items() if not key.startswith(("SENDGRID_", "BULKMAIL_"))}
    port, log = free_port(), home / "server.log"
    command = [sys.executable, "-m", "bulkmail", "web", "--port", str(port)]
    with log.open("w") as out:
        process = subprocess.Popen(
            command, cwd=home, env=keep | {"BULKMAIL_HOME": str(home)}, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process, log)
        yield lambda method, path: _ask(f"http://127.0.0.1:{port}", method, path)
    finally:
        process.terminate()
        process.wait(20)


def _ask(address, method, path):
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)) as line:
        line.request(method, path)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def test_it_says_that_it_lives(ask):
    status, _, body = ask("GET", "/healthz")
    assert (status, body) == (200, '{"status":"ok"}')


def test_the_webhook_takes_posts_alone_and_none_without_a_key(ask):
    status, headers, _ = ask("GET", "/webhooks/sendgrid")
    assert (status, headers["allow"]) == (405, "POST")
    assert ask("POST", "/webhooks/sendgrid")[0] >= 400


def test_a_persons_link_opens_a_page_that_changes_nothing(ask, home):
    ws = opened(home)
    token = unsubscribe.make_token(PERSON, "a" * 64, ws.token_keys[ws.token_key_id], ws.token_key_id)
    status, headers, body = ask("GET", f"/u/{token}")
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert "<form" in body
    assert database.suppressions(ws).empty


@pytest.mark.parametrize(
    "path", ["/", "/lists", "/review", "/results", "/settings", "/_stcore/health", "/_stcore/stream"]
)
def test_no_dashboard_is_served(ask, path):
    status, _, body = ask("GET", path)
    assert status == 404
    assert "streamlit" not in body.lower()
