"""Requests that wait together are worked on together: one call for all that came while the last one ran."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any


class MicroBatcher:
    """Gathers what is asked on an event loop while a slow call runs, and gives the next call all of it.

    One event loop uses it. `work` takes a list and returns an answer for each; what it raises is raised to all who waited for that call.
    It runs in a thread, unless the call before took less than `quick` seconds: then going there and back costs more than waiting.
    """

    def __init__(self, work: Callable[[list[Any]], list[Any]], quick: float = 0.0) -> None:
        self.work, self.quick, self.took = work, quick, quick
        self.waiting: list[tuple[Any, asyncio.Future]] = []
        self.draining: asyncio.Task | None = None

    async def ask(self, item: Any) -> Any:
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self.waiting.append((item, answer))
        if self.draining is None or self.draining.done():
            self.draining = loop.create_task(self._drain(loop))
        return await answer

    async def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        while self.waiting:
            come = 0
            # who is on the way comes along: from its socket to here a request takes two rounds of the loop
            while come != len(self.waiting):
                come = len(self.waiting)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            batch, self.waiting = self.waiting, []
            asked = [item for item, _ in batch]
            try:
                answers = (
                    self._timed(asked)
                    if self.took < self.quick
                    else await loop.run_in_executor(None, self._timed, asked)
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
        begun = time.perf_counter()
        try:
            return self.work(items)
        finally:
            self.took = time.perf_counter() - begun
