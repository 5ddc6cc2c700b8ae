"""Fitting of bands: from which score something is taken, and how wide intervals have to be.

Clean and inflated entities are different groups, and an interval has to hold on both. Below the
score from which something is taken, an interval begins at nothing false and ends above nearly all
inflated ones. Only the lowest band, with few of the inflated, says that nothing is false
(ADR-0063).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.estimator.share_bands import NOTHING, ShareBands

INFLATED_FROM_SHARE = 0.05  # of a figure; below it rounding and late rows decide
MISSED_SHARE = 0.005  # of inflated entities that may lie in the lowest band
BAND_QUANTILES = (0.15, 0.35, 0.6)  # of inflated entities below the score of taking
HIGH_BAND_QUANTILES = (0.33, 0.67)  # of entities from which something is taken
MAX_MISSED_SHARE = 0.01  # of inflated entities above an interval that begins at nothing
TAIL_SHARE = 0.03  # beyond each end of the other intervals
MIN_BAND_ENTITIES = 40
MIN_BAND_INFLATED = 10  # fewer show no rate of their own
PROBABILITIES = (*np.arange(0.5, 0.95, 0.05).round(2), 0.95, 0.97, 0.99)
MAX_TAKEN_FROM_CLEAN = 0.003  # share of the figures of clean entities, mean over families


@dataclass(frozen=True)
class Predictions:
    """Predictions for entities of families left out, with their truth; all of shape (n,).

    Attributes
    ----------
    score
        What bands are made of.
    share, truth
        Predicted and true false share.
    counted
        The figure as counted.
    family
        Names of families.
    """

    score: np.ndarray
    share: np.ndarray
    truth: np.ndarray
    counted: np.ndarray
    family: np.ndarray

    @property
    def inflated(self) -> np.ndarray:
        """Whether a figure is inflated by enough to be judged."""
        return inflated(self.truth, self.counted)

    @property
    def weight(self) -> np.ndarray:
        """Weights by which each family counts the same."""
        _, at, many = np.unique(self.family, return_inverse=True, return_counts=True)
        return 1.0 / (many[at] * len(many))


def inflated(truth: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Whether at least `INFLATED_FROM_SHARE` and one of each figure are false, shape (n,)."""
    return (truth >= INFLATED_FROM_SHARE) & (truth * counted >= 1.0 - 1e-9)


def taken_from_clean(given: Predictions, taken: np.ndarray) -> float:
    """Share of the figures of clean entities that is taken, mean over families.

    `taken` are shares, shape (n,).
    """
    parts = []
    for name in np.unique(given.family):
        mine = (given.family == name) & (given.truth <= 0.0) & (given.counted > 0)
        if mine.any():
            parts.append(np.average(taken[mine], weights=given.counted[mine]))
    return float(np.mean(parts)) if parts else 0.0


def probability_of_taking(given: Predictions) -> float:
    """The least probability from which so little is taken from clean entities as is allowed.

    At least one half: below it the median of the false share is nothing. The score of `given` is a
    probability.
    """
    for least in PROBABILITIES:
        taken = np.where(given.score >= least, given.share, 0.0)
        if taken_from_clean(given, taken) <= MAX_TAKEN_FROM_CLEAN:
            return float(least)
    return 1.0


def fit_bands(given: Predictions, taken_from: float, split: bool = True) -> ShareBands:
    """Fit the bands of a score.

    Certainty is how often intervals covered that the other families show. Where nothing is taken it
    is the mean of clean and of inflated entities, for it has to be true of both (with few inflated
    ones, of all).

    Parameters
    ----------
    given
        Predictions of families left out.
    taken_from
        Score from which something is taken.
    split
        Whether there is more than one band below it and above; not for totals, which are few.
    """
    weight, bad, below = given.weight, given.inflated, given.score < taken_from
    low_edges = _below_edges(given, taken_from) if split else []
    above = _edges(given.score, weight, ~below, HIGH_BAND_QUANTILES) if split else []
    edges = sorted({*low_edges, taken_from, *above})
    band = np.searchsorted(edges, given.score, side="right")
    rows: list[tuple[float, ...]] = []
    for k in range(len(edges) + 1):
        mine = band == k
        if k == 0 and low_edges:
            rows.append((NOTHING, NOTHING, NOTHING, _held(given, mine, (NOTHING,) * 3)))
        elif k <= len(low_edges):
            many = (mine & bad).sum() >= MIN_BAND_INFLATED
            groups = (mine & bad, mine & ~bad) if many else (mine,)
            rows.append(_band(given, mine, _nothing_taken, groups))
        else:
            rows.append(_band(given, mine, _taken, (mine,)))
    columns = zip(*rows, strict=True)
    return ShareBands(tuple(map(float, edges)), *(tuple(map(float, c)) for c in columns))


