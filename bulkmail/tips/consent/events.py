"""From the consent columns of a list, or an attestation for all of it, to events of the ledger."""

import re
from dataclasses import fields
from datetime import datetime
from functools import partial

import pandas as pd

from bulkmail.model import Attestation, ConsentEvent, Notice, purpose_key
from bulkmail.tips.consent.dates import TIME, read_dates
from bulkmail.tips.consent.words import (
    AGAINST,
    ATTESTED,
    COLUMN,
    COLUMN_UNNAMED,
    LIVE,
    basis_of,
    cells,
    conditions_of,
    country_of,
    each,
    is_bought,
    method_of,
    state_of,
)

EVENT_COLUMNS = tuple(field.name for field in fields(ConsentEvent))


def reading(table: pd.DataFrame, now: datetime, date_order: str = "") -> pd.DataFrame:
    """What the consent cells of each row say: `state` ("" = nothing), `at`, and `trouble`, why a cell is not believed.

    In a list with dates and without a consent column, a date says that consent was given on that day.
    """
    at, trouble = read_dates(cells(table, "consent_at"), now, date_order)
    said = each(cells(table, "consent"), state_of)
    if "consent" not in table:
        said = said.mask(at.notna() | trouble.eq("ambiguous_date"), "given")
    unreadable = said.eq("unreadable")
    trouble = trouble.mask(unreadable, "unreadable_consent")
    return pd.DataFrame({"state": said.mask(unreadable, ""), "at": at, "trouble": trouble})


def events_of_list(
    table: pd.DataFrame,
    *,
    purpose: str,
    attestation: Attestation | None,
    source: str,
    recorded_by: str,
    now: datetime,
    date_order: str = "",
) -> pd.DataFrame:
    """What a list says about consent, as ledger rows (EVENT_COLUMNS; order of the list; a row for each purpose named).

    `table` has `person` (addressing.annotate) and the consent columns as read. Consent that names no purpose counts for
    `purpose`, and its evidence says so. The attestation speaks for people of whom the list says nothing, and only in a
    list that records nobody's consent. Bought addresses bring no consent with them, but their refusals count.
    """
    read = reading(table, now, date_order)
    vouched = _vouched(read, attestation)
    events = _listed(table, read, purpose, source)
    if attestation is not None and vouched.any():
        by = _attested(events, attestation)
        events = events.apply(lambda column: column.mask(vouched, by[column.name]))
    events = events.assign(recorded_at=pd.Series(pd.Timestamp(now), table.index).astype(TIME), recorded_by=recorded_by)
    bought = each(cells(table, "consent_source"), lambda cell: "bought" if is_bought(cell) else "").eq("bought")
    kept = events["state"].ne("") & table["person"].ne("") & (~bought | events["state"].isin(AGAINST))
    events = events[kept]
    if events["purpose"].str.contains("\n", regex=False).any():
        events = events.assign(purpose=events["purpose"].str.split("\n")).explode("purpose")
    return events.astype({"purpose": "str", "recorded_by": "str"})[list(EVENT_COLUMNS)].reset_index(drop=True)


def notice_of_attestation(attestation: Attestation, list_name: str, purpose: str) -> Notice:
    """The wording that somebody vouches for, as the registry keeps it."""
    return Notice(
        name=list_name,
        version=f"{attestation.at:%Y-%m-%d}",
        language="und",
        text=attestation.wording,
        purpose=purpose,
    )


def _listed(table: pd.DataFrame, read: pd.DataFrame, purpose: str, source: str) -> pd.DataFrame:
    """What the columns of each row say, whether or not they say anything."""
    blank = pd.Series("", table.index, dtype="str")
    named = cells(table, "consent_purpose")
    sources = cells(table, "consent_source").str.strip()
    return pd.DataFrame(
        {
            "person": table["person"],
            "purpose": each(named, partial(_purposes, purpose=purpose)),
            "basis": each(cells(table, "consent_basis"), basis_of),
            "state": read["state"],
            "at": read["at"],
            "method": each(cells(table, "consent_method"), method_of),
            "source": sources.mask(sources.eq(""), source),
            "wording": cells(table, "consent_wording"),
            "evidence": blank.mask(named.str.strip().eq(""), COLUMN_UNNAMED).mask(named.str.strip().ne(""), COLUMN),
            "notice": blank,
            "jurisdiction": each(cells(table, "consent_country"), country_of),
            "conditions": each(cells(table, "consent_conditions"), conditions_of),
            "proof": blank,
            "frequency": blank,
            "valid_until": pd.Series(pd.NaT, table.index, dtype=TIME),
        }
    )


def _attested(events: pd.DataFrame, by: Attestation) -> pd.DataFrame:
    """The same rows as the attestation speaks for them: the registry keeps its wording, each event the hash."""
    said = {"basis": basis_of(by.basis), "state": "given", "at": pd.Timestamp(by.at), "method": "attestation"}
    said |= {"source": by.source, "wording": "", "evidence": ATTESTED, "proof": by.document}
    return events.assign(**said, notice=notice_of_attestation(by, "", "").hash).astype(events.dtypes.to_dict())


def _vouched(read: pd.DataFrame, attestation: Attestation | None) -> pd.Series:
    """For whom the attestation speaks."""
    if attestation is None or is_bought(attestation.source) or read["state"].isin(LIVE).any():
        return pd.Series(False, index=read.index)
    return read["state"].eq("") & read["trouble"].eq("")


def _purposes(cell: str, purpose: str) -> str:
    """The purposes a cell names, a line each; the campaign's own for a blank cell or one that names all."""
    named = [" ".join(name.split()) for name in re.split(r"[;,，；、|\n]", cell)]
    ours = (purpose_key(purpose), "all", "全部", "所有")
    known = [purpose if purpose_key(name) in ours else name for name in named if name]
    return "\n".join(dict.fromkeys(known)) or purpose
