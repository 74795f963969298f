"""The command line is a contract: its names, JSON, exit codes and streams, as a script meets them."""

import importlib
import inspect
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import text

from bulkmail import cli, list_history, prepare, wiring
from bulkmail.adapters import acknowledgements, database, journal, ledger
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import make_folders, open_workspace, writing
from bulkmail.cli import campaigns
from bulkmail.model import DeliveryEvent, EventKind
from bulkmail.preflight import SEVEN_TIPS
from bulkmail.rehearsal import server
from bulkmail.rehearsal.faults import Fault
from bulkmail.sample import worlds
from bulkmail.tips import addressing
from tests.builders import NOW
from tests.dns_server import serving_dns
from tests.test_words import SOUND
from tests.tips.test_sender_requirements import KEY_2048

HOUSE = Path(__file__).parents[1]
README = (HOUSE / "README.md").read_text(encoding="utf-8")
COMMANDS = (
    "app", "demo", "check", "preflight", "send", "worker", "pause", "resume", "cancel", "decide", "web", "rehearsal",
    "events", "cadence", "verify", "person", "role", "rotate-keys",
)  # fmt: skip
FINDING = {"code", "tip", "outcome", "message", "fix", "source", "rows"}
SENT = {"campaign", "plan", "recipients", "accepted", "refused", "in_doubt", "excluded"}
CAMPAIGN = """[campaign]
name = "Opening hours"
purpose = "newsletter"
class = "subscribed"

[sender]
name = "Lotus Bay Library"
address = "library@lotusbay.edu.mo"
organisation = "Lotus Bay University"
postal_address = "1 Lotus Avenue, Macau"

[audience]
list = "list.csv"
language = "en"

[message]
subject = "New opening hours"
body = "letter.md"
"""
LETTER = "# News\n\nDear {{ name }},\n\nWe open at 9. [Read more](https://www.lotusbay.edu.mo/hours)\n"
LATELY = (datetime.now(UTC) - timedelta(days=90)).date()
ATTESTATION = (
    '[audience]\nattestation = { basis = "consent", source = "sign-up form", wording = "Send me news", '
    f'by = "Registrar", at = {LATELY}T10:00:00+08:00 }}'
)


# ---------------------------------------------------------------- what a test has before it