COUNT_WEIGHT, MAX_COUNT_RATIO = 0.7, 10.0  # a large session decides more of a total
Offsets = tuple[float, float, float]


def _band(
    given: Predictions,
    mine: np.ndarray,
    offsets: Callable[[Predictions, np.ndarray], Offsets],
    groups: tuple[np.ndarray, ...],
) -> tuple[float, ...]:
    """Offsets of a band and its certainty, the mean over groups of entities.

    The intervals of each family are those that the others show.
    """
    covered, families = np.zeros(len(mine)), np.unique(given.family[mine])
    for name in families:
        out = mine & (given.family == name)
        covered[out] = _holds(
            given, out, offsets(given, mine & ~out if len(families) > 1 else mine)
        )
    weight = given.weight
    found = [np.average(covered[g], weights=weight[g]) for g in groups if g.any()]
    certainty = float(np.mean(found)) if found else 1.0 - 2.0 * TAIL_SHARE
    return (*offsets(given, mine), certainty)


def _nothing_taken(given: Predictions, mine: np.ndarray) -> Offsets:
    """Offsets of an interval that begins at nothing and ends above nearly all inflated ones."""
    false = mine & given.inflated
    if not false.any():
        false = mine & (given.truth > 0.0)
    above = (given.truth - given.share)[false]
    return NOTHING, NOTHING, quantile(above, given.weight[false], 1.0 - MAX_MISSED_SHARE)


def _taken(given: Predictions, mine: np.ndarray) -> Offsets:
    """Offsets of an interval around an estimate that takes something."""
    if not mine.any():
        return NOTHING, 0.0, -NOTHING
    residual, weight = (given.truth - given.share)[mine], given.weight[mine]
    return (
        quantile(residual, weight, TAIL_SHARE),
        0.0,
        quantile(residual, weight, 1.0 - TAIL_SHARE),
    )


def quantile(x: np.ndarray, weight: np.ndarray, at: float) -> float:
    """Weighted quantile; 0 of nothing."""
    if not len(x):
        return 0.0
    order = np.argsort(x, kind="stable")
    mass = np.cumsum(weight[order])
    return float(x[order][min(np.searchsorted(mass, at * mass[-1]), len(x) - 1)])


def _below_edges(given: Predictions, taken_from: float) -> list[float]:
    """Edges below the score of taking; none where few inflated entities lie there.

    Below the first lie `MISSED_SHARE` of all inflated entities.
    """
    weight, bad = given.weight, given.inflated
    mine = bad & (given.score < taken_from)
    if mine.sum() < MIN_BAND_ENTITIES:
        return []
    first = MISSED_SHARE * weight[bad].sum() / weight[mine].sum()
    quantiles = [q for q in (first, *BAND_QUANTILES) if first <= q < 1.0]
    return sorted({e for e in _edges(given.score, weight, mine, quantiles) if e < taken_from})


def _edges(
    score: np.ndarray, weight: np.ndarray, mask: np.ndarray, quantiles: Sequence[float]
) -> list[float]:
    """Quantiles of the scores of a mask, as far as each band keeps enough entities."""
    kept = list(quantiles)[: int(mask.sum()) // MIN_BAND_ENTITIES]
    return [quantile(score[mask], weight[mask], q) for q in kept]


def _held(given: Predictions, mine: np.ndarray, offsets: Offsets) -> float:
    """How often the interval of a band covered the truth; that of a wide one for no entities."""
    if not mine.any():
        return 1.0 - 2.0 * TAIL_SHARE
    return float(np.average(_holds(given, mine, offsets), weights=given.weight[mine]))


def _holds(given: Predictions, mine: np.ndarray, offsets: Offsets) -> np.ndarray:
    """Whether intervals hold the truth within half a count, of the entities of a mask."""
    share, half = given.share[mine], 0.5 / np.maximum(given.counted[mine], 1.0)
    low, middle, high = (np.clip(share + offset, 0.0, 1.0) for offset in offsets)
    truth = given.truth[mine]
    return (np.minimum(low, middle) - half <= truth) & (truth <= np.maximum(high, middle) + half)


def figure_weights(
    family: np.ndarray, world: np.ndarray, counted: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """Weights: families weigh the same, and large sessions of a world more; 0 outside `rows`.

    All have shape (n,); `rows` is a mask.
    """
    counts = pd.Series(np.where(rows, counted, np.nan))
    mean = counts.groupby(world).transform("mean").to_numpy()
    ratio = np.minimum(counts.to_numpy() / np.maximum(mean, 1e-12), MAX_COUNT_RATIO)
    many = pd.Series(rows.astype(float)).groupby(family).transform("sum").to_numpy()
    weight = (1.0 - COUNT_WEIGHT + COUNT_WEIGHT * np.nan_to_num(ratio)) / np.maximum(many, 1.0)
    return np.where(rows, weight * rows.sum() / len(set(family[rows])), 0.0)
