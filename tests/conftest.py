"""Fixtures of more than one room: a workspace on SQLite and on a real PostgreSQL that lives as long as the tests do,
and one browser, since a process can hold no two."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import make_folders, open_workspace

INSTALL = "no PostgreSQL server on this machine: apt-get install postgresql"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}
FAST |= {"listen_addresses": "''", "timezone": "Asia/Macau", "shared_buffers": "32MB", "jit": "off"}

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps",
]  # fmt: skip


def postgresql_binaries() -> Path | None:
    """The folder of initdb and postgres: on the path, or where Debian and Red Hat put them (the newest)."""
    on_path = shutil.which("initdb")
    known = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), *Path("/usr").glob("pgsql-*/bin/initdb")]
    found = [Path(on_path)] if on_path else sorted(known, key=lambda path: float(path.parts[-3].removeprefix("pgsql-")))
    return found[-1].parent if found else None


def as_postgres() -> dict[str, object]:
    """Arguments for a subprocess: the server refuses to run as root, so it becomes the user that Debian made for it."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def needs(binaries: Path | None, install: str) -> None:
    """Skip without the binaries, or fail where everything is required (as in CI)."""
    if binaries is None:
        (pytest.fail if os.environ.get("BULKMAIL_TESTS_REQUIRE_ALL") == "1" else pytest.skip)(install)


@pytest.fixture(scope="session")
def postgresql_server():
    """The URL of a throw-away server on a socket in a folder of its own; one per test process."""
    binaries = postgresql_binaries()
    needs(binaries, INSTALL)
    folder = Path(tempfile.mkdtemp(prefix="bulkmail-pg-"))  # not under pytest's own, which the server may not enter
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    options = " ".join(f"-c {name}={value}" for name, value in FAST.items()) + f" -k {folder}"
    control = ["pg_ctl", "-D", "data", "-s", "-w"]

    def run(program: str, *arguments: str) -> None:
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **as_postgres()}
        subprocess.run([binaries / program, *arguments], **quiet)

    try:
        run("initdb", "-D", "data", "-U", "tests", "-A", "trust", "-E", "UTF8", "-N")
        run(*control, "-l", "log", "-o", options, "start")
        yield make_url(f"postgresql+psycopg://tests@/postgres?host={folder}")
        run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def on_server(server, *statements: str) -> None:
    """Run statements that may not stand in a transaction (CREATE DATABASE)."""
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server, tmp_path_factory):
    """The server, with a database `migrated` that each test gets a copy of."""
    on_server(postgresql_server, "CREATE DATABASE migrated")
    made = open_workspace(settings_in(tmp_path_factory.mktemp("migrated"), postgresql_server.set(database="migrated")))
    made.engine.dispose()
    return postgresql_server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory):
    """An SQLite file that each test gets a copy of."""
    made = open_workspace(settings_in(tmp_path_factory.mktemp("migrated")))
    made.engine.dispose()  # the last connection writes the log back into the file
    return made.home / "bulkmail.sqlite3"


def in_own_loop(coroutine):
    """What the coroutine returns, from a loop of its own: a browser of this process keeps one running here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def settings_in(home: Path, url=None):
    """Settings as a person without any gets them, in this folder."""
    environ = {"BULKMAIL_HOME": str(home)}
    if url is not None:
        environ["BULKMAIL_DATABASE_URL"] = url.render_as_string(hide_password=False)
    return read_settings(environ)


@pytest.fixture
def sqlite_workspace(tmp_path, migrated_sqlite):
    """A fresh workspace on SQLite."""
    make_folders(tmp_path / "home")
    shutil.copy(migrated_sqlite, tmp_path / "home")
    ws = open_workspace(settings_in(tmp_path / "home"))
    yield ws
    ws.engine.dispose()


@pytest.fixture
def postgresql_workspace(tmp_path, migrated_postgresql):
    """A fresh workspace on PostgreSQL."""
    name = f"test_{os.urandom(8).hex()}"
    on_server(migrated_postgresql, f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY FILE_COPY")
    ws = open_workspace(settings_in(tmp_path / "home", migrated_postgresql.set(database=name)))
    yield ws
    ws.engine.dispose()
    on_server(migrated_postgresql, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def workspace(request):
    """A fresh workspace; the test runs once on SQLite and once on PostgreSQL."""
    return request.getfixturevalue(f"{request.param}_workspace")


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        message = "no Chromium on this machine: apt-get install chromium fonts-noto-cjk"
        pytest.fail(message) if os.environ.get("BULKMAIL_TESTS_REQUIRE_ALL") else pytest.skip(message)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # a machine may have much to do
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()
