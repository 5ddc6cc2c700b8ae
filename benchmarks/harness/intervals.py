"""90 % intervals of shares, and of ratios whose observations come in groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

DRAWS = 400


def share_interval(some: int, of: int) -> list[float]:
    """90 % interval of the share `some` / `of` (Clopper and Pearson, Biometrika 1934)."""
    found = binomtest(some, of).proportion_ci(0.9)
    return [float(found.low), float(found.high)]


def ratio_interval(
    top: Any, bottom: Any, group: Sequence[Any] | np.ndarray | pd.Series
) -> list[float]:
    """90 % bootstrap interval of sum(top) / sum(bottom), resampling whole groups.

    Draws cannot show what no observation has. A share of nothing or of all is therefore bounded
    as if each group were one observation.

    Parameters
    ----------
    top, bottom : array-like of float or bool, shape (n,), or one number
        Numerator and denominator of each observation.
    group : array-like, shape (n,)
        Group of each observation; observations of one group are not independent.

    Returns
    -------
    list of two floats
        Low and high; NaN where no draw has a denominator.

    References
    ----------
    Cameron, Gelbach and Miller, Review of Economics and Statistics 2008: pairs cluster bootstrap.
    """
    frame = pd.DataFrame(
        {
            "top": np.asarray(top, dtype=float),
            "bottom": np.asarray(bottom, dtype=float),
            "group": np.asarray(group),
        }
    )
    sums = frame.groupby("group")[["top", "bottom"]].sum().to_numpy()
    asked = int((sums[:, 1] > 0).sum())
    if np.array_equal(frame["top"], frame["bottom"]) and asked:
        return share_interval(asked, asked)
    if not frame["top"].any() and asked:
        return share_interval(0, asked)
    picks = np.random.default_rng(7).integers(0, len(sums), (DRAWS, len(sums)))
    tops, bottoms = np.moveaxis(sums[picks].sum(axis=1), -1, 0)
    ratios = tops[bottoms > 0] / bottoms[bottoms > 0]
    return middle(ratios) if len(ratios) else [float("nan"), float("nan")]


def middle(draws: Any) -> list[float]:
    """5th and 95th percentile of draws, shape (draws,)."""
    return [float(x) for x in np.quantile(draws, [0.05, 0.95])]


def f1(
    found: set[Any], true: set[Any], group: Callable[[Any], Any] = lambda one: one
) -> tuple[float, list[float]]:
    """F1 of a found set against the true one, and its interval over groups of `group`."""
    either = list(found | true)
    both, sizes = (
        [2.0 * (x in found and x in true) for x in either],
        [float((x in found) + (x in true)) for x in either],
    )
    return sum(both) / sum(sizes), ratio_interval(both, sizes, [group(x) for x in either])
