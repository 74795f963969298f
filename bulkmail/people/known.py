"""Everything that is known of one address, in order of time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pandas as pd

from bulkmail import audience, delivery
from bulkmail.adapters import database, journal, ledger, notices, persons, suppressions
from bulkmail.adapters.lists import ListVersion
from bulkmail.adapters.workspace import Workspace, reading
from bulkmail.errors import InputError
from bulkmail.model import EventKind, Text, say
from bulkmail.people.rows import rows_of
from bulkmail.tips import addressing, consent, unsubscribe

KINDS = {
    "upload": say("Uploaded"),
    "consent": say("Consent"),
    "letter": say("Letter"),
    "left_out": say("Left out"),
    "event": say("Heard of a letter"),
    "suppression": say("Not to be mailed"),
    "deed": say("Asked of us"),
}
DEEDS = {"person.erased": say("Erased on request"), "person.corrected": say("Corrected on request"),
         "person.exported": say("Exported on request")}  # fmt: skip
HANDED_OVER = {
    "planned": say("Planned, not yet sent"),
    "submitting": say("Being handed over"),
    "accepted": say("Sent"),
    "refused": say("Refused by the provider"),
    "in_doubt": say("In doubt whether it was sent"),
    "cancelled": say("Cancelled before sending"),
    "skipped": say("Left out at the last look"),
}


# What details are called; columns of the person's lists keep the names they have there.
CALLED = {
    "address": say("Address"),
    "original_address": say("Address"),
    "name": say("Name of the person"),
    "language": say("Language"),
    "consent": say("Consent"),
    "consent_at": say("Consent date"),
    "consent_source": say("Consent source"),
    "consent_purpose": say("Consent purpose"),
    "purpose": say("Purpose"),
    "basis": say("Basis"),
    "method": say("Method"),
    "source": say("Origin"),
    "wording": say("Wording"),
    "notice_text": say("The words at the time"),
    "notice_version": say("Version"),
    "jurisdiction": say("Jurisdiction"),
    "conditions": say("Conditions"),
    "frequency": say("How often"),
    "valid_until": say("Valid until"),
    "recorded_at": say("Recorded at"),
    "recorded_by": say("Recorded by"),
    "reason": say("Reason"),
    "url": say("Link"),
    "origin": say("Origin"),
    "row": say("Row"),
    "also": say("Further reasons"),
    "rehearsal": say("Rehearsal"),
}
_CODES = {
    "basis": consent.BASES, "method": consent.METHODS, "state": consent.STATES, "evidence": consent.EVIDENCE,
    "why": audience.REASONS, "rehearsal": {"yes": say("yes")},
}  # fmt: skip


def called(name: str) -> Text:
    """What a detail is called."""
    return CALLED.get(name, Text("{name}", {"name": name.removeprefix("field.")}))


def in_words(name: str, value: str) -> Text:
    """A detail for people: the word for a code, where there is one."""
    return consent.in_words(_CODES.get(name, {}), value)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One thing that is known: when (None where it is not known), of which of KINDS, `what` in words, `where` it
    happened (a list, a campaign, a purpose) and the `details` as they are kept."""

    at: datetime | None
    kind: str
    what: Text
    where: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Known:
    """All of one address. `standing` is the ledger folded for this person, `held` the suppressions that keep letters
    away now (others were outlived by a later consent); `rows` by the list's version; `letters` their place in every
    plan, newest first; `why` names the last campaign and why it has them or leaves them out."""

    address: str
    person: str
    moments: tuple[Moment, ...]
    standing: pd.DataFrame
    held: tuple[Moment, ...]
    rows: tuple[tuple[ListVersion, pd.DataFrame], ...]
    letters: tuple[persons.Letter, ...]
    why: tuple[str, Text] | None

    @property
    def addresses(self) -> set[str]:
        """Every spelling under which the person is known."""
        of_lists = {cell for _, rows in self.rows for cell in rows["original_address"]}
        return {self.address, *of_lists, *(letter.address for letter in self.letters)} - {""}

    @property
    def is_known(self) -> bool:
        """Whether anything is known at all."""
        return bool(self.moments)


def known_of(ws: Workspace, address: str, *, now: datetime) -> Known:
    """Everything known of an address, whatever its spelling. InputError where it is no address."""
    person = addressing.person_of(address.strip(), ws.person_key)
    if not person:
        raise InputError("That is not a whole e-mail address, such as ana@example.org.")
    plain = addressing.repair(address.strip())
    rows, letters = tuple(rows_of(ws, person, plain.lower())), tuple(_letters(ws, person))
    events = ledger.consent_records(ws, [person])
    rules, kept_away = consent.lasting(ws.settings.consent_months), _suppressions(ws, person)
    campaigns = {letter.plan_hash: _campaign(ws, letter.plan_hash) for letter in letters}
    known = Known(
        address=plain,
        person=person,
        moments=(),
        standing=consent.fold(events, now=now, validity=rules),
        held=tuple(_suppressed(_holding(kept_away, events))),
        rows=rows,
        letters=letters,
        why=_why(letters, campaigns),
    )
    told = [
        *_uploads(rows), *_consents(ws, events), *_letter_moments(letters, campaigns), *_heard(ws, known, campaigns),
        *_suppressed(kept_away), *_deeds(ws, person),
    ]  # fmt: skip
    return replace(known, moments=tuple(sorted(told, key=_in_time)))


