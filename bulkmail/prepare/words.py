"""The word of a named person on every warning and everything unknown, which a plan for people needs beside approval."""

from collections.abc import Mapping
from datetime import datetime

from bulkmail import preflight
from bulkmail.adapters import acknowledgements
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import StateError
from bulkmail.model import Finding, Plan

ALL = "all"  # in place of a code: for every code that has no reason of its own


def needs_words(ws: Workspace, plan: Plan) -> bool:
    """Whether this plan may only be approved when each warning has a person's word: where letters leave this machine,
    from BULKMAIL_ACKNOWLEDGE_FROM recipients on."""
    return not ws.settings.stays_here and plan.recipients >= ws.settings.acknowledge_from


def wanting(ws: Workspace, plan: Plan, findings: tuple[Finding, ...]) -> list[str]:
    """The codes that still want a person's word, in the order of harm."""
    said = acknowledgements.acknowledged(ws, plan.hash)
    return [code for code in preflight.to_acknowledge(findings) if code not in said]


def acknowledge(
    ws: Workspace,
    plan: Plan,
    findings: tuple[Finding, ...],
    reasons: Mapping[str, str],
    *,
    by: str,
    now: datetime,
) -> None:
    """Keep the word of a person on codes of this plan; "all" stands for those without a reason of their own.

    StateError without a name or a reason, or for a code that nothing is wrong with.
    """
    asked = preflight.to_acknowledge(findings)
    strange = [code for code in reasons if code not in (*asked, ALL)]
    given = {
        code: reasons.get(code, reasons.get(ALL, "")).strip() for code in asked if code in reasons or ALL in reasons
    }
    if strange:
        raise StateError("There is nothing to acknowledge about {codes} in this plan.", codes=", ".join(strange))
    if not by.strip() or not all(given.values()):
        raise StateError("An acknowledgement needs a name and a reason.")
    known = acknowledgements.acknowledged(ws, plan.hash)
    new = {
        code: reason
        for code, reason in given.items()
        if code not in known or (known[code].by, known[code].reason) != (by.strip(), reason)
    }
    acknowledgements.acknowledge(ws, plan.hash, plan.campaign_id, new, by=by.strip(), now=now)


def check_words(ws: Workspace, plan: Plan, findings: tuple[Finding, ...]) -> None:
    """StateError where a plan needs words and some are wanting."""
    missing = wanting(ws, plan, findings) if needs_words(ws, plan) else []
    if missing:
        raise StateError(
            "{count} warnings want a named person's word before real letters go out: {codes}",
            count=len(missing),
            codes=", ".join(missing),
        )


def with_words(ws: Workspace, plan: Plan, findings: list[dict[str, object]]) -> list[dict[str, object]]:
    """The findings as plain values, each that a person has spoken to with who, when and why: so the dossier has it."""
    said = acknowledgements.acknowledged(ws, plan.hash)
    words = {code: {"by": word.by, "at": word.at.isoformat(), "reason": word.reason} for code, word in said.items()}
    open_ones = ("warn", "unknown")
    return [
        {**finding, "acknowledged": words[finding["code"]]}
        if finding["outcome"] in open_ones and finding["code"] in words
        else finding
        for finding in findings
    ]
