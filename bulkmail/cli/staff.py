"""`bulkmail role`: who of the staff may do what. The first approver is named here, others on the Settings page too."""

import getpass

import click

from bulkmail import wiring
from bulkmail.adapters import roles
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
