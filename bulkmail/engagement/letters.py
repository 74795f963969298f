"""Letters from what was sent and what happened: one row per send, and 0 or 1 for each thing that became of it."""

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.errors import InputError
from bulkmail.model import EventKind
from bulkmail.tips import addressing
from bulkmail.tips.cadence import GMAIL_DOMAINS

HAPPENINGS = (
    "delivered", "opened", "machine_open", "clicked", "machine_click", "bounced", "unsubscribed", "complained",
)  # fmt: skip
# `at_gmail`: 1 for a mailbox at Gmail, which reports no complaint to anybody; 0 also where that is not known.
LETTER_COLUMNS = ("campaign", "department", "person", "sent_at", *HAPPENINGS, "at_gmail")
# Rates and what each is a share of. Opens: letters that no machine opened, for behind one nobody can see a person.
BASES = {
    "delivered": "sent", "bounced": "sent", "opened": "open_base",
    "clicked": "delivered", "unsubscribed": "delivered", "complained": "delivered",
}  # fmt: skip
_SIGNS_OF_LIFE = ("opened", "clicked", "unsubscribed", "complained")


def letters_from_events(sent: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return letters: a row per row of `sent` (campaign, department, person, sent_at, perhaps at_gmail), in its order.

    `events`: campaign, person, kind (the words of `EventKind`), at, and where known by_machine and hard. A click within
    MACHINE_CLICK_SECONDS of delivery is a scanner's. Only hard bounces are `bounced`. A letter that a person acted on
    was delivered, also where that event got lost; one that bounced for good was not. Events of no send are left out
    (`unmatched_events` counts them). Raises InputError when a campaign mailed a person twice: whose are events then?
    """
    repeats = int(sent.duplicated(["campaign", "person"]).sum())
    if repeats:
        raise InputError(
            "{count} of {rows} sends are a second letter of one campaign to the same person. Give each mailing its own "
            "campaign name.",
            count=repeats,
            rows=len(sent),
        )
    row, events = _rows_of_events(sent, events)
    kind, at = events["kind"].to_numpy(dtype=str), utc(events["at"])
    machine = _flag(events, "by_machine", default=False)
    machine |= (kind == EventKind.CLICKED) & _too_soon(sent, row, kind, at)
    happened = {
        "delivered": kind == EventKind.DELIVERED,
        "opened": (kind == EventKind.OPENED) & ~machine,
        "machine_open": (kind == EventKind.OPENED) & machine,
        "clicked": (kind == EventKind.CLICKED) & ~machine,
        "machine_click": (kind == EventKind.CLICKED) & machine,
        "bounced": (kind == EventKind.BOUNCED) & _flag(events, "hard", default=True),
        "unsubscribed": kind == EventKind.UNSUBSCRIBED,
        "complained": kind == EventKind.COMPLAINED,
    }
    marks = {name: _marks(len(sent), row[mask]) for name, mask in happened.items()}
    return settled(sent.assign(sent_at=utc(sent["sent_at"]), **marks))


def unmatched_events(sent: pd.DataFrame, events: pd.DataFrame) -> int:
    """Return how many events belong to no row of `sent`."""
    return len(events) - len(_rows_of_events(sent, events)[0])


def _rows_of_events(sent: pd.DataFrame, events: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Position in `sent` of each event that has one, and those events."""
    places = sent[["campaign", "person"]].assign(row=np.arange(len(sent)))
    row = events[["campaign", "person"]].merge(places, on=["campaign", "person"], how="left")["row"].to_numpy(float)
    known = ~np.isnan(row)
    return row[known].astype(np.int64), events[known]


def utc(times: pd.Series) -> pd.Series:
    """Return the times as aware ones in UTC."""
    return pd.to_datetime(times, utc=True)


def _flag(events: pd.DataFrame, column: str, *, default: bool) -> np.ndarray:
    if column not in events:
        return np.full(len(events), default)
    return events[column].to_numpy(dtype=bool).copy()


def _too_soon(sent: pd.DataFrame, row: np.ndarray, kind: np.ndarray, at: pd.Series) -> np.ndarray:
    """True where an event comes within MACHINE_CLICK_SECONDS of the letter's delivery (of its sending, if unknown)."""
    seconds = (at - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy()
    sent_seconds = (utc(sent["sent_at"]) - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy()
    arrived = np.full(len(sent), np.inf)
    delivered = kind == EventKind.DELIVERED
    np.minimum.at(arrived, row[delivered], seconds[delivered])
    arrived = np.where(np.isinf(arrived), sent_seconds, arrived)
    return seconds - arrived[row] < limits.MACHINE_CLICK_SECONDS.value


def _marks(rows: int, where: np.ndarray) -> np.ndarray:
    marks = np.zeros(rows, dtype=np.int64)
    marks[where] = 1
    return marks


def settled(letters: pd.DataFrame) -> pd.DataFrame:
    """Return letters whose `delivered` agrees with the rest, with exactly LETTER_COLUMNS."""
    alive = letters[list(_SIGNS_OF_LIFE)].max(axis=1)
    delivered = np.where(alive == 1, 1, letters["delivered"] * (1 - letters["bounced"]))
    at_gmail = letters["at_gmail"].astype(np.int64) if "at_gmail" in letters else 0
    return letters.assign(delivered=delivered.astype(np.int64), at_gmail=at_gmail)[list(LETTER_COLUMNS)]


def persons_of(addresses: pd.Series, key: bytes) -> pd.Series:
    """Return the keyed hash of each address, "" for what is none: no address enters a history."""
    different = addresses.drop_duplicates()
    table = pd.DataFrame({"source_row": range(1, len(different) + 1), "original_address": different.to_numpy()})
    known = addressing.annotate(table.astype({"original_address": "str"}), person_key=key)["person"]
    return addresses.map(dict(zip(different, known, strict=True))).astype("str")


def is_gmail(addresses: pd.Series) -> pd.Series:
    """Return 1 for each address at Gmail itself, else 0 (other domains may be hosted there; nobody can tell)."""
    ends = tuple(f"@{domain}" for domain in GMAIL_DOMAINS)
    return addresses.astype("str").str.strip().str.lower().str.endswith(ends).astype(np.int64)
