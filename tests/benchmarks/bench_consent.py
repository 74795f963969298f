"""A million consent events: recorded, loaded, folded and verified, in seconds of processor time and against a loop.

The reference is a fold written as a Python loop that knows only dates, over a twentieth of the events.
"""

import time

import numpy as np
import pandas as pd
import pytest

from bulkmail.adapters import ledger
from bulkmail.tips import consent
from tests.builders import NOW

EVENTS, PEOPLE, LOOPED = 1_000_000, 600_000, 20
AT_LEAST = 2  # of the loop, which neither weighs evidence nor expiry
AT_MOST = {"recorded": 1.0, "loaded": 0.5, "verified": 0.8}  # times what the loop takes for an event


def many(count):
    """So many events of made-up people, some of whom withdrew."""
    chance = np.random.default_rng(7)
    people = np.array([f"{number:032x}" for number in range(PEOPLE)], dtype=object)
    days = pd.Timestamp(NOW) - pd.to_timedelta(chance.integers(0, 900, count), unit="D")
    states = chance.choice(["given", "given", "given", "withdrawn", "reconfirmed"], count)
    text = {"purpose": "newsletter", "basis": "consent_express", "method": "import", "source": "members.csv"}
    text |= {"wording": "v1", "evidence": "column", "recorded_by": "an officer"}
    frame = pd.DataFrame({"person": people[chance.integers(0, PEOPLE, count)], "state": states, "at": days})
    return frame.assign(recorded_at=pd.Timestamp(NOW), **text).drop_duplicates(["person", "state", "at"])


def loop(events):
    """The last state of each person, as one would write it first."""
    last = {}
    for event in events.itertuples():
        if event.person not in last or last[event.person][0] <= event.at:
            last[event.person] = (event.at, event.state)
    return {person: state for person, (_, state) in last.items()}


def seconds(work):
    """Processor time, and what came of the work."""
    start = time.process_time()
    made = work()
    return time.process_time() - start, made


@pytest.mark.timeout(600)
def test_a_million_events_are_recorded_loaded_and_verified_in_seconds_and_folded_in_one_pass(sqlite_workspace):
    events = many(EVENTS)
    recorded, count = seconds(lambda: ledger.append_consent(sqlite_workspace, events))
    loaded, back = seconds(lambda: ledger.consent_events(sqlite_workspace))
    verified, broken = seconds(lambda: ledger.first_broken_link(sqlite_workspace))
    folded, stands = seconds(lambda: consent.fold(back, now=NOW))
    part = back.iloc[: len(back) // LOOPED]
    looped, _ = seconds(lambda: loop(part))
    times = looped / len(part) / (folded / len(back))
    print(
        f"\n{count:,} events: recorded {recorded:.1f} s, loaded {loaded:.1f} s, verified {verified:.1f} s, "
        f"folded {folded:.1f} s: {times:.1f} times a loop that does less"
    )
    assert broken is None
    assert len(stands) == events["person"].nunique()
    assert times > AT_LEAST
    loops = {"recorded": recorded, "loaded": loaded, "verified": verified}
    loops = {name: took / count / (looped / len(part)) for name, took in loops.items()}
    assert all(loops[name] < most for name, most in AT_MOST.items()), loops
