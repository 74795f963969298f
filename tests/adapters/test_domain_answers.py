"""What DNS said of a domain is kept with its age; silence is asked again."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd

from bulkmail import limits, prepare
from bulkmail.adapters import domain_answers
from tests.builders import NOW
from tests.dns_server import serving_dns

ZONE = """
fine.test   MX  10 mx.fine.test
host.test   A   192.0.2.1
closed.test MX  0 .
broken.test SERVFAIL
"""
NAMES = ["fine.test", "host.test", "closed.test", "gone.test", "broken.test"]
EXPECTED = dict(zip(NAMES, ["receives", "receives", "cannot", "cannot", "unknown"], strict=True))


def asking(ws, server):
    """The workspace with this server as its resolver."""
    return replace(ws, settings=replace(ws.settings, dns=server.address))


def names(server):
    return {name for name, _ in server.asked}


def test_answers_are_kept_and_only_silence_is_asked_again(workspace):
    with serving_dns(ZONE) as server:
        ws, told = asking(workspace, server), []
        first = domain_answers.answers_of(ws, NAMES, now=NOW, on_progress=lambda *counts: told.append(counts))
        server.asked.clear()
        again = domain_answers.answers_of(ws, NAMES, now=NOW + timedelta(days=1))
        assert names(server) == {"broken.test"}
    assert first == again == EXPECTED
    assert told == [(done, 5) for done in range(1, 6)]


def test_an_old_answer_is_asked_again(workspace):
    with serving_dns(ZONE) as server:
        ws = asking(workspace, server)
        domain_answers.answers_of(ws, ["gone.test"], now=NOW)
        server.asked.clear()
        later = NOW + timedelta(days=limits.DNS_ANSWER_DAYS.value, seconds=1)
        assert domain_answers.answers_of(ws, ["gone.test", "", "gone.test"], now=later) == {"gone.test": "cannot"}
        assert names(server) == {"gone.test"}


def test_a_list_is_judged_by_what_is_kept(sqlite_workspace):
    cells = ["ana@fine.lotus.mo", "bo@closed.lotus.mo", "cai@broken.lotus.mo"]
    table = pd.DataFrame({"source_row": [2, 3, 4], "original_address": pd.Series(cells, dtype="str")})
    with serving_dns(ZONE.replace(".test", ".lotus.mo")) as server:
        ws = asking(sqlite_workspace, server)
        judged = [prepare.judge_addresses(ws, table, now=NOW) for _ in range(2)]
        assert [name for name, _ in server.asked].count("fine.lotus.mo") == 1
    for each in judged:
        assert each["domain_answer"].tolist() == ["receives", "cannot", "unknown"]
        assert each["addressing_reason"].tolist() == ["", "cannot_receive", ""]