def _in_time(moment: Moment) -> tuple[bool, float]:
    return moment.at is not None, moment.at.timestamp() if moment.at else 0


def _letters(ws: Workspace, person: str) -> Iterator[persons.Letter]:
    for stored in journal.plans(ws):
        letter = persons.letter_of(ws, stored.plan.hash, person)
        if letter:
            yield letter


def _campaign(ws: Workspace, plan_hash: str) -> str:
    campaign = journal.plan_campaign(ws, plan_hash)
    return campaign.name if campaign else plan_hash[:12]


def _why(letters: tuple[persons.Letter, ...], campaigns: Mapping[str, str]) -> tuple[str, Text] | None:
    """Why the last campaign has this person or leaves them out."""
    if not letters:
        return None
    last = letters[0]
    if last.state == "excluded":
        return campaigns[last.plan_hash], audience.REASONS.get(last.reason, Text(last.reason))
    return campaigns[last.plan_hash], HANDED_OVER[last.state]


# ---------------------------------------------------------------- moments


def _uploads(rows: tuple[tuple[ListVersion, pd.DataFrame], ...]) -> Iterator[Moment]:
    for version, theirs in rows:
        for row in theirs.to_dict("records"):
            what = say("Stands in row {row} of the list", row=row["source_row"])
            cells = {name: str(cell) for name, cell in row.items() if name != "source_row" and cell}
            yield Moment(at=version.saved_at, kind="upload", what=what, where=version.name, details=cells)


def _consents(ws: Workspace, events: pd.DataFrame) -> Iterator[Moment]:
    words = {notice.hash: notice for notice in notices.notices(ws)}
    for event in events.to_dict("records"):
        notice = words.get(event["notice"])
        said = {name: str(event[name]) for name in ledger.EVENT_COLUMNS if event[name] and not pd.isna(event[name])}
        said |= {"notice_text": notice.text, "notice_version": notice.version} if notice else {}
        at = event["recorded_at"] if pd.isna(event["at"]) else event["at"]
        what = say("{state}: {evidence}", state=consent.in_words(consent.STATES, event["state"]),
                   evidence=consent.in_words(consent.EVIDENCE, event["evidence"]))  # fmt: skip
        said |= {"record": event["fact"], "number": str(event["id"]), "hash": event["hash"]}
        yield Moment(at=at.to_pydatetime(), kind="consent", what=what, where=event["purpose"], details=said)


def _letter_moments(letters: tuple[persons.Letter, ...], campaigns: Mapping[str, str]) -> Iterator[Moment]:
    for letter in letters:
        left_out = letter.state == "excluded"
        what = audience.REASONS.get(letter.reason, Text(letter.reason)) if left_out else HANDED_OVER[letter.state]
        about = {"plan": letter.plan_hash, "row": str(letter.source_row), "attempt": letter.attempt}
        about |= {"why": letter.reason, "also": letter.details}
        kind = "left_out" if left_out else "letter"
        said = {name: value for name, value in about.items() if value}
        yield Moment(at=letter.at, kind=kind, what=what, where=campaigns[letter.plan_hash], details=said)


def _heard(ws: Workspace, known: Known, campaigns: Mapping[str, str]) -> Iterator[Moment]:
    of_attempt = {letter.attempt: campaigns[letter.plan_hash] for letter in known.letters}
    for event in persons.events_about(ws, known.addresses, known.letters).to_dict("records"):
        said = {name: event[name] for name in ("address", "reason", "url", "attempt") if event[name]}
        what = delivery.HAPPENED.get(EventKind(event["kind"]), Text(event["kind"]))
        where = of_attempt.get(event["attempt"], "")
        yield Moment(at=event["at"].to_pydatetime(), kind="event", what=what, where=where, details=said)


def _suppressions(ws: Workspace, person: str) -> pd.DataFrame:
    with reading(ws) as connection:
        return suppressions.suppressions_among(connection, [person], rehearsal=ws.settings.rehearsal)


def _holding(rows: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """The suppressions that no later consent of the person's own has outlived, each asked about its own purpose."""
    each = (rows.iloc[[place]] for place in range(len(rows)))
    reasons = [unsubscribe.annotate(one, one, purpose=one["purpose"].iloc[0], events=events) for one in each]
    return rows[[one["suppression_reason"].iloc[0] != "" for one in reasons]]


def _suppressed(rows: pd.DataFrame) -> Iterator[Moment]:
    for row in rows.to_dict("records"):
        what = audience.REASONS.get(row["reason"], Text(row["reason"]))
        said = {"origin": row["origin"], "address": row["address"], "rehearsal": "yes" if row["rehearsal"] else ""}
        said = {name: value for name, value in said.items() if value}
        yield Moment(at=row["at"].to_pydatetime(), kind="suppression", what=what, where=row["purpose"], details=said)


def _deeds(ws: Workspace, person: str) -> Iterator[Moment]:
    for row in database.audit_trail(ws).to_dict("records"):
        if row["what"] in DEEDS and isinstance(row["about"], dict) and row["about"].get("person") == person:
            yield Moment(at=row["at"], kind="deed", what=DEEDS[row["what"]], where=row["who"])
