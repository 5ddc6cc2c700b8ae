"""Comparison of two models on the same rows: rows of a promotion, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score

from training.evaluation.attack_cost import AttackPrices

BOOTSTRAP_DRAWS = 400
SEED = 7


@dataclass(frozen=True)
class PromotionCriteria:
    """How much better a challenger must be.

    Attributes
    ----------
    gain
        Least gain of average precision.
    worst_loss
        Lowest allowed end of the interval of that gain.
    group_loss
        Largest allowed loss in a slice, as a share.
    least_rows
        Verdicts that a row needs.
    prices
        Prices of bought activity, of the attacker's rows.
    flag_probability
        Probability from which the champion flags a row; the challenger flags as many.
    """

    gain: float
    worst_loss: float
    group_loss: float
    least_rows: int
    prices: AttackPrices
    flag_probability: float


@dataclass(frozen=True)
class ComparisonRow:
    """One compared figure of champion and challenger (higher is better).

    `low` and `high` are the 90 % interval of the difference; `why` says what failed. A row with too
    few verdicts is not judged: it neither holds nor fails. One that does not apply to the model,
    such as the price of what nobody sells by the piece, is listed and asks for nothing.
    """

    what: str
    rows: int
    champion: float
    challenger: float
    low: float
    high: float
    holds: bool
    why: str
    judged: bool = True
    applies: bool = True

    @property
    def fails(self) -> bool:
        """Whether it was judged and the challenger is worse."""
        return self.judged and not self.holds

    @property
    def is_open(self) -> bool:
        """Whether it applies and was not judged, so that a person has to let it pass."""
        return self.applies and not self.judged


def not_judged(what: str, rows: int, needed: str) -> ComparisonRow:
    """A row that too few verdicts, or missing tables, leave open (ADR-0300)."""
    nan = float("nan")
    why = f"not judged: needs {needed}, has {rows}"
    return ComparisonRow(what, rows, nan, nan, nan, nan, False, why, judged=False)


def not_applicable(what: str, reason: str) -> ComparisonRow:
    """A row that has no meaning for a model."""
    nan, why = float("nan"), f"does not apply: {reason}"
    return ComparisonRow(what, 0, nan, nan, nan, nan, False, why, judged=False, applies=False)


def compare_average_precision(
    what: str,
    scores: tuple[np.ndarray, np.ndarray],
    truth: np.ndarray,
    group: np.ndarray,
    criteria: PromotionCriteria,
) -> ComparisonRow:
    """Compare average precision on a set of verdicts.

    Parameters
    ----------
    what
        Name of the row.
    scores
        Raw scores of champion and challenger, each of shape (n,).
    truth, group
        Verdict (0 or 1) and group of each row, shape (n,).
    criteria
        Least gain, and lowest end of its interval.
    """
    if len(truth) < criteria.least_rows or not 0 < truth.sum() < len(truth):
        needed = f"{criteria.least_rows} verdicts of both kinds ({int(truth.sum())} are confirmed)"
        return not_judged(what, len(truth), needed)
    old, new = (float(average_precision_score(truth, s)) for s in scores)
    low, high = _gain_interval(scores, truth, group)
    good = new - old >= criteria.gain and low >= criteria.worst_loss
    why = (
        ""
        if good
        else f"gains {new - old:+.3f} ({low:+.3f} to {high:+.3f}); "
        f"needs {criteria.gain:+.3f} with a low end of {criteria.worst_loss:+.3f}"
    )
    return ComparisonRow(what, len(truth), old, new, low, high, good, why)


def compare_share(
    what: str,
    right: tuple[np.ndarray, np.ndarray],
    weight: np.ndarray,
    criteria: PromotionCriteria,
) -> ComparisonRow:
    """Compare the weighted share of a slice that each model treats rightly.

    A slice that is too small is not judged.

    Parameters
    ----------
    what
        Name of the row.
    right
        Whether champion and challenger are right, each of shape (n,).
    weight
        Weights of the rows, shape (n,).
    criteria
        Largest allowed loss.
    """
    count = len(weight)
    if count < criteria.least_rows or weight.sum() <= 0:
        return not_judged(what, count, f"{criteria.least_rows} verdicts")
    old, new = (float(np.average(r, weights=weight)) for r in right)
    good = old - new <= criteria.group_loss + 1e-9
    why = "" if good else f"loses {old - new:.3f}; {criteria.group_loss:.3f} is allowed"
    return ComparisonRow(what, count, old, new, float("nan"), float("nan"), good, why)


def _gain_interval(
    scores: tuple[np.ndarray, np.ndarray], truth: np.ndarray, group: np.ndarray
) -> tuple[float, float]:
    """90 % bootstrap interval of the gain, resampling whole groups for both models at once."""
    names, codes = np.unique(group.astype(str), return_inverse=True)
    members = [np.flatnonzero(codes == i) for i in range(len(names))]
    rng, found = np.random.default_rng(SEED), []
    for _ in range(BOOTSTRAP_DRAWS):
        rows = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        if 0 < truth[rows].sum() < len(rows):
            found.append(
                average_precision_score(truth[rows], scores[1][rows])
                - average_precision_score(truth[rows], scores[0][rows])
            )
    low, high = np.quantile(found, [0.05, 0.95]) if found else (np.nan, np.nan)
    return float(low), float(high)
