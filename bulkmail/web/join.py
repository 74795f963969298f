"""Signing up: a form, a letter to the address it names, and the page behind that letter's link.

Whoever asks, for whatever address, gets the same answer. Nothing is believed before the link of the letter is pressed,
and pressing is a POST: scanners that follow the link change nothing. No letter leaves from here; the worker sends it.
"""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bulkmail.adapters import ledger, notices, sign_ups
from bulkmail.adapters.sign_ups import SignUp, SignUpForm
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import REHEARSED, ConsentEvent, ConsentState, Notice
from bulkmail.tips import addressing
from bulkmail.tips.unsubscribe import read_token
from bulkmail.web import page
from bulkmail.web.answering import Clock, read_body

LANGUAGES = {"both": ("中英雙語", "Both languages"), "zh-Hant": ("中文", "Chinese"), "en": ("英文", "English")}
FREQUENCIES = {
    "": ("照常", "As usual"),
    "weekly": ("最多每星期一封", "At most weekly"),
    "monthly": ("最多每月一封", "At most monthly"),
    "quarterly": ("最多每季一封", "At most quarterly"),
}
_FORM_BYTES = 16_384
_CLOSED: page.Page = (
    ("此表格未開放", "This form is not open"),
    ("請向邀請你登記的單位查詢。", "Ask whoever invited you to sign up."),
    (),
)
_ASKED: page.Page = (
    ("請查看你的電郵", "Look into your mailbox"),
    (
        "如該地址可以接收我們的電郵，你會收到一封確認信。按下信中的按鈕後，登記才會生效；如不理會，便不會再有任何來信。",
        "If that address can receive our emails, a letter is on its way. You are signed up only once you press the "
        "button behind its link; ignore it, and nothing more will come.",
    ),
    (),
)
_TOO_OFTEN: page.Page = (
    ("請稍後再試", "Please try again later"),
    (
        "你的網絡在短時間內提交了過多登記。請於一小時後再試。",
        "Too many requests came from your network. Try again in an hour.",
    ),
    (),
)
_CONFIRM: page.Page = (
    ("確認登記", "Confirm that you want this"),
    ("按下按鈕即確認登記。", "Press the button, and you are signed up."),
    (("list", "確認 · Confirm"),),
)
_DONE: page.Page = (
    ("登記已確認", "You are signed up"),
    (
        "多謝。每封信的末端均有連結，可隨時取消訂閱或更改選擇。",
        "Thank you. A link at the foot of each letter lets you leave or change your choices at any time.",
    ),
    (),
)


@dataclass(frozen=True)
class Door:
    """The form and the page that confirms, on one workspace."""

    ws: Workspace
    clock: Clock

    async def show(self, request: Request) -> Response:
        """The form, with the words that people agree to."""
        found = await run_in_threadpool(_form, self.ws, request.path_params["slug"])
        return _filled(*found) if found else page.show(_CLOSED, 404)

    async def ask(self, request: Request) -> Response:
        """Keep the request. The answer is the same whether or not the address is known."""
        found = await run_in_threadpool(_form, self.ws, request.path_params["slug"])
        given = _fields(await read_body(request, _FORM_BYTES) or b"")
        if found is None:
            return page.show(_CLOSED, 404)
        person = addressing.person_of(given.get("address", ""), self.ws.person_key)
        if not person or given.get("agree") != "yes":
            return _filled(*found, given=given, wrong=True)
        asked = _sign_up(self.ws, *found, given, person, _network(self.ws, request), self.clock())
        kept = await run_in_threadpool(sign_ups.ask, self.ws, asked)
        return page.show(_ASKED) if kept else page.show(_TOO_OFTEN, 429)

    async def show_confirming(self, request: Request) -> Response:
        """The same page for every link, good or bad; nothing is read and nothing changes (scanners follow links)."""
        return page.show(_CONFIRM)

    async def confirm(self, request: Request) -> Response:
        """Record the consent of whoever the link names, once; a repeat is answered alike."""
        await read_body(request, _FORM_BYTES)
        token = read_token(request.path_params["token"], self.ws.token_keys)
        slug = request.path_params["slug"]
        done = token and await run_in_threadpool(_confirm, self.ws, slug, token.person, token.plan, self.clock())
        return page.show(_DONE) if done else page.show(page.BROKEN, 404)


