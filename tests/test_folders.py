"""Folders of lists judged as one: here, and by Spark with the same kernels and the same answer."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from bulkmail import intake, prepare
from bulkmail.adapters import past, suppressions
from bulkmail.errors import InputError
from bulkmail.model import Suppression, SuppressionReason
from bulkmail.tips import addressing
from tests.benchmarks import big_lists
from tests.builders import NOW

DATA = Path(__file__).parent / "data"
PEOPLE = "Email,Name,Consent date,Consent\nana@lotusbay.edu.mo,Ana,{},yes\nbo@gmial.com,Bo,{},no\n,,,\n"


def judged(ws, folder, engine="local"):
    return prepare.report_on_folder(ws, str(folder), engine=engine, now=NOW)


def test_a_folder_is_one_list_numbered_through(sqlite_workspace, tmp_path):
    (tmp_path / "a.csv").write_text(PEOPLE.format("13/02/2026", "03/04/2026"))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "b.csv").write_text(PEOPLE.format("2026-02-13", "2026-04-03"))
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    found = judged(sqlite_workspace, tmp_path)
    assert (found.rows, found.eligible, len(found.files)) == (6, 1, 2)
    assert found.reasons == {"no_address": 2, "consent_refused": 2, "duplicate": 1}


def test_a_file_of_the_folder_that_is_no_list_is_named(sqlite_workspace, tmp_path):
    (tmp_path / "a.csv").write_text(PEOPLE)
    (tmp_path / "b.csv").write_bytes(b"%PDF-1.7")
    messages = [str(finding.message) for finding in judged(sqlite_workspace, tmp_path).findings]
    assert any(message.startswith("b.csv is left out: ") for message in messages)


def test_a_folder_without_a_list_is_refused(sqlite_workspace, tmp_path):
    with pytest.raises(InputError, match="There is no list in"):
        judged(sqlite_workspace, tmp_path)


def told(report):
    return [(one.code, one.outcome, one.count or len(one.rows), str(one.message)) for one in report.findings]


def heard_of(ws, *addresses):
    """Letters of elsewhere, a week apart: each campaign reached these people, and the last one's bounced."""
    persons = [addressing.person_of(address, ws.person_key) for address in addresses]
    records = [
        (f"old {week}", person, NOW - timedelta(days=700 - 7 * week), int(person == persons[-1]), 0, 0)
        for week in range(40)
        for person in persons
    ]
    columns = ("campaign", "person", "sent_at", "bounced", "complained", "unsubscribed")
    letters = pd.DataFrame(records, columns=columns)
    past.save_import(ws, "old.csv", letters.assign(sent_at=letters["sent_at"].astype("datetime64[us, UTC]")), NOW)


def test_one_file_as_a_folder_gets_the_report_of_the_file(sqlite_workspace):
    heard_of(sqlite_workspace, "twin03@lotusbay.edu.mo", "twin04@lotusbay.edu.mo")
    for name in ("ragged.csv", "duplicates.csv", "consent_shapes.csv", "members_title_rows.xlsx"):
        reading = intake.read_list((DATA / name).read_bytes(), name)
        whole = prepare.report_on_list(sqlite_workspace, reading.table, reading.findings, now=NOW)
        found = judged(sqlite_workspace, DATA / name)
        assert found.reasons == whole.audience.reasons
        assert told(found) == told(whole)
        assert found.bounces == whole.bounces


# ---------------------------------------------------------------- Spark


def java():
    """The version line of Java, "" where there is none."""
    if not shutil.which("java"):
        return ""
    return subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr.splitlines()[0]


@pytest.fixture
def spark():
    """A Spark of this machine with two workers; CI must have it."""
    if not java():
        required = os.environ.get("BULKMAIL_TESTS_REQUIRE_ALL") == "1"
        (pytest.fail if required else pytest.skip)("no Java on this machine: apt-get install openjdk-17-jre-headless")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "2"}
    here = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    session = SparkSession.builder.master("local[2]").config(map=quiet | here).getOrCreate()
    yield session
    session.stop()


@pytest.mark.timeout(400)
def test_spark_gives_the_answer_of_this_machine(spark, sqlite_workspace, tmp_path):
    for path in DATA.iterdir():
        if path.suffix in prepare.folders.SUFFIXES:
            shutil.copy(path, tmp_path)
    (tmp_path / "generated.csv").write_bytes(big_lists.csv(3_000))
    gone = addressing.person_of("twin03@lotusbay.edu.mo", sqlite_workspace.person_key)
    heard_of(sqlite_workspace, *big_lists.addresses(3_000)[:5].to_pylist(), "twin02@lotusbay.edu.mo")
    left = Suppression(person=gone, reason=SuppressionReason.UNSUBSCRIBED, purpose="", at=NOW, origin="test")
    suppressions.add_suppressions(sqlite_workspace, [left])
    here, there = (judged(sqlite_workspace, tmp_path, engine) for engine in prepare.ENGINES)
    assert (here.rows, here.eligible, here.reasons) == (there.rows, there.eligible, there.reasons)
    assert here.reasons["unsubscribed"] == 1 and here.rows > 3_200
    assert told(here) == told(there)
    assert here.bounces == there.bounces and here.bounces.reached > 0
    assert any(one.code == "ADR-10" and one.count for one in here.findings)  # who bounced elsewhere
