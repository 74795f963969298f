"""What SendGrid refuses, the rehearsal refuses, in the same shape."""

import orjson
import pytest

from bulkmail.rehearsal import rules
from tests.rehearsal.letters import NOW, a_body


def fields(body):
    return [field for field, _ in rules.faults_of(body, NOW)]


def with_person(**changes):
    body = a_body()
    body["personalizations"][0] |= changes
    return body


def test_what_bulkmail_builds_is_accepted():
    assert rules.read_request(orjson.dumps(a_body("ada@example.com", "bob@example.com")), NOW)[1:] == ([], 202)


@pytest.mark.parametrize(
    "change, field",
    [
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": None}, "personalizations"),
        ({"from": None}, "from.email"),
        ({"from": {"email": "圖書館@example.org"}}, "from.email"),
        ({"from": {"email": "no address"}}, "from.email"),
        ({"reply_to": {"email": "@"}}, "reply_to.email"),
        ({"reply_to_list": [{"email": "a@example.org"}]}, "reply_to"),
        ({"subject": ""}, "subject"),
        ({"content": []}, "content"),
        ({"content": [{"type": "text/html", "value": ""}]}, "content.0.value"),
        ({"content": [{"value": "x"}]}, "content.0.type"),
        ({"content": [{"type": t, "value": "x"} for t in ("text/html", "text/plain")]}, "content"),
        ({"send_at": int(NOW) + 72 * 3600 + 1}, "send_at"),
        ({"send_at": "tomorrow"}, "send_at"),
        ({"categories": [str(number) for number in range(11)]}, "categories"),
        ({"categories": ["春季"]}, "categories.0"),
        ({"categories": ["x" * 256]}, "categories.0"),
        ({"categories": ["a", "a"]}, "categories"),
        ({"headers": {"Subject": "x"}}, "headers"),
    ],
)
def test_a_fault_of_the_letter_is_named(change, field):
    assert field in fields(a_body() | change)


@pytest.mark.parametrize(
    "change, field",
    [
        ({"to": []}, "personalizations.0.to"),
        ({"to": [{"email": "ada@nowhere"}]}, "personalizations.0.to.0.email"),
        ({"to": [{"email": "ada lovelace@example.com"}]}, "personalizations.0.to.0.email"),
        ({"to": [{"email": "ä@example.com"}]}, "personalizations.0.to.0.email"),
        ({"to": [{"email": "a" * 310 + "@example.com"}]}, "personalizations.0.to.0.email"),
        ({"to": [{"email": "ada@example.com", "name": "L, Ada"}]}, "personalizations.0.to.0.name"),
        ({"bcc": [{"email": "ADA@example.com"}]}, "personalizations.0"),
        ({"subject": ""}, "personalizations.0.subject"),
        ({"headers": {"Reply-To": "x"}}, "personalizations.0.headers"),
        ({"headers": {"DKIM-Signature": "x"}}, "personalizations.0.headers"),
        ({"headers": {"List Id": "x"}}, "personalizations.0.headers"),
        ({"headers": {"List-Id": "x\nBcc: y"}}, "personalizations.0.headers"),
        ({"headers": {"List-Id": "x", "list-id": "y"}}, "personalizations.0.headers"),
        ({"substitutions": {"-t-": "圖" * 3333}}, "personalizations.0.substitutions"),
        ({"custom_args": {"a": "x" * 10_000}}, "personalizations.0.custom_args"),
        ({"custom_args": {}}, "personalizations.0.custom_args"),
        ({"send_at": int(NOW) + 72 * 3600 + 1}, "personalizations.0.send_at"),
    ],
)
def test_a_fault_of_one_recipient_is_named_with_its_place(change, field):
    assert field in fields(with_person(**change))


def test_ten_thousand_bytes_of_values_are_just_enough():
    assert fields(with_person(substitutions={"-t-": "x" * 9_997})) == []


def test_all_faults_are_named_at_once():
    body = a_body(*[f"p{number}@example.com" for number in range(5)])
    for place in (1, 3):
        body["personalizations"][place]["to"][0]["email"] = "nobody"
    assert fields(body) == ["personalizations.1.to.0.email", "personalizations.3.to.0.email"]


def test_more_than_a_thousand_are_too_many():
    body = a_body()
    body["personalizations"] = [{"to": [{"email": f"p{number}@example.com"}]} for number in range(1001)]
    assert fields(body) == ["personalizations", None]


def test_a_thousand_people_count_with_their_copies():
    body = a_body()
    body["personalizations"] = [
        {"to": [{"email": f"p{number}@example.com"}], "cc": [{"email": f"c{number}@example.com"}]}
        for number in range(501)
    ]
    assert fields(body) == [None]


@pytest.mark.parametrize("values", [{"-t-": 7}, {"-t-": None}, ["-t-"], "text"])
@pytest.mark.parametrize("name", ["substitutions", "custom_args", "headers"])
def test_values_that_are_not_text_are_refused_without_saying_where(name, values):
    _, faults, status = rules.read_request(orjson.dumps(with_person(**{name: values})), NOW)
    assert (faults, status) == ([(None, "Bad Request")], 400)


@pytest.mark.parametrize("raw, status", [(b"{", 400), (b"[]", 400), (b"7", 400), (b'{"subject":"\xff"}', 415)])
def test_what_is_no_request_is_refused(raw, status):
    assert rules.read_request(raw, NOW)[2] == status


@pytest.mark.parametrize("person", [None, 7, "ada@example.com", []])
def test_a_personalization_that_is_no_object_is_refused(person):
    assert rules.read_request(orjson.dumps(a_body() | {"personalizations": [person]}), NOW)[2] == 400
