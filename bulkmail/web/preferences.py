"""What one person chooses: purposes, how often, language, nothing at all; and what is known of them.

The link of any letter leads here (/p/ in place of /u/), signed and without an address. Looking changes nothing. Coming
back for a purpose is a consent of one's own, leaving one a suppression; both hold before the answer is given.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import parse_qs

import pandas as pd
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bulkmail.adapters import database, history, journal, ledger, notices, sign_ups, suppressions
from bulkmail.adapters.history import PLANS_ASKED
from bulkmail.adapters.workspace import Workspace, reading
from bulkmail.model import REHEARSED, ConsentEvent, ConsentState, Suppression, SuppressionReason, purpose_key
from bulkmail.tips import unsubscribe
from bulkmail.tips.cadence import MACAU
from bulkmail.tips.unsubscribe import Token, read_token
from bulkmail.web import page
from bulkmail.web.answering import Clock, read_body
from bulkmail.web.join import FREQUENCIES, LANGUAGES

_FORM_BYTES = 16_384
_EVENTS_SHOWN = 50
_TITLE = ("你的選擇", "Your choices")
_SAVED = ("已儲存，即時生效。", "Saved. It takes effect at once.")
_LIVE = (ConsentState.GIVEN.value, ConsentState.RECONFIRMED.value)
_STATES = {
    "given": "同意 · given", "reconfirmed": "再次確認 · confirmed again", "requested": "待確認 · asked for",
    "refused": "拒絕 · refused", "withdrawn": "撤回 · withdrawn", "expired": "過期 · expired",
}  # fmt: skip
_EVIDENCE = {
    "link": "你按下的連結 · a link you pressed", REHEARSED: "演練中按下的連結 · a link pressed in a rehearsal",
    "form": "你填寫的表格 · a form you filled in", "request": "你向我們提出的要求 · what you asked us",
    "attestation": "本機構的聲明 · a statement of our own",
}  # fmt: skip
_BY_LIST = "名單 · a list we hold"
_ADDRESS = re.compile(r"[^\s<>,;]+@[^\s<>,;]+")


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of one person: whether each purpose is on, how often and in which language they want letters, the
    events of the ledger (`words` are those of their notices, by hash), the suppressions as they stand, and the letters
    that they were sent, of so many newest `plans`."""

    purposes: dict[str, bool]
    frequency: str
    language: str
    events: pd.DataFrame
    words: Mapping[str, str]
    held: pd.DataFrame
    letters: pd.DataFrame
    plans: int


@dataclass(frozen=True)
class Door:
    """The page of one person, on one workspace."""

    ws: Workspace
    clock: Clock

    async def show(self, request: Request) -> Response:
        """What the person chose; for a bad link the page that says so."""
        token = read_token(request.path_params["token"], self.ws.token_keys)
        if token is None:
            return page.show(page.BROKEN, 404)
        return _filled(await run_in_threadpool(_known, self.ws, token))

    async def save(self, request: Request) -> Response:
        """Store what was changed, and show how it stands then."""
        token = read_token(request.path_params["token"], self.ws.token_keys)
        body = await read_body(request, _FORM_BYTES) or b""
        if token is None:
            return page.show(page.BROKEN, 404)
        asked = partial(_save, self.ws, token, body, self.clock())
        return _filled(await run_in_threadpool(asked), saved=True)


async def choose(ws: Workspace, token: Token, word: str) -> Response:
    """The page as an answer under another address: its form leads to its own."""
    return _filled(await run_in_threadpool(_known, ws, token), action=f"/p/{word}")


def _known(ws: Workspace, token: Token) -> Known:
    with reading(ws) as connection:
        events = database.consent_among(connection, [token.person])
        held = database.suppressions_among(connection, [token.person], rehearsal=ws.settings.rehearsal)
    events = ledger.of_mode(events, rehearsal=ws.settings.rehearsal)
    letter, (letters, plans) = journal.purpose_and_mode(ws, token.plan), history.contacts_of(ws, token.person)
    names = [letter[0] if letter else "", *events["purpose"], *(form.purpose for form in _open_forms(ws))]
    purposes = {purpose_key(name): name for name in reversed(names) if purpose_key(name)}
    return Known(
        purposes={name: _is_on(token.person, name, events, held, letter) for name in sorted(purposes.values())},
        frequency=_last_frequency(events),
        language=sign_ups.languages(ws, token.person).get(token.person, ""),
        events=events,
        words=_words_of(ws, events),
        held=held,
        letters=letters,
        plans=plans,
    )


