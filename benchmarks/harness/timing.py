"""Interleaved repeats, peaks of memory, and rows of repeated measurements."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness.figures import row

REPEATS = 5
COMMAND = "make bench-speed"


def interleaved(
    methods: dict[str, Callable[[], Any]], repeats: int = REPEATS
) -> dict[str, np.ndarray]:
    """CPU seconds of each method, shape (repeats,), all methods in each round.

    Each method runs once before, to compile and to warm caches.
    """
    for run in methods.values():
        run()
    spent: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(repeats):
        for name, run in methods.items():
            begin = time.process_time()
            run()
            spent[name].append(time.process_time() - begin)
    return {name: np.array(values) for name, values in spent.items()}


def repeated_row(
    id_: str, what: str, values: np.ndarray, goal: str | None = None, why: str | None = None
) -> dict[str, Any]:
    """Row of the median of repeats, with the least and the most as its interval.

    The median of five lies between them with 94 %, whatever the distribution.

    Raises
    ------
    ValueError
        For fewer than five repeats.

    References
    ----------
    Conover, Practical Nonparametric Statistics: order statistics.
    """
    if len(values) < REPEATS:
        raise ValueError(f"{id_}: {len(values)} repeats, where at least {REPEATS} are needed")
    return row(
        id_,
        what,
        float(np.median(values)),
        COMMAND,
        goal,
        [float(np.min(values)), float(np.max(values))],
        why=why,
    )


def peak_mb(code: str) -> float:
    """Peak resident memory in MB of Python code in a process of its own."""
    # Not getrusage: its peak is inherited from the parent process.
    tail = (
        "\nprint(int(next(x for x in open('/proc/self/status') if "
        "x.startswith('VmHWM')).split()[1]) / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code + tail], capture_output=True, text=True, check=True
    )
    return float(done.stdout.strip().splitlines()[-1])


def peaks_mb(code: str) -> np.ndarray:
    """Peaks of processes one after another, shape (REPEATS,)."""
    return np.array([peak_mb(code) for _ in range(REPEATS)])
