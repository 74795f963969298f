"""What a person may ask of us: to correct what is kept of them, and to be forgotten."""

from dataclasses import replace
from datetime import datetime

import pandas as pd

from bulkmail.adapters import database, ledger, mends, persons, suppressions
from bulkmail.adapters.workspace import Workspace, reading
from bulkmail.errors import InputError, StateError
from bulkmail.model import ConsentState, Suppression, SuppressionReason
from bulkmail.people.known import Known
from bulkmail.tips import addressing, consent

ERASURE = "erasure"  # origin of the objection that stays of somebody erased


def correct(ws: Workspace, known: Known, *, address: str, name: str, who: str, now: datetime) -> int:
    """How many rows of lists were corrected: the newest version of each list gets the new address or name as a mend,
    which can be undone. "" leaves things as they are.

    A new address takes its consent and every suppression along: whoever left does not come back by a correction.
    """
    address = addressing.repair(address.strip())
    new = addressing.person_of(address, ws.person_key) if address else known.person
    if not new:
        raise InputError("That is not a whole e-mail address, such as ana@example.org.")
    changes = {"original_address": address, "name": " ".join(name.split())}
    changes = {column: after for column, after in changes.items() if after}
    if not changes:
        raise InputError("Write what is right: an address, a name or both.")
    newest = {version.name: (version, rows) for version, rows in reversed(known.rows)}
    if not newest:
        raise StateError("This person stands in no list, so there is nothing to correct.")
    if new != known.person:
        _take_along(ws, known, new, who, now)
    count = 0
    for version, rows in newest.values():
        mended = _mends(rows, changes)
        if len(mended):
            mends.add_deed(ws, version.id, who, "corrected", mended, now)
            count += mended["source_row"].nunique()
    database.audit(ws, who, "person.corrected", {"person": known.person, "rows": count}, now)
    return count


def _mends(rows: pd.DataFrame, changes: dict[str, str]) -> pd.DataFrame:
    """The cells that differ from what is right."""
    parts = [
        pd.DataFrame(
            {"source_row": rows["source_row"], "column": column, "before": rows.get(column, ""), "after": after}
        )
        for column, after in changes.items()
        if column in rows
    ]
    cells = pd.concat(parts, ignore_index=True)
    return cells[cells["before"] != cells["after"]]


def _take_along(ws: Workspace, known: Known, new: str, who: str, now: datetime) -> None:
    """Give the new address what the old one has: suppressions first, then consent as it stands."""
    with reading(ws) as connection:
        held = suppressions.suppressions_among(connection, [known.person], rehearsal=True).to_dict("records")
    rows = [Suppression(**{**row, "person": new, "address": "", "origin": "correction"}) for row in held]
    suppressions.add_suppressions(ws, [replace(row, at=pd.Timestamp(row.at).to_pydatetime()) for row in rows])
    events = ledger.consent_records(ws, [known.person])
    stands = consent.deciding(events, now=now)
    carried = stands.assign(person=new, method="correction", recorded_at=pd.Timestamp(now), recorded_by=who)
    ledger.append_consent(ws, carried)


def erase(ws: Workspace, known: Known, *, who: str, now: datetime) -> None:
    """Forget a person wherever their address is kept. Keyed hashes stay, and with them an objection to all letters:
    an upload that brings the address again finds it.

    The ledger of consent holds no address and stays whole; it gets a withdrawal for all purposes.
    """
    objection = Suppression(person=known.person, reason=SuppressionReason.OBJECTED, at=now, origin=ERASURE)
    persons.forget(
        ws,
        known.person,
        rows={version.id: rows["source_row"].tolist() for version, rows in known.rows},
        addresses=known.addresses,
        letters=known.letters,
        objection=objection,
        who=who,
        now=now,
    )
    said = dict.fromkeys(ledger.FACT_COLUMNS, "") | {"person": known.person, "method": ERASURE, "evidence": "request"}
    said |= {"state": ConsentState.WITHDRAWN, "at": now, "recorded_at": now, "recorded_by": who}
    ledger.append_consent(ws, pd.DataFrame([said]))
