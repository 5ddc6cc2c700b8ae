"""Boosted trees over signals and over their deviations from peers.

A model that compares with peers reads deviations and anomaly scores of a peer baseline
(`features/peers/baseline.py`), with or without the raw values. Its peers are entities of the same
night (`Trees.rebased_on`, ADR-0013). Where typologies are learnt apart, each has its own ensemble,
and the score is that of at least one of them (ADR-0020).

Two terms are added to the log-odds of the trees and are not split by them. The anomaly weight
counts signals that are anomaly scores themselves (ADR-0007). The rarity weight counts the tail
score of the rarest signal of each evidence group (ADR-0031). The logit floor keeps trees from
clearing typologies that no verdict showed them (ADR-0034).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import lightgbm as lgb
import numpy as np

from features.catalogue import BY_NAME, signals_named
from features.peers.baseline import PeerBaseline
from features.peers.baseline_fit import MIN_PEERS, fit_trimmed
from features.peers.tail_probability import TailProbabilities
from training.estimator.inputs import anomaly_score_columns, hide_anomaly_scores, model_inputs
from training.estimator.log_odds import any_log_odds, sigmoid
from training.estimator.tree_kernel import Forest, forest_of

ANOMALY_SCORE_INPUTS = "anomaly scores of peers"
MIN_ENTITIES_TO_REBASE = 400  # of a night; fewer are taken only where the night has shifted
MAX_UNSHIFTED_DEVIATION = 1.0  # robust spreads between the medians of two nights
SHIFTED_GAIN_SHARE = 0.1  # of the trees' gain; ADR-0160
TAIL_STEPS_PER_E_FOLD = 64  # tail counts kept within a factor of e


@dataclass(frozen=True)
class Trees:
    """A booster with the signals that it reads and the peers that it compares with.

    Parameters
    ----------
    booster
        LightGBM's booster: one ensemble, or one for honest and one for each typology.
    columns
        Names of the signals, in the order of the values.
    peers
        The peer baseline; None for a model that does not compare.
    typologies
        Typologies with an ensemble each, in order; empty for a single ensemble.
    use_raw_values
        Whether raw values are inputs besides deviations.
    anomaly_weight
        Log-odds added for each point of anomaly score above the peer median. Requires `peers`.
    logit_floor
        Log-odds that each ensemble's trees leave at least; None for no floor.
    rarity_weight
        Log-odds added for each point of tail score of the rarest signal of an evidence group.
        Requires `peers` with tail probabilities.

    Attributes
    ----------
    forest
        The booster's trees as arrays, by which scores are computed.
    """

    booster: lgb.Booster
    columns: list[str]
    peers: PeerBaseline | None = None
    typologies: tuple[str, ...] = ()
    use_raw_values: bool = True
    anomaly_weight: float = 0.0
    logit_floor: float | None = None
    rarity_weight: float = 0.0
    forest: Forest = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "forest", forest_of(self.booster))

    def rebased_on(self, values: np.ndarray) -> Trees:
        """Return the same trees, compared with the entities of another night.

        A night with few entities makes an unsteady baseline. It is used only where the training
        night's baseline does not fit, and never below the minimum of a baseline.

        Parameters
        ----------
        values
            Signals of the night's entities, shape (n, signals).
        """
        if (
            self.peers is None
            or len(values) < MIN_PEERS
            or (len(values) < MIN_ENTITIES_TO_REBASE and not self.has_shifted(values))
        ):
            return self
        peers = fit_trimmed(
            signals_named(self.columns), values, self.peers.size_signal, self.rarity_weight > 0.0
        )
        tails = peers.tails and thin_tail_counts(peers.tails)
        return replace(self, peers=replace(peers, tails=tails))

    def has_shifted(self, values: np.ndarray) -> bool:
        """Test for covariate shift against the training night (ADR-0160).

        The night has shifted when a tenth of the trees' gain lies on signals whose median deviates
        by more than one spread. `values` has shape (n, signals).
        """
        if self.peers is None or not len(values):
            return False
        deviations, gain = self.peers.deviations(values), self.gain()
        known = np.isfinite(deviations).any(axis=0)
        share = np.array([gain[c] for c in self.columns])[known]
        shifted = np.abs(np.nanmedian(deviations[:, known], axis=0)) > MAX_UNSHIFTED_DEVIATION
        return bool(share[shifted].sum() > SHIFTED_GAIN_SHARE * share.sum())

    def inputs(self, values: np.ndarray) -> np.ndarray:
        """Inputs of the booster, from signals of shape (n, signals) in the order of `columns`."""
        return model_inputs(values, self.peers, self.use_raw_values)

    def raw(self, values: np.ndarray, rounds: int | None = None) -> np.ndarray:
        """Log-odds before calibration, shape (n,); by the first `rounds` of the trees if given."""
        z = self._floored(self._by_trees(self.inputs(values), rounds)) + self._per_ensemble(
            self._added(values)
        )
        return z[:, 0] if z.shape[1] == 1 else any_log_odds(z)

    def _by_trees(self, x: np.ndarray, rounds: int | None = None) -> np.ndarray:
        """Log-odds of each ensemble by its trees on the inputs `x`, shape (n, ensembles)."""
        found = self.forest.raw(x, rounds)
        return found[:, 1:] if found.shape[1] > 1 else found

    def _floored(self, found: np.ndarray) -> np.ndarray:
        """Log-odds no lower than the floor, reached smoothly so that cleared rows keep an order."""
        return found if self.logit_floor is None else np.logaddexp(found, self.logit_floor)

    def _added(self, values: np.ndarray) -> np.ndarray | None:
        """Log-odds that anomaly and rarity add for each signal, shape (n, signals), or None."""
        if self.peers is None or not (self.anomaly_weight or self.rarity_weight):
            return None
        # one memory layout whatever that of `values`: sums of rows are then equal to the last bit
        added = np.zeros(values.shape)
        if self.anomaly_weight:
            beyond = np.where(
                anomaly_score_columns(tuple(self.columns)), values - self.peers.medians(values), 0.0
            )
            added += self.anomaly_weight * np.nan_to_num(np.clip(beyond, 0.0, None))
        if self.rarity_weight:
            if self.peers.tails is None:
                raise ValueError(
                    f"a rarity weight of {self.rarity_weight} needs tail probabilities, "
                    "and the peer baseline has none: fit it with them"
                )
            added += self.rarity_weight * self.peers.evidence_groups.strongest(
                self.peers.tails.scores(values)
            )
        return added

    def _per_ensemble(self, added: np.ndarray | None) -> np.ndarray | float:
        """Added log-odds of each ensemble, shape (n, ensembles): of its typology's signals."""
        if added is None:
            return 0.0
        kind = np.array([BY_NAME[c].typology for c in self.columns])
        return np.column_stack(
            [
                added[:, kind == t].sum(axis=1) if t else added.sum(axis=1)
                for t in self.typologies or ("",)
            ]
        )

    def typology_shares(self, values: np.ndarray) -> np.ndarray:
        """Probability of each typology over that of any, shape (n, typologies).

        Rows add up to 1, or to more where several are likely. The logit floor is left out, because
        it speaks for no typology.
        """
        z = self._by_trees(self.inputs(values)) + self._per_ensemble(self._added(values))
        return sigmoid(z) / sigmoid(any_log_odds(z))[:, None]

    def contributions(self, values: np.ndarray, threads: int = 2) -> np.ndarray:
        """SHAP values of each signal (Lundberg et al. 2020), shape (n, signals).

        A signal's deviation counts with it, and an anomaly score with the signals that make it up.
        Each of several ensembles counts by the derivative of the log-odds of any, p / P(any). Where
        the floor holds, trees count by the derivative that the floor leaves.
        """
        x, added = self.inputs(values), self._added(values)
        shap = np.asarray(self.booster.predict(x, pred_contrib=True, num_threads=threads)).reshape(
            len(values), -1, x.shape[1] + 1
        )
        shap = shap[:, :, :-1]
        several = shap.shape[1] > 1
        shap = shap[:, 1:] if several else shap
        # otherwise the trees need not be walked again, which every check of a session would pay for
        if several or self.logit_floor is not None:
            found = self._by_trees(x)
            z = self._floored(found) + self._per_ensemble(added)
            share = sigmoid(z) / sigmoid(any_log_odds(z))[:, None] if several else np.ones(z.shape)
            left = 1.0 if self.logit_floor is None else sigmoid(found - self.logit_floor)
            push = (shap * (share * left)[:, :, None]).sum(axis=1)
        else:
            push = shap[:, 0]
        if self.peers is None:
            return push
        k = len(self.columns)
        first = k if self.use_raw_values else 0
        out, made = (
            self.peers.anomaly_score_parts(
                self.peers.deviations(hide_anomaly_scores(values, self.peers))
            ),
            push[:, first + k :],
        )
        parts = push[:, first : first + k] + (out * made[:, :, None]).sum(axis=1)
        parts += push[:, :k] if self.use_raw_values else 0.0
        return parts if added is None else parts + added

    def gain(self) -> dict[str, float]:
        """Share of the gain of each signal with its deviation, and of all anomaly-score inputs."""
        gain = self.booster.feature_importance("gain")
        k = len(self.columns)
        blocks = 1 if self.peers is None else 1 + self.use_raw_values
        mine = gain[: blocks * k].reshape(blocks, k).sum(axis=0)
        named = dict(zip(self.columns, mine, strict=True)) | (
            {ANOMALY_SCORE_INPUTS: gain[blocks * k :].sum()} if self.peers is not None else {}
        )
        return {name: float(value / max(gain.sum(), 1e-12)) for name, value in named.items()}


def thin_tail_counts(whole: TailProbabilities) -> TailProbabilities:
    """Tail probabilities of a night in few steps, because a night publishes them.

    Of counts within 1 / `TAIL_STEPS_PER_E_FOLD` of each other the most extreme value is kept. Tail
    scores rise by less than that step.
    """
    kept = [
        np.append(True, np.diff(np.floor(np.log(n) * TAIL_STEPS_PER_E_FOLD)) > 0)
        if len(n)
        else np.zeros(0, dtype=bool)
        for n in whole.tail_counts
    ]
    return replace(
        whole,
        values=tuple(v[k] for v, k in zip(whole.values, kept, strict=True)),
        tail_counts=tuple(n[k] for n, k in zip(whole.tail_counts, kept, strict=True)),
    )
