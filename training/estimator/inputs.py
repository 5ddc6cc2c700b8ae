"""What trees read of signals: raw values, deviations from peers, and anomaly scores."""

from __future__ import annotations

from functools import cache

import numpy as np

from features.catalogue import BY_NAME
from features.peers.baseline import PeerBaseline
from features.units import Unit

MAX_LOG_DEVIATION = 4.0  # log(1 + spreads); some fifty spreads


def model_inputs(
    values: np.ndarray, peers: PeerBaseline | None, use_raw_values: bool = True
) -> np.ndarray:
    """Inputs of a booster.

    Deviations enter as their signed logarithm and are clipped at `MAX_LOG_DEVIATION`. A share
    that nearly all peers have at zero deviates by a number that says more of the peers than of it.

    Parameters
    ----------
    values
        Signals, float64 of shape (n, signals).
    peers
        The peer baseline; without one the values themselves are the inputs.
    use_raw_values
        Whether the values come before the deviations.

    Returns
    -------
    numpy.ndarray
        Shape (n, inputs): the raw values if asked for, one deviation a signal, and the anomaly
        scores of the baseline. Signals that are anomaly scores themselves are unknown (NaN).
    """
    if peers is None:
        return values
    values = hide_anomaly_scores(values, peers)
    deviations = peers.deviations(values)
    logs = np.clip(
        np.sign(deviations) * np.log1p(np.abs(deviations)), -MAX_LOG_DEVIATION, MAX_LOG_DEVIATION
    )
    return np.hstack(
        [*([values] if use_raw_values else []), logs, peers.anomaly_scores(deviations)]
    )


def hide_anomaly_scores(values: np.ndarray, peers: PeerBaseline) -> np.ndarray:
    """Signals of shape (n, signals) with NaN for those that are anomaly scores."""
    mine = anomaly_score_columns(peers.columns)
    return np.where(mine, np.nan, values) if mine.any() else values


@cache
def anomaly_score_columns(columns: tuple[str, ...]) -> np.ndarray:
    """Mask of the signals that are anomaly scores, shape (signals,), read-only.

    Cached: every check of a running session asks for it.
    """
    found = np.array([BY_NAME[c].unit is Unit.ANOMALY_SCORE for c in columns], dtype=bool)
    found.flags.writeable = False
    return found
