"""Tip 2 and the past: what this house knows of the people on a list, how long ago, and whether the list looks bought or
stale. The house's own rules; sources for the thresholds are in `limits`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from bulkmail import limits
from bulkmail.errors import InputError
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips import consent

# A row per person who was written to before: what ever came of it, and when a letter last went without a bounce.
PAST_COLUMNS = ("person", "bounced", "complained", "unsubscribed", "reached_at")
HOUSE_RULE = limits.HOUSE


@dataclass(frozen=True, kw_only=True)
class ListFacts:
    """A list judged by tips 1 to 3, and what the past knows (PAST_COLUMNS; no rows where nothing was ever sent)."""

    table: pd.DataFrame
    past: pd.DataFrame
    now: datetime


def past_of(letters: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    """PAST_COLUMNS from letters of elsewhere (person, sent_at, and bounced, complained, unsubscribed as 0 or 1) and
    from contacts (person, mailed_at). That a person was reached is said by a letter after which no bounce was heard."""
    marks = ["bounced", "complained", "unsubscribed"]
    heard = letters.groupby("person")[marks].max() if len(letters) else pd.DataFrame(columns=marks, dtype="int64")
    good = letters.loc[letters["bounced"] == 0, ["person", "sent_at"]].rename(columns={"sent_at": "mailed_at"})
    reached = pd.concat([good, contacts[["person", "mailed_at"]]]) if len(good) else contacts[["person", "mailed_at"]]
    latest = reached.groupby("person")["mailed_at"].max().rename("reached_at")
    told = heard.join(latest, how="outer")
    told[marks] = told[marks].fillna(0).astype("int64")
    return told.rename_axis("person").reset_index()[list(PAST_COLUMNS)]


# ---------------------------------------------------------------- known from before


def check_bounced(facts: ListFacts) -> Finding:
    """Do not write again to mailboxes that a letter came back from: providers judge a sender by just that."""
    message = say("{count} of {rows} rows bounced hard here before; {out} of them are left out for it.")
    fix = say("Ask these people for an address that works, and leave out the rest.")
    return _known_before("ADR-10", facts, "hard_bounce", "bounced", message, fix, "RFC 3463; " + HOUSE_RULE)


def check_complained(facts: ListFacts) -> Finding:
    """Do not write again to people who reported a letter as spam, whatever list they stand on now."""
    message = say("{count} of {rows} rows reported a letter as spam here before; {out} of them are left out for it.")
    fix = say("Leave them out, and find out why they are on the list again.")
    source = "https://senders.yahooinc.com/best-practices/, read 2026-11-23"
    return _known_before("ADR-15", facts, "complained", "complained", message, fix, source)


def check_left(facts: ListFacts) -> Finding:
    """An import never brings back who has unsubscribed; only a new yes by that person does."""
    message = say("{count} of {rows} rows unsubscribed here before; {out} of them are left out for it.")
    fix = say("Leave them out, and take them off where the list comes from.")
    return _known_before("ADR-16", facts, "unsubscribed", "unsubscribed", message, fix, HOUSE_RULE)


def _known_before(
    code: str, facts: ListFacts, reason: str, mark: str, message: Text, fix: Text, source: str
) -> Finding:
    """WARN with the rows that suppressions or letters from elsewhere know so; PASS without one."""
    table = facts.table
    suppressed = _reason(table).eq(reason)
    elsewhere = table["person"].isin(facts.past.loc[facts.past[mark] > 0, "person"])
    rows = tuple(table.loc[suppressed | elsewhere, "source_row"].tolist())
    told = Text(message.template, {"count": len(rows), "rows": len(table), "out": int(suppressed.sum())})
    outcome = Outcome.WARN if rows else Outcome.PASS
    return Finding(code=code, outcome=outcome, message=told, fix=fix, source=source, rows=rows)


def _reason(table: pd.DataFrame) -> pd.Series:
    return table["suppression_reason"] if "suppression_reason" in table else pd.Series("", table.index, dtype="str")


def check_confirmed(facts: ListFacts) -> Finding:
    """Addresses grow old: people leave schools and employers. Ask those to confirm whom nothing reached for long."""
    table, months = facts.table, int(limits.ADDRESS_CONFIRMED_MONTHS.value)
    usable = (table["addressing_reason"] == "").to_numpy()
    at = _confirmed_at(facts)
    old = usable & (at < _months_before(facts.now, months)).to_numpy()
    unknown = int((usable & at.isna().to_numpy()).sum())
    message = say(
        "{count} of {rows} addresses were last confirmed more than {months} months ago; for {unknown} nothing says "
        "when.",
        count=int(old.sum()), rows=int(usable.sum()), months=months, unknown=unknown,
    )  # fmt: skip
    fix = say("Send a small part first, or ask these people to confirm their address; bounces come from here.")
    outcome = Outcome.WARN if old.any() else Outcome.UNKNOWN if unknown else Outcome.PASS
    rows = tuple(table.loc[old, "source_row"].tolist())
    return Finding(code="ADR-20", outcome=outcome, message=message, fix=fix, source=HOUSE_RULE, rows=rows)


def _confirmed_at(facts: ListFacts) -> pd.Series:
    """When each address was last known to be right: its person agreed by it, or a letter went without a bounce."""
    known = _utc(facts.past.set_index("person")["reached_at"])
    reached, agreed = known.reindex(facts.table["person"]).set_axis(facts.table.index), _agreed_at(facts.table)
    return reached.where(reached >= agreed, agreed).fillna(reached)


def _agreed_at(table: pd.DataFrame) -> pd.Series:
    return _utc(table["consent_at"] if "consent_at" in table else pd.Series(pd.NaT, index=table.index))


def _months_before(now: datetime, months: int) -> pd.Timestamp:
    return pd.Timestamp(now) - pd.DateOffset(months=months)


def _utc(times: pd.Series) -> pd.Series:
    return pd.to_datetime(times, utc=True, errors="coerce").astype("datetime64[us, UTC]")


# ---------------------------------------------------------------- ADR-17, the import gate


def check_known_leavers(facts: ListFacts) -> Finding:
    """A list with many people who have left here before is an old copy, or comes from somebody else."""
    known = _reason(facts.table) != ""
    message = say("{count} of {rows} rows are people who left, complained or bounced here before.")
    return _sign(facts, known, len(facts.table), limits.IMPORT_LEFT_SHARE.value, message)


def check_dates(facts: ListFacts) -> Finding:
    """Know since when people have agreed: a list with old dates of consent alone is stale. One without any is told so
    by `addressing.check_import`."""
    at, months = _agreed_at(facts.table), int(limits.CONSENT_VALID_MONTHS.value)
    dated = int(at.notna().sum())
    if not dated:
        message = say(
            "How old the consent of this list is cannot be told: no row of {rows} says.", rows=len(facts.table)
        )
        return _gate_finding(Outcome.UNKNOWN, message)
    old = at < _months_before(facts.now, months)
    message = say("{count} of {rows} dates of consent are more than {months} months old.", months=months)
    return _sign(facts, old, dated, limits.IMPORT_STALE_SHARE.value, message)


def _sign(facts: ListFacts, which: pd.Series, rows: int, most: float, message: Text) -> Finding:
    """WARN where more than `most` of the rows are so; too few rows to tell are UNKNOWN, unless none is so."""
    count = int(which.sum())
    told = Text(message.template, {**message.values, "count": count, "rows": rows})
    enough = rows >= limits.IMPORT_ENOUGH_ROWS.value
    much = Outcome.WARN if count > most * rows else Outcome.PASS
    outcome = much if enough or not count else Outcome.UNKNOWN
    return _gate_finding(outcome, told, tuple(facts.table.loc[which, "source_row"].tolist()))


def _gate_finding(outcome: Outcome, message: Text, rows: tuple[int, ...] = ()) -> Finding:
    fix = say("Find out where the list comes from and when its people agreed, before it is used.")
    return Finding(code="ADR-17", outcome=outcome, message=message, fix=fix, source=HOUSE_RULE, rows=rows)


CHECKS = (check_bounced, check_complained, check_left, check_confirmed, check_known_leavers, check_dates)


def closed(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that close the gate (ADR-17 of these CHECKS and of tip 2): a list with one of them is kept only once
    a person says where it comes from."""
    return tuple(finding for finding in findings if finding.code == "ADR-17" and finding.outcome is Outcome.WARN)


def admit(findings: Iterable[Finding], origin: str) -> None:
    """Raise InputError where the gate is closed and nobody says where the list comes from, or it was bought."""
    if consent.is_bought(origin):
        raise InputError("Bought, rented or harvested addresses bring no consent with them: the list is not kept.")
    if closed(findings) and not origin.strip():
        raise InputError("This list looks bought or stale. Say where it comes from and since when its people agreed.")
