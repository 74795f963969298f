"""A real server for the session, and a fresh context of the browser for each test."""

import os
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import CHROMIUM as CHROMIUM
from tests.conftest import QUIET as QUIET

HOUSE = Path(__file__).parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def app_server(home, *options, **environment):
    """Yield the address of a fresh `bulkmail app` on a workspace in `home`; it is stopped whatever happens."""
    port = free_port()
    keep = {key: value for key, value in os.environ.items() if not key.startswith(("SENDGRID_", "BULKMAIL_"))}
    command = [sys.executable, "-m", "bulkmail", "app", "--port", str(port), *options]
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=home, env=keep | {"BULKMAIL_HOME": str(home / "workspace")} | environment,
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process, home / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def wait_until_healthy(address, process, log, seconds=60, path="/healthz"):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(seconds * 20):
        assert process.poll() is None, f"the server stopped: {log.read_text()}"
        try:
            if opener.open(f"{address}{path}", timeout=1).status == 200:
                return
        except OSError:
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
    raise AssertionError(f"the server did not answer: {log.read_text()}")


@pytest.fixture(scope="session")
def sample_server(tmp_path_factory):
    with app_server(tmp_path_factory.mktemp("sample"), "--sample") as address:
        yield address


@pytest.fixture(scope="session")
def empty_server(tmp_path_factory):
    with app_server(tmp_path_factory.mktemp("empty")) as address:
        yield address


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1360, "height": 900}, locale="en-US")
    page = context.new_page()
    page.strangers = []
    page.on("request", lambda request: _note_stranger(page, request))
    page.on("requestfailed", lambda request: _forget_stopped(page, request))
    yield page
    context.close()


def _note_stranger(page, request):
    if not request.url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "about:")):
        page.strangers.append(request.url)


def _forget_stopped(page, request):
    """What the content policy stopped was announced by the browser and never left it."""
    if request.failure == "csp" and request.url in page.strangers:
        page.strangers.remove(request.url)


def settled(page):
    """Wait until the script of the page has run to its end and nothing more is drawn."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=30_000)
    return page


@pytest.fixture
def opened(sqlite_workspace, monkeypatch):
    """A function that opens a page through the frame without a browser, on `sqlite_workspace`."""
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("BULKMAIL_HOME", str(sqlite_workspace.home))
    monkeypatch.syspath_prepend(HOUSE / "pages")
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # it puts the page there, for good
    st.cache_resource.clear()

    def open_page(name, locale="en-US", **query):
        app = AppTest.from_file(HOUSE / "pages" / "_frame.py", default_timeout=30)
        app.context = {"locale": locale}
        app.query_params.update(query)
        app.run()
        app.switch_page(str(HOUSE / "pages" / f"{name}.py"))
        return app.run()

    yield open_page
    st.cache_resource.clear()


def words(app):
    """Everything that an opened page says in its elements of text."""
    kinds = (
        app.title,
        app.subheader,
        app.markdown,
        app.caption,
        app.text,
        app.info,
        app.warning,
        app.error,
        app.success,
    )
    return "\n".join(str(element.value) for kind in kinds for element in kind)
