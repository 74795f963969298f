"""The workspace: a folder and a database, opened together. Here are the only two ways to a connection.

`reading` sees one state of the database from beginning to end. `writing` holds SQLite's write lock from its first line
(BEGIN IMMEDIATE), so that what was read is still true when it is written; PostgreSQL locks the rows it is asked to.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from filelock import FileLock
from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError

import bulkmail
from bulkmail.adapters import tables
from bulkmail.adapters.settings import SENDGRID_HOST, Settings
from bulkmail.errors import SettingsError, StateError, StorageError
from bulkmail.model import say

MIGRATIONS = Path(bulkmail.__file__).parent / "migrations"
MIGRATION_LOCK = 0x62756C6B  # any number that all of us agree on
LOCK_WAIT_SECONDS = 30
SECRET_BYTES = 32
REREAD_SECONDS = 1.0  # strangers may ask for keys that never were as often as they like


class TokenKeys(dict[int, bytes]):
    """Key id → key. One that another program has added since is found by `get` and by `newest`, which read the database
    again, each once a second at most: a new key works at once wherever links are opened, and signs wherever they are
    made."""

    def __init__(self, engine: Engine, kept: Mapping[int, bytes]) -> None:
        super().__init__(kept)
        self._engine, self._next_look = engine, {"open": 0.0, "sign": 0.0}

    def get(self, key_id: int, default: bytes | None = None) -> bytes | None:
        """The key of this id, or `default`."""
        if key_id not in self:
            self._look_again("open")
        return super().get(key_id, default)

    def newest(self) -> int:
        """The id of the key that signs now."""
        self._look_again("sign")
        return max(self)

    def _look_again(self, why: str) -> None:
        if time.monotonic() >= self._next_look[why]:
            self._next_look[why] = time.monotonic() + REREAD_SECONDS
            with self._engine.connect() as connection:
                self.update(read_token_keys(connection))


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """An open workspace. `person_key` makes the keyed hash of a mailbox; `token_keys` sign unsubscribe links, the
    newest those that are made now; `cookie_key` signs the cookies of people who have signed in."""

    settings: Settings
    engine: Engine = field(repr=False)
    person_key: bytes = field(repr=False)
    token_keys: TokenKeys = field(repr=False)
    cookie_key: bytes = field(repr=False, default=b"")

    @property
    def home(self) -> Path:
        """The folder."""
        return self.settings.home

    @property
    def token_key_id(self) -> int:
        """The id of the key that signs links now, whichever program made it."""
        return self.token_keys.newest()

    def signing_key(self) -> tuple[bytes, int]:
        """The key that signs links now, and its id: asked for together, since it may change at any time."""
        key_id = self.token_key_id
        return self.token_keys[key_id], key_id


def open_workspace(settings: Settings) -> Workspace:
    """The workspace, made where there is none and brought to the newest form where there is an older one.

    Raises SettingsError when the database does not answer, StateError when a newer bulkmail has been here.
    """
    make_folders(settings.home)
    engine = make_engine(settings.database_url)
    try:
        with FileLock(settings.home / "locks" / "open.lock", timeout=LOCK_WAIT_SECONDS):
            migrate(engine)
        kept = _secrets(engine)
    except OperationalError as error:
        engine.dispose()
        raise SettingsError(
            "The database of BULKMAIL_DATABASE_URL cannot be opened. Is it running, and may this user enter it?"
        ) from error
    return Workspace(
        settings=settings,
        engine=engine,
        person_key=kept["person_key"],
        token_keys=TokenKeys(engine, _token_keys(kept)),
        cookie_key=kept["cookie_key"],
    )


def make_folders(home: Path) -> None:
    """Make the folder and its rooms, for this user alone: there are addresses and keys in it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for room in ("locks", "tables"):
        (home / room).mkdir(mode=0o700, exist_ok=True)


# ---------------------------------------------------------------- connections


