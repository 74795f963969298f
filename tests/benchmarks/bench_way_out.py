"""Two proofs of the way out at scale: forged tokens by the million, and one-click posts by the second.

Run by `make benchmarks`. Numbers are ratios or rates on this machine; what may not happen at all is asserted.
"""

import asyncio
import multiprocessing
import os
import random
import re
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from bulkmail.adapters import database, journal
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.suppressions import suppressions
from bulkmail.adapters.workspace import Workspace, open_workspace
from bulkmail.tips.unsubscribe import make_token, read_token
from tests.builders import NOW, a_campaign, a_plan, a_snapshot
from tests.pages.conftest import CHROMIUM, QUIET, app_server, settled

FORGED, POSTS, CLIENTS = 3_000_000, 5_000, 48
AT_LEAST = 500  # one-click posts a second, with the app in use
PAGES = ("lists", "consent", "cadence", "review")
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


ONE_CLICK = b"List-Unsubscribe=One-Click"
HEAD = "POST /u/{token} HTTP/1.1\r\nHost: mail.example.org\r\nContent-Type: application/x-www-form-urlencoded\r\n"


async def press(port: int, tokens: list[str], accepted: list[str]) -> None:
    """A mail program: posts one click after the other, as bytes, so that the measure is of the answering side."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for token in tokens:
        writer.write(f"{HEAD.format(token=token)}Content-Length: {len(ONE_CLICK)}\r\n\r\n".encode() + ONE_CLICK)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])
        await reader.readexactly(length)
        if head.startswith(b"HTTP/1.1 200"):
            accepted.append(token)
    writer.close()


async def press_all(port: int, tokens: list[str]) -> list[str]:
    accepted: list[str] = []
    await asyncio.gather(*(press(port, tokens[number::CLIENTS], accepted) for number in range(CLIENTS)))
    return accepted


def run_clients(port: int, tokens: list[str], answered) -> None:
    began = time.perf_counter()
    accepted = asyncio.run(press_all(port, tokens))
    answered.put((len(accepted), time.perf_counter() - began))


def a_plan_that_went(ws: Workspace) -> str:
    """The hash of a plan in the journal, whose letters the tokens came in."""
    plan, snapshot = a_plan(3), a_snapshot(3)
    journal.store_plan(ws, plan, snapshot, snapshot.iloc[:0], [], NOW, campaign=database.document_of(a_campaign()))
    return plan.hash


def bench_one_click() -> None:
    """Posts of many mail programs at once, from another process, to the app itself while somebody opens its pages."""
    home, spawned = Path(tempfile.mkdtemp(prefix="bulkmail-bench-")), multiprocessing.get_context("spawn")
    with app_server(home, "--sample") as url, sync_playwright() as playwright:
        ws = open_workspace(read_settings({"BULKMAIL_HOME": str(home / "workspace")}))
        plan_hash, before = a_plan_that_went(ws), len(suppressions(ws))
        tokens = [make_token(f"{n:032x}", plan_hash, *ws.signing_key()) for n in range(POSTS)]
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET).new_page()
        page.goto(url)
        settled(page)
        answered = spawned.Queue()
        clients = spawned.Process(target=run_clients, args=(int(url.rpartition(":")[2]), tokens, answered))
        clients.start()
        opened = 0
        while answered.empty():
            page.goto(f"{url}/{PAGES[opened % len(PAGES)]}")
            opened += 1
        accepted, seconds = answered.get()
        clients.join()
        stored = len(suppressions(ws)) - before
        ws.engine.dispose()
    shutil.rmtree(home)
    assert accepted == stored == POSTS, (accepted, stored)
    rate = POSTS / seconds
    print(f"one-click posts: {rate:,.0f} a second while {opened} pages were opened; none of {POSTS:,} lost")
    assert rate >= AT_LEAST, f"{rate:,.0f} a second; {AT_LEAST} are the least"


if __name__ == "__main__":
    bench_forged_tokens()
    bench_one_click()
