"""`bulkmail preflight`, `send` and `worker`: one campaign from its file to the provider."""

import threading
from pathlib import Path

import click

from bulkmail import campaign_file, intake, preflight, prepare, wiring
from bulkmail.adapters import journal
from bulkmail.adapters.workspace import Workspace
from bulkmail.cli import screen
from bulkmail.cli.screen import t
from bulkmail.errors import InputError, ProviderError

BLOCKED, IN_DOUBT = 1, 3
CAMPAIGN = click.argument("campaign", metavar="CAMPAIGN.toml", type=click.Path(path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")


def read_inputs(path: Path) -> prepare.Inputs:
    """The campaign of a file with the list and the letter that it names; their paths are relative to the file."""
    file = campaign_file.read_campaign(_text(path), filename=path.name)
    list_path, body_path = path.parent / file.list, path.parent / file.body
    data = screen.read_file(list_path)
    campaign = campaign_file.to_campaign(file, _text(body_path))
    return prepare.inputs_of_file(campaign, intake.read_list(data, list_path.name), prepare.content_hash(data))


def _text(path: Path) -> str:
    try:
        return screen.read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("{file} is not UTF-8 text: save it as UTF-8.", file=path.name) from error


@click.command("preflight")
@CAMPAIGN
@JSON
def check_before(campaign: Path, as_json: bool) -> int:
    """Run the seven tips over one campaign: list, letter, plan and sender. Nothing is sent.

    Exits 1 when something blocks. What could not be found out is shown as unknown, never as a pass.
    """
    ws = wiring.open_house()
    prepared = prepare.prepare_campaign(ws, read_inputs(campaign), now=wiring.now())
    if as_json:
        screen.emit(preflight_document(prepared))
    else:
        show_preflight(prepared)
    return BLOCKED if prepared.blocks else 0


def preflight_document(prepared: prepare.Prepared) -> dict[str, object]:
    """The preflight as the contract of `preflight --json` has it."""
    people = prepared.audience
    return {
        "blocks": prepared.blocks,
        "audience": {
            "rows": people.rows,
            "eligible": len(people.eligible),
            "excluded": len(people.excluded),
            "reasons": people.reasons,
        },
        "findings": preflight.as_json(prepared.findings, t),
        "plan": prepared.plan.hash,
    }


def show_preflight(prepared: prepare.Prepared) -> None:
    """Draw the preflight on the terminal: the audience, then the findings, the worst first."""
    people = prepared.audience
    screen.line(prepared.campaign.name, "bold")
    screen.counts("", [(t("Eligible"), len(people.eligible)), *screen.labelled(people.reasons)], people.rows)
    screen.findings(prepared.findings)
    screen.line(t("Plan {hash}", hash=prepared.plan.hash[:16]), "dim")


@click.command("send")
@CAMPAIGN
@click.option("--approve", "approver", metavar="NAME", help="Who approves the plan; the name enters the audit trail.")
@JSON
def send_campaign(campaign: Path, approver: str | None, as_json: bool) -> int:
    """Plan, approve, send and wait. Run it again after any interruption: it goes on and mails nobody twice.

    Exits 1 when preflight blocks, 3 while it is not known of some recipients whether they were mailed.
    """
    ws = wiring.open_house()
    inputs = read_inputs(campaign)
    plan_hash = prepare.plan_under_way(ws, inputs) or _approved(ws, inputs, approver, as_json)
    if plan_hash is None:
        return BLOCKED
    with wiring.post_office(ws) as office, screen.progress() as bar:
        wiring.send_until_done(ws, office, plan_hash, on_progress=screen.drawn_on(bar, t("Sending")))
    return _report(ws, inputs, plan_hash, as_json)


def _approved(ws: Workspace, inputs: prepare.Inputs, approver: str | None, as_json: bool) -> str | None:
    prepared = prepare.prepare_campaign(ws, inputs, now=wiring.now())
    if prepared.blocks or not approver:
        if as_json:
            screen.emit(preflight_document(prepared))
        else:
            show_preflight(prepared)
        if not prepared.blocks:
            screen.err.print(t('Nothing was sent. To approve this plan and send it, add --approve "your name".'))
        return None
    prepare.approve(ws, prepared, by=approver, now=wiring.now())
    return prepared.plan.hash


def _report(ws: Workspace, inputs: prepare.Inputs, plan_hash: str, as_json: bool) -> int:
    result = send_document(ws, inputs, plan_hash)
    if as_json:
        screen.emit(result)
    else:
        _show_result(result)
    run = journal.run(ws, plan_hash)
    if run and run.state == "paused":
        raise ProviderError("The sending paused: {reason}", reason=screen.pause_text(run.reason))
    return IN_DOUBT if result["in_doubt"] else 0


def send_document(ws: Workspace, inputs: prepare.Inputs, plan_hash: str) -> dict[str, object]:
    """The outcome as the contract of `send --json` has it.

    Who was left out at the last look counts as excluded: recipients + excluded = rows of the list, and recipients =
    accepted + refused + in_doubt + not_sent.
    """
    totals = journal.totals(ws, plan_hash)
    excluded = prepare.excluded_of(ws, plan_hash)
    not_sent = totals["planned"] + totals["submitting"] + totals["cancelled"]
    return {
        "campaign": inputs.campaign.name,
        "plan": plan_hash,
        "recipients": totals["recipients"] - totals["skipped"],
        "accepted": totals["accepted"],
        "refused": totals["refused"],
        "in_doubt": totals["in_doubt"],
        "excluded": sum(excluded.values()) + totals["skipped"],
        "not_sent": not_sent,
        "reasons": {**excluded, **totals["reasons"]},
    }


def _show_result(result: dict[str, object]) -> None:
    labels = {
        "accepted": t("Accepted by the sending service"),
        "refused": t("Refused by the sending service"),
        "in_doubt": t("In doubt: not known whether they were mailed"),
        "not_sent": t("Not sent yet"),
    }
    screen.line(str(result["campaign"]), "bold")
    screen.counts("", [(label, int(result[key])) for key, label in labels.items()], int(result["recipients"]))
    screen.counts(t("Excluded, each for one reason"), screen.labelled(result["reasons"]), 0)


@click.command("worker")
@click.option("--once", is_flag=True, help="Send what is due now, then end.")
def work(once: bool) -> None:
    """Send what has been approved, here or in the dashboard, until stopped. Several workers may share one database."""
    ws = wiring.open_house()
    stop = threading.Event()
    with wiring.post_office(ws) as office, wiring.stopped_by_signals(stop):
        wiring.send.work(ws, office.post, stop=stop, once=once)
