"""Two proofs of the way out at scale: forged tokens by the million, and one-click posts by the second.

Run by `make benchmarks`. Numbers are ratios or rates on this machine; what may not happen at all is asserted.
"""

import multiprocessing
import os
import random
import shutil
import tempfile
import threading
import time
from pathlib import Path

import httpx2
import numpy as np

from bulkmail import web, wiring
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.suppressions import suppressions
from bulkmail.adapters.workspace import open_workspace
from bulkmail.tips.unsubscribe import make_token, read_token

FORGED, POSTS, CLIENTS = 3_000_000, 3_000, 24
LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype="S1")


def forged_tokens(rng: np.random.Generator, good: list[str], count: int):
    """Random, cut, swapped and mixed tokens, in turn; none of them was signed."""
    chance = random.Random(7)
    for word in LETTERS[rng.integers(0, 64, (count // 3, 56))].view("S56").ravel():
        yield word.decode()
    for _ in range(count // 3):
        word = chance.choice(good)
        yield word[: chance.randrange(56)]
    for _ in range(count // 3):
        one, other = chance.choice(good), chance.choice(good)
        place = chance.randrange(1, 55)
        mixed = one[:place] + other[place:]
        yield (
            mixed if mixed not in (one, other) else one[:place] + ("A" if one[place] != "A" else "B") + one[place + 1 :]
        )


def bench_forged_tokens() -> None:
    keys = {1: os.urandom(32), 2: os.urandom(32)}
    good = [make_token(os.urandom(16).hex(), os.urandom(8).hex(), keys[2], 2) for _ in range(1_000)]
    began = time.process_time()
    read = sum(read_token(word, keys) is not None for word in forged_tokens(np.random.default_rng(7), good, FORGED))
    seconds = time.process_time() - began
    assert read == 0, f"{read} forged tokens were read"
    print(f"forged tokens: {FORGED:,} tried, none read; {FORGED / seconds:,.0f} a second of CPU")


def press(url: str, tokens: list[str], accepted: list[str]) -> None:
    with httpx2.Client(base_url=url) as client:
        for token in tokens:
            answer = client.post(f"/u/{token}", content="List-Unsubscribe=One-Click",
                                 headers={"content-type": "application/x-www-form-urlencoded"})  # fmt: skip
            if answer.status_code == 200:
                accepted.append(token)


def run_clients(url: str, tokens: list[str], answered) -> None:
    accepted: list[str] = []
    threads = [threading.Thread(target=press, args=(url, tokens[n::CLIENTS], accepted)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answered.put(len(accepted))


def bench_one_click() -> None:
    """Posts of many mail programs at once, from another process, while a reader keeps the database in use."""
    home = Path(tempfile.mkdtemp(prefix="bulkmail-bench-"))
    ws = open_workspace(read_settings({"BULKMAIL_HOME": str(home)}))
    tokens = [make_token(f"{n:032x}", "a" * 16, ws.token_keys[1], 1) for n in range(POSTS)]
    done = threading.Event()

    def use() -> None:
        while not done.is_set():
            suppressions(ws)
            time.sleep(0.02)

    user = threading.Thread(target=use)
    user.start()
    answered = multiprocessing.get_context("spawn").Queue()
    with wiring.served(web.public_app(ws)) as url:
        clients = multiprocessing.get_context("spawn").Process(target=run_clients, args=(url, tokens, answered))
        clients.start()
        while suppressions(ws).empty:
            time.sleep(0.005)
        began, cpu = time.perf_counter(), time.process_time()
        first = len(suppressions(ws))
        accepted = answered.get()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        clients.join()
    done.set()
    user.join()
    stored = len(suppressions(ws))
    ws.engine.dispose()
    shutil.rmtree(home)
    assert accepted == stored == POSTS, (accepted, stored)
    rate, by_cpu = (POSTS - first) / seconds, (POSTS - first) / cpu
    print(
        f"one-click posts: {rate:,.0f} a second by the clock, {by_cpu:,.0f} a second of our CPU; none of {POSTS:,} lost"
    )


if __name__ == "__main__":
    bench_forged_tokens()
    bench_one_click()
