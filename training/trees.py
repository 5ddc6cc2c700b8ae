"""Trees over signals, and over how far they lie from peers: what a released model computes, in one place.

The inputs are the signals themselves and, for a model that compares with peers, their departures and deviances
(`features/departures.py`). Where typologies are learnt apart there is one ensemble for each (one against all), and the score is
that of at least one of them holding: an entity is suspicious when any one scheme explains it.
"""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from features.departures import Departures

DEVIANCE = "deviance from peers"


@dataclass(frozen=True)
class Trees:
    """A booster with the signals it reads, in order, and the peers it compares with (None: it does not).

    `typologies`: what its ensembles were taught apart, in their order; none where there is but one ensemble.
    """

    booster: lgb.Booster
    columns: list[str]
    peers: Departures | None = None
    typologies: tuple[str, ...] = ()

    def inputs(self, values: np.ndarray) -> np.ndarray:
        """What the booster reads, from signals of shape (n, signals) in the order of `columns`."""
        return inputs(values, self.peers)

    def raw(self, values: np.ndarray, threads: int = 2, rounds: int | None = None) -> np.ndarray:
        """Log-odds before calibration, shape (n,); by the first `rounds` of its trees where they are named."""
        found = np.asarray(self.booster.predict(self.inputs(values), raw_score=True, num_threads=threads, num_iteration=rounds))
        return found if found.ndim == 1 else _any(found[:, 1:])

    def shares(self, values: np.ndarray, threads: int = 2) -> np.ndarray:
        """Probability of each typology over that of any, shape (n, typologies): rows add up to 1 or, where several are likely, more."""
        z = np.asarray(self.booster.predict(self.inputs(values), raw_score=True, num_threads=threads)).reshape(len(values), -1)[:, 1:]
        return sigmoid(z) / sigmoid(_any(z))[:, None]

    def contributions(self, values: np.ndarray, threads: int = 2) -> np.ndarray:
        """SHAP values of each signal (Lundberg et al. 2020), shape (n, signals).

        A signal's departure counts with it, and a deviance with the signals that make it up. Of several ensembles each counts
        by its share in the score: the derivative of the log-odds of any with respect to its own is p / P(any).
        """
        x = self.inputs(values)
        shap = np.asarray(self.booster.predict(x, pred_contrib=True, num_threads=threads)).reshape(len(values), -1, x.shape[1] + 1)
        shap = shap[:, :, :-1]
        if shap.shape[1] > 1:
            z = np.asarray(self.booster.predict(x, raw_score=True, num_threads=threads))[:, 1:]
            share = sigmoid(z) / sigmoid(_any(z))[:, None]
            push = (shap[:, 1:] * share[:, :, None]).sum(axis=1)
        else:
            push = shap[:, 0]
        if self.peers is None:
            return push
        k = len(self.columns)
        out, made = self.peers.deviance_parts(self.peers.of(values)), push[:, 2 * k :]
        return push[:, :k] + push[:, k : 2 * k] + (out * made[:, :, None]).sum(axis=1)

    def gain(self) -> dict[str, float]:
        """Share of the gain of each signal, its departure counted with it; the deviances together."""
        gain = self.booster.feature_importance("gain")
        k = len(self.columns)
        mine = gain[:k] + (gain[k : 2 * k] if self.peers is not None else 0.0)
        named = dict(zip(self.columns, mine, strict=True)) | ({DEVIANCE: gain[2 * k :].sum()} if self.peers is not None else {})
        return {name: float(value / max(gain.sum(), 1e-12)) for name, value in named.items()}


def inputs(values: np.ndarray, peers: Departures | None) -> np.ndarray:
    """Signals of shape (n, signals), their departures and deviances beside them where there are peers."""
    if peers is None:
        return values
    departed = peers.of(values)
    return np.hstack([values, np.sign(departed) * np.log1p(np.abs(departed)), peers.deviances(departed)])


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))


def _any(z: np.ndarray) -> np.ndarray:
    """Log-odds that at least one holds, from independent log-odds of shape (n, ensembles)."""
    none = -np.logaddexp(0.0, z).sum(axis=1)  # log of the probability that none does
    return np.log(-np.expm1(np.minimum(none, -1e-300))) - none
