"""Looking ahead: plans read from files, what was ever meant, and better plans from the command's own path."""

import pandas as pd

from bulkmail import planning, send
from bulkmail.adapters import database
from bulkmail.model import Suppression, SuppressionReason
from tests.builders import NOW, a_snapshot
from tests.sending import Clock, Provider, approved


def work(ws, provider, plan_hash):
    clock = Clock()
    send.work(ws, provider, plan_hash=plan_hash, clock=clock, wait=clock.wait)


# ---------------------------------------------------------------- what was meant


def test_letters_are_remembered_as_meant_whether_they_left_or_not(sqlite_workspace):
    ws, people = sqlite_workspace, a_snapshot(6)
    excluded = a_snapshot(2, first=100).assign(reason=["frequency_cap", "suppressed"], details="")
    plan_hash = approved(ws, 6, 3, excluded=excluded)
    left = Suppression(person=people["person"][4], reason=SuppressionReason.UNSUBSCRIBED, at=NOW, origin="test")
    database.add_suppressions(ws, [left])
    work(ws, Provider(), plan_hash)
    told = planning.intended(ws).set_index("person")["reason"]
    assert told[people["person"][0]] == ""
    assert told[people["person"][4]] == "unsubscribed"
    assert told[excluded["person"]].tolist() == ["frequency_cap", "suppressed"]
    assert len(told) == 8


def test_a_letter_that_waits_is_not_told_as_sent(sqlite_workspace):
    approved(sqlite_workspace, 3, excluded=a_snapshot(0).assign(reason=""))
    told = planning.intended(sqlite_workspace)
    assert set(told["reason"]) == {"planned"}
    assert (told["meant_at"] == pd.Timestamp(NOW)).all()


def test_nothing_was_meant_where_nothing_was_planned(sqlite_workspace):
    told = planning.intended(sqlite_workspace)
    assert told.empty and list(told) == ["campaign", "person", "meant_at", "reason"]
