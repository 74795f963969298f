"""The inbox: readable by anyone on this machine, searchable, in two languages, and safe against what is in letters."""

from types import SimpleNamespace

import pytest

from bulkmail.rehearsal import playing
from bulkmail.rehearsal.labels import LABELS, labels
from tests.rehearsal.letters import sent

HOSTILE = SimpleNamespace(
    subject="<script>alert(1)</script>", html="<!doctype html><p>Hi<script>alert(2)</script>", text="<img src=x>"
)


def test_an_empty_inbox_says_what_to_do(client):
    page = client.get("/inbox").text
    assert "No letter has arrived yet" in page
    assert "Rehearsal · simulated" in page


def test_the_way_in_leads_to_the_inbox(client):
    assert client.get("/").url.path == "/inbox"


def test_the_newest_letter_stands_first(client):
    sent(client, "ada@example.com", attempt="a1")
    sent(client, "bob@example.com", attempt="a2")
    page = client.get("/inbox").text
    assert page.index("bob@example.com") < page.index("ada@example.com")


@pytest.mark.parametrize("words, found", [("ADA", 1), ("person 1", 1), ("Hours for P&1", 1), ("100%", 0), ("_", 0)])
def test_letters_are_found_by_address_name_and_subject(client, words, found):
    sent(client, "ada@example.com", "bob@example.com")
    listed = client.get("/inbox.json", params={"q": words}).json()
    assert (listed["total"], len(listed["letters"])) == (found, found)


def test_what_is_not_found_is_said(client):
    sent(client)
    assert "No letter matches" in client.get("/inbox?q=nobody").text


def test_long_inboxes_have_pages(client):
    sent(client, *(f"p{number}@example.com" for number in range(120)))
    first, last = client.get("/inbox").text, client.get("/inbox?page=3").text
    assert "page=2" in first
    assert "p119@example.com" in first and "p0@example.com" in last
    assert "Page 3 / 3" in last


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999", "٣", ""])
def test_a_page_that_is_none_is_the_first_or_an_empty_one(client, page):
    sent(client)
    assert client.get("/inbox", params={"page": page}).status_code == 200


def test_the_inbox_is_read_in_chinese(client):
    for page in (
        client.get("/inbox?lang=zh-Hant"),
        client.get("/inbox", headers={"Accept-Language": "zh-TW,zh;q=0.9"}),
    ):
        assert "演練 · 模擬" in page.text
        assert '<html lang="zh-Hant">' in page.text


def test_the_language_can_be_changed_where_one_is(client):
    sent(client)
    assert "/inbox?q=ada&amp;lang=zh-Hant" in client.get("/inbox?q=ada").text


def test_both_languages_have_every_word():
    assert set(LABELS["en"]) == set(LABELS["zh-Hant"])


@pytest.mark.parametrize(
    "wanted, accepted, language",
    [("zh-Hant", "en", "zh-Hant"), ("", "fr, zh-HK;q=0.8, en", "zh-Hant"), ("xx", "de", "en"), ("", "", "en")],
)
def test_the_language_is_the_wanted_one_or_the_browsers(wanted, accepted, language):
    assert labels(wanted, accepted)["language"] == language


# ---------------------------------------------------------------- one letter


def a_letter(client, **changes):
    sent(client, "ada@example.com", **changes)
    return client.get("/inbox.json").json()["letters"][0]["id"]


def test_a_letter_is_written_out_for_its_reader(client):
    letter = client.get(f"/inbox/{a_letter(client)}.json").json()
    assert letter["subject"] == "Hours for P&0"
    assert letter["text"] == "Dear P&0, see our hours"
    assert letter["html"].startswith("<p>Dear P&amp;0, ")
    assert letter["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["custom_args"]["bm_r"] == "0"


@pytest.mark.parametrize(
    "part, shown",
    [
        ("as_read", "<iframe"),
        ("plain", "Dear P&amp;0, see our hours"),
        ("headers", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"),
        ("history", "Nothing has happened"),
        ("nonsense", "<iframe"),
    ],
)
def test_each_part_of_a_letter_can_be_seen(client, part, shown):
    assert shown in client.get(f"/inbox/{a_letter(client)}?part={part}").text


def test_the_history_of_a_letter_tells_what_happened(client, stage):
    sent(
        client,
        *(f"{word}.ada@example.com" for word in ("machine", "complain", "unsubscribe", "bounce", "defer", "click")),
    )
    client.post("/v3/asm/suppressions/global", json={"recipient_emails": ["eve@example.com"]})
    sent(client, "eve@example.com")
    while playing.turn(stage) == 0.0:
        pass
    pages = [client.get(f"/inbox/{number}?part=history").text for number in range(1, 8)]
    for word in ("opened by a machine", "reported as spam", "bounced", "deferred", "clicked", "dropped"):
        assert any(word in page for page in pages), word


def test_a_letter_that_is_not_there_is_not_found(client):
    for path in ("/inbox/7", "/inbox/7/letter", "/inbox/7.json"):
        assert client.get(path).status_code == 404


def test_a_letter_cannot_run_anything(client):
    number = a_letter(client, letter_static=HOSTILE)
    alone = client.get(f"/inbox/{number}/letter")
    policy = alone.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
    assert "script-src" not in policy and "allow-scripts" not in policy and "allow-same-origin" not in policy
    assert alone.headers["Referrer-Policy"] == "no-referrer"
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in client.get(f"/inbox/{number}").text


@pytest.mark.parametrize("path", ["/inbox", "/inbox/1", "/inbox/1?part=plain", "/inbox/1?part=headers"])
def test_pages_escape_what_letters_say(client, path):
    sent(client, "ada@example.com", letter_static=HOSTILE)
    page = client.get(path)
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_search_words_are_escaped(client):
    assert "<script>" not in client.get("/inbox", params={"q": '"><script>alert(1)</script>'}).text


def test_a_letter_keeps_its_standards_mode(client):
    number = a_letter(client, letter_static=HOSTILE)
    assert client.get(f"/inbox/{number}/letter").text.startswith("<!doctype html><base")


def test_another_name_of_this_machine_reads_nothing(client):
    sent(client)
    assert client.get("/inbox.json", headers={"Host": "evil.example"}).status_code == 400
