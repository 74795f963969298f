"""SpamAssassin, where it is installed: its own rules run on this machine over one letter, asking no network."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache

SECONDS = 30  # it needs about one
_SUMMARY = re.compile(r"Content analysis details:\s+\((-?[\d.]+) points?, (-?[\d.]+) required\)")
_HIT = re.compile(r"^\s*(-?\d+\.\d+)\s+([A-Z][A-Z0-9_]+)\b", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """The points of a letter, the points from which it is spam, and the rules that hit, most points first."""

    score: float
    threshold: float
    rules: tuple[tuple[str, float], ...]


@lru_cache(maxsize=64)
def opinion(mime: bytes) -> Opinion | None:
    """What it says of a letter; None where it is not installed or does not answer."""
    program = shutil.which("spamassassin")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="bulkmail-spam-") as home:
        try:
            answer = subprocess.run(
                [program, "--local", "--test-mode", "--nocreate-prefs"],
                input=mime, capture_output=True, timeout=SECONDS, check=True,
                env={"PATH": os.environ.get("PATH", ""), "HOME": home, "LC_ALL": "C.UTF-8"},
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            return None
    return read_report(answer.stdout.decode("utf-8", "replace"))


def read_report(report: str) -> Opinion | None:
    """The opinion in a report of its test mode; None where there is none."""
    summary = list(_SUMMARY.finditer(report))
    if not summary:
        return None
    last = summary[-1]  # the letter comes first, and might quote a report of its own
    rules = [(rule, float(points)) for points, rule in _HIT.findall(report[last.end() :])]
    ordered = tuple(sorted(rules, key=lambda hit: (-abs(hit[1]), hit[0])))
    return Opinion(score=float(last[1]), threshold=float(last[2]), rules=ordered)
