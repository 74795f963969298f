"""Run the long torture: `python -m tests.torture [--people …] [--kills …] [--seed …] [--database …] [--workers …]`.

Prints one line for each run, and exits 1 when anybody was mailed twice, lost or left in doubt.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.torture.ordeal import Ordeal, a_database


def main() -> int:
    """Every combination asked for; 1 when one of them broke the promise."""
    options = argparse.ArgumentParser(prog="python -m tests.torture")
    options.add_argument("--people", type=int, default=20_000)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=20261129)
    options.add_argument("--workers", type=int, nargs="+", default=[1, 3])
    options.add_argument("--database", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    asked = options.parse_args()
    broken = 0
    for database in asked.database:
        for workers in asked.workers:
            with tempfile.TemporaryDirectory() as folder, a_database(database) as url:
                ordeal = Ordeal(Path(folder), url, seed=asked.seed, people=asked.people, workers=workers)
                told = ordeal.endure(asked.kills)
            print(f"{database}, {workers} worker{'s' * (workers > 1)}, seed {asked.seed}: {told}", flush=True)
            broken += bool(told.doubled or told.lost or told.doubts_after or told.kills < asked.kills)
    return min(broken, 1)


if __name__ == "__main__":
    sys.exit(main())
