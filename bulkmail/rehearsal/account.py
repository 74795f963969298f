"""The account as SendGrid shows it to read-only calls: rights, domains, tracking, credits, settings, where events go.

The stand-in has authenticated every domain that it has seen a letter from, and the sample's.
"""

from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bulkmail.rehearsal.stage import Stage
from bulkmail.sample import SAMPLE_DOMAIN

SCOPES = (
    "mail.send", "mail.batch.create", "user.scheduled_sends.create", "suppression.read", "asm.groups.read",
    "whitelabel.read", "tracking_settings.read", "mail_settings.read", "user.credits.read",
    "user.webhooks.event.settings.read",
)  # fmt: skip
NUMBER = "u1.wl1.sendgrid.net"
TRACKING = {"click": True, "open": True, "subscription": False, "google_analytics": False}
MAIL_SETTINGS = dict.fromkeys(("address_whitelist", "bounce_purge", "footer", "forward_bounce", "template"), False)
EVENTS = (
    "processed", "dropped", "delivered", "deferred", "bounce", "open", "click", "spam_report", "unsubscribe",
    "group_unsubscribe", "group_resubscribe",
)  # fmt: skip
Handler = Callable[[Stage, Request, bytes], Response]


def _told(what: Callable[[Stage], object]) -> Handler:
    return lambda stage, request, raw: JSONResponse(what(stage))


def _domains(stage: Stage) -> list[dict[str, object]]:
    seen = stage.store.rows("SELECT DISTINCT lower(sender) FROM request")
    names = {SAMPLE_DOMAIN, *(str(sender).rpartition("@")[2] for (sender,) in seen)}
    return [_domain(number, name) for number, name in enumerate(sorted(names - {""}), start=1)]


def _domain(number: int, name: str) -> dict[str, object]:
    records = {
        "mail_cname": (f"em{number}.{name}", NUMBER),
        "dkim1": (f"s1._domainkey.{name}", f"s1.domainkey.{NUMBER}"),
        "dkim2": (f"s2._domainkey.{name}", f"s2.domainkey.{NUMBER}"),
    }
    dns = {key: {"valid": True, "type": "cname", "host": host, "data": data} for key, (host, data) in records.items()}
    about = {"id": number, "user_id": 1, "username": "rehearsal", "ips": [], "custom_spf": False, "legacy": False}
    rest = {"default": number == 1, "automatic_security": True, "valid": True}
    return {**about, "domain": name, "subdomain": f"em{number}", **rest, "dns": dns}


def _links(stage: Stage) -> list[dict[str, object]]:
    return [
        {"id": row["id"], "domain": row["domain"], "subdomain": "links", "default": row["default"], "valid": True}
        for row in _domains(stage)
    ]


def _switches(values: dict[str, bool], stage: Stage) -> dict[str, object]:
    rows = [{"name": name, "title": name.replace("_", " ").title(), "enabled": on} for name, on in values.items()]
    return {"result": rows}


def _credits(stage: Stage) -> dict[str, object]:
    (used,) = stage.store.one("SELECT count(*) FROM letter")
    rest = {"last_reset": "2026-11-01", "next_reset": "2026-12-01", "reset_frequency": "monthly"}
    return {"remain": 1_000_000, "total": 1_000_000 + used, "overage": 0, "used": used, **rest}


def _webhooks(stage: Stage) -> dict[str, object]:
    if not stage.webhook_url:
        return {"max_allowed": 5, "webhooks": []}
    hook = {"enabled": True, "url": stage.webhook_url, "friendly_name": "bulkmail", "public_key": stage.public_key}
    return {"max_allowed": 5, "webhooks": [{"id": "rehearsal", **hook, **dict.fromkeys(EVENTS, True)}]}


# path under /v3 → what GET answers
ANSWERS: dict[str, Handler] = {
    "/v3/scopes": _told(lambda stage: {"scopes": list(SCOPES)}),
    "/v3/whitelabel/domains": _told(_domains),
    "/v3/whitelabel/links": _told(_links),
    "/v3/tracking_settings": _told(partial(_switches, TRACKING)),
    "/v3/mail_settings": _told(partial(_switches, MAIL_SETTINGS)),
    "/v3/user/account": _told(lambda stage: {"type": "paid", "reputation": 100}),
    "/v3/user/credits": _told(_credits),
    "/v3/user/webhooks/event/settings/all": _told(_webhooks),
    "/v3/user/webhooks/event/settings/signed": _told(lambda stage: {"id": "", "public_key": stage.public_key}),
}
