"""A rehearsal without a server for what a request says, one with a server for what happens on the line."""

import pytest
from starlette.testclient import TestClient

from bulkmail.rehearsal import server
from tests.rehearsal.letters import AClock


@pytest.fixture
def clock():
    """A clock that stands still until told."""
    return AClock()


@pytest.fixture
def stage(tmp_path, clock):
    """A rehearsal whose people live at once when `playing.turn` is called."""
    stage = server.open_stage(tmp_path, speed=1e12, clock=clock)
    yield stage
    stage.store.close()


@pytest.fixture
def client(stage):
    """A client that shows a key."""
    return TestClient(server.application(stage), headers={"Authorization": "Bearer SG.any"})


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A rehearsal with a server, whose people stay still."""
    with server.serving(tmp_path_factory.mktemp("rehearsal"), play=False) as running:
        yield running


@pytest.fixture
def rehearsal(running):
    """The one that is running, well-behaved and empty."""
    running.order()
    with running.stage.store.writing() as db:
        for table in ("event", "letter", "request"):
            db.execute(f"DELETE FROM {table}")
    return running
