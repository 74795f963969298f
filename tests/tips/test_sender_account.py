"""The SendGrid account: read from its answers, judged; and the stand-in of the rehearsal that speaks the same."""

import json
from dataclasses import replace

import pytest

from bulkmail import prepare, sendgrid_account, web, wiring
from bulkmail.adapters import doors, sender_dns
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.facts import DoorFacts, WatchFacts
from bulkmail.model import Outcome
from bulkmail.rehearsal import server
from bulkmail.tips import sender_requirements
from bulkmail.tips.sender_requirements import SenderFacts
from tests.tips.test_sender_requirements import NOW

PASS, WARN, BLOCK, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.BLOCK, Outcome.UNKNOWN
CODES = ("SND-21", "SND-23", "SND-24", "SND-25", "SND-26", "SND-27", "SND-28")
RECORD = {"valid": True, "type": "cname", "data": "u7.wl.sendgrid.net"}
DNS = {
    "mail_cname": RECORD | {"host": "em1.news.test"},
    "dkim1": RECORD | {"host": "s1._domainkey.news.test"},
    "dkim2": RECORD | {"host": "s2._domainkey.news.test"},
}
HOOK = dict.fromkeys(("bounce", "deferred", "delivered", "dropped", "spam_report", "processed"), True)
SOUND = {
    "scopes": {"scopes": ["mail.send", "whitelabel.read"]},
    "domains": [{"domain": "news.test", "subdomain": "em1", "valid": True, "dns": DNS}],
    "links": [{"domain": "news.test", "subdomain": "links", "valid": True}],
    "tracking": {"result": [{"name": "click", "enabled": True}, {"name": "subscription", "enabled": False}]},
    "credits": {"remain": 5000, "next_reset": "2026-12-01"},
    "mail_settings": {"result": [{"name": "bounce_purge", "enabled": False}]},
    "webhooks": {"webhooks": [HOOK | {"enabled": True, "url": "https://m.test/webhooks/sendgrid", "public_key": "K"}]},
}


OPEN = DoorFacts(health=200, events=405)


def account(changes=None, **options):
    answers = {field: (200, json.dumps(body).encode()) for field, body in {**SOUND, **(changes or {})}.items()}
    return sendgrid_account.read_account(answers, **options)


def judged(told, **facts):
    dns = sender_dns.facts_of("news.test", ask=False)
    given = {"public_url": "https://m.test", "webhook_key": "K", "recipients": 100, "door": OPEN} | facts
    known = SenderFacts(dns=dns, now=NOW, account=told, **given)
    found = {finding.code: finding for finding in (check(known) for check in sender_requirements.CHECKS)}
    return {code: found[code].outcome for code in CODES}


def test_an_account_in_order_passes_and_names_its_keys_and_return_path():
    told = account()
    assert judged(told) == dict.fromkeys(CODES, PASS)
    (domain,) = told.domains
    assert (domain.envelope, domain.keys) == ("em1.news.test", ("s1._domainkey.news.test", "s2._domainkey.news.test"))


