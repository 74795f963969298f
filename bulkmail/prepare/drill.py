"""Drills: the way out is tried as strangers will try it, before anybody may approve a letter."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from html.parser import HTMLParser

from bulkmail import limits
from bulkmail.adapters import doors, drills, suppressions
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import Campaign
from bulkmail.tips import unsubscribe
from bulkmail.tips.unsubscribe import Drill, Step

_FORM = "application/x-www-form-urlencoded"
_BOUNDARY = "one-click"
_PARTS = (
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--{_BOUNDARY}--\r\n'
)


def newest_drill(ws: Workspace, campaign: Campaign, *, now: datetime) -> Drill:
    """What the last drill saw, made anew where that is too long ago."""
    kept = drills.drills(ws, ws.settings.public_url)
    known = _drill_of(kept[0]) if kept else None
    return known if known and _is_fresh(known, now) else make_drill(ws, campaign, now=now)


def _is_fresh(drill: Drill, now: datetime) -> bool:
    good = drill.reached and all(step.suppressed for step in drill.of("post", "multipart"))
    lasts = timedelta(minutes=limits.DRILL_MINUTES.value if good else limits.DRILL_RETRY_SECONDS.value / 60)
    return timedelta(0) <= now - drill.at <= lasts


def make_drill(ws: Workspace, campaign: Campaign, *, now: datetime) -> Drill:
    """Knock as scanners and mail programs do with the links of two canary letters, and keep what was seen. The first
    has a link of the newest key, the second one of the oldest; where nobody answers the first knock, there is no
    second."""
    knocks = _Knocks(ws)
    link = _link(ws, campaign, knocks.canary, ws.token_key_id)
    steps = [knocks.step("head", "HEAD", link)]
    if steps[0].status is not None:
        steps.append(knocks.step("get", "GET", link))
        steps += [knocks.step(name, "POST", link, unsubscribe.ONE_CLICK, _FORM) for name in ("post", "again")]
        knocks.canary = secrets.token_hex(16)
        old_link = _link(ws, campaign, knocks.canary, min(ws.token_keys))
        steps.append(knocks.step("multipart", "POST", old_link, _PARTS, f"multipart/form-data; boundary={_BOUNDARY}"))
    page = _Page(knocks.page)
    made = Drill(
        at=now, url=ws.settings.public_url, steps=tuple(steps), asks=page.asks, offers_everything=page.offers_everything
    )
    seen = {"steps": [asdict(step) for step in steps], "asks": made.asks, "offers_everything": made.offers_everything}
    drills.keep_drill(ws, drills.KeptDrill(at=now, url=made.url, steps=seen))
    return made


class _Knocks:
    """Knocks with the links of one canary after the other, and looks after each how the canary stands."""

    def __init__(self, ws: Workspace) -> None:
        self.ws, self.canary, self.page = ws, secrets.token_hex(16), ""

    def step(self, name: str, method: str, url: str, body: str = "", content_type: str = "") -> Step:
        """One request, and what became of it."""
        seconds = limits.DRILL_ANSWER_SECONDS.value
        answer = doors.knock(method, url, body=body.encode(), content_type=content_type, seconds=seconds)
        suppressed = suppressions.is_suppressed(self.ws, self.canary)
        if method == "GET":
            self.page = answer.body.decode("utf-8", "replace")
        return Step(
            name=name,
            status=answer.status,
            seconds=answer.seconds,
            suppressed=suppressed,
            cookie="set-cookie" in answer.headers,
            moved="location" in answer.headers,
            trouble=answer.trouble,
        )


def _link(ws: Workspace, campaign: Campaign, canary: str, key_id: int) -> str:
    """The link of a canary letter, read from its header as a mail program reads it."""
    token = unsubscribe.make_token(canary, suppressions.CANARY_PLAN, ws.token_keys[key_id], key_id)
    headers = unsubscribe.headers_of(campaign, f"{ws.settings.public_url}/u/{token}")
    return headers["List-Unsubscribe"].partition(">")[0].removeprefix("<")


def _drill_of(kept: drills.KeptDrill) -> Drill:
    seen: Mapping[str, object] = kept.steps
    steps = tuple(Step(**step) for step in seen["steps"])
    return Drill(at=kept.at, url=kept.url, steps=steps, asks=seen["asks"], offers_everything=seen["offers_everything"])


class _Page(HTMLParser):
    """What the page behind a link asks for, and whether it offers to stop everything."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.asks, self.offers_everything = 0, False
        self.feed(source)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        if tag in ("input", "select", "textarea") and named.get("type") != "hidden":
            self.asks += named.get("type") == "password" or "required" in named
        self.offers_everything |= tag == "button" and named.get("value") == "all"
