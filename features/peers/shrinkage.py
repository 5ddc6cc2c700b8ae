"""Empirical Bayes shrinkage of shares before they are compared.

A share of few observations strays further by chance than one of many, also within a stratum of
size. Observations of an average entity are therefore added to its own. Their number is the ratio
of chance variation to the variation between entities (ADR-0015).

Where it fails: an operator that cheats a little in very many small rooms looks ordinary in each.

References
----------
Efron and Morris, JASA 1975: empirical Bayes shrinkage. Kleinman, JASA 1973: proportions with
extraneous variance by moments, each proportion weighted by its number of observations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from features.declaration import Signal

MAX_PRIOR_OBSERVATIONS = 1000.0  # where entities do not differ by more than chance
MIN_ENTITIES_TO_SHRINK = 30  # with a known share


@dataclass(frozen=True)
class Shrinkage:
    """Prior of each signal's share: observations that are added, and their mean.

    Parameters
    ----------
    signals
        The signals compared.
    means, prior_observations
        float64, shape (signals,). A signal that is no share has no prior observations.
    """

    signals: tuple[Signal, ...]
    means: np.ndarray
    prior_observations: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Values as they are compared, shape (n, signals).

        A share whose number of observations is unknown stays as it is.
        """
        out = values.copy()
        if self._shrunk:
            shares, counts = list(self._shrunk), list(self._shrunk.values())
            n, x, mean = np.nan_to_num(values[:, counts]), values[:, shares], self.means[shares]
            out[:, shares] = np.where(
                n > 0, mean + n / (n + self.prior_observations[shares]) * (x - mean), x
            )
        return out

    def changes(self, j: int) -> bool:
        """Whether signal number `j` is compared otherwise than as it is."""
        return j in self._shrunk

    @cached_property
    def _shrunk(self) -> dict[int, int]:
        """Numbers of the shares that are shrunk, and of the signals that count what they stand on.

        Looked up once, because each check of a running session asks.
        """
        columns = denominator_columns(self.signals)
        return {j: count for j, count in columns.items() if self.prior_observations[j] > 0}

    def as_json(self) -> dict[str, Any]:
        """Numbers that `from_json` reads again, bit for bit."""
        return {
            "means": self.means.tolist(),
            "prior_observations": self.prior_observations.tolist(),
        }


def from_json(signals: Sequence[Signal], given: dict[str, Any]) -> Shrinkage:
    """Shrinkage as `as_json` wrote it."""
    keys = ("means", "prior_observations")
    return Shrinkage(tuple(signals), *(np.array(given[k], dtype=np.float64) for k in keys))


def denominator_columns(signals: Sequence[Signal]) -> dict[int, int]:
    """Column of the denominator of each share, by the column of the share."""
    at = {s.name: j for j, s in enumerate(signals)}
    return {j: at[s.denominator] for j, s in enumerate(signals) if s.denominator in at}


def fit_shrinkage(signals: Sequence[Signal], values: np.ndarray) -> Shrinkage:
    """Estimate the priors from peers, by moments.

    Parameters
    ----------
    signals
        The signals, in the order of the columns.
    values
        float64, shape (entities, signals); NaN is unknown.
    """
    means, prior = np.zeros(len(signals)), np.zeros(len(signals))
    for j, count in denominator_columns(signals).items():
        x, n = values[:, j], np.nan_to_num(values[:, count])
        known = np.isfinite(x) & (n > 0)
        x, n = x[known], n[known]
        # values beyond one are no proportions
        if len(x) < MIN_ENTITIES_TO_SHRINK or x.min() < 0.0 or x.max() > 1.0:
            continue
        whole = n.sum()
        means[j] = (n * x).sum() / whole
        chance = max(means[j] * (1.0 - means[j]), 0.0)  # variance of one observation
        between = ((n * (x - means[j]) ** 2).sum() - (len(n) - 1) * chance) / max(
            whole - (n**2).sum() / whole, 1e-9
        )
        prior[j] = (
            min(chance / between, MAX_PRIOR_OBSERVATIONS)
            if between > 0
            else MAX_PRIOR_OBSERVATIONS * (chance > 0)
        )
    return Shrinkage(tuple(signals), means, prior)
