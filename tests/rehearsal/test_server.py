"""Starting, running and stopping."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing

import orjson
import pytest

from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.errors import SettingsError
from bulkmail.rehearsal import server
from tests.rehearsal.letters import a_receiver, entries, raw


def test_people_react_in_seconds_and_the_rehearsal_says_when_it_is_quiet(tmp_path):
    with a_receiver() as (url, came), server.serving(tmp_path, webhook_url=url, speed=1e9) as rehearsal:
        with closing(SendGrid("SG.any", rehearsal.url)) as sendgrid:
            assert sendgrid.post_mail(raw("open.ada@example.com")).status == 202
        assert rehearsal.is_quiet_within(10)
    assert [entry["event"] for entry in entries(came)] == ["processed", "delivered", "open"]


def test_a_webhook_may_become_known_later(tmp_path):
    with server.serving(tmp_path, speed=1e9) as rehearsal, a_receiver() as (url, came):
        with closing(SendGrid("SG.any", rehearsal.url)) as sendgrid:
            sendgrid.post_mail(raw("open.ada@example.com"))
        assert rehearsal.is_quiet_within(10)
        assert not came
        body = orjson.dumps({"url": url})
        with urllib.request.urlopen(urllib.request.Request(f"{rehearsal.url}/webhook", body, method="PUT")) as answer:
            assert orjson.loads(answer.read()) == {"url": url, "public_key": rehearsal.public_key}
        assert rehearsal.is_quiet_within(10)
    assert len(entries(came)) == 3


def test_letters_stay_when_it_starts_again(tmp_path):
    for count in (1, 2):
        with server.serving(tmp_path, play=False) as rehearsal, closing(SendGrid("SG.any", rehearsal.url)) as sendgrid:
            sendgrid.post_mail(raw())
            assert rehearsal.counts()["letters"] == count


def test_while_it_runs_its_folder_says_where(tmp_path):
    told = tmp_path / "rehearsal.json"
    with server.serving(tmp_path, play=False) as rehearsal:
        said = orjson.loads(told.read_bytes())
        assert (said["url"], said["public_key"]) == (rehearsal.url, rehearsal.public_key)
    assert not told.exists()


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"Port {port} of this machine is taken"):
            server.serving(tmp_path, port=port).__enter__()


def test_it_listens_on_this_machine_only(rehearsal):
    assert rehearsal.url.startswith("http://127.0.0.1:")


def test_bodies_are_kept_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("BULKMAIL_BODIES", str(tmp_path / "kept"))
    with server.serving(tmp_path, play=False) as rehearsal, closing(SendGrid("SG.any", rehearsal.url)) as sendgrid:
        sendgrid.post_mail(raw())
    (kept,) = (tmp_path / "kept").glob("*.jsonl")
    assert kept.read_bytes() == raw() + b"\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_as_a_process_of_its_own_it_runs_until_told_to_stop(tmp_path, number):
    code = "import pathlib, sys; from bulkmail.rehearsal import server; server.run(pathlib.Path(sys.argv[1]), 0)"
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env={**os.environ})
    try:
        told = tmp_path / "rehearsal.json"
        until = time.monotonic() + 20
        while not told.exists() and time.monotonic() < until and process.poll() is None:
            os.sched_yield()
        known = orjson.loads(told.read_bytes())
        with closing(SendGrid("SG.any", known["url"])) as sendgrid:
            assert sendgrid.post_mail(raw()).status == 202
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.wait()
