"""The parts of SendGrid's v3 API that bulkmail uses, with SendGrid's limits and error bodies."""

import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bulkmail import limits
from bulkmail.rehearsal import account, logs, rules
from bulkmail.rehearsal.stage import Stage

LISTS = ("unsubscribes", "bounces", "blocks", "spam_reports", "invalid_emails")
HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html"


def routes(stage: Stage) -> list[Route]:
    """The routes under /v3. Each path answers 405 to methods it does not know."""

    def path(pattern: str, **handlers: Callable[[Stage, Request, bytes], Response]) -> Route:
        async def answer(request: Request) -> Response:
            try:
                body = await read_body(request)
            except ClientDisconnect:  # they hung up in the middle of it
                return Response(status_code=400)
            if body is None:
                return refused(413, (None, "The JSON payload you have included in your request is too large."))
            handler = handlers.get(request.method.lower())
            return await run_in_threadpool(handler, stage, request, body) if handler else wrong_method(request)

        return Route(pattern, answer, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])

    return [
        path("/v3/mail/send", post=_send),
        path("/v3/mail/batch", post=_new_batch),
        path("/v3/mail/batch/{batch_id}", get=_batch),
        path("/v3/user/scheduled_sends", get=_stopped_batches, post=_stop_batch),
        path("/v3/user/scheduled_sends/{batch_id}", get=_stopped_batches, patch=_change_batch, delete=_resume_batch),
        path("/v3/suppression/{name}", get=_suppressed),
        path("/v3/suppression/{name}/{email}", get=_suppressed, delete=_forget),
        path("/v3/asm/suppressions/global", post=_suppress),
        path("/v3/asm/suppressions/global/{email}", get=_is_suppressed, delete=_forget),
        path("/v3/logs", post=_search_logs),
        path("/v3/logs/{sg_message_id}", get=_log),
        *(path(about, get=answer) for about, answer in account.ANSWERS.items()),
    ]


async def read_body(request: Request) -> bytes | None:
    """The request's body, or None where it is larger than SendGrid takes."""
    longest = limits.REQUEST_BYTES_REFUSED.value
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > longest:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > longest:
            return None
    return bytes(body)


def refused(status: int, *faults: rules.Fault, headers: Mapping[str, str] | None = None) -> Response:
    """An error in SendGrid's form: one entry for each (field, message)."""
    errors = [{"message": message, "field": field, "help": HELP if field else None} for field, message in faults]
    return JSONResponse({"errors": errors}, status, headers=dict(headers or {}))


def wrong_method(request: Request) -> Response:
    """405 in SendGrid's form."""
    return refused(405, (None, "method not allowed"))


# ---------------------------------------------------------------- letters and their batches


def _send(stage: Stage, request: Request, raw: bytes) -> Response:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        return refused(415, (None, "Content-Type should be application/json."))
    body, faults, status = rules.read_request(raw, stage.clock())
    if not faults and body.get("batch_id") and not _knows(stage, str(body["batch_id"])):
        faults, status = [("batch_id", "The batch_id is not valid.")], 400
    if faults:
        return refused(status, *faults)
    if ((body.get("mail_settings") or {}).get("sandbox_mode") or {}).get("enable"):
        return Response(status_code=200)
    message_id = stage.store.accept(body, raw, stage.clock())
    if stage.bodies:
        _keep(stage.bodies, body)
    stage.wake.set()
    return Response(status_code=202, headers={"X-Message-Id": message_id})


def _keep(path: Path, body: Mapping[str, Any]) -> None:
    """Add an accepted body as one line, in one write."""
    with path.open("ab", buffering=0) as file:
        file.write(orjson.dumps(body) + b"\n")


def _new_batch(stage: Stage, request: Request, raw: bytes) -> Response:
    batch_id = secrets.token_urlsafe(24)
    with stage.store.writing() as db:
        db.execute("INSERT INTO batch (batch_id) VALUES (?)", (batch_id,))
    return JSONResponse({"batch_id": batch_id}, 201)


def _knows(stage: Stage, batch_id: str) -> bool:
    return bool(stage.store.one("SELECT 1 FROM batch WHERE batch_id = ?", (batch_id,)))


def _batch(stage: Stage, request: Request, raw: bytes) -> Response:
    batch_id = request.path_params["batch_id"]
    if not _knows(stage, batch_id):
        return refused(400, ("batch_id", "invalid batch id"))
    return JSONResponse({"batch_id": batch_id})


def _stopped_batches(stage: Stage, request: Request, raw: bytes) -> Response:
    """The paused and cancelled batches, or of them the one named in the path."""
    named = request.path_params.get("batch_id", "")
    rows = stage.store.rows(
        "SELECT batch_id, status FROM batch WHERE status <> '' AND ? IN ('', batch_id) ORDER BY rowid", (named,)
    )
    return JSONResponse([{"batch_id": batch_id, "status": status} for batch_id, status in rows])


