"""The sign-up form of a purpose: opened and closed by the staff, and a list made of those who confirmed."""

from dataclasses import replace
from datetime import datetime

from bulkmail import intake
from bulkmail.adapters import notices, sign_ups
from bulkmail.adapters.lists import ListVersion
from bulkmail.adapters.sign_ups import SignUpForm
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import InputError, StateError
from bulkmail.model import Campaign
from bulkmail.prepare.lists import content_hash
from bulkmail.prepare.mends import save_list
from bulkmail.tips import unsubscribe


def slug_of(purpose: str) -> str:
    """The end of the form's address: as the list id of the purpose names it."""
    return unsubscribe.list_id(purpose, "example.org").partition(".")[0]


def form_url(ws: Workspace, purpose: str) -> str:
    """Where strangers find the form."""
    return f"{ws.settings.public_url}/join/{slug_of(purpose)}"


def open_form(ws: Workspace, campaign: Campaign, *, by: str, now: datetime) -> None:
    """Open the form for a campaign's purpose, signed by its sender. StateError without words to agree to."""
    if not any(notices.newest_notice(ws, campaign.purpose, language) for language in ("zh-Hant", "en")):
        raise StateError("There are no words yet that people could agree to. Write a notice for this purpose first.")
    form = SignUpForm(slug=slug_of(campaign.purpose), purpose=campaign.purpose, sender=campaign.sender, open=True)
    sign_ups.set_form(ws, form, by=by, now=now)


def close_form(ws: Workspace, purpose: str, *, by: str, now: datetime) -> None:
    """Close the form; links in letters that went out already still confirm."""
    form = sign_ups.forms(ws).get(slug_of(purpose))
    if form:
        sign_ups.set_form(ws, replace(form, open=False), by=by, now=now)


def list_of_sign_ups(ws: Workspace, purpose: str, now: datetime) -> ListVersion:
    """The saved list of everybody who confirmed. Their consent is in the ledger; the list is only who they are."""
    people = sign_ups.confirmed(ws, slug_of(purpose))
    if people.empty:
        raise InputError("Nobody has confirmed a sign-up for {purpose} yet.", purpose=purpose)
    named = people.assign(language=people["language"].replace("both", ""))
    headed = named.rename(columns={"address": "Email", "name": "Name", "language": "Language"})
    data = headed.to_csv(index=False).encode()
    name = f"sign-ups {slug_of(purpose)}.csv"
    return save_list(ws, name, intake.read_list(data, name), content_hash(data), now)
