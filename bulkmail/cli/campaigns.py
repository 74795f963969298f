"""`bulkmail preflight`, `send` and `worker`: one campaign from its file to the provider."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from bulkmail import campaign_file, intake, limits, preflight, prepare, send, wiring
from bulkmail.adapters import files, journal
from bulkmail.adapters.workspace import Workspace
from bulkmail.cli import control, screen
from bulkmail.cli.screen import t
from bulkmail.errors import InputError, ProviderError, StateError
from bulkmail.model import Campaign, Outcome, Text, say

DONE, BLOCKED, IN_DOUBT, STOPPED = 0, 1, 3, 130
CAMPAIGN = click.argument("campaign", metavar="CAMPAIGN.toml", type=click.Path(path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")


def read_inputs(path: Path) -> prepare.Inputs:
    """The campaign of a file with the list and the letter that it names; their paths are relative to the file."""
    file = campaign_file.read_campaign(_text(path), filename=path.name)
    list_path, body_path = path.parent / file.list, path.parent / file.body
    campaign = _with_document(campaign_file.to_campaign(file, _text(body_path)), path.parent)
    data = screen.read_file(list_path)
    with screen.busy(t("Reading {file}", file=list_path.name)), screen.about(list_path.name):
        reading = intake.read_list(data, list_path.name)
    return prepare.inputs_of_file(campaign, reading, prepare.content_hash(data))


def _with_document(campaign: Campaign, folder: Path) -> Campaign:
    """The campaign whose attestation names its document by its hash, kept in the workspace; it named it by its path."""
    vouched = campaign.attestation
    if vouched is None or not vouched.document:
        return campaign
    data = screen.read_file(folder / vouched.document)
    if len(data) > limits.DOCUMENT_BYTES.value:
        raise InputError("{file} is larger than a document may be.", file=vouched.document)
    kept = files.save_document(wiring.open_house().home, data)
    return replace(campaign, attestation=replace(vouched, document=kept))


def _text(path: Path) -> str:
    try:
        return screen.read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("{file} is not UTF-8 text: save it as UTF-8.", file=str(path)) from error


def _prepared(ws: Workspace, inputs: prepare.Inputs, path: Path) -> prepare.Prepared:
    rows = len(inputs.table)
    with screen.busy(t("Judging {rows} rows and their letters", rows=rows)), screen.about(path.name):
        return prepare.prepare_campaign(ws, inputs, now=wiring.now())


# ---------------------------------------------------------------- preflight


@click.command("preflight")
@CAMPAIGN
@JSON
def check_before(campaign: Path, as_json: bool) -> int:
    """Run the seven tips over one campaign: list, letter, plan and sender. Nothing is sent.

    \b
    CAMPAIGN.toml names the list and the letter, by paths relative to itself:
      [campaign]  name, purpose, class (marketing, subscribed, transactional)
      [sender]    name, address, reply_to*, organisation, postal_address
      [audience]  list, language* (both, zh-Hant, en, column), attestation*
      [message]   subject, preheader*, body (a .md, .mjml or .html file)
      [schedule]* send_at* (2026-12-01T09:30:00+08:00), also_hours* ([15]), wait* ({ letters = 3, days = 4 })
    What carries a * may be left out. A list without consent columns needs an attestation of its consent:
      attestation = { basis = "…", source = "…", wording = "…", by = "…", at = 2026-03-01T10:00:00+08:00 }

    Exits 1 when something blocks. What could not be found out is shown as unknown, never as a pass.
    """
    ws = wiring.open_house()
    prepared = prepare.with_second_opinion(_prepared(ws, read_inputs(campaign), campaign))
    if as_json:
        screen.emit(preflight_document(prepared))
    else:
        show_preflight(prepared)
    return BLOCKED if prepared.blocks else DONE


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
    """Draw the preflight on the terminal: the audience, then the findings tip by tip, the worst first."""
    people = prepared.audience
    screen.line(prepared.campaign.name, "bold")
    screen.counts("", [(t("Eligible"), len(people.eligible)), *screen.labelled(people.reasons)], people.rows)
    for tip, found in preflight.by_tip(prepared.findings):
        name, page = preflight.NAMES[tip]
        screen.line(t("{tip} · {name} (mended on the page /{page})", tip=tip, name=t(name), page=page), "bold")
        screen.findings(found)
    screen.line(t("Plan {hash}", hash=prepared.plan.hash[:16]), "dim")


# ---------------------------------------------------------------- send


@click.command("send")
@CAMPAIGN
@click.option("--approve", "approver", metavar="NAME", help="Who approves the plan; the name enters the audit trail.")
@click.option("--settle", is_flag=True, help="Ask the log and the events about what is in doubt, and go on.")
@click.option(
    "--countdown",
    type=click.FloatRange(0, 1440),
    default=0,
    metavar="MINUTES",
    help="How long nothing leaves after the approval: until then `bulkmail cancel` undoes everything.",
)
@click.option(
    "--exactly-once",
    is_flag=True,
    help="Have each request sent 25 minutes later, so that an unsure one is called back and sent anew.",
)
@click.option("--ramp", is_flag=True, help="Spread the letters over days, as a domain that is new to mailing must.")
@click.option(
    "--acknowledge",
    "said",
    metavar="CODE=REASON",
    multiple=True,
    help="Your word on a warning, or on all that have none: all=REASON. May be given several times.",
)
@JSON
def send_campaign(
    campaign: Path,
    approver: str | None,
    settle: bool,
    countdown: float,
    exactly_once: bool,
    ramp: bool,
    said: tuple[str, ...],
    as_json: bool,
) -> int:
    """Plan, approve, send and wait until everybody is handed over.

    Run it again after any interruption (a power cut, Ctrl-C, a refused key): it goes on where it was and mails nobody
    twice. A campaign is its name: a changed letter or list under the same name goes to those alone who have not had it.

    Before real letters each warning, and whatever is not known, wants a named person's word on why the letter may go
    out all the same: --acknowledge SND-11="moves to news.example.org in January", by the person who approves. In
    rehearsal, and below BULKMAIL_ACKNOWLEDGE_FROM recipients, --approve is that word.

    Exits 1 when something blocks or wants a word, 3 while it is not known of some recipients whether they were mailed:
    they are not mailed again by themselves, and the next run asks the sending service about them. --settle does only
    that, and goes on where it may; what stays in doubt then, a person decides with `bulkmail decide`.
    """
    ws, by = wiring.open_house(), (approver or "").strip()
    inputs = read_inputs(campaign)
    plan_hash = prepare.plan_under_way(ws, inputs)
    if settle and not plan_hash:
        raise StateError("There is nothing to settle: this letter was not sent to this list.")
    if plan_hash and (by or not settle):
        _let_go_on(ws, plan_hash, by)
    if not plan_hash:
        prepared = _prepared(ws, inputs, campaign)
        wanting = _wanting(ws, prepared, _reasons(said), by)
        if prepared.blocks or not by or wanting:
            return _not_sent(prepared, wanting, as_json)
        manner = {"countdown": timedelta(minutes=countdown), "exactly_once": exactly_once, "ramp": ramp}
        prepare.approve(ws, prepared, by=by, now=wiring.now(), **manner)
        plan_hash = prepared.plan.hash
    is_stopped = _send(ws, plan_hash)
    if settle and not is_stopped and _rests_without_reason(ws, plan_hash):
        journal.request(ws, plan_hash, "running", by or "bulkmail send --settle", wiring.now())
        is_stopped = _send(ws, plan_hash)
    _show_outcome(ws, inputs.campaign.name, plan_hash, as_json)
    if is_stopped:
        screen.note(t("Stopped. Run the same command again to go on where it was."))
        return STOPPED
    return _verdict(ws, plan_hash)


def _reasons(said: tuple[str, ...]) -> dict[str, str]:
    """Code → reason of --acknowledge CODE=REASON."""
    parts = [each.partition("=") for each in said]
    for code, _, reason in parts:
        if not reason.strip():
            raise InputError(
                '--acknowledge {code} gives no reason: write {code}="reason".', code=code.strip() or "CODE"
            )
    return {code.strip() if code.strip() == prepare.ALL else code.strip().upper(): reason for code, _, reason in parts}


def _wanting(ws: Workspace, prepared: prepare.Prepared, reasons: dict[str, str], by: str) -> list[str]:
    """Keep the approver's word on what the tips warn of; return the codes that still want one. Where no reasons are
    needed the approval is that word."""
    if not by or prepared.blocks:
        return []
    needed = prepare.needs_words(ws, prepared.plan)
    if not needed:
        reasons = {prepare.ALL: t("Approved on the command line."), **reasons}
    prepare.acknowledge(ws, prepared.plan, prepared.findings, reasons, by=by, now=wiring.now())
    return prepare.wanting(ws, prepared.plan, prepared.findings) if needed else []


def _let_go_on(ws: Workspace, plan_hash: str, by: str) -> None:
    """Resume a run that rests, on the word of a person."""
    run = journal.run(ws, plan_hash)
    if run is None or run.state != "paused":
        return
    if not by:
        raise StateError('{pause} To let it go on, add --approve "your name".', pause=_pause(ws, run))
    journal.request(ws, plan_hash, "running", by, wiring.now())
    screen.note(t("It had paused, and goes on now."))


def _rests_without_reason(ws: Workspace, plan_hash: str) -> bool:
    """Whether the run had paused for what was in doubt, and nothing is any more."""
    run = journal.run(ws, plan_hash)
    return bool(run and run.state == "paused" and run.reason == "doubt") and not journal.doubtful(ws, plan_hash)


def _not_sent(prepared: prepare.Prepared, wanting: list[str], as_json: bool) -> int:
    """Say why nothing was sent. The JSON is that of `send`, all zero, and that of `preflight`."""
    if as_json:
        people = prepared.audience
        counts = {"recipients": len(people.eligible), "accepted": 0, "refused": 0, "in_doubt": []}
        head = {"campaign": prepared.campaign.name, "plan": prepared.plan.hash, **counts}
        screen.emit({**head, "excluded": len(people.excluded), **preflight_document(prepared)})
    else:
        show_preflight(prepared)
    for finding in prepared.findings:
        if finding.outcome is Outcome.BLOCK:
            screen.complain(say("Nothing was sent. {code}: {message}", code=finding.code, message=finding.message))
    for code in [] if prepared.blocks else wanting:
        screen.complain(say('Nothing was sent. {code} wants your word: add --acknowledge {code}="reason".', code=code))
    if not prepared.blocks and not wanting:
        screen.note(t('Nothing was sent. To approve this plan and send it, add --approve "your name".'))
    return BLOCKED


def _send(ws: Workspace, plan_hash: str) -> bool:
    """Send until nothing is left or a signal says stop; whether one did."""
    stop, due = threading.Event(), journal.next_due(ws, plan_hash)
    if due and due > wiring.now():
        screen.note(t("The letters leave from {moment} on; this command waits for it.", moment=due.astimezone()))
    with (
        wiring.stopped_by_signals(stop),
        wiring.post_office(ws) as office,
        screen.progress(t("Sending")) as draw,
    ):
        wiring.send_until_done(ws, office, plan_hash, stop=stop, on_progress=draw)
    return stop.is_set() and journal.run_state(ws, plan_hash) in ("queued", "running")


def send_document(ws: Workspace, name: str, plan_hash: str) -> dict[str, object]:
    """The outcome as the contract of `send --json` has it.

    Who was left out at the last look counts as excluded: recipients + excluded = rows of the list; and when all is
    done recipients = accepted + refused + the recipients of what is listed as in_doubt.
    """
    totals = journal.totals(ws, plan_hash)
    return {
        "campaign": name,
        "plan": plan_hash,
        "recipients": totals["recipients"] - totals["skipped"],
        "accepted": totals["accepted"],
        "refused": totals["refused"],
        "in_doubt": control.doubts_document(ws, plan_hash),
        "excluded": sum(prepare.excluded_of(ws, plan_hash).values()) + totals["skipped"],
    }


def _show_outcome(ws: Workspace, name: str, plan_hash: str, as_json: bool) -> None:
    result, totals = send_document(ws, name, plan_hash), journal.totals(ws, plan_hash)
    if as_json:
        screen.emit(result)
        return
    recipients, excluded = int(result["recipients"]), int(result["excluded"])
    handled = [
        (t("Accepted by the sending service"), totals["accepted"]),
        (t("Refused by the sending service"), totals["refused"]),
        (t("In doubt: not known whether they were mailed"), totals["in_doubt"]),
        (t("Not sent"), totals["planned"] + totals["submitting"] + totals["cancelled"]),
    ]
    screen.line(name, "bold")
    screen.counts("", [(t("Recipients"), recipients), *handled], recipients)
    screen.counts(
        t("Refused or left out at the last moment, each for one reason"), screen.labelled(totals["reasons"]), 0
    )
    reasons = prepare.excluded_of(ws, plan_hash)
    screen.counts(t("Excluded, each for one reason"), screen.labelled(reasons), recipients + excluded)
    control.show_doubts(send.doubts(ws, plan_hash))


def _verdict(ws: Workspace, plan_hash: str) -> int:
    """The exit code of a sending that is over or rests; errors say why it is not done."""
    totals, run = journal.totals(ws, plan_hash), journal.run(ws, plan_hash)
    if totals["in_doubt"]:
        screen.complain(
            say(
                "It is not known of {count} of {all} recipients whether they were mailed. They are not mailed again by "
                "themselves: run the same command with --settle to ask the sending service about them.",
                count=totals["in_doubt"],
                all=totals["recipients"],
            )
        )
    if run and run.state == "paused":
        paused = ProviderError("{pause} Then run the same command again.", pause=_pause(ws, run))
        if not totals["in_doubt"]:
            raise paused
        screen.complain(paused)
    if run and run.state == "cancelled":
        raise StateError(
            "This sending was cancelled by {who}; {count} letters were not sent.", **_cancelled(run, totals)
        )
    return IN_DOUBT if totals["in_doubt"] else DONE


def _cancelled(run: journal.Run, totals: journal.Totals) -> dict[str, object]:
    return {"who": run.changed_by or "bulkmail", "count": totals["cancelled"] + totals["planned"]}


def _pause(ws: Workspace, run: journal.Run) -> Text:
    if run.reason:
        text = say("The sending paused: {reason}", reason=screen.pause_text(run.reason))
        figures = send.evidence_for_pause(ws, run)
        return say("{pause} {figures}", pause=text, figures=figures[0]) if figures else text
    return say("The sending was paused by {who}.", who=run.changed_by)


# ---------------------------------------------------------------- worker


@click.command("worker")
@click.option("--once", is_flag=True, help="Send what is due now, then end (for cron).")
def work(once: bool) -> int:
    """Send what was approved, here or in the dashboard, until stopped. Several workers may share one database.

    Ctrl-C and SIGTERM let it finish the request in hand; a second one breaks that off, which leaves it in doubt.
    """
    ws, began, stop = wiring.open_house(), wiring.now(), threading.Event()
    events = f"{ws.settings.public_url}/webhooks/sendgrid"
    with wiring.stopped_by_signals(stop), wiring.post_office(ws, webhook_url=events) as office:
        wiring.send.work(ws, office.post, stop=stop, once=once, ask=office.ask)
    paused = [run for run in journal.runs(ws, "paused") if run.changed_at >= began]
    for run in paused:
        screen.complain(_pause(ws, run))
    if once and (doubts := send.doubts(ws)):
        control.show_doubts(doubts)
        return IN_DOUBT
    return BLOCKED if paused else DONE
