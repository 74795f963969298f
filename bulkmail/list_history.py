"""Tip 2 and the past: what this house knows of the people on a list, how long ago, and whether the list looks bought or
stale. The house's own rules; sources for the thresholds are in `limits`."""

from collections.abc import Iterable
from datetime import datetime

import pandas as pd

from bulkmail import limits
from bulkmail.errors import InputError
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips import consent
from bulkmail.tips.addressing import Quality, count

# A row per person who was written to before: what ever came of it, and when a letter last went without a bounce.
PAST_COLUMNS = ("person", "bounced", "complained", "unsubscribed", "reached_at")
HOUSE_RULE = limits.HOUSE


# The marks of the past, each with the reason for which a suppression leaves a row out.
_REASONS = {"bounced": "hard_bounce", "complained": "complained", "unsubscribed": "unsubscribed"}


def known_of(table: pd.DataFrame, past: pd.DataFrame, now: datetime) -> Quality:
    """What is known of a list judged by tips 1 to 3, from the past (PAST_COLUMNS; no rows where nothing was sent)."""
    signs = signs_of(table, past, now)
    return Quality(rows=len(table), counts=count(signs), signs=signs)


def signs_of(table: pd.DataFrame, past: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """`source_row` and the signs of each row that CHECKS count, 1 or 0: each is of a row by itself."""
    suppressed = table["suppression_reason"] if "suppression_reason" in table else pd.Series("", table.index)
    usable, agreed = table["addressing_reason"].eq(""), _agreed_at(table)
    confirmed = _confirmed_at(table, past, agreed)
    signs = {"source_row": table["source_row"], "left_before": suppressed.ne("")}
    for mark, reason in _REASONS.items():
        out = suppressed.eq(reason)
        elsewhere = table["person"].isin(past.loc[past[mark] > 0, "person"])
        signs |= {f"{mark}_out": out, f"{mark}_before": out | elsewhere}
    signs |= {
        "to_confirm": usable,
        "confirmed_long_ago": usable & (confirmed < _months_before(now, limits.ADDRESS_CONFIRMED_MONTHS)),
        "confirmed_unknown": usable & confirmed.isna(),
        "agreed": agreed.notna(),
        "agreed_long_ago": agreed < _months_before(now, limits.CONSENT_VALID_MONTHS),
    }
    return pd.DataFrame(signs).astype(dict.fromkeys(list(signs)[1:], "int8"))


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


def check_bounced(known: Quality) -> Finding:
    """Do not write again to mailboxes that a letter came back from: providers judge a sender by just that."""
    message = say("{count} of {rows} rows bounced hard here before; {out} of them are left out for it.")
    fix = say("Ask these people for an address that works, and leave out the rest.")
    return _known_before("ADR-10", known, "bounced", message, fix, "RFC 3463; " + HOUSE_RULE)


def check_complained(known: Quality) -> Finding:
    """Do not write again to people who reported a letter as spam, whatever list they stand on now."""
    message = say("{count} of {rows} rows reported a letter as spam here before; {out} of them are left out for it.")
    fix = say("Leave them out, and find out why they are on the list again.")
    source = "https://senders.yahooinc.com/best-practices/, read 2026-11-23"
    return _known_before("ADR-15", known, "complained", message, fix, source)


def check_left(known: Quality) -> Finding:
    """An import never brings back who has unsubscribed; only a new yes by that person does."""
    message = say("{count} of {rows} rows unsubscribed here before; {out} of them are left out for it.")
    fix = say("Leave them out, and take them off where the list comes from.")
    return _known_before("ADR-16", known, "unsubscribed", message, fix, HOUSE_RULE)


def _known_before(code: str, known: Quality, mark: str, message: Text, fix: Text, source: str) -> Finding:
    """WARN with the rows that suppressions or letters from elsewhere know so; PASS without one."""
    told = {"count": known.counts[f"{mark}_before"], "rows": known.rows, "out": known.counts[f"{mark}_out"]}
    outcome = Outcome.WARN if told["count"] else Outcome.PASS
    return _finding(code, outcome, Text(message.template, told), fix, known, f"{mark}_before", source)


def check_confirmed(known: Quality) -> Finding:
    """Addresses grow old: people leave schools and employers. Ask those to confirm whom nothing reached for long."""
    old, unknown = known.counts["confirmed_long_ago"], known.counts["confirmed_unknown"]
    message = say(
        "{count} of {rows} addresses were last confirmed more than {months} months ago; for {unknown} nothing says "
        "when.",
        count=old, rows=known.counts["to_confirm"], months=int(limits.ADDRESS_CONFIRMED_MONTHS.value), unknown=unknown,
    )  # fmt: skip
    fix = say("Send a small part first, or ask these people to confirm their address; bounces come from here.")
    outcome = Outcome.WARN if old else Outcome.UNKNOWN if unknown else Outcome.PASS
    return _finding("ADR-20", outcome, message, fix, known, "confirmed_long_ago")


def _confirmed_at(table: pd.DataFrame, past: pd.DataFrame, agreed: pd.Series) -> pd.Series:
    """When each address was last known to be right: its person agreed by it, or a letter went without a bounce."""
    if past.empty:
        return agreed
    reached = _utc(past.set_index("person")["reached_at"]).reindex(table["person"]).set_axis(table.index)
    return reached.where(reached >= agreed, agreed).fillna(reached)


def _agreed_at(table: pd.DataFrame) -> pd.Series:
    return _utc(table["consent_at"] if "consent_at" in table else pd.Series(pd.NaT, index=table.index))


def _months_before(now: datetime, months: limits.Limit) -> pd.Timestamp:
    return pd.Timestamp(now) - pd.DateOffset(months=int(months.value))


def _utc(times: pd.Series) -> pd.Series:
    return pd.to_datetime(times, utc=True, errors="coerce").astype("datetime64[us, UTC]")


def _finding(
    code: str, outcome: Outcome, message: Text, fix: Text, known: Quality, sign: str, source: str = HOUSE_RULE
) -> Finding:
    rows, count = known.where(sign), known.counts[sign]
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=source, rows=rows, count=count)


