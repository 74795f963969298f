"""A person's word on each warning: kept with name and reason, bound to the plan, wanted before real letters."""

from dataclasses import replace

import pytest

from bulkmail import dossier, intake, preflight, prepare, results
from bulkmail.adapters import acknowledgements, database, journal
from bulkmail.errors import StateError
from tests.builders import NOW, a_campaign, live
from tests.dns_server import serving_dns

LIST = b"email,name,consent,consent date\nana@alpha.edu,Ana,yes,2026-10-01\nbo@alpha.edu,Bo,yes,2026-10-01\n"
SOUND = """
alpha.edu                   MX   10 mx.alpha.edu
example.org                 MX   10 mx.example.org
example.org                 TXT  v=spf1 include:sendgrid.test ~all
sendgrid.test               TXT  v=spf1 ip4:192.0.2.0/24 -all
s1._domainkey.example.org   TXT  k=rsa; p={key}
s2._domainkey.example.org   TXT  k=rsa; p={key}
_dmarc.example.org          TXT  v=DMARC1; p=none; rua=mailto:dmarc@example.org
"""


@pytest.fixture
def ws(sqlite_workspace):
    prepare.save_list(sqlite_workspace, "list.csv", intake.read_list(LIST, "list.csv"), prepare.content_hash(LIST), NOW)
    database.save_campaign(sqlite_workspace, a_campaign(list_name="list.csv"), NOW)
    return sqlite_workspace


@pytest.fixture
def real(ws):
    """The workspace with a key: letters would go to people, and DNS says that the sender is sound."""
    from tests.tips.test_sender_requirements import KEY_2048

    with serving_dns(SOUND.format(key=KEY_2048)) as server:
        there = live(ws)
        public = {"public_url": "https://mail.example.org", "dns": server.address}
        yield replace(there, settings=replace(there.settings, **public))


def prepared(ws):
    return prepare.prepare_campaign(ws, prepare.inputs_of(ws, database.campaign(ws, "spring")), now=NOW)


def say(ws, made, by="Ana", **reasons):
    prepare.acknowledge(ws, made.plan, made.findings, reasons, by=by, now=NOW)


def test_in_rehearsal_nobody_has_to_say_anything(ws):
    made = prepared(ws)
    assert preflight.to_acknowledge(made.findings)
    assert not prepare.needs_words(ws, made.plan)
    prepare.approve(ws, made, by="Ana", now=NOW)


def test_before_real_letters_each_warning_and_each_unknown_wants_a_word(real):
    made = prepared(real)
    assert not made.blocks
    assert prepare.needs_words(real, made.plan)
    assert "SND-23" in prepare.wanting(real, made.plan, made.findings)  # the account did not answer: unknown
    with pytest.raises(StateError, match="want a named person's word"):
        prepare.approve(real, made, by="Ana", now=NOW)
    say(real, made, all="Read together with IT on Monday")
    assert prepare.wanting(real, made.plan, made.findings) == []
    prepare.approve(real, made, by="Bo", now=NOW)
    assert journal.run_state(real, made.plan.hash) == "queued"


def test_below_the_number_that_was_set_approval_is_enough(real):
    few = replace(real, settings=replace(real.settings, acknowledge_from=3))
    made = prepared(few)
    assert not prepare.needs_words(few, made.plan)
    prepare.approve(few, made, by="Ana", now=NOW)


def test_a_word_has_a_name_and_a_reason_and_is_about_something(ws):
    made = prepared(ws)
    code = preflight.to_acknowledge(made.findings)[0]
    for reasons, by in (({code: " "}, "Ana"), ({code: "fine"}, " "), ({"SND-22": "fine"}, "Ana")):
        with pytest.raises(StateError):
            prepare.acknowledge(ws, made.plan, made.findings, reasons, by=by, now=NOW)
    assert acknowledgements.acknowledged(ws, made.plan.hash) == {}


def test_a_word_binds_to_the_plan_and_can_be_said_again_for_the_next(ws):
    made = prepared(ws)
    say(ws, made, all="fine")
    database.save_campaign(ws, replace(made.campaign, subject="Newer hours"), NOW)
    newer = prepared(ws)
    assert newer.plan.hash != made.plan.hash
    assert prepare.wanting(ws, newer.plan, newer.findings) == preflight.to_acknowledge(newer.findings)
    assert acknowledgements.said_before(ws, "spring")["SND-01"].reason == "fine"


def test_what_the_tips_said_is_part_of_the_plan(ws):
    before = prepared(ws)
    with serving_dns("example.org MX 10 mx.example.org") as server:
        asked = replace(ws, settings=replace(ws.settings, dns=server.address))
        after = prepared(asked)
    assert before.plan.parts["preflight"] != after.plan.parts["preflight"]
    assert before.plan.hash != after.plan.hash


def test_the_newest_word_counts_and_the_same_word_twice_is_once(ws):
    made = prepared(ws)
    say(ws, made, **{"SND-01": "first"})
    say(ws, made, **{"SND-01": "second"}, by="Bo")
    say(ws, made, **{"SND-01": "second"}, by="Bo")
    word = acknowledgements.acknowledged(ws, made.plan.hash)["SND-01"]
    assert (word.by, word.reason) == ("Bo", "second")
    assert (database.audit_trail(ws)["what"] == "preflight.acknowledged").sum() == 2


def test_the_dossier_names_who_said_what(ws):
    made = prepared(ws)
    say(ws, made, all="Asked IT")
    prepare.approve(ws, made, by="Bo", now=NOW)
    written = results.dossier_of_campaign(ws, "spring", NOW)
    found = written["plans"][0]["findings"]
    said = {finding["code"]: finding["acknowledged"]["reason"] for finding in found if "acknowledged" in finding}
    assert said == dict.fromkeys(preflight.to_acknowledge(made.findings), "Asked IT")
    assert "Asked IT" in dossier.as_html(written, str)
