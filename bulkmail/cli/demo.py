"""`bulkmail demo`: the whole journey of one campaign on synthetic people, headless, in a minute."""

import socket
import tempfile
from pathlib import Path

import click
import pandas as pd

from bulkmail import prepare, web, wiring
from bulkmail.adapters import database, journal, settings, workspace
from bulkmail.adapters.workspace import Workspace
from bulkmail.cli import screen
from bulkmail.cli.screen import t
from bulkmail.model import EventKind, say

PATIENCE_SECONDS = 120
SHOWN = {
    EventKind.DELIVERED: say("Delivered"),
    EventKind.BOUNCED: say("Bounced"),
    EventKind.OPENED: say("Opened by people"),
    EventKind.CLICKED: say("Clicked by people"),
    EventKind.UNSUBSCRIBED: say("Unsubscribed"),
    EventKind.COMPLAINED: say("Complained"),
}


@click.command()
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where to keep the workspace; else a new temporary folder."
)
def demo(folder: Path | None) -> None:
    """Walk one campaign of a synthetic organisation from upload to results, against the rehearsal.

    Nothing leaves this machine. The workspace stays, so that you can open it with `bulkmail app`.
    """
    home = folder or Path(tempfile.mkdtemp(prefix="bulkmail-demo-"))
    port = _free_port()
    ws = workspace.open_workspace(
        settings.read_settings({"BULKMAIL_HOME": str(home), "BULKMAIL_PUBLIC_URL": f"http://127.0.0.1:{port}"})
    )
    wiring.fill_with_sample(ws, wiring.now())
    campaign = database.campaigns(ws)[0]
    prepared = prepare.prepare_campaign(ws, prepare.inputs_of(ws, campaign), now=wiring.now())
    screen.line(t("Synthetic data: {name}. Nothing leaves this machine.", name=campaign.name), "bold")
    _send(ws, prepared, port)
    _show(ws, prepared)
    screen.line(t("Look around: BULKMAIL_HOME={home} bulkmail app", home=home), "bold")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _send(ws: Workspace, prepared: prepare.Prepared, port: int) -> None:
    prepare.approve(ws, prepared, by="demo", now=wiring.now())
    key: list[str] = []
    with (
        wiring.served(web.public_app(ws, webhook_key=lambda: key[0]), port) as address,
        wiring.post_office(ws, webhook_url=f"{address}/webhooks/sendgrid") as office,
        screen.progress() as bar,
    ):
        key.append(office.webhook_key)
        wiring.send_until_done(ws, office, prepared.plan.hash, on_progress=screen.drawn_on(bar, t("Sending")))
        assert office.rehearsal is not None
        office.rehearsal.is_quiet_within(PATIENCE_SECONDS)


def _show(ws: Workspace, prepared: prepare.Prepared) -> None:
    totals, rows = journal.totals(ws, prepared.plan.hash), prepared.audience.rows
    seen = journal.outcomes(ws, prepared.plan.hash).set_index("kind")
    funnel = [
        (t("Uploaded"), rows),
        (t("Eligible"), len(prepared.audience.eligible)),
        (t("Accepted by the sending service"), totals["accepted"]),
        *((t(label), _letters(seen, kind)) for kind, label in SHOWN.items()),
    ]
    screen.counts(t("The funnel (simulated people)"), funnel, rows)
    screen.counts(t("Excluded, each for one reason"), screen.labelled(prepared.audience.reasons), rows)


def _letters(seen: pd.DataFrame, kind: EventKind) -> int:
    column = "letters_by_people" if kind in {EventKind.OPENED, EventKind.CLICKED} else "letters"
    return int(seen[column].get(kind.value, 0))
