"""Settings from the environment, all problems reported at once. Without a SendGrid key everything is rehearsal."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bulkmail.errors import SettingsError
from bulkmail.model import LAWFUL_BASES, Text, say

PUBLIC_URL = "http://127.0.0.1:8501"
SENDGRID_HOST = "https://api.sendgrid.com"
SECOND_PERSON_ABOVE = 500  # recipients; with sign-in, a larger plan needs an approver who did not write it
ROLE_CLAIM = "bulkmail_role"
COUNTRY = "MO"
ACKNOWLEDGE_FROM = 1  # recipients
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

_COUNTRY = re.compile("[A-Z]{2}")


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Where people sign in (OpenID Connect): the provider's `issuer`, this app's name there, the claim that may carry a
    role, and `app_url`, the address of the dashboard to which the provider sends people back."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    role_claim: str
    app_url: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment says. `rehearsal` is true when there is no key; secrets stay out of `repr`.

    `consent_months` is for how long consent lasts by country and basis, "" being any and 0 for ever; what it does not
    say lasts as the house's rules have it.
    """

    home: Path
    database_url: str = field(repr=False)
    public_url: str
    dns: tuple[str, int] | None
    sendgrid_key: str = field(repr=False)
    sendgrid_host: str
    webhook_key: str = field(repr=False)
    rehearsal: bool
    domains: tuple[str, ...] = ()
    sign_in: SignIn | None = None
    second_person_above: int = SECOND_PERSON_ABOVE
    sending_ips: tuple[str, ...] = ()
    country: str = COUNTRY
    consent_months: Mapping[tuple[str, str], int] = field(default_factory=dict)
    acknowledge_from: int = ACKNOWLEDGE_FROM

    @property
    def stays_here(self) -> bool:
        """Whether letters cannot leave this machine: a rehearsal, or a provider on loopback."""
        return self.rehearsal or urlsplit(self.sendgrid_host).hostname in LOOPBACK

    @property
    def links_stay_here(self) -> bool:
        """Whether nobody but this machine can follow the links of letters: a public address on loopback."""
        return urlsplit(self.public_url).hostname in LOOPBACK

    @property
    def database_kind(self) -> str:
        """SQLite or PostgreSQL."""
        return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[make_url(self.database_url).get_backend_name()]

    @property
    def database_place(self) -> str:
        """The database's file, or its host, port and name; user, password and options stay out of it."""
        url = make_url(self.database_url)
        host = f"{url.host}:{url.port}" if url.port else url.host
        return f"{host}/{url.database}" if host else str(url.database)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of this process. Raises one SettingsError that lists every problem found."""
    problems: list[Text] = []
    given = {name: value.strip() for name, value in environ.items()}
    home = Path(given.get("BULKMAIL_HOME") or "workspace").expanduser().resolve()
    key = given.get("SENDGRID_API_KEY", "")
    settings = Settings(
        home=home,
        database_url=_database_url(given.get("BULKMAIL_DATABASE_URL", ""), home, problems),
        public_url=_web_address("BULKMAIL_PUBLIC_URL", given.get("BULKMAIL_PUBLIC_URL") or PUBLIC_URL, problems),
        dns=_name_server(given.get("BULKMAIL_DNS", ""), problems),
        sendgrid_key=_key(key, problems),
        sendgrid_host=_provider(given.get("SENDGRID_HOST") or SENDGRID_HOST, bool(key), problems),
        webhook_key=_public_key(given.get("SENDGRID_WEBHOOK_KEY", ""), problems),
        rehearsal=not key,
        domains=_domains(given.get("BULKMAIL_DOMAINS", "")),
        sign_in=_sign_in(given, problems),
        second_person_above=_people("BULKMAIL_SECOND_PERSON_ABOVE", given, SECOND_PERSON_ABOVE, problems),
        sending_ips=_addresses(given.get("BULKMAIL_SENDING_IPS", ""), problems),
        country=_country(given.get("BULKMAIL_COUNTRY") or COUNTRY, problems),
        consent_months=_consent_months(given.get("BULKMAIL_CONSENT_MONTHS", ""), problems),
        acknowledge_from=_people("BULKMAIL_ACKNOWLEDGE_FROM", given, ACKNOWLEDGE_FROM, problems),
    )
    if home.exists() and not home.is_dir():
        problems.append(say("BULKMAIL_HOME names a file. Give the path of a folder."))
    if problems:
        raise SettingsError(
            "Some settings need a change before anything can start:\n{problems}", problems=_lines(problems)
        )
    return settings


def _lines(texts: list[Text]) -> Text:
    return reduce(lambda above, text: Text("{above}\n{text}", {"above": above, "text": text}), texts)


def _database_url(value: str, home: Path, problems: list[Text]) -> str:
    """The URL with its driver named; SQLite in the workspace when none is given."""
    if not value:
        return f"sqlite:///{home / 'bulkmail.sqlite3'}"
    value = value.replace("postgres://", "postgresql://", 1) if value.startswith("postgres://") else value
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        problems.append(
            say("BULKMAIL_DATABASE_URL is not a database address, such as postgresql://user@host/bulkmail.")
        )
        return ""
    kind = url.get_backend_name()
    if kind not in {"sqlite", "postgresql"}:
        problems.append(say("BULKMAIL_DATABASE_URL names {kind}. Use sqlite or postgresql.", kind=kind))
    if kind == "sqlite" and url.database in {None, "", ":memory:"}:
        problems.append(say("BULKMAIL_DATABASE_URL names no file. Memory would forget what was sent."))
    driver = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}.get(kind, kind)
    return url.set(drivername=driver).render_as_string(hide_password=False)


def _web_address(name: str, value: str, problems: list[Text]) -> str:
    """The address without its last slash."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port  # a port that is no number raises here
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment or "@" in parts.netloc:
        problems.append(say("{name} is not a web address, such as https://mail.example.org.", name=name))
    return value.rstrip("/")


