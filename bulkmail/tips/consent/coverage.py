"""How far consent reaches over a list: by basis, origin, age and evidence; what ends when; what is lacking."""

from datetime import datetime

import narwhals as nw
import numpy as np
import pandas as pd

from bulkmail.model import say
from bulkmail.tips.consent.words import ATTESTED, COLUMN_UNNAMED, LIVE

AGE_BANDS = {
    "under_6_months": say("Under 6 months"),
    "6_to_12_months": say("6 to 12 months"),
    "12_to_18_months": say("12 to 18 months"),
    "18_to_24_months": say("18 to 24 months"),
    "over_24_months": say("Over 24 months"),
    "undated": say("No date"),
}
# What the record of a person may lack.
LACKS = {
    "consent": say("Any record"),
    "purpose": say("The purpose"),
    "day": say("The day"),
    "wording": say("The wording"),
    "origin": say("The origin"),
    "own_record": say("A record of their own"),
}
BY_STATE = ("consent_state", "consent_basis", "consent_evidence", "consent_age")
BY_PROOF = ("consent_basis", "consent_origin", "consent_age", "consent_grade")


def coverage(table: object, *, now: datetime, by: tuple[str, ...] = BY_STATE) -> object:
    """How many rows there are of each `by` (consent_age is one of AGE_BANDS, "" where nothing is recorded), with their
    share of all, most rows first.

    `table` is annotated and of any kind that narwhals knows; a table of the same kind comes back.
    """
    banded = nw.from_native(table).with_columns(consent_age=_age(now), rows=nw.lit(1, nw.Int64))
    counted = banded.group_by(list(by)).agg(nw.col("rows").sum())
    shared = counted.with_columns(share=nw.col("rows") / nw.col("rows").sum())
    return shared.sort("rows", *by, descending=[True, *[False] * len(by)]).to_native()


def coverage_map(table: object, *, now: datetime) -> object:
    """Consent that holds today by basis, origin, age and grade of evidence (BY_PROOF), with rows and share of it."""
    holds = nw.from_native(table).filter(nw.col("consent_state").is_in(list(LIVE)))
    return coverage(holds.to_native(), now=now, by=BY_PROOF)


def expiring(table: object) -> object:
    """How many rows with consent that holds today lose it in which month (`month`, 2027-01, in UTC), in order.

    What has no end is not there. Tables of any kind that narwhals knows.
    """
    holds = nw.from_native(table).filter(
        nw.col("consent_state").is_in(list(LIVE)), ~nw.col("consent_expires_at").is_null()
    )
    monthly = holds.with_columns(month=nw.col("consent_expires_at").dt.to_string("%Y-%m"), rows=nw.lit(1, nw.Int64))
    return monthly.group_by("month").agg(nw.col("rows").sum()).sort("month").to_native()


def _age(now: datetime) -> nw.Expr:
    bands = dict(zip((6, 12, 18, 24), AGE_BANDS, strict=False))
    age = nw.lit("over_24_months")
    for months in sorted(bands, reverse=True):
        since = (pd.Timestamp(now) - pd.DateOffset(months=months)).to_pydatetime()
        age = nw.when(nw.col("consent_at") > nw.lit(since)).then(nw.lit(bands[months])).otherwise(age)
    dated = nw.when(nw.col("consent_at").is_null()).then(nw.lit("undated")).otherwise(age)
    return nw.when(nw.col("consent_state") == "").then(nw.lit("")).otherwise(dated)


def lacking(table: pd.DataFrame) -> pd.DataFrame:
    """What the record of each row lacks: a true-or-false column for each of LACKS. Who said no lacks nothing."""
    recorded, holds = table["consent_state"].ne(""), table["consent_state"].isin([*LIVE, "expired", "requested"])
    unworded = table["consent_notice"].eq("") & table["consent_wording"].str.strip().eq("")
    return pd.DataFrame(
        {
            "consent": ~recorded,
            "purpose": holds & table["consent_evidence"].eq(COLUMN_UNNAMED),
            "day": holds & table["consent_at"].isna(),
            "wording": holds & unworded,
            "origin": holds & table["consent_origin"].eq(""),
            "own_record": holds & table["consent_evidence"].eq(ATTESTED),
        }
    )


def asked_and_answered(events: pd.DataFrame) -> tuple[int, int]:
    """How many people the ledger says were asked to confirm, and how many of them did so afterwards.

    The share tells what a campaign that asks again may win back here; it is this house's own past and nobody else's.
    """
    dated = events[events["at"].notna()]
    asked = dated[dated["state"].eq("requested")].groupby(["person", "purpose"])["at"].min()
    agreed = dated[dated["state"].isin(LIVE)].groupby(["person", "purpose"])["at"].max()
    both = asked.to_frame("asked").join(agreed.to_frame("agreed"))
    return len(both), int(np.sum(both["agreed"] >= both["asked"]))
