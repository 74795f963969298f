"""The way out: the page behind the link of every letter, and the one click of mail programs."""

from datetime import datetime
from functools import partial
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bulkmail.adapters import journal, suppressions
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import Suppression, SuppressionReason
from bulkmail.tips.unsubscribe import Token, read_token
from bulkmail.web import page, preferences
from bulkmail.web.answering import Clock, read_body
from bulkmail.web.together import Together

_LIST_BUTTON = ("list", "取消訂閱 · Unsubscribe")
_ALL_BUTTON = ("all", "停止所有來信 · Stop everything")
_CHOOSE_BUTTON = ("choose", "選擇來信 · Choose what you get")
_ASK: page.Page = (
    ("取消訂閱", "Unsubscribe"),
    (
        "按下按鈕，我們便立即停止向你發送這類電郵；毋須登入，亦毋須填寫任何資料。",
        "Press the button and we stop sending you this kind of email at once. No sign-in, nothing to fill in.",
    ),
    (_LIST_BUTTON, _ALL_BUTTON, _CHOOSE_BUTTON),
)
_LEFT_LIST: page.Page = (
    ("已取消訂閱", "You have unsubscribed"),
    (
        "我們不會再向你發送這類電郵。如亦不願收到我們的其他電郵，請按下方按鈕。",
        "We will not send you this kind of email again. If you want none of our other emails either, press the button.",
    ),
    (_ALL_BUTTON, _CHOOSE_BUTTON),
)
_LEFT_ALL: page.Page = (
    ("已停止所有來信", "You will get no more email from us"),
    ("我們不會再向你發送任何電郵。", "We will not send you any email again."),
    (),
)


async def show(request: Request) -> Response:
    """The same page for every token, good or bad; nothing is read and nothing changes (scanners follow links)."""
    return page.show(_ASK)


class Door:
    """The acting half: it stores what was asked for, and answers only then."""

    def __init__(self, ws: Workspace, clock: Clock) -> None:
        self.ws, self.clock = ws, clock
        self.leaving: Together[Suppression] = Together(partial(suppressions.add_suppressions, ws))
        self.letters: dict[str, tuple[str, bool]] = {}

    async def act(self, request: Request) -> Response:
        """Act on the button of the page, or on a mail program's one-click request (RFC 8058, section 3.2), whatever the
        form of its body: leave the letter's purpose, or everything. The answer says so only once it is stored."""
        token = read_token(request.path_params["token"], self.ws.token_keys)
        scope = _scope(request, await read_body(request, _FORM_BYTES) or b"")
        if token is None:
            return page.show(page.BROKEN, 404)
        if scope == "choose":
            return await preferences.choose(self.ws, token, request.path_params["token"])
        purpose, rehearsal = await self._letter(token.plan)
        left = "" if scope == "all" else purpose
        await self.leaving.add(_leaving(token, left, rehearsal, self.clock()))
        return page.show(_LEFT_LIST if left else _LEFT_ALL)

    async def _letter(self, plan: str) -> tuple[str, bool]:
        """Purpose of a plan's letters and whether they were rehearsed: the letter's mode counts, not ours, since a real
        reader may come at any time. Of a plan we do not know, everything is left, and for real."""
        if plan not in self.letters:
            found = await run_in_threadpool(journal.purpose_and_mode, self.ws, plan)
            if found is None:
                return "", False
            self.letters[plan] = found
        return self.letters[plan]


_FORM_BYTES = 16_384


def _scope(request: Request, body: bytes) -> str:
    """Which button of the page was pressed. A one-click request, urlencoded or multipart, names none: "list"."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return "list"
    asked = parse_qs(body.decode("ascii", "replace")).get("scope")
    return asked[0] if asked in (["all"], ["choose"]) else "list"


def _leaving(token: Token, purpose: str, rehearsal: bool, now: datetime) -> Suppression:
    return Suppression(
        person=token.person,
        reason=SuppressionReason.UNSUBSCRIBED,
        at=now,
        origin=f"{suppressions.LINK_ORIGIN}{token.plan}",
        purpose=purpose,
        rehearsal=rehearsal,
    )
