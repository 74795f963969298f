"""The public doors: health, unsubscribing, signed events."""

import asyncio
import base64
import hashlib
import re
from dataclasses import replace
from datetime import timedelta

import httpx2
import orjson
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy.event import listen
from starlette.testclient import TestClient

from bulkmail import web
from bulkmail.adapters import database, journal, token_keys
from bulkmail.adapters.workspace import open_workspace
from bulkmail.tips import addressing, unsubscribe
from tests.builders import NOW, a_campaign, a_plan, a_snapshot, live
from tests.conftest import in_own_loop

ONE_CLICK = "List-Unsubscribe=One-Click"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "TRACE")


@pytest.fixture(scope="module")
def signing_key():
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def house(sqlite_workspace):
    """A workspace with one stored plan."""
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    snapshot = a_snapshot(3)
    journal.store_plan(sqlite_workspace, a_plan(3), snapshot, snapshot.iloc[:0], [], NOW)
    return sqlite_workspace


@pytest.fixture
def visitor(house, signing_key):
    app = web.public_app(house, clock=lambda: NOW, webhook_key=lambda: public(signing_key))
    return TestClient(app, follow_redirects=False)


def public(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(key.public_key().public_bytes(serialization.Encoding.DER, form)).decode()


def link_of(ws, person, plan="a" * 64):
    return "/u/" + unsubscribe.make_token(person, plan, ws.token_keys[ws.token_key_id], ws.token_key_id)


def left(ws):
    """(person, reason, purpose) of every suppression."""
    return sorted(database.suppressions(ws)[["person", "reason", "purpose"]].itertuples(index=False, name=None))


PERSON = f"{1:032x}"


# ---- every method, every header


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/healthz", {"GET", "HEAD"}), ("/u/x", {"GET", "HEAD", "POST"}), ("/webhooks/sendgrid", {"POST"})],
)
def test_a_method_that_a_path_does_not_take_is_405_with_allow(visitor, path, allowed):
    for method in METHODS:
        answer = visitor.request(method, path)
        if method in allowed:
            assert answer.status_code != 405
        else:
            assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, allowed)


@pytest.mark.parametrize("path", ["/healthz", "/u/x", "/webhooks/sendgrid"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_answer_keeps_to_itself(visitor, path, method):
    headers = visitor.request(method, path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert not {"set-cookie", "location"} & set(headers)


def test_health_asks_the_database(visitor):
    assert visitor.get("/healthz").json() == {"status": "ok"}


def test_health_says_when_the_database_is_gone_and_nothing_more(visitor, house):
    with house.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE event")
        connection.exec_driver_sql("DROP TABLE exception")
        connection.exec_driver_sql("DROP TABLE attempt")
        connection.exec_driver_sql("DROP TABLE run")
    answer = visitor.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "the database does not answer"})


# ---- the page


def test_get_shows_a_page_and_changes_nothing(visitor, house):
    answer = visitor.get(link_of(house, PERSON))
    assert answer.status_code == 200
    assert left(house) == []


def test_head_answers_like_get_without_a_body(visitor, house):
    answer = visitor.head(link_of(house, PERSON))
    assert (answer.status_code, left(house)) == (200, [])


def test_the_page_is_the_same_for_good_and_bad_tokens(visitor, house):
    pages = {visitor.get(path).text for path in (link_of(house, PERSON), "/u/x", "/u/" + "A" * 56, "/u/a/b/../c")}
    assert len(pages) == 1


def test_the_page_speaks_both_languages_and_needs_no_script(visitor):
    page = visitor.get("/u/x").text
    assert '<html lang="zh-Hant">' in page
    assert "取消訂閱" in page and "Unsubscribe" in page
    assert '<p lang="en">' in page
    assert "<script" not in page and "://" not in page and "password" not in page


def test_the_style_of_the_page_is_the_one_its_policy_allows(visitor):
    answer = visitor.get("/u/x")
    style = re.search("<style>(.*?)</style>", answer.text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]


# ---- leaving


def test_one_click_leaves_the_purpose_of_the_letter(visitor, house):
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = visitor.post(link_of(house, PERSON), content=ONE_CLICK, headers=form)
    assert answer.status_code == 200
    assert left(house) == [(PERSON, "unsubscribed", "newsletter")]


def test_one_click_as_multipart_does_the_same(visitor, house):
    answer = visitor.post(link_of(house, PERSON), files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert left(house) == [(PERSON, "unsubscribed", "newsletter")]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", None),
        (b"\xff\xfe\x00 not a form", "application/x-www-form-urlencoded"),
        (b"--x", "multipart/form-data"),
        (b"{}", "application/json"),
        (b"x" * 100_000, "application/x-www-form-urlencoded"),
    ],
)
def test_any_post_to_a_good_link_unsubscribes(visitor, house, content, kind):
    answer = visitor.post(link_of(house, PERSON), content=content, headers={"content-type": kind} if kind else {})
    assert answer.status_code == 200
    assert left(house) == [(PERSON, "unsubscribed", "newsletter")]


