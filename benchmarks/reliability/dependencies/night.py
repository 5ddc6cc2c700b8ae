"""A gate over a small night by the prior, and a running session that passes there."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import worlds
from benchmarks.speed.boost_check_load import running_sessions
from data_contracts.lake import Lake
from serving.gate.api_keys import make_key
from serving.gate.boost_check import GateState
from serving.gate.dependencies.minute_rows import COLUMN_INDEX, minute_to_row
from serving.gate.http import open_gate
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy
from serving.scoring.scope import moment_of
from simulation.world import WorldSpec, write_world

NIGHT = date(2026, 1, 20)
DAYS = 16


@contextmanager
def small_night() -> Iterator[tuple[Path, str, Callable[[str | None], GateState]]]:
    """A lake with one night, a key, and a function that opens a gate on a Redis or on a file."""
    with tempfile.TemporaryDirectory() as scratch:
        lake, policy = Path(scratch) / "lake", load_policy()
        write_world(lake, Path(scratch) / "truth", WorldSpec(12, "tiny", worlds.START, DAYS))
        nightly(lake, NIGHT, None, policy)
        key, now = make_key(lake, "all", ["boost", "minutes", "read"]), moment_of(NIGHT)

        def gate_of(url: str | None) -> GateState:
            return open_gate(lake, None, policy, lambda: now + timedelta(hours=6), url)

        yield lake, key, gate_of


def calm_session(gate: GateState, lake: Path) -> tuple[str, list[dict[str, Any]]]:
    """An operator and minutes of a session that pass where nothing is broken.

    Raises RuntimeError where the night has no such session.
    """
    for operator, sent in running_sessions(Lake(lake).root):
        minutes = [
            {"minute": int(r["minute"])}
            | {n: r[n] for n in COLUMN_INDEX if n != "granted" and _is_known(r.get(n))}
            for r in sent
        ]
        # as the gate stores them: minutes that grant nothing grant zero
        rows = np.array([minute_to_row(m | {"granted": 0.0}) for m in minutes])
        assessment = gate.assessments.assess(rows)
        answer = gate.assessments.answer(operator, assessment, gate.now())
        if answer.body["riskLevel"] == "PASS" and not answer.body["notLookedAt"]:
            return operator, minutes
    raise RuntimeError("no session of the night passes")


def _is_known(value: Any) -> bool:
    return value is not None and math.isfinite(value)
