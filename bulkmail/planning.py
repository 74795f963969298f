"""Looks ahead: what is planned, read from a file, and what it will likely bring, from everything that was ever sent."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from bulkmail import engagement, forecast
from bulkmail.adapters import journal, suppressions
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import InputError
from bulkmail.tips import cadence

PLAN_COLUMNS = ("campaign", "department", "send_at", "recipients")
SETTLES = timedelta(days=3)  # after which nearly all that will happen to a letter has happened
LEFT_REASONS = ("suppressed", "left_before", "no_person", "repeated")


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan as letters to be: `letters` (campaign, department, person, sent_at, at_gmail), and `left_out`, how many
    addresses of which campaign get none and why: campaign, reason (LEFT_REASONS), count."""

    letters: pd.DataFrame
    left_out: pd.DataFrame


def read_plan(ws: Workspace, data: bytes, read_recipients: Callable[[str], bytes], name: str) -> Planned:
    """Return the plan in a CSV with PLAN_COLUMNS; `read_recipients` gives the bytes of a file with an address a line.

    Raises InputError, naming row and column, for what cannot be used. Whoever is suppressed is left out.
    """
    table = _plan_table(data, name)
    suppressed = suppressions.suppressions(ws)
    gone = set(suppressed.loc[suppressed["purpose"] == "", "person"])
    parts, left = [], []
    for row in table.itertuples():
        addresses = _addresses(read_recipients(row.recipients), row.recipients)
        people = addresses.assign(person=engagement.persons_of(addresses["address"], ws.person_key).to_numpy())
        reason = pd.Series("", index=people.index, dtype="str")
        reason[people["person"].duplicated()] = "repeated"
        reason[people["person"].isin(gone)] = "suppressed"
        reason[people["person"] == ""] = "no_person"
        counts = reason[reason != ""].value_counts()
        left += [{"campaign": row.campaign, "reason": why, "count": int(count)} for why, count in counts.items()]
        kept = people[reason == ""]
        parts.append(
            pd.DataFrame(
                {
                    "campaign": row.campaign,
                    "department": row.department,
                    "person": kept["person"].to_numpy(),
                    "sent_at": row.send_at,
                    "at_gmail": engagement.is_gmail(kept["address"]).to_numpy(),
                }
            )
        )
    letters = pd.concat(parts, ignore_index=True).astype({"campaign": "str", "department": "str", "person": "str"})
    return Planned(letters=letters, left_out=pd.DataFrame(left, columns=["campaign", "reason", "count"]))


