"""A learned combination of signals: boosted trees over what is comparable between platforms.

It reads ranks among peers, robust deviations, changes from the operator's own level, and summaries
that name no signal (`features/peers/comparison.py`). With a reference it also reads ranks and
deviations among honest entities of other platforms, and can do without peers (ADR-0192). The prior
is one such combination, learned on simulated families of platforms. A platform's own verdicts add
further trees to it (ADR-0062).

Each typology has an ensemble of its own. The score is that of at least one of them (ADR-0020).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from features.catalogue import signals_named
from features.declaration import OPERATOR
from features.peers.comparison import Comparison, compare, input_constraints, peer_width
from features.units import Unit
from training.estimator.log_odds import any_log_odds, sigmoid
from training.estimator.stage import Stage

MIN_ENTITIES = 20  # that are compared with one another; fewer show no peers (ADR-0192)
# Kinds that read a reference only where they have no peers (ADR-0373).
REFERENCE_ALONE = (OPERATOR,)
MAX_COMPARED = 20_000  # entities that show what peers are; of more, every so many
SUMMARIES = "summaries of sparse evidence"


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
        others. None for a prior that has met no night, or only nights with too few entities.
    reference
        Honest entities of simulated platforms; None for trees that do not read it.
    """

    columns: list[str]
    typologies: tuple[str, ...]
    stages: tuple[Stage, ...]
    size_signals: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    peers: Comparison | None = None
    reference: Comparison | None = None

    def rebased_on(self, values: np.ndarray, owner: np.ndarray | None = None) -> Combination:
        """Return the same trees, compared with the entities of a night.

        Too few entities show no peers. The peers that the trees have are then kept; without any the
        reference alone is compared with.

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
        """Inputs of the trees, shape (n, inputs); inputs of peers are unknown without any.

        Raises
        ------
        ValueError
            There are neither peers nor a reference to compare with.
        """
        return self.with_reference(self.peer_inputs(values, owner), values)

    def peer_inputs(self, values: np.ndarray, owner: np.ndarray | None = None) -> np.ndarray:
        """Inputs that compare with peers, shape (n, peer inputs); raises as `inputs`."""
        if self.peers is not None:
            return self.peers.inputs(self._shown(values), owner)
        if self.reference is None:
            raise ValueError("a combination needs peers: call rebased_on first")
        return np.full((len(values), peer_width(signals_named(self.columns))), np.nan)

    def with_reference(self, inputs: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Inputs of peers, and those of the reference where there is one and it is read."""
        if self.reference is None:
            return inputs
        found = self.reference.reference_inputs(self._shown(values))
        if signals_named(self.columns)[0].entity in REFERENCE_ALONE:
            found[np.isfinite(inputs).any(axis=1)] = np.nan
        return np.hstack([inputs, found])

    @property
    def constraints(self) -> dict[str, Any]:
        """LightGBM's parameter for the constraints of the inputs (`input_constraints`)."""
        found = input_constraints(signals_named(self.columns), self.reference is not None)
        return {"monotone_constraints": found}

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
        by_signal, summaries = self._by_signal(push)
        summed = np.array([s.unit is Unit.ANOMALY_SCORE for s in signals_named(self.columns)])
        compared = self.peers or self.reference
        assert compared is not None
        ranks = compared.relative(self._shown(values))[0]
        shares = compared.evidence.shares(np.where(summed, np.nan, ranks))
        unnamed = summaries + by_signal[:, summed].sum(axis=1)
        return np.where(summed, 0.0, by_signal) + shares * unnamed[:, None]

    def _by_signal(self, of_inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums over the inputs of each signal, shape (n, signals), and over summaries, (n,)."""
        signals, peers = len(self.columns), peer_width(signals_named(self.columns))
        at = peers + 2 * signals
        blocks = np.hstack([of_inputs[:, : 3 * signals], of_inputs[:, peers:at]])
        named = blocks.reshape(len(of_inputs), -1, signals).sum(axis=1)
        summaries = of_inputs[:, 3 * signals : peers].sum(axis=1) + of_inputs[:, at:].sum(axis=1)
        return named, summaries

    def gain(self) -> dict[str, float]:
        """Share of the gain of each signal over all its inputs, and of the summaries."""
        whole = np.sum(
            [b.feature_importance("gain") for stage in self.stages for b in stage.boosters], axis=0
        )
        mine, summaries = self._by_signal(whole[None, :].astype(float))
        named = dict(zip(self.columns, mine[0], strict=True))
        named[SUMMARIES] = summaries[0]
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


def any_ensemble(z: np.ndarray) -> np.ndarray:
    """Log-odds of at least one typology, shape (n,), from those of each, (n, typologies)."""
    return z[:, 0] if z.shape[1] == 1 else any_log_odds(z)
