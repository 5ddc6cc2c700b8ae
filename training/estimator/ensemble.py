"""Trees over signals, and over how far they lie from peers: what a released model computes, in one place.

The inputs are the signals themselves, or, for a model that compares with peers, their departures and deviances
(`features/peers/baseline.py`), with or without the values themselves. Peers are those of the same night (`among`): a platform where
people stay half as long, or where all of them swipe, is its own yardstick. Where typologies are learnt apart there is one ensemble for each (one against all), and the score is
that of at least one of them holding: an entity is suspicious when any one scheme explains it.

What signals say that are deviances themselves (`features/signals/peer_deviation.py`) is no input of the trees: it is added to their log-odds, so much for each
point beyond peers (`lean`). Trees would cut it where their few verdicts do, and on another platform the cuts lie elsewhere.

Signals of orders mostly tie, so that a deviance of theirs is how rare they are among tonight's (`features/peers/tail_probability.py`). A model may add so
much for each point of the rarest signal of every fact (`rare`).

Trees clear an entity by the schemes that verdicts showed them. Of one that nobody has judged yet they know nothing, so a model may
hold a `doubt`: log-odds below which no ensemble's fall by its trees, before deviances, which need no verdict, are added.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import lightgbm as lgb
import numpy as np

from features.catalogue import BY_NAME, signals_named
from features.declaration import POINTS
from features.peers.baseline import PeerBaseline
from features.peers.baseline_fit import MIN_PEERS, fit_trimmed
from features.peers.tail_probability import TailProbabilities
from training.estimator.tree_kernel import Forest, forest_of

DEVIANCE = "deviance from peers"
PLENTY = 400  # entities of a night from which they are a yardstick wherever they are
UNLIKE = 0.1  # share of the gain on signals that are usually elsewhere from which a night is unlike the training night
STEPS = 64  # of ranks within a factor of e that a night tells apart
FURTHEST = 4.0  # logarithm of one and the spreads beyond which departures are alike: some fifty


@dataclass(frozen=True)
class Trees:
    """A booster with the signals it reads, in order, and the peers it compares with (None: it does not).

    `own`: whether it reads the values themselves too, where there are peers. `typologies`: what its ensembles were taught apart, in their order; none where there is but one ensemble.
    `lean`: log-odds for each point by which deviances among the signals lie beyond their peers'; it needs peers. `doubt`: log-odds that
    each ensemble's trees leave at least (None: they clear as far as they like). `rare`: log-odds for each point by which the rarest signal of
    each fact is rare among the peers, which then have ranks. `forest`: the booster's trees, by which scores are worked out.
    """

    booster: lgb.Booster
    columns: list[str]
    peers: PeerBaseline | None = None
    typologies: tuple[str, ...] = ()
    own: bool = True
    lean: float = 0.0
    doubt: float | None = None
    rare: float = 0.0
    forest: Forest = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "forest", forest_of(self.booster))

    def among(self, values: np.ndarray) -> Trees:
        """The same trees, compared with the entities that `values` describe, shape (n, signals): with tonight's instead of those of the
        training night. Few of them are a shaky yardstick, taken only where the training night's does not fit; fewer are none at all,
        and a model without peers needs none.
        """
        if (
            self.peers is None
            or len(values) < MIN_PEERS
            or (len(values) < PLENTY and not self.unlike(values))
        ):
            return self
        peers = fit_trimmed(
            signals_named(self.columns), values, self.peers.size_signal, self.rare > 0.0
        )
        return replace(self, peers=replace(peers, tails=peers.tails and in_steps(peers.tails)))

    def unlike(self, values: np.ndarray) -> bool:
        """Whether the entities that `values` describe are not those that the trees know: a tenth of what they go by (gain) lies on signals
        whose usual value is more than one spread from that of the training night's peers. Between seeds of one simulator none does.
        """
        if self.peers is None or not len(values):
            return False
        away, gain = self.peers.deviations(values), self.gain()
        known = np.isfinite(away).any(axis=0)
        share = np.array([gain[c] for c in self.columns])[known]
        far = np.abs(np.nanmedian(away[:, known], axis=0)) > 1.0
        return bool(share[far].sum() > UNLIKE * share.sum())

    def inputs(self, values: np.ndarray) -> np.ndarray:
        """What the booster reads, from signals of shape (n, signals) in the order of `columns`."""
        return inputs(values, self.peers, self.own)

    def raw(self, values: np.ndarray, rounds: int | None = None) -> np.ndarray:
        """Log-odds before calibration, shape (n,); by the first `rounds` of its trees where they are named."""
        z = self._doubted(self._by_trees(self.inputs(values), rounds)) + self._leant(
            self._added(values)
        )
        return z[:, 0] if z.shape[1] == 1 else _any(z)

    def _by_trees(self, x: np.ndarray, rounds: int | None = None) -> np.ndarray:
        """Log-odds of each ensemble by its trees on the inputs `x`, shape (n, ensembles)."""
        found = self.forest.raw(x, rounds)
        return found[:, 1:] if found.shape[1] > 1 else found

    def _doubted(self, found: np.ndarray) -> np.ndarray:
        """The same, no lower than the doubt. It bends into it, so that what trees clear keeps its order."""
        return found if self.doubt is None else np.logaddexp(found, self.doubt)

    def _added(self, values: np.ndarray) -> np.ndarray | None:
        """Log-odds that are added for each signal that is a deviance itself, or the rarest of a fact, shape (n, signals); None where nothing is."""
        if self.peers is None or not (self.lean or self.rare):
            return None
        added = np.zeros(
            values.shape
        )  # row by row whatever the order of `values`, so that sums come out to the last bit
        if self.lean:
            beyond = np.where(
                deviances(tuple(self.columns)), values - self.peers.medians(values), 0.0
            )
            added += self.lean * np.nan_to_num(np.clip(beyond, 0.0, None))
        if self.rare:
            if self.peers.tails is None:
                raise ValueError(
                    f"a model adds {self.rare} for each point of what is rare, and its peers have no ranks: settle them with ranks"
                )
            added += self.rare * self.peers.evidence_groups.strongest(
                self.peers.tails.scores(values)
            )
        return added

    def _leant(self, added: np.ndarray | None) -> np.ndarray | float:
        """The same for each ensemble, shape (n, ensembles)."""
        if added is None:
            return 0.0
        kind = np.array([BY_NAME[c].typology for c in self.columns])
        return np.column_stack(
            [
                added[:, kind == t].sum(axis=1) if t else added.sum(axis=1)
                for t in self.typologies or ("",)
            ]
        )

    def shares(self, values: np.ndarray) -> np.ndarray:
        """Probability of each typology over that of any, shape (n, typologies): rows add up to 1 or, where several are likely, more.

        Without the doubt, which speaks for none of them.
        """
        z = self._by_trees(self.inputs(values)) + self._leant(self._added(values))
        return sigmoid(z) / sigmoid(_any(z))[:, None]

    def contributions(self, values: np.ndarray, threads: int = 2) -> np.ndarray:
        """SHAP values of each signal (Lundberg et al. 2020), shape (n, signals).

        A signal's departure counts with it, and a deviance with the signals that make it up. Of several ensembles each counts
        by its share in the score: the derivative of the log-odds of any with respect to its own is p / P(any). Where trees clear further
        than the doubt lets them, they count by the part of their log-odds that is left: the derivative there.
        """
        x, added = self.inputs(values), self._added(values)
        shap = np.asarray(self.booster.predict(x, pred_contrib=True, num_threads=threads)).reshape(
            len(values), -1, x.shape[1] + 1
        )
        shap = shap[:, :, :-1]
        several = shap.shape[1] > 1
        shap = shap[:, 1:] if several else shap
        if (
            several or self.doubt is not None
        ):  # else the trees need not be asked again, as for every check of a running session
            found = self._by_trees(x)
            z = self._doubted(found) + self._leant(added)
            share = sigmoid(z) / sigmoid(_any(z))[:, None] if several else np.ones(z.shape)
            left = 1.0 if self.doubt is None else sigmoid(found - self.doubt)
            push = (shap * (share * left)[:, :, None]).sum(axis=1)
        else:
            push = shap[:, 0]
        if self.peers is None:
            return push
        k = len(self.columns)
        first = k if self.own else 0
        out, made = (
            self.peers.anomaly_score_parts(
                self.peers.deviations(_unknown_to_trees(values, self.peers))
            ),
            push[:, first + k :],
        )
        parts = push[:, first : first + k] + (out * made[:, :, None]).sum(axis=1)
        parts += push[:, :k] if self.own else 0.0
        return parts if added is None else parts + added

    def gain(self) -> dict[str, float]:
        """Share of the gain of each signal, its departure counted with it; the deviances together."""
        gain = self.booster.feature_importance("gain")
        k = len(self.columns)
        blocks = 1 if self.peers is None else 1 + self.own
        mine = gain[: blocks * k].reshape(blocks, k).sum(axis=0)
        named = dict(zip(self.columns, mine, strict=True)) | (
            {DEVIANCE: gain[blocks * k :].sum()} if self.peers is not None else {}
        )
        return {name: float(value / max(gain.sum(), 1e-12)) for name, value in named.items()}


def in_steps(whole: TailProbabilities) -> TailProbabilities:
    """Ranks of a night in few steps, for it publishes them and may have a million orders: of values whose counts are alike to one in
    `STEPS` the furthest is kept. Rarities rise by less than 1 / `STEPS` by it.
    """
    kept = [
        np.append(True, np.diff(np.floor(np.log(n) * STEPS)) > 0)
        if len(n)
        else np.zeros(0, dtype=bool)
        for n in whole.tail_counts
    ]
    return replace(
        whole,
        values=tuple(v[k] for v, k in zip(whole.values, kept, strict=True)),
        tail_counts=tuple(n[k] for n, k in zip(whole.tail_counts, kept, strict=True)),
    )


def inputs(values: np.ndarray, peers: PeerBaseline | None, own: bool = True) -> np.ndarray:
    """What trees read of signals of shape (n, signals): departures and deviances where there are peers, values where there are none or `own`.

    Signals that are deviances themselves are unknown to them. PeerBaseline enter by their logarithm, and beyond `FURTHEST` all are alike:
    how far a share lies out where nearly all have none says more of the peers than of it.
    """
    if peers is None:
        return values
    values = _unknown_to_trees(values, peers)
    departed = peers.deviations(values)
    logs = np.clip(np.sign(departed) * np.log1p(np.abs(departed)), -FURTHEST, FURTHEST)
    return np.hstack([*([values] if own else []), logs, peers.anomaly_scores(departed)])


def _unknown_to_trees(values: np.ndarray, peers: PeerBaseline) -> np.ndarray:
    """Signals of shape (n, signals) without those that are deviances themselves."""
    mine = deviances(peers.columns)
    return np.where(mine, np.nan, values) if mine.any() else values


@cache
def deviances(columns: tuple[str, ...]) -> np.ndarray:
    """Which signals are deviances themselves, shape (signals,), read-only: every check of a running session asks."""
    found = np.array([BY_NAME[c].unit == POINTS for c in columns], dtype=bool)
    found.flags.writeable = False
    return found


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))


def _any(z: np.ndarray) -> np.ndarray:
    """Log-odds that at least one holds, from independent log-odds of shape (n, ensembles)."""
    none = -np.logaddexp(0.0, z).sum(axis=1)  # log of the probability that none does
    return np.log(-np.expm1(np.minimum(none, -1e-300))) - none
