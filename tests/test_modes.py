"""Rehearsal and live share one workspace, and nothing that was rehearsed counts when letters go to people."""

import socket
from dataclasses import replace

import pytest

from bulkmail import intake, prepare, send, web, wiring
from bulkmail.adapters import database, journal
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import open_workspace
from bulkmail.errors import StateError
from bulkmail.rehearsal import server
from bulkmail.sample import SAMPLE_DOMAIN
from tests.builders import a_campaign
from tests.dns_server import serving_dns

# What each does with a letter when rehearsed; for real, they are simply people.
NAMES = ("quiet", "open", "bounce", "late", "complain", "unsubscribe")
PEOPLE = {f"{name}.ada@{SAMPLE_DOMAIN}" for name in NAMES}
LIST = "name,email,consent,consent date\n" + "".join(f"Ada,{address},yes,2026-10-01\n" for address in sorted(PEOPLE))
ZONE = f"""
{SAMPLE_DOMAIN} SOA ns.{SAMPLE_DOMAIN} x.{SAMPLE_DOMAIN} 1 60 60 60 60
{SAMPLE_DOMAIN} MX 10 mail.{SAMPLE_DOMAIN}
{SAMPLE_DOMAIN} TXT v=spf1 -all
_dmarc.{SAMPLE_DOMAIN} TXT v=DMARC1; p=none
s1._domainkey.{SAMPLE_DOMAIN} SERVFAIL
s2._domainkey.{SAMPLE_DOMAIN} SERVFAIL
mail.{SAMPLE_DOMAIN} A 192.0.2.1
em1.{SAMPLE_DOMAIN} MX 10 mail.{SAMPLE_DOMAIN}
em1.{SAMPLE_DOMAIN} TXT v=spf1 -all
"""


@pytest.fixture(scope="module")
def name_server():
    with serving_dns(ZONE) as running:
        yield running


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """What takes the place of SendGrid: it speaks as SendGrid does, and counts."""
    with server.serving(tmp_path_factory.mktemp("provider"), play=False) as running:
        yield running


@pytest.fixture
def house(tmp_path, name_server, provider):
    """Opens the one workspace, with or without a key, as a person does who restarts the program."""
    opened, port = [], free_port()

    def opening(key=""):
        environ = {
            "BULKMAIL_HOME": str(tmp_path / "home"),
            "BULKMAIL_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "BULKMAIL_DNS": "{}:{}".format(*name_server.address),
        }
        live = {"SENDGRID_API_KEY": key, "SENDGRID_HOST": provider.url} if key else {}
        opened.append(open_workspace(read_settings(environ | live)))
        return opened[-1]

    yield opening
    for ws in opened:
        ws.engine.dispose()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def inputs():
    sender = replace(a_campaign().sender, address=f"library@{SAMPLE_DOMAIN}", reply_to=f"desk@{SAMPLE_DOMAIN}")
    reading = intake.read_list(LIST.encode(), "list.csv")
    return prepare.inputs_of_file(a_campaign(sender=sender, list_name="list.csv"), reading, "f" * 64)


def approved(ws):
    """The plan of the campaign, made and approved now."""
    prepared = prepare.prepare_campaign(ws, inputs(), now=wiring.now())
    prepare.approve(ws, prepared, by="Ana", now=wiring.now())
    return prepared.plan.hash


def rehearse(ws, folder):
    """Send what is approved to simulated people, and wait until they have done all they do; who got letters."""
    url = ws.settings.public_url
    key = []
    with (
        wiring.served(web.public_app(ws, webhook_key=lambda: key[0]), int(url.rpartition(":")[2])),
        server.serving(folder, webhook_url=f"{url}/webhooks/sendgrid", speed=1e6) as rehearsal,
    ):
        key.append(rehearsal.public_key)
        send.work(ws, SendGrid("rehearsal", rehearsal.url).post_mail, once=True)
        assert rehearsal.is_quiet_within(20)
        return rehearsal.counts()["by_address"]


def test_rehearsed_and_then_sent_it_mails_everybody_once(house, provider, tmp_path):
    ws = house()
    rehearsed = approved(ws)
    assert rehearse(ws, tmp_path / "stand-in") == dict.fromkeys(PEOPLE, 1)
    reasons = sorted(database.suppressions(ws)["reason"])
    assert reasons == ["complained", "hard_bounce", "hard_bounce", "unsubscribed"]
    ws = house("SG.any")
    assert database.suppressions(ws).empty
    sent = approved(ws)
    assert sent != rehearsed
    for _ in range(2):
        send.work(ws, SendGrid("SG.any", provider.url).post_mail, once=True)
    assert provider.counts()["by_address"] == dict.fromkeys(PEOPLE, 1)
    assert {letter.attempt for letter in provider.letters()} == {a.id for a in journal.attempts(ws, sent)}


def test_a_campaign_that_was_rehearsed_is_not_under_way_when_it_is_sent(house):
    rehearsing, with_key = house(), house("SG.any")
    rehearsed = approved(rehearsing)
    assert prepare.plan_under_way(rehearsing, inputs()) == rehearsed
    assert prepare.plan_under_way(with_key, inputs()) is None
    assert prepare.plan_to_watch(with_key, inputs().campaign) is None


@pytest.mark.parametrize(("first", "then"), [("", "SG.any"), ("SG.any", "")], ids=["rehearsed first", "sent first"])
def test_approving_in_one_mode_leaves_what_waits_in_the_other(house, first, then):
    waiting = approved(house(first))
    other = approved(house(then))
    assert other != waiting
    ws = house(first)
    assert [journal.run_state(ws, plan_hash) for plan_hash in (waiting, other)] == ["queued", "queued"]
    assert [run.plan_hash for run in journal.runs(ws)] == [waiting]
    assert journal.load_plan(ws, waiting).voided_at is None


def test_a_plan_looked_at_in_rehearsal_is_not_approved_for_people(house):
    ws = house()
    rehearsed = approved(ws)
    with pytest.raises(StateError, match="Look again"):
        prepare.approve_reviewed(house("SG.any"), "spring", rehearsed, len(PEOPLE), by="Ana", now=wiring.now())


def forbidden(body):
    raise AssertionError("a letter left that nobody meant")


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(("made", "met"), [("", "SG.any"), ("SG.any", "")], ids=["live worker", "rehearsing worker"])
def test_a_worker_leaves_a_plan_of_the_other_mode_alone(house, made, met, named):
    plan_hash = approved(house(made))
    send.work(house(met), forbidden, plan_hash=plan_hash if named else None, once=not named)
    assert journal.totals(house(made), plan_hash)["planned"] == len(PEOPLE)
    assert journal.run_state(house(made), plan_hash) == "queued"