# ---------------------------------------------------------------- ADR-17, the import gate


def check_known_leavers(known: Quality) -> Finding:
    """A list with many people who have left here before is an old copy, or comes from somebody else."""
    message = say("{count} of {rows} rows are people who left, complained or bounced here before.")
    return _sign(known, "left_before", known.rows, limits.IMPORT_LEFT_SHARE.value, message)


def check_dates(known: Quality) -> Finding:
    """Know since when people have agreed: a list with old dates of consent alone is stale. One without any is told so
    by `addressing.check_import`."""
    dated = known.counts["agreed"]
    if not dated:
        message = say("How old the consent of this list is cannot be told: no row of {rows} says.", rows=known.rows)
        return _finding("ADR-17", Outcome.UNKNOWN, message, _GATE_FIX, known, "agreed")
    message = say(
        "{count} of {rows} dates of consent are more than {months} months old.",
        months=int(limits.CONSENT_VALID_MONTHS.value),
    )
    return _sign(known, "agreed_long_ago", dated, limits.IMPORT_STALE_SHARE.value, message)


_GATE_FIX = say("Find out where the list comes from and when its people agreed, before it is used.")


def _sign(known: Quality, sign: str, rows: int, most: float, message: Text) -> Finding:
    """WARN where more than `most` of the rows are so; too few rows to tell are UNKNOWN, unless none is so."""
    count = known.counts[sign]
    told = Text(message.template, {**message.values, "count": count, "rows": rows})
    enough = rows >= limits.IMPORT_ENOUGH_ROWS.value
    much = Outcome.WARN if count > most * rows else Outcome.PASS
    return _finding("ADR-17", much if enough or not count else Outcome.UNKNOWN, told, _GATE_FIX, known, sign)


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
