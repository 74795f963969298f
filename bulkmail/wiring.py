"""Joins the rooms into something that runs: who takes the letters, who sends them, who answers the public."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import pandas as pd
import uvicorn
from starlette.types import ASGIApp

from bulkmail import campaign_file, engagement, intake, prepare, sample, send, web
from bulkmail.adapters import database, journal, lists, past, settings, workspace
from bulkmail.adapters.sendgrid_api import Reply, SendGrid
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import Text
from bulkmail.rehearsal import server as rehearsal_server
from bulkmail.tips import addressing

PROGRESS_SECONDS = 0.2  # between two looks at how far a sending is
RESTART_SECONDS = 5.0  # between a worker that broke down and the next


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def open_house() -> Workspace:
    """The workspace that the environment names, opened."""
    return workspace.open_workspace(settings.read_settings(os.environ))


def sign_in_secrets(ws: Workspace) -> dict[str, object] | None:
    """What Streamlit's sign-in needs, in the shape of its secrets file; None where nobody signs in."""
    chosen = ws.settings.sign_in
    if chosen is None:
        return None
    auth = {
        "redirect_uri": f"{chosen.app_url}/oauth2callback",
        "cookie_secret": ws.cookie_key.hex(),
        "client_id": chosen.client_id,
        "client_secret": chosen.client_secret,
        "server_metadata_url": f"{chosen.issuer}/.well-known/openid-configuration",
    }
    return {"auth": auth}


@dataclass(frozen=True, kw_only=True)
class PostOffice:
    """Who takes the letters and answers questions. `webhook_key` verifies its events; `rehearsal` is ours, if it is."""

    post: Callable[[bytes], Reply]
    ask: Callable[..., Reply]
    webhook_key: str
    rehearsal: rehearsal_server.Rehearsal | None = None


@contextmanager
def post_office(
    ws: Workspace, *, webhook_url: str | None = None, speed: float = rehearsal_server.SPEED
) -> Iterator[PostOffice]:
    """Yield SendGrid with a key; without one the rehearsal, started here unless SENDGRID_HOST names one that runs.
    `speed` is how many seconds its simulated people live in a real one."""
    chosen = ws.settings
    if not chosen.rehearsal or chosen.sendgrid_host != settings.SENDGRID_HOST:
        provider = SendGrid(chosen.sendgrid_key or "rehearsal", chosen.sendgrid_host)
        yield PostOffice(post=provider.post_mail, ask=provider.call, webhook_key=chosen.webhook_key)
        return
    with rehearsal_server.serving(chosen.home / "rehearsal", webhook_url=webhook_url, speed=speed) as stand_in:
        provider = SendGrid("rehearsal", stand_in.url)
        yield PostOffice(
            post=provider.post_mail, ask=provider.call, webhook_key=stand_in.public_key, rehearsal=stand_in
        )


class Staff:
    """Who works beside the pages: the post office, and a worker in a thread that sends what is approved."""

    def __init__(self, ws: Workspace) -> None:
        self.ws, self.doors, self.stop = ws, ExitStack(), threading.Event()
        self.office: PostOffice | None = None

    def arrive(self) -> None:
        """Open the post office and start the worker."""
        events = f"{self.ws.settings.public_url}/webhooks/sendgrid"
        self.office = self.doors.enter_context(post_office(self.ws, webhook_url=events))
        self.doors.callback(self._finish_the_batch_in_hand)
        self.worker = threading.Thread(target=self._work, name="worker")
        self.worker.start()

    def leave(self) -> None:
        """Let the worker finish its batch, then close the post office."""
        self.doors.close()

    def webhook_key(self) -> str:
        """The public key that signs events; "" until the post office is open."""
        return self.office.webhook_key if self.office else ""

    def _work(self) -> None:
        """Send until told to stop. What nobody foresaw is logged by its kind alone, for its text could hold an address,
        and a new worker begins: what the old one had in hand is in doubt, as after any crash."""
        while not self.stop.is_set():
            try:
                send.work(self.ws, self.office.post, stop=self.stop, ask=self.office.ask)
            except Exception as error:
                logging.getLogger("bulkmail").error("the worker stopped: %s; another begins", type(error).__name__)
                self.stop.wait(RESTART_SECONDS)

    def _finish_the_batch_in_hand(self) -> None:
        self.stop.set()
        self.worker.join()


