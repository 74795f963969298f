"""People who sign up: the forms that stand open, who asked by one, and what became of that.

A request by itself is worth nothing, since anybody can write anybody's address: consent begins when the link of the
confirming letter is pressed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import ColumnElement, func, insert, select, true, update

from bulkmail.adapters import tables
from bulkmail.adapters.database import record
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.limits import SIGN_UPS_PER_ADDRESS, SIGN_UPS_PER_NETWORK
from bulkmail.model import Sender

_FORM, _ONE = tables.sign_up_form, tables.sign_up


@dataclass(frozen=True, kw_only=True)
class SignUpForm:
    """A form at /join/`slug` for one purpose; `sender` signs the letter that asks to confirm."""

    slug: str
    purpose: str
    sender: Sender
    open: bool


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """One request: `notice` is the hash of the words that were shown, `network` a keyed hash of where it came from."""

    id: str
    slug: str
    person: str
    address: str
    name: str
    language: str
    frequency: str
    notice: str
    network: str
    rehearsal: bool
    at: datetime


def set_form(ws: Workspace, form: SignUpForm, *, by: str, now: datetime) -> None:
    """Open or close a form; who did so is in the audit trail."""
    row = {
        "purpose": form.purpose,
        "sender": asdict(form.sender),
        "open": form.open,
        "changed_by": by,
        "changed_at": now,
    }
    with writing(ws) as connection:
        if not connection.execute(update(_FORM).where(_FORM.c.slug == form.slug).values(**row)).rowcount:
            connection.execute(insert(_FORM).values(slug=form.slug, **row))
        record(connection, by, "sign_up_form.opened" if form.open else "sign_up_form.closed", {"slug": form.slug}, now)


def forms(ws: Workspace) -> dict[str, SignUpForm]:
    """All forms by their slugs."""
    with reading(ws) as connection:
        rows = connection.execute(select(_FORM).order_by(_FORM.c.slug)).mappings().all()
    return {row["slug"]: _form_of(row) for row in rows}


def _form_of(row: Mapping[str, object]) -> SignUpForm:
    return SignUpForm(slug=row["slug"], purpose=row["purpose"], sender=Sender(**row["sender"]), open=row["open"])


def ask(ws: Workspace, request: SignUp) -> bool:
    """Keep a request; False where its network has asked too often. One too many for the same person is kept out in
    silence: the answer must not tell who is known."""
    with writing(ws) as connection:

        def lately(column: ColumnElement, value: str, hours: int) -> int:
            since = request.at - timedelta(hours=hours)
            counted = select(func.count()).select_from(_ONE).where(column == value, _ONE.c.at > since)
            return connection.execute(counted).scalar_one()

        if lately(_ONE.c.network, request.network, 1) >= SIGN_UPS_PER_NETWORK.value:
            return False
        often = lately(_ONE.c.person, request.person, 24) >= SIGN_UPS_PER_ADDRESS.value
        row = asdict(request) | ({"settled_at": request.at} if often else {})
        connection.execute(insert(_ONE).values(**row))  # kept all the same: it counts for its network
    return True


def waiting(ws: Workspace, most: int) -> list[SignUp]:
    """Requests of this mode that no letter was planned for yet, the oldest first."""
    columns = [_ONE.c[name] for name in SignUp.__dataclass_fields__]
    wanted = select(*columns).where(_ONE.c.settled_at.is_(None), _ONE.c.rehearsal == ws.settings.rehearsal)
    with reading(ws) as connection:
        return [SignUp(**row._mapping) for row in connection.execute(wanted.order_by(_ONE.c.at, _ONE.c.id).limit(most))]


def settle(ws: Workspace, sign_up_id: str, plan_hash: str, now: datetime) -> None:
    """Remember the plan of the letter that asks to confirm, "" where none is to be sent."""
    with writing(ws) as connection:
        values = {"plan_hash": plan_hash, "settled_at": now}
        connection.execute(update(_ONE).where(_ONE.c.id == sign_up_id).values(**values))


def named(ws: Workspace, slug: str, person: str, beginning: str) -> SignUp | None:
    """The request of this person by this form whose id begins so: what a signed link names. None without one."""
    columns = [_ONE.c[name] for name in SignUp.__dataclass_fields__]
    same = (_ONE.c.slug == slug) & (_ONE.c.person == person) & _ONE.c.id.startswith(beginning, autoescape=True)
    with reading(ws) as connection:
        row = connection.execute(select(*columns).where(same).limit(1)).one_or_none()
    return row and SignUp(**row._mapping)


def is_confirmed(ws: Workspace, sign_up_id: str) -> bool:
    """Whether the link was pressed before."""
    with reading(ws) as connection:
        return connection.execute(select(_ONE.c.confirmed_at).where(_ONE.c.id == sign_up_id)).scalar_one() is not None


def set_confirmed(ws: Workspace, sign_up_id: str, now: datetime) -> bool:
    """Remember that the link was pressed; whether it was for the first time."""
    first = (_ONE.c.id == sign_up_id) & _ONE.c.confirmed_at.is_(None)
    with writing(ws) as connection:
        return connection.execute(update(_ONE).where(first).values(confirmed_at=now)).rowcount > 0


def counts(ws: Workspace, slug: str) -> tuple[int, int]:
    """How many requests came by a form, and how many of them were confirmed."""
    asked = select(func.count(), func.count(_ONE.c.confirmed_at)).where(_ONE.c.slug == slug, _of_mode(ws))
    with reading(ws) as connection:
        return tuple(connection.execute(asked).one())


def confirmed(ws: Workspace, slug: str) -> pd.DataFrame:
    """Who has confirmed, each person once as they said it last: address, name, language."""
    wanted = select(_ONE.c.person, _ONE.c.address, _ONE.c.name, _ONE.c.language).where(
        _ONE.c.slug == slug, _ONE.c.confirmed_at.is_not(None), _ONE.c.address != "", _of_mode(ws)
    )
    with reading(ws) as connection:
        rows = connection.execute(wanted.order_by(_ONE.c.confirmed_at)).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["person", "address", "name", "language"], dtype="str")
    return frame.drop_duplicates("person", keep="last").drop(columns="person").reset_index(drop=True)


def _of_mode(ws: Workspace) -> ColumnElement[bool]:
    return true() if ws.settings.rehearsal else ~_ONE.c.rehearsal


# ---------------------------------------------------------------- preferences


def set_language(ws: Workspace, person: str, language: str, *, rehearsal: bool, now: datetime) -> None:
    """Keep the language that a person asked for ("" takes the wish back); the last word counts."""
    with writing(ws) as connection:
        row = {"person": person, "language": language, "rehearsal": rehearsal, "at": now}
        connection.execute(insert(tables.preference).values(**row))


def languages(ws: Workspace, person: str | None = None) -> dict[str, str]:
    """Who asked for which language: of one person, or of all."""
    kept = tables.preference.c
    wanted = select(kept.person, kept.language).order_by(kept.id)
    wanted = wanted if person is None else wanted.where(kept.person == person)
    wanted = wanted if ws.settings.rehearsal else wanted.where(~kept.rehearsal)
    with reading(ws) as connection:
        return dict(connection.execute(wanted).all())
