"""The launcher: joins the pages, the public routes and the worker. Run it with `bulkmail app`."""

import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pyarrow
import streamlit as st
from starlette.concurrency import run_in_threadpool

from bulkmail import web, wiring

# The script is pages/_frame.py and not this file: with a folder `pages/` beside the main script, a deep link into a
# fresh server would run a page alone, past the frame and its sign-in.
FRAME = Path(__file__).absolute().parent / "pages" / "_frame.py"
# Streamlit puts this folder there for each run and takes it away after the first to end, under the feet of the others.
sys.path.append(str(FRAME.parent))
# A click takes dozens of turns with the interpreter. Of whoever computes meanwhile each turn is had after this long; at
# Python's own 5 ms they add up to what a person feels.
sys.setswitchinterval(0.001)
pyarrow.set_cpu_count(max(1, pyarrow.cpu_count() // 2))  # nor may a long list that is read take every processor
HOUSE = wiring.open_house()
STAFF = wiring.Staff(HOUSE)


@asynccontextmanager
async def lifespan(app):
    """Yield while the worker and, without a key, the rehearsal run beside the pages."""
    await run_in_threadpool(STAFF.arrive)
    try:
        yield
    finally:
        await run_in_threadpool(STAFF.leave)


app = st.App(
    str(FRAME),
    secrets=wiring.sign_in_secrets(HOUSE),
    routes=web.routes(HOUSE, webhook_key=STAFF.webhook_key),
    lifespan=lifespan,
)

if __name__ == "__main__":
    app.run()
