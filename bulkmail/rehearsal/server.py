"""The rehearsal server: SendGrid's HTTP, an inbox anyone on this machine can read, and people who react.

It listens on this machine only. `serving` runs it in a thread, `run` until it is told to stop.
"""

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bulkmail.errors import SettingsError
from bulkmail.rehearsal import api, inbox, playing
from bulkmail.rehearsal.faults import LINE_FAULTS, Fault, Faults, read_faults
from bulkmail.rehearsal.letters import Letter, Store
from bulkmail.rehearsal.limiting import RateLimit
from bulkmail.rehearsal.misbehave import lines_of, misbehaving
from bulkmail.rehearsal.stage import Stage, signing_key

HOST = "127.0.0.1"
# A page elsewhere may not read the inbox by giving this machine another name (DNS rebinding).
NAMES = [HOST, "localhost", "testserver"]
SPEED = 3600.0  # an hour of simulated life a second: a demonstration ends in half a minute


@dataclass(frozen=True)
class Rehearsal:
    """A rehearsal that is running: what a person or a test may ask of it."""

    url: str
    stage: Stage

    @property
    def public_key(self) -> str:
        """The key that verifies its events: base64 of the DER form, as SendGrid shows it."""
        return self.stage.public_key

    def counts(self) -> dict[str, object]:
        """Letters for each address, attempt and state."""
        return self.stage.store.counts()

    def letters(self) -> list[Letter]:
        """All letters, newest first."""
        return self.stage.store.letters(limit=-1)

    def order(self, *faults: Fault) -> None:
        """Misbehave so from now on; without faults, behave."""
        _order(self.stage, faults)

    def post_events_to(self, webhook_url: str) -> None:
        """Post what has happened and what will happen to this address."""
        self.stage.webhook_url = webhook_url
        self.stage.wake.set()

    def is_quiet_within(self, seconds: float) -> bool:
        """Wait until everything has happened and been posted, and say whether that came in time."""
        until = time.monotonic() + seconds
        while not (quiet := playing.is_quiet(self.stage)) and time.monotonic() < until:
            self.stage.wake.set()
            time.sleep(0.01)
        return quiet


@contextmanager
def serving(
    folder: Path,
    *,
    webhook_url: str | None = None,
    port: int = 0,
    play: bool = True,
    seed: int = 0,
    speed: float = SPEED,
    faults: Iterable[Fault] = (),
    clock: Callable[[], float] = time.time,
) -> Iterator[Rehearsal]:
    """Yield a running rehearsal that keeps its letters in `folder`; port 0 takes any that is free. With `play` its
    people react, `speed` times faster than life. While it runs, `rehearsal.json` in the folder says where, and which
    key verifies its events. SettingsError when the port is taken."""
    listening = _listen(port)
    stage = open_stage(folder, webhook_url=webhook_url or "", seed=seed, speed=speed, faults=faults, clock=clock)
    server = _Server(stage)
    thread = threading.Thread(target=server.run, args=([listening],), name="rehearsal", daemon=True)
    actor = threading.Thread(target=playing.play, args=(stage,), name="rehearsal people", daemon=True)
    thread.start()
    server.ready.wait()
    if play:
        actor.start()
    rehearsal = Rehearsal(f"http://{HOST}:{listening.getsockname()[1]}", stage)
    told = _tell(folder, rehearsal)
    try:
        yield rehearsal
    finally:
        _unsay(folder, told)
        stage.closing.set()
        stage.wake.set()
        server.should_exit = True
        thread.join()
        if play:
            actor.join()
        stage.store.close()


