"""Writes to people who asked to sign up: one letter each, through the same journal as every other letter.

A plan of one is made and approved for each request, so that a letter is journalled before it leaves, is never repeated,
and goes to the rehearsal while there is no key.
"""

from datetime import datetime

import pandas as pd

from bulkmail import compose, plan
from bulkmail.adapters import database, files, journal, sign_ups, suppressions
from bulkmail.adapters.sign_ups import SignUp, SignUpForm
from bulkmail.adapters.workspace import Workspace, reading
from bulkmail.errors import BulkmailError
from bulkmail.model import CONFIRMATION, CONFIRMATION_ID, Campaign
from bulkmail.tips import unsubscribe

AT_ONCE = 20  # letters planned in one turn
APPROVED_BY = "sign-up form"
_SUBJECT = "請確認登記 Please confirm: {purpose}"
_BODY = """有人（希望是你）以這個電郵地址登記接收 **{organisation}** 的電郵。

[確認登記 · Confirm]({link})

如非你本人登記，請不必理會：不確認便不會再有任何來信。

---

Somebody, we hope you, signed this address up for emails of **{organisation}**. Press the link above to confirm. If it
was not you, do nothing: without a confirmation nothing more will come.
"""


def write_to_sign_ups(ws: Workspace, now: datetime) -> int:
    """Plan and approve the letters that ask to confirm; how many requests were settled so."""
    forms = sign_ups.forms(ws)
    asked = sign_ups.waiting(ws, AT_ONCE)
    for request in asked:
        form = forms[request.slug]
        may_write = form.open and not _is_kept_away(ws, request.person)
        sign_ups.settle(ws, request.id, _plan(ws, request, form, now) if may_write else "", now)
    return len(asked)


def _is_kept_away(ws: Workspace, person: str) -> bool:
    """Whether not even this letter may be sent: who only left may ask to come back."""
    with reading(ws) as connection:
        held = suppressions.suppressions_among(connection, [person], rehearsal=ws.settings.rehearsal)
    return bool((~held["reason"].isin(unsubscribe.MAY_ASK_AGAIN)).any())


def _plan(ws: Workspace, request: SignUp, form: SignUpForm, now: datetime) -> str:
    """The hash of the approved plan of one; "" where no letter can be written to this address."""
    campaign = _campaign(ws, request, form)
    try:
        letters = compose.compile_letters(
            campaign,
            layout=files.layout(ws.home, campaign.layout),
            footer_html=unsubscribe.footer_html(campaign.sender),
            footer_text=unsubscribe.footer_text(campaign.sender),
        )
        person = {"source_row": [1], "person": [request.person], "address": [request.address], "name": [request.name]}
        eligible = pd.DataFrame(person).assign(language="", variant="both")
        made, snapshot = plan.make_plan(
            campaign=campaign,
            rehearsal=ws.settings.rehearsal,
            eligible=eligible,
            excluded_reasons={},
            letters=letters,
            list_hash=request.id,
            suppression_digest="",
            preflight=(),
        )
    except BulkmailError:
        return ""
    journal.store_plan(ws, made, snapshot, snapshot.iloc[:0], [], now, campaign=database.document_of(campaign))
    journal.approve(ws, made.hash, APPROVED_BY, now)
    return made.hash


def _campaign(ws: Workspace, request: SignUp, form: SignUpForm) -> Campaign:
    token = unsubscribe.make_token(request.person, request.id, *ws.signing_key())
    link = f"{ws.settings.public_url}/join/{form.slug}/{token}"
    organisation = form.sender.organisation or form.sender.name
    return Campaign(
        id=f"{CONFIRMATION_ID}{request.id}",
        name=_SUBJECT.format(purpose=form.purpose),
        purpose=form.purpose,
        kind=CONFIRMATION,
        sender=form.sender,
        language="both",
        subject=_plain(_SUBJECT.format(purpose=form.purpose)),
        preheader="",
        body=_BODY.format(organisation=_plain(organisation), link=link),
        body_format="md",
    )


def _plain(words: str) -> str:
    """What staff typed, with nothing in it that a template would run."""
    return words.replace("{", "(").replace("}", ")").replace("*", "")