def inbox_address(ws: Workspace) -> str:
    """Where the rehearsal of this workspace shows its letters, as it last said; "" when it never ran."""
    address = workspace.rehearsal_address(ws) if ws.settings.rehearsal else ""
    return f"{address}/inbox" if address else ""


def event_key(ws: Workspace) -> str:
    """The public key that signs events: that of the settings, or the one that the rehearsal of this workspace shows
    while it runs; "" where there is neither."""
    return ws.settings.webhook_key or workspace.told_by_rehearsal(ws).get("public_key", "")


def serve_public(ws: Workspace, address: str, port: int) -> None:
    """Serve the public routes until SIGINT or SIGTERM."""
    public = web.public_app(ws, webhook_key=partial(event_key, ws))
    uvicorn.run(public, host=address, port=port, access_log=False, log_level="warning", server_header=False)


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Yield while the first SIGINT or SIGTERM sets `stop` instead of breaking off what is in hand; the second does what
    it would have done without us."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def give_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop_soon(number: int, frame: object) -> None:
        stop.set()
        give_back()

    for number in before:
        signal.signal(number, stop_soon)
    try:
        yield
    finally:
        give_back()


@contextmanager
def served(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Yield the address on 127.0.0.1 where `app` is served by a thread of this process."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, access_log=False, log_level="warning"))
    thread = threading.Thread(target=server.run, name="public")
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def send_until_done(
    ws: Workspace,
    office: PostOffice,
    plan_hash: str,
    *,
    stop: threading.Event | None = None,
    on_progress: Callable[[journal.Totals], object] = lambda totals: None,
) -> None:
    """Send one approved plan in this thread until nothing of it is left to hand over, its run rests, or `stop` is set.
    Totals are asked for a few times a second at most: on a large plan they cost as much as a request."""
    told_at = 0.0

    def tell() -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= PROGRESS_SECONDS:
            on_progress(journal.totals(ws, plan_hash))
            told_at = time.monotonic()

    send.work(ws, office.post, plan_hash=plan_hash, stop=stop, ask=office.ask, on_progress=tell)
    on_progress(journal.totals(ws, plan_hash))


# ---------------------------------------------------------------- doubts, for the pages, which never send


def doubts(ws: Workspace, plan_hash: str) -> list[send.Doubt]:
    """What is in doubt of a plan, the oldest first, with what is known of each."""
    return send.doubts(ws, plan_hash)


def evidence_for_pause(ws: Workspace, run: journal.Run) -> list[Text]:
    """The figures that a paused run was stopped by; pages ask here, since they know no sender."""
    return send.evidence_for_pause(ws, run)


def decide(ws: Workspace, attempt_id: str, was_mailed: bool, *, by: str) -> None:
    """Settle a doubt on the word of a person (`send.decide`). StateError when it is not in doubt any more."""
    send.decide(ws, attempt_id, was_mailed, by=by, now=now())


# ---------------------------------------------------------------- the sample organisation


def fill_with_sample(ws: Workspace, moment: datetime) -> bool:
    """Put the synthetic organisation into an empty workspace: lists, campaigns, past engagement. Whether it did; a
    workspace that has a list or a campaign is left alone."""
    if lists.lists(ws) or database.campaigns(ws):
        return False
    for name, data in sample.lists(moment).items():
        prepare.save_list(ws, name, intake.read_list(data, name), prepare.content_hash(data), moment)
    for number, given in enumerate(reversed(sample.campaigns(moment))):
        file = campaign_file.read_campaign(given["toml"], filename=given["name"])
        campaign = campaign_file.to_campaign(file, given["body"])
        database.save_campaign(ws, campaign, moment + timedelta(seconds=number))  # so that the first is the newest
    past.save_import(ws, sample.ORGANISATION, _sample_letters(ws, moment), moment)
    return True


def _sample_letters(ws: Workspace, moment: datetime) -> pd.DataFrame:
    sent, events = sample.history(moment)
    known = {address: addressing.person_of(address, ws.person_key) for address in sent["address"].unique()}
    own = [frame.assign(person=frame["address"].map(known)) for frame in (sent, events)]
    return engagement.letters_from_events(own[0].assign(at_gmail=engagement.is_gmail(sent["address"])), own[1])
