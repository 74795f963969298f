"""Where people stand: the ledger folded in one pass, and for how long consent lasts by country and basis."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.model import BY_THE_PERSON, REHEARSED, purpose_key
from bulkmail.tips.consent.dates import AHEAD, EARLIEST, TIME
from bulkmail.tips.consent.words import AGAINST, ATTESTED, LIVE

# Months by country and basis, the most exact entry first; "" is any; 0 months is for ever.
Validity = Mapping[tuple[str, str], int]
VALIDITY: Validity = {
    ("", ""): int(limits.CONSENT_VALID_MONTHS.value),
    ("CA", "consent_implied"): int(limits.CONSENT_IMPLIED_MONTHS.value),
    ("CA", "consent_implied_inquiry"): int(limits.CONSENT_INQUIRY_MONTHS.value),
}


def lasting(months: Validity) -> Validity:
    """For how long consent lasts where a house says `months` of its own."""
    return {**VALIDITY, **months}


_SAID = ("state", "basis", "at", "recorded_at", "evidence", "source", "method", "wording", "notice", "jurisdiction",
         "conditions", "proof", "valid_until")  # fmt: skip
FOLDED_COLUMNS = ("person", "purpose", *_SAID, "expires_at")
# At one moment the stricter state wins; a confirmation follows its request.
_STRENGTH = {"requested": 1, "given": 2, "reconfirmed": 3, "expired": 4, "refused": 5, "withdrawn": 6}
_DAY = timedelta(days=1, microseconds=-1)


def fold(
    events: pd.DataFrame, *, now: datetime, validity: Validity = VALIDITY, countries: pd.Series | None = None
) -> pd.DataFrame:
    """Where each person stands for each purpose: one row of FOLDED_COLUMNS, `at` missing where the day is not known.

    The last word counts. A day without a time counts from its midnight, a no until its end; a no without a day until it
    was recorded. Weaker than any day: consent without one; weaker still: an attestation. A no that a person gave us
    themselves, or one without a day, ends only with a later yes that the person gave us themselves, whatever lists say.
    Dates in the future are not believed. Consent lasts as `validity` says, from its day or, where that is not known,
    its recording; then it is expired. `countries` (by person) stand in where an event names none.
    """
    said = deciding(events, now=now).reindex(columns=["person", "purpose", *_SAID]).reset_index(drop=True)
    if countries is not None:
        country = said["jurisdiction"].fillna("")
        said = said.assign(jurisdiction=country.mask(country.eq(""), said["person"].map(countries).fillna("")))
    ends = expiry(said, validity)
    lapsed = said["state"].isin(LIVE) & (ends <= now)
    return said.assign(state=said["state"].mask(lapsed, "expired"), expires_at=ends)[list(FOLDED_COLUMNS)]


def deciding(events: pd.DataFrame, *, now: datetime) -> pd.DataFrame:
    """The event that counts for each person and purpose, with all its columns; one for each, in their order."""
    at = pd.to_datetime(events["at"], utc=True).astype(TIME)
    said = events.assign(at=at.where(at <= now + AHEAD))
    return said.iloc[_last(said)]


def spelled_as(events: pd.DataFrame, purpose: str) -> pd.DataFrame:
    """The events with every spelling of the purpose as the purpose, and those that count for all purposes too."""
    same = {name: purpose for name in events["purpose"].unique() if purpose_key(name) in ("", purpose_key(purpose))}
    return events.assign(purpose=events["purpose"].replace(same))


def _last(said: pd.DataFrame) -> np.ndarray:
    """The places of the events that count, in order."""
    tier, moment = _weighed(said)
    strength = said["state"].map(_STRENGTH).fillna(0).to_numpy("int64")
    pair = _pairs(said)
    order = np.lexsort((strength, moment, np.where(_outdated(said, pair, moment), -1, tier), pair))
    ends = np.append(pair[order][1:] != pair[order][:-1], True) if len(order) else np.zeros(0, bool)
    return np.sort(order[ends])


def _weighed(said: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """How much each event weighs, and the microsecond at which it counts."""
    against = said["state"].isin(AGAINST)
    at, recorded = said["at"], pd.to_datetime(said["recorded_at"], utc=True).astype(TIME)
    all_day = against & at.eq(at.dt.floor("D"))
    moment = at.mask(all_day, at + _DAY).mask(against & at.isna(), recorded).fillna(EARLIEST)
    vouched = said["evidence"].eq(ATTESTED) & ~against
    tier = np.select([vouched, against | at.notna()], [0, 2], 1)
    return tier, moment.astype("int64").to_numpy()


def _outdated(said: pd.DataFrame, pair: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Which events speak of consent after the person themselves has said no, and not themselves said yes since."""
    against, own = said["state"].isin(AGAINST).to_numpy(), said["evidence"].isin((*BY_THE_PERSON, REHEARSED)).to_numpy()
    firm = against & (own | said["at"].isna().to_numpy())
    if not firm.any():
        return firm
    people = np.unique(pair[firm])
    place = np.searchsorted(people, pair).clip(max=len(people) - 1)
    theirs = people[place] == pair
    no, yes = (np.full(len(people), np.iinfo("int64").min) for _ in range(2))
    np.maximum.at(no, place[firm], moment[firm])
    consented = theirs & own & ~against
    np.maximum.at(yes, place[consented], moment[consented])
    return theirs & ~against & ~own & (no >= yes)[place]


def _pairs(said: pd.DataFrame) -> np.ndarray:
    """A number for each person and purpose."""
    persons, purposes = pd.factorize(said["person"])[0], pd.factorize(said["purpose"])
    return persons.astype("int64") * max(len(purposes[1]), 1) + purposes[0]


def expiry(said: pd.DataFrame, validity: Validity = VALIDITY) -> pd.Series:
    """When consent of this `at` or `recorded_at`, `basis`, `jurisdiction` and `valid_until` ends; missing = never."""
    since = said["at"].fillna(pd.to_datetime(said["recorded_at"], utc=True).astype(TIME))
    months = _months(said, validity)
    ends = pd.Series(pd.NaT, said.index, dtype=TIME)
    for number in set(months.tolist()) - {0}:
        ends = ends.mask(months == number, since + pd.DateOffset(months=number))
    agreed = pd.to_datetime(said["valid_until"], utc=True).astype(TIME)
    return ends.where(agreed.isna() | (ends <= agreed), agreed).fillna(agreed)


def _months(said: pd.DataFrame, validity: Validity) -> np.ndarray:
    """For how many months each consent lasts."""
    (country, countries), (basis, bases) = (pd.factorize(said[name].fillna("")) for name in ("jurisdiction", "basis"))
    months = [[months_of(one, other, validity) for other in bases] for one in countries]
    return np.array(months, dtype="int64").reshape(len(countries), len(bases))[country, basis]


def months_of(country: str, basis: str, validity: Validity = VALIDITY) -> int:
    """For how many months consent of this basis lasts there: the most exact entry of `validity`."""
    asked = ((country, basis), (country, ""), ("", basis), ("", ""))
    return next(validity[key] for key in asked if key in validity)
