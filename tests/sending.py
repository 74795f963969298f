"""What tests of sending share: an approved plan, and a provider that answers as it is told."""

from dataclasses import replace
from datetime import timedelta

import orjson

from bulkmail import compose, plan
from bulkmail.adapters import database, files, journal
from bulkmail.tips import unsubscribe
from tests.builders import NOW, a_campaign, a_plan, a_snapshot


def approved(
    ws,
    people=30,
    batch=10,
    *,
    first=0,
    key="a",
    at=NOW,
    fields=None,
    not_before=None,
    manner=None,
    excluded=None,
    **changes,
):
    """The hash of an approved plan of so many people in batches of so many; `fields` are columns of the snapshot,
    `manner` is how it is to be sent, `excluded` whom it leaves out and why."""
    campaign = a_campaign(**changes)
    database.save_campaign(ws, campaign, at)
    letters = compose.compile_letters(
        campaign,
        layout=files.layout(ws.home, campaign.layout),
        footer_html=unsubscribe.footer_html(campaign.sender),
        footer_text=unsubscribe.footer_text(campaign.sender),
    )
    snapshot = a_snapshot(people, first).assign(**fields or {})
    made = a_plan(people, batch, hash=key * 64, campaign_id=campaign.id, parts={"letters": plan.letters_hash(letters)})
    if not_before:
        made = later(made, not_before)
    nobody = snapshot.iloc[:0].assign(reason="")
    journal.store_plan(ws, made, snapshot, nobody if excluded is None else excluded, [], at)
    journal.approve(ws, made.hash, "Ana", at, **manner or {})
    return made.hash


def later(made, not_before):
    return replace(made, batches=tuple(replace(batch, not_before=not_before) for batch in made.batches))


def accepted(message_id="m1"):
    return 202, {"X-Message-Id": message_id}, b"", None


def refused(status=400, *errors, **headers):
    """An answer in the provider's form; `errors` are (field, message)."""
    named = [{"field": field, "message": message, "help": None} for field, message in errors]
    return status, headers, orjson.dumps({"errors": named}), None


LOST = (None, {}, b"", "unknown: ReadTimeoutError")
NOT_SENT = (None, {}, b"", "not_sent: ConnectionRefusedError")


class Provider:
    """Answers each request by the next of `answers` (or what it returns for the body), and accepts when none is left.
    `letters` counts those it took, by address."""

    def __init__(self, *answers):
        self.answers, self.bodies, self.letters = list(answers), [], {}

    def __call__(self, body):
        self.bodies.append(body)
        answer = self.answers.pop(0) if self.answers else accepted(f"m{len(self.bodies)}")
        answer = answer(orjson.loads(body)) if callable(answer) else answer
        if answer[0] == 202:
            for address in addresses(body):
                self.letters[address] = self.letters.get(address, 0) + 1
        return answer

    def sizes(self):
        """How many people each request was for."""
        return [len(addresses(body)) for body in self.bodies]


class Always:
    """Answers that never end: `answer` to every request."""

    def __init__(self, answer):
        self.answer = answer

    def pop(self, place):
        return self.answer


def addresses(body):
    return [person["to"][0]["email"] for person in orjson.loads(body)["personalizations"]]


class Clock:
    """Time that passes only when somebody waits, and then by so many `strides`."""

    def __init__(self, at=NOW, strides=1):
        self.at, self.waits, self.strides = at, [], strides

    def __call__(self):
        return self.at

    def wait(self, seconds):
        self.waits.append(seconds)
        self.at += timedelta(seconds=seconds * self.strides)