def run(
    folder: Path,
    port: int,
    webhook_url: str | None = None,
    *,
    seed: int = 0,
    speed: float = SPEED,
    ready: Callable[[Rehearsal], None] = lambda rehearsal: None,
) -> None:
    """Run until SIGINT or SIGTERM; to be called in the main thread. `ready` is called once it listens."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with serving(folder, webhook_url=webhook_url, port=port, seed=seed, speed=speed) as rehearsal:
            ready(rehearsal)
            stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(folder: Path, rehearsal: Rehearsal) -> bytes:
    """Write where it listens, so that a reader sees all of it or what stood there before; return what was written."""
    told = orjson.dumps({"url": rehearsal.url, "public_key": rehearsal.public_key, "process": os.getpid()})
    part = folder / f"rehearsal.{os.getpid()}"
    part.write_bytes(told)
    part.replace(folder / "rehearsal.json")
    return told


def _unsay(folder: Path, told: bytes) -> None:
    """Take the word back, unless another rehearsal has spoken since."""
    path = folder / "rehearsal.json"
    if path.exists() and path.read_bytes() == told:
        path.unlink()


def open_stage(
    folder: Path,
    *,
    webhook_url: str = "",
    seed: int = 0,
    speed: float = SPEED,
    faults: Iterable[Fault] = (),
    clock: Callable[[], float] = time.time,
) -> Stage:
    """Everything a rehearsal in `folder` needs but a server; close its store at the end."""
    store = Store(folder)
    return Stage(
        store=store,
        signing_key=signing_key(folder),
        faults=Faults(faults),
        seed=seed,
        speed=speed,
        webhook_url=webhook_url,
        bodies=_kept_bodies(),
        clock=clock,
    )


def _kept_bodies() -> Path | None:
    """The file that keeps every accepted body, one a line, where BULKMAIL_BODIES names a folder for them."""
    folder = os.environ.get("BULKMAIL_BODIES")
    if not folder:
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) / f"bodies-{os.getpid()}.jsonl"


# ---------------------------------------------------------------- the application


def application(stage: Stage) -> ASGIApp:
    """The whole of it as one ASGI application."""
    control = [
        Route("/faults", partial(_faults, stage), methods=["GET", "PUT"]),
        Route("/webhook", partial(_webhook, stage), methods=["GET", "PUT"]),
    ]
    inner = Starlette(
        routes=[*api.routes(stage), *inbox.routes(stage), *control], exception_handlers={HTTPException: _not_served}
    )
    return TrustedHostMiddleware(misbehaving(_with_a_key(inner), stage), NAMES)


def _with_a_key(app: ASGIApp) -> ASGIApp:
    """The application, which answers under /v3 only to who shows a key; any key will do."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/v3/"):
            shown = dict(scope["headers"]).get(b"authorization", b"").split()
            if len(shown) != 2 or shown[0].lower() != b"bearer":
                await api.refused(401, (None, "authorization required"))(scope, receive, send)
                return
        await app(scope, receive, send)

    return answer


async def _not_served(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return api.refused(error.status_code, (None, str(error.detail).lower()))


async def _faults(stage: Stage, request: Request) -> Response:
    """GET shows the faults still to come, PUT replaces them."""
    if request.method == "PUT":
        try:
            faults = read_faults(orjson.loads(await request.body()))
        except (ValueError, TypeError) as wrong:
            return api.refused(400, (None, str(wrong)))
        await run_in_threadpool(_order, stage, faults, request.client)
        return JSONResponse({"ordered": len(faults)})
    return JSONResponse(stage.faults.coming())


def _order(stage: Stage, faults: Iterable[Fault], asker: object = None) -> None:
    """Put the faults in force; connections are refused from now on, and all but the asker's line are cut."""
    faults = list(faults)
    stage.faults.order(fault for fault in faults if fault.kind not in LINE_FAULTS)
    stage.limit = next((RateLimit(fault) for fault in faults if fault.kind == "rate_limit"), None)
    for fault in faults:
        if fault.kind == "refuse_connections":
            stage.refuse(fault.seconds, asker)


async def _webhook(stage: Stage, request: Request) -> Response:
    """GET shows where events are posted and the key that verifies them, PUT {"url": …} changes where."""
    if request.method == "PUT":
        try:
            url = orjson.loads(await request.body())["url"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return api.refused(400, ("url", "expected an object with a url"))
        stage.webhook_url = str(url)
        stage.wake.set()
    return JSONResponse({"url": stage.webhook_url, "public_key": stage.public_key})


# ---------------------------------------------------------------- listening


def _listen(port: int) -> socket.socket:
    """A socket bound to this machine only. SettingsError when another program has the port."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError:
        listening.close()
        raise SettingsError("Port {port} of this machine is taken. Choose another one.", port=str(port)) from None
    return listening


class _Server(uvicorn.Server):
    """uvicorn, which says when it is ready and can close its doors for a while."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(
            uvicorn.Config(
                application(stage), http=lines_of(stage), loop="asyncio", ws="none", lifespan="off", log_config=None,
                access_log=False, timeout_keep_alive=75, timeout_graceful_shutdown=1,
            )
        )  # fmt: skip
        self.stage, self.ready = stage, threading.Event()
        self.opening: asyncio.Task | None = None
        stage.refuse = self.refuse

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.loop, self.port = asyncio.get_running_loop(), self.servers[0].sockets[0].getsockname()[1]
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for transport in list(self.stage.lines.values()):
            transport.abort()  # whoever hangs on a fault is let go
        await super().shutdown(sockets)

    def refuse(self, seconds: float, spare: object = None) -> None:
        """Hang up everywhere (but on `spare`) and refuse connections for `seconds`; returns once the doors are closed.
        Not to be called in the server's own thread."""
        asyncio.run_coroutine_threadsafe(self._close_doors(seconds, spare), self.loop).result()

    async def _close_doors(self, seconds: float, spare: object) -> None:
        if self.opening:  # they are closed already: from now on for as long as was asked last
            self.opening.cancel()
        for server in self.servers:
            server.close()
        for client, transport in list(self.stage.lines.items()):
            if client != spare:
                transport.abort()
        self.opening = self.loop.create_task(self._open_doors(seconds))

    async def _open_doors(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.opening = None
        self.servers = [await self.loop.create_server(self._protocol, sock=_listen(self.port))]

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(
            config=self.config, server_state=self.server_state, app_state={}, _loop=self.loop
        )
