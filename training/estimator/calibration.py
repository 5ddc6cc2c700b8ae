"""Calibration: from a raw score to the probability of a confirmed verdict, stored as numbers in the manifest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import IsotonicRegression


@dataclass(frozen=True)
class Calibration:
    """Centred isotonic regression as its knots; linear between them, constant outside."""

    raw: tuple[float, ...]
    probability: tuple[float, ...]

    def __call__(self, raw: np.ndarray) -> np.ndarray:
        """Probabilities of raw scores, shape (n,)."""
        return np.interp(raw, self.raw, self.probability)


def isotonic(raw: np.ndarray, confirmed: np.ndarray, weight: np.ndarray) -> Calibration:
    """Centred isotonic regression of verdicts on out-of-fold scores, never 0 or 1 for sure.

    Isotonic regression (Zadrozny and Elkan, KDD 2002) makes steps, at whose edges a score's last bits decide over its probability; here
    each block is one knot, at its mean, and between knots the probability rises evenly (Oron and Flournoy, Statistics in
    Biopharmaceutical Research 2017). One pseudo-verdict of each kind at the overall rate keeps the ends honest in small samples.
    """
    rate = float(np.average(confirmed, weights=weight))
    low, high = float(raw.min()), float(raw.max())
    x = np.concatenate([raw, [low, high]])
    y = np.concatenate([confirmed, [rate, rate]])
    w = np.concatenate([weight, [1.0, 1.0]])
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(
        x, y, sample_weight=w
    )
    probability, block = np.unique(fitted.predict(x), return_inverse=True)
    centre = np.bincount(block, weights=w * x) / np.bincount(block, weights=w)
    return Calibration(tuple(map(float, centre)), tuple(map(float, probability)))


def expected_calibration_error(
    probability: np.ndarray, confirmed: np.ndarray, weight: np.ndarray, bins: int = 10
) -> float:
    """Weighted mean gap between probability and frequency over equal-mass bins (Guo et al., ICML 2017, equal mass)."""
    order = np.argsort(probability, kind="stable")
    gaps, total = 0.0, weight.sum()
    for part in np.array_split(order, bins):
        if len(part):
            mass = weight[part].sum()
            gaps += mass * abs(
                np.average(probability[part], weights=weight[part])
                - np.average(confirmed[part], weights=weight[part])
            )
    return float(gaps / total)


def venn_abers(
    score: float, raw: np.ndarray, truth: np.ndarray, weight: np.ndarray
) -> tuple[float, float]:
    """Interval of a calibrated probability: isotonic fits with the score added as honest, and as guilty.

    Inductive Venn-Abers (Vovk and Petej, UAI 2014), weighted; the score weighs as the mean row. One of the two is the
    calibrated probability, without assuming anything but exchangeable rows.
    """
    ends = []
    for label in (0.0, 1.0):
        x, y = np.append(raw, score), np.append(truth.astype(float), label)
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(
            x, y, sample_weight=np.append(weight, weight.mean())
        )
        ends.append(float(fitted.predict([score])[0]))
    return min(ends), max(ends)
