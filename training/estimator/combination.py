"""A learned combination of signals: boosted trees over what is comparable between platforms.

It reads ranks among peers, robust deviations, changes from the operator's own level, and summaries
that name no signal (`features/peers/comparison.py`). The prior is one such combination, learned on
simulated families of platforms. A platform's own verdicts add further trees to it (ADR-0062).

Each typology has an ensemble of its own. The score is that of at least one of them (ADR-0020).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import lightgbm as lgb
import numpy as np

from features.catalogue import signals_named
from features.peers.comparison import Comparison, compare, input_constraints
from features.units import Unit
from training.estimator.log_odds import any_log_odds, sigmoid
from training.estimator.tree_kernel import Forest, forest_of

MIN_ENTITIES = 30  # that are compared with one another; fewer show no peers
MAX_COMPARED = 20_000  # entities that show what peers are; of more, every so many
OFFSET_VARIANCE = 4.0  # of the log-odds by which a platform differs from the prior
OFFSET_STEPS = 25
SUMMARIES = "summaries of sparse evidence"


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


@dataclass(frozen=True)
class Combination:
    """Stages of trees with the signals that they read and the peers that they compare with.

    Parameters
    ----------
    columns
        Names of the signals, in the order of the values.
    typologies
        Typologies with an ensemble each, in order; one for a single ensemble.
    stages
        The prior's trees, and those of a platform's own verdicts.
    size_signals
        Signals by which peers are of a like size; the first that is known is used.
    hidden
        Signals that are taken for unknown, as those of graphs are by the no-graph control.
    peers
        The entities compared with: those of the newest training night, until `rebased_on` gives
        others. None for a prior that has met no night.
    """

    columns: list[str]
    typologies: tuple[str, ...]
    stages: tuple[Stage, ...]
    size_signals: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    peers: Comparison | None = None

    def rebased_on(self, values: np.ndarray, owner: np.ndarray | None = None) -> Combination:
        """Return the same trees, compared with the entities of a night.

        Too few entities show no peers. The peers that the trees have are then kept.

        Parameters
        ----------
        values
            Signals of the night's entities, shape (n, signals).
        owner
            Operator of each, shape (n,); None where entities have no operator.
        """
        if len(values) < MIN_ENTITIES:
            return self
        step = max(1, len(values) // MAX_COMPARED)
        few = None if owner is None else owner[::step]
        signals = signals_named(self.columns)
        some = self._shown(values[::step])
        return replace(self, peers=compare(signals, some, self.size_signals, few))

    def inputs(self, values: np.ndarray, owner: np.ndarray | None = None) -> np.ndarray:
        """Inputs of the trees, shape (n, inputs).

        Raises
        ------
        ValueError
            There are no peers to compare with.
        """
        if self.peers is None:
            raise ValueError("a combination needs peers: call rebased_on first")
        return self.peers.inputs(self._shown(values), owner)

    @property
    def constraints(self) -> dict[str, Any]:
        """LightGBM's parameter for the constraints of the inputs (`input_constraints`)."""
        return {"monotone_constraints": input_constraints(signals_named(self.columns))}

    def log_odds(self, values: np.ndarray, owner: np.ndarray | None = None) -> np.ndarray:
        """Log-odds of each typology, shape (n, typologies)."""
        return self.log_odds_of(self.inputs(values, owner))

    def raw(self, values: np.ndarray, owner: np.ndarray | None = None) -> np.ndarray:
        """Log-odds before calibration, shape (n,)."""
        return any_ensemble(self.log_odds(values, owner))

    def typology_shares(self, values: np.ndarray, owner: np.ndarray | None = None) -> np.ndarray:
        """Probability of each typology over that of any, shape (n, typologies)."""
        z = self.log_odds(values, owner)
        return sigmoid(z) / sigmoid(any_ensemble(z))[:, None]

    def contributions(
        self, values: np.ndarray, owner: np.ndarray | None = None, threads: int = 2
    ) -> np.ndarray:
        """SHAP values of each signal (Lundberg et al. 2020), shape (n, signals).

        Rank, deviation and change of a signal count together. Summaries and anomaly scores count
        with the signals that stand out, because they name none. Each of several ensembles counts by
        the derivative of the log-odds of any.
        """
        x = self.inputs(values, owner)
        z = self.log_odds_of(x)
        weight = sigmoid(z) / sigmoid(any_ensemble(z))[:, None]
        push = np.zeros(x.shape)
        for stage in self.stages:
            for k, booster in enumerate(stage.boosters):
                shap = np.asarray(booster.predict(x, pred_contrib=True, num_threads=threads))
                push += weight[:, k, None] * shap[:, :-1]
        signals = len(self.columns)
        by_signal = push[:, : 3 * signals].reshape(len(x), 3, signals).sum(axis=1)
        assert self.peers is not None
        summed = np.array([s.unit is Unit.ANOMALY_SCORE for s in signals_named(self.columns)])
        shares = self.peers.evidence.shares(np.where(summed, np.nan, x[:, :signals]))
        unnamed = push[:, 3 * signals :].sum(axis=1) + by_signal[:, summed].sum(axis=1)
        return np.where(summed, 0.0, by_signal) + shares * unnamed[:, None]

    def gain(self) -> dict[str, float]:
        """Share of the gain of each signal over all its inputs, and of the summaries."""
        whole = np.sum(
            [b.feature_importance("gain") for stage in self.stages for b in stage.boosters], axis=0
        )
        signals = len(self.columns)
        mine = whole[: 3 * signals].reshape(3, signals).sum(axis=0)
        named = dict(zip(self.columns, mine, strict=True))
        named[SUMMARIES] = whole[3 * signals :].sum()
        return {name: float(g / max(whole.sum(), 1e-12)) for name, g in named.items()}

    def _shown(self, values: np.ndarray) -> np.ndarray:
        """Values with those of hidden signals unknown."""
        if not self.hidden:
            return values
        return np.where([c in self.hidden for c in self.columns], np.nan, values)

    def log_odds_of(self, x: np.ndarray) -> np.ndarray:
        """Log-odds of each typology, shape (n, typologies), of inputs of shape (n, inputs)."""
        z = np.zeros((len(x), len(self.typologies)))
        for stage in self.stages:
            z += stage.log_odds(x)
        return z


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


def any_ensemble(z: np.ndarray) -> np.ndarray:
    """Log-odds of at least one typology, shape (n,), from those of each, (n, typologies)."""
    return z[:, 0] if z.shape[1] == 1 else any_log_odds(z)