def make_engine(url: str) -> Engine:
    """A pool of connections; nothing is opened yet. Addresses stay out of the texts of its errors."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": 10})


def _prepare_sqlite(connection: DBAPIConnection, record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours to say, see below
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {LOCK_WAIT_SECONDS * 1000}")
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # a commit is on the disk before the letter is on the wire
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(workspace: Workspace) -> Iterator[Connection]:
    """A transaction that may write; committed at the end, or rolled back as a whole by an exception.

    StorageError when the database cannot be used now: it is full, locked for too long, or does not answer.
    """
    with _telling_trouble(), workspace.engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        with connection.begin():
            yield connection


@contextmanager
def reading(workspace: Workspace) -> Iterator[Connection]:
    """A transaction that sees one state of the database from beginning to end. StorageError as in `writing`."""
    with _telling_trouble(), workspace.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def _telling_trouble() -> Iterator[None]:
    """Turn what a database says of itself into words; its own text could hold names of hosts and users."""
    try:
        yield
    except OperationalError as error:
        said = f"{type(error.orig).__name__} {error.orig}".lower()
        trouble = next((words for key, words in _TROUBLES.items() if key in said), None)
        if trouble is None and isinstance(error.orig, sqlite3.Error):
            raise  # "no such table": a fault of ours, and no state of the disk
        trouble = trouble or say("it does not answer")
        words = say("The database of this workspace cannot be used now: {trouble}.", trouble=trouble)
        raise StorageError(words.template, **words.values) from error


_TROUBLES = {
    "full": say("its disk is full"),  # SQLite says "database or disk is full", PostgreSQL DiskFull
    "disk i/o": say("its disk cannot be written"),
    "lock": say("another program holds it"),
}


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> int:
    """Insert the rows whose key is not there yet; how many those were."""
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return len(connection.execute(statement, list(rows)).all())


# ---------------------------------------------------------------- schema and keys


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without a file: our scripts, and a connection that is already open."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest form, in one transaction. StateError when it is newer than this program."""
    newest = ScriptDirectory.from_config(alembic_config()).get_current_head()
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == newest:
            return
    with engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            try:
                command.upgrade(alembic_config(connection), "head")
            except CommandError as error:
                raise StateError("A newer bulkmail has used this workspace. Update bulkmail to open it.") from error


def rehearsal_address(ws: Workspace) -> str:
    """Where the rehearsal of this workspace answers, as it last said; "" when it never ran. A named one has its own."""
    if ws.settings.sendgrid_host != SENDGRID_HOST:
        return ws.settings.sendgrid_host
    return told_by_rehearsal(ws).get("url", "")


def told_by_rehearsal(ws: Workspace) -> dict[str, str]:
    """What the rehearsal of this workspace says of itself (url, public_key); nothing when it never ran, nor with a key
    of SendGrid's."""
    told = ws.home / "rehearsal" / "rehearsal.json"
    return json.loads(told.read_text()) if ws.settings.rehearsal and told.exists() else {}


def _secrets(engine: Engine) -> dict[str, bytes]:
    """The keys of the house, made at the first opening. Losing them would orphan every suppression and link."""
    with engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        with connection.begin():
            kept = _read_secrets(connection)
            fresh = {"person_key", "token_key.1", "cookie_key"} - kept.keys()
            if not fresh:
                return kept
            rows = [{"name": name, "value": secrets.token_bytes(SECRET_BYTES)} for name in sorted(fresh)]
            insert_new(connection, tables.secret, rows)
            return _read_secrets(connection)


def _read_secrets(connection: Connection) -> dict[str, bytes]:
    return dict(connection.execute(select(tables.secret.c.name, tables.secret.c.value)).all())


def read_token_keys(connection: Connection) -> dict[int, bytes]:
    """The keys that sign links, by their ids."""
    return _token_keys(_read_secrets(connection))


def _token_keys(kept: Mapping[str, bytes]) -> dict[int, bytes]:
    return {int(name.split(".")[1]): value for name, value in kept.items() if name.startswith("token_key.")}
