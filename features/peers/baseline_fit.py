"""Fitting a peer baseline: strata of size, medians, quantile spreads, trimming.

References
----------
Rousseeuw and Van Driessen, Technometrics 1999: trimming and fitting again, as in concentration
steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.declaration import Signal
from features.peers.baseline import PeerBaseline
from features.peers.shrinkage import fit_shrinkage

STRATA = 5
MIN_PER_STRATUM = 30  # known values; with fewer all strata are peers
MIN_PEERS = MIN_PER_STRATUM * STRATA  # entities; fewer are no baseline for one another
TRIMMED_SHARE = 0.1  # of the peers, those with the highest scores, left out in each round
TRIMMING_ROUNDS = 3
MIN_SPREAD_FRACTION = 0.05  # of the standard deviation: a signal with one value has a spread too
# Of a count that most entities have none of: one row more than its peers is one spread (ADR-0370).
MIN_COUNT_SPREAD_ROWS = 1.0
# Quantile and normal spreads to it; a few cheats in a hundred do not widen the 95th.
UPPER_QUANTILES = ((0.75, 0.6745), (0.90, 1.2816), (0.95, 2.0563))
LOWER_QUANTILES = ((0.25, 0.6745), (0.10, 1.2816))
QUANTILES = [q for q, _ in UPPER_QUANTILES + LOWER_QUANTILES]


def fit(signals: Sequence[Signal], values: np.ndarray, size_signal: str | None) -> PeerBaseline:
    """Fit the baseline of entities as they come, honest or not.

    Parameters
    ----------
    signals
        The signals, in the order of the columns.
    values
        float64, shape (entities, signals); NaN is unknown.
    size_signal
        Name of the signal that tells sizes apart; one stratum where it is None or not there.
    """
    columns = [s.name for s in signals]
    sized = size_signal is not None and size_signal in columns
    sizes = np.nan_to_num(values[:, columns.index(size_signal)]) if sized and size_signal else None
    edges = (
        np.unique(np.quantile(sizes, np.arange(1, STRATA) / STRATA))
        if sizes is not None and len(sizes)
        else np.zeros(0)
    )
    stratum = (
        np.searchsorted(edges, sizes, side="right")
        if sizes is not None
        else np.zeros(len(values), dtype=np.int64)
    )
    shape = (len(edges) + 1, len(columns))
    median, compared_median, upper, lower = (np.full(shape, np.nan) for _ in range(4))
    shrinkage = fit_shrinkage(signals, values)
    compared = np.asfortranarray(shrinkage.apply(values))
    for j in range(len(columns)):
        x = compared[:, j]
        known = np.isfinite(x)
        if not known.any():
            continue
        floor = MIN_SPREAD_FRACTION * x[known].std() + 1e-9
        if signals[j].without_rows is not None:
            floor = max(floor, MIN_COUNT_SPREAD_ROWS)
        for k in range(shape[0]):
            some = known & (stratum == k)
            some = some if some.sum() >= MIN_PER_STRATUM else known
            ordered = np.sort(x[some])  # once: six times as fast as selecting each quantile
            middle = _median(ordered)
            compared_median[k, j] = middle
            median[k, j] = np.median(values[some, j]) if shrinkage.changes(j) else middle
            at = dict(zip(QUANTILES, _quantiles(ordered), strict=True))
            upper[k, j] = max(floor, *((at[q] - middle) / s for q, s in UPPER_QUANTILES))
            lower[k, j] = max(floor, *((middle - at[q]) / s for q, s in LOWER_QUANTILES))
    return PeerBaseline(
        tuple(signals),
        size_signal if sizes is not None else None,
        edges,
        median,
        compared_median,
        upper,
        lower,
        shrinkage,
    )


def fit_trimmed(
    signals: Sequence[Signal], values: np.ndarray, size_signal: str | None
) -> PeerBaseline:
    """Fit the baseline again without the entities that deviate most (ADR-0014).

    Otherwise a scheme that one entity in ten uses hides itself: it widens the spread by which it
    would stand out. The parameters are those of `fit`.
    """
    found = fit(signals, values, size_signal)
    for _ in range(TRIMMING_ROUNDS if len(values) else 0):
        total = found.total_score(found.deviations(values))
        kept = total <= np.quantile(total, 1.0 - TRIMMED_SHARE)
        found = fit(signals, values[kept], size_signal)
    return found


def _median(ordered: np.ndarray) -> float:
    """Median of sorted values."""
    return float(ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1].mean())


def _quantiles(ordered: np.ndarray) -> np.ndarray:
    """`QUANTILES` of sorted values, by numpy's linear rule and to its last bit."""
    at = (len(ordered) - 1) * np.array(QUANTILES)
    low = at.astype(np.int64)
    part, a, b = at - low, ordered[low], ordered[np.minimum(low + 1, len(ordered) - 1)]
    return np.where(part < 0.5, a + (b - a) * part, b - (b - a) * (1.0 - part))
