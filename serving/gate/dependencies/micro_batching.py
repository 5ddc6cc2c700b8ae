"""Micro-batching: one call serves all requests that arrived while the last call ran."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class MicroBatcher:
    """Batches the items that are submitted on an event loop while a slow call runs.

    Parameters
    ----------
    work
        Takes a list of items and returns a result for each. An error of it is raised to every
        request of that batch.
    inline_seconds
        `work` runs in a thread of its own, unless the call before took less than this. Then the
        change of threads costs more than the wait.

    Examples
    --------
    >>> async def double(item: int) -> int:
    ...     return await MicroBatcher(lambda items: [2 * i for i in items]).submit(item)
    >>> asyncio.run(double(21))
    42
    """

    def __init__(self, work: Callable[[list[Any]], list[Any]], inline_seconds: float = 0.0) -> None:
        self.work, self.inline_seconds, self.took = work, inline_seconds, inline_seconds
        self.waiting: list[tuple[Any, asyncio.Future]] = []
        self.draining: asyncio.Task | None = None
        # A thread of its own: threads that requests share may all be taken.
        self.thread = ThreadPoolExecutor(1, "batch")

    async def submit(self, item: Any) -> Any:
        """The result for one item; it shares a call with those that wait at the same time."""
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self.waiting.append((item, answer))
        if self.draining is None or self.draining.done():
            self.draining = loop.create_task(self._drain(loop))
        return await answer

    async def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        while self.waiting:
            arrived = 0
            # A request takes two rounds of the loop from its socket to here; wait for those.
            while arrived != len(self.waiting):
                arrived = len(self.waiting)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            batch, self.waiting = self.waiting, []
            items = [item for item, _ in batch]
            try:
                answers = (
                    self._timed(items)
                    if self.took < self.inline_seconds
                    else await loop.run_in_executor(self.thread, self._timed, items)
                )
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), answer in zip(batch, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)

    def _timed(self, items: list[Any]) -> list[Any]:
        started = time.perf_counter()
        try:
            return self.work(items)
        finally:
            self.took = time.perf_counter() - started
