"""Keeps our suppressions and the sending service's own lists in step: what it heard is read, what we heard is told.

Both go by time windows that overlap, so that nothing falls between two of them; what is known already changes nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pandas as pd

from bulkmail import delivery, sendgrid_format
from bulkmail.adapters import journal, ledger, opt_outs, suppressions
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import BY_THE_PERSON, REHEARSED, ConsentState, DeliveryEvent
from bulkmail.send.doubts import Ask
from bulkmail.tips import addressing

ORIGIN = "sendgrid"  # of suppressions that were read there
OVERLAP = timedelta(hours=1)
TOLD_AGAIN = timedelta(days=30)  # a request may have come long before somebody brought it here
PAGE, AT_ONCE = 500, 1_000
TOLD = "told"
WISHES = ("unsubscribed", "objected", "complained", "manual")  # a bounce it knows better than we do


def keep_in_step(ws: Workspace, ask: Ask, now: datetime) -> None:
    """Read all lists, then tell ours. What fails is tried again at the next turn, from where it stands."""
    for name in opt_outs.LISTS:
        read_list(ws, ask, name, now)
    tell(ws, ask, now)


# ---------------------------------------------------------------- what it heard


def read_list(ws: Workspace, ask: Ask, name: str, now: datetime) -> bool:
    """Suppress whom a list has named since it was last read; whether it was read to its end."""
    since = opt_outs.read_until(ws, name)
    start = int((since - OVERLAP).timestamp()) if since else 0
    for end, entries in _windows(ask, name, start, int(now.timestamp())):
        if entries is None:
            return False
        _suppress(ws, sendgrid_format.read_suppressed(name, entries))
        opt_outs.set_read_until(ws, name, datetime.fromtimestamp(end, UTC), now)
    return True


def _windows(ask: Ask, name: str, start: int, end: int) -> Iterator[tuple[int, list | None]]:
    """(end of the window, its entries) in order of time; None instead of entries where no good answer came, and then no
    more. A window that fills a page is halved: pages by offset would shift while the list grows."""
    to_do = [(start, end)]
    while to_do:
        first, last = to_do.pop()
        entries = _page(ask, name, first, last, 0)
        if entries is not None and len(entries) >= PAGE:
            if last > first:
                middle = (first + last) // 2
                to_do += [(middle + 1, last), (first, middle)]
                continue
            entries = _one_second(ask, name, first, entries)
        yield last, entries
        if entries is None:
            return


def _one_second(ask: Ask, name: str, second: int, entries: list) -> list | None:
    """All entries of one second, which no halving parts: it is over, so its pages stand still."""
    found = list(entries)
    while len(entries) == PAGE:
        entries = _page(ask, name, second, second, len(found))
        if entries is None:
            return None
        found += entries
    return found


def _page(ask: Ask, name: str, first: int, last: int, offset: int) -> list | None:
    query = {"start_time": first, "end_time": last, "limit": PAGE, "offset": offset}
    status, _, body, error = ask("get", f"suppression/{name}", query=query)
    if error is not None or status != 200:
        return None
    try:
        entries = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return entries if isinstance(entries, list) else None


def _suppress(ws: Workspace, events: list[DeliveryEvent]) -> None:
    people = ((event, addressing.person_of(event.address, ws.person_key)) for event in events)
    found = (delivery.suppression_of(event, person) for event, person in people if person)
    rehearsal = ws.settings.rehearsal
    demanded = [replace(one, origin=ORIGIN, rehearsal=rehearsal) for one in found if one]
    if demanded:
        suppressions.add_suppressions(ws, demanded)


# ---------------------------------------------------------------- what we heard


def tell(ws: Workspace, ask: Ask, now: datetime) -> bool:
    """Put on its list of unsubscribes who left everything here, take off who came back; whether all was told."""
    until = opt_outs.read_until(ws, TOLD)
    since = until - TOLD_AGAIN if until else datetime.min.replace(tzinfo=UTC)
    left = suppressions.suppressions(ws)
    left = left[(left["purpose"] == "") & left["reason"].isin(WISHES)]
    back = _came_back(left, ledger.of_mode(ledger.consent_events(ws), rehearsal=ws.settings.rehearsal))
    gone = left[~left["person"].isin(back["person"]) & (left["origin"] != ORIGIN) & (left["at"] >= pd.Timestamp(since))]
    returned = left[left["person"].isin(back.loc[back["came_at"] >= pd.Timestamp(since), "person"])]
    if not (_put(ask, _addresses(ws, gone)) and _take_off(ask, _addresses(ws, returned))):
        return False
    opt_outs.set_read_until(ws, TOLD, now, now)
    return True


def _came_back(left: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Who gave consent anew after leaving everything, for whatever purpose: person, came_at. They may be mailed again,
    for that purpose, so the service must let their letters through; for the others we do not send."""
    states = (ConsentState.GIVEN.value, ConsentState.RECONFIRMED.value)
    own = events[events["evidence"].isin((*BY_THE_PERSON, REHEARSED)) & events["state"].isin(states)]
    came = own.groupby("person", as_index=False)["at"].max().rename(columns={"at": "came_at"})
    both = left.groupby("person", as_index=False)["at"].max().merge(came, on="person")
    return both.loc[both["came_at"] > both["at"], ["person", "came_at"]]


def _addresses(ws: Workspace, left: pd.DataFrame) -> list[str]:
    """The addresses of these rows: as kept with them, or as they stand in the plan whose letter's link was followed.
    Erased ones are not known, and are nobody's business any more."""
    known = set(left.loc[left["address"] != "", "address"])
    links = left[(left["address"] == "") & left["origin"].str.startswith(suppressions.LINK_ORIGIN)]
    for origin, rows in links.groupby("origin"):
        known |= set(journal.addresses_of(ws, origin.removeprefix(suppressions.LINK_ORIGIN), rows["person"].tolist()))
    return sorted(known)


def _put(ask: Ask, addresses: list[str]) -> bool:
    for start in range(0, len(addresses), AT_ONCE):
        body = sendgrid_format.dump({"recipient_emails": addresses[start : start + AT_ONCE]})
        status, _, _, error = ask("post", "asm/suppressions/global", body=body)
        if error is not None or status not in (200, 201):
            return False
    return True


def _take_off(ask: Ask, addresses: list[str]) -> bool:
    """The service has no other way than the address in the path; the line is encrypted, and it knows the address."""
    for address in addresses:
        status, _, _, error = ask("delete", f"asm/suppressions/global/{address}")
        if error is not None or status not in (200, 204, 404):
            return False
    return True
