"""How rare a value is among all of its night, by its rank alone.

Spreads mean little where nearly everybody has the same value: of a payer with one buyer, two are then as far out as anything. Of orders most
signals are so, and most orders of a shop share theirs. What is told is the share of orders that lie as far out or further, half of those
that tie; what more than three in ten have adds nothing, for of sixty signals everybody has something that half do not.

Source: sums of logarithms of empirical tail probabilities (Li, Zhao, Hu, Botta, Ionescu and Chen, ECOD, TKDE 2022), here on the
suspicious side alone, and from where they are small.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from features.catalogue import BY_NAME

COMMON = 0.3  # share of all from which as much is common


def rarities(columns: list[str], values: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
    """-log of the share that lies as far out on the suspicious side, less that of `COMMON`: shape (n, signals), at least 0.

    `values`: float64 of shape (n, signals); `among`: of those they are ranked among (None: these). 0 where a value is unknown or its
    signal has no suspicious side.
    """
    out = np.zeros(values.shape)
    for j, name in enumerate(columns):
        known, side = np.isfinite(values[:, j]), BY_NAME[name].direction
        others = values[known, j] if among is None else among[np.isfinite(among[:, j]), j]
        if side and known.any() and len(others):
            share = (rankdata(-others * side) if among is None else _ranks(-values[known, j] * side, -others * side)) / len(others)
            out[known, j] = np.clip(np.log(COMMON / share), 0.0, None)
    return out


def _ranks(x: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Rank of each among others, half of those that tie before it, as `rankdata` gives it to one of them."""
    ordered = np.sort(others)
    return (np.searchsorted(ordered, x, "left") + np.searchsorted(ordered, x, "right") + 1) / 2
