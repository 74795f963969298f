"""Lets simulated time pass: people live with their letters, SendGrid's lists grow, unsubscribe buttons get pressed.

Everything is read from and written to the store, so that a rehearsal started again goes on where it was.
"""

import html
import math
import random
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import orjson

from bulkmail.rehearsal import people, posting
from bulkmail.rehearsal.letters import Letter
from bulkmail.rehearsal.stage import Stage

AT_ONCE = 500  # letters lived and events happening in one go
PRESSES = 5  # how often a person tries an unsubscribe button that nobody answers
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
NOBODY = "nobody answered"
# What a letter becomes, and which of SendGrid's lists its address joins; bounces tell by their type.
STATE_AFTER = {
    "processed": "processed",
    "deferred": "deferred",
    "delivered": "delivered",
    "bounce": "bounced",
    "blocked": "blocked",
}
LISTED_AFTER = {"bounce": "bounces", "blocked": "blocks", "spamreport": "spam_reports"}
_LINK = re.compile(r"""<a\b[^>]*\bhref\s*=\s*["'](https?://[^"']+)["']""", re.IGNORECASE)
_HTTP_URL = re.compile(r"<(https?://[^>]+)>")


def play(stage: Stage) -> None:
    """Let time pass until the stage closes. Runs in a thread of its own."""
    while not stage.closing.is_set():
        pause = turn(stage)
        stage.wake.wait(timeout=pause)
        stage.wake.clear()


def turn(stage: Stage) -> float:
    """Do everything that is due, and return how many seconds may pass until the next look."""
    stage.store.release(stage.clock())
    busy = _live(stage) + _happen(stage)
    _press(stage)
    busy += posting.post_events(stage)
    return 0.0 if busy else min(_seconds_to_next(stage), 1.0)


def is_quiet(stage: Stage) -> bool:
    """Whether nothing is left to live, to happen or (where a webhook is known) to post. Scheduled letters may wait."""
    unlived = "SELECT 1 FROM letter WHERE lived = 0 AND state <> 'scheduled'"
    waiting = "happened = 0 OR posted = 0" if stage.webhook_url else "happened = 0"
    return not stage.store.one(f"{unlived} UNION ALL SELECT 1 FROM event WHERE {waiting} LIMIT 1")


def _seconds_to_next(stage: Stage) -> float:
    (due,) = stage.store.one("SELECT min(due_at) FROM event WHERE happened = 0")
    return max(0.005, due - stage.clock()) if due else math.inf


# ---------------------------------------------------------------- what will happen, and its happening


def _live(stage: Stage) -> int:
    """Plan the lives of letters that went out. Returns how many."""
    letters = stage.store.letters("lived = 0 AND state <> 'scheduled'", limit=AT_ONCE)
    if not letters:
        return 0
    planned = [
        (letter.id, letter.due_at + step.after / stage.speed, letter.due_at + step.after, step.event, details)
        for letter in letters
        if letter.state not in ("cancelled", "expired")
        for step in people.life_of(letter.address, letter.attempt, letter.state, letter.reason, stage.seed)
        if (details := _with_link(stage, letter, step)) is not None
    ]
    with stage.store.writing() as db:
        # Another rehearsal on this folder may have been quicker: only letters still unlived get a life.
        ids = orjson.dumps([letter.id for letter in letters]).decode()
        claim = "UPDATE letter SET lived = 1 WHERE lived = 0 AND id IN (SELECT value FROM json_each(?)) RETURNING id"
        ours = {letter for (letter,) in db.execute(claim, (ids,))}
        db.executemany(
            "INSERT INTO event (letter_id, due_at, at, kind, details) VALUES (?, ?, ?, ?, ?)",
            [row for row in planned if row[0] in ours],
        )
    return len(letters)


def _with_link(stage: Stage, letter: Letter, step: people.Step) -> str | None:
    """The details of a step as JSON, with the link it needs; None where the letter has no such link."""
    if step.event not in ("click", "one_click"):
        return orjson.dumps(dict(step.details)).decode()
    written = stage.store.written_out(letter)
    leave = one_click_url(written["headers"])
    url = leave if step.event == "one_click" else _a_link(written["html"], leave, letter.id)
    return orjson.dumps({**step.details, "url": url}).decode() if url else None


def one_click_url(headers: Mapping[str, str]) -> str:
    """The address a mailbox would post to (RFC 8058, section 3.1), or "" where the letter does not offer it."""
    folded = {name.lower(): value for name, value in headers.items()}
    if "List-Unsubscribe=One-Click" not in folded.get("list-unsubscribe-post", ""):
        return ""
    found = _HTTP_URL.search(folded.get("list-unsubscribe", ""))
    return found[1] if found else ""


def _a_link(source: str, leave: str, number: int) -> str:
    """One of the letter's links, but not the one to unsubscribe."""
    links = [link for link in map(html.unescape, _LINK.findall(source)) if link != leave]
    return random.Random(number).choice(links) if links else ""


def _happen(stage: Stage) -> int:
    """Let due events happen: letters change their state, SendGrid's lists grow. Returns how many."""
    now = stage.clock()
    due = stage.store.rows(
        "SELECT event.id, letter_id, kind, details, address FROM event JOIN letter ON letter.id = letter_id"
        " WHERE happened = 0 AND kind <> 'one_click' AND event.due_at <= ? ORDER BY event.due_at, event.id LIMIT ?",
        (now, AT_ONCE),
    )
    if not due:
        return 0
    with stage.store.writing() as db:
        for event, letter, kind, details, address in due:
            told = orjson.loads(details)
            reason = told.get("reason", "")
            if state := STATE_AFTER.get(told.get("type") or kind):
                db.execute("UPDATE letter SET state = ?, reason = ? WHERE id = ?", (state, reason, letter))
            if listed := LISTED_AFTER.get(told.get("type") or kind):
                stage.store.suppress(listed, [address], now, reason, told.get("status", ""))
            db.execute("UPDATE event SET happened = 1 WHERE id = ?", (event,))
    return len(due)


def _press(stage: Stage) -> None:
    """Let people press the unsubscribe button that are due to. Whom nobody answers presses again later, a few times."""
    now = stage.clock()
    due = stage.store.rows(
        "SELECT id, details FROM event WHERE happened = 0 AND kind = 'one_click' AND due_at <= ? LIMIT ?",
        (now, AT_ONCE),
    )
    for event, details in due:
        told = orjson.loads(details)
        told["answer"], told["presses"] = _press_button(told["url"], stage.webhook_url), told.get("presses", 0) + 1
        done = told["answer"] != NOBODY or told["presses"] >= PRESSES
        with stage.store.writing() as db:
            db.execute(
                "UPDATE event SET details = ?, happened = ?, posted = ?, due_at = ? WHERE id = ?",
                (orjson.dumps(told).decode(), done, done, now if done else now + 3, event),
            )


def _press_button(url: str, webhook_url: str) -> str:
    """Post the one click (RFC 8058, section 3.2: no cookies, no redirects) and say how it was answered. Only to this
    machine, or to where events go: a rehearsal must not unsubscribe people from a real list elsewhere."""
    host = urlsplit(url).hostname
    if not host or host not in {*LOOPBACK, urlsplit(webhook_url).hostname}:
        return "not pressed: the link leads to another machine"
    status = posting.post(url, b"List-Unsubscribe=One-Click", {"Content-Type": "application/x-www-form-urlencoded"})
    return f"answered {status}" if status else NOBODY
