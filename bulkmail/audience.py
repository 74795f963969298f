"""Who is mailed and who is not: every row is eligible, or excluded for one first reason.

Eligible and excluded together are the rows that came in, and a mailbox is eligible once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bulkmail.model import Text, say

# In this order: what cannot be mailed, who must not be, who has not agreed, who has the letter, who has had enough.
REASONS: Mapping[str, Text] = {
    "no_address": say("No address"),
    "invalid_address": say("Address not well-formed"),
    "reserved_domain": say("Domain reserved for examples and tests"),
    "cannot_receive": say("Domain cannot receive mail"),
    "role_address": say("Address of a function that is never mailed"),
    "complained": say("Reported a letter as spam"),
    "unsubscribed": say("Unsubscribed"),
    "objected": say("Objected"),
    "hard_bounce": say("Mailbox does not exist"),
    "manual": say("On the suppression list"),
    "left_out": say("Left out by hand"),
    "consent_refused": say("Refused consent"),
    "consent_withdrawn": say("Withdrew consent"),
    "consent_expired": say("Consent expired"),
    "consent_unconfirmed": say("Consent not confirmed"),
    "consent_invalid": say("Consent that does not count"),
    "consent_other_purpose": say("Agreed to another purpose only"),
    "no_consent": say("No record of consent"),
    "already_mailed": say("Has this campaign's letter already"),
    "in_doubt_before": say("May have this campaign's letter already"),
    "duplicate": say("Same mailbox as another row"),
    "frequency_promise": say("Was promised fewer letters, or asked for fewer"),
    "inactive": say("Long silent, also when asked whether to go on"),
    "frequency_cap": say("Would get too many letters"),
    "frequency_trial": say("Held to fewer letters by lot, to learn what letters do"),
    "quiet_hours": say("Would get it at night"),
}
_CORRECT_ADDRESS = say("Correct the address where the list comes from, then upload the list again.")
_LEAVE = say("Do not write to this person again. No upload can undo this.")
_ASK = say("Ask for consent outside this campaign, then add it to the list with its date.")
_NEXT_STEPS: Mapping[str, Text] = {
    "no_address": _CORRECT_ADDRESS,
    "invalid_address": _CORRECT_ADDRESS,
    "reserved_domain": _CORRECT_ADDRESS,
    "cannot_receive": _CORRECT_ADDRESS,
    "role_address": say("Use the address of a person instead."),
    "complained": _LEAVE,
    "unsubscribed": _LEAVE,
    "objected": _LEAVE,
    "hard_bounce": say("Ask this person for an address that works."),
    "manual": _LEAVE,
    "left_out": say("Nothing to do: somebody left this row out and said why. The list's history can undo it."),
    "consent_refused": say(
        "Respect the refusal. One with a date ends with a later yes by this person; one without a date stays."
    ),
    "consent_withdrawn": say(
        "Respect the withdrawal. One with a date ends with a later yes by this person; one without a date stays."
    ),
    "consent_expired": say("Ask this person to confirm that they still want to hear from you."),
    "consent_unconfirmed": say("Ask this person to confirm, or write yes or no where the list's cell cannot be read."),
    "consent_invalid": say("Ask for consent anew: it was presumed, or lacks a condition or basis the law asks for."),
    "consent_other_purpose": say("Write for the purpose this person agreed to, or ask about this one first."),
    "no_consent": _ASK,
    "already_mailed": say("Nothing to do: nobody gets a campaign's letter twice."),
    "in_doubt_before": say("Settle what is in doubt on the campaign's results; until then the letter is not repeated."),
    "duplicate": say("Nothing to do: the mailbox gets the letter once, by the row that was kept."),
    "frequency_promise": say("Wait until the promised time has passed, or ask this person for more."),
    "inactive": say("Do not write to this person until they come back by themselves."),
    "frequency_cap": say("Send later, when fewer letters lie behind this person."),
    "frequency_trial": say("Nothing to do: the trial of the cadence rules ends when somebody ends it."),
    "quiet_hours": say("Send at an hour that is daytime where this person lives."),
}
# The columns that say why not, in the order of their reasons above; `duplicate` stands before the last.
_JUDGED = (
    "addressing_reason", "suppression_reason", "left_out_reason", "consent_reason", "handled_reason", "cadence_reason",
)  # fmt: skip
_BY_TIME = ("frequency_cap", "frequency_trial", "quiet_hours")
_NUMBER = {"": 0} | {reason: number for number, reason in enumerate(REASONS, start=1)}


@dataclass(frozen=True, kw_only=True)
class Audience:
    """A list parted in two, in its order and with its columns. `excluded` has `reason` as well, the first that holds,
    and `details`, the others joined by ";". `reasons` counts first reasons, in the order of REASONS."""

    eligible: pd.DataFrame
    excluded: pd.DataFrame
    reasons: dict[str, int]
    rows: int


def select_audience(table: pd.DataFrame, *, handled: pd.DataFrame | None = None) -> Audience:
    """The eligible rows of an annotated table, and the excluded ones with their reasons.

    Annotation columns that are missing are skipped. `handled` (person, reason) are people whom earlier plans of the
    campaign have reached (already_mailed) or may have reached (in_doubt_before). Of several rows of one mailbox that
    nothing but a cap speaks against, the one with the best consent stays, then the first. Raises ValueError for a
    reason that is not in REASONS.
    """
    judged = {name: table[name] for name in _JUDGED if name in table}
    if handled is not None:
        judged["handled_reason"] = _handled_reason(table, handled)
    numbers = {name: _numbers(judged[name]) for name in _JUDGED if name in judged}
    capped = numbers.pop("cadence_reason", None)
    mailable = ~np.any([column > 0 for column in numbers.values()], axis=0) if numbers else np.ones(len(table), bool)
    numbers["duplicate"] = np.where(_is_repeat(table, mailable), _NUMBER["duplicate"], 0)
    if capped is not None:
        numbers["cadence_reason"] = capped
    return _parted(table, np.column_stack(list(numbers.values())))


def explain(reason: str) -> Text:
    """What to do next about people excluded for a reason."""
    return _NEXT_STEPS[reason]


def reason_of_row(people: Audience, row: int) -> str:
    """Why a row of the list gets no letter: a key of REASONS; "" where it gets one, or is not there."""
    found = people.excluded.loc[people.excluded["source_row"] == row, "reason"]
    return str(found.iloc[0]) if len(found) else ""


def but_for_caps(people: Audience) -> pd.DataFrame:
    """The rows that nothing but the moment speaks against: the eligible ones, then those held back for now."""
    capped = people.excluded[people.excluded["reason"].isin(_BY_TIME)]
    return pd.concat([people.eligible, capped[people.eligible.columns]], ignore_index=True)


def _handled_reason(table: pd.DataFrame, handled: pd.DataFrame) -> pd.Series:
    """For each row what earlier plans have done, the certain before the doubtful, or ""."""
    known = handled[handled["person"].ne("")]
    mailed = known.loc[known["reason"].eq("already_mailed"), "person"]
    reached = np.where(table["person"].isin(known["person"]), "in_doubt_before", "")
    return pd.Series(np.where(table["person"].isin(mailed), "already_mailed", reached), table.index, dtype="str")


def _numbers(reasons: pd.Series) -> np.ndarray:
    """The place of each reason in REASONS, from 1; 0 for none."""
    codes, different = pd.factorize(reasons)
    unknown = [reason for reason in different if reason not in _NUMBER]
    if unknown:
        raise ValueError(f"not a reason: {', '.join(map(str, unknown[:5]))}")
    return np.array([_NUMBER[reason] for reason in different] or [0], dtype="int64")[codes]


def _is_repeat(table: pd.DataFrame, mailable: np.ndarray) -> np.ndarray:
    """Which rows are to stand back for another row of the same mailbox."""
    key = next((table[name] for name in ("mailbox", "person", "address") if name in table), None)
    repeat = np.zeros(len(table), bool)
    if key is None:
        return repeat
    rows = np.flatnonzero(mailable & key.ne("").to_numpy(dtype=bool))
    best_first = rows[np.lexsort([column[rows] for column in _preference(table)])]
    repeat[best_first] = key.iloc[best_first].duplicated().to_numpy(dtype=bool)
    return repeat


def _preference(table: pd.DataFrame) -> list[np.ndarray]:
    """Columns to sort by, the most important last: consent given, its date the latest, then the order of the list."""
    columns = [table["source_row"].to_numpy() if "source_row" in table else np.arange(len(table))]
    if {"consent_state", "consent_at"} <= set(table.columns):
        at = pd.to_datetime(table["consent_at"], utc=True)
        columns.append((at.max() - at).dt.total_seconds().fillna(np.inf).to_numpy())
        columns.append(~table["consent_state"].isin(["given", "reconfirmed"]).to_numpy(dtype=bool))
    return columns


def _parted(table: pd.DataFrame, numbers: np.ndarray) -> Audience:
    """The table in two, by the numbers of the reasons that hold for each row (a column for each kind, 0 for none)."""
    first, rest, place = _worded(numbers)
    out = (first != "")[place]
    eligible = table[~out].reset_index(drop=True)
    excluded = table[out].assign(reason=first.take(place[out]), details=rest.take(place[out])).reset_index(drop=True)
    counts = excluded["reason"].value_counts()
    reasons = {reason: int(counts[reason]) for reason in REASONS if reason in counts}
    if len(eligible) + len(excluded) != len(table) or sum(reasons.values()) != len(excluded):
        raise AssertionError("eligible and excluded are not the rows that came in")
    return Audience(eligible=eligible, excluded=excluded, reasons=reasons, rows=len(table))


def _worded(
    numbers: np.ndarray,
) -> tuple[pd.api.extensions.ExtensionArray, pd.api.extensions.ExtensionArray, np.ndarray]:
    """The first reason of each kind of row in words, its others joined by ";", and of which kind each row is."""
    packed = numbers @ 32 ** np.arange(numbers.shape[1])  # five bits hold the number of a reason
    _, samples, places = np.unique(packed, return_index=True, return_inverse=True)
    names = list(REASONS)
    held = [[names[number - 1] for number in sorted(row) if number] for row in numbers[samples].tolist()]
    first = pd.array([reasons[0] if reasons else "" for reasons in held], dtype="str")
    rest = pd.array([";".join(reasons[1:]) for reasons in held], dtype="str")
    return first, rest, places
