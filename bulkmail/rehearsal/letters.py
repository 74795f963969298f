"""What the rehearsal keeps: requests as they came, one row for each letter, what happens to it, who is suppressed.

One SQLite file in the rehearsal's folder. A request's body is kept once and its letters are written out only when
somebody reads them, so that accepting 1,000 letters stays a matter of milliseconds.
"""

import re
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, received_at REAL NOT NULL, categories TEXT NOT NULL,
    sender TEXT NOT NULL, batch_id TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS letter (
    id INTEGER PRIMARY KEY, request_id INTEGER NOT NULL REFERENCES request, place INTEGER NOT NULL,
    address TEXT NOT NULL, name TEXT NOT NULL, subject TEXT NOT NULL, arguments TEXT NOT NULL,
    attempt TEXT NOT NULL, due_at REAL NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', lived INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS letter_address ON letter (address);
CREATE INDEX IF NOT EXISTS letter_request ON letter (request_id, place);
CREATE INDEX IF NOT EXISTS letter_waiting ON letter (due_at) WHERE state = 'scheduled';
CREATE INDEX IF NOT EXISTS letter_unlived ON letter (id) WHERE lived = 0;
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, letter_id INTEGER NOT NULL REFERENCES letter, due_at REAL NOT NULL, at REAL NOT NULL,
    kind TEXT NOT NULL, details TEXT NOT NULL, happened INTEGER NOT NULL DEFAULT 0, posted INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS event_letter ON event (letter_id);
CREATE INDEX IF NOT EXISTS event_coming ON event (due_at) WHERE happened = 0;
CREATE INDEX IF NOT EXISTS event_unposted ON event (due_at, id) WHERE happened = 1 AND posted = 0;
CREATE TABLE IF NOT EXISTS suppressed (
    list TEXT NOT NULL, address TEXT NOT NULL, created INTEGER NOT NULL, reason TEXT NOT NULL, status TEXT NOT NULL,
    PRIMARY KEY (list, address));
CREATE TABLE IF NOT EXISTS batch (batch_id TEXT PRIMARY KEY, status TEXT NOT NULL DEFAULT '');
"""
# The lists that keep SendGrid from sending, and what it says when it drops a letter for them. Blocks do not.
DROPS = {
    "spam_reports": "Spam Reporting Address",
    "unsubscribes": "Unsubscribed Address",
    "bounces": "Bounced Address",
    "invalid_emails": "Invalid",
}
# Seconds; a cancelled letter is thrown away at its time, a paused one this much later (cancel-scheduled-sends).
PAUSED_LETTERS_LAST = 72 * 3600
NEVER_LEFT = ("scheduled", "cancelled", "expired")


class Letter(NamedTuple):
    """One letter as listed. `state` is scheduled, cancelled, expired, dropped, processed, deferred, delivered, bounced
    or blocked; `place` is its index in the request."""

    id: int
    message_id: str
    place: int
    address: str
    name: str
    subject: str
    attempt: str
    received_at: float
    due_at: float
    state: str
    reason: str

    @property
    def sg_message_id(self) -> str:
        """The id of this one letter: that of its request, a dot, and where it went through."""
        return f"{self.message_id}.recvd-rehearsal-1-{int(self.received_at):X}-{self.place}.0"


_LETTER = """SELECT letter.id, message_id, place, address, name, subject, attempt, received_at, due_at, state, reason
             FROM letter JOIN request ON request.id = request_id """


class Store:
    """The file and its one connection, shared by the threads of the server under a lock."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            folder / "rehearsal.sqlite", timeout=10, check_same_thread=False, isolation_level=None
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        self.whole_request = lru_cache(maxsize=16)(self._whole_request)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, or the part of one that is already open; another rehearsal on the same folder waits."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:
        """All rows that the question finds."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[object] = ()) -> tuple:
        """The first row, or an empty tuple."""
        found = self.rows(sql, values)
        return found[0] if found else ()

    # ---------------------------------------------------------------- letters

    def accept(self, body: dict, raw: bytes, now: float) -> str:
        """Keep a checked request and return its message id. Suppressed people are dropped, as SendGrid does: after
        saying yes."""
        message_id = secrets.token_urlsafe(16)
        sender, batch_id = body["from"]["email"], body.get("batch_id") or ""
        with self.writing() as db:
            dropped = self._suppressed_among(recipient["email"] for recipient, _ in _recipients(body))
            (request_id,) = db.execute(
                "INSERT INTO request (message_id, received_at, categories, sender, batch_id, body)"
                " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                (message_id, now, orjson.dumps(body.get("categories") or []).decode(), sender, batch_id, raw),
            ).fetchone()
            db.executemany(
                "INSERT INTO letter (request_id, place, address, name, subject, arguments, attempt, due_at, state,"
                " reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (request_id, place, recipient["email"], recipient.get("name") or "", *row)
                    for place, recipient, row in _rows(body, dropped, now)
                ),
            )
        return message_id

    def _suppressed_among(self, addresses: Iterable[str]) -> dict[str, str]:
        """Lower-case address → the list that holds it."""
        folded = orjson.dumps(sorted({address.lower() for address in addresses})).decode()
        found = self.rows(
            "SELECT address, list FROM suppressed WHERE address IN (SELECT value FROM json_each(?))", (folded,)
        )
        return {address: name for address, name in found if name in DROPS}

    def release(self, now: float) -> None:
        """Let the scheduled letters go whose time has come, unless their batch is paused or cancelled."""
        due = self.rows(
            "SELECT letter.id, address, coalesce(status, '') FROM letter JOIN request ON request.id = request_id"
            " LEFT JOIN batch USING (batch_id) WHERE state = 'scheduled' AND due_at <= ?"
            " AND (coalesce(status, '') <> 'pause' OR due_at <= ?)",
            (now, now - PAUSED_LETTERS_LAST),
        )
        if not due:
            return
        dropped = self._suppressed_among(address for _, address, _ in due)
        with self.writing() as db:
            db.executemany(
                "UPDATE letter SET state = ?, reason = ? WHERE id = ? AND state = 'scheduled'",
                ((*_released(status, dropped.get(address.lower(), "")), letter) for letter, address, status in due),
            )

    def letters(
        self, where: str = "", values: Sequence[object] = (), limit: int = 1000, start: int = 0
    ) -> list[Letter]:
        """Letters, newest first. `where` is SQL of ours, never of a visitor."""
        sql = f"{_LETTER} {where and 'WHERE ' + where} ORDER BY letter.id DESC LIMIT ? OFFSET ?"
        return [Letter(*row) for row in self.rows(sql, (*values, limit, start))]

    def search(self, words: str, limit: int, start: int) -> tuple[list[Letter], int]:
        """A page of the letters whose address, name or subject holds `words`, and how many there are."""
        if not words:
            return self.letters(limit=limit, start=start), self.one("SELECT count(*) FROM letter")[0]
        like = "%" + re.sub(r"([%_\\])", r"\\\1", words) + "%"
        where = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in ("address", "name", "subject"))
        found = self.letters(where, (like,) * 3, limit, start)
        return found, self.one(f"SELECT count(*) FROM letter WHERE {where}", (like,) * 3)[0]

    def counts(self) -> dict[str, object]:
        """How tests count. Letters for each address and each attempt are those SendGrid took on and did not call back
        (dropped ones included); `by_state` has the rest; `events_waiting` are not yet happened or not yet posted."""
        left = f"WHERE state NOT IN {NEVER_LEFT}"
        return {
            "letters": self.one(f"SELECT count(*) FROM letter {left}")[0],
            "requests": self.one("SELECT count(*) FROM request")[0],
            "by_address": dict(self.rows(f"SELECT address, count(*) FROM letter {left} GROUP BY address")),
            "by_attempt": dict(self.rows(f"SELECT attempt, count(*) FROM letter {left} GROUP BY attempt")),
            "by_state": dict(self.rows("SELECT state, count(*) FROM letter GROUP BY state")),
            "events_waiting": self.one("SELECT count(*) FROM event WHERE posted = 0")[0],
        }

    # ---------------------------------------------------------------- one letter, written out

    def _whole_request(self, message_id: str) -> tuple[dict, list[tuple[dict, dict]]]:
        """A request's body, and the (recipient, personalization) of each of its letters."""
        body = orjson.loads(self.one("SELECT body FROM request WHERE message_id = ?", (message_id,))[0])
        return body, list(_recipients(body))

    def written_out(self, letter: Letter) -> dict[str, Any]:
        """subject, html, text, headers, custom_args and sender of one letter as its reader gets it."""
        body, recipients = self.whole_request(letter.message_id)
        return write_out(body, recipients[letter.place][1])

    # ---------------------------------------------------------------- suppressions

    def suppress(self, name: str, addresses: Iterable[str], now: float, reason: str = "", status: str = "") -> None:
        """Put addresses on one of SendGrid's lists: unsubscribes, bounces, blocks, spam_reports, invalid_emails."""
        with self.writing() as db:
            db.executemany(
                "INSERT OR IGNORE INTO suppressed VALUES (?, ?, ?, ?, ?)",
                ((name, address.lower(), int(now), reason, status) for address in addresses),
            )


# ---------------------------------------------------------------- pure parts


def write_out(body: dict, person: dict) -> dict[str, Any]:
    """What SendGrid makes of the letter to one personalization: tags replaced in subject and parts, its own words
    before those of the root. A value is never searched for tags again."""
    fill = _filler(person.get("substitutions") or {})
    parts = {part["type"]: part["value"] for part in body.get("content") or []}
    return {
        "sender": person.get("from") or body["from"],
        "subject": fill(person.get("subject") or body.get("subject") or ""),
        "html": fill(parts.get("text/html", "")),
        "text": fill(parts.get("text/plain", "")),
        "headers": {**(body.get("headers") or {}), **(person.get("headers") or {})},
        "custom_args": {**(body.get("custom_args") or {}), **(person.get("custom_args") or {})},
    }


def _filler(values: dict[str, str]) -> Callable[[str], str]:
    """A function that puts `values` in the place of their tags, in one pass, longest tag first."""
    if not values:
        return str
    tags = re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True))))
    return lambda text: tags.sub(lambda match: values[match[0]], text)


