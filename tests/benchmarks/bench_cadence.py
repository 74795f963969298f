"""How long the cadence engine takes on a million people: from Parquet to curves, a plan of fifty, and one change.

Run alone: `make benchmarks`. Times are of the processor, all threads together, since the machine is shared: what takes
so long there takes no longer by the clock on two cores that are free. Memory is the peak.
"""

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

PEOPLE, CAMPAIGNS = 1_000_000, 26
SECONDS, GIGABYTES = 60, 4
PLANNED, SECONDS_OF_A_PLAN, SECONDS_OF_A_CHANGE = 50, 15, 0.5


def write_events(path):
    """Twenty million events of a year in which four departments wrote to a million people: campaign, department,
    person, kind (0 sent, then as in KINDS), at. Written campaign by campaign."""
    rng = np.random.default_rng(1)
    lists = rng.random((PEOPLE, 4)) < 0.32
    gone = np.zeros(PEOPLE, dtype=bool)
    schema = pa.schema([("campaign", pa.int32()), ("department", pa.int8()), ("person", pa.int32()),
                        ("kind", pa.int8()), ("seconds", pa.int64())])  # fmt: skip
    days = np.sort(rng.uniform(0, 180, CAMPAIGNS))
    recent = np.zeros(PEOPLE, dtype=np.int8)
    written = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for number, day in enumerate(days):
            department = number % 4
            who = np.flatnonzero(lists[:, department] & ~gone).astype(np.int32)
            at = int(day * 86_400)
            clicked = rng.random(len(who)) < 0.027 * np.exp(-0.1 * recent[who])
            left = rng.random(len(who)) < 0.003 * np.exp(0.2 * recent[who])
            opened = rng.random(len(who)) < 0.35
            parts = [
                (who, 0, 0),
                (who, 1, 20),
                (who[opened], 2, 4_000),
                (who[clicked], 3, 5_000),
                (who[left], 4, 6_000),
            ]
            for persons, kind, after in parts:
                size = len(persons)
                columns = [np.full(size, number, np.int32), np.full(size, department, np.int8), persons,
                           np.full(size, kind, np.int8), np.full(size, at + after)]  # fmt: skip
                writer.write_table(pa.table(columns, schema=schema))
                written += size
            gone[who[left]] = True
            recent = (recent * (rng.random() < 0.5)).astype(np.int8)
            recent[who] += 1
    return written


FIT = """
import resource, sys, time
import polars as pl
from bulkmail import forecast
began = time.process_time()
events = pl.scan_parquet(sys.argv[1])
kinds = {"delivered": 1, "opened": 2, "clicked": 3, "unsubscribed": 4}
marks = [(pl.col("kind") == kind).any().cast(pl.Int8).alias(name) for name, kind in kinds.items()]
letters = events.group_by("campaign", "person").agg(
    pl.col("department").first(), pl.col("seconds").min(), *marks
).collect(engine="streaming")
letters = letters.with_columns(
    sent_at=pl.from_epoch("seconds").dt.cast_time_unit("us").dt.replace_time_zone("UTC")
).drop("seconds")
table = letters.to_pandas()
del letters
print(f"collapsed {len(table):,} letters {time.process_time() - began:.1f} s", flush=True)
sends = forecast.sends_of(table)
del table
told = forecast.curves(sends)
for name, curve in told.items():
    print(name, "known" if curve.known else curve.reason)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(f"{time.process_time() - began:.1f} {peak:.2f}")
"""


def test_a_million_people_and_twenty_million_events_to_curves(tmp_path):
    path = tmp_path / "events.parquet"
    written = write_events(path)
    done = subprocess.run([sys.executable, "-c", FIT, path], capture_output=True, text=True, check=True)
    seconds, gigabytes = map(float, done.stdout.split("\n")[-2].split())
    print(f"\n{written:,} events\n{done.stdout}{seconds:.1f} s of processor time, {gigabytes:.2f} GB at the peak")
    assert gigabytes <= GIGABYTES
    assert seconds <= SECONDS


def test_a_plan_of_fifty_campaigns_and_a_change_in_it():
    from bulkmail import forecast
    from bulkmail.forecast import board
    from bulkmail.sample import worlds
    from tests.calibrate import with_plan

    world = worlds.live(worlds.a_world(seed=9, people=20_000))
    planned, sends = with_plan(world, cadence=1.5)
    past = forecast.learn(sends)
    began = time.process_time()
    told = forecast.improve(past)
    improved = time.process_time() - began
    laid = board.board_of(past)
    began = time.process_time()
    days = laid.days.copy()
    days[3] += 2
    board.tally(laid.at(days))
    changed = time.process_time() - began
    kinds = told.moves["kind"].value_counts().to_dict()
    print(f"\n{len(planned)} campaigns, moves {kinds}: {improved:.1f} s; one change: {changed:.3f} s")
    assert len(planned) >= PLANNED
    assert improved <= SECONDS_OF_A_PLAN
    assert changed <= SECONDS_OF_A_CHANGE


def test_importing_a_million_sends(tmp_path):
    from datetime import UTC, datetime

    from bulkmail import engagement

    rows = 200_000
    sent = pd.Timestamp("2026-01-05T02:53Z")
    table = pd.DataFrame(
        {"campaign": "c1", "department": "library", "recipient": [f"p{n}@lotusbay.edu.mo" for n in range(rows)]}
    )
    table["sent_at"] = sent.isoformat()
    began = time.process_time()
    report = engagement.read_event_table(
        table, persons=lambda each: engagement.persons_of(each, b"k" * 32), now=datetime(2026, 2, 1, tzinfo=UTC)
    )
    spent = time.process_time() - began
    print(f"\n{report.new:,} sends read in {spent:.1f} s: {1e6 * spent / rows:.1f} µs a row")
