"""The dossier of a campaign: what was planned, found, approved and sent, in numbers that must add up. No addresses of
recipients, only counts, hashes and the names of those who decided."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from itertools import zip_longest
from typing import Any

import pandas as pd

from bulkmail.errors import InputError
from bulkmail.limits import HOUSE
from bulkmail.model import AttemptState, Campaign, Plan, Text, say

# The version of the shape of a dossier.
SHAPE = 2
ATTEMPT_COLUMNS = ("id", "start", "stop", "state", "started_at", "digest")
# A recipient's letter is in one of these: the states of its attempt, or skipped by the last look.
STATES = (*(state.value for state in AttemptState), "skipped")
LABELS = {
    "uploaded": say("Rows uploaded"),
    "eligible": say("Eligible"),
    "excluded": say("Excluded"),
    "recipients": say("Recipients"),
    "planned": say("Planned"),
    "submitting": say("Being handed over"),
    "accepted": say("Accepted"),
    "refused": say("Refused"),
    "in_doubt": say("In doubt"),
    "cancelled": say("Cancelled"),
    "skipped": say("Skipped by the last look"),
    "refused or skipped": say("Refused or skipped"),
}

_CARRIED = re.compile(r'<script type="application/json" id="dossier">(.*?)</script>', re.DOTALL)
Translate = Callable[[Text], str]
Row = Sequence[object]


def of_plan(
    *,
    campaign: Campaign,
    plan: Plan,
    uploaded: int,
    totals: Mapping[str, Any],
    findings: Sequence[Mapping[str, Any]],
    approvals: Iterable[Mapping[str, Any]],
    consent: pd.DataFrame,
    attempts: pd.DataFrame,
    outcomes: pd.DataFrame,
) -> dict[str, Any]:
    """Return what the dossier tells of one plan of the campaign, as plain values.

    `campaign` is as it stood when the plan was made; `uploaded` counts the rows of the list; `totals` are those of the
    journal; `findings` as `preflight.as_json` gives
    them; `approvals` have plan (a hash), by and at; `consent` sums up the receipts: a row for each kind of record that
    allowed letters, with how many; `attempts` and `outcomes` are the tables of the journal.
    """
    reconciliation = _reconciliation(plan, uploaded, totals)
    return {
        "hash": plan.hash,
        "parts": dict(plan.parts),
        "letter": {name: getattr(campaign, name) for name in ("subject", "preheader", "body_format", "body")},
        "recipients": plan.recipients,
        "batches": len(plan.batches),
        "excluded": dict(plan.excluded),
        "reconciliation": reconciliation,
        "reconciles": all(line["holds"] for line in reconciliation),
        "findings": [dict(finding) for finding in findings],
        "approvals": [
            {**{key: _plain(value) for key, value in approval.items()}, "holds": approval["plan"] == plan.hash}
            for approval in approvals
        ],
        "consent": _records(consent),
        "attempts": _records(attempts),
        "delivery": {state: int(totals.get(state, 0)) for state in STATES},
        "reasons": {reason: int(people) for reason, people in totals.get("reasons", {}).items()},
        "outcomes": _records(outcomes),
    }


def build(
    *, campaign: Campaign, plans: Sequence[Mapping[str, Any]], trail: pd.DataFrame, now: datetime
) -> dict[str, Any]:
    """Return the dossier of a campaign as plain values, ready for JSON: the campaign, each of its approved `plans`
    (`of_plan`) in the order of approval, the `trail` of deeds, and the chain of hashes that seals them."""
    made = {
        "shape": SHAPE,
        "made_at": _plain(now),
        "campaign": _campaign(campaign),
        "plans": [dict(plan) for plan in plans],
        "reconciles": all(plan["reconciles"] for plan in plans),
        "trail": _records(trail),
    }
    return made | {"chain": _chain(made)}


def as_html(
    dossier: Mapping[str, Any], translate: Translate, *, reasons: Mapping[str, Text] | None = None, language: str = "en"
) -> str:
    """Return the dossier as one page that needs nothing else: nothing runs in it, nothing is fetched. It carries the
    dossier's data too, so that one file is for people and for programs (`read`).

    `translate` puts a `Text` into the reader's language; `reasons` words the codes of exclusions where they are known.
    """
    title = translate(say("Dossier of the campaign {name}", name=dossier["campaign"]["name"]))
    sections = [
        _section(translate(heading), _words(header, translate), [_words(row, translate) for row in rows])
        for heading, header, rows in _tables(dossier, {**LABELS, **(reasons or {})})
    ]
    data = json.dumps(dossier, ensure_ascii=False).replace("<", "\\u003c")  # no text can end the element it stands in
    places = {"language": escape(language), "title": escape(title), "verdict": _verdict(dossier, translate)}
    return _PAGE.format(**places, sections="\n".join(sections), data=data)


# ---------------------------------------------------------------- the chain


def _chain(made: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a link for each part, in order: its hash covers the part and the hash before, so that the last seals all.

    SHA-256 over the hash before and the part as JSON with sorted keys and without spaces, in UTF-8.
    """
    chain, before = [], ""
    for name, part in made.items():
        text = json.dumps(part, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        before = sha256(f"{before}{name}{text}".encode()).hexdigest()
        chain.append({"part": name, "hash": before})
    return chain


def first_broken(made: Mapping[str, Any]) -> str:
    """Return the first part of a dossier that is not what its chain says, "" where all of it holds.

    A chain shows that a dossier was changed, and not by whom it was made: compare its last hash with one kept apart.
    """
    parts = {name: part for name, part in made.items() if name != "chain"}
    told = made.get("chain", [])
    for link, right in zip_longest(told, _chain(parts)):
        if link != right:
            return str((right or link)["part"])
    return ""


def read(data: bytes) -> dict[str, Any]:
    """Return the dossier that a file holds: the data by itself, or the page that carries it. Raises InputError."""
    text = data.decode("utf-8", "replace")
    found = _CARRIED.search(text)
    try:
        made = json.loads(found[1] if found else text)
    except ValueError:
        made = None
    if not isinstance(made, dict) or not isinstance(made.get("chain"), list):
        raise InputError("This file holds no dossier of bulkmail.")
    return made


# ---------------------------------------------------------------- numbers


def _reconciliation(plan: Plan, uploaded: int, totals: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the sums that must hold, each with what is missing on its right side."""
    states = {state: int(totals.get(state, 0)) for state in STATES}
    not_sent = {reason: int(people) for reason, people in totals.get("reasons", {}).items()}
    return [
        _sum("uploaded", uploaded, {"eligible": plan.recipients, "excluded": sum(plan.excluded.values())}),
        _sum("recipients", plan.recipients, states),
        _sum("refused or skipped", states["refused"] + states["skipped"], not_sent),
    ]


def _sum(whole: str, number: int, parts: Mapping[str, int]) -> dict[str, Any]:
    missing = number - sum(parts.values())
    return {"whole": whole, "number": number, "parts": dict(parts), "missing": missing, "holds": missing == 0}


def _campaign(campaign: Campaign) -> dict[str, Any]:
    """Return what identifies a campaign; its letter stands in each plan, as it was then."""
    told = {
        key: value for key, value in asdict(campaign).items() if key not in {"body", "text", "sender", "attestation"}
    }
    told["brand"] = {name: list(value) if isinstance(value, tuple) else value for name, value in told["brand"].items()}
    attestation = asdict(campaign.attestation) if campaign.attestation else {}
    return {
        **{key: _plain(value) for key, value in told.items()},
        "sender": asdict(campaign.sender),
        "attestation": {key: _plain(value) for key, value in attestation.items()},
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{key: _plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    """Return a value that JSON has: times as ISO 8601 in UTC, numbers as Python's own."""
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.item() if hasattr(value, "item") else value


# ---------------------------------------------------------------- the page

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border-bottom: 1px solid #ccc; padding: .3rem .5rem; text-align: left; vertical-align: top }}
td {{ overflow-wrap: anywhere; white-space: pre-line }}
</style>
</head>
<body>
<h1>{title}</h1>
{verdict}
{sections}
<script type="application/json" id="dossier">{data}</script>
</body>
</html>
"""


def _tables(dossier: Mapping[str, Any], labels: Mapping[str, Text]) -> list[tuple[Text, Row, list[Row]]]:
    """Return (heading, header, rows) of every table, in the order of the story."""
    tables = [(say("Campaign"), (say("What"), say("Value")), _facts(dossier))]
    for plan in dossier["plans"]:
        tables.extend(_tables_of_plan(plan, labels))
    trail = [(row["at"], row["who"], row["what"]) for row in dossier["trail"]]
    chain = [(link["part"], link["hash"]) for link in dossier["chain"]]
    return [
        *tables,
        (say("Who did what"), (say("When (UTC)"), say("Who"), say("What")), trail),
        (say("Chain of hashes"), (say("Part"), say("SHA-256 of it and of all before it")), chain),
    ]


def _tables_of_plan(plan: Mapping[str, Any], labels: Mapping[str, Text]) -> list[tuple[Text, Row, list[Row]]]:
    what, number, reason, when = say("What"), say("Number"), say("Reason"), say("When (UTC)")
    outcomes = [(row["kind"], row["letters"]) for row in plan["outcomes"]]
    findings = [
        (row["code"], row["outcome"], row["message"], _word(row.get("acknowledged")), _source(row["source"]))
        for row in plan["findings"]
    ]
    approvals = [(row["by"], row["at"], row["plan"], "✓" if row["holds"] else "✗") for row in plan["approvals"]]
    attempts = [tuple(row[name] for name in ATTEMPT_COLUMNS) for row in plan["attempts"]]
    letter, people = plan["letter"], (say("Recipients"), plan["recipients"])
    head = [(say("Hash"), plan["hash"]), people, (say("Subject"), letter["subject"]), (say("Letter"), letter["body"])]
    receipts = [tuple(row.values()) for row in plan["consent"]]
    handing = (say("Attempt"), say("First"), say("Behind the last"), say("State"), when, say("Digest of the request"))
    return [
        (say("Plan"), (what, say("Value")), head),
        (say("Excluded"), (reason, number), _named(plan["excluded"], labels)),
        (say("Consent that allowed the letters"), tuple(plan["consent"][0]) if receipts else (), receipts),
        (say("Preflight"), (say("Check"), say("Outcome"), say("Seen"), say("Acknowledged"), say("Source")), findings),
        (say("Approvals"), (say("Who"), when, say("Plan"), say("For this plan")), approvals),
        (say("Delivery"), (what, number), _named(plan["delivery"], labels)),
        (say("Refused or skipped"), (reason, number), _named(plan["reasons"], labels)),
        (say("Handing-over, request by request"), handing, attempts),
        (say("What happened to the letters"), (what, say("Letters")), outcomes),
    ]


def _source(source: str) -> Text | str:
    return say("our own default") if source.startswith(HOUSE) else source


def _word(acknowledged: Mapping[str, Any] | None) -> str:
    """Who has spoken to a warning, when, and why; "" where nobody had to."""
    return "{by}, {at}: {reason}".format(**acknowledged) if acknowledged else ""


def _facts(dossier: Mapping[str, Any]) -> list[Row]:
    campaign = dossier["campaign"]
    return [
        (say("Subject"), campaign["subject"]),
        (say("Purpose"), campaign["purpose"]),
        (say("Sender"), f"{campaign['sender']['name']} <{campaign['sender']['address']}>"),
        (say("Organisation"), campaign["sender"]["organisation"]),
        (say("List"), campaign["list_name"]),
        (say("Consent vouched for by"), campaign["attestation"].get("by", "–")),
        (say("Made at (UTC)"), dossier["made_at"]),
    ]


def sums_in_words(dossier: Mapping[str, Any], translate: Translate) -> list[str]:
    """Return a sentence for each sum: that it holds, or by how much it does not."""
    sentences = []
    for line in (line for plan in dossier["plans"] for line in plan["reconciliation"]):
        parts = " + ".join(" ".join(_words(row, translate)) for row in _named(line["parts"], LABELS))
        places = {"whole": LABELS[line["whole"]], "number": line["number"], "parts": parts or "0"}
        right = say("{whole} {number} = {parts}: it adds up.", **places)
        wrong = say("{whole} {number} ≠ {parts}: {missing} missing.", missing=line["missing"], **places)
        sentences.append(translate(right if line["holds"] else wrong))
    return sentences


def _verdict(dossier: Mapping[str, Any], translate: Translate) -> str:
    return "\n".join(f"<p>{escape(sentence)}</p>" for sentence in sums_in_words(dossier, translate))


def _named(counts: Mapping[str, int], labels: Mapping[str, Text]) -> list[Row]:
    return [(labels.get(code, code), number) for code, number in counts.items()]


def _words(cells: Row, translate: Translate) -> list[str]:
    return [translate(cell) if isinstance(cell, Text) else str(cell) for cell in cells]


def _section(heading: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return one titled table, "" when it has no rows. Everything is escaped here."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{escape(heading)}</h2>\n<table>\n<tr>{head}</tr>\n{body}\n</table>" if rows else ""
