"""The public doors, which strangers reach: health, signing up, choosing, unsubscribing, the sending service's events.

No cookie, no redirect, no third party, no script, no address in an answer or a log.
"""

from collections.abc import Callable
from functools import partial

from starlette.applications import Starlette
from starlette.routing import Route

from bulkmail.adapters.workspace import Workspace
from bulkmail.web import events, health, join, preferences, unsubscribe
from bulkmail.web.answering import Clock, Methods, utc_now

__all__ = ["public_app", "routes"]


def routes(ws: Workspace, *, clock: Clock = utc_now, webhook_key: Callable[[], str] | None = None) -> list[Route]:
    """Return the public routes. `webhook_key` gives the public key that signs events, asked for at each call (the
    rehearsal has its own, known once it runs); the key of the settings where it is not given."""
    key = webhook_key or (lambda: ws.settings.webhook_key)
    entry, choices = join.Door(ws, clock), preferences.Door(ws, clock)
    return [
        Route("/healthz", Methods({"GET": partial(health.show, ws)})),
        Route("/u/{token:path}", Methods({"GET": unsubscribe.show, "POST": unsubscribe.Door(ws, clock).act})),
        Route("/p/{token:path}", Methods({"GET": choices.show, "POST": choices.save})),
        Route("/join/{slug}", Methods({"GET": entry.show, "POST": entry.ask})),
        Route("/join/{slug}/{token:path}", Methods({"GET": entry.show_confirming, "POST": entry.confirm})),
        Route("/webhooks/sendgrid", Methods({"POST": partial(events.take, ws, clock, key)})),
    ]


def public_app(ws: Workspace, *, clock: Clock = utc_now, webhook_key: Callable[[], str] | None = None) -> Starlette:
    """Return an application with the public routes and nothing else, for a machine that faces the Internet."""
    return Starlette(routes=routes(ws, clock=clock, webhook_key=webhook_key))
