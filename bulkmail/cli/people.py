"""`bulkmail verify` and `person`: whether the consent ledger is as it was recorded, and what is known of somebody."""

from pathlib import Path

import click

from bulkmail import dossier, people, wiring
from bulkmail.adapters import database, ledger
from bulkmail.cli import screen
from bulkmail.cli.screen import t


@click.command()
@click.argument("file", metavar="[DOSSIER]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of lines.")
def verify(file: Path | None, as_json: bool) -> int:
    """Verify that no event of the consent ledger was changed, added between others or taken out; or, given the file of
    a DOSSIER (its page or its data), that nothing in it was changed since it was made.

    Each event carries the hash of the one before. Exits 1 when the chain is broken, and says at which event. What was
    cut off at the end shows in a note kept elsewhere: write down the number of events and the last hash.
    """
    if file:
        return _verify_dossier(file, as_json)
    ws = wiring.open_house()
    with screen.busy(t("Verifying the ledger of consent")):
        broken, events, head = ledger.first_broken_link(ws), ledger.ledger_size(ws), ledger.head(ws)
    if as_json:
        screen.emit({"events": events, "sound": broken is None, "first_broken": broken, "last_hash": head})
    elif broken is None:
        screen.line(t("All {count} events of the consent ledger are as they were recorded.", count=events), "green")
        screen.line(t("Last hash: {hash}", hash=head))
    else:
        screen.line(t("Event {number} of the consent ledger is not as it was recorded.", number=broken), "red")
        screen.line(t("Restore the database from a backup, and find out who changed it."))
    return int(broken is not None)


def _verify_dossier(file: Path, as_json: bool) -> int:
    made = dossier.read(screen.read_file(file))
    broken, seal = dossier.first_broken(made), str(made["chain"][-1]["hash"]) if made["chain"] else ""
    if as_json:
        screen.emit({"dossier": made.get("campaign", {}).get("name", ""), "sound": not broken, "seal": seal})
    elif broken:
        screen.line(t("The dossier is not as it was made: the part {part} was changed.", part=broken), "red")
    else:
        screen.line(t("The dossier is as it was made. Its seal: {hash}", hash=seal), "green")
    return int(bool(broken))


@click.command()
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, to hand over to the person.")
@click.option("--by", metavar="NAME", default="", help="Who asks; it enters the audit trail.")
def person(address: str, as_json: bool, by: str) -> int:
    """Tell everything that is known of one ADDRESS, in order of time: to answer a person who asks.

    To correct or erase somebody, use the Person page. Exits 1 when nothing is known.
    """
    ws, now = wiring.open_house(), wiring.now()
    found = people.known_of(ws, address, now=now)
    database.audit(ws, by or "command line", "person.exported", {"person": found.person}, now)
    if as_json:
        screen.emit(people.document(found, now))
    else:
        screen.line(people.as_text(found, now, t))
    return int(not found.is_known)
