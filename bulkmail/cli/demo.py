"""`bulkmail demo`: the whole journey of one campaign on synthetic people, headless, in seconds."""

import socket
import tempfile
from collections import Counter
from pathlib import Path

import click

from bulkmail import prepare, results, web, wiring
from bulkmail.adapters import database, settings, workspace
from bulkmail.adapters.workspace import Workspace
from bulkmail.cli import screen
from bulkmail.cli.screen import t
from bulkmail.errors import InputError, ProviderError
from bulkmail.model import say

SPEED = 20_000.0  # seconds that the simulated people live in a real one: their whole day in four seconds and a bit
PATIENCE_SECONDS = 60
# The steps of the funnel, in words, and those that each is a share of.
STEPS = {
    "uploaded": say("Uploaded"),
    "eligible": say("Eligible"),
    "accepted": say("Accepted by the sending service"),
    "delivered": say("Delivered"),
    "bounced": say("Bounced"),
    "opened": say("Opened by people"),
    "clicked": say("Clicked by people"),
    "unsubscribed": say("Unsubscribed"),
    "complained": say("Complained"),
}
BASES = {
    "uploaded": say("of the rows uploaded"),
    "eligible": say("of the people eligible"),
    "sent": say("of the letters accepted"),
    "delivered": say("of the letters delivered"),
    "open_base": say("of the letters delivered that no machine opened"),
}


@click.command()
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where to keep the workspace; else a new temporary folder."
)
def demo(folder: Path | None) -> None:
    """Walk one campaign of a synthetic organisation from upload to results, against the rehearsal.

    Nothing leaves this machine, whatever the environment says. The workspace stays, so that you can look around in it
    with `bulkmail app`.
    """
    home, port = folder or Path(tempfile.mkdtemp(prefix="bulkmail-demo-")), _free_port()
    chosen = {"BULKMAIL_HOME": str(home), "BULKMAIL_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    ws = workspace.open_workspace(settings.read_settings(chosen))
    if not wiring.fill_with_sample(ws, wiring.now()):  # their campaigns are theirs to send
        raise InputError("{folder} holds a workspace already. Name an empty folder.", folder=str(home))
    campaign = database.campaigns(ws)[0]
    inputs = prepare.inputs_of(ws, campaign)
    assert inputs is not None
    prepared = prepare.prepare_campaign(ws, inputs, now=wiring.now())
    screen.line(t("Synthetic people; nothing leaves this machine: {name}", name=campaign.name), "bold")
    screen.line(_preflight(prepared))
    _send(ws, prepared, port)
    _show(ws, prepared)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _preflight(prepared: prepare.Prepared) -> str:
    found = Counter(finding.outcome for finding in prepared.findings)
    parts = [f"{t(word)} {found[outcome]}" for outcome, word in screen.WORDS.items()]
    return t("Preflight over the seven tips: {counts}", counts=parts)


def _send(ws: Workspace, prepared: prepare.Prepared, port: int) -> None:
    """Approve, send, and wait until the simulated people have done what they do; they answer over HTTP."""
    prepare.approve(ws, prepared, by="demo", now=wiring.now())
    key: list[str] = []
    with (
        wiring.served(web.public_app(ws, webhook_key=lambda: key[0]), port) as address,
        wiring.post_office(ws, webhook_url=f"{address}/webhooks/sendgrid", speed=SPEED) as office,
    ):
        key.append(office.webhook_key)
        with screen.progress(t("Sending")) as draw:
            wiring.send_until_done(ws, office, prepared.plan.hash, on_progress=draw)
        with screen.busy(t("Simulated people read their letters")):
            if office.rehearsal is None or not office.rehearsal.is_quiet_within(PATIENCE_SECONDS):
                raise ProviderError(
                    "The rehearsal did not come to an end within {seconds} s.", seconds=PATIENCE_SECONDS
                )


def _show(ws: Workspace, prepared: prepare.Prepared) -> None:
    funnel = results.numbers_of_plan(ws, prepared.plan.hash).funnel.set_index("what")
    rows = [
        (t(label), int(funnel["letters"][what]), int(funnel["of"][what]), t(BASES.get(funnel["base"][what], "")))
        for what, label in STEPS.items()
    ]
    screen.shares(t("The funnel (simulated people)"), rows)
    people = prepared.audience
    screen.counts(t("Excluded, each for one reason"), screen.labelled(people.reasons), people.rows)
    screen.line(t("Look around: {command}", command=f"BULKMAIL_HOME={ws.home} bulkmail app"), "bold")
