"""Parameters of a world of county markets, drawn per seed."""

from __future__ import annotations

from typing import Any

import numpy as np


def draw_parameters(rng: np.random.Generator) -> dict[str, Any]:
    """Shares of cheats, intensity, evasion, verdicts, clock and missing values of a world."""
    return {
        "cheat_share": rng.uniform(0.05, 0.30),
        "intensity": np.exp(rng.normal(0, 0.45)),
        "evasion": rng.uniform(0.1, 0.9),
        "verdicts": int(rng.integers(44, 286)),
        "wrong": rng.uniform(0, 0.08),
        "audited": rng.uniform(0.1, 0.45),
        "clock": int(rng.choice([1, 60], p=[0.65, 0.35])),
        "no_device": rng.uniform(0, 0.6) * (rng.random() < 0.75),
        "no_leave": rng.uniform(0, 0.02),
        "counties": int(rng.integers(8, 20)),
        "nat": int(rng.integers(5, 40)),
        "shared_phone": rng.uniform(0.03, 0.2),
        "mobile": rng.uniform(0.45, 0.85),
        "victims": rng.uniform(0.01, 0.06),
        "returns": rng.uniform(0.6, 1.6),
        "likes": np.exp(rng.normal(0, 0.3)),
        "tail_days": int(rng.integers(3, 9)),
    }