def _sign_in(given: Mapping[str, str], problems: list[Text]) -> SignIn | None:
    """Who signs people in; None where none of its settings is given. Half of them is a problem, never no sign-in."""
    names = ("BULKMAIL_OIDC_ISSUER", "BULKMAIL_OIDC_CLIENT_ID", "BULKMAIL_OIDC_CLIENT_SECRET")
    missing = [name for name in names if not given.get(name)]
    if len(missing) == len(names):
        return None
    problems.extend(say("{name} is missing: sign-in needs all of its settings.", name=name) for name in missing)
    issuer = _web_address(names[0], given.get(names[0]) or PUBLIC_URL, problems)
    if issuer.startswith("http://") and urlsplit(issuer).hostname not in LOOPBACK:
        problems.append(
            say("BULKMAIL_OIDC_ISSUER begins with http://. Sign-in would be open to forgers: use https://.")
        )
    app_url = given.get("BULKMAIL_APP_URL") or given.get("BULKMAIL_PUBLIC_URL") or PUBLIC_URL
    return SignIn(
        issuer=issuer,
        client_id=given.get(names[1], ""),
        client_secret=given.get(names[2], ""),
        role_claim=given.get("BULKMAIL_OIDC_ROLE_CLAIM") or ROLE_CLAIM,
        app_url=_web_address("BULKMAIL_APP_URL", app_url, problems),
    )


def _people(name: str, given: Mapping[str, str], default: int, problems: list[Text]) -> int:
    """A number of people, 0 or more."""
    value = given.get(name, "").replace(",", "")
    if value.isascii() and value.isdigit():
        return int(value)
    if value:
        problems.append(say("{name} is not a number of people, such as 500.", name=name))
    return default


def _provider(value: str, with_key: bool, problems: list[Text]) -> str:
    known = len(problems)
    host = _web_address("SENDGRID_HOST", value, problems)
    if len(problems) > known:
        return host
    is_near = urlsplit(host).hostname in LOOPBACK
    if with_key and host.startswith("http://") and not is_near:
        problems.append(say("SENDGRID_HOST begins with http://. The key would travel unprotected: use https://."))
    if not with_key and host != SENDGRID_HOST and not is_near:  # a rehearsal stays on this machine
        problems.append(say("SENDGRID_HOST names another machine, and there is no SENDGRID_API_KEY for it."))
    return host


def _domains(value: str) -> tuple[str, ...]:
    """The organisation's own domains: names apart by commas or spaces."""
    return tuple(name.strip(".").lower() for name in value.replace(",", " ").split())


def _addresses(value: str, problems: list[Text]) -> tuple[str, ...]:
    """IP addresses apart by commas or spaces, in their shortest form."""
    found = []
    for name in value.replace(",", " ").split():
        try:
            found.append(str(ip_address(name)))
        except ValueError:
            problems.append(say("BULKMAIL_SENDING_IPS holds {name}, which is no IP address.", name=name))
    return tuple(found)


def _country(value: str, problems: list[Text]) -> str:
    if not _COUNTRY.fullmatch(value.upper()):
        problems.append(say("BULKMAIL_COUNTRY is not a country code of two letters, such as MO."))
    return value.upper()


def _consent_months(value: str, problems: list[Text]) -> dict[tuple[str, str], int]:
    """Months by country and basis, from "24; CA consent_implied_inquiry 6; GB 36; consent_express never"."""
    months = {}
    for entry in filter(None, (part.strip() for part in value.split(";"))):
        *words, lasts = entry.split()
        country = words.pop(0).upper() if words and _COUNTRY.fullmatch(words[0].upper()) else ""
        basis = words.pop(0) if words and words[0] in LAWFUL_BASES else ""
        if words or not (lasts == "never" or (lasts.isascii() and lasts.isdigit() and 0 < int(lasts) <= 1200)):
            problems.append(
                say(
                    "BULKMAIL_CONSENT_MONTHS: {entry} cannot be read. Write months or never, before them a country, a "
                    "basis or both: 24; CA consent_implied_inquiry 6.",
                    entry=entry,
                )
            )
            continue
        months[country, basis] = 0 if lasts == "never" else int(lasts)
    return months


def _key(value: str, problems: list[Text]) -> str:
    if not value.isascii() or any(character.isspace() or not character.isprintable() for character in value):
        problems.append(say("SENDGRID_API_KEY holds a character that no key has. Copy it again, without spaces."))
    return value


def _name_server(value: str, problems: list[Text]) -> tuple[str, int] | None:
    """Host and port; port 53 when none is given."""
    if not value:
        return None
    try:
        parts = urlsplit(f"//{value}")
        if parts.hostname and parts.netloc == value and parts.port != 0:
            return parts.hostname, parts.port or 53
    except ValueError:
        pass  # reported below
    problems.append(say("BULKMAIL_DNS is not a host and port, such as 127.0.0.1:5353."))
    return None


def _public_key(value: str, problems: list[Text]) -> str:
    """The key as given: base64 of a DER public key on an elliptic curve, as SendGrid shows it."""
    try:
        usable = not value or isinstance(
            load_der_public_key(base64.b64decode(value, validate=True)), EllipticCurvePublicKey
        )
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        usable = False
    if not usable:
        problems.append(
            say("SENDGRID_WEBHOOK_KEY is not a verification key. Copy it from SendGrid's webhook settings.")
        )
    return value