def test_again_is_harmless(visitor, house):
    answers = [visitor.post(link_of(house, PERSON), data={"scope": "list"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert left(house) == [(PERSON, "unsubscribed", "newsletter")]


def test_the_second_button_leaves_everything(visitor, house):
    page = visitor.post(link_of(house, PERSON), data={"scope": "list"}).text
    assert 'value="all"' in page and 'value="list"' not in page
    assert "<form" not in visitor.post(link_of(house, PERSON), data={"scope": "all"}).text
    assert left(house) == [(PERSON, "unsubscribed", ""), (PERSON, "unsubscribed", "newsletter")]


def test_a_link_of_a_plan_we_no_longer_know_leaves_everything(visitor, house):
    visitor.post(link_of(house, PERSON, plan="f" * 64), content=ONE_CLICK)
    assert left(house) == [(PERSON, "unsubscribed", "")]


def test_it_is_stored_where_it_came_from(visitor, house):
    visitor.post(link_of(house, PERSON), content=ONE_CLICK)
    assert database.suppressions(house)["origin"].tolist() == ["link " + "a" * 16]


def test_the_link_of_a_rehearsed_letter_suppresses_nobody_for_real(visitor, house):
    visitor.post(link_of(house, PERSON), content=ONE_CLICK)
    visitor.post(link_of(house, PERSON), data={"scope": "all"})
    assert (len(left(house)), left(live(house))) == (2, [])


@pytest.mark.parametrize("plan", ["b" * 64, "f" * 64], ids=["sent", "unknown"])
def test_a_reader_who_leaves_while_the_house_rehearses_has_left(visitor, house, plan):
    snapshot = a_snapshot(3)
    journal.store_plan(house, a_plan(3, hash="b" * 64, rehearsal=False), snapshot, snapshot.iloc[:0], [], NOW)
    visitor.post(link_of(house, PERSON), content=ONE_CLICK)
    visitor.post(link_of(house, PERSON, plan=plan), content=ONE_CLICK)
    assert [person for person, _, _ in left(live(house))] == [PERSON]


def test_a_bad_link_changes_nothing_and_says_so(visitor, house):
    whole = link_of(house, PERSON)
    for path in ("/u/x", whole[:-1], whole[:-1] + ("A" if whole[-1] != "A" else "B")):
        answer = visitor.post(path, content=ONE_CLICK)
        assert answer.status_code == 404
        assert "Nothing was changed" in answer.text
    assert left(house) == []


def test_a_link_signed_by_an_older_key_works_on(visitor, house):
    old = link_of(house, PERSON)
    newer = replace(house, token_keys={2: b"n" * 32, **house.token_keys})
    answer = TestClient(web.public_app(newer, clock=lambda: NOW)).post(old)
    assert (answer.status_code, len(left(house))) == (200, 1)


def test_after_a_rotation_old_links_work_and_running_programs_read_the_new(visitor, house):
    old = link_of(house, PERSON)
    key_id = token_keys.rotate(house, by="Ana Lei", now=NOW)
    after = open_workspace(house.settings)
    new = link_of(after, f"{2:032x}")
    assert (after.token_key_id, key_id) == (2, 2)
    assert [visitor.post(link, content=ONE_CLICK).status_code for link in (old, new)] == [200, 200]
    restarted = TestClient(web.public_app(after, clock=lambda: NOW))
    assert [restarted.post(link, content=ONE_CLICK).status_code for link in (old, new)] == [200, 200]
    assert len(left(house)) == 2
    assert database.audit_trail(after)["what"].tolist()[-1] == "keys.rotated"
    after.engine.dispose()


# ---- events


def an_entry(**changes):
    return {
        "email": "ana@example.com",
        "timestamp": int(NOW.timestamp()) - 5,
        "event": "delivered",
        "sg_event_id": "e1",
        "sg_message_id": "m1.recvd-1.0.0",
        "bm_a": "0" * 32,
        "bm_r": "1",
        **changes,
    }


def signed(key, body, at=NOW):
    timestamp = str(int(at.timestamp()))
    signature = key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


def post_events(visitor, key, *entries, **changes):
    body = orjson.dumps(list(entries))
    return visitor.post("/webhooks/sendgrid", content=body, headers=signed(key, body, **changes))


def test_signed_events_are_stored(visitor, house, signing_key):
    answer = post_events(visitor, signing_key, an_entry(), an_entry(event="open", email="bo@example.com"))
    assert answer.status_code == 200
    assert journal.events(house)["kind"].tolist() == ["delivered", "opened"]


def test_a_repeat_changes_nothing(visitor, house, signing_key):
    for number in range(3):
        assert post_events(visitor, signing_key, an_entry(sg_event_id=f"e{number}")).status_code == 200
    assert len(journal.events(house)) == 1


def test_one_byte_changed_is_refused(visitor, house, signing_key):
    body = orjson.dumps([an_entry()])
    for wrong in (body + b" ", body.replace(b"ana", b"eve"), b""):
        answer = visitor.post("/webhooks/sendgrid", content=wrong, headers=signed(signing_key, body))
        assert answer.status_code == 403
    assert len(journal.events(house)) == 0


def test_another_key_is_refused(visitor, signing_key):
    assert post_events(visitor, ec.generate_private_key(ec.SECP256R1()), an_entry()).status_code == 403


@pytest.mark.parametrize(
    "lacking", ["X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"]
)
def test_without_a_signature_it_is_refused(visitor, signing_key, lacking):
    body = orjson.dumps([an_entry()])
    headers = signed(signing_key, body)
    headers[lacking] = "nonsense ☃".encode()
    assert visitor.post("/webhooks/sendgrid", content=body, headers=headers).status_code == 403
    del headers[lacking]
    assert visitor.post("/webhooks/sendgrid", content=body, headers=headers).status_code == 403


def test_a_recording_of_last_week_is_refused(visitor, signing_key):
    assert post_events(visitor, signing_key, an_entry(), at=NOW - timedelta(days=7)).status_code == 403
    assert post_events(visitor, signing_key, an_entry(), at=NOW - timedelta(hours=24)).status_code == 200


def test_signed_nonsense_is_400(visitor, house, signing_key):
    for body in (b"{", b"[1]", b'"x"', b'{"a": 1}'):
        answer = visitor.post("/webhooks/sendgrid", content=body, headers=signed(signing_key, body))
        assert answer.status_code == 400
    assert len(journal.events(house)) == 0


def test_an_empty_list_is_taken(visitor, signing_key):
    assert post_events(visitor, signing_key).status_code == 200


def test_a_body_without_end_is_413(visitor, signing_key):
    body = b"[" + b" " * 4_000_001 + b"]"
    answer = visitor.post("/webhooks/sendgrid", content=body, headers=signed(signing_key, body))
    assert answer.status_code == 413


def test_without_a_key_no_event_is_believed(house, signing_key):
    visitor = TestClient(web.public_app(house, clock=lambda: NOW))
    assert post_events(visitor, signing_key, an_entry()).status_code == 503


def suppressed_by(visitor, house, key, **entry):
    post_events(visitor, key, an_entry(**entry))
    person = addressing.person_of("ana@example.com", house.person_key)
    return [reason for who, reason, purpose in left(house) if who == person and purpose == ""]


@pytest.mark.parametrize(
    ("entry", "reasons"),
    [
        ({"event": "spamreport"}, ["complained"]),
        ({"event": "unsubscribe"}, ["unsubscribed"]),
        ({"event": "group_unsubscribe", "asm_group_id": 3}, ["unsubscribed"]),
        ({"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 No such user"}, ["hard_bounce"]),
        ({"event": "bounce", "type": "blocked", "status": "5.7.1", "reason": "550 5.7.1 policy"}, []),
        ({"event": "bounce", "type": "bounce", "status": "5.2.2", "reason": "552 5.2.2 over quota"}, []),
        ({"event": "dropped", "reason": "Spam Content"}, []),
        ({"event": "deferred", "response": "450 4.2.0 later"}, []),
        ({"event": "open"}, []),
    ],
    ids=lambda value: str(value)[:60],
)
def test_whom_events_suppress(visitor, house, signing_key, entry, reasons):
    assert suppressed_by(visitor, house, signing_key, **entry) == reasons


def test_simulated_people_suppress_nobody_for_real(visitor, house, signing_key):
    assert suppressed_by(visitor, house, signing_key, event="spamreport") == ["complained"]
    assert left(live(house)) == []


def test_what_sendgrid_signs_is_real(house, signing_key):
    for_people = TestClient(web.public_app(live(house), clock=lambda: NOW, webhook_key=lambda: public(signing_key)))
    assert suppressed_by(for_people, live(house), signing_key, event="spamreport") == ["complained"]


@pytest.mark.parametrize(
    ("host", "real"), [("https://api.sendgrid.com", 1), ("http://127.0.0.1:8502", 0)], ids=["sendgrid", "a rehearsal"]
)
def test_a_machine_that_only_listens_needs_no_api_key_to_hear_what_is_real(house, signing_key, host, real):
    chosen = replace(house.settings, webhook_key=public(signing_key), sendgrid_host=host)
    listener = TestClient(web.public_app(replace(house, settings=chosen), clock=lambda: NOW))
    suppressed_by(listener, house, signing_key, event="spamreport")
    assert (len(left(house)), len(left(live(house)))) == (1, real)


def test_a_late_bounce_without_our_arguments_still_suppresses(visitor, house, signing_key):
    entry = an_entry(event="bounce", type="bounce", status="5.1.1", reason="550 5.1.1 User unknown", sg_message_id="")
    del entry["bm_a"], entry["bm_r"]
    post_events(visitor, signing_key, entry)
    assert [reason for _, reason, _ in left(house)] == ["hard_bounce"]


def test_what_is_no_address_suppresses_nobody(visitor, house, signing_key):
    for address in ("", "not an address", "@", "a" * 400 + "@example.com"):
        assert post_events(visitor, signing_key, an_entry(event="spamreport", email=address)).status_code == 200
    assert left(house) == []


def test_events_and_suppressions_stand_or_fall_together(visitor, house, signing_key):
    with house.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE event")
    with pytest.raises(Exception, match="no such table"):
        post_events(visitor, signing_key, an_entry(event="spamreport"))
    assert left(house) == []


# ---- many at once


def test_requests_that_meet_are_stored_together_and_each_is_answered(house):
    """A hundred people in one moment: none is lost, and far fewer commits than people."""
    commits = []
    listen(house.engine, "commit", lambda line: commits.append(line.get_execution_options().get("writes", False)))
    app = web.public_app(house, clock=lambda: NOW)
    people = [f"{number:032x}" for number in range(100)]

    async def press_all():
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://house") as visitors:
            return await asyncio.gather(*(visitors.post(link_of(house, person)) for person in people))

    answers = in_own_loop(press_all())
    assert {answer.status_code for answer in answers} == {200}
    assert [person for person, _, _ in left(house)] == people
    assert sum(commits) < 60


def test_where_nothing_can_be_stored_nobody_is_told_that_it_was(house):
    with house.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE suppression")
    visitor = TestClient(web.public_app(house, clock=lambda: NOW), raise_server_exceptions=False)
    assert [visitor.post(link_of(house, PERSON)).status_code for _ in range(2)] == [500, 500]
