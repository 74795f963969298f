"""Who agreed and what proves it: the people of a judged list by where their consent stands, and attestations for it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pandas as pd

from bulkmail.errors import InputError
from bulkmail.model import Attestation, Campaign
from bulkmail.tips import consent

# Where people stand by the reason that consent gives against them; together they are everybody.
STANDS: Mapping[str, tuple[str, ...]] = {
    "holds": ("",),
    "against": ("consent_refused", "consent_withdrawn"),
    "expired": ("consent_expired",),
    "unclear": ("consent_unconfirmed", "consent_invalid", "consent_other_purpose"),
    "nothing": ("no_consent",),
}
PROOF_COLUMNS = (
    "source_row", "name", "original_address", "reason", "consent", "consent_at", "consent_source", "consent_evidence",
    "consent_wording",
)  # fmt: skip
_AHEAD = timedelta(hours=14)  # where a day begins first (UTC+14), today lies so far in our future


def people(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of an annotated table with a mailbox, and so a person, behind them; `reason` is what consent says."""
    return table[table["person"].ne("")].rename(columns={"consent_reason": "reason"})


def tally(rows: pd.DataFrame) -> dict[str, int]:
    """How many of these `people` stand where, by the names of STANDS."""
    counts = rows["reason"].value_counts()
    return {stand: int(counts.reindex(list(reasons), fill_value=0).sum()) for stand, reasons in STANDS.items()}


def reasons(rows: pd.DataFrame) -> dict[str, int]:
    """How many of these `people` consent speaks against, by reason, in the order of STANDS; reasons without any left
    out."""
    counts = rows["reason"].value_counts().to_dict()
    known = (reason for group in STANDS.values() for reason in group if reason)
    return {reason: counts[reason] for reason in known if reason in counts}


def by_state_and_age(coverage: pd.DataFrame) -> pd.DataFrame:
    """What is recorded of `consent.coverage`, summed to a row for each state and age, in the order of AGE_BANDS and
    STATES."""
    recorded = coverage[coverage["consent_state"] != ""]
    summed = recorded.groupby(["consent_age", "consent_state"], sort=False)["rows"].sum().reset_index()
    place = {"consent_age": list(consent.AGE_BANDS).index, "consent_state": list(consent.STATES).index}
    return summed.sort_values(list(place), key=lambda cells: cells.map(place[cells.name]))


def vouched_for(rows: pd.DataFrame) -> int:
    """How many of these `people` an attestation speaks for."""
    return int(rows["consent_evidence"].eq(consent.ATTESTED).sum())


def attest(
    campaign: Campaign, *, basis: str, source: str, wording: str, by: str, day: date | None, now: datetime
) -> Campaign:
    """The campaign with an attestation for its list; `day` is that of the oldest consent. InputError where a part is
    missing, the day is yet to come, or the addresses were bought."""
    said = {"basis": basis, "source": source.strip(), "wording": wording.strip(), "by": by.strip()}
    if day is None or not all(said.values()):
        raise InputError("An attestation needs its basis, source, wording, day and the name of who vouches.")
    at = datetime.combine(day, time(), UTC)
    if at > now + _AHEAD:
        raise InputError("The day of the attestation is yet to come. People must have agreed before you write to them.")
    if consent.is_bought(said["source"]):
        raise InputError("Bought, rented or harvested addresses bring no consent with them; nobody can attest to it.")
    return replace(campaign, attestation=Attestation(**said, at=at))
