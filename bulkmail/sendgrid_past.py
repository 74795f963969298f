"""SendGrid's own logs of the past as a table of sends: the Email Activity CSV, and events as its webhook posts them.

Both have a row per event; a letter is what one message id was to one address. Field names:
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event and
https://www.twilio.com/docs/sendgrid/ui/analytics-and-reporting/email-activity-feed, read 2026-11-29.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import orjson
import pandas as pd

from bulkmail import limits

ACTIVITY = frozenset({"event", "email", "processed", "message_id"})
WEBHOOK = frozenset({"event", "email", "timestamp"})
# What each event says, in the columns of a table of sends. Opens and clicks by machine are told apart below.
_COLUMN_OF = {
    "delivered": "delivered_at", "click": "clicked_at", "unsubscribe": "unsubscribed_at",
    "group_unsubscribe": "unsubscribed_at", "spamreport": "complained_at", "spam_report": "complained_at",
    "spam report": "complained_at",
}  # fmt: skip
_TIMES = ("sent_at", "delivered_at", "opened_at", "machine_at", "clicked_at", "bounced_at", "unsubscribed_at",
          "complained_at")  # fmt: skip
_KEPT = (
    "email", "event", "timestamp", "sg_message_id", "sg_machine_open", "type", "category", "campaign", "department",
    "marketing_campaign_name", "singlesend_name",
)  # fmt: skip


def is_events(columns: Iterable[str]) -> bool:
    """Return whether a table with these columns has a row per event of SendGrid's."""
    return set(columns) >= ACTIVITY or set(columns) >= WEBHOOK


def read_lines(lines: Iterable[bytes]) -> tuple[pd.DataFrame, int]:
    """Return events from lines of JSON, each an event or an array of them; and how many things were neither."""
    kept, torn = [], 0
    for line in lines:
        if not line.strip():
            continue
        try:
            body = orjson.loads(line)
        except orjson.JSONDecodeError:
            torn += 1
            continue
        for entry in body if isinstance(body, list) else [body]:
            if isinstance(entry, Mapping) and "event" in entry:
                kept.append({name: _text(entry.get(name)) for name in _KEPT})
            else:
                torn += 1
    return pd.DataFrame(kept, columns=list(_KEPT), dtype="str"), torn


def _text(value: object) -> str:
    if isinstance(value, list):
        return _text(value[0]) if value else ""
    return "" if value is None else "true" if value is True else str(value)


def fold(events: pd.DataFrame) -> pd.DataFrame:
    """Return a row per letter from a row per event: who, which message, and the first time of each thing.

    May be given parts of a log: what `fold` returned for them, put together, is folded by `combine`.
    """
    text = events.fillna("").astype("str")
    is_activity = "processed" in text
    name = text["event"].str.strip().str.lower()
    at = _seconds(text["processed"] if is_activity else text["timestamp"], is_activity=is_activity)
    message = text["message_id"] if is_activity else _column(text, "sg_message_id")
    by_machine = _column(text, "sg_machine_open").str.lower().isin(["true", "1"])
    hard = (name == "bounce") & (_column(text, "type") != "blocked")
    opened = name == "open"
    happened = {
        **{column: name.isin([word for word, c in _COLUMN_OF.items() if c == column]) for column in _TIMES},
        "sent_at": pd.Series(True, index=name.index),
        "opened_at": opened & ~by_machine,
        "machine_at": opened & by_machine,
        "bounced_at": hard,
    }
    table = pd.DataFrame({column: at.where(mask) for column, mask in happened.items()})
    table["last_click_at"] = table["clicked_at"]
    table["recipient"] = text["email"].str.strip().str.lower()
    table["message"] = message.str.partition(".")[0]
    table["campaign"] = _first(text, ("campaign", "marketing_campaign_name", "singlesend_name", "categories",
                                      "category", "subject"))  # fmt: skip
    table["department"] = _column(text, "department")
    table["events"] = 1
    return combine(table)


def combine(parts: pd.DataFrame) -> pd.DataFrame:
    """Return one row per letter from the folded parts of a log."""
    key = parts["message"].where(parts["message"] != "", parts["campaign"])
    groups = parts.assign(message=key).groupby(["message", "recipient"], sort=False)
    first = {name: (name, "min") for name in _TIMES}
    words = {name: (name, "max") for name in ("campaign", "department")}
    return groups.agg(**first, **words, last_click_at=("last_click_at", "max"), events=("events", "sum")).reset_index()


def as_sends(folded: pd.DataFrame) -> pd.DataFrame:
    """Return folded letters as a table of sends with the documented columns. Where the first click came as fast as a
    scanner's, a later one is taken for the person's."""
    arrived = folded["delivered_at"].fillna(folded["sent_at"])
    too_soon = folded["clicked_at"] - arrived < limits.MACHINE_CLICK_SECONDS.value
    clicked = folded["clicked_at"].where(~too_soon, folded["last_click_at"])
    opened = folded["opened_at"].fillna(folded["machine_at"])
    by_machine = folded["opened_at"].isna() & folded["machine_at"].notna()
    times = {name: folded[name] for name in _TIMES if name not in ("machine_at", "opened_at", "clicked_at")}
    times |= {"clicked_at": clicked, "opened_at": opened}
    table = pd.DataFrame({name: _moments(each) for name, each in times.items()})
    words = folded[["campaign", "department", "recipient"]]
    return words.assign(**table, machine_open=np.where(by_machine, "yes", ""))


def _moments(seconds: pd.Series) -> pd.Series:
    return pd.to_datetime(seconds, unit="s", utc=True)


def _seconds(text: pd.Series, *, is_activity: bool) -> pd.Series:
    """Seconds since 1970; NaN for what is no time. The Email Activity CSV writes times of UTC without saying so."""
    if not is_activity:
        return pd.to_numeric(text, errors="coerce")
    at = pd.to_datetime(text.where(text != "", None), format="ISO8601", utc=True, errors="coerce")
    return (at - pd.Timestamp(0, tz="UTC")).dt.total_seconds()


def _column(text: pd.DataFrame, name: str) -> pd.Series:
    return text[name] if name in text else pd.Series("", index=text.index, dtype="str")


def _first(text: pd.DataFrame, names: Iterable[str]) -> pd.Series:
    """The first of these columns that says something; of a list of categories (`["a","b"]`) the first."""
    said = pd.Series("", index=text.index, dtype="str")
    for name in names:
        said = said.where(said != "", _column(text, name).str.strip())
    listed = said.str.startswith("[")
    return said.where(~listed, said.str.strip('[]" ').str.partition('"')[0].str.partition(",")[0].str.strip())
