"""Ranks of values among peers of a like size: the share of peers that have less.

A rank is comparable between platforms, whatever the unit and the spread of a signal. Half of the
peers that tie count as less. Values are ranked as they are compared, after shrinkage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

MIN_RANKED = 8  # known values of a stratum; with fewer those of all strata are ranked
STEPS_PER_LOGIT = 32  # ranks kept within a step of log-odds; a night publishes them


@dataclass(frozen=True)
class PeerRanks:
    """Distinct values of peers with the peers below them, by stratum and signal.

    Parameters
    ----------
    start
        Where the values of each stratum and signal begin, shape (strata, signals + 1).
    values
        Distinct values, ascending within each stratum and signal.
    less, up_to
        Peers with a smaller value, and with a value at most as large, of each of `values`.
    counts
        Peers of which a signal is known, shape (strata, signals).
    """

    start: np.ndarray
    values: np.ndarray
    less: np.ndarray
    up_to: np.ndarray
    counts: np.ndarray

    def of(self, compared: np.ndarray, stratum: np.ndarray) -> np.ndarray:
        """Ranks in (0, 1), shape (n, signals); NaN where a value or its peers are unknown.

        Parameters
        ----------
        compared
            Values as they are compared, float64 of shape (n, signals).
        stratum
            Stratum of each entity, int64 of shape (n,).
        """
        return _ranks(
            np.ascontiguousarray(compared, dtype=np.float64),
            stratum,
            self.start,
            self.values,
            self.less,
            self.up_to,
            self.counts,
        )

    def as_json(self) -> dict[str, Any]:
        """Numbers that `from_json` reads again, bit for bit."""
        return {
            key: getattr(self, key).tolist()
            for key in ("start", "values", "less", "up_to", "counts")
        }


def from_json(given: dict[str, Any]) -> PeerRanks:
    """Ranks as `as_json` wrote them."""
    whole = {k: np.array(given[k], dtype=np.int64) for k in ("start", "less", "up_to", "counts")}
    return PeerRanks(values=np.array(given["values"], dtype=np.float64), **whole)


def fit_ranks(
    compared: np.ndarray, stratum: np.ndarray, strata: int, steps_per_logit: int = STEPS_PER_LOGIT
) -> PeerRanks:
    """Count the peers below each value.

    Parameters
    ----------
    compared
        Values of the peers as they are compared, shape (n, signals); infinite ones are unknown.
    stratum
        Stratum of each peer, shape (n,).
    strata
        Number of strata.
    steps_per_logit
        Ranks that are kept within a step of log-odds.
    """
    signals = compared.shape[1]
    start = np.zeros((strata, signals + 1), dtype=np.int64)
    counts = np.zeros((strata, signals), dtype=np.int64)
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    at = 0
    for k in range(strata):
        for j in range(signals):
            known = np.isfinite(compared[:, j])
            mine = known & (stratum == k)
            found, less, up_to = _counted(
                compared[mine if mine.sum() >= MIN_RANKED else known, j], steps_per_logit
            )
            start[k, j], counts[k, j] = at, up_to[-1] if len(up_to) else 0
            at += len(found)
            kept.append((found, less, up_to))
        start[k, signals] = at
    values, less, up_to = (np.concatenate([part[i] for part in kept]) for i in range(3))
    return PeerRanks(start, values, less.astype(np.int64), up_to.astype(np.int64), counts)


def _counted(x: np.ndarray, steps_per_logit: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct values with the numbers below and up to each, thinned to steps of log-odds."""
    distinct, many = np.unique(x, return_counts=True)
    up_to = np.cumsum(many)
    less = up_to - many
    if len(distinct) > 2:
        middle = (less + up_to + 1.0) / (2.0 * (len(x) + 1.0))
        step = np.floor(np.log(middle / (1.0 - middle)) * steps_per_logit)
        first = np.append(True, np.diff(step) > 0)
        first[-1] = True
        distinct, less, up_to = distinct[first], less[first], up_to[first]
    return distinct, less, up_to


@njit(cache=True)
def _ranks(compared, stratum, start, values, less, up_to, counts):  # type: ignore[no-untyped-def]
    rows, signals = compared.shape
    out = np.full((rows, signals), np.nan)
    for i in range(rows):
        k = stratum[i]
        for j in range(signals):
            x, n = compared[i, j], counts[k, j]
            if n == 0 or not np.isfinite(x):
                continue
            first, end = start[k, j], start[k, j + 1]
            at = first + np.searchsorted(values[first:end], x)
            if at < end and values[at] == x:
                below, most = less[at], up_to[at]
            else:
                below = up_to[at - 1] if at > first else 0
                most = less[at] if at < end else n
            out[i, j] = ((below + most) / 2.0 + 0.5) / (n + 1.0)
    return out
