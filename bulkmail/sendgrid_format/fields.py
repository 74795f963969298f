"""What stands in SendGrid's JSON, read without trust: a missing or strange value is "" or None, never an error."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson


def object_in(body: bytes) -> Mapping[str, object]:
    """The JSON object of a body; empty where it holds none."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def text_in(entry: Mapping[str, object], key: str, length: int = 300) -> str:
    """A field as text that any database takes, or "" where it is missing or of another type."""
    value = entry.get(key)
    return value.replace("\0", "")[:length] if isinstance(value, str) else ""


def moment_in(timestamp: object) -> datetime | None:
    """The moment of a time in seconds since 1970, a number or digits; None where it is neither."""
    if isinstance(timestamp, str) and re.fullmatch(r"[0-9]{1,11}", timestamp):
        timestamp = int(timestamp)
    if isinstance(timestamp, bool) or not isinstance(timestamp, int) or not 0 < timestamp < 1e11:
        return None
    return datetime.fromtimestamp(timestamp, UTC)
