"""Several processes that serve one socket; they end together. ADR-0203."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from data_contracts.errors import SteelyardError


class WorkerEnded(SteelyardError):
    """A worker ended by itself, so that the service ended."""

    exit_code = 18


def run_in_workers(count: int, work: Callable[[], None]) -> None:
    """Run `work` in so many processes until all are stopped; one worker is this process.

    It is called before threads are started and before large modules are loaded. SIGTERM and SIGINT
    are handed on to all workers. When one worker ends by itself the others are stopped, because a
    supervisor should see it.

    Parameters
    ----------
    count
        Number of workers.
    work
        Serves until a signal, in each worker.

    Raises
    ------
    WorkerEnded
        A worker ended without being asked to.
    """
    if count == 1:
        work()
        return
    parent_is_alive, kept_open = os.pipe()
    workers: set[int] = set()
    for _ in range(count):
        worker = os.fork()
        if worker == 0:
            os.close(kept_open)
            threading.Thread(target=_end_with, args=(parent_is_alive,), daemon=True).start()
            work()
            return
        workers.add(worker)
    os.close(parent_is_alive)
    _wait_for(workers)


def _end_with(parent_is_alive: int) -> None:
    """End this process in order when its parent is gone: the pipe has no writer any more."""
    os.read(parent_is_alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _wait_for(workers: set[int]) -> None:
    stopped = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        for worker in workers:
            os.kill(worker, signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    failed: list[int] = []
    while workers:
        worker, status = os.wait()
        workers.discard(worker)
        if not stopped:
            failed.append(os.waitstatus_to_exitcode(status))
            stop(signal.SIGTERM, None)
    if failed:
        raise WorkerEnded(f"a worker ended by itself with code {failed[0]}; all were stopped")