def _words_of(ws: Workspace, events: pd.DataFrame) -> dict[str, str]:
    found = (notices.notice_of(ws, name) for name in events["notice"].unique() if name)
    return {notice.hash: notice.text for notice in found if notice}


def _open_forms(ws: Workspace) -> list[sign_ups.SignUpForm]:
    return [form for form in sign_ups.forms(ws).values() if form.open]


def _is_on(
    person: str, purpose: str, events: pd.DataFrame, held: pd.DataFrame, letter: tuple[str, bool] | None
) -> bool:
    """Whether letters of this purpose may come: nothing keeps them away, and the person agreed, or has the letter."""
    row = pd.DataFrame({"person": [person]}, dtype="str")
    if unsubscribe.annotate(row, held, purpose=purpose, events=events)["suppression_reason"].iloc[0]:
        return False
    about = events[events["purpose"].map(purpose_key) == purpose_key(purpose)]
    if about.empty:
        return letter is not None and purpose_key(letter[0]) == purpose_key(purpose)
    return about.sort_values("recorded_at", kind="stable")["state"].iloc[-1] in _LIVE


def _last_frequency(events: pd.DataFrame) -> str:
    """What the person last said of it, as the caps read it; "any" is as often as letters are sent."""
    said = events.loc[events["frequency"] != "", "frequency"]
    return said.iloc[-1] if len(said) and said.iloc[-1] in FREQUENCIES else ""


# ---------------------------------------------------------------- the page


def _filled(known: Known, *, saved: bool = False, action: str = "") -> Response:
    boxes = "".join(
        f'<input type="hidden" name="shown" value={page.quoted(name)}>'
        + (f'<input type="hidden" name="was" value={page.quoted(name)}>' if on else "")
        + page.choice("purpose", name, page.plain(name), ticked=on)
        for name, on in known.purposes.items()
    )
    languages = {"": ("沒有偏好", "No preference"), **LANGUAGES}
    body = "".join(
        (
            f'<div role="status">{page.said(_SAVED)}</div>' if saved else "",
            f'<form method="post"{f" action={page.quoted(action)}" if action else ""}>',
            page.heading(("你願意收到的電郵", "Emails you want")),
            boxes or page.said(("沒有紀錄。", "Nothing is recorded.")),
            page.selection("frequency", ("次數", "How often"), FREQUENCIES, known.frequency),
            page.selection("language", ("語言", "Language"), languages, known.language),
            page.button("save", "儲存 · Save", first=True),
            page.button("all", "停止所有來信 · Stop everything"),
            "</form>",
            page.heading(("我們對你所知的", "What we know about you")),
            _summary(known),
            page.heading(("你的同意紀錄", "What you agreed to")),
            _events(known),
            _held(known.held),
            page.said(
                (
                    "此頁不顯示你的電郵地址，以免轉寄信件時外洩。如欲取得、更正或刪除全部資料，請回覆任何一封來信。",
                    "Your address is not shown here, in case a letter was forwarded. To get, correct or erase all that "
                    "is kept, reply to any of our letters.",
                )
            ),
        )
    )
    return page.document(_TITLE, body)


def _summary(known: Known) -> str:
    """How many letters there were, and what was asked of us."""
    languages = {"": ("沒有偏好", "No preference"), **LANGUAGES}
    last = known.letters["mailed_at"].max() if len(known.letters) else None
    counted = f"{len(known.letters)}" + (
        f"（在最近 {known.plans} 次發送中 · of our last {known.plans} mailings）" if known.plans == PLANS_ASKED else ""
    )
    return page.facts(
        (
            (("已寄出的信", "Letters sent"), counted),
            (("最近一封", "The last of them"), _day(last)),
            (("次數", "How often"), " · ".join(FREQUENCIES.get(known.frequency, FREQUENCIES[""]))),
            (("語言", "Language"), " · ".join(languages.get(known.language, languages[""]))),
        )
    )


def _events(known: Known) -> str:
    """The newest events of the ledger: for what, in which state, since when, how that is known, and in which words."""
    if known.events.empty:
        return page.said(("沒有同意紀錄。", "No consent is recorded."))
    newest = known.events.tail(_EVENTS_SHOWN).iloc[::-1].to_dict("records")
    return "".join(_event(event, known.words.get(event["notice"], event["wording"])) for event in newest)


