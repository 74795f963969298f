"""Who is not to be mailed: the join with the suppressions, and what outweighs one."""

import pandas as pd

from bulkmail.model import BY_THE_PERSON, REHEARSED, ConsentState, SuppressionReason, purpose_key

# Who is suppressed for these reasons may be sent the letter that asks whether they want to come back, if they asked.
MAY_ASK_AGAIN = (SuppressionReason.UNSUBSCRIBED.value, SuppressionReason.OBJECTED.value)
_LIVE = (ConsentState.GIVEN.value, ConsentState.RECONFIRMED.value)


def annotate(
    table: pd.DataFrame, suppressions: pd.DataFrame, *, purpose: str, events: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The table with `suppression_reason`: "" or the strongest SuppressionReason of the row's person.

    `suppressions` has person, reason and purpose; a purpose of "" holds for all. An unknown reason counts as manual.
    With `events` of the consent ledger, one holds no longer (`at` decides) where the person came back.
    """
    about = suppressions[_is_about(suppressions["purpose"], purpose) & suppressions["person"].ne("")]
    if events is not None and len(about) and len(events):
        about = about[_still_holds(about, events, purpose)]
    known = [reason.value for reason in SuppressionReason]
    reasons = about["reason"].astype("str").where(about["reason"].isin(known), SuppressionReason.MANUAL.value)
    strongest = (
        about.assign(reason=reasons, rank=reasons.map(known.index)).sort_values("rank").drop_duplicates("person")
    )
    place = pd.Index(strongest["person"]).get_indexer(table["person"])
    found = pd.array([*strongest["reason"], ""], dtype="str").take(place)  # -1, not suppressed, is the last: ""
    return table.assign(suppression_reason=pd.Series(found, table.index))


def mailed_after_leaving(
    contacts: pd.DataFrame, suppressions: pd.DataFrame, *, purpose: str, events: pd.DataFrame
) -> int:
    """How many letters (person, mailed_at) about a purpose left after their reader had, who has not come back since."""
    about = suppressions[_is_about(suppressions["purpose"], purpose) & suppressions["person"].ne("")]
    about = about[_still_holds(about, events, purpose)] if len(about) and len(events) else about
    if about.empty or contacts.empty:
        return 0
    left = contacts["person"].map(about.groupby("person")["at"].min())
    return int((contacts["mailed_at"] > left).sum()) if left.notna().any() else 0


def _is_about(purposes: pd.Series, purpose: str) -> pd.Series:
    """Which rows hold for the purpose, however it is spelt."""
    wanted = {name for name in purposes.unique() if purpose_key(name) in ("", purpose_key(purpose))}
    return purposes.isin(wanted)


def _still_holds(about: pd.DataFrame, events: pd.DataFrame, purpose: str) -> pd.Series:
    """Which suppressions the person has not outlived: by a consent for this purpose, newer than the suppression, that
    they gave themself, by a form or a link. What others say of them in a list or for a list undoes nothing."""
    own = events["evidence"].isin((*BY_THE_PERSON, REHEARSED)) & events["state"].isin(_LIVE)
    back = events[own & events["purpose"].map(purpose_key).eq(purpose_key(purpose))]
    if back.empty:
        return pd.Series(True, about.index)
    since = about["person"].map(back.groupby("person")["at"].max())
    return ~(since > about["at"]) if since.notna().any() else pd.Series(True, about.index)
