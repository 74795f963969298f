"""Requests to stop that came by letter: read, kept until a person has looked, then honoured or dismissed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256

from bulkmail import opt_out_mail
from bulkmail.adapters import journal, opt_outs
from bulkmail.adapters.opt_outs import OptOut
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import StateError
from bulkmail.model import Suppression, SuppressionReason
from bulkmail.tips import addressing, unsubscribe

ORIGIN = "mail"  # of suppressions that a mail asked for


def bring_mails(ws: Workspace, mails: Iterable[bytes], *, by: str, now: datetime) -> int:
    """Keep whom these mails (.eml files or pasted words) may be about until a person decides; how many are new. The
    clock runs from when a mail was written. StateError where not one of them names anybody."""
    found = [asked for mail in mails for asked in _requests(ws, mail, by, now)]
    if not found:
        raise StateError("No address stands in that. Give the whole mail, or write the address itself.")
    return opt_outs.bring(ws, found)


def _requests(ws: Workspace, mail: bytes, by: str, now: datetime) -> Iterator[OptOut]:
    asked = opt_out_mail.read_mail(mail)
    arrived_at = min(asked.at or now, now)
    for person, address, purpose, rehearsal in _people(ws, asked):
        yield OptOut(
            id=sha256(mail + person.encode() + purpose.encode()).hexdigest(),
            person=person,
            address=address,
            purpose=purpose,
            said=asked.said,
            arrived_at=arrived_at,
            brought_by=by,
            brought_at=now,
            rehearsal=rehearsal,
        )


def _people(ws: Workspace, asked: opt_out_mail.Asked) -> Iterator[tuple[str, str, str, bool]]:
    """(person, address, purpose, of a rehearsal) that a mail may be about: whom our own link in it names, and they
    alone; else every address of it that is not the organisation's."""
    tokens = [token for token in (unsubscribe.read_token(word, ws.token_keys) for word in asked.tokens) if token]
    for token in tokens:
        purpose, rehearsal = journal.purpose_and_mode(ws, token.plan) or ("", False)
        known = journal.addresses_of(ws, token.plan, [token.person])
        yield token.person, known[0] if known else "", purpose, rehearsal
    for address in () if tokens else asked.addresses:
        person = addressing.person_of(address, ws.person_key)
        if person and address.rpartition("@")[2] not in ws.settings.domains:
            yield person, address, "", ws.settings.rehearsal


def honour_opt_outs(ws: Workspace, ids: Sequence[str], *, by: str, now: datetime) -> int:
    """Suppress the people of these requests from when they asked, and say that it is done; how many there were."""
    chosen = [request for request in opt_outs.waiting(ws) if request.id in ids]
    return opt_outs.decide(ws, [request.id for request in chosen], map(_suppression, chosen), by=by, now=now)


def dismiss_opt_outs(ws: Workspace, ids: Sequence[str], *, by: str, now: datetime) -> int:
    """Leave these requests be: they are about nobody, or ask for something else; how many there were."""
    return opt_outs.decide(ws, ids, [], by=by, now=now)


def _suppression(request: OptOut) -> Suppression:
    return Suppression(
        person=request.person,
        reason=SuppressionReason.UNSUBSCRIBED,
        at=request.arrived_at,
        origin=ORIGIN,
        purpose=request.purpose,
        address=request.address,
        rehearsal=request.rehearsal,
    )