def _event(event: Mapping[str, str], words: str) -> str:
    about = page.plain(event["purpose"] or "所有 · everything")
    source = _ADDRESS.sub("…", event["source"])  # a letter may have been forwarded
    known = f"{_day(event['at'])}：{_EVIDENCE.get(event['evidence'], _BY_LIST)}" + (f"（{source}）" if source else "")
    shown = f"<blockquote>{page.plain(words)}</blockquote>"
    more = page.unfolds(("當時的字眼", "The words at the time"), shown) if words else ""
    state = _STATES.get(event["state"], event["state"])
    return f"<section><p><strong>{about}</strong>：{state}</p><p>{page.plain(known)}</p>{more}</section>"


def _held(held: pd.DataFrame) -> str:
    if held.empty:
        return ""
    rows = ((_day(row.at), row.purpose or "所有 · everything") for row in held.itertuples())
    return page.heading(("你已取消", "What you left")) + page.table((("日期", "Day"), ("用途", "Purpose")), rows)


def _day(at: object) -> str:
    """The day by the clocks of the house, as its staff see it; that of UTC is yesterday's until eight."""
    return "—" if pd.isna(at) else f"{pd.Timestamp(at).tz_convert(MACAU):%Y-%m-%d}"


# ---------------------------------------------------------------- saving


def _save(ws: Workspace, token: Token, body: bytes, now: datetime) -> Known:
    """Do what differs from what the page showed: a page that stood open for long undoes nothing done meanwhile."""
    given = _fields(body)
    before, letter = _known(ws, token), journal.purpose_and_mode(ws, token.plan)
    rehearsal = letter[1] if letter else False
    if given.get("scope") == ["all"]:
        suppressions.add_suppressions(ws, [_left(token, "", rehearsal, now)])
        return _known(ws, token)
    frequency, language = _one_of(given, "frequency", FREQUENCIES, before.frequency), _language(given, before)
    gone, new, kept = _changes(given, before, frequency)
    suppressions.add_suppressions(ws, [_left(token, name, rehearsal, now) for name in gone])
    if letter:  # of a letter that we do not know, only leaving is believed
        wanted = {"frequency": frequency or "any", "rehearsal": rehearsal, "now": now}
        ledger.record_consent(ws, [_wanted(token, name, again=name in kept, **wanted) for name in new + kept])
    if language != before.language:
        sign_ups.set_language(ws, token.person, language, rehearsal=rehearsal, now=now)
    return _known(ws, token)


def _changes(given: dict[str, list[str]], before: Known, frequency: str) -> tuple[list[str], list[str], list[str]]:
    """The purposes that were left, those that are wanted from now on, and those that stay with another frequency."""
    known, ticked, was = set(before.purposes), set(given.get("purpose", ())), set(given.get("was", ()))
    gone = (was - ticked) & known & set(given.get("shown", ()))
    on = {name for name, is_on in before.purposes.items() if is_on}
    kept = on & ticked & was if frequency != before.frequency else set()
    return sorted(gone), sorted((ticked - was) & known), sorted(kept)


def _one_of(given: dict[str, list[str]], name: str, known: Mapping[str, page.Pair], otherwise: str) -> str:
    said = given.get(name, [""])[0]
    return said if said in known else otherwise


def _language(given: dict[str, list[str]], before: Known) -> str:
    return _one_of(given, "language", {"": _TITLE, **LANGUAGES}, before.language)


def _fields(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=500, keep_blank_values=True)
    except ValueError:
        return {}


def _left(token: Token, purpose: str, rehearsal: bool, now: datetime) -> Suppression:
    return Suppression(
        person=token.person,
        reason=SuppressionReason.UNSUBSCRIBED,
        at=now,
        origin=f"{suppressions.LINK_ORIGIN}{token.plan}",
        purpose=purpose,
        rehearsal=rehearsal,
    )


def _wanted(token: Token, purpose: str, *, frequency: str, rehearsal: bool, now: datetime, again: bool) -> ConsentEvent:
    return ConsentEvent(
        person=token.person,
        purpose=purpose,
        basis="consent_express",
        state=ConsentState.RECONFIRMED if again else ConsentState.GIVEN,
        at=now,
        recorded_at=now,
        method="preference_page",
        source="/p/",
        wording="",
        evidence=REHEARSED if rehearsal else "link",
        recorded_by="the person",
        frequency=frequency,
    )
