"""`bulkmail app`, `bulkmail web` and `bulkmail rehearsal`: the servers."""

import errno
import os
import socket
import sys
from pathlib import Path

import click

import bulkmail
from bulkmail import wiring
from bulkmail.adapters.settings import LOOPBACK
from bulkmail.cli import screen
from bulkmail.cli.screen import t
from bulkmail.errors import SettingsError
from bulkmail.rehearsal import server as rehearsal_server


def launcher() -> Path:
    """Where app.py lies: beside the package in a checkout, inside it in an installed wheel."""
    package = Path(bulkmail.__file__).parent
    return next(path for path in (package.parent / "app.py", package / "_app" / "app.py") if path.exists())


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8501, show_default=True, help="The port to listen on.")
@click.option(
    "--address", default="127.0.0.1", show_default=True, help="Who can reach it: by itself this machine alone."
)
@click.option("--sample", is_flag=True, help="Fill an empty workspace with the sample organisation (synthetic).")
def app(port: int, address: str, sample: bool) -> None:
    """Serve the dashboard in a browser, with the worker that sends what is approved.

    Without BULKMAIL_OIDC_ISSUER there is one user and no sign-in: it listens on this machine alone unless told
    otherwise. Ctrl-C lets the worker finish the request in hand.
    """
    os.environ.setdefault("BULKMAIL_PUBLIC_URL", f"http://127.0.0.1:{port}")
    ws = wiring.open_house()
    _check_free(address, port)
    if address not in LOOPBACK and ws.settings.sign_in is None:
        screen.note(t("There is no sign-in: whoever reaches {address} can use this dashboard.", address=address))
    if sample and wiring.fill_with_sample(ws, wiring.now()):
        screen.line(t("The sample organisation (synthetic) is in {folder}.", folder=str(ws.home)))
    screen.line(t("The dashboard opens on {url}", url=f"http://{address}:{port}"), "bold")
    sys.stdout.flush()  # what is not written by now is lost: this process becomes Streamlit's
    options = ["--server.port", str(port), "--server.address", address, "--browser.gatherUsageStats", "false"]
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(launcher()), *options])


def _check_free(address: str, port: int) -> None:
    """Nothing, or SettingsError where nobody can listen there: Streamlit would end without a word."""
    try:
        family, _, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingsError("Port {port} of this machine is taken. Choose another one.", port=str(port)) from error
        raise SettingsError("{address} is no address of this machine.", address=address) from error


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8503, show_default=True, help="The port to listen on.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Who can reach it.")
def web(port: int, address: str) -> None:
    """Serve the public routes alone, for a host that faces the Internet: /u/ unsubscribes, /webhooks/sendgrid takes
    signed events, /healthz says that it lives. No dashboard, no sign-in, nothing else.

    Let a web server with HTTPS pass BULKMAIL_PUBLIC_URL on to it. SENDGRID_WEBHOOK_KEY verifies the events.
    """
    ws = wiring.open_house()
    _check_free(address, port)
    screen.line(t("The public routes are on {url}", url=f"http://{address}:{port}"), "bold")
    if not wiring.event_key(ws):
        screen.note(t("SENDGRID_WEBHOOK_KEY is not set: events are refused."))
    sys.stdout.flush()
    wiring.serve_public(ws, address, port)


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8502, show_default=True, help="The port to listen on.")
@click.option("--webhook", metavar="URL", help="Where to post signed events.")
def rehearsal(port: int, webhook: str | None) -> None:
    """Run the stand-in for SendGrid alone: same HTTP, its limits, an inbox at /inbox, simulated people.

    Point anything that speaks to SendGrid at it: SENDGRID_HOST=http://127.0.0.1:8502
    """
    folder = wiring.open_house().settings.home / "rehearsal"
    rehearsal_server.run(folder, port, webhook, ready=_introduce)


def _introduce(stand_in: rehearsal_server.Rehearsal) -> None:
    screen.line(t("Rehearsal on {url}, its inbox on {url}/inbox", url=stand_in.url), "bold")
    screen.line(f"SENDGRID_HOST={stand_in.url} SENDGRID_WEBHOOK_KEY={stand_in.public_key}")
