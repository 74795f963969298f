"""The process apart (`adapters/apart`), which steps aside before it imports anything that takes long."""

import os

_NICE = 10


def step_aside() -> None:
    """Let those who click come first where both want a processor, and leave them one of their own where there are more:
    to wake a click up behind who computes takes milliseconds each time, and a click wakes up dozens of times."""
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICE)
    if hasattr(os, "sched_setaffinity"):  # Linux
        first, *others = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, others or [first])


if __name__ == "__main__":
    step_aside()
    from bulkmail.adapters import apart

    apart.main()
