"""The torture with a short seed; `make torture` runs the long one. The promise: nobody twice, nobody lost."""

import os

import pytest

from tests.conftest import on_server
from tests.torture.ordeal import STEPS, Ordeal

pytestmark = pytest.mark.kill
PEOPLE, BATCH, KILLS = 400, 10, 9


def check(told):
    print(told)
    assert (told.doubled, told.lost, told.doubts_after) == (0, 0, 0)
    assert told.kills >= KILLS
    assert set(STEPS) <= set(told.kills_at), "each step of the journal has seen a death"
    assert told.doubts_before >= told.doubts_after_proof >= told.doubts_after


def test_one_sender_killed_again_and_again_on_sqlite(tmp_path):
    check(Ordeal(tmp_path, "", seed=1, people=PEOPLE, batch=BATCH, workers=1).endure(KILLS))


@pytest.mark.postgres
def test_three_senders_killed_again_and_again_on_postgresql(tmp_path, postgresql_server):
    name = f"torture_{os.urandom(4).hex()}"
    on_server(postgresql_server, f"CREATE DATABASE {name}")
    url = postgresql_server.set(database=name).render_as_string(hide_password=False)
    check(Ordeal(tmp_path, url, seed=2, people=PEOPLE, batch=BATCH, workers=3).endure(KILLS))
