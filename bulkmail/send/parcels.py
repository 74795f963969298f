"""From letters to the request that carries them: written from the approved campaign, divided where one is too few."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from bulkmail import compose, delivery, limits, plan, sendgrid_format
from bulkmail.adapters import files, journal
from bulkmail.adapters.workspace import Workspace
from bulkmail.delivery import Step
from bulkmail.errors import BulkmailError, InputError, StateError
from bulkmail.model import AttemptState, Campaign
from bulkmail.send.ahead import Ticket
from bulkmail.tips import unsubscribe

# ---------------------------------------------------------------- letters


@dataclass(frozen=True, kw_only=True)
class Letters:
    """What all letters of one plan share: by variant the letter whole, and divided (None where it cannot be)."""

    campaign: Campaign
    whole: Mapping[str, compose.Letter]
    divided: Mapping[str, compose.Slotted | None]


def write_letters(ws: Workspace, plan_hash: str) -> Letters:
    """Return the letters of a plan, from the campaign that is kept with it. StateError when they are no longer those
    that were approved (say, a layout has changed)."""
    campaign = campaign_of(ws, plan_hash)
    whole = compose.compile_letters(
        campaign,
        layout=files.layout(ws.home, campaign.layout),
        footer_html=unsubscribe.footer_html(campaign.sender),
        footer_text=unsubscribe.footer_text(campaign.sender),
    )
    if plan.letters_hash(whole) != journal.load_plan(ws, plan_hash).plan.parts["letters"]:
        raise StateError(delivery.PAUSES["letter_changed"].template)
    divided = {variant: compose.split(letter) for variant, letter in whole.items()}
    return Letters(campaign=campaign, whole=whole, divided=divided)


def campaign_of(ws: Workspace, plan_hash: str) -> Campaign:
    """Return the campaign as it stood when the plan was stored."""
    found = journal.plan_campaign(ws, plan_hash)
    if found is None:
        raise StateError("The campaign of plan {plan} is not kept with it. Make the plan again.", plan=plan_hash)
    return found


# ---------------------------------------------------------------- the request


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A request ready to leave: its bytes, and the positions it carries, in its order."""

    body: bytes
    positions: tuple[int, ...]


def pack(
    ws: Workspace,
    written: Callable[[str], Letters],
    attempt: journal.Attempt,
    letters: pd.DataFrame,
    ticket: Ticket = Ticket(),  # noqa: B008
) -> Parcel | Step:
    """Return the request for these letters; or, where they cannot go in one, what becomes of the attempt instead:
    smaller ones, somebody refused because the letter cannot be written, or a pause.

    `written` gives the letters of a plan, by its hash; with a `ticket` the provider is told to send it later.
    """
    positions = tuple(letters["position"].tolist())
    try:
        urls = links(ws, attempt.plan_hash, letters["person"].tolist())
        write = _shared if len(letters) > 1 else _single
        body = write(written(attempt.plan_hash), attempt, letters, urls, ticket)
    except BulkmailError:
        whole = ((positions[0], positions[-1] + 1),)
        return Step(to=AttemptState.REFUSED, again=whole, pause="letter_changed")
    if isinstance(body, Step):
        return body
    if len(body) > limits.REQUEST_BYTES.value:
        return delivery.halve(positions)
    return Parcel(body=body, positions=positions)


def _single(
    written: Letters, attempt: journal.Attempt, letters: pd.DataFrame, urls: Sequence[str], ticket: Ticket
) -> bytes | Step:
    """The body for one person, rendered whole."""
    (recipient,), position = compose.recipients(letters), int(letters["position"].iat[0])
    try:
        message = compose.render(written.whole[attempt.variant], recipient, urls[0])
    except InputError:
        return Step(to=AttemptState.REFUSED, refused={position: "not_rendered"})
    body = sendgrid_format.single_body(
        campaign=written.campaign,
        message=replace(message, headers=unsubscribe.headers_of(written.campaign, urls[0])),
        address=recipient.address,
        name=recipient.name,
        position=position,
        attempt=attempt.id,
        plan=attempt.plan_hash,
        **ticket._asdict(),
    )
    return sendgrid_format.dump(body)


def _shared(
    written: Letters, attempt: journal.Attempt, letters: pd.DataFrame, urls: Sequence[str], ticket: Ticket
) -> bytes | Step:
    """The body for many, who share the text and differ in slots; or who must go out alone, and the ranges around."""
    positions, divided = letters["position"].tolist(), written.divided[attempt.variant]
    values = _values(divided, letters, urls)
    alone = [position for position, value in zip(positions, values, strict=True) if value is None]
    if divided is None or alone:
        return Step(to=AttemptState.REFUSED, again=_around(positions, alone))
    headers = [unsubscribe.headers_of(written.campaign, url) for url in urls]
    people = zip(letters["address"].tolist(), letters["name"].tolist(), positions, values, headers, strict=True)
    body = sendgrid_format.mail_send_body(
        campaign=written.campaign,
        letter_static=divided,
        people=list(people),
        attempt=attempt.id,
        plan=attempt.plan_hash,
        **ticket._asdict(),
    )
    return sendgrid_format.dump(body)


def _values(divided: compose.Slotted | None, letters: pd.DataFrame, urls: Sequence[str]) -> list[dict[str, str] | None]:
    """The values of each one's tags; None for who must go out alone. Where somebody's letter cannot be written, all go
    out alone: so only that one is refused."""
    nobody: list[dict[str, str] | None] = [None] * len(letters)
    if divided is None:
        return nobody
    try:
        return compose.substitutions(divided, letters, urls)
    except InputError:
        return nobody


def _around(positions: Sequence[int], alone: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The ranges that hold each of `alone` by itself and the others in between together."""
    edges = sorted({positions[0], positions[-1] + 1, *alone, *(position + 1 for position in alone)})
    return tuple(pairwise(edges))


def links(ws: Workspace, plan_hash: str, persons: Sequence[str]) -> list[str]:
    """The unsubscribe link of each of these persons in this plan."""
    tokens = unsubscribe.tokens(persons, plan_hash, *ws.signing_key())
    return [f"{ws.settings.public_url}/u/{token}" for token in tokens]
