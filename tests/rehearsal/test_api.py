"""SendGrid's HTTP as the rehearsal speaks it."""

import time
from datetime import UTC, datetime

import orjson
import pytest

from bulkmail import sendgrid_format
from bulkmail.rehearsal import playing
from tests.rehearsal.letters import JSON, NOW, a_body, raw, sent


def states(client):
    return client.get("/inbox/counts.json").json()["by_state"]


# ---------------------------------------------------------------- mail/send


def test_a_request_is_accepted_with_one_message_id(client):
    answer = client.post("/v3/mail/send", content=raw("ada@example.com", "bob@example.com"), headers=JSON)
    assert (answer.status_code, answer.content, len(answer.headers["X-Message-Id"])) == (202, b"", 22)


def test_letters_are_counted_by_address_and_attempt(client):
    sent(client, "ada@example.com", "bob@example.com", attempt="a1")
    sent(client, "ada@example.com", attempt="a2")
    counts = client.get("/inbox/counts.json").json()
    assert counts["by_address"] == {"ada@example.com": 2, "bob@example.com": 1}
    assert counts["by_attempt"] == {"a1": 2, "a2": 1}
    assert (counts["letters"], counts["requests"]) == (3, 2)


def test_one_fault_refuses_the_whole_request(client):
    body = a_body("ada@example.com", "bob@example.com")
    body["personalizations"][1]["to"][0]["email"] = "bob"
    answer = client.post("/v3/mail/send", content=orjson.dumps(body), headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "personalizations.1.to.0.email"
    assert states(client) == {}


def test_a_refusal_reads_as_the_recipients_it_names(client):
    body = a_body("ada@example.com", "bob@example.com")
    body["personalizations"][1]["to"][0]["email"] = "bob"
    answer = client.post("/v3/mail/send", content=orjson.dumps(body), headers=JSON)
    read = sendgrid_format.read_answer(answer.status_code, answer.headers, answer.content, None)
    assert (read.kind, read.bad_positions) == ("refused_recipients", (1,))


@pytest.mark.parametrize("shown", ["", "Bearer", "Basic abc", "SG.key"])
def test_without_a_key_nothing_is_answered(client, shown):
    answer = client.post("/v3/mail/send", content=raw(), headers=JSON | {"Authorization": shown})
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (401, "authorization required")


def test_another_method_is_refused(client):
    assert client.get("/v3/mail/send").status_code == 405


def test_another_path_is_not_found(client):
    answer = client.get("/v3/nowhere")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (404, None)


def test_another_content_type_is_refused(client):
    assert client.post("/v3/mail/send", content=raw(), headers={"Content-Type": "text/plain"}).status_code == 415


@pytest.mark.parametrize("announced", [True, False])
def test_more_than_thirty_megabytes_are_refused(client, announced):
    content = b" " * 30_000_001
    parts = content if announced else iter([content[:20_000_000], content[20_000_000:]])
    assert client.post("/v3/mail/send", content=parts, headers=JSON).status_code == 413


def test_sandbox_mode_checks_and_keeps_nothing(client):
    body = a_body() | {"mail_settings": {"sandbox_mode": {"enable": True}}}
    assert client.post("/v3/mail/send", content=orjson.dumps(body), headers=JSON).status_code == 200
    assert states(client) == {}


def test_a_thousand_letters_cost_a_fraction_of_a_second(client):
    content = raw(*[f"p{number}@example.com" for number in range(1000)])
    seconds = []
    for _ in range(3):
        began = time.process_time()
        assert client.post("/v3/mail/send", content=content, headers=JSON).status_code == 202
        seconds.append(time.process_time() - began)
    assert min(seconds) < 0.25  # of this processor: a tenth on a quiet machine


def test_every_accepted_body_can_be_kept_for_checking(client, stage, tmp_path):
    stage.bodies = tmp_path / "bodies.jsonl"
    sent(client, "ada@example.com")
    client.post("/v3/mail/send", content=b"{}", headers=JSON)
    sent(client, "bob@example.com")
    kept = [orjson.loads(line) for line in stage.bodies.read_bytes().splitlines()]
    assert kept == [a_body("ada@example.com"), a_body("bob@example.com")]


# ---------------------------------------------------------------- suppressions


def test_a_suppressed_person_is_accepted_and_then_dropped(client, stage):
    client.post("/v3/asm/suppressions/global", json={"recipient_emails": ["Ada@example.com"]})
    stage.store.suppress("blocks", ["bob@example.com"], NOW)
    sent(client, "ada@EXAMPLE.com", "bob@example.com")
    playing.turn(stage)
    (ada,) = client.get("/inbox.json?q=ada").json()["letters"]
    assert (ada["state"], ada["reason"]) == ("dropped", "Unsubscribed Address")
    assert states(client)["dropped"] == 1


def test_global_suppressions_can_be_asked_for_and_taken_back(client):
    path = "/v3/asm/suppressions/global"
    assert client.post(path, json={"recipient_emails": ["ada@example.com"]}).status_code == 201
    assert client.get(f"{path}/ada@example.com").json() == {"recipient_email": "ada@example.com"}
    assert client.delete(f"{path}/ada@example.com").status_code == 204
    assert client.get(f"{path}/ada@example.com").json() == {}


@pytest.mark.parametrize("asked", [{}, {"recipient_emails": "ada@example.com"}, {"recipient_emails": ["ada"]}, []])
def test_only_addresses_can_be_suppressed(client, asked):
    assert client.post("/v3/asm/suppressions/global", json=asked).status_code == 400


@pytest.mark.parametrize(
    "name, more",
    [
        ("unsubscribes", set()),
        ("bounces", {"reason", "status"}),
        ("blocks", {"reason", "status"}),
        ("invalid_emails", {"reason"}),
        ("spam_reports", {"ip"}),
    ],
)
def test_each_list_has_its_own_fields(client, stage, name, more):
    stage.store.suppress(name, ["ada@example.com"], NOW, "550 5.1.1 unknown", "5.1.1")
    (entry,) = client.get(f"/v3/suppression/{name}").json()
    assert set(entry) == {"created", "email"} | more


def test_lists_are_read_by_time_and_in_pages(client, stage):
    for late in range(5):
        stage.store.suppress("bounces", [f"p{late}@example.com"], NOW + late)

    def read(**query):
        return [entry["email"][1] for entry in client.get("/v3/suppression/bounces", params=query).json()]

    assert read() == ["4", "3", "2", "1", "0"]
    assert read(start_time=int(NOW) + 1, end_time=int(NOW) + 3) == ["3", "2", "1"]
    assert read(limit=2, offset=1) == ["3", "2"]
    assert read(email="P3@") == ["3"]
    assert client.get("/v3/suppression/bounces", params={"limit": "many"}).status_code == 400
    assert client.get("/v3/suppression/wishes").status_code == 404


# ---------------------------------------------------------------- batches and schedules


@pytest.fixture
def batch(client):
    return client.post("/v3/mail/batch").json()["batch_id"]


def scheduled(client, clock, batch, seconds=3600):
    return sent(client, batch_id=batch, send_at=datetime.fromtimestamp(clock.now + seconds, UTC))


def test_a_scheduled_letter_waits_for_its_time(client, stage, clock, batch):
    scheduled(client, clock, batch)
    playing.turn(stage)
    assert states(client) == {"scheduled": 1}
    clock.now += 3601
    playing.turn(stage)
    assert "scheduled" not in states(client)


def test_a_cancelled_batch_never_leaves(client, stage, clock, batch):
    scheduled(client, clock, batch)
    asked = {"batch_id": batch, "status": "cancel"}
    assert client.post("/v3/user/scheduled_sends", json=asked).json() == asked
    clock.now += 3601
    playing.turn(stage)
    counts = client.get("/inbox/counts.json").json()
    assert (counts["by_state"], counts["letters"]) == ({"cancelled": 1}, 0)


def test_a_paused_batch_waits_until_it_is_resumed(client, stage, clock, batch):
    scheduled(client, clock, batch)
    client.post("/v3/user/scheduled_sends", json={"batch_id": batch, "status": "pause"})
    clock.now += 3601
    playing.turn(stage)
    assert states(client) == {"scheduled": 1}
    assert client.delete(f"/v3/user/scheduled_sends/{batch}").status_code == 204
    playing.turn(stage)
    assert "scheduled" not in states(client)


def test_a_batch_paused_for_three_days_expires(client, stage, clock, batch):
    scheduled(client, clock, batch)
    client.post("/v3/user/scheduled_sends", json={"batch_id": batch, "status": "pause"})
    clock.now += 3600 + 72 * 3600 + 1
    playing.turn(stage)
    assert states(client) == {"expired": 1}


def test_a_paused_batch_can_be_cancelled(client, batch):
    client.post("/v3/user/scheduled_sends", json={"batch_id": batch, "status": "pause"})
    assert client.patch(f"/v3/user/scheduled_sends/{batch}", json={"status": "cancel"}).status_code == 204
    listed = [{"batch_id": batch, "status": "cancel"}]
    assert client.get("/v3/user/scheduled_sends").json() == listed
    assert client.get(f"/v3/user/scheduled_sends/{batch}").json() == listed


def test_a_batch_is_stopped_once(client, batch):
    asked = {"batch_id": batch, "status": "pause"}
    assert client.post("/v3/user/scheduled_sends", json=asked).status_code == 201
    assert client.post("/v3/user/scheduled_sends", json=asked).status_code == 400


def test_at_most_ten_batches_are_stopped_at_once(client):
    batches = [client.post("/v3/mail/batch").json()["batch_id"] for _ in range(11)]
    asked = [{"batch_id": batch, "status": "cancel"} for batch in batches]
    codes = [client.post("/v3/user/scheduled_sends", json=one).status_code for one in asked]
    assert codes == [201] * 10 + [400]


@pytest.mark.parametrize("asked", [{}, {"batch_id": "unknown", "status": "cancel"}, {"batch_id": 7}, []])
def test_an_unknown_batch_cannot_be_stopped(client, asked):
    assert client.post("/v3/user/scheduled_sends", json=asked).status_code == 400


def test_a_batch_must_be_made_before_it_is_used(client, batch):
    assert client.get(f"/v3/mail/batch/{batch}").json() == {"batch_id": batch}
    assert client.get("/v3/mail/batch/unknown").status_code == 400
    assert client.post("/v3/mail/send", content=raw(batch_id="unknown"), headers=JSON).status_code == 400


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_a_batch_that_was_not_stopped_cannot_be_changed(client, batch, method):
    answer = client.request(method, f"/v3/user/scheduled_sends/{batch}", json={"status": "cancel"})
    assert answer.status_code == 404


# ---------------------------------------------------------------- logs and account


def test_a_lost_answer_can_be_settled_by_the_logs(client):
    message_id = sent(client, "bob@example.com", "ada@example.com", attempt="a9")
    query = sendgrid_format.logs_query("ada@example.com", datetime.fromtimestamp(NOW - 60, UTC))
    (log,) = sendgrid_format.read_log_ids(client.post("/v3/logs", json=query).content)
    assert sendgrid_format.read_log(client.get(f"/v3/logs/{log}").content) == ("a9", 1, message_id)


def test_the_logs_know_nothing_of_a_letter_that_never_came(client):
    sent(client, "bob@example.com")
    query = sendgrid_format.logs_query("ada@example.com", datetime.fromtimestamp(NOW - 60, UTC))
    assert client.post("/v3/logs", json=query).json() == {"messages": []}


@pytest.mark.parametrize(
    "query, found",
    [
        ("", 2),
        ('to_email = "ADA@example.com"', 1),
        ("status IN ('processed', 'delivered')", 2),
        ("status IN ('bounced')", 0),
        ("categories IN ('spring')", 2),
        ("categories IN ('autumn', 'spring') AND subject = \"Hours for P&0\"", 1),
        ('sg_message_id_created_at > TIMESTAMP "2026-11-23T09:00:01Z"', 0),
        ('sg_message_id_created_at <= TIMESTAMP "2026-11-23T09:00:00Z"', 2),
    ],
)
def test_the_logs_are_searched(client, query, found):
    sent(client, "ada@example.com", "bob@example.com")
    assert len(client.post("/v3/logs", json={"query": query}).json()["messages"]) == found


@pytest.mark.parametrize(
    "asked",
    [
        {"query": "to_email LIKE 'a%'"},
        {"query": "1 = 1"},
        {"query": "to_email = 'a' OR to_email = 'b'"},
        {"query": "to_email = 'a' AND"},
        {"query": "to_email IN ('a')"},
        {"query": 'sg_message_id_created_at > "2026-11-23"'},
        {"query": 'sg_message_id_created_at > TIMESTAMP "soon"'},
        {"query": "(status IN ('processed'))"},
        {"query": 7},
        {"query": "", "limit": 1001},
        {"query": "", "limit": "10"},
    ],
)
def test_a_query_that_cannot_be_read_is_refused(client, asked):
    assert client.post("/v3/logs", json=asked).status_code == 400


def test_a_log_tells_what_happened(client, stage):
    sent(client, "bounce.ada@example.com")
    playing.turn(stage)
    (log,) = client.post("/v3/logs", json={}).json()["messages"]
    assert (log["status"], log["from_email"]) == ("bounced", "library@example.org")
    events = client.get(f"/v3/logs/{log['sg_message_id']}").json()["events"]
    assert {event["event"] for event in events} == {"processed", "bounce"}


def test_an_unknown_log_is_not_found(client):
    assert client.get("/v3/logs/unknown").status_code == 404


def test_the_account_has_scopes_and_credits(client):
    assert "mail.send" in client.get("/v3/scopes").json()["scopes"]
    assert client.get("/v3/user/credits").json()["remain"] > 0
