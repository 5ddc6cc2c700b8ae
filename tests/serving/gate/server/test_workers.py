"""Workers of one service start together and end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import os, signal, sys, time
from serving.gate.server.workers import WorkerEnded, run_in_workers

def work():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.write(1, b"%d\\n" % os.getpid())
    while True:
        time.sleep(0.05)
        if os.path.exists(sys.argv[1]):
            os.remove(sys.argv[1])
            os._exit(3)

try:
    run_in_workers(3, work)
except WorkerEnded as error:
    print(error, flush=True)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def running(tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "fail")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    workers = [int(parent.stdout.readline()) for _ in range(3)]
    yield parent, workers, tmp_path / "fail"
    parent.kill()
    parent.wait()
    parent.stdout.close()


def are_gone(workers: list[int]) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if not any(os.path.exists(f"/proc/{worker}") for worker in workers):  # noqa: PTH110
            return True
        time.sleep(0.05)
    return False


def test_a_signal_reaches_all_workers_and_is_no_failure(running):
    """A signal reaches all workers and is no failure."""
    parent, workers, _ = running
    assert len(set(workers)) == 3 and parent.pid not in workers
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(10) == 0 and are_gone(workers)


def test_the_end_of_one_worker_is_the_end_of_all_and_is_said(running):
    """The end of one worker ends all, with a message."""
    parent, workers, fails = running
    fails.touch()
    assert parent.wait(10) == 18 and are_gone(workers)
    assert "a worker ended by itself with code 3" in parent.stdout.read()


def test_workers_do_not_outlive_a_killed_parent(running):
    """Workers do not outlive a killed parent."""
    parent, workers, _ = running
    parent.kill()
    parent.wait()
    assert are_gone(workers)