def _plan_table(data: bytes, name: str) -> pd.DataFrame:
    try:
        table = pd.read_csv(io.BytesIO(data), dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        raise InputError("{file} is not a CSV in UTF-8.", file=name) from error
    missing = [column for column in PLAN_COLUMNS if column not in table]
    if missing or table.empty:
        raise InputError(
            "A plan has a row per campaign and the columns {columns}. This one lacks {missing}.",
            columns=", ".join(PLAN_COLUMNS),
            missing=", ".join(missing) or "rows",
        )
    at, why = engagement.read_times(table["send_at"])
    wrong = (why != "") | at.isna()
    if wrong.any():
        raise InputError(
            "Row {row}: send_at is not a time with an offset from UTC, such as 2026-12-01T10:53:00+08:00.",
            row=int(wrong.to_numpy().argmax()) + 1,
        )
    repeated = table["campaign"].duplicated() | (table["campaign"].str.strip() == "")
    if repeated.any():
        raise InputError(
            "Row {row}: every planned campaign needs a name of its own.", row=int(repeated.to_numpy().argmax()) + 1
        )
    return table.assign(send_at=at.dt.as_unit("us"))


def _addresses(data: bytes, name: str) -> pd.DataFrame:
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError("{file} is not UTF-8 text with one address a line.", file=name) from error
    found = [line.strip().strip(",;") for line in lines if line.strip()]
    if found and found[0].lower() in ("recipient", "address", "email", "email address"):
        found = found[1:]
    return pd.DataFrame({"address": pd.Series(found, dtype="str")})


# ---------------------------------------------------------------- what was meant


def intended(ws: Workspace) -> pd.DataFrame:
    """Return every letter that was ever meant here: campaign, person, meant_at (when the plan was approved), reason.

    `reason` is "" for a letter that was handed over, else why there was none: of the audience (also caps), or of the
    journal; where the journal gives none, the state of the letter (it waits, or nobody knows). What the calendar would
    have done can be told only from this; list versions are dated beside it.
    """
    parts = [pd.DataFrame(columns=["campaign", "person", "meant_at", "reason"])]
    for run in journal.runs(ws):
        letters = journal.letters(ws, run.plan_hash)
        skipped = journal.load_excluded(ws, run.plan_hash)[["person", "reason"]]
        why = (
            letters["reason"].where(letters["reason"] != "", letters["state"]).where(letters["state"] != "accepted", "")
        )
        sent = letters.assign(reason=why)[["person", "reason"]]
        rows = pd.concat([sent, skipped], ignore_index=True)
        parts.append(rows.assign(campaign=run.campaign_id, meant_at=pd.Timestamp(run.approved_at)))
    return pd.concat(parts[1:] or parts, ignore_index=True)[["campaign", "person", "meant_at", "reason"]]


# ---------------------------------------------------------------- the outlook


def sends_with_plan(letters: pd.DataFrame, planned: Planned, now: datetime) -> tuple[forecast.Sends, Planned]:
    """Return the past and a plan as one log, and the plan less who has left before (`forecast.has_left`).

    What was sent in the three days before `now` is not learned from: people are still answering it."""
    plan = planned.letters
    split = min(letters["sent_at"].max() + pd.Timedelta(seconds=1), plan["sent_at"].min())
    past = letters[letters["sent_at"] < split]
    gone = forecast.has_left(past, plan)
    counts = plan[gone].groupby("campaign").size()
    told = pd.DataFrame({"campaign": counts.index, "reason": "left_before", "count": counts.to_numpy()})
    kept = Planned(
        letters=plan[~gone].reset_index(drop=True), left_out=pd.concat([planned.left_out, told], ignore_index=True)
    )
    both = pd.concat([past, kept.letters], ignore_index=True)
    marks = [name for name in both.columns if name in engagement.HAPPENINGS]
    return forecast.sends_of(
        both.assign(**both[marks].fillna(0).astype("int64")), split=split, settled=pd.Timestamp(now) - SETTLES
    ), kept


def look_ahead(
    letters: pd.DataFrame, planned: Planned, now: datetime, *, postmaster_rate: float | None = None
) -> tuple[forecast.Outlook, Planned]:
    """Return what a plan will likely bring (`forecast.outlook`), and the plan less who has left."""
    past, kept = learn(letters, planned, now)
    return forecast.outlook(past, postmaster_rate=postmaster_rate), kept


def learn(letters: pd.DataFrame, planned: Planned, now: datetime) -> tuple[forecast.Past, Planned]:
    """Return what the past teaches about a plan (`forecast.learn`), and the plan less who has left."""
    sends, kept = sends_with_plan(letters, planned, now)
    return forecast.learn(sends), kept


def improve(
    past: forecast.Past,
    now: datetime,
    *,
    rules: cadence.Rules = cadence.HOUSE_RULES,
    locked: Sequence[str] = (),
    prices: forecast.Prices | None = None,
    kinds: Sequence[str] = forecast.KINDS,
) -> forecast.Improvement:
    """Return better dates for a plan (`forecast.improve`), within the caps, gap, hours, days and lead time of the
    rules."""
    allowed = _allowed(past, now, rules)
    return forecast.improve(past, allowed=allowed, locked=locked, prices=prices, kinds=kinds, rules=rules)


def frontier(
    past: forecast.Past,
    now: datetime,
    *,
    rules: cadence.Rules = cadence.HOUSE_RULES,
    locked: Sequence[str] = (),
    kinds: Sequence[str] = forecast.KINDS,
) -> pd.DataFrame:
    """Return how clicks trade against unsubscribes (`forecast.frontier`), within the same bounds as `improve`."""
    return forecast.frontier(past, allowed=_allowed(past, now, rules), locked=locked, kinds=kinds, rules=rules)


def _allowed(past: forecast.Past, now: datetime, rules: cadence.Rules) -> Callable[[str, float], bool]:
    """Whether a campaign may leave on a day since the log's start: never before there is time to approve it."""
    start, earliest = past.known.sends.start, pd.Timestamp(now) + cadence.LEAD_TIME

    def allowed(campaign: str, day: float) -> bool:
        moment = (start + pd.Timedelta(days=day)).round("s")
        return moment >= earliest and cadence.why_closed(moment.to_pydatetime(), rules) is None

    return allowed


def look_back(letters: pd.DataFrame, now: datetime) -> tuple[dict[str, forecast.Curve], pd.DataFrame, pd.DataFrame]:
    """Return the fatigue curve of each outcome, and the backtest: campaigns, and totals of eight weeks."""
    sends = forecast.sends_of(letters, settled=pd.Timestamp(now) - SETTLES)
    return forecast.curves(sends), *forecast.backtest(sends)
