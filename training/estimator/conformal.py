"""Conformal reference set: how suspicious honest entities look to a model that never saw them.

Conformal p-values for outliers follow Bates, Candès, Lei, Romano and Sesia (Annals of Statistics
2023). Scores are out of fold, one for each entity, the newest. They come from the random audit
where it cleared enough entities, otherwise from all that were cleared. Cleared entities were
examined because they seemed suspicious, which makes the reference set stricter on the model. An
entity with a single confirmed verdict is no example of honesty.

Undetected cheats contaminate the reference set, and a small contamination makes small p-values far
too large (ADR-0019). Each example therefore counts by the probability that it is honest: learning
from positive and unlabelled examples (Elkan and Noto, KDD 2008, their weights and an upper bound
for their constant). The constant is estimated from the worst quarter of the accused, among whom
nearly all are cheats.

Scores of another platform are aligned to the median and upper quartile of the reference set, and
alignment never makes a score worse (empirical null: Efron, JASA 2004).

Limit: honest entities of a kind that the model ranks worst cannot be told from undetected cheats.
The policy's other conditions and appeals protect them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import beta

from training.estimator.calibration import isotonic

MIN_REFERENCE_EXAMPLES = 50  # audited honest entities; with fewer, all cleared ones are taken
CHEATS_ONLY_QUANTILE = 0.75  # of the scores of the accused, above which all are taken for cheats
DETECTION_RATE_QUANTILE = 0.75  # of the posterior of the share of cheats that are accused


@dataclass(frozen=True)
class HonestReference:
    """Scores of entities without a confirmed verdict.

    Parameters
    ----------
    raw
        Raw scores, sorted, shape (n,).
    weight
        Probability that each is honest, shape (n,).

    Examples
    --------
    >>> HonestReference(np.arange(99.0), np.ones(99)).p_value(np.array([98.0])).round(2)
    array([0.02])
    """

    raw: np.ndarray = field(default_factory=lambda: np.zeros(0))
    weight: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def align(self, raw: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Align a night's scores to the reference set; none rises by it.

        Parameters
        ----------
        raw
            Scores of the night, shape (n,). Fewer than `MIN_REFERENCE_EXAMPLES` stay as they are.
        weight
            Probability that each entity is honest, shape (n,).

        Returns
        -------
        numpy.ndarray
            Aligned scores, shape (n,).
        """
        if len(raw) < MIN_REFERENCE_EXAMPLES or not len(self.raw):
            return raw
        (median, upper), (reference_median, reference_upper) = (
            _median_and_upper_quartile(x, w) for x, w in ((raw, weight), (self.raw, self.weight))
        )
        ratio = max((upper - median) / max(reference_upper - reference_median, 1e-9), 1.0)
        return np.minimum(raw, reference_median + (raw - median) / ratio)

    def exceedances(self, raw: np.ndarray) -> np.ndarray:
        """Expected number of honest entities with at least each of the scores, shape (n,)."""
        beyond = np.concatenate([np.cumsum(self.weight[::-1])[::-1], [0.0]])
        return beyond[np.searchsorted(self.raw, raw, side="left")]

    def p_value(self, raw: np.ndarray) -> np.ndarray:
        """Conformal p-value of each score, shape (n,); NaN without a reference set.

        The entity itself is counted, so a p-value is never below 1 / (honest + 1).
        """
        if not len(self.raw):
            return np.full(len(raw), np.nan)
        # cumulated weights may exceed their sum by rounding, and a share above 1 breaks a contract
        return np.minimum((1.0 + self.exceedances(raw)) / (self.weight.sum() + 1.0), 1.0)

    def is_extreme(self, raw: np.ndarray) -> np.ndarray:
        """Mask of the scores that at most one honest entity reaches, or none of a small set."""
        large = self.weight.sum() >= 2 * MIN_REFERENCE_EXAMPLES
        return self.exceedances(raw) <= (1.0 if large else 0.0)


def _median_and_upper_quartile(raw: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    found = np.quantile(raw, [0.5, 0.75], weights=np.maximum(weight, 1e-9), method="inverted_cdf")
    return float(found[0]), float(found[1])


def fit_reference(
    raw: np.ndarray, accused: np.ndarray, audited: np.ndarray, entity: pd.Series
) -> HonestReference:
    """Reference set of the entities that were never found guilty.

    Parameters
    ----------
    raw
        Out-of-fold scores, shape (rows,); NaN rows are left out.
    accused
        Whether a verdict of the row's night was confirmed, shape (rows,).
    audited
        Whether a verdict of the row's night came from the random audit, shape (rows,).
    entity
        Entity of each row.
    """
    frame = pd.DataFrame({"raw": raw, "audited": audited, "entity": entity.to_numpy()})
    guilty = set(frame.loc[accused.astype(bool), "entity"])
    frame = frame[np.isfinite(frame["raw"])]
    sample = frame[frame["audited"].astype(bool)]
    if len(set(sample["entity"]) - guilty) < MIN_REFERENCE_EXAMPLES:
        sample = frame
    newest = sample.groupby("entity")["raw"].last().sort_values(kind="stable")
    found = newest.index.isin(guilty)
    score = newest.to_numpy(dtype=np.float64)
    return HonestReference(score[~found], 1.0 - _undetected_probability(score, found)[~found])


def _undetected_probability(score: np.ndarray, accused: np.ndarray) -> np.ndarray:
    """Probability that each entity cheats without having been accused, shape (n,)."""
    if not accused.any():
        return np.zeros(len(score))
    accusation = isotonic(score, accused.astype(float), np.ones(len(score)))(score)
    worst = accused[score >= np.quantile(score[accused], CHEATS_ONLY_QUANTILE)]
    detection_rate = (
        1.0
        if worst.all()
        else float(beta.ppf(DETECTION_RATE_QUANTILE, worst.sum() + 1.0, (~worst).sum()))
    )
    undetected = (1.0 - detection_rate) / detection_rate
    return np.minimum(undetected * accusation / np.maximum(1.0 - accusation, 1e-12), 1.0)
