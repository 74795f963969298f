"""Who agreed and what proves it: the people of a judged list by where their consent stands, and attestations for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce

import pandas as pd

from bulkmail import limits
from bulkmail.errors import InputError
from bulkmail.model import Attestation, Campaign
from bulkmail.tips import consent
from bulkmail.tips.cadence import wilson

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
    "consent_wording", "consent_expires_at", "lacks",
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


def lacks(rows: pd.DataFrame) -> pd.Series:
    """What the record of each of these `people` lacks: names of consent.LACKS, apart by ";"."""
    missing = consent.lacking(rows)
    parts = [missing[name].map({True: f"{name};", False: ""}).astype("str") for name in missing]
    return reduce(lambda left, right: left + right, parts).str.rstrip(";")


MOST_PLACES = 14  # rows of the map; what is rarer stands in the table below it


def grid(map_of: pd.DataFrame) -> pd.DataFrame:
    """`consent.coverage_map` as a table of counts: a row for each origin, basis and grade of evidence, best evidence
    and most rows first, at most MOST_PLACES; a column for each age that occurs, in the order of AGE_BANDS."""
    by = ["consent_grade", "consent_origin", "consent_basis"]
    counts = map_of.pivot_table(index=by, columns="consent_age", values="rows", aggfunc="sum", fill_value=0)
    ages = [age for age in consent.AGE_BANDS if age in counts]
    grades = counts.index.get_level_values(0).map(list(consent.GRADES).index)
    order = pd.DataFrame({"grade": grades, "rows": -counts.sum(axis=1)}, index=counts.index)
    first = order.nsmallest(MOST_PLACES, "rows").sort_values(["grade", "rows"], kind="stable").index
    return counts.loc[first, ages].reorder_levels(["consent_origin", "consent_basis", "consent_grade"])


@dataclass(frozen=True, kw_only=True)
class AskedAgain:
    """What a letter that asks again for consent may win back: how many `people` of the list it would ask (their consent
    ran out or was never confirmed; nobody who said no), and the `low` and `high` share that confirms, as this house's
    ledger has it of the `asked`; None where too few were ever asked."""

    people: int
    asked: int
    answered: int
    low: float | None
    high: float | None


def asked_again(rows: pd.DataFrame, asked: int, answered: int) -> AskedAgain:
    """What asking again may win back of these `people`."""
    count = int(rows["consent_state"].isin(["expired", "requested"]).sum())
    if asked < limits.ASKED_AGAIN_ENOUGH.value:
        return AskedAgain(people=count, asked=asked, answered=answered, low=None, high=None)
    low, high = wilson(answered, asked)
    return AskedAgain(people=count, asked=asked, answered=answered, low=float(low), high=float(high))


def ambiguous(rows: pd.DataFrame) -> int:
    """How many rows have a date of consent that can be read two ways."""
    return int(rows["consent_trouble"].eq("ambiguous_date").sum())


def vouched_for(rows: pd.DataFrame) -> int:
    """How many of these `people` an attestation speaks for."""
    return int(rows["consent_evidence"].eq(consent.ATTESTED).sum())


def attest(
    campaign: Campaign,
    *,
    basis: str,
    source: str,
    wording: str,
    by: str,
    day: date | None,
    now: datetime,
    document: str = "",
) -> Campaign:
    """The campaign with an attestation for its list; `day` is that of the oldest consent, `document` the hash of one
    that was attached. InputError where a part is missing, the day is yet to come, or the addresses were bought."""
    said = {"basis": basis, "source": source.strip(), "wording": wording.strip(), "by": by.strip()}
    if day is None or not all(said.values()):
        raise InputError("An attestation needs its basis, source, wording, day and the name of who vouches.")
    at = datetime.combine(day, time(), UTC)
    if at > now + _AHEAD:
        raise InputError("The day of the attestation is yet to come. People must have agreed before you write to them.")
    if consent.is_bought(said["source"]):
        raise InputError("Bought, rented or harvested addresses bring no consent with them; nobody can attest to it.")
    return replace(campaign, attestation=Attestation(**said, at=at, document=document))
