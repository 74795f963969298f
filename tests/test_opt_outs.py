"""Requests to stop by letter become suppressions when a person says so, and not before."""

from datetime import timedelta

import pytest

from bulkmail import prepare
from bulkmail.adapters import database, journal, opt_outs
from bulkmail.errors import StateError
from bulkmail.tips import addressing, unsubscribe
from tests.builders import NOW, live
from tests.sending import approved

LATER = NOW + timedelta(hours=1)


def bring(ws, *mails, now=LATER):
    return prepare.bring_mails(ws, [mail.encode() for mail in mails], by="Bo", now=now)


def a_reply(ws, plan_hash, row=1):
    """What Outlook.com writes for a reader of this letter who presses its button, from an address of another name."""
    person = journal.load_snapshot(ws, plan_hash)["person"].iloc[row]
    token = unsubscribe.make_token(person, plan_hash, ws.token_keys[ws.token_key_id], ws.token_key_id)
    date = NOW.strftime("%a, %d %b %Y %H:%M:%S +0000")
    return person, f"From: other@example.net\nTo: desk@example.org\nDate: {date}\nSubject: unsubscribe {token}\n\n"


def test_a_mail_suppresses_nobody_until_somebody_confirms(workspace):
    assert bring(workspace, "please remove me: ana@example.com") == 1
    assert database.suppressions(workspace).empty
    (request,) = opt_outs.waiting(workspace)
    assert prepare.honour_opt_outs(workspace, [request.id], by="Bo", now=LATER) == 1
    rows = database.suppressions(workspace)
    ana = addressing.person_of("ana@example.com", workspace.person_key)
    assert rows[["person", "reason", "purpose", "origin"]].values.tolist() == [[ana, "unsubscribed", "", "mail"]]
    assert opt_outs.waiting(workspace) == []
    assert database.audit_trail(workspace)["what"].tolist()[-1] == "opt_out.honoured"


def test_a_reply_with_our_token_is_about_the_reader_of_that_letter_and_its_purpose(sqlite_workspace):
    plan_hash = approved(sqlite_workspace, people=3)
    person, mail = a_reply(sqlite_workspace, plan_hash)
    bring(sqlite_workspace, mail)
    (request,) = opt_outs.waiting(sqlite_workspace)
    assert (request.person, request.address, request.purpose) == (person, "person1@example.com", "newsletter")
    assert request.arrived_at == NOW


def test_a_forged_token_names_nobody_and_the_addresses_are_offered(sqlite_workspace):
    bring(sqlite_workspace, f"From: ana@example.com\nSubject: unsubscribe {'A' * 56}\n\n")
    assert [request.address for request in opt_outs.waiting(sqlite_workspace)] == ["ana@example.com"]


def test_the_same_mail_again_asks_for_nothing_new_even_when_it_was_decided(sqlite_workspace):
    mail = "please remove me: ana@example.com"
    assert (bring(sqlite_workspace, mail), bring(sqlite_workspace, mail)) == (1, 0)
    ids = [request.id for request in opt_outs.waiting(sqlite_workspace)]
    assert prepare.dismiss_opt_outs(sqlite_workspace, ids, by="Bo", now=LATER) == 1
    assert (bring(sqlite_workspace, mail), opt_outs.waiting(sqlite_workspace)) == (0, [])
    assert database.suppressions(sqlite_workspace).empty


def test_only_the_chosen_are_suppressed(sqlite_workspace):
    bring(sqlite_workspace, "forwarded by office@example.net: ana@example.com wants to leave")
    ana = next(request for request in opt_outs.waiting(sqlite_workspace) if request.address.startswith("ana"))
    prepare.honour_opt_outs(sqlite_workspace, [ana.id], by="Bo", now=LATER)
    assert database.suppressions(sqlite_workspace)["address"].tolist() == ["ana@example.com"]
    assert [request.address for request in opt_outs.waiting(sqlite_workspace)] == ["office@example.net"]


def test_what_names_nobody_is_said(sqlite_workspace):
    with pytest.raises(StateError):
        bring(sqlite_workspace, "please stop")


def test_a_date_in_the_future_or_none_does_not_stop_the_clock(sqlite_workspace):
    bring(
        sqlite_workspace,
        "From: a@example.com\nDate: Fri, 1 Jan 2100 00:00:00 +0000\nSubject: stop\n\n",
        "b@example.com",
    )
    assert {request.arrived_at for request in opt_outs.waiting(sqlite_workspace)} == {LATER}


def test_what_was_rehearsed_asks_nobody_real_to_be_left_alone(sqlite_workspace):
    bring(sqlite_workspace, "ana@example.com")
    assert opt_outs.waiting(live(sqlite_workspace)) == []
