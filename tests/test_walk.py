"""The walk of one row: 黃志明 of a list, from the bytes of the file to the results, as ARCHITECTURE.md tells it.

Everything is real: the file, SQLite, HTTP to a rehearsal that plays SendGrid, and its signed events back to the public
doors. The tests stand in the order of the walk; those of one list share it.
"""

import re
import urllib.request
from types import SimpleNamespace

import pytest

from bulkmail import intake, prepare, results, send, web, wiring
from bulkmail.adapters import database, journal, ledger, lists
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import make_folders, open_workspace
from bulkmail.model import Outcome
from bulkmail.rehearsal import server
from bulkmail.tips import addressing, unsubscribe
from tests.builders import NOW, a_campaign
from tests.test_intake import DATA

HERO, REFUSER, LEAVER = "黃志明", "陳嘉欣", "張偉傑"  # walks to the end; said no; leaves after the approval
ADDRESS = "member002@mail.lotusbay.edu.mo"
LISTS = {"members_big5.csv": "big5hkscs", "members_utf16_tabs.txt": "utf-16-le", "members_title_rows.xlsx": ""}
BODY = "# 開放時間 Hours\n\nDear {{ name }} ({{ 學院 }}),\n\n[Hours](https://www.lotusbay.edu.mo/hours?a=1&b=2)\n"


@pytest.fixture(scope="module", params=LISTS)
def walk(request, tmp_path_factory, migrated_sqlite):
    """What stood where along the walk, once it is over."""
    folder = tmp_path_factory.mktemp("walk")
    with server.serving(folder / "rehearsal", speed=1e9) as rehearsal:
        ws = a_house(folder / "home", migrated_sqlite, rehearsal)
        with wiring.served(web.public_app(ws, webhook_key=lambda: rehearsal.public_key)) as door:
            rehearsal.post_events_to(f"{door}/webhooks/sendgrid")
            yield walked(ws, rehearsal, door, request.param)
            ws.engine.dispose()


def a_house(home, migrated, rehearsal):
    make_folders(home)
    (home / "bulkmail.sqlite3").write_bytes(migrated.read_bytes())
    return open_workspace(read_settings({"BULKMAIL_HOME": str(home), "SENDGRID_HOST": rehearsal.url}))


def walked(ws, rehearsal, door, name):
    """Walk. Each line is a row of the table in ARCHITECTURE.md."""
    data = (DATA / name).read_bytes()
    reading = intake.read_list(data, name)
    judged = prepare.judge_addresses(ws, reading.table, now=NOW)
    version = prepare.save_list(ws, name, reading, prepare.content_hash(data), NOW)
    campaign = a_campaign(body=BODY, list_name=name, language="both")
    database.save_campaign(ws, campaign, NOW)
    prepared = prepare.prepare_campaign(ws, prepare.inputs_of(ws, campaign), now=NOW)
    plan = prepared.plan.hash
    prepare.approve(ws, prepared, by="Ana", now=NOW)
    approved = journal.totals(ws, plan)
    leave(ws, door, person(prepared, LEAVER), plan)
    send.work(ws, SendGrid("SG.any", rehearsal.url).post_mail, plan_hash=plan, clock=lambda: NOW)
    assert rehearsal.is_quiet_within(20)
    letter = next(letter for letter in rehearsal.letters() if letter.address == ADDRESS)
    inbox = rehearsal.stage.store.written_out(letter)
    press(inbox["headers"], door)
    return SimpleNamespace(**locals())


def person(prepared, name):
    return prepared.table.set_index("name")["person"][name]


def leave(ws, door, person, plan):
    """Press the button of the page that a link of this plan leads to."""
    token = unsubscribe.make_token(person, plan[:16], ws.token_keys[ws.token_key_id], ws.token_key_id)
    assert urllib.request.urlopen(f"{door}/u/{token}", data=b"scope=list").status == 200


def press(headers, door):
    """What a mail program's unsubscribe button does (RFC 8058, section 3.2)."""
    link = re.search(r"<(http[^>]+)>", headers["List-Unsubscribe"])[1]
    path = link.partition("/u/")[2]
    assert urllib.request.urlopen(f"{door}/u/{path}", data=b"List-Unsubscribe=One-Click").status == 200


def row_of(table, name=HERO):
    (row,) = table[table["name"] == name].to_dict("records")
    return row


# ---------------------------------------------------------------- upload


def test_intake_reads_the_row_as_it_stands_in_the_file(walk):
    assert walk.reading.encoding == LISTS[walk.name]
    assert walk.reading.rows == len(walk.reading.table) == 29
    row = row_of(walk.reading.table)
    assert row["source_row"] == (6 if walk.name.endswith("xlsx") else 3)
    assert (row["original_address"], row["language"], row["field.學院"]) == (ADDRESS, "zh-Hant", "教育學院")


def test_addressing_gives_it_a_normal_form_and_a_person(walk):
    row = row_of(walk.judged)
    assert (row["address"], row["mailbox"], row["addressing_reason"]) == (ADDRESS, ADDRESS, "")
    assert row["person"] == addressing.person_of(ADDRESS, walk.ws.person_key)


def test_the_list_is_saved_as_it_was_read(walk):
    saved = lists.load_list(walk.ws, walk.version.id)
    assert row_of(saved) == row_of(walk.reading.table)
    assert walk.version.rows == 29