class Answer:
    """What a command left: exit code, standard output and standard error."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        assert "Traceback" not in out + err

    @property
    def json(self):
        """Standard output, all of which is one JSON document."""
        return json.loads(self.out)

    @property
    def complaint(self):
        """The one line on standard error."""
        (line,) = self.err.strip().splitlines()
        return line


class Desk:
    """A folder with a campaign and its list, a workspace beside it, and the command line."""

    def __init__(self, folder, environment, capsys, monkeypatch):
        self.folder, self.environment = folder, environment
        self.capsys, self.monkeypatch = capsys, monkeypatch
        self.write("campaign.toml", CAMPAIGN)
        self.write("letter.md", LETTER)
        self.write("list.csv", a_list(12))

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def campaign(self, *changes, name="campaign.toml"):
        """The campaign file, rewritten with (old, new) changes; its path."""
        text = CAMPAIGN
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return self.write(name, text)

    def run(self, *arguments):
        """Run the command line in this process, as its script does."""
        for name in [name for name in os.environ if name.startswith(("SENDGRID_", "BULKMAIL_", "LC_", "LANG"))]:
            self.monkeypatch.delenv(name)
        for name, value in self.environment.items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.setattr(sys, "argv", ["bulkmail", *map(str, arguments)])
        before = signal.getsignal(signal.SIGTERM)
        try:
            cli.main()
        except SystemExit as ended:
            return Answer(ended.code, *self.capsys.readouterr())
        finally:
            signal.signal(signal.SIGTERM, before)
        raise AssertionError("main always ends by exiting")

    def send(self, *options, campaign="campaign.toml", by="Ana Lei"):
        return self.run("send", self.folder / campaign, "--approve", by, "--json", *options)

    def start(self, *arguments, **streams):
        """Start the command line as a process of its own."""
        keep = {key: value for key, value in os.environ.items() if not key.startswith(("SENDGRID_", "BULKMAIL_"))}
        command = [sys.executable, "-m", "bulkmail", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
        return subprocess.Popen(command, cwd=self.folder, env=keep | self.environment, **pipes | streams)

    def house(self):
        """The workspace, opened beside the commands."""
        return open_workspace(read_settings(self.environment))


def a_list(people, first=1, header="Email,Name,Consent,Consent date,Consent source"):
    """A list of so many people who agreed and who stay quiet."""
    rows = [f"quiet.{n}@lotusbay.edu.mo,Reader {n},yes,{LATELY},form" for n in range(first, first + people)]
    return "\n".join([header, *rows]) + "\n"


def outcome_of(process, seconds=100):
    out, err = process.communicate(timeout=seconds)
    return Answer(process.returncode, out, err or "")


@pytest.fixture
def desk(tmp_path, migrated_sqlite, capsys, monkeypatch):
    """A desk whose letters go to the rehearsal of its own workspace."""
    make_folders(tmp_path / "home")
    (tmp_path / "home" / "bulkmail.sqlite3").write_bytes(migrated_sqlite.read_bytes())
    return Desk(tmp_path, {"BULKMAIL_HOME": str(tmp_path / "home")}, capsys, monkeypatch)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with server.serving(tmp_path_factory.mktemp("rehearsal"), play=False) as running:
        yield running


@pytest.fixture
def provider(running, desk):
    """A rehearsal apart, empty and well-behaved, that the desk reaches with a key, as it would SendGrid."""
    running.order()
    with running.stage.store.writing() as db:
        for table in ("event", "letter", "request"):
            db.execute(f"DELETE FROM {table}")
    desk.environment |= {"SENDGRID_HOST": running.url, "SENDGRID_API_KEY": "SG.test"}
    return running


def letters(provider):
    """How many letters each address has got."""
    return provider.counts()["by_address"]


def assert_adds_up(result, rows):
    assert set(result) == SENT
    assert result["recipients"] + result["excluded"] == rows
    assert result["recipients"] == result["accepted"] + result["refused"] + doubtful(result)


# ---------------------------------------------------------------- the names


def test_the_commands_are_those_that_others_script_against():
    assert tuple(sorted(cli.bulkmail.commands)) == tuple(sorted(COMMANDS))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_its_use(desk, command):
    told = desk.run(command, "--help")
    assert told.code == 0
    assert len(told.out.splitlines()) > 6


def test_the_first_help_shows_first_steps_and_exit_codes(desk):
    told = desk.run("--help")
    assert "bulkmail demo" in told.out
    assert "3  some recipients are in doubt" in told.out


def test_the_servers_listen_where_they_are_told():
    defaults = {option.name: option.default for option in cli.bulkmail.commands["app"].params}
    assert (defaults["port"], defaults["address"]) == (8501, "127.0.0.1")
    assert {option.name for option in cli.bulkmail.commands["rehearsal"].params} >= {"port", "webhook"}


def test_a_port_that_is_taken_is_one_line(desk):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for command in ("app", "rehearsal"):
            told = desk.run(command, "--port", port)
            assert (told.code, told.out) == (2, "")
            assert told.complaint == f"Port {port} of this machine is taken. Choose another one."


def test_an_address_of_another_machine_is_one_line(desk):
    told = desk.run("app", "--port", "1", "--address", "192.0.2.1")
    assert told.code == 2
    assert "192.0.2.1" in told.complaint


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["check"], ["send"], ["check", "--bogus", "x"], ["app", "--port", "70000"]],
    ids=" ".join,
)
def test_a_wrong_command_exits_2_and_says_how_to_ask(desk, arguments):
    told = desk.run(*arguments)
    assert (told.code, told.out) == (2, "")
    assert "--help" in told.err


# ---------------------------------------------------------------- check


def test_check_reports_every_row(desk):
    told = desk.run("check", HOUSE / "tests/data/members_big5.csv", "--json")
    report = told.json
    assert told.code == 0
    assert told.err == ""
    assert set(report) == {"rows", "eligible", "excluded", "reasons", "encoding", "columns", "findings"}
    assert report["eligible"] + report["excluded"] == report["rows"] == 29
    assert report["excluded"] == sum(report["reasons"].values())
    assert report["encoding"] == "big5hkscs"
    assert report["columns"]["address"] == "電郵地址"
    assert all(set(finding) == FINDING for finding in report["findings"])
    assert {finding["outcome"] for finding in report["findings"]} <= {"pass", "warn", "block", "unknown"}


@pytest.mark.parametrize(
    "name", sorted(path.name for path in (HOUSE / "tests/data").glob("*.[ctx]*") if path.suffix != ".py")
)
def test_no_row_of_any_list_is_lost(desk, name):
    report = desk.run("check", HOUSE / "tests/data" / name, "--json").json
    assert report["eligible"] + report["excluded"] == report["rows"] > 0
    assert sum(report["reasons"].values()) == report["excluded"]


def test_check_reads_for_people_too(desk):
    told = desk.run("check", HOUSE / "tests/data/members_big5.csv")
    assert told.code == 0
    assert "members_big5.csv: 29 rows, big5hkscs" in told.out
    assert "Refused consent" in told.out


def test_check_speaks_the_language_of_the_terminal(desk):
    desk.environment["LANG"] = "zh_HK.UTF-8"
    report = desk.run("check", HOUSE / "tests/data/members_big5.csv", "--json").json
    assert re.search("[一-鿿]", report["findings"][0]["message"])


def test_the_rejected_rows_are_a_workbook_with_the_rows_of_the_file(desk):
    path = desk.write("bad.csv", "Email,Name,Notes\ngood@lotusbay.edu.mo,Ann,\nbad@@lotusbay.edu.mo,=1+1,call\n,Cyd,\n")
    told = desk.run("check", path, "--rejects", desk.folder / "out.xlsx")
    assert told.code == 0
    sheet = openpyxl.load_workbook(desk.folder / "out.xlsx").active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == ["Row", "Reason", "Suggestion", "Email", "Name", "Notes"]
    assert rows[1] == [3, "Address not well-formed", "bad@lotusbay.edu.mo", "bad@@lotusbay.edu.mo", "'=1+1", "call"]
    assert rows[2][:2] == [4, "No address"]


def test_a_corrected_workbook_is_judged_with_its_list_and_written_as_a_list(desk):
    path = desk.write("bad.csv", "Email,Name,Notes\ngood@lotusbay.edu.mo,Ann,\nbad@@lotusbay.edu.mo,=1+1,call\n,Cyd,\n")
    desk.run("check", path, "--rejects", desk.folder / "out.xlsx")
    book = openpyxl.load_workbook(desk.folder / "out.xlsx")
    book.worksheets[0]["D2"] = "bad@lotusbay.edu.mo"
    book.save(desk.folder / "out.xlsx")
    mended = desk.folder / "mended.xlsx"
    told = desk.run("check", path, "--corrected", desk.folder / "out.xlsx", "--mended", mended, "--json")
    assert (told.json["eligible"], told.json["excluded"]) == (2, 1)
    assert "1 of 2 rows in the workbook were corrected." in told.complaint
    assert desk.run("check", mended, "--json").json["eligible"] == 2
    other = desk.write("other.csv", "Email\nann@lotusbay.edu.mo\n")
    refused = desk.run("check", other, "--corrected", desk.folder / "out.xlsx")
    assert refused.code == 2 and "of another file" in refused.complaint


def test_a_workbook_that_cannot_be_written_is_said_so(desk):
    told = desk.run("check", desk.folder / "list.csv", "--rejects", desk.folder / "nowhere" / "out.xlsx")
    assert told.code == 2
    assert "nowhere/out.xlsx cannot be written" in told.complaint


def test_a_list_of_nobody_blocks(desk):
    told = desk.run("check", desk.write("empty_rows.csv", "Email,Name\n,Ann\n,Bob\n"), "--json")
    assert told.code == 1
    assert told.json["reasons"] == {"no_address": 2}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nothing.csv", b"", "empty"),
        ("zeros.csv", bytes(200), "empty"),
        ("noise.csv", bytes(range(1, 256)) * 9, "Email"),
        ("a.pdf", b"%PDF-1.7\n", "document"),
        ("torn.xlsx", b"PK\x03\x04 and then nothing", "torn.xlsx"),
        ("words.csv", b"a,b\n1,2\n3,4\n", "name it Email"),
        ("lonely.csv", b"Email,Name\n", "no rows"),
    ],
)
def test_a_list_that_cannot_be_used_is_one_line_that_names_it(desk, name, content, words):
    told = desk.run("check", desk.write(name, content), "--json")
    assert (told.code, told.out) == (2, "")
    assert name in told.complaint
    assert words in told.complaint


@pytest.mark.parametrize("path", ["missing.csv", "home"])
def test_a_path_that_is_no_file_is_one_line(desk, path):
    for command in ("check", "preflight", "send", "events"):
        told = desk.run(command, desk.folder / path)
        assert (told.code, told.out) == (2, "")
        assert path in told.complaint


def test_what_a_list_says_does_not_command_the_terminal(desk):
    told = desk.run("check", desk.write("sly.csv", b"a\x1b]0;owned\x07,:smile:[red]\n1,2\n"))
    assert "\x1b" not in told.err
    assert ":smile:[red]" in told.complaint


# ---------------------------------------------------------------- preflight


def test_preflight_judges_all_seven_tips(desk):
    told = desk.run("preflight", desk.folder / "campaign.toml", "--json")
    report = told.json
    assert (told.code, told.err) == (0, "")
    assert set(report) == {"blocks", "audience", "findings", "plan"}
    assert report["blocks"] is False
    assert report["audience"] == {"rows": 12, "eligible": 12, "excluded": 0, "reasons": {}}
    assert {finding["tip"] for finding in report["findings"]} == set(range(1, 8))
    assert all(set(finding) == FINDING for finding in report["findings"])
    assert re.fullmatch("[0-9a-f]{64}", report["plan"])


def test_preflight_knows_what_gmail_said_of_the_pace(desk):
    def quota():
        told = desk.run("preflight", desk.folder / "campaign.toml", "--json").json["findings"]
        return next(finding["outcome"] for finding in told if finding["code"] == "FRQ-06")

    def hear(name, ago, reason):
        event = DeliveryEvent(
            id=name, kind=EventKind.DEFERRED, at=wiring.now() - ago, address="a@gmail.com", reason=reason
        )
        journal.store_events(desk.house(), [event], now=wiring.now())

    assert quota() == "unknown"
    hear("full", timedelta(minutes=2), "452 4.2.2 The recipient's inbox is out of storage space.")
    assert quota() == "pass"
    hear("early", timedelta(hours=3), "421 4.7.28 Our system has detected an unusual rate of mail")
    assert quota() == "warn"
    hear("late", timedelta(minutes=2), "421-4.7.28 Our system has detected an unusual rate of mail")
    assert quota() == "block"


def test_preflight_reads_for_people_too(desk):
    told = desk.run("preflight", desk.folder / "campaign.toml")
    assert told.code == 0
    assert "Opening hours" in told.out
    assert "SND-01" in told.out


def test_a_field_that_the_list_lacks_blocks(desk):
    desk.write("letter.md", "Dear {{ nickname }},\n\nhello.\n")
    told = desk.run("preflight", desk.folder / "campaign.toml", "--json")
    assert told.code == 1
    assert told.json["blocks"] is True
    assert "PER-01" in {finding["code"] for finding in told.json["findings"] if finding["outcome"] == "block"}


@pytest.mark.parametrize("letter", ["Dear {{ name \n", "{% if name %}Dear\n", "Dear {{ name | shout }}\n"])
def test_a_template_with_a_fault_is_one_line(desk, letter):
    desk.write("letter.md", f"# Title\n\n{letter}")
    told = desk.run("preflight", desk.folder / "campaign.toml", "--json")
    assert (told.code, told.out) == (2, "")
    assert told.complaint.startswith("campaign.toml: ")
    assert "body" in told.complaint


@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", None], ids=["binary", "missing"])
def test_a_letter_that_cannot_be_read_is_one_line(desk, content):
    (desk.folder / "letter.md").unlink()
    if content:
        desk.write("letter.md", content)
    told = desk.run("preflight", desk.folder / "campaign.toml")
    assert told.code == 2
    assert "letter.md" in told.complaint


def test_a_broken_list_of_a_campaign_is_named(desk):
    desk.write("list.csv", "a,b\n1,2\n")
    told = desk.run("preflight", desk.folder / "campaign.toml")
    assert told.code == 2
    assert told.complaint.startswith("list.csv: ")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("[campaign]", "[campaign"), "line 1"),
        (("subject =", "subjekt ="), "line 17"),
        (('"subscribed"', "3"), "line 4"),
        (('"library@lotusbay.edu.mo"', '"library"'), "line 8"),
        (('language = "en"', 'language = "fr"'), "line 14"),
        (('body = "letter.md"', 'body = "letter.doc"'), "line 18"),
        (("[message]", "[schedule]\nsend_at = 2026-12-01\n\n[message]"), "line 17"),
    ],
)
def test_a_fault_of_the_campaign_file_names_its_line(desk, change, line):
    told = desk.run("preflight", desk.campaign(change), "--json")
    assert (told.code, told.out) == (2, "")
    assert f"campaign.toml, {line}" in told.err


def test_a_binary_campaign_file_is_one_line(desk):
    told = desk.run("preflight", desk.write("noise.toml", bytes(range(256))))
    assert told.code == 2
    assert "noise.toml is not UTF-8 text" in told.complaint


def test_the_campaign_of_the_readme_passes_preflight(desk):
    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tomllib.loads(block)
    desk.write(file["audience"]["list"], a_list(5))
    desk.write(file["message"]["body"], LETTER)
    told = desk.run("preflight", desk.write("campaign.toml", block), "--json")
    assert told.code == 0
    assert told.json["audience"]["eligible"] == 5


# ---------------------------------------------------------------- consent in a campaign


def evidence(desk):
    return set(ledger.consent_events(desk.house())["evidence"])


def test_consent_that_names_no_purpose_counts_and_the_record_says_so(desk, provider):
    assert desk.send().json["accepted"] == 12
    assert evidence(desk) == {"column, purpose not named"}
    assert set(ledger.consent_events(desk.house())["purpose"]) == {"newsletter"}


def test_consent_to_another_purpose_does_not_count(desk):
    rows = a_list(2, header="Email,Name,Consent,Consent date,Consent purpose").replace(",form", ",fundraising")
    desk.write("list.csv", rows)
    told = desk.run("preflight", desk.folder / "campaign.toml", "--json")
    assert told.json["audience"]["reasons"] == {"consent_other_purpose": 2}


def test_without_consent_columns_people_are_left_out(desk):
    desk.write("list.csv", "Email,Name\nquiet.1@lotusbay.edu.mo,Ann\n")
    told = desk.run("preflight", desk.folder / "campaign.toml", "--json")
    assert told.code == 1
    assert told.json["audience"]["reasons"] == {"no_consent": 1}


def test_without_consent_columns_an_attestation_vouches_for_all(desk, provider):
    desk.write("list.csv", "Email,Name\nquiet.1@lotusbay.edu.mo,Ann\n")
    desk.campaign(("[audience]", ATTESTATION))
    assert desk.send().json["accepted"] == 1
    assert evidence(desk) == {"attestation"}


# ---------------------------------------------------------------- send


def test_send_hands_everybody_over_once(desk, provider):
    plan = desk.run("preflight", desk.folder / "campaign.toml", "--json").json["plan"]
    told = desk.send()
    assert (told.code, told.err) == (0, "")
    assert_adds_up(told.json, rows=12)
    assert told.json["campaign"] == "Opening hours"
    assert told.json["plan"] == plan
    assert letters(provider) == {f"quiet.{n}@lotusbay.edu.mo": 1 for n in range(1, 13)}


def test_send_twice_mails_nobody_twice(desk, provider):
    first, second = desk.send(), desk.send()
    assert (second.code, second.json) == (0, first.json)
    assert set(letters(provider).values()) == {1}


def test_two_senders_at_once_mail_nobody_twice(desk, provider):
    desk.write("list.csv", a_list(2_500))
    command = ["send", "campaign.toml", "--approve", "Ana", "--json"]
    ends = [outcome_of(process) for process in [desk.start(*command), desk.start(*command)]]
    assert {end.code for end in ends} == {0}
    assert {end.json["accepted"] for end in ends} == {2_500}
    assert len(letters(provider)) == 2_500
    assert set(letters(provider).values()) == {1}


def test_without_an_approver_nothing_is_sent(desk, provider):
    told = desk.run("send", desk.folder / "campaign.toml", "--json")
    assert told.code == 1
    assert "--approve" in told.complaint
    assert told.json["accepted"] == 0
    assert desk.send(by="  ").code == 1
    assert letters(provider) == {}


def test_an_edited_letter_under_the_same_name_goes_to_nobody_who_had_the_first(desk, provider):
    desk.send()
    desk.write("letter.md", LETTER.replace("9", "10"))
    told = desk.send()
    assert told.code == 1
    assert told.json["audience"]["reasons"] == {"already_mailed": 12}
    assert told.json["recipients"] + told.json["excluded"] == 12
    assert "ADR-00" in told.complaint
    assert "Nobody is left to mail" in told.complaint
    assert set(letters(provider).values()) == {1}


def test_a_grown_list_goes_to_who_is_new_on_it(desk, provider):
    desk.send()
    desk.write("list.csv", a_list(13))
    told = desk.send()
    assert told.code == 0
    assert_adds_up(told.json, rows=13)
    assert told.json["accepted"] == 1
    assert letters(provider) == {f"quiet.{n}@lotusbay.edu.mo": 1 for n in range(1, 14)}


def test_a_blocked_campaign_is_not_sent(desk, provider):
    desk.write("letter.md", "Dear {{ nickname }},\n")
    told = desk.send()
    assert told.code == 1
    assert told.json["blocks"] is True
    assert set(told.json) > SENT
    assert "Nothing was sent. PER-01" in told.err
    assert letters(provider) == {}


def test_a_lost_answer_leaves_recipients_in_doubt_and_the_next_run_asks(desk, provider):
    provider.order(Fault(kind="accept_then_drop"))
    told = desk.send()
    assert told.code == 3
    assert_adds_up(told.json, rows=12)
    (doubt,) = told.json["in_doubt"]
    assert (doubt["recipients"], doubt["looks_unsent"]) == (12, False)
    assert datetime.now(UTC) - datetime.fromisoformat(doubt["since"]) < timedelta(minutes=5)
    assert "the answer of the sending service got lost" in doubt["known"][0].lower()
    assert "not known of 12 of 12 recipients" in told.complaint
    again = desk.send()
    assert (again.code, again.json["accepted"]) == (0, 12)
    assert set(letters(provider).values()) == {1}


def doubtful(result):
    """How many recipients a result of `send` lists in doubt."""
    return sum(doubt["recipients"] for doubt in result["in_doubt"])


def test_settle_asks_the_log_needs_no_name_and_goes_on(desk, provider):
    desk.write("list.csv", a_list(2_500))
    provider.order(Fault(kind="accept_then_drop", count=3))
    assert doubtful(desk.send().json) == 2_500
    told = desk.run("send", desk.folder / "campaign.toml", "--settle", "--json")
    assert (told.code, told.json["accepted"], told.json["in_doubt"]) == (0, 2_500, [])
    assert set(letters(provider).values()) == {1}


def test_settle_shows_what_the_log_does_not_know_and_mails_nobody(desk, provider):
    provider.order(Fault(kind="drop"))
    desk.send()
    told = desk.run("send", desk.folder / "campaign.toml", "--settle")
    assert told.code == 3
    assert "asked 1 times" in told.out
    assert letters(provider) == {}


def test_nothing_is_settled_that_was_never_sent(desk, provider):
    told = desk.run("send", desk.folder / "campaign.toml", "--settle")
    assert told.code == 1
    assert "nothing to settle" in told.complaint


def test_a_person_decides_what_nothing_settles(desk, provider):
    provider.order(Fault(kind="drop"))
    (doubt,) = desk.send().json["in_doubt"]
    told = desk.run("decide", doubt["attempt"], "unsent", "--by", "Bea", "--yes")
    assert told.code == 0
    assert "got lost" in told.out and "planned anew" in told.out
    again = desk.send()
    assert (again.code, again.json["accepted"]) == (0, 12)
    assert set(letters(provider).values()) == {1}
    trail = database.audit_trail(desk.house())
    assert trail.loc[trail["what"] == "doubt.unsent", "who"].tolist() == ["Bea"]


def test_a_doubt_is_not_decided_without_a_yes(desk, provider):
    provider.order(Fault(kind="drop"))
    (doubt,) = desk.send().json["in_doubt"]
    assert desk.run("decide", doubt["attempt"], "unsent", "--by", "Bea").code != 0
    assert doubtful(desk.run("send", desk.folder / "campaign.toml", "--settle", "--json").json) == 12


def test_during_the_countdown_cancelling_undoes_everything(desk, provider):
    process = desk.start("send", "campaign.toml", "--approve", "Ana", "--countdown", "10", "--json")
    wait_for(lambda: journal.runs(desk.house(), "queued"), process)
    told = desk.run("cancel", "Opening hours", "--by", "Bea")
    assert (told.code, told.out) == (0, "Cancelled: 0 of 12 letters were handed over, the others are not sent.\n")
    assert outcome_of(process).code == 1
    assert letters(provider) == {}


def test_pause_and_resume_by_the_campaigns_file(desk, provider):
    process = desk.start("send", "campaign.toml", "--approve", "Ana", "--countdown", "10", "--json")
    wait_for(lambda: journal.runs(desk.house(), "queued"), process)
    file = desk.folder / "campaign.toml"
    assert "12 wait" in desk.run("pause", file, "--by", "Bea").out
    assert outcome_of(process).code == 1
    assert "It goes on" in desk.run("resume", file, "--by", "Bea").out
    assert [run.changed_by for run in journal.runs(desk.house(), "running")] == ["Bea"]


def test_what_was_never_approved_cannot_be_cancelled(desk, provider):
    told = desk.run("cancel", "Another campaign", "--by", "Bea")
    assert told.code == 1
    assert "ever approved" in told.complaint


def test_what_may_have_been_mailed_is_not_mailed_by_a_changed_letter(desk, provider):
    provider.order(Fault(kind="drop"))
    assert doubtful(desk.send().json) == 12
    desk.write("letter.md", LETTER.replace("9", "10"))
    told = desk.send()
    assert told.code == 1
    assert told.json["audience"]["reasons"] == {"in_doubt_before": 12}
    assert letters(provider) == {}


def test_a_refused_key_pauses_with_one_line_and_a_better_one_goes_on(desk, provider):
    provider.order(Fault(kind="answer", status=401, message="authorization required"))
    told = desk.send()
    assert told.code == 1
    assert told.json["accepted"] == 0
    assert "Check key" in told.complaint
    unapproved = desk.run("send", desk.folder / "campaign.toml")
    assert unapproved.code == 1
    assert "--approve" in unapproved.complaint
    again = desk.send()
    assert again.code == 0
    assert_adds_up(again.json, rows=12)
    assert again.json["accepted"] == 12


def test_a_refused_request_is_divided_and_nobody_is_lost(desk, provider):
    provider.order(Fault(kind="answer", status=400, message="simulated"))
    told = desk.send()
    assert told.code == 0
    assert_adds_up(told.json, rows=12)
    assert told.json["accepted"] == 12


def test_a_refused_person_is_counted_as_refused(desk, provider):
    desk.write("list.csv", a_list(2))
    provider.order(Fault(kind="answer", status=400, message="simulated", count=2))
    told = desk.run("send", desk.folder / "campaign.toml", "--approve", "Ana")
    assert told.code == 0
    assert number(told.out, "Accepted by the sending service") == 1
    assert number(told.out, "Refused by the sending service") == 1
    assert "each for one reason" in told.out


def test_after_a_cancelled_sending_the_campaign_is_planned_anew(desk, provider):
    provider.order(Fault(kind="answer", status=401))
    plan = desk.send().json["plan"]
    journal.request(desk.house(), plan, "cancelled", "Bea", datetime.now(UTC))
    told = desk.send()
    assert told.code == 0
    assert told.json["plan"] != plan
    assert_adds_up(told.json, rows=12)


def test_a_moment_ahead_is_waited_for(desk, provider):
    moment = (datetime.now(UTC) + timedelta(seconds=9)).isoformat()
    desk.campaign(("[message]", f"[schedule]\nsend_at = {moment}\n\n[message]"))
    told = desk.send()
    assert told.code == 0
    assert "this command waits" in told.complaint
    assert told.json["accepted"] == 12
    (at,) = provider.stage.store.one("SELECT min(received_at) FROM request")
    assert at >= datetime.fromisoformat(moment).timestamp()


def test_send_reads_for_people_too(desk, provider):
    told = desk.run("send", desk.folder / "campaign.toml", "--approve", "Ana Lei")
    assert told.code == 0
    assert "Accepted by the sending service" in told.out


def test_a_word_on_a_warning_is_kept_with_its_reason_or_the_approval_is_that_word(desk, provider):
    told = desk.send("--acknowledge", "snd-01=IT publishes it on Friday")
    assert told.code == 0
    house = desk.house()
    said = acknowledgements.said_before(house, database.campaigns(house)[0].id)
    assert said["SND-01"].reason == "IT publishes it on Friday"
    assert (said["SND-02"].by, said["SND-02"].reason) == ("Ana Lei", "Approved on the command line.")


@pytest.mark.parametrize(("word", "code"), [("SND-01", 2), ("SND-01= ", 2), ("SND-22=fine", 1)])
def test_a_word_without_a_reason_or_about_nothing_is_refused(desk, provider, word, code):
    told = desk.send("--acknowledge", word)
    assert told.code == code
    assert word.partition("=")[0] in told.complaint
    assert provider.stage.store.one("SELECT count(*) FROM letter") == (0,)


def test_before_letters_leave_this_machine_each_warning_wants_a_word_of_its_own(desk):
    """The provider is an address of loopback that the house does not take for one; nobody listens there."""
    with serving_dns(SOUND.format(key=KEY_2048)) as name_server:
        desk.environment |= {
            "SENDGRID_HOST": "https://127.0.0.2:9",
            "SENDGRID_API_KEY": "SG.test",
            "BULKMAIL_PUBLIC_URL": "https://mail.library.invalid",
            "BULKMAIL_DNS": "{}:{}".format(*name_server.address),
        }
        desk.write("list.csv", f"Email,Name,Consent,Consent date\nana@alpha.edu,Ana,yes,{LATELY}\n")
        desk.campaign(("library@lotusbay.edu.mo", "library@example.org"))
        told = desk.send("--acknowledge", "snd-21=Events are set up on Monday")
    wanted = set(re.findall(r"--acknowledge ([A-Z]{3}-\d\d)=", told.err))
    open_codes = {each["code"] for each in told.json["findings"] if each["outcome"] in ("warn", "unknown")}
    assert told.code == 1
    assert not any(each["outcome"] == "block" for each in told.json["findings"])
    assert wanted == open_codes - {"SND-21"} != set()
    assert (told.json["accepted"], journal.runs(desk.house())) == (0, [])


def test_who_approved_stands_in_the_audit_trail(desk, provider):
    desk.send(by="Ana Lei")
    trail = database.audit_trail(desk.house())
    assert "Ana Lei" in set(trail.loc[trail["what"] == "plan.approved", "who"])


def test_without_a_key_letters_stay_in_the_rehearsal_of_the_workspace(desk):
    told = desk.send()
    assert told.code == 0
    assert told.json["accepted"] == 12
    assert (desk.folder / "home" / "rehearsal").is_dir()


# ---------------------------------------------------------------- interruptions, as processes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_send_cleanly_and_the_next_run_goes_on(desk, provider, number):
    desk.write("list.csv", a_list(3_500))
    provider.order(Fault(kind="too_many_requests", skip=2, seconds=600))
    process = desk.start("send", "campaign.toml", "--approve", "Ana", "--json")
    wait_for(lambda: len(letters(provider)) == 2_000, process)
    process.send_signal(number)
    told = outcome_of(process)
    assert told.code == 130
    assert told.json["in_doubt"] == []
    assert "go on" in told.complaint
    provider.order()
    release(desk, told.json["plan"])
    again = desk.send()
    assert again.code == 0
    assert_adds_up(again.json, rows=3_500)
    assert again.json["accepted"] == 3_500
    assert set(letters(provider).values()) == {1}


def test_a_sending_that_is_cancelled_meanwhile_is_not_called_done(desk, provider):
    provider.order(Fault(kind="too_many_requests", seconds=600))
    process = desk.start("send", "campaign.toml", "--approve", "Ana", "--json")
    wait_for(lambda: any(run.hold_until for run in journal.runs(desk.house(), "running")), process)
    (run,) = journal.runs(desk.house(), "running")
    journal.request(desk.house(), run.plan_hash, "cancelled", "Bea", datetime.now(UTC))
    told = outcome_of(process)
    assert told.code == 1
    assert "12 letters were not sent" in told.complaint
    assert letters(provider) == {}


def wait_for(there, process):
    while not there():
        assert process.poll() is None, process.communicate()
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue


def release(desk, plan):
    """Let the rate limit be over: nobody waits ten minutes in a test."""
    house = desk.house()
    with house.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE line SET hold_until = NULL, reset_at = NULL")
        connection.exec_driver_sql("UPDATE attempt SET not_before = NULL")
    house.engine.dispose()


def test_on_a_terminal_a_bar_shows_how_far_how_fast_and_how_long(desk, provider):
    desk.write("list.csv", a_list(3_500))
    desk.environment |= {"TERM": "xterm", "COLUMNS": "120"}
    master, terminal = os.openpty()
    process = desk.start("send", "campaign.toml", "--approve", "Ana", "--json", stderr=terminal)
    os.close(terminal)
    shown = read_all(master)
    assert outcome_of(process).json["accepted"] == 3_500
    assert re.search(r"Sending.*\d+/3500 .*\d/s .*\d:\d\d:\d\d.*\d:\d\d:\d\d", shown)
    assert "Judging 3,500 rows" in shown


def read_all(terminal):
    """What is shown on a terminal until everybody has left it."""
    shown = bytearray()
    try:
        while chunk := os.read(terminal, 65_536):
            shown += chunk
    except OSError:  # how Linux says that nobody writes any more
        pass
    os.close(terminal)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


def test_the_stand_in_runs_alone_and_takes_letters(desk):
    stand_in = desk.start("rehearsal", "--port", "0")
    try:
        url = re.search(r"http://127\.0\.0\.1:\d+", stand_in.stdout.readline())[0]
        key = re.search(r"SENDGRID_WEBHOOK_KEY=(\S+)", stand_in.stdout.readline())[1]
        desk.environment |= {"SENDGRID_HOST": url, "SENDGRID_API_KEY": "SG.any", "SENDGRID_WEBHOOK_KEY": key}
        assert desk.send().json["accepted"] == 12
    finally:
        stand_in.terminate()
    assert outcome_of(stand_in).code == 0


# ---------------------------------------------------------------- worker


def test_a_worker_sends_once_what_is_due(desk, provider):
    house, data = desk.house(), a_list(12).encode()
    inputs = campaigns.read_inputs(desk.folder / "campaign.toml")
    assert inputs.list_hash == prepare.content_hash(data)
    prepared = prepare.prepare_campaign(house, inputs, now=wiring.now())
    prepare.approve(house, prepared, by="Ana", now=wiring.now())
    told = desk.run("worker", "--once")
    assert (told.code, told.out, told.err) == (0, "", "")
    assert len(letters(provider)) == 12
    assert desk.run("worker", "--once").code == 0
    assert set(letters(provider).values()) == {1}


def test_a_worker_says_why_a_run_paused(desk, provider):
    house = desk.house()
    inputs = campaigns.read_inputs(desk.folder / "campaign.toml")
    prepare.approve(house, prepare.prepare_campaign(house, inputs, now=wiring.now()), by="Ana", now=wiring.now())
    provider.order(Fault(kind="answer", status=401))
    told = desk.run("worker", "--once")
    assert told.code == 1
    assert "Check key" in told.complaint


def test_a_run_stopped_on_evidence_says_its_figures_where_it_is_asked_for_again(desk, provider):
    house = desk.house()
    inputs = campaigns.read_inputs(desk.folder / "campaign.toml")
    plan = prepare.prepare_campaign(house, inputs, now=wiring.now())
    prepare.approve(house, plan, by="Ana", now=wiring.now())
    journal.request(house, plan.plan.hash, "paused", "worker", wiring.now(), reason="complaints")
    told = desk.run("send", desk.folder / "campaign.toml")
    assert told.code == 1
    assert "reported the letter as spam" in told.complaint
    assert "0 of 0 letters: – (95 % interval – – –); the limit is 0.30%." in told.complaint


def test_an_idle_worker_ends_when_it_is_told(desk):
    worker = desk.start("worker")
    wait_for(lambda: len(workers(desk)) > 0, worker)
    worker.terminate()
    assert outcome_of(worker).code == 0


def workers(desk):
    house = desk.house()
    with house.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT id FROM worker").all()
    house.engine.dispose()
    return rows


# ---------------------------------------------------------------- demo


def test_the_demo_walks_the_whole_way_on_this_machine_alone(desk):
    desk.environment |= {"SENDGRID_API_KEY": "SG.real", "BULKMAIL_HOME": "/nowhere", "COLUMNS": "120"}
    told = desk.run("demo", "--folder", desk.folder / "walk")
    assert (told.code, told.err) == (0, "")
    funnel = {label: number(told.out, label) for label in ("Uploaded", "Eligible", "Accepted by the sending service")}
    uploaded, eligible, accepted = funnel.values()
    assert uploaded == 240
    assert eligible == accepted > 50
    assert accepted >= number(told.out, "Delivered") > number(told.out, "Opened by people")
    reasons = told.out.split("Excluded, each for one reason")[1]
    assert sum(map(int, re.findall(r" (\d+) +\d+\.\d%", reasons))) == uploaded - eligible
    assert f"BULKMAIL_HOME={desk.folder / 'walk'} bulkmail app" in told.out


def number(text, label):
    return int(re.search(rf"^ *{label} +([\d,]+)", text, re.MULTILINE)[1])


def test_the_demo_leaves_a_workspace_that_is_in_use_alone(desk):
    wiring.fill_with_sample(desk.house(), wiring.now())
    told = desk.run("demo", "--folder", desk.folder / "home")
    assert told.code == 2
    assert "empty folder" in told.complaint
    assert journal.runs(desk.house()) == []


# ---------------------------------------------------------------- past engagement


EVENTS = """campaign,department,recipient,sent_at,delivered_at,opened_at,machine_open,clicked_at,bounced_at,unsubscribed_at,complained_at
May,Library,a@lotusbay.edu.mo,2026-05-04T09:00:00+08:00,2026-05-04T09:00:09+08:00,2026-05-04T10:00:00+08:00,no,,,,
May,Library,b@lotusbay.edu.mo,2026-05-04T09:00:00+08:00,,,,,2026-05-04T09:00:09+08:00,,
May,Library,b@lotusbay.edu.mo,2026-05-04T09:00:00+08:00,,,,,,,
May,Library,nobody,2026-05-04 09:00,,,,,,,
"""  # noqa: E501


def test_past_engagement_is_brought_in_once(desk):
    path = desk.write("may.csv", EVENTS)
    told = desk.run("events", path, "--json")
    assert told.code == 0
    assert told.json == {"rows": 4, "new": 2, "repeated": 1, "refused": 1, "reasons": {"no_person": 1}}
    assert desk.run("events", path, "--json").json["new"] == 0
    assert "Repeated" in desk.run("events", path).out


def test_what_is_no_table_of_sends_is_one_line(desk):
    told = desk.run("events", desk.folder / "list.csv")
    assert told.code == 2
    assert told.complaint.startswith("list.csv: ")


def test_cadence_says_what_it_cannot_know(desk):
    nothing = desk.run("cadence")
    assert nothing.code == 2
    assert "bulkmail events" in nothing.complaint
    desk.run("events", desk.write("may.csv", EVENTS))
    told = desk.run("cadence", "--json")
    assert told.json["curve"]["clicked"]["curve"] == "unknown"
    assert told.json["backtest"]["covered90"] is None
    assert desk.run("cadence").code == 0


def a_past(people=600, weeks=30):
    """A past as a table of sends that ends a week ago, and the campaigns of four weeks to come."""
    world = worlds.live(worlds.a_world(seed=5, people=people), weeks=weeks)
    monday = pd.Timestamp(wiring.now()).floor("D") - pd.Timedelta(days=wiring.now().weekday() + 7 * weeks)
    letters = worlds.letters(world)
    at = letters["sent_at"] - worlds.START + monday
    table = letters[["campaign", "department"]].assign(recipient=letters["person"] + "@lotusbay.edu.mo", sent_at=at)
    for hours, name in enumerate(("delivered", "clicked", "unsubscribed")):
        table[f"{name}_at"] = (at + pd.Timedelta(hours=hours)).where(letters[name] == 1)
    return world, table, worlds.calendar(world, weeks=4, first_week=weeks + 1), monday


def write_plan(desk, planned, monday):
    rows = []
    for number, one in enumerate(planned):
        desk.write(f"people{number}.txt", "".join(f"p{who:07d}@lotusbay.edu.mo\n" for who in one.audience))
        at = (monday + pd.Timedelta(days=int(one.day), hours=3, minutes=7)).isoformat()
        rows.append([one.name, worlds.DEPARTMENTS[one.department], at, f"people{number}.txt"])
    table = pd.DataFrame(rows, columns=["campaign", "department", "send_at", "recipients"])
    return desk.write("plan.csv", table.to_csv(index=False))


def test_a_plan_is_forecast_and_made_better(desk):
    _, table, planned, monday = a_past(people=2_000, weeks=40)  # of fewer, one half denies what the other finds
    table.to_parquet(desk.folder / "past.parquet", index=False)
    assert desk.run("events", desk.folder / "past.parquet", "--json").json["new"] == len(table)
    path = write_plan(desk, planned, monday)
    told = desk.run("cadence", "--plan", path, "--improve", "--json")
    assert (told.code, told.err) == (0, "")
    document = told.json
    assert {"forecast", "totals", "moves", "gain"} <= set(document)
    assert {row["campaign"] for row in document["forecast"]} == {one.name for one in planned}
    clicked = [row["clicked"] for row in document["forecast"]]
    assert all(each["low90"] <= each["expected"] <= each["high90"] for each in clicked)
    assert sum(each["expected"] for each in clicked) == pytest.approx(
        document["totals"]["clicked"]["expected"], abs=0.2
    )
    assert document["totals"]["complained"] == "unknown" and "150" in document["unknown"]["complained"]
    for move in document["moves"]:
        assert move["reason"] and move["kind"] in ("move", "merge", "part")
        assert datetime.fromisoformat(move["to"]) > wiring.now()
    assert document["moves"] and document["gain"]["value"]["change"] > 0
    assert desk.run("cadence", "--plan", path, "--improve", "--json").out == told.out
    assert "Better dates" in desk.run("cadence", "--plan", path, "--improve").out


# ---------------------------------------------------------------- settings


def test_all_problems_of_the_settings_are_told_at_once(desk):
    wrong = {"BULKMAIL_PUBLIC_URL": "here", "BULKMAIL_DNS": "::", "SENDGRID_HOST": "there", "SENDGRID_API_KEY": "a b"}
    desk.environment |= wrong | {"SENDGRID_WEBHOOK_KEY": "key", "BULKMAIL_DATABASE_URL": "sql"}
    for command in (["check", "list.csv"], ["worker"], ["rehearsal"], ["app"], ["cadence"]):
        told = desk.run(*command)
        assert (told.code, told.out) == (2, "")
        assert all(name in told.err for name in [*wrong, "SENDGRID_WEBHOOK_KEY", "BULKMAIL_DATABASE_URL"])
        assert "a b" not in told.err


def test_a_workspace_that_cannot_be_made_is_one_line(desk):
    desk.environment["BULKMAIL_HOME"] = "/proc/nowhere"
    told = desk.run("cadence")
    assert told.code == 2
    assert "/proc/nowhere" in told.complaint


def test_a_database_that_does_not_answer_is_one_line(desk):
    desk.environment["BULKMAIL_DATABASE_URL"] = f"sqlite:///{desk.folder}/nowhere/x.sqlite3"
    told = desk.run("cadence")
    assert told.code == 2
    assert "BULKMAIL_DATABASE_URL" in told.complaint


# ---------------------------------------------------------------- the README


def test_the_commands_of_the_readme_exist():
    shown = re.findall(r"^\s*(?:\w+=\S+ )*bulkmail ([\w-]+)", README, re.MULTILINE)
    assert set(COMMANDS) <= set(shown)
    assert set(shown) <= set(COMMANDS)


def test_the_options_of_the_readme_exist():
    for command, rest in re.findall(r"^\s*(?:\w+=\S+ )*bulkmail ([\w-]+)([^#\n]*)", README, re.MULTILINE):
        known = {name for option in cli.bulkmail.commands[command].params for name in option.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, command


def test_the_readme_names_every_check_of_the_seven_tips():
    table = re.findall(r"^\| (\d) \|.*\| ([A-Z]{3}-[^|]*) \|$", README, re.MULTILINE)
    listed = [codes.replace(",", " ").split() for _, codes in table]
    past = codes_of(list_history)  # tip 2 again, by what the past knows
    assert listed == [sorted({*codes_of(tip), *(past if tip is addressing else ())}) for tip in SEVEN_TIPS]


def codes_of(tip):
    """The codes that a tip's checks can find, as they stand in its source."""
    return sorted(set(re.findall(r'"([A-Z]{3}-\d\d)"', source_of(tip))))


