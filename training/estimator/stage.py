"""A stage of a combination: one ensemble of boosted trees a typology."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np

from training.estimator.log_odds import sigmoid
from training.estimator.tree_kernel import Forest, forest_of

OFFSET_VARIANCE = 4.0  # of the log-odds by which a platform differs from the prior
OFFSET_STEPS = 25


@dataclass(frozen=True)
class Stage:
    """One ensemble a typology, whose log-odds are added to those of the stages before.

    Parameters
    ----------
    boosters
        LightGBM's boosters, in the order of the typologies.
    offset
        Log-odds that the stage adds to each typology besides its trees.
    """

    boosters: tuple[lgb.Booster, ...]
    offset: tuple[float, ...]
    forests: tuple[Forest, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "forests", tuple(forest_of(b) for b in self.boosters))

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """Log-odds by the trees, shape (n, typologies), of inputs of shape (n, inputs)."""
        return np.column_stack([f.raw(x)[:, 0] for f in self.forests]) + np.array(self.offset)


def fit_stage(
    inputs: np.ndarray,
    targets: np.ndarray,
    weight: np.ndarray,
    parameters: dict[str, Any],
    rounds: int,
    start: np.ndarray | None = None,
) -> Stage:
    """Fit one booster a typology.

    Parameters
    ----------
    inputs
        Shape (n, inputs).
    targets
        1, 0 or NaN (left out) of each typology, shape (n, typologies). A typology without any
        adds nothing to its start.
    weight
        Weights of the rows, shape (n,).
    parameters, rounds
        LightGBM's parameters and number of rounds.
    start
        Log-odds to which the trees add, shape (n, typologies); None to begin from nothing.
    """
    boosters, offsets = [], []
    for k in range(targets.shape[1]):
        known = np.isfinite(targets[:, k])
        if not known.any():
            boosters.append(_no_trees(inputs.shape[1], parameters))
            offsets.append(0.0)
            continue
        x, y, w = inputs[known], targets[known, k], weight[known]
        begin = np.zeros(len(y)) if start is None else start[known, k]
        offset = _offset(begin, y, w)
        data = lgb.Dataset(x, y, weight=w, init_score=begin + offset)
        boosters.append(lgb.train(parameters, data, num_boost_round=rounds))
        offsets.append(offset)
    return Stage(tuple(boosters), tuple(offsets))


def _no_trees(inputs: int, parameters: dict[str, Any]) -> lgb.Booster:
    """A booster that adds 0 to every row."""
    two = lgb.Dataset(np.zeros((2, inputs)), np.array([0.0, 1.0]), init_score=np.zeros(2))
    return lgb.train(parameters, two, num_boost_round=1)


def _offset(start: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """Log-odds by which the rows differ from their start: one step of shrunk Newton at a time."""
    offset, w = 0.0, weight
    for _ in range(OFFSET_STEPS):
        p = sigmoid(start + offset)
        slope = float((w * (y - p)).sum()) - offset / OFFSET_VARIANCE
        offset += np.clip(slope / (float((w * p * (1 - p)).sum()) + 1.0 / OFFSET_VARIANCE), -2, 2)
    return float(offset)
