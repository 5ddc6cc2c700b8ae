"""Venn-Abers intervals of the risk of operators, as a night publishes them.

The ends are steps, and the risk lies on a line between steps (centred isotonic regression). An
interval is widened to the risk where the line leaves the step. ADR-0399.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.posteriors.owner_pooling import shift_probability
from serving.scoring.entity_scores import EntityScores
from training.estimator.calibration import venn_abers
from training.release.artefact import Released


def risk_interval(
    released: Released | None, values: np.ndarray, pooling_log_odds: float = 0.0
) -> tuple[float, float] | None:
    """Venn-Abers interval of a calibrated risk; None where the release has no calibration rows.

    Parameters
    ----------
    released
        The release that scored the operator.
    values
        Signals of the operator, shape (signals,).
    pooling_log_odds
        Log-odds by which its sessions and orders move the risk, and so both ends.

    References
    ----------
    V. Vovk, I. Petej. Venn-Abers predictors. UAI 2014.
    """
    rows = released.manifest.get("calibration_rows") if released else None
    if not rows or released is None:
        return None
    raw = float(released.raw(values[None, :])[0])
    low, high = venn_abers(
        raw, np.array(rows["raw"]), np.array(rows["truth"]), np.array(rows["weight"])
    )
    return (
        (low, high)
        if pooling_log_odds == 0.0
        else (shift_probability(low, pooling_log_odds), shift_probability(high, pooling_log_odds))
    )


def risk_intervals(tiers: pd.Series, operators: EntityScores) -> dict[str, list[float]]:
    """Interval of each operator above tier A, where the release has calibration rows.

    It holds the risk.

    Parameters
    ----------
    tiers
        Tiers by operator.
    operators
        Scores of operators.
    """
    release, found = operators.release, {}
    if release is None:
        return {}
    pooling, risk = operators.pooling_log_odds, operators.probability
    for operator in tiers.index[tiers > "A"]:
        values = operators.signals.loc[operator, release.columns].to_numpy(dtype=float)
        interval = risk_interval(release, values, float(pooling.get(operator, 0.0)))
        if interval is not None:
            found[str(operator)] = [
                min(interval[0], float(risk[operator])),
                max(interval[1], float(risk[operator])),
            ]
    return found
