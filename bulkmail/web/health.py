"""Whether this installation answers, for whoever watches over it."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bulkmail.adapters import journal
from bulkmail.adapters.workspace import Workspace


async def show(ws: Workspace, request: Request) -> Response:
    """200 while the database answers, else 503."""
    try:
        await run_in_threadpool(journal.runs, ws, "running")
    except Exception:  # whatever is wrong with the database, the answer is the same, and its words stay inside
        return JSONResponse({"status": "the database does not answer"}, 503)
    return JSONResponse({"status": "ok"})
