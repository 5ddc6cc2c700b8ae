"""The decision of the boost gate, a pure function of a night, the minutes so far and a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from features.catalogue import BY_NAME
from features.engine.kernel_runner import run_kernels
from features.entities import DIMENSION_OF
from features.posteriors.owner_pooling import shift_probability
from serving.gate.night_cache import OperatorHistory, OperatorRecord, PublishedNight
from serving.policy.schema import Policy
from serving.scoring.reasons import reason
from training.release.artefact import Released

LEVEL_RANK = {"PASS": 0, "REVIEW": 1, "REJECT": 2}


@dataclass(frozen=True)
class LiveAssessment:
    """Assessment of a running session: probability (None: too early or unknown) and reasons."""

    probability: float | None
    reasons: list[dict[str, Any]]
    minutes: int


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
    if released is None or len(minutes) < policy.boost.least_minutes:
        return LiveAssessment(None, [], len(minutes))
    offsets = np.array([0, len(minutes)], dtype=np.int64)
    values = run_kernels(minutes, offsets, released.model.signals)
    if released.trees.peers is None:  # the prior, before a night gave it peers
        return LiveAssessment(None, [], len(minutes))
    probability = float(released.probability(released.raw(values))[0])
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


def _pool_with_history(
    live: LiveAssessment, history: OperatorHistory | None, policy: Policy
) -> tuple[LiveAssessment, str, list[dict[str, Any]]]:
    """The assessment moved by the operator's history, its level, and the hits of the history.

    Other sessions are a reason to review, never to reject: a rejection rests on the minutes alone.
    ADR-0037.
    """
    own_level = _risk_level(live.probability, policy)
    if history is None or live.probability is None:
        return live, own_level, []
    pooled = replace(live, probability=shift_probability(live.probability, history.log_odds))
    level = _risk_level(pooled.probability, policy)
    if level == "REJECT" and own_level != "REJECT":
        level = "REVIEW"
    if level == "PASS" or history.log_odds <= 0.0:
        return pooled, level, []
    share = history.inflated_share
    reason_of_history = {
        "signal": "inflated_share",
        "value": round(share, 6),
        "unit": "share of sessions",
        "peers": None,
        "zh": f"近 14 天的 {history.sessions} 场直播中约 {share:.0%} 被评估为数据虚增",
        "en": f"about {100 * share:.0f} % of its {history.sessions} sessions of the last 14 days "
        "are assessed as inflated",
    }
    return pooled, level, _hits_of([reason_of_history], "session_inflation", "REVIEW", "14 days")


def _hits_of(
    reasons: list[dict[str, Any]], model: str, level: str, window: str
) -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "reasonCode": r["signal"],
            "reason": {"zh": r["zh"], "en": r["en"]},
            "riskLevel": level,
            "evidence": {
                "signal": r["signal"],
                "value": r["value"],
                "unit": r["unit"],
                "peers": r["peers"],
                "window": window,
            },
        }
        for r in reasons
    ]


def _risk_level(probability: float | None, policy: Policy) -> str:
    if probability is None or probability < policy.boost.review:
        return "PASS"
    return "REJECT" if probability >= policy.boost.reject else "REVIEW"


def _dimensions(operator: OperatorRecord | None, live: LiveAssessment) -> dict[str, float | None]:
    """Score of each dimension: probability times the share of its reasons, in percent.

    The larger of night and minutes counts; None is unknown.
    """
    out: dict[str, float | None] = {"view": None, "like": None, "follow": None, "order": None}
    for p, reasons in (
        (operator.risk if operator else None, operator.reasons if operator else []),
        (live.probability, live.reasons),
    ):
        if p is None:
            continue
        for r in reasons:
            known = BY_NAME.get(r["signal"])
            name = known.dimension if known else DIMENSION_OF[r["typology"]]
            out[name] = round(max(out[name] or 0.0, 100 * p * r["share"]), 2)
    return out


def degradations(
    night: PublishedNight, policy: Policy, now: datetime, more: list[str]
) -> tuple[str, ...]:
    """What degrades an answer of this moment, in order of name."""
    stale = now - night.as_of > timedelta(hours=policy.boost.stale_hours)
    return tuple(sorted({*more, "night_stale"} if stale else {*more}))


def expires_at(policy: Policy, now: datetime) -> str:
    """The moment until which an answer holds, ISO 8601 in UTC."""
    return (now + timedelta(minutes=policy.boost.valid_minutes)).isoformat(timespec="seconds") + "Z"


def answer_body(
    operator_id: str,
    night: PublishedNight,
    live: LiveAssessment,
    live_version: str | None,
    policy: Policy,
    degraded_by: tuple[str, ...],
) -> dict[str, Any]:
    """The part of an answer that does not depend on request or time.

    It changes with the night, with the minutes and with what degrades it. Stale or missing data
    gives REVIEW with `degraded`, never a silent PASS. REJECT needs a hit with evidence. A new
    operator is reviewed, not rejected.

    Parameters
    ----------
    operator_id, night
        The operator and the published night.
    live, live_version
        Assessment of the running session and the version of the model behind it.
    policy
        Thresholds, measures and the route of appeals.
    degraded_by
        See `degradations`.
    """
    operator = night.operators.get(operator_id)
    cold = operator is None or operator.cold_start
    nightly_level = "PASS"
    hits: list[dict[str, Any]] = []
    if operator is not None:
        nightly_level = {"A": "PASS", "B": "PASS", "C": "REVIEW", "D": "REVIEW"}[operator.tier]
        if (
            operator.risk is not None
            and operator.tier == "D"
            and _risk_level(operator.risk, policy) == "REJECT"
            and operator.reasons
        ):
            nightly_level = "REJECT"
        if nightly_level != "PASS":
            hits += _hits_of(operator.reasons, operator.model, nightly_level, "28 days")
    recent = operator.worst_session if operator else None
    if recent is not None and recent.reasons and _risk_level(recent.probability, policy) != "PASS":
        nightly_level = max(
            nightly_level, "REVIEW", key=LEVEL_RANK.__getitem__
        )  # one session is a reason to review, not to reject
        hits += _hits_of(
            recent.reasons, "session_inflation", "REVIEW", f"session {recent.session_id}"
        )
    live, live_level, history_hits = _pool_with_history(
        live, operator.history if operator else None, policy
    )
    if live_level == "REJECT" and not live.reasons:
        live_level = "REVIEW"
    if live_level != "PASS":
        hits += (
            _hits_of(live.reasons, "session_inflation_live", live_level, f"{live.minutes} minutes")
            + history_hits
        )
    level = max(nightly_level, live_level, key=LEVEL_RANK.__getitem__)
    if level == "PASS" and (cold or degraded_by):
        level = "REVIEW"
    if level == "REJECT" and (not hits or degraded_by):
        level = "REVIEW"
    probabilities = [
        operator.risk if operator else None,
        recent.probability if recent else None,
        live.probability,
    ]
    score = 100 * max((p for p in probabilities if p is not None), default=0.0)
    action = operator.measure if operator else "none"
    if live_level == "REJECT" and action in ("none", "popup"):
        action = "warn"
    return {
        "riskLevel": level,
        "score": round(score, 2),
        "suggestedAction": action,
        "tier": operator.tier if operator else None,
        "hits": hits,
        "dimensions": _dimensions(operator, live),
        "corrected": operator.corrected if operator else [],
        "attribution": operator.attribution if operator else "unknown",
        "coldStart": cold,
        "dataAsOf": night.as_of.isoformat() + "Z",
        "modelVersion": "+".join(
            filter(None, [operator.model_version if operator else None, live_version])
        )
        or "none",
        "policyVersion": policy.version,
        "degraded": bool(degraded_by),
        "degradedBy": list(degraded_by),
        "appeal": {"route": policy.appeal_route, "days": policy.appeal_days},
    }
