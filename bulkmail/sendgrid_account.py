"""What the account says of itself: the paths to ask, all of them read-only, and how to read the answers. Beside
`sendgrid_format` the only place that knows SendGrid's words."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from bulkmail.facts import AccountFacts, AuthenticatedDomain, BrandedLink, EventWebhook

# What is asked, by the field of AccountFacts that the answer fills.
PATHS: Mapping[str, str] = {
    "scopes": "scopes",
    "domains": "whitelabel/domains",
    "links": "whitelabel/links",
    "tracking": "tracking_settings",
    "credits": "user/credits",
    "mail_settings": "mail_settings",
    "webhooks": "user/webhooks/event/settings/all",
}
Answers = Mapping[str, tuple[int | None, bytes]]


def read_account(answers: Answers, *, stand_in: bool = False, encrypted: bool = True) -> AccountFacts:
    """Return the facts in the answers, field → (status, body); a status of None is a lost answer. What was refused,
    lost or not understood is None, with its trouble."""
    known: dict[str, Any] = {}
    troubles: dict[str, str] = {}
    for field, read in _READERS.items():
        status, body = answers.get(field, (None, b""))
        try:
            if status != 200:
                troubles[field] = _trouble(field in answers, status)
                continue
            known |= read(json.loads(body))
        except (ValueError, TypeError, KeyError, AttributeError):
            troubles[field] = "unreadable"
    return AccountFacts(stand_in=stand_in, encrypted=encrypted, troubles=troubles, **known)


def _trouble(asked: bool, status: int | None) -> str:
    if not asked:
        return "not_asked"
    return {None: "unreachable", 401: "no_right", 403: "no_right"}.get(status, "unreadable")


def _scopes(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"scopes": frozenset(map(str, body["scopes"]))}


def _domains(body: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {"domains": tuple(map(_domain, body))}


def _domain(row: Mapping[str, Any]) -> AuthenticatedDomain:
    """With automatic security there are CNAMEs (mail_cname, dkim1, dkim2), else mail_server and dkim."""
    records = {name: record for name, record in dict(row.get("dns") or {}).items() if record}
    envelope = next((records[name]["host"] for name in ("mail_cname", "mail_server") if name in records), "")
    return AuthenticatedDomain(
        domain=str(row["domain"]).lower(),
        valid=bool(row["valid"]),
        envelope=str(envelope).lower(),
        keys=tuple(str(records[name]["host"]).lower() for name in ("dkim1", "dkim2", "dkim") if name in records),
        invalid=tuple(str(record["host"]) for record in records.values() if not record.get("valid")),
    )


def _links(body: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {"links": tuple(map(_link, body))}


def _link(row: Mapping[str, Any]) -> BrandedLink:
    host = f"{row['subdomain']}.{row['domain']}".lower()
    return BrandedLink(host=host, domain=str(row["domain"]).lower(), valid=bool(row["valid"]))


def _switches(field: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda body: {field: {str(row["name"]): bool(row["enabled"]) for row in body["result"]}}


def _credits(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"credits_left": int(body["remain"]), "credits_reset": str(body.get("next_reset") or "")}


def _webhooks(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"webhooks": tuple(_webhook(row) for row in body["webhooks"] if row)}


def _webhook(row: Mapping[str, Any]) -> EventWebhook:
    return EventWebhook(
        url=str(row["url"]),
        enabled=bool(row["enabled"]),
        events=frozenset(name for name, value in row.items() if value is True and name != "enabled"),
        public_key=str(row.get("public_key") or ""),
    )


_READERS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "scopes": _scopes,
    "domains": _domains,
    "links": _links,
    "tracking": _switches("tracking"),
    "credits": _credits,
    "mail_settings": _switches("mail_settings"),
    "webhooks": _webhooks,
}
