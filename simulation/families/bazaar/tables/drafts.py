"""Events and labels that the tables are written from."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from simulation.families.bazaar.world import World


@dataclass(frozen=True)
class Drafts:
    """All that is delivered: the world, its events, and labels of its sessions."""

    world: World
    views: SimpleNamespace
    interactions: SimpleNamespace
    orders: SimpleNamespace
    labels: SimpleNamespace

    @property
    def clock(self) -> int:
        """Resolution of the platform's clock in seconds."""
        return int(self.world.parameters["clock"])

    @property
    def counties(self) -> list[str]:
        """Region codes of the counties."""
        return [f"county-{c:02d}" for c in range(self.world.parameters["counties"])]

    def late(self, x: np.ndarray, mean: float = 120) -> np.ndarray:
        """Moments of receipt, some seconds after what happened; -1 stays."""
        delay = self.world.rng.exponential(mean, len(x)).astype(int)
        return np.where(x < 0, -1, x + 5 + delay)