def source_of(tip):
    """The text of a tip; of a tip in several rooms, of the one that holds its rules, or of all with checks."""
    if hasattr(tip, "RULES"):
        return inspect.getsource(importlib.import_module(f"{tip.__name__}.rules"))
    return "".join(sorted({inspect.getsource(inspect.getmodule(check)) for check in tip.CHECKS}))


def test_the_environment_table_of_the_readme_is_complete():
    rows = re.findall(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|", README, re.MULTILINE)
    listed = {name for row in rows for name in re.findall("[A-Z_]+", row)}
    source = (HOUSE / "bulkmail/adapters/settings.py").read_text(encoding="utf-8")
    assert listed == set(re.findall(r'"((?:BULKMAIL|SENDGRID)_[A-Z_]+)"', source))


def test_a_file_of_ten_gigabytes_is_refused_before_it_is_read(desk):
    with (desk.folder / "huge.csv").open("wb") as file:
        file.truncate(10 * 1024**3)  # sparse: takes no room on the disk
    answer = desk.run("check", desk.folder / "huge.csv")
    assert (answer.code, "Split the list" in answer.complaint) == (2, True)


# ---------------------------------------------------------------- the ledger, and one person


def test_a_ledger_is_verified_and_tampering_is_a_blocking_answer(desk):
    house = desk.house()
    event = dict.fromkeys(ledger.FACT_COLUMNS, "") | {"person": "p", "state": "given", "at": NOW, "recorded_by": "x"}
    ledger.append_consent(house, pd.DataFrame([event | {"recorded_at": NOW, "purpose": name} for name in ("a", "b")]))
    sound = desk.run("verify", "--json")
    assert (sound.code, json.loads(sound.out)["events"], json.loads(sound.out)["sound"]) == (0, 2, True)
    with writing(house) as connection:
        connection.execute(text("DROP TRIGGER keep_consent_event_update"))
        connection.execute(text("UPDATE consent_event SET purpose = 'c' WHERE id = 2"))
    broken = desk.run("verify")
    assert broken.code == 1
    assert "Event 2" in broken.out


def test_what_is_known_of_a_person_is_told_and_what_is_no_address_is_a_clear_error(desk):
    assert desk.run("person", "nobody").code == 2
    stranger = desk.run("person", "stranger@lotusbay.edu.mo", "--json")
    assert (stranger.code, json.loads(stranger.out)["history"]) == (1, [])


# ---------------------------------------------------------------- the keys of links


def test_keys_are_rotated_with_a_name_in_the_audit_trail_and_the_old_stay(desk):
    before = desk.house()
    told = desk.run("rotate-keys", "--by", "Ana Lei")
    after = desk.house()
    assert (told.code, "Key 2 signs" in told.out) == (0, True)
    assert (after.token_key_id, after.token_keys[1]) == (2, before.token_keys[1])
    done = database.audit_trail(after).iloc[-1]
    assert (done["who"], done["what"], done["about"]) == ("Ana Lei", "keys.rotated", {"key": 2})
