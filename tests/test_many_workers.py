"""Several senders on one database: they share the work, the provider's rate limit, and nobody is mailed twice."""

import threading
from functools import partial

import pytest

from bulkmail import send
from bulkmail.adapters import journal
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.rehearsal import server
from bulkmail.rehearsal.faults import Fault
from tests.sending import approved


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory):
    with server.serving(tmp_path_factory.mktemp("rehearsal"), play=False) as running:
        yield running


def send_by(ws, rehearsal, plan_hash, workers):
    provider = SendGrid("rehearsal", rehearsal.url, answer_seconds=5)
    senders = [
        threading.Thread(target=partial(send.work, ws, provider.post_mail, plan_hash=plan_hash)) for _ in range(workers)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()


def test_workers_keep_the_rate_limit_together(workspace, rehearsal):
    plan_hash = approved(workspace, 60, 5)
    rehearsal.order(Fault("rate_limit", count=5, seconds=1))
    send_by(workspace, rehearsal, plan_hash, workers=3)
    assert journal.totals(workspace, plan_hash)["accepted"] == 60
    # before the first answer nobody knows of a limit, and later a window may end while a request is on its way
    assert rehearsal.stage.limit.refused <= 2


def test_a_rate_limit_met_by_one_holds_all(sqlite_workspace, rehearsal):
    ws = sqlite_workspace
    plan_hash = approved(ws, 40, 10, first=500)
    rehearsal.order(Fault("too_many_requests", seconds=1))
    send_by(ws, rehearsal, plan_hash, workers=3)
    assert journal.totals(ws, plan_hash)["accepted"] == 40
    ours = {attempt.id for attempt in journal.attempts(ws, plan_hash)}
    mailed = [letter.address for letter in rehearsal.letters() if letter.attempt in ours]
    assert len(mailed) == len(set(mailed)) == 40