def _form(ws: Workspace, slug: str) -> tuple[SignUpForm, Mapping[str, Notice]] | None:
    """An open form and its notices by language; None where there is no such form, or no words to agree to."""
    form = sign_ups.forms(ws).get(slug)
    if form is None or not form.open:
        return None
    words = {language: notices.newest_notice(ws, form.purpose, language) for language in ("zh-Hant", "en")}
    known = {language: notice for language, notice in words.items() if notice}
    return (form, known) if known else None


def _filled(
    form: SignUpForm, words: Mapping[str, Notice], *, given: Mapping[str, str] | None = None, wrong: bool = False
) -> Response:
    """The form, as it was filled in; nothing is ticked that the person has not ticked."""
    given = given or {}
    shown = "".join(
        f'<blockquote lang="{language}">{escape(notice.text)}</blockquote>' for language, notice in words.items()
    )
    trouble = ("請填寫有效的電郵地址，並勾選同意。", "Write an email address that works, and tick that you agree.")
    body = "".join(
        (
            f'<div class="wrong" role="alert">{page.said(trouble)}</div>' if wrong else "",
            f"<p>{escape(form.sender.organisation)}</p>{shown}",
            '<form method="post">',
            page.field("address", ("電郵地址", "Email address"), kind="email", value=given.get("address", ""),
                       extra='required autocomplete="email" maxlength="254"'),
            page.field("name", ("姓名（可不填）", "Name (if you like)"), value=given.get("name", ""),
                       extra='autocomplete="name" maxlength="100"'),
            page.selection("language", ("語言", "Language"), LANGUAGES, given.get("language", "both")),
            page.selection("frequency", ("次數", "How often"), FREQUENCIES, given.get("frequency", "")),
            page.choice("agree", "yes", page.both(("我同意以上內容", "I agree to this")), ticked=False),
            page.button("list", "登記 · Sign up", first=True),
            "</form>",
        )
    )  # fmt: skip
    return page.document(("登記接收電郵", f"Sign up: {form.purpose}"), body, 400 if wrong else 200)


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form, each as it was written first; what is no form has none."""
    try:
        found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=50)
    except ValueError:
        return {}
    return {name: " ".join(values[0].split())[:254] for name, values in found.items()}


def _network(ws: Workspace, request: Request) -> str:
    """A keyed hash of the network that asks: a household's addresses in IPv6, a neighbourhood's in IPv4."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
        width = 24 if address.version == 4 else 56
        network = str(ipaddress.ip_network(f"{address}/{width}", strict=False))
    except ValueError:
        network = "unknown"
    return hmac.new(ws.person_key, f"network {network}".encode(), hashlib.sha256).hexdigest()[:32]


def _sign_up(
    ws: Workspace,
    form: SignUpForm,
    words: Mapping[str, Notice],
    given: Mapping[str, str],
    person: str,
    network: str,
    now: datetime,
) -> SignUp:
    language = given.get("language", "")
    language = language if language in LANGUAGES else "both"
    shown = words.get(language) or next(iter(words.values()))
    frequency = given.get("frequency", "")
    return SignUp(
        id=secrets.token_hex(16),
        slug=form.slug,
        person=person,
        address=given["address"],
        name=given.get("name", "")[:100],
        language=language,
        frequency=frequency if frequency in FREQUENCIES else "",
        notice=shown.hash,
        network=network,
        rehearsal=ws.settings.rehearsal,
        at=now,
    )


def _confirm(ws: Workspace, slug: str, person: str, beginning: str, now: datetime) -> bool:
    """Whether the link names a request; its consent is in the ledger then, as given by the person."""
    asked = sign_ups.named(ws, slug, person, beginning)
    form = sign_ups.forms(ws).get(slug)
    if asked is None or form is None:
        return False
    if sign_ups.is_confirmed(ws, asked.id):
        return True
    ledger.record_consent(ws, [_given(asked, form, now)])  # first: a stop between the two repeats it, and loses nothing
    sign_ups.set_confirmed(ws, asked.id, now)
    if asked.language != "both":
        sign_ups.set_language(ws, person, asked.language, rehearsal=asked.rehearsal, now=now)
    return True


def _given(asked: SignUp, form: SignUpForm, now: datetime) -> ConsentEvent:
    return ConsentEvent(
        person=asked.person,
        purpose=form.purpose,
        basis="consent_express",
        state=ConsentState.GIVEN,
        at=now,
        recorded_at=now,
        method="web_form",
        source=f"/join/{form.slug}",
        wording="",
        evidence=REHEARSED if asked.rehearsal else "link",
        recorded_by="the person",
        notice=asked.notice,
        proof=asked.id,
        frequency=asked.frequency,
    )