# ---------------------------------------------------------------- judge


def test_consent_suppression_and_cadence_have_nothing_against_it(walk):
    row = row_of(walk.prepared.table)
    assert (row["consent_state"], row["consent_evidence"]) == ("given", "column, purpose not named")
    assert row["consent_at"].date().isoformat() == "2025-12-12"
    assert row["consent_reason"] == row["suppression_reason"] == row["cadence_reason"] == ""


def test_the_audience_has_every_row_once_eligible_or_with_one_reason(walk):
    people = walk.prepared.audience
    assert len(people.eligible) + len(people.excluded) == people.rows == 29
    assert people.reasons == {"consent_refused": 4}
    assert row_of(people.excluded, REFUSER)["reason"] == "consent_refused"
    assert HERO in set(people.eligible["name"])


def test_the_plan_gives_it_a_position_and_freezes_everything(walk):
    plan, row = walk.prepared.plan, row_of(walk.prepared.snapshot)
    (batch,) = plan.batches
    assert batch.start <= row["position"] < batch.stop == plan.recipients == 25
    again = prepare.prepare_campaign(walk.ws, walk.prepared.inputs, now=NOW)
    assert again.plan.hash != plan.hash  # by now it has been mailed: another audience is another plan


def test_preflight_has_judged_the_seven_tips_and_nothing_blocks(walk):
    assert {finding.tip for finding in walk.prepared.findings} == set(range(1, 8))
    assert Outcome.BLOCK not in {finding.outcome for finding in walk.prepared.findings}


# ---------------------------------------------------------------- approve and send


def test_approval_writes_planned_attempts_and_the_consent_they_rest_on(walk):
    assert (walk.approved["recipients"], walk.approved["planned"]) == (25, 25)
    events = ledger.consent_events(walk.ws)
    assert len(events) == 29
    assert set(events["recorded_by"]) == {"Ana"}
    assert database.verify_chain(walk.ws)


def test_the_last_look_leaves_out_who_left_after_the_approval(walk):
    totals = journal.totals(walk.ws, walk.plan)
    assert (totals["accepted"], totals["skipped"], totals["reasons"]) == (24, 1, {"unsubscribed": 1})
    assert row_of(journal.letters(walk.ws, walk.plan), LEAVER)["state"] == "skipped"


def test_everybody_else_has_exactly_one_letter(walk):
    wanted = set(walk.prepared.snapshot["address"]) - {row_of(walk.prepared.snapshot, LEAVER)["address"]}
    assert walk.rehearsal.counts()["by_address"] == dict.fromkeys(wanted, 1)


def test_the_letter_is_written_for_its_reader(walk):
    for part in (walk.inbox["html"], walk.inbox["text"]):
        assert f"Dear {HERO} (教育學院)" in part
        assert "取消訂閱" in part
        assert "unsubscribe" in part.lower()
    assert 'href="https://www.lotusbay.edu.mo/hours?a=1&amp;b=2"' in walk.inbox["html"]
    assert walk.inbox["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert ADDRESS not in walk.inbox["headers"]["List-Unsubscribe"]


# ---------------------------------------------------------------- what comes back


def test_every_letter_is_heard_of_by_signed_events(walk):
    events = journal.events(walk.ws, walk.plan)
    assert set(events["position"]) == set(walk.prepared.snapshot["position"]) - {
        row_of(walk.prepared.snapshot, LEAVER)["position"]
    }
    arrived = events[events["kind"].isin(["delivered", "bounced"])]
    assert arrived.groupby("position")["kind"].nunique().eq(1).all()
    assert journal.contradictions(walk.ws, walk.plan) == 0


def test_who_left_complained_or_does_not_exist_is_suppressed_and_nobody_else(walk):
    events = journal.events(walk.ws, walk.plan)
    demanding = events[events["kind"].eq("complained") | (events["kind"].eq("bounced") & events["hard"])]
    people = walk.prepared.snapshot.set_index("position")["person"]
    told = set(people[demanding["position"]]) | set(database.left_by_link(walk.ws, walk.plan)["person"])
    suppressed = database.suppressions(walk.ws)
    assert set(suppressed["person"]) == told >= {person(walk.prepared, HERO), person(walk.prepared, LEAVER)}
    assert suppressed["purpose"].isin(["", "newsletter"]).all()


def test_results_account_for_every_row_of_the_list(walk):
    funnel = results.numbers_of_plan(walk.ws, walk.plan).funnel.set_index("what")["letters"]
    assert (funnel["uploaded"], funnel["eligible"], funnel["accepted"]) == (29, 25, 24)
    assert 1 <= funnel["delivered"] <= 24
    rows = results.people_of_plan(walk.ws, walk.plan)
    assert rows["state"].value_counts().to_dict() == {"accepted": 24, "excluded": 4, "skipped": 1}
    assert row_of(rows)["happened"] == "unsubscribed"


def test_next_time_it_is_left_out_and_the_reason_is_said(walk):
    new = a_campaign(id="summer", name="Summer letter", body=BODY, list_name=walk.name)
    prepared = prepare.prepare_campaign(walk.ws, prepare.inputs_of(walk.ws, new), now=NOW)
    assert row_of(prepared.audience.excluded)["reason"] == "unsubscribed"
