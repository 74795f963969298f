"""The wheel carries the whole house: installed elsewhere, the dashboard opens from any folder."""

import configparser
import os
import re
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.pages.conftest import free_port, wait_until_healthy

HOUSE = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of this checkout."""
    (built,) = WheelBuilder(str(HOUSE)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    with zipfile.ZipFile(built) as archive:
        yield archive


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """A folder with the wheel unpacked, which is what installing pure Python comes to (PEP 427)."""
    target = tmp_path_factory.mktemp("installed")
    wheel.extractall(target)
    return target


@pytest.fixture
def elsewhere(installed, tmp_path):
    """Run the installed bulkmail, and not this checkout, from another folder."""
    keep = {key: value for key, value in os.environ.items() if not key.startswith(("SENDGRID_", "BULKMAIL_"))}
    environment = keep | {"PYTHONPATH": str(installed), "BULKMAIL_HOME": str(tmp_path / "home")}

    def start(*arguments, **options):
        command = [sys.executable, "-m", "bulkmail", *arguments]
        return subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, **options)

    return start


def checked_in(*patterns):
    """Paths of the checkout that these patterns match, caches aside."""
    found = (path for pattern in patterns for path in HOUSE.glob(pattern) if "__pycache__" not in path.parts)
    return {path.relative_to(HOUSE).as_posix() for path in found if path.is_file()}


def test_the_wheel_carries_what_the_program_reads(wheel):
    names = set(wheel.namelist())
    data = checked_in(
        "bulkmail/layouts/*", "bulkmail/locales/**/*.po", "bulkmail/migrations/**/*", "bulkmail/**/*.html"
    )
    assert data
    assert data <= names
    assert checked_in("bulkmail/**/*.py") <= names


def test_the_wheel_carries_the_dashboard(wheel):
    shown = checked_in("app.py", "pages/*", ".streamlit/*")
    assert {"app.py", "pages/_frame.py", ".streamlit/config.toml"} <= shown
    assert {f"bulkmail/_app/{name}" for name in shown} <= set(wheel.namelist())


def test_the_wheel_carries_nothing_else(wheel):
    strange = [name for name in wheel.namelist() if re.search(r"__pycache__|tests/|notebooks/|\.pyc$|workspace", name)]
    assert not [name for name in strange if not name.startswith("bulkmail/adapters/workspace")]
    assert {name.split("/")[0] for name in wheel.namelist()} <= {"bulkmail", "bulkmail-0.1.0.dist-info"}


def test_the_wheel_names_its_command_and_its_licence(wheel):
    told = configparser.ConfigParser()
    told.read_string(wheel.read("bulkmail-0.1.0.dist-info/entry_points.txt").decode())
    assert told["console_scripts"]["bulkmail"] == "bulkmail.cli:main"
    assert "bulkmail-0.1.0.dist-info/licenses/LICENSE" in wheel.namelist()


def test_the_installed_command_helps(elsewhere, installed):
    where = "import bulkmail; print(bulkmail.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where], env={**os.environ, "PYTHONPATH": str(installed)}, cwd="/", capture_output=True
    )
    assert found.stdout.decode().startswith(str(installed))
    out, _ = elsewhere("--help", stdout=subprocess.PIPE).communicate(timeout=60)
    assert "bulkmail demo" in out


def test_the_installed_dashboard_opens_from_another_folder(elsewhere, tmp_path):
    port, log = free_port(), tmp_path / "server.log"
    with log.open("w") as output:
        server = elsewhere("app", "--port", str(port), stdout=output, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_healthy(address, server, log)
            assert read(f"{address}/_stcore/health") == "ok"
            assert "<title>" in read(address)
        finally:
            server.terminate()
            server.wait(30)
    assert "Traceback" not in log.read_text()
    assert "Collecting usage statistics" not in log.read_text()


def read(address):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(address, timeout=20).read().decode()
