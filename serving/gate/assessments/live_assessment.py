"""Assessment of a running session from its minutes, by the kernels and the model of the night."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from features.catalogue import BY_NAME
from features.engine.kernel_runner import run_kernels
from features.engine.minute_kernels import GRANTED
from serving.policy.schema import Policy
from serving.scoring.reasons import reason
from training.release.artefact import Released


@dataclass(frozen=True)
class LiveAssessment:
    """Assessment of a running session: probability and reasons.

    The probability is None where it is unknown; `gap` is the code of the reason.
    """

    probability: float | None
    reasons: list[dict[str, Any]]
    minutes: int
    gap: str | None = None


def assess_live(minutes: np.ndarray, released: Released | None, policy: Policy) -> LiveAssessment:
    """Score a running session from its minutes, with the kernels and the model of the night.

    Parameters
    ----------
    minutes
        Counters by minute, float64 of shape (minutes, 15).
    released
        The live model with the night's sessions as peers, None where there is none.
    policy
        Says how many minutes are needed and from which probability reasons are given.
    """
    if gap := _gap_of(minutes, released, policy):
        return LiveAssessment(None, [], len(minutes), gap)
    assert released is not None
    offsets = np.array([0, len(minutes)], dtype=np.int64)
    values = run_kernels(minutes, offsets, released.model.signals)
    if released.trees.peers is None:  # the prior, before a night gave it peers
        return LiveAssessment(None, [], len(minutes), "peers_missing")
    probability = float(released.probability(released.raw(values))[0])
    if not np.isfinite(probability) or not np.isfinite(values).any():
        return LiveAssessment(None, [], len(minutes), "counters_unknown")
    reasons: list[dict[str, Any]] = []
    if probability >= policy.boost.review:  # only then are reasons published
        push = released.trees.contributions(values, threads=1)[0]
        push = np.where(np.isfinite(values[0]), np.clip(push, 0, None), 0.0)
        peers = released.trees.peers
        medians = np.full(len(push), np.nan) if peers is None else peers.medians(values)[0]
        for j in np.argsort(-push, kind="stable"):
            name, value = released.columns[j], float(values[0, j])
            median = float(medians[j]) if np.isfinite(medians[j]) else None
            if push[j] <= 0 or len(reasons) == policy.night.reasons:
                break
            if BY_NAME[name].speaks_against(value, median):
                reasons.append(reason(name, value, median, push[j] / push.sum()))
    return LiveAssessment(probability, reasons, len(minutes))


def _gap_of(minutes: np.ndarray, released: Released | None, policy: Policy) -> str | None:
    """Why a session cannot be assessed; None where it can."""
    if not len(minutes):
        return "minutes_never_sent"
    # `granted` is what the platform did, no counter of what it saw.
    known = int(np.isfinite(minutes[:, :GRANTED]).any(axis=1).sum())
    if not known:
        return "counters_unknown"
    if known < policy.boost.least_minutes:
        return "too_few_minutes"
    if released is None:
        return "live_model_missing"
    return None
