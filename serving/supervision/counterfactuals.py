"""Counterfactuals: the fewest signals that would bring an operator's risk below its tier."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.posteriors.owner_pooling import shift_probability as moved_risk
from serving.policy.schema import Policy
from serving.scoring.entity_scores import EntityScores
from serving.scoring.reasons import PeerMedians
from training.release.artefact import Released

MAX_CHANGED_SIGNALS = 12


def counterfactuals(
    tiers: pd.Series, operators: EntityScores, policy: Policy
) -> dict[str, dict[str, Any]]:
    """Counterfactual of each operator whose risk alone keeps it above tier A.

    Parameters
    ----------
    tiers
        Tiers by operator.
    operators
        Scores of operators.
    policy
        Bounds of the tiers.
    """
    model = operators.release
    if model is None:
        return {}
    signals, pooling = operators.signals, operators.pooling_log_odds
    bounds = {"B": policy.tiers.review_precision, "C": policy.tiers.C, "D": policy.tiers.D}
    values = signals[model.columns]
    risk = operators.probability.reindex(signals.index).to_numpy()
    out = {}
    for i, operator in enumerate(signals.index):
        bound = bounds.get(tiers.get(operator, "A"))
        if bound is None or risk[i] < bound:
            continue
        found = counterfactual(
            values.iloc[i], model, operators.peers, bound, float(pooling.get(operator, 0.0))
        )
        out[operator] = found or {"below": bound, "risk": float(risk[i]), "signals": []}
    return out


def counterfactual(
    signals: pd.Series,
    model: Released,
    peers: PeerMedians,
    bound: float,
    pooling_log_odds: float = 0.0,
) -> dict[str, Any] | None:
    """Signals that, at their peers' median, bring an operator's risk below a bound.

    Greedy: each step takes the signal whose median lowers the raw score most. The answer is about
    the model and no promise, because people weigh what the model does not see.

    Parameters
    ----------
    signals
        Signals of one operator in the model's order; the name is the operator.
    model
        The release, with rebased peers.
    peers
        Medians of its peers.
    bound
        Risk to fall below.
    pooling_log_odds
        Log-odds that its sessions and orders add, which stay as they are.

    Returns
    -------
    dict or None
        below, risk and signals; None where `MAX_CHANGED_SIGNALS` of them do not suffice.
    """
    x, operator = signals.to_numpy(dtype=float).copy(), str(signals.name)
    medians = [peers.median(operator, c) for c in model.columns]
    target = np.array([np.nan if m is None else m for m in medians])
    changed: list[dict[str, Any]] = []
    for _ in range(MAX_CHANGED_SIGNALS):
        candidates = np.flatnonzero(np.isfinite(target) & np.isfinite(x) & (x != target))
        if not len(candidates):
            return None
        trial = np.repeat(x[None, :], len(candidates), axis=0)
        trial[np.arange(len(candidates)), candidates] = target[candidates]
        raw = model.raw(trial)
        best = int(np.argmin(raw))
        if raw[best] >= model.raw(x[None, :])[0]:
            return None
        j = candidates[best]
        changed.append(
            {"signal": model.columns[j], "value": float(x[j]), "usual": float(target[j])}
        )
        x[j] = target[j]
        risk = moved_risk(float(model.probability(raw[best : best + 1])[0]), pooling_log_odds)
        if risk < bound:
            return {"below": bound, "risk": risk, "signals": changed}
    return None
