"""Prepares what is known of a list by itself. It calls; no rule lives here."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from bulkmail import audience, forecast, list_history, preflight
from bulkmail.adapters import domain_answers, suppressions
from bulkmail.adapters.workspace import Workspace
from bulkmail.audience import Audience
from bulkmail.model import Finding
from bulkmail.prepare import known
from bulkmail.tips import addressing, consent, unsubscribe

Progress = Callable[[int, int], object]  # how many domains were asked about, and how many there are to ask


def content_hash(data: bytes) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


# ---------------------------------------------------------------- a list


@dataclass(frozen=True, kw_only=True)
class ListReport:
    """What is known of a list by itself: `table` is annotated, `findings` are those of reading, of tip 2 and of what
    the past knows; `gate` are those that keep a list from being saved until somebody says where it comes from;
    `bounces` is how many of its letters will likely come back."""

    table: pd.DataFrame
    audience: Audience
    findings: tuple[Finding, ...]
    gate: tuple[Finding, ...]
    bounces: forecast.BounceForecast


def report_on_list(
    ws: Workspace, table: pd.DataFrame, read: tuple[Finding, ...], *, now: datetime, on_progress: Progress | None = None
) -> ListReport:
    """Judge a list without a campaign: addresses, suppressions, and who said no in the list itself.

    Want of consent excludes nobody here, since consent is to a purpose, and a list alone has none; a no does, whatever
    it was said to.
    """
    judged = judge_addresses(ws, table, now=now, on_progress=on_progress)
    quality = addressing.quality_of(judged)
    by_address = [check(quality) for check in addressing.CHECKS]
    judged = judge_people(judged, suppressions.suppressions(ws), now=now)
    people = audience.select_audience(judged)
    found = [*by_address, *known.past_checks(ws, judged, now)]
    return ListReport(
        table=judged,
        audience=people,
        findings=tuple(preflight.by_harm([*read, *found])),
        gate=list_history.closed(found),
        bounces=forecast.expected_bounces(known.past_letters(ws), people.eligible["person"]),
    )


def judge_people(table: pd.DataFrame, suppressed: pd.DataFrame, *, now: datetime) -> pd.DataFrame:
    """The annotated table with what the list itself says of consent, to whatever purpose, and with suppressions. All
    rows of a person must be in it; it may be a part of a list otherwise."""
    of_any_purpose = table.drop(columns="consent_purpose", errors="ignore")
    events = consent.events_of_list(of_any_purpose, purpose="", attestation=None, source="", recorded_by="", now=now)
    judged = consent.annotate(of_any_purpose, events, purpose="", kind="transactional", now=now)
    return unsubscribe.annotate(judged, suppressed, purpose="")


def judge_addresses(
    ws: Workspace, table: pd.DataFrame, *, now: datetime, on_progress: Progress | None = None
) -> pd.DataFrame:
    """The table with what tip 2 says of each row; DNS is asked once a domain, and only where it may be asked."""
    judged = addressing.annotate(table, person_key=ws.person_key)
    if not asks_dns(ws):
        return judged
    answers = domain_answers.answers_of(ws, judged["domain"].unique(), now=now, on_progress=on_progress)
    return addressing.with_answers(judged, answers)


def asks_dns(ws: Workspace) -> bool:
    """Whether DNS may be asked: where no letter leaves this machine, no question does, save to a resolver that the
    settings name."""
    return ws.settings.dns is not None or not ws.settings.stays_here
