"""Letters from a table with one row per send, and a report of what was new, repeated and refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.engagement.letters import is_gmail, settled, utc
from bulkmail.errors import InputError
from bulkmail.model import Text, say

TIME_COLUMNS = ("delivered_at", "opened_at", "clicked_at", "bounced_at", "unsubscribed_at", "complained_at")
_REQUIRED = ("campaign", "recipient", "sent_at")
REFUSALS: Mapping[str, Text] = {
    "empty": say("The cell is empty"),
    "unreadable": say("The cell cannot be read"),
    "no_offset": say("The time has no offset from UTC"),
    "in_future": say("The time lies in the future"),
    "before_sending": say("It happened before the letter was sent"),
    "no_person": say("The recipient is not an address"),
    "torn": say("The row has too many cells or too few, or is not JSON"),
}
_TRUE = ("1", "true", "yes", "y", "t")
_FALSE = ("", "0", "false", "no", "n", "f")
# An event may stand before its sending by as much as clocks differ.
_CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class EventReading:
    """What a table of sends brought: rows = new + repeated + refused. `letters` are the new ones; `refused` names the
    row (1 is the first below the header), the column, and the reason (REFUSALS)."""

    letters: pd.DataFrame
    rows: int
    new: int
    repeated: int
    refused: pd.DataFrame


def read_event_table(
    table: pd.DataFrame,
    *,
    persons: Callable[[pd.Series], pd.Series],
    now: datetime,
    known: pd.DataFrame | None = None,
) -> EventReading:
    """Return letters and a report from a table with one row per send.

    Columns: campaign, recipient, sent_at, and where known department, machine_open and TIME_COLUMNS; times are ISO 8601
    with an offset, empty where nothing happened. `persons` turns addresses into keyed hashes ("" for no address), so
    that no address enters the history. `machine_open` (yes or no) says that the open was no person's. Repeated is a row
    whose campaign, person and sent_at stand above or in `known`. Raises InputError for missing columns.
    """
    missing = [column for column in _REQUIRED if column not in table]
    if missing:
        raise InputError(
            "The table of sends lacks the columns {missing}. It has {columns}.",
            missing=", ".join(missing),
            columns=", ".join(map(str, table.columns)),
        )
    table = table.reset_index(drop=True)
    times = {column: read_times(table[column]) for column in ("sent_at", *TIME_COLUMNS) if column in table}
    person = persons(_text(table["recipient"])).reset_index(drop=True).astype("str")
    machine = _text(table["machine_open"]).str.lower() if "machine_open" in table else pd.Series("", index=table.index)
    refused = _refusals(_text(table["campaign"]), _text(table["recipient"]), person, machine, times, now)
    letters = _letters_of(table, person, machine, {name: at for name, (at, _) in times.items()})
    good = ~letters.index.isin(refused["row"] - 1)
    repeated = _is_repeated(letters[good], known)
    return EventReading(
        letters=letters[good][~repeated].reset_index(drop=True),
        rows=len(table),
        new=int((~repeated).sum()),
        repeated=int(repeated.sum()),
        refused=refused,
    )


def _text(values: pd.Series) -> pd.Series:
    return values.astype("str").fillna("").str.strip()


def read_times(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return times in UTC (NaT where there is none), and beside each "" or why it cannot be read (REFUSALS)."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_convert("UTC"), pd.Series("", index=values.index, dtype="str")
    text = _text(values)
    offset = text.str.contains(r"[Tt ]\d{2}.*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$", regex=True)
    at = pd.to_datetime(text.where(offset), format="ISO8601", utc=True, errors="coerce")
    why = np.select([text == "", ~offset, at.isna()], ["", "no_offset", "unreadable"], "")
    return at, pd.Series(why, index=values.index, dtype="str")


_Times = dict[str, tuple[pd.Series, pd.Series]]


def _refusals(
    campaign: pd.Series, recipient: pd.Series, person: pd.Series, machine: pd.Series, times: _Times, now: datetime
) -> pd.DataFrame:
    """The rows that cannot be used, each with its first reason."""
    sent_at = times["sent_at"][0]
    tests = [
        ("campaign", "empty", campaign == ""),
        ("recipient", "empty", recipient == ""),
        ("recipient", "no_person", person == ""),
        *(
            (column, why, reasons == why)
            for column, (_, reasons) in times.items()
            for why in ("no_offset", "unreadable")
        ),
        ("sent_at", "empty", sent_at.isna()),
        ("machine_open", "unreadable", ~machine.isin([*_TRUE, *_FALSE])),
        *((column, "in_future", at > now + _CLOCKS_DIFFER) for column, (at, _) in times.items()),
        *((column, "before_sending", at < sent_at - _CLOCKS_DIFFER) for column, (at, _) in times.items()),
    ]
    found = [
        pd.DataFrame({"row": np.flatnonzero(mask.to_numpy(dtype=bool)) + 1, "column": column, "reason": reason})
        for column, reason, mask in tests
    ]
    return pd.concat(found).drop_duplicates("row").sort_values("row").reset_index(drop=True)


def _letters_of(table: pd.DataFrame, person: pd.Series, machine: pd.Series, at: dict[str, pd.Series]) -> pd.DataFrame:
    never = pd.Series(pd.NaT, index=table.index, dtype="datetime64[us, UTC]")
    by_machine = machine.isin(_TRUE)
    opened, clicked = at.get("opened_at", never).notna(), at.get("clicked_at", never)
    arrived = at.get("delivered_at", never).fillna(at["sent_at"])
    too_soon = clicked - arrived < timedelta(seconds=limits.MACHINE_CLICK_SECONDS.value)
    marks = {
        "delivered": at.get("delivered_at", never).notna(),
        "opened": opened & ~by_machine,
        "machine_open": by_machine,
        "clicked": clicked.notna() & ~too_soon,
        "machine_click": clicked.notna() & too_soon,
        **{name: at.get(f"{name}_at", never).notna() for name in ("bounced", "unsubscribed", "complained")},
    }
    department = _text(table["department"]) if "department" in table else pd.Series("", index=table.index, dtype="str")
    letters = pd.DataFrame({"campaign": _text(table["campaign"]), "department": department, "person": person})
    letters["at_gmail"] = is_gmail(_text(table["recipient"]))
    return settled(letters.assign(sent_at=at["sent_at"], **{name: m.astype(np.int64) for name, m in marks.items()}))


def _is_repeated(letters: pd.DataFrame, known: pd.DataFrame | None) -> np.ndarray:
    key = ["campaign", "person", "sent_at"]
    before = letters[key].iloc[:0] if known is None else known[key].assign(sent_at=utc(known["sent_at"]))
    return pd.concat([before, letters[key]]).duplicated(key).to_numpy()[len(before) :]
