"""The two older simulators as families: what they leave open is drawn per seed.

Their authors wrote the detectors too, so these two measure whether a change moved anything. They
are no evidence about platforms that others wrote.

Realistic: the first platform follows published statistics of broadcasts and orders; honest
look-alikes live beside the schemes; size, share of cheats and intensity differ per seed. Not
realistic: the schemes are those that the detectors were written for, and no table is missing.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from simulation.families.own_truth import write_common_truth
from simulation.schemes import SCHEMES
from simulation.second_platform.platform import PlatformSpec, write_platform
from simulation.sizes import Size
from simulation.world import WorldSpec, refuse_full_folders, write_world

FIRST_DAY = date(2026, 1, 5)
MIN_SCHEMES = 6


def write_first_platform(lake: Path, truth: Path, seed: int) -> None:
    """Write a small lake of the first platform and its truth in the common form."""
    spec = _first_spec(seed)
    size = dataclasses.asdict(spec.size) if isinstance(spec.size, Size) else {}
    parameters = {
        "size": size,
        "cheating_share": spec.cheating_share,
        "intensity_factor": spec.intensity_factor,
        "schemes": list(spec.schemes or ()),
    }
    _write(lake, truth, parameters, lambda raw: write_world(lake, raw, spec))


def write_second_platform(lake: Path, truth: Path, seed: int) -> None:
    """Write a small lake of the second platform and its truth in the common form."""
    spec = _second_spec(seed)
    parameters = {
        "operators": spec.operators,
        "accounts": spec.accounts,
        "cheating_share": spec.cheating_share,
        "intensity_factor": spec.intensity_factor,
    }
    _write(lake, truth, parameters, lambda raw: write_platform(lake, raw, spec))


def _first_spec(seed: int) -> WorldSpec:
    rng = np.random.default_rng([seed, 35_001])
    count = int(rng.integers(MIN_SCHEMES, len(SCHEMES)))
    chosen = np.sort(rng.choice(np.arange(1, len(SCHEMES)), count, replace=False))
    size = Size(
        operators=int(rng.integers(70, 180)),
        accounts=int(rng.integers(10_000, 20_000)),
        days=int(rng.integers(12, 19)),
        start_rate=float(rng.uniform(0.3, 0.5)),
        log_viewers=float(rng.uniform(1.3, 1.7)),
        largest=150.0,
    )
    return WorldSpec(
        seed=seed,
        size=size,
        start=FIRST_DAY + timedelta(days=int(rng.integers(0, 300))),
        schemes=tuple(SCHEMES[number] for number in chosen),
        cheating_share=float(rng.uniform(0.0, 0.4)),
        intensity_factor=float(np.exp(rng.uniform(np.log(0.3), np.log(3.0)))),
    )


def _second_spec(seed: int) -> PlatformSpec:
    rng = np.random.default_rng([seed, 35_002])
    return PlatformSpec(
        seed=seed,
        operators=int(rng.integers(90, 160)),
        accounts=int(rng.integers(4_000, 7_500)),
        days=int(rng.integers(12, 16)),
        start=FIRST_DAY + timedelta(days=int(rng.integers(0, 300))),
        cheating_share=float(rng.uniform(0.0, 0.4)),
        intensity_factor=float(np.exp(rng.uniform(np.log(0.3), np.log(3.0)))),
    )


def _write(
    lake: Path, truth: Path, parameters: dict[str, Any], simulate: Callable[[Path], object]
) -> None:
    """Simulate with a truth of the simulator's own form, convert that and remove it."""
    refuse_full_folders(lake, truth)
    raw = truth.with_name(truth.name + ".raw")
    try:
        simulate(raw)
        write_common_truth(lake, raw, truth)
        world = json.loads((raw / "world.json").read_text()) | parameters
        (truth / "world.json").write_text(json.dumps(world, indent=1))
    finally:
        shutil.rmtree(raw, ignore_errors=True)
