"""Who may do what: three roles, from what the sign-in says of a person or from our own table."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """Each may do what those before it may. A VIEWER reads how campaigns stand and what became of them, without
    addresses; an AUTHOR also works on lists, letters and times; an APPROVER also lets a plan be sent, and stops it."""

    VIEWER = "viewer"
    AUTHOR = "author"
    APPROVER = "approver"


RANK = {role: rank for rank, role in enumerate(Role)}


def may(role: Role | None, needed: Role) -> bool:
    """Whether somebody with this role (None: with none) may do what needs the other."""
    return role is not None and RANK[role] >= RANK[needed]


def person_of(claims: Mapping[str, object]) -> str:
    """The name under which the sign-in knows a person, for the audit trail and the table of roles; "" without one.

    An e-mail address counts only where the provider says that it is verified (OpenID Connect Core 1.0, section 5.1):
    elsewhere anybody could sign in as anybody.
    """
    if claims.get("email") and claims.get("email_verified") is True:
        return str(claims["email"]).strip().casefold()
    return str(claims.get("sub") or "")


def role_of(claims: Mapping[str, object], claim: str, granted: Mapping[str, str]) -> Role | None:
    """The highest role that the claim or our table gives; None where neither gives one, which lets nobody in.

    The claim may hold one word or several; words that are no roles are passed over.
    """
    said = claims.get(claim)
    words = said if isinstance(said, list | tuple) else [said]
    known = [granted.get(person_of(claims)), *(str(word) for word in words)]
    return max((Role(word) for word in known if word in set(Role)), key=RANK.get, default=None)


def needs_second_person(recipients: int, above: int, *, people_sign_in: bool) -> bool:
    """Whether a plan is approved only by somebody who has not written it. Where nobody signs in, nobody can be told
    from anybody else, so that no such rule is pretended."""
    return people_sign_in and recipients > above
