"""Killed at any moment, the way out has stored whatever it has answered; and no forged link ever acts."""

import multiprocessing
import os
import random
import signal
import threading

import httpx2
import pytest
from starlette.testclient import TestClient

from bulkmail import web, wiring
from bulkmail.adapters import database
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import open_workspace
from bulkmail.tips.unsubscribe import make_token
from tests.builders import NOW

SPAWN = multiprocessing.get_context("spawn")


def serve(home, tell):
    """The public doors, until somebody kills this process."""
    ws = open_workspace(read_settings({"BULKMAIL_HOME": home}))
    with wiring.served(web.public_app(ws)) as url:
        tell.put(url)
        threading.Event().wait()


def press(url, tokens, accepted):
    """Post until the line breaks; remember whose post was answered by 200."""
    with httpx2.Client(base_url=url) as client:
        for person, token in tokens:
            try:
                answer = client.post(f"/u/{token}", content="List-Unsubscribe=One-Click")
            except httpx2.HTTPError:
                return
            if answer.status_code == 200:
                accepted.append(person)


@pytest.mark.parametrize("posts", [1, 40, 150])
def test_what_was_answered_is_stored_though_the_process_is_killed(sqlite_workspace, posts):
    key = sqlite_workspace.token_keys[1]
    people = [(f"{n:032x}", make_token(f"{n:032x}", "a" * 16, key, 1)) for n in range(2_000)]
    tell, accepted = SPAWN.Queue(), []
    server = SPAWN.Process(target=serve, args=(str(sqlite_workspace.home), tell))
    server.start()
    url = tell.get(timeout=60)
    threads = [threading.Thread(target=press, args=(url, people[n::8], accepted)) for n in range(8)]
    for thread in threads:
        thread.start()
    while len(accepted) < posts:
        threads[0].join(0.001)
    os.kill(server.pid, signal.SIGKILL)
    server.join()
    for thread in threads:
        thread.join()
    stored = set(database.suppressions(sqlite_workspace)["person"])
    assert len(accepted) >= posts
    assert set(accepted) <= stored


def test_forged_links_never_act_and_are_all_answered_alike(sqlite_workspace):
    key, chance = sqlite_workspace.token_keys[1], random.Random(7)
    good = [make_token(f"{n:032x}", "a" * 16, key, 1) for n in range(50)]
    visitor = TestClient(web.public_app(sqlite_workspace, clock=lambda: NOW))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    forged = ["".join(chance.choices(letters, k=56)) for _ in range(150)]
    forged += [chance.choice(good)[: chance.randrange(1, 56)] for _ in range(150)]
    forged += [mixed(chance, good) for _ in range(150)]
    answers = [visitor.post(f"/u/{word}", content="List-Unsubscribe=One-Click") for word in forged]
    shapes = {(answer.status_code, answer.content, tuple(sorted(answer.headers.items()))) for answer in answers}
    assert len(shapes) == 1
    assert database.suppressions(sqlite_workspace).empty


def mixed(chance, good):
    one, other = chance.sample(good, 2)
    place = chance.randrange(37, 50)  # within the signature
    return one[:place] + other[place:]
