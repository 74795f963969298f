"""The inbox of the rehearsal: what everyone on the list would find in their mailbox, and what they did with it.

Letters are written by strangers: pages escape everything, and a letter is shown in a frame without scripts, forms or
a place of its own in the browser (an opaque origin), under a policy that lets it load pictures and nothing else.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import jinja2
import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bulkmail.rehearsal.labels import labels
from bulkmail.rehearsal.letters import Letter
from bulkmail.rehearsal.stage import Stage

A_PAGE = 50
PARTS = ("as_read", "plain", "headers", "history")
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*"
)
LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src https: http: data:; font-src https: data:; frame-ancestors 'self'"
)
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def routes(stage: Stage) -> list[Route]:
    """The inbox as pages and as JSON; they only read."""
    return [
        Route("/", lambda request: RedirectResponse("/inbox")),
        Route("/inbox", lambda request: _inbox(stage, request)),
        Route("/inbox.json", lambda request: _inbox_json(stage, request)),
        Route("/inbox/counts.json", lambda request: _json(stage.store.counts())),
        Route("/inbox/{number:int}", lambda request: _letter(stage, request)),
        Route("/inbox/{number:int}/letter", lambda request: _letter_alone(stage, request)),
        Route("/inbox/{number:int}.json", lambda request: _letter_json(stage, request)),
    ]


def _inbox(stage: Stage, request: Request) -> Response:
    words, page = request.query_params.get("q", "").strip(), _number(request, "page", 1)
    found, total = stage.store.search(words, A_PAGE, (page - 1) * A_PAGE)
    say = _labels(request)

    def to_page(number: int) -> str:
        return "/inbox?" + urlencode({"q": words, "page": number, "lang": say["language"]})

    return _page(
        "inbox.html",
        request,
        rows=[(letter, _moment(letter.received_at)) for letter in found],
        words=words,
        total=total,
        page=page,
        pages=max(1, -(-total // A_PAGE)),
        to_page=to_page,
    )


def _letter(stage: Stage, request: Request) -> Response:
    letter = _wanted(stage, request)
    if letter is None:
        return _page("missing.html", request, status=404)
    part = request.query_params.get("part", PARTS[0])
    return _page(
        "letter.html",
        request,
        letter=letter,
        written=stage.store.written_out(letter),
        received=_moment(letter.received_at),
        part=part if part in PARTS else PARTS[0],
        parts=PARTS,
        history=_history(stage, letter) if part == "history" else [],
    )


def _letter_alone(stage: Stage, request: Request) -> Response:
    """The HTML of a letter, to stand in a frame. Links open outside of it, so that a trainee can follow them."""
    letter = _wanted(stage, request)
    if letter is None:
        return _page("missing.html", request, status=404)
    source = f'<!doctype html><base target="_blank">{stage.store.written_out(letter)["html"]}'
    return HTMLResponse(source, headers=_headers(LETTER_POLICY))


def _inbox_json(stage: Stage, request: Request) -> Response:
    """Letters, newest first: q finds, limit (100) and offset page."""
    limit, start = min(_number(request, "limit", 100), 10_000), _number(request, "offset", 0)
    found, total = stage.store.search(request.query_params.get("q", "").strip(), limit, start)
    return _json({"total": total, "letters": [letter._asdict() for letter in found]})


def _letter_json(stage: Stage, request: Request) -> Response:
    letter = _wanted(stage, request)
    if letter is None:
        return _json({}, 404)
    return _json({**letter._asdict(), **stage.store.written_out(letter), "history": _history(stage, letter)})


def _history(stage: Stage, letter: Letter) -> list[tuple[str, str, str, str]]:
    """(event, moment, what was said, its link) of what happened to a letter, in order of time."""
    rows = stage.store.rows(
        "SELECT kind, at, details FROM event WHERE letter_id = ? AND happened = 1 ORDER BY at, id", (letter.id,)
    )
    told = [(kind, at, orjson.loads(details)) for kind, at, details in rows]
    return [
        (
            "machine_open" if details.get("sg_machine_open") else kind,
            _moment(at),
            details.get("reason") or details.get("response") or details.get("answer") or "",
            details.get("url", "") if kind == "click" else "",
        )
        for kind, at, details in told
    ]


def _wanted(stage: Stage, request: Request) -> Letter | None:
    found = stage.store.letters("letter.id = ?", (request.path_params["number"],), 1)
    return found[0] if found else None


def _page(template: str, request: Request, *, status: int = 200, **values: object) -> Response:
    say = _labels(request)
    other = "en" if say["language"] == "zh-Hant" else "zh-Hant"
    switch = f"{request.url.path}?{urlencode({**request.query_params, 'lang': other})}"
    source = _TEMPLATES.get_template(template).render(say=say, switch=switch, other=other, **values)
    return HTMLResponse(source, status, headers={**_headers(PAGE_POLICY), "Content-Language": say["language"]})


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def _labels(request: Request) -> Mapping[str, str]:
    return labels(request.query_params.get("lang", ""), request.headers.get("accept-language", ""))


def _number(request: Request, name: str, default: int) -> int:
    """A number from the query, or `default`; never below it where that is what makes sense (page 1, offset 0)."""
    text = request.query_params.get(name, "")
    return max(int(text), min(default, 1)) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _json(value: object, status: int = 200) -> Response:
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(orjson.dumps(value), status, headers, "application/json")


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