@pytest.mark.parametrize(
    ("changes", "facts", "code", "outcome"),
    [
        ({"scopes": {"scopes": ["stats.read"]}}, {}, "SND-23", BLOCK),
        ({"scopes": {"scopes": ["mail.send", "api_keys.create"]}}, {}, "SND-23", WARN),
        ({"domains": []}, {}, "SND-24", BLOCK),
        ({"domains": [{"domain": "test", "valid": False, "dns": DNS}]}, {}, "SND-24", BLOCK),
        ({"links": []}, {}, "SND-25", WARN),
        ({"links": [], "tracking": {"result": [{"name": "click", "enabled": False}]}}, {}, "SND-25", PASS),
        ({"tracking": {"result": [{"name": "subscription", "enabled": True}]}}, {}, "SND-26", WARN),
        ({}, {"recipients": 5001}, "SND-27", BLOCK),
        ({"mail_settings": {"result": [{"name": "address_whitelist", "enabled": True}]}}, {}, "SND-28", WARN),
        ({"webhooks": {"webhooks": [{}]}}, {}, "SND-21", BLOCK),
        ({}, {"webhook_key": "other"}, "SND-21", BLOCK),
        ({}, {"webhook_key": ""}, "SND-21", BLOCK),
        ({}, {"watch": WatchFacts(enrolments={}, accepted=10, heard=10)}, "SND-21", PASS),
        ({}, {"watch": WatchFacts(enrolments={}, accepted=10, heard=9)}, "SND-21", WARN),
        ({}, {"door": None}, "SND-21", UNKNOWN),
        ({}, {"door": DoorFacts(health=None, events=None, trouble="timeout")}, "SND-21", UNKNOWN),
        ({}, {"door": DoorFacts(health=200, events=None, trouble="timeout")}, "SND-21", UNKNOWN),
        ({}, {"door": DoorFacts(health=200, events=302)}, "SND-21", BLOCK),
        ({}, {"door": DoorFacts(health=503, events=405)}, "SND-21", BLOCK),
        ({}, {"door": None, "watch": WatchFacts(enrolments={}, accepted=10, heard=10)}, "SND-21", PASS),
    ],
)
def test_what_is_wrong_with_an_account(changes, facts, code, outcome):
    assert judged(account(changes), **facts)[code] is outcome


def test_what_a_key_may_not_ask_is_unknown_and_says_so():
    answers = dict.fromkeys(sendgrid_account.PATHS, (403, b'{"errors": []}'))
    told = sendgrid_account.read_account(answers)
    assert set(judged(told).values()) == {UNKNOWN}
    assert set(told.troubles.values()) == {"no_right"}


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"result": 7}', b"<html>", b'{"scopes": null}'])
def test_an_answer_that_makes_no_sense_is_unknown_never_a_crash(body):
    told = sendgrid_account.read_account(dict.fromkeys(sendgrid_account.PATHS, (200, body)))
    assert PASS not in judged(replace(told, domains=None, links=None)).values() or body == b"[]"


def test_a_stand_in_blocks_nothing_for_it_is_no_account():
    told = account({"domains": [], "webhooks": {"webhooks": []}, "credits": {"remain": 0}}, stand_in=True)
    assert BLOCK not in judged(told).values()


def test_the_rehearsal_speaks_every_path_that_is_asked(tmp_path):
    with server.serving(tmp_path, webhook_url="https://m.test/webhooks/sendgrid", play=False) as rehearsal:
        provider = SendGrid("rehearsal", rehearsal.url)
        replies = {field: provider.call("get", path) for field, path in sendgrid_account.PATHS.items()}
        provider.close()
    told = sendgrid_account.read_account(
        {field: (reply.status, reply.body) for field, reply in replies.items()}, stand_in=True
    )
    assert not told.troubles
    assert "mail.send" in told.scopes
    assert told.webhooks[0].public_key == rehearsal.public_key


def test_whether_events_can_reach_us_is_asked_of_our_own_public_address(sqlite_workspace):
    with wiring.served(web.public_app(sqlite_workspace)) as url:
        ours = replace(sqlite_workspace, settings=replace(sqlite_workspace.settings, public_url=url))
        assert prepare.sender.door_of(ours, account()) == OPEN
        elsewhere = doors.door_of(f"{url}/elsewhere", events_path="/webhooks/sendgrid", seconds=5)
    assert judged(account(), door=elsewhere)["SND-21"] is BLOCK
    gone = prepare.sender.door_of(ours, account())
    assert (gone.health, gone.events, gone.trouble) == (None, None, "refused")
    assert judged(account(), door=gone)["SND-21"] is UNKNOWN


def test_our_public_address_is_not_asked_where_no_account_could_post_to_it(sqlite_workspace):
    assert prepare.sender.door_of(sqlite_workspace, replace(account(), webhooks=None)) is None
