"""Email Logs: its small query language, and what it says about a letter (after SendGrid's OpenAPI, 2026-01-22)."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from bulkmail.rehearsal.letters import Letter, Store

# Field of the query → SQL, and the comparisons that field allows.
_FIELDS = {
    "to_email": ("lower(address)", {"="}),
    "subject": ("subject", {"="}),
    "reason": ("reason", {"="}),
    "status": ("state", {"IN"}),
    "categories": ("categories", {"IN"}),
    "sg_message_id": ("sg_message_id", {"="}),
    "sg_message_id_created_at": ("received_at", {"<", ">", "<=", ">="}),
}
# Our states that Email Logs has no word for.
_STATUS = {"scheduled": "processed", "cancelled": "dropped", "expired": "dropped"}
_TEXT = r"""(?:"[^"]*"|'[^']*')"""
_CONDITION = re.compile(
    rf"\s*(?P<field>[a-z_]+)\s*(?P<sign><=|>=|=|<|>|IN\b)\s*"
    rf"(?:TIMESTAMP\s*(?P<time>{_TEXT})|(?P<one>{_TEXT})|\((?P<many>\s*{_TEXT}(?:\s*,\s*{_TEXT})*)\s*\))\s*"
)
_AND = re.compile(r"AND\b")


def read_query(query: object) -> tuple[str, list[object]]:
    """(SQL, values) of a query: conditions joined by AND, no nesting. ValueError says what is wrong."""
    if not isinstance(query, str):
        raise ValueError("query must be text")
    conditions: list[str] = []
    values: list[object] = []
    at = 0
    while query.strip():
        found = _CONDITION.match(query, at)
        if not found:
            raise ValueError(f"cannot read the query from character {at + 1}")
        sql, given = _condition(found)
        conditions.append(sql)
        values += given
        if found.end() == len(query):
            break
        joined = _AND.match(query, found.end())
        if not joined:
            raise ValueError("conditions are joined by AND")
        at = joined.end()
    return " AND ".join(conditions), values


def _condition(found: re.Match[str]) -> tuple[str, list[object]]:
    field, sign = found["field"], found["sign"]
    if field not in _FIELDS or sign not in _FIELDS[field][1]:
        raise ValueError(f"{field} {sign} is not a condition")
    column = _FIELDS[field][0]
    if field == "sg_message_id_created_at":
        if not found["time"]:
            raise ValueError('a moment is written TIMESTAMP "…"')
        return f"{column} {sign} ?", [datetime.fromisoformat(found["time"][1:-1]).timestamp()]
    if sign == "IN":
        wanted = [text[1:-1] for text in re.findall(_TEXT, found["many"] or "")]
        places = ", ".join("?" * len(wanted))
        if field == "categories":
            return f"EXISTS (SELECT 1 FROM json_each(categories) WHERE value IN ({places}))", list(wanted)
        return f"{column} IN ({places})", list(wanted)
    value = (found["one"] or "''")[1:-1]
    if field == "sg_message_id":
        message_id, place = _split(value)
        return "message_id = ? AND place = ?", [message_id, place]
    return f"{column} = ?", [value.lower() if field == "to_email" else value]


def _split(sg_message_id: str) -> tuple[str, int]:
    """(id of the request, place of the letter in it); the place is -1 where this is no such id."""
    found = re.fullmatch(r"([^.]+)\.recvd-rehearsal-1-[0-9A-F]+-(\d{1,4})\.0", sg_message_id)
    return (found[1], int(found[2])) if found else (sg_message_id, -1)


def messages(store: Store, where: str, values: Sequence[object], limit: int) -> list[dict[str, object]]:
    """A summary of each letter found, newest first."""
    return [_summary(store, letter) for letter in store.letters(where, values, limit)]


def _summary(store: Store, letter: Letter) -> dict[str, object]:
    (sender,) = store.one("SELECT sender FROM request WHERE message_id = ?", (letter.message_id,))
    return {
        "from_email": sender,
        "sg_message_id": letter.sg_message_id,
        "subject": letter.subject,
        "to_email": letter.address,
        "reason": letter.reason,
        "status": _STATUS.get(letter.state, letter.state),
        "sg_message_id_created_at": _iso(letter.received_at),
    }


def message(store: Store, sg_message_id: str) -> dict[str, object] | None:
    """Everything about one letter, its custom arguments and events included; None where it is not known."""
    found = store.letters("message_id = ? AND place = ?", _split(sg_message_id), 1)
    if not found:
        return None
    letter = found[0]
    categories, arguments = store.one(
        "SELECT categories, arguments FROM letter JOIN request ON request.id = request_id WHERE letter.id = ?",
        (letter.id,),
    )
    happened = "SELECT kind, at, details FROM event WHERE letter_id = ? AND happened = 1 AND kind <> 'one_click'"
    return {
        **_summary(store, letter),
        "api_key_id": "rehearsal",
        "client_ip": "127.0.0.1",
        "category": orjson.loads(categories),
        "custom_args": orjson.loads(arguments),
        "events": [
            {"event": kind, "processed": _iso(at), **orjson.loads(details)}
            for kind, at, details in store.rows(f"{happened} ORDER BY at DESC LIMIT 100", (letter.id,))
        ],
    }


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
