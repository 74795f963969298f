"""What the ledger means for each row of a list: its state, how good the evidence is, and a reason or none."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import pandas as pd

from bulkmail.model import BY_THE_PERSON, REHEARSED, Notice, say
from bulkmail.tips.consent.dates import TIME
from bulkmail.tips.consent.events import reading
from bulkmail.tips.consent.folding import VALIDITY, Validity, fold, spelled_as
from bulkmail.tips.consent.words import (
    ATTESTED,
    BASES,
    LIVE,
    PRESUMED,
    cells,
    clean,
    country_of_domain,
    each,
    first_of,
)

# How good the evidence is, best first.
GRADES = {
    "own_act": say("Their own act, recorded by us"),
    "recorded": say("A record with day and wording"),
    "thin": say("A record without day or wording"),
    "attested": say("An attestation only"),
    "": say("Nothing recorded"),
}
SOFT_OPT_IN = ("sale", "similar", "refusal_offered")  # all three: ePrivacy Art. 13(2), PECR reg. 22(3)
_TEXTS = ("basis", "evidence", "method", "notice", "conditions")
NoticeIndex = Mapping[str, str]
# What a record of consent says beside its words (ISO/IEC TS 27560): fields of Notice.
DETAILS = ("controller", "data", "recipients", "storage", "retention", "withdrawal")


def index_of(notices: Iterable[Notice]) -> NoticeIndex:
    """What a list may call a notice (its words, its name and version, its hash) to its hash."""
    return {
        key: notice.hash
        for notice in notices
        for key in (clean(notice.text), clean(f"{notice.name} {notice.version}"), notice.hash)
    }


def thin(notices: Iterable[Notice]) -> frozenset[str]:
    """The hashes of the notices that leave out any of DETAILS."""
    return frozenset(one.hash for one in notices if not all(getattr(one, name).strip() for name in DETAILS))


def annotate(
    table: pd.DataFrame,
    events: pd.DataFrame,
    *,
    purpose: str,
    kind: str,
    now: datetime,
    validity: Validity = VALIDITY,
    country: str = "",
    notices: NoticeIndex | None = None,
    date_order: str = "",
) -> pd.DataFrame:
    """The table with CONSENT_COLUMNS, judged from `events` (the ledger, best of all purposes, this list's included).

    `consent_at` becomes a time (missing where unknown). Events of purpose "" count for every purpose. A person of whom
    a row says what cannot be read is not mailed on another row's word. A transactional letter asks for no consent, but
    a refusal or withdrawal of its purpose still counts. `country` is the house's own.
    """
    places = _places(table, country)
    who, events = _numbered(table["person"], events)
    theirs = pd.Series(places.to_numpy(), who.to_numpy())[~who.duplicated().to_numpy()]
    folded = fold(spelled_as(events, purpose), now=now, validity=validity, countries=theirs)
    ours = folded["purpose"].eq(purpose)
    found = folded[ours].set_index("person").reindex(who).set_axis(table.index)
    elsewhere = who.isin(folded.loc[~ours & folded["state"].isin(LIVE), "person"])
    trouble = reading(table, now, date_order)["trouble"]
    unread = who.isin(who[trouble.eq("unreadable_consent") & table["person"].ne("")])
    judged = _told(found, places, notices or {})
    listed = cells(table, "consent_wording")
    judged["consent_wording"] = judged["consent_wording"].mask(judged["consent_state"].eq(""), listed)
    transactional = kind == "transactional"
    reasons = _reasons(judged, unread=unread, elsewhere=elsewhere, transactional=transactional)
    return table.assign(**judged, consent_reason=reasons, consent_trouble=trouble)


def _numbered(persons: pd.Series, events: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """A number for each person of a list, and the events with the same numbers: they are joined in a tenth of the time
    that texts take."""
    numbers = pd.factorize(pd.concat([persons, events["person"]]))[0]
    return pd.Series(numbers[: len(persons)], persons.index), events.assign(person=numbers[len(persons) :])


def _places(table: pd.DataFrame, country: str) -> pd.Series:
    """The country of each row as far as its mail domain hints at one; else the house's own."""
    domains = table["domain"] if "domain" in table else cells(table, "address").str.rsplit("@", n=1).str[-1]
    hinted = each(domains, country_of_domain)
    return hinted.mask(hinted.eq(""), country)


def _told(found: pd.DataFrame, places: pd.Series, notices: NoticeIndex) -> dict[str, pd.Series]:
    """The columns of the event that counts for each row, as texts and times."""
    texts = {name: found[name].fillna("").astype("str") for name in (*_TEXTS, "state", "source", "wording")}
    named = each(texts["wording"], lambda cell: notices.get(clean(cell), ""))
    notice = texts["notice"].mask(texts["notice"].eq(""), named)
    country = found["jurisdiction"].fillna("").astype("str")
    judged = {f"consent_{name}": texts[name] for name in ("state", *_TEXTS)}
    return judged | {
        "consent_at": found["at"].astype(TIME),
        "consent_expires_at": found["expires_at"].astype(TIME),
        "consent_origin": texts["source"],
        "consent_wording": texts["wording"],
        "consent_notice": notice,
        "consent_country": country.mask(country.eq(""), places),
        "consent_grade": _grades(texts, found["at"].notna(), notice.ne("")),
    }


def _grades(texts: Mapping[str, pd.Series], dated: pd.Series, noticed: pd.Series) -> pd.Series:
    worded = noticed | texts["wording"].str.strip().ne("")
    holds = {
        "": texts["state"].eq(""),
        "attested": texts["evidence"].eq(ATTESTED),
        "own_act": texts["evidence"].isin((*BY_THE_PERSON, REHEARSED)),
        "recorded": dated & worded,
    }
    return first_of(holds, "thin")


def _reasons(
    judged: Mapping[str, pd.Series], *, unread: pd.Series, elsewhere: pd.Series, transactional: bool
) -> pd.Series:
    """Why a row is not to be mailed: the first that holds, or ""."""
    state = judged["consent_state"]
    holds = {
        "consent_refused": state.eq("refused"),
        "consent_withdrawn": state.eq("withdrawn"),
        "": pd.Series(transactional, index=state.index),
        "consent_unconfirmed": unread | state.eq("requested"),
        "consent_expired": state.eq("expired"),
        "consent_invalid": state.isin(LIVE) & does_not_count(judged),
        "consent_other_purpose": ~state.isin(LIVE) & elsewhere,
        "no_consent": ~state.isin(LIVE),
    }
    return first_of(holds, "")


def does_not_count(judged: Mapping[str, pd.Series]) -> pd.Series:
    """Which consent is none: presumed from a ticked box, a soft opt-in without all of its conditions, or in Macau one
    on a basis that nobody knows."""
    basis = judged["consent_basis"]
    groundless = judged["consent_country"].eq("MO") & ~basis.isin(list(BASES))
    return judged["consent_method"].isin(PRESUMED) | (basis.eq("soft_opt_in") & ~meets(judged)) | groundless


def meets(judged: Mapping[str, pd.Series]) -> pd.Series:
    """Which rows have all conditions of a soft opt-in."""
    return each(judged["consent_conditions"], lambda cell: str(set(SOFT_OPT_IN) <= set(cell.split()))).eq("True")
