"""Interleaved repeats, medians and peaks of memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np


def interleaved(methods: dict[str, Callable[[], Any]], repeats: int = 5) -> dict[str, float]:
    """Median CPU seconds of each method over interleaved repeats; each is run once before, to compile and to warm."""
    for run in methods.values():
        run()
    spent: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(repeats):
        for name, run in methods.items():
            begin = time.process_time()
            run()
            spent[name].append(time.process_time() - begin)
    return {name: float(np.median(values)) for name, values in spent.items()}


def peak_mb(code: str) -> float:
    """Peak resident memory in MB of Python code in a process of its own."""
    # not getrusage: its peak is inherited from the process that started this one
    tail = "\nprint(int(next(x for x in open('/proc/self/status') if x.startswith('VmHWM')).split()[1]) / 1024)"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])
