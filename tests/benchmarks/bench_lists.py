"""Lists of a million rows: reading, judging, keeping, growth, questions to DNS, each beside a plain reference.

Processor time, since machines are shared; walls and memory where people wait or machines burst.
"""

import asyncio
import io
import json
import multiprocessing
import socket
import subprocess
import sys
import time

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


def cost(work, runs=3):
    """The least processor time of some runs, and what the last gave."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        found = work()
        times.append(time.process_time() - start)
    return min(times), found


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
    loop = theirs * MILLION / LOOPED
    print(f"\nsyntax {ours:.2f} s, with normal form and mailbox {forms:.2f} s, the loop {loop:.1f} s:", end=" ")
    print(f"{loop / ours:.1f} and {loop / forms:.1f} times")
    assert [tuple(row.values()) for row in verdicts.slice(0, LOOPED).to_pylist()] == expected
    assert loop / ours >= 25


def test_reading_a_million_rows_and_judging_them(million):
    pandas, _ = cost(lambda: pd.read_csv(io.BytesIO(million), dtype=str), 2)
    reading, read = cost(lambda: intake.read_list(million, "list.csv"))
    assert read.rows == MILLION
    loop = cost(lambda: library_says(read.table["original_address"].head(LOOPED)), 1)[0] * MILLION / LOOPED
    judging, judged = cost(lambda: addressing.annotate(read.table, person_key=b"k" * 32), 2)
    counting, quality = cost(lambda: addressing.quality_of(judged), 2)
    whole = reading + judging + counting
    print(f"\nread {reading:.2f} s, pandas {pandas:.2f} s: {pandas / reading:.1f} times")
    print(f"judge {judging:.2f} s, count {counting:.2f} s; whole {whole:.2f} s, pandas and the loop", end=" ")
    print(f"{pandas + loop:.1f} s: {(pandas + loop) / whole:.1f} times; {quality.counts}")
    assert (pandas + loop) / whole >= 8


KEEP = """
import json, resource, sys, time
from datetime import UTC, datetime
from bulkmail import prepare
from bulkmail.adapters import settings, workspace
from bulkmail import intake
began = time.monotonic()
ws = workspace.open_workspace(settings.read_settings({"BULKMAIL_HOME": sys.argv[2]}))
data = open(sys.argv[1], "rb").read()
reading = intake.read_list(data, "list.csv")
now = datetime(2026, 11, 23, tzinfo=UTC)
prepare.save_list(ws, "list", reading, prepare.content_hash(data), now)
saved = time.monotonic() - began
del data
report = prepare.report_on_list(ws, reading.table, reading.findings, now=now)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps([time.monotonic() - began, saved, peak, time.process_time(), len(report.audience.eligible)]))
"""


def test_a_million_rows_read_kept_and_judged(million, tmp_path):
    (tmp_path / "list.csv").write_bytes(million)
    command = [sys.executable, "-c", KEEP, tmp_path / "list.csv", tmp_path / "home"]
    wall, saved, peak, processor, _ = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    print(f"\nread and kept {saved:.1f} s, judged and reported {wall:.1f} s", end=" ")
    print(f"({processor:.1f} s of processor), {peak:.2f} GB")


def test_cost_grows_with_the_rows():
    print("\n     rows    read   judge   count   µs a row")
    for rows in (10_000, 100_000, 1_000_000, 3_000_000):
        data = big_lists.csv(rows)
        reading, read = cost(lambda data=data: intake.read_list(data, "list.csv"), 1)
        judging, judged = cost(lambda read=read: addressing.annotate(read.table, person_key=b"k" * 32), 1)
        counting, _ = cost(lambda judged=judged: addressing.quality_of(judged), 1)
        whole = (reading + judging + counting) / rows * 1e6
        print(f"{rows:>9,} {reading:7.2f} {judging:7.2f} {counting:7.2f} {whole:10.2f}")


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
    print(f"\n{ours:.2f} s against {theirs:.2f} s: {theirs / ours:.1f} times")
    assert read.rows == 20_000
    assert theirs / ours >= 8


def test_slips_of_thirty_thousand_domains():
    dice = np.random.default_rng(1)
    letters = dice.choice(list("abcdefghijklmnopqrstuvwxyz"), (30_000, 9))
    domains = dict.fromkeys(("".join(row) + ".com" for row in letters), 1)
    spent, _ = cost(lambda: addressing.likely_domains(domains | dict.fromkeys(known.PROVIDERS, 100)))
    print(f"\n{spent:.3f} s for {len(domains)} domains")
    assert spent < 0.2


# ---------------------------------------------------------------- DNS


def serve_slowly(port, seconds):
    """A name server that takes 30 ms for each answer, and never answers for one domain in fifty."""
    import dns.message
    import dns.rrset

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport
            port.send(transport.get_extra_info("sockname"))

        def datagram_received(self, wire, client):
            query = dns.message.from_wire(wire)
            name = query.question[0].name
            if not str(name).startswith("silent"):
                answer = dns.message.make_response(query)
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "MX", "10 mx.test."))
                asyncio.get_running_loop().call_later(0.03, self.transport.sendto, answer.to_wire(), client)

    async def main():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        server.bind(("127.0.0.1", 0))
        await asyncio.get_running_loop().create_datagram_endpoint(Server, sock=server)
        await asyncio.sleep(seconds)

    asyncio.run(main())


def test_domains_are_asked_about_many_at_a_time():
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve_slowly, args=(theirs, 200), daemon=True)
    server.start()
    resolver = mine.recv()
    names = [f"{'silent' if n % 50 == 0 else 'd'}{n}.test" for n in range(10_000)]
    start = time.monotonic()
    answers = mail_domains.mail_domains(names, resolver=resolver)
    together = time.monotonic() - start
    start = time.monotonic()
    mail_domains.mail_domains([name for name in names if name.startswith("d")][:100], resolver=resolver, in_flight=1)
    alone = (time.monotonic() - start) / 100 * 9_800
    server.terminate()
    unknown = sum(answer == "unknown" for answer in answers.values())
    print(f"\n{len(names)} domains in {together:.1f} s, {unknown} unknown (200 are silent); one by one {alone:.0f} s")
    print(f"{alone / together:.0f} times")
    assert unknown == 200
