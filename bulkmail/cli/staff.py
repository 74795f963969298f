"""`bulkmail role` and `rotate-keys`: who of the staff may do what, and the keys of the house."""

import getpass

import click

from bulkmail import wiring
from bulkmail.adapters import roles, token_keys
from bulkmail.cli import screen
from bulkmail.cli.screen import t
from bulkmail.roles import Role


@click.command("role")
@click.argument("person", required=False)
@click.argument("role", required=False, type=click.Choice([*Role, "none"]))
def role(person: str | None, role: str | None) -> None:
    """Give PERSON a ROLE, or show who has one.

    PERSON is the e-mail address as the sign-in provider knows it. A viewer reads how campaigns stand, an author works
    on lists and letters, an approver also lets letters go. "none" takes a role away.
    """
    ws = wiring.open_house()
    if person and not role:
        raise click.UsageError(t("Name a role too: viewer, author, approver or none."))
    if person and role:
        roles.grant(ws, person, "" if role == "none" else role, by=getpass.getuser(), now=wiring.now())
    for known, given in roles.granted(ws).items():
        screen.line(f"{given:<9} {known}")


@click.command("rotate-keys")
@click.option("--by", metavar="NAME", default="", help="Who rotates; it enters the audit trail.")
def rotate_keys(by: str) -> None:
    """Make a new key that signs unsubscribe links, say once a year or when somebody with access has left.

    Links of earlier letters stay readable for ever: their keys are kept. Programs that run (app, web, worker) read
    links of the new key at once, and sign with it within a second.
    """
    key_id = token_keys.rotate(wiring.open_house(), by=by or getpass.getuser(), now=wiring.now())
    screen.line(t("Key {number} signs the links of new letters; older links work on.", number=key_id), "green")