def _recipients(body: dict) -> Iterator[tuple[dict, dict]]:
    """(recipient, personalization) of each letter of a request; cc and bcc get one each too."""
    for person in body["personalizations"]:
        for kind in ("to", "cc", "bcc"):
            yield from ((recipient, person) for recipient in person.get(kind) or ())


def _rows(body: dict, dropped: dict[str, str], now: float) -> Iterator[tuple[int, dict, tuple]]:
    """(place, recipient, (subject, arguments, attempt, due_at, state, reason)) of each letter of a request."""
    shared = body.get("custom_args") or {}
    for place, (recipient, person) in enumerate(_recipients(body)):
        subject = _filler(person.get("substitutions") or {})(person.get("subject") or body.get("subject") or "")
        arguments = {**shared, **(person.get("custom_args") or {})}
        due_at = max(now, person.get("send_at") or body.get("send_at") or 0)
        state, reason = (
            ("scheduled", "") if due_at > now else _released("", dropped.get(recipient["email"].lower(), ""))
        )
        yield place, recipient, (
            subject, orjson.dumps(arguments).decode(), arguments.get("bm_a", ""), due_at, state, reason,
        )  # fmt: skip


def _released(batch_status: str, suppressed_by: str) -> tuple[str, str]:
    """(state, reason) of a letter whose time has come, or whose pause has lasted too long."""
    if batch_status:
        return ("cancelled" if batch_status == "cancel" else "expired"), ""
    return ("dropped", DROPS[suppressed_by]) if suppressed_by else ("processed", "")
