"""Sign-in against a real OpenID Connect provider on loopback: who gets in, what they may do, and the second person."""

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from bulkmail import intake, prepare, wiring
from bulkmail.adapters import database, journal, roles, settings, workspace
from tests.builders import a_campaign
from tests.pages.conftest import app_server, free_port, settled, wait_until_healthy

pytestmark = pytest.mark.browser
LIST = b"email,name,consent,consent date\nana@alpha.edu,Ana,yes,2026-10-01\nbo@alpha.edu,Bo,yes,2026-10-01\n"
STAFF = {
    "wai": {"name": "陳慧 Wai", "email": "wai@lotusbay.edu.mo", "email_verified": True},
    "ben": {"name": "Ben", "email": "ben@lotusbay.edu.mo", "email_verified": True},
    "vera": {"name": "Vera", "email": "vera@lotusbay.edu.mo", "email_verified": True, "groups": ["viewer"]},
    "forger": {"name": "Wai", "email": "wai@lotusbay.edu.mo", "email_verified": False},
}


@contextmanager
def a_provider(home):
    """Yield the issuer of a provider that knows STAFF."""
    port = free_port()
    known = [f"--user-claims={json.dumps({'sub': sub, **claims})}" for sub, claims in STAFF.items()]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *known]
    with (home / "provider.log").open("w") as log:
        process = subprocess.Popen(command, cwd=home, stdout=log, stderr=subprocess.STDOUT, env=dict(os.environ))
    try:
        wait_until_healthy(
            f"http://127.0.0.1:{port}", process, home / "provider.log", path="/.well-known/openid-configuration"
        )
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A server where people sign in, with one campaign that Wai wrote, to two people; its address and workspace."""
    home = tmp_path_factory.mktemp("sign-in")
    ws = workspace.open_workspace(settings.read_settings({"BULKMAIL_HOME": str(home / "workspace")}))
    now = wiring.now()
    prepare.save_list(ws, "list.csv", intake.read_list(LIST, "list.csv"), prepare.content_hash(LIST), now)
    later = a_campaign(list_name="list.csv", send_at=now + timedelta(days=30))
    database.save_campaign(ws, later, now, by="wai@lotusbay.edu.mo")
    for person in ("wai", "ben"):
        roles.grant(ws, f"{person}@lotusbay.edu.mo", "approver", by="tests", now=now)
    with a_provider(home) as issuer:
        sign_in = {"BULKMAIL_OIDC_ISSUER": issuer, "BULKMAIL_OIDC_CLIENT_ID": "bulkmail"}
        sign_in |= {"BULKMAIL_OIDC_CLIENT_SECRET": "any", "BULKMAIL_OIDC_ROLE_CLAIM": "groups"}
        with app_server(home, BULKMAIL_SECOND_PERSON_ABOVE="1", **sign_in) as address:
            yield address, ws
    ws.engine.dispose()


def sign_in(page, address, person):
    settled_at(page, address)
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=sub]").fill(person)
    page.get_by_role("button", name=re.compile("authorize", re.I)).click()
    page.wait_for_url(f"{address}/**")
    settled(page)


def settled_at(page, address):
    page.goto(address)
    settled(page)


def approve(page, people):
    page.get_by_role("button", name="Approve …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Type how many").fill(str(people))
    dialog.get_by_role("button", name="Approve and send").click()
    return dialog


@pytest.mark.parametrize("deep", ["", "lists", "review", "settings"])
def test_nobody_gets_past_the_sign_in(house, page, deep):
    address, _ = house
    settled_at(page, f"{address}/{deep}")
    expect(page.get_by_role("heading", name="Sign in to bulkmail")).to_be_visible()
    expect(page.get_by_role("link", name="Lists")).to_have_count(0)
    expect(page.get_by_text("list.csv")).to_have_count(0)


def test_an_address_that_is_not_verified_opens_nothing(house, page):
    address, _ = house
    sign_in(page, address, "forger")
    expect(page.get_by_role("heading", name="No role yet")).to_be_visible()
    expect(page.get_by_role("link", name="Lists")).to_have_count(0)


def test_a_viewer_by_the_providers_claim_reads_and_changes_nothing(house, page):
    address, _ = house
    sign_in(page, address, "vera")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    expect(page.get_by_role("link", name="Lists")).to_have_count(0)
    expect(page.get_by_role("button", name="New campaign")).to_have_count(0)
    settled_at(page, f"{address}/lists")
    expect(page.get_by_text("ana@alpha.edu")).to_have_count(0)
    expect(page.get_by_role("heading", name="Lists")).to_have_count(0)


def test_who_wrote_a_plan_is_refused_and_a_second_person_approves_it_once(house, browser):
    address, ws = house
    for person, allowed in (("wai", False), ("ben", True)):
        context = browser.new_context(viewport={"width": 1360, "height": 900}, locale="en-US")
        page = context.new_page()
        sign_in(page, address, person)
        settled_at(page, f"{address}/review")
        dialog = approve(page, 2)
        if allowed:
            expect(page.get_by_text("Approved by ben@lotusbay.edu.mo, ")).to_be_visible()
        else:
            expect(dialog.get_by_text("ask a second person")).to_be_visible()
            assert journal.runs(ws) == []
        context.close()
    [run] = journal.runs(ws)
    trail = database.audit_trail(ws).set_index("what")
    assert trail.loc["plan.approved", "who"] == "ben@lotusbay.edu.mo"
    assert trail.loc["plan.approved", "about"]["plan"] == run.plan_hash
