"""`bulkmail pause`, `resume`, `cancel` and `decide`: what a person may say to a sending that is under way."""

from pathlib import Path

import click

from bulkmail import campaign_file, send, wiring
from bulkmail.adapters import journal
from bulkmail.adapters.workspace import Workspace
from bulkmail.cli import screen
from bulkmail.cli.screen import t
from bulkmail.errors import InputError, StateError

CAMPAIGN = click.argument("campaign", metavar="CAMPAIGN")
BY = click.option("--by", required=True, metavar="NAME", help="Who says so; the name enters the audit trail.")


def run_of(ws: Workspace, campaign: str) -> journal.Run:
    """The newest run of a campaign that is named by its file, its name, its id or the beginning of its plan's hash.
    StateError when none was ever approved."""
    name = _name_in(Path(campaign)) if campaign.endswith(".toml") else campaign
    wanted = {name, campaign_file.campaign_id(name)}
    for run in journal.runs(ws):
        if run.campaign_id in wanted or (len(name) >= 8 and run.plan_hash.startswith(name.lower())):
            return run
    raise StateError("No sending of {campaign} was ever approved here.", campaign=name)


def _name_in(path: Path) -> str:
    try:
        return campaign_file.read_campaign(screen.read_file(path).decode("utf-8-sig"), filename=path.name).name
    except UnicodeDecodeError as error:
        raise InputError("{file} is not UTF-8 text: save it as UTF-8.", file=str(path)) from error


@click.command()
@CAMPAIGN
@BY
def pause(campaign: str, by: str) -> None:
    """Let a sending rest: whatever a worker has in hand is finished, at most one request each, and nothing follows.

    CAMPAIGN is the campaign file, the campaign's name, or the beginning of its plan's number.
    """
    _request(campaign, "paused", by)


@click.command()
@CAMPAIGN
@BY
def resume(campaign: str, by: str) -> None:
    """Let a sending that rests go on where it was. A worker sends it, or `bulkmail send`."""
    _request(campaign, "running", by)


@click.command()
@CAMPAIGN
@BY
def cancel(campaign: str, by: str) -> None:
    """End a sending: what is not handed over yet is never sent. During its countdown that is everything.

    Of a sending that is scheduled ahead (`send --exactly-once`), a worker also calls back what has not left yet.
    """
    _request(campaign, "cancelled", by)


def _request(campaign: str, state: str, by: str) -> None:
    ws = wiring.open_house()
    run = run_of(ws, campaign)
    journal.request(ws, run.plan_hash, state, by, wiring.now())
    counts = _counts(journal.totals(ws, run.plan_hash))
    words = {
        "paused": t("Paused: {handed} of {all} letters are handed over, {waiting} wait.", **counts),
        "running": t("It goes on: {handed} of {all} letters are handed over, {waiting} wait.", **counts),
        "cancelled": t("Cancelled: {handed} of {all} letters were handed over, the others are not sent.", **counts),
    }
    screen.line(words[state])


def _counts(totals: journal.Totals) -> dict[str, int]:
    handed = totals["accepted"] + totals["in_doubt"] + totals["submitting"]
    return {"handed": handed, "all": totals["recipients"], "waiting": totals["planned"]}


# ---------------------------------------------------------------- a doubt


@click.command()
@click.argument("attempt", metavar="REQUEST")
@click.argument("verdict", type=click.Choice(["mailed", "unsent"]))
@BY
@click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")
def decide(attempt: str, verdict: str, by: str, yes: bool) -> int:
    """Settle a doubt that neither events nor the log settle: a request of which nobody knows whether it was taken.

    REQUEST is its number, as `bulkmail send --settle` shows it. With `mailed` its people count as mailed. With `unsent`
    they are planned anew and get the letter; if it had been taken after all, they get it twice.
    """
    ws = wiring.open_house()
    doubt = next((doubt for doubt in send.doubts(ws) if doubt.attempt.id == attempt), None)
    if doubt is None:
        raise StateError("There is no request {attempt} in doubt.", attempt=attempt)
    show_doubts([doubt])
    if not yes and not click.confirm(t("Are you sure?"), default=False, err=True):
        screen.note(t("Nothing was changed."))
        return 1
    send.decide(ws, attempt, verdict == "mailed", by=by, now=wiring.now())
    if verdict == "mailed":
        screen.line(t("{count} recipients count as mailed.", count=doubt.attempt.people))
    else:
        screen.line(t("{count} recipients are planned anew. Send the campaign again.", count=doubt.attempt.people))
    return 0


def show_doubts(doubts: list[send.Doubt]) -> None:
    """Draw each request in doubt: its number, how many people, since when, what is known, and what it looks like."""
    for doubt in doubts:
        attempt = doubt.attempt
        since = f"{attempt.started_at.astimezone():%Y-%m-%d %H:%M:%S}" if attempt.started_at else "?"
        which = {"attempt": attempt.id, "count": attempt.people, "since": since}
        screen.line(t("Request {attempt}: {count} recipients, in doubt since {since}", **which), "bold")
        for sentence in doubt.known:
            screen.line(f"  {t(sentence)}")
        if doubt.looks_unsent:
            screen.line("  " + t("It looks as if it was never taken. That is no proof; a person may decide."))


def doubts_document(ws: Workspace, plan_hash: str) -> list[dict[str, object]]:
    """The doubts of a plan as `send --json` lists them under `in_doubt`."""
    return [
        {
            "attempt": doubt.attempt.id,
            "recipients": doubt.attempt.people,
            "since": doubt.attempt.started_at and doubt.attempt.started_at.isoformat(),
            "known": [t(sentence) for sentence in doubt.known],
            "looks_unsent": doubt.looks_unsent,
        }
        for doubt in send.doubts(ws, plan_hash)
    ]
