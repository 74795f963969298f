"""Lists of a million rows: reading, judging, keeping, growth, questions to DNS, each beside a plain reference.

Both times are printed, that of the clock and that of the processors. Held to a bound is the processors' for syntax,
slips and workbooks, which one core does, and the clock for reading and for the whole path, which use all cores while
pandas and a loop use one: a person waits by the clock. Run it on a machine that does nothing else.
"""

import asyncio
import io
import json
import multiprocessing
import socket
import subprocess
import sys
import time
from collections import namedtuple

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
import xlsxwriter
from email_validator import EmailNotValidError, validate_email

from bulkmail import intake
from bulkmail.adapters import mail_domains
from bulkmail.tips import addressing
from bulkmail.tips.addressing import known, syntax
from tests.benchmarks import big_lists

MILLION, LOOPED = 1_000_000, 20_000


Seconds = namedtuple("Seconds", "processor clock")


def cost(work, runs=3):
    """The least Seconds of some runs, and what the last gave."""
    times = []
    for _ in range(runs):
        processor, clock = time.process_time(), time.perf_counter()
        found = work()
        times.append((time.process_time() - processor, time.perf_counter() - clock))
    return Seconds(*map(min, zip(*times, strict=True))), found


def library_says(cells):
    found = []
    for cell in cells:
        try:
            one = validate_email(cell, check_deliverability=False, strict=True)
            found.append((one.normalized, one.ascii_email or "", one.ascii_domain))
        except EmailNotValidError:
            found.append(("", "", ""))
    return found


@pytest.fixture(scope="module")
def million():
    return big_lists.csv(MILLION)


def test_syntax_and_normal_form_of_a_million(million):
    column = big_lists.addresses(MILLION).cast(pa.large_string())
    some = column[:LOOPED].to_pylist()
    theirs, expected = cost(lambda: library_says(some), 2)
    ours, verdicts = cost(lambda: syntax.verdicts(column))
    forms, _ = cost(lambda: addressing.normal_forms(column))
    loop, ours, forms = theirs.processor * MILLION / LOOPED, ours.processor, forms.processor
    print(f"\nsyntax {ours:.2f} s, with normal form and mailbox {forms:.2f} s, the loop {loop:.1f} s:", end=" ")
    print(f"{loop / ours:.1f} and {loop / forms:.1f} times")
    assert [tuple(row.values()) for row in verdicts.slice(0, LOOPED).to_pylist()] == expected
    assert loop / forms >= 25


def test_reading_a_million_rows_and_judging_them(million):
    pandas, theirs = cost(lambda: pd.read_csv(io.BytesIO(million), dtype=str))
    reading, read = cost(lambda: intake.read_list(million, "list.csv"), 5)
    assert read.rows == len(theirs) == MILLION
    assert read.table["original_address"].tolist() == theirs["Email"].tolist()
    del theirs
    looped, _ = cost(lambda: library_says(read.table["original_address"].head(LOOPED)))
    judging, judged = cost(lambda: addressing.annotate(read.table, person_key=b"k" * 32))
    counting, quality = cost(lambda: addressing.quality_of(judged))
    print(f"\n{quality.counts}")
    for kind in Seconds._fields:
        ours = [getattr(one, kind) for one in (reading, judging, counting)]
        plain, loop = getattr(pandas, kind), getattr(looped, kind) * MILLION / LOOPED
        told = "read {:.2f} s, judge {:.2f} s, count {:.2f} s".format(*ours)
        print(f"{kind}: {told}; pandas {plain:.2f} s, the loop {loop:.1f} s:", end=" ")
        print(f"reading {plain / ours[0]:.1f} times, the whole {(plain + loop) / sum(ours):.1f} times")
    assert plain / ours[0] >= 5  # by the clock, which stands last
    assert (plain + loop) / sum(ours) >= 12


KEEP = """
import json, re, sys, time
from pathlib import Path
from datetime import UTC, datetime
from bulkmail import prepare
from bulkmail.adapters import settings, workspace
from bulkmail import intake
from bulkmail.tips import addressing
began = time.monotonic()
ws = workspace.open_workspace(settings.read_settings({"BULKMAIL_HOME": sys.argv[2]}))
def told():
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1e6
    return time.monotonic() - began, time.process_time(), peak
data = open(sys.argv[1], "rb").read()
reading = intake.read_list(data, "list.csv")
now = datetime(2026, 11, 23, tzinfo=UTC)
prepare.save_list(ws, "list", reading, prepare.content_hash(data), now)
del data
saved = told()
quality = addressing.quality_of(prepare.judge_addresses(ws, reading.table, now=now))
findings = [check(quality) for check in addressing.CHECKS]
judged = told()
del quality, findings
report = prepare.report_on_list(ws, reading.table, reading.findings, now=now)
print(json.dumps([saved, judged, told(), report.audience.rows]))
"""


