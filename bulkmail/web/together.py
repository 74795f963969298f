"""One commit for all who ask at the same moment: each is answered only once theirs is on the disk."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

Thing = TypeVar("Thing")


class Together(Generic[Thing]):
    """Stores what requests bring. While `store` is at work on some, the next gather and go together after them."""

    def __init__(self, store: Callable[[Sequence[Thing]], object]) -> None:
        self.store = store
        self.waiting: list[tuple[Thing, asyncio.Future[None]]] = []
        self.work: asyncio.Task[None] | None = None

    async def add(self, thing: Thing) -> None:
        """Return once the thing is stored; raise what storing raised."""
        stored = asyncio.get_running_loop().create_future()
        self.waiting.append((thing, stored))
        if self.work is None:
            self.work = asyncio.create_task(self._store_all())
        await stored

    async def _store_all(self) -> None:
        try:
            while self.waiting:
                batch, self.waiting = self.waiting, []
                error = await self._try([thing for thing, _ in batch])
                for _, stored in batch:
                    _tell(stored, error)
        finally:
            self.work = None

    async def _try(self, things: Sequence[Thing]) -> Exception | None:
        try:
            await run_in_threadpool(self.store, things)
        except Exception as error:  # each of those who wait raises it in their own name
            return error
        return None


def _tell(stored: "asyncio.Future[None]", error: Exception | None) -> None:
    if stored.done():  # they hung up meanwhile; theirs is stored all the same
        return
    if error:
        stored.set_exception(error)
    else:
        stored.set_result(None)