def _stop_batch(stage: Stage, request: Request, raw: bytes) -> Response:
    asked = _object(raw)
    batch_id, status = asked.get("batch_id"), asked.get("status")
    current = stage.store.one("SELECT status FROM batch WHERE batch_id = ?", (batch_id,))
    if not current:
        return refused(400, ("batch_id", "invalid batch id"))
    if status not in ("pause", "cancel"):
        return refused(400, ("status", "status must be pause or cancel"))
    (stopped,) = stage.store.one("SELECT count(*) FROM batch WHERE status <> ''")
    if current[0] or stopped >= limits.CANCELLED_BATCHES.value:
        why = "already paused or cancelled" if current[0] else "too many batches are paused or cancelled"
        return refused(400, ("batch_id", why))
    _set_status(stage, str(batch_id), str(status))
    return JSONResponse({"batch_id": batch_id, "status": status}, 201)


def _change_batch(stage: Stage, request: Request, raw: bytes) -> Response:
    status, batch_id = _object(raw).get("status"), request.path_params["batch_id"]
    if not stage.store.one("SELECT 1 FROM batch WHERE batch_id = ? AND status <> ''", (batch_id,)):
        return refused(404, (None, "batch id not found"))
    if status not in ("pause", "cancel"):
        return refused(400, ("status", "status must be pause or cancel"))
    _set_status(stage, batch_id, status)
    return Response(status_code=204)


def _resume_batch(stage: Stage, request: Request, raw: bytes) -> Response:
    batch_id = request.path_params["batch_id"]
    if not stage.store.one("SELECT 1 FROM batch WHERE batch_id = ? AND status <> ''", (batch_id,)):
        return refused(404, (None, "batch id not found"))
    _set_status(stage, batch_id, "")
    return Response(status_code=204)


def _set_status(stage: Stage, batch_id: str, status: str) -> None:
    with stage.store.writing() as db:
        db.execute("UPDATE batch SET status = ? WHERE batch_id = ?", (status, batch_id))
    stage.wake.set()


# ---------------------------------------------------------------- suppressions


def _suppressed(stage: Stage, request: Request, raw: bytes) -> Response:
    """A page of one list, or the entry of one address: created between start_time and end_time, both included."""
    name, query = request.path_params["name"], request.query_params
    if name not in LISTS:
        return refused(404, (None, "not found"))
    numbers = [query.get(key, default) for key, default in _PAGE.items()]
    if not all(re.fullmatch(r"\d{1,12}", number) for number in numbers):
        return refused(400, (None, "start_time, end_time, limit and offset are numbers"))
    start, end, limit, offset = map(int, numbers)
    exact, part = request.path_params.get("email", "").lower(), query.get("email", "").lower()
    rows = stage.store.rows(
        "SELECT created, address, reason, status FROM suppressed WHERE list = ? AND created BETWEEN ? AND ?"
        " AND ? IN ('', address) AND instr(address, ?) > 0 ORDER BY created DESC, address LIMIT ? OFFSET ?",
        (name, start, end, exact, part, min(limit, 500), offset),
    )
    return JSONResponse([_suppression(name, *row) for row in rows])


_PAGE = {"start_time": "0", "end_time": "999999999999", "limit": "500", "offset": "0"}


def _suppression(name: str, created: int, address: str, reason: str, status: str) -> dict[str, object]:
    entry: dict[str, object] = {"created": created, "email": address}
    if name in ("bounces", "blocks", "invalid_emails"):
        entry["reason"] = reason
    if name in ("bounces", "blocks"):
        entry["status"] = status
    return {**entry, "ip": "192.0.2.25"} if name == "spam_reports" else entry


def _suppress(stage: Stage, request: Request, raw: bytes) -> Response:
    addresses = _object(raw).get("recipient_emails")
    if not isinstance(addresses, list) or not all(rules.is_address(address) for address in addresses):
        return refused(400, ("recipient_emails", "recipient_emails is an array of valid addresses"))
    stage.store.suppress("unsubscribes", addresses, stage.clock())
    return JSONResponse({"recipient_emails": addresses}, 201)


def _is_suppressed(stage: Stage, request: Request, raw: bytes) -> Response:
    address = request.path_params["email"].lower()
    found = stage.store.one("SELECT 1 FROM suppressed WHERE list = 'unsubscribes' AND address = ?", (address,))
    return JSONResponse({"recipient_email": address} if found else {})


def _forget(stage: Stage, request: Request, raw: bytes) -> Response:
    name, address = request.path_params.get("name", "unsubscribes"), request.path_params["email"].lower()
    with stage.store.writing() as db:
        db.execute("DELETE FROM suppressed WHERE list = ? AND address = ?", (name, address))
    return Response(status_code=204)


# ---------------------------------------------------------------- logs


def _search_logs(stage: Stage, request: Request, raw: bytes) -> Response:
    asked = _object(raw)
    limit = asked.get("limit", 10)
    try:
        where, values = logs.read_query(asked.get("query", ""))
    except ValueError as wrong:
        return refused(400, ("query", str(wrong)))
    if type(limit) is not int or not 1 <= limit <= 1000:
        return refused(400, ("limit", "limit must be from 1 to 1000"))
    return JSONResponse({"messages": logs.messages(stage.store, where, values, limit)})


def _log(stage: Stage, request: Request, raw: bytes) -> Response:
    found = logs.message(stage.store, request.path_params["sg_message_id"])
    return JSONResponse(found) if found else refused(404, (None, "message not found"))


def _object(raw: bytes) -> dict[str, Any]:
    """A JSON object, or an empty one for anything else."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