def test_a_million_rows_read_kept_and_judged(million, tmp_path):
    """The bounds are on the file to its quality table, with Parquet and database written; what follows is printed. The
    peak is that of the program itself (VmHWM): what getrusage tells of a child begins with the memory of its parent.
    """
    (tmp_path / "list.csv").write_bytes(million)
    command = [sys.executable, "-c", KEEP, tmp_path / "list.csv", tmp_path / "home"]
    *steps, rows = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    print()
    for word, (clock, processor, peak) in zip(("read and kept", "judged", "and the report"), steps, strict=True):
        print(f"{word:<14} after {clock:5.1f} s ({processor:.1f} s of processor), {peak:.2f} GB")
    assert rows == MILLION
    assert steps[1][0] <= 12
    assert steps[1][2] <= 1.5


def test_cost_grows_with_the_rows():
    print("\n     rows    read   judge   count   µs a row, by the processor")
    each = {}
    for rows in (10_000, 100_000, 1_000_000, 3_000_000):
        data, runs = big_lists.csv(rows), 3 if rows < MILLION else 1  # once, chance weighs more than few rows do
        reading, read = cost(lambda data=data: intake.read_list(data, "list.csv"), runs)
        judging, judged = cost(lambda read=read: addressing.annotate(read.table, person_key=b"k" * 32), runs)
        counting, _ = cost(lambda judged=judged: addressing.quality_of(judged), runs)
        spent = [one.processor for one in (reading, judging, counting)]
        each[rows] = sum(spent) / rows * 1e6
        print(f"{rows:>9,}", *(f"{seconds:7.2f}" for seconds in spent), f"{each[rows]:10.2f}")
        del data, read, judged
    assert max(each[1_000_000], each[3_000_000]) <= 1.5 * each[100_000]  # a row costs what a row costs
    assert each[10_000] <= 3 * each[100_000]  # few rows carry what a list costs by itself


def test_a_workbook_is_read_faster_than_by_openpyxl():
    table, file = big_lists.table(20_000), io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, table.column_names)
    for place, row in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), 1):
        sheet.write_row(place, 0, row)
    book.close()
    data = file.getvalue()
    ours, read = cost(lambda: intake.read_list(data, "list.xlsx"), 2)
    theirs, _ = cost(lambda: list(openpyxl.load_workbook(io.BytesIO(data), read_only=True).active.values), 1)
    print(f"\n{ours.processor:.2f} s against {theirs.processor:.2f} s:", end=" ")
    print(f"{theirs.processor / ours.processor:.1f} times")
    assert read.rows == 20_000
    assert theirs.processor / ours.processor >= 8


def test_slips_of_thirty_thousand_domains():
    dice = np.random.default_rng(1)
    letters = dice.choice(list("abcdefghijklmnopqrstuvwxyz"), (30_000, 9))
    domains = dict.fromkeys(("".join(row) + ".com" for row in letters), 1)
    spent, _ = cost(lambda: addressing.likely_domains(domains | dict.fromkeys(known.PROVIDERS, 100)))
    print(f"\n{spent.processor:.3f} s for {len(domains)} domains")
    assert spent.processor < 0.2


# ---------------------------------------------------------------- DNS


MX = b"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x00\x3c\x00\x0b\x00\x0a\x02mx\x04test\x00"  # 10 mx.test., for 60 seconds


def serve_slowly(port, seconds):
    """A name server that takes 30 ms for each answer, and never answers for names that begin with "silent". It moves
    bytes about and parses nothing, so that what is measured is who asks."""

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport
            port.send(transport.get_extra_info("sockname"))

        def datagram_received(self, wire, client):
            if not wire[13:].startswith(b"silent"):
                question = wire[12 : wire.index(b"\0", 12) + 5]
                answer = wire[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question + MX
                asyncio.get_running_loop().call_later(0.03, self.transport.sendto, answer, client)

    async def main():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        server.bind(("127.0.0.1", 0))
        await asyncio.get_running_loop().create_datagram_endpoint(Server, sock=server)
        await asyncio.sleep(seconds)

    asyncio.run(main())


def asked(names, resolver, **options):
    start = time.monotonic()
    answers = mail_domains.mail_domains(names, resolver=resolver, **options)
    return time.monotonic() - start, sum(answer == "unknown" for answer in answers.values())


def test_domains_are_asked_about_many_at_a_time():
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve_slowly, args=(theirs, 200), daemon=True)
    server.start()
    resolver = mine.recv()
    names = [f"d{number}.test" for number in range(10_000)]
    together, lost = asked(names, resolver)
    alone = asked(names[:100], resolver, in_flight=1)[0] * 100
    silent = [f"silent{number}.test" for number in range(200)]
    with_silent, unknown = asked([*names[:9_800], *silent], resolver)
    server.terminate()
    print(f"\n{len(names)} domains in {together:.1f} s, one by one {alone:.0f} s: {alone / together:.0f} times")
    print(f"with {len(silent)} that are silent in {with_silent:.1f} s, {unknown} unknown")
    assert (lost, unknown) == (0, len(silent))  # no time-outs but theirs
    assert alone / together >= 100
