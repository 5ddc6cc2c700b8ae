"""The boost gate: from a night, the minutes so far and a moment to an answer, as a pure function of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from features.catalogue import BY_NAME
from features.engine.kernel_runner import run_kernels
from features.entities import DIMENSION_OF
from features.posteriors.owner_pooling import moved
from serving.gate.night_cache import OperatorHistory, OperatorRecord, PublishedNight
from serving.policy.schema import Policy
from serving.scoring.reasons import reason
from training.release.artefact import Released

LEVEL_RANK = {"PASS": 0, "REVIEW": 1, "REJECT": 2}


@dataclass(frozen=True)
class LiveAssessment:
    """What the minutes so far say: probability (None: too early or unknown) and its reasons."""

    probability: float | None
    reasons: list[dict[str, Any]]
    minutes: int


def assess_live(minutes: np.ndarray, released: Released | None, policy: Policy) -> LiveAssessment:
    """Score a running session from its minutes, by the kernels and the model that the night uses.

    `minutes`: float64, shape (minutes, 15).
    """
    if released is None or len(minutes) < policy.boost.least_minutes:
        return LiveAssessment(None, [], len(minutes))
    offsets = np.array([0, len(minutes)], dtype=np.int64)
    values = run_kernels(minutes, offsets, released.model.signals)
    probability = float(released.probability(released.raw(values))[0])
    reasons: list[dict[str, Any]] = []
    if probability >= policy.boost.review:  # explained only when it will be shown
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
    live: LiveAssessment, shown: OperatorHistory | None, policy: Policy
) -> tuple[LiveAssessment, str, list[dict[str, Any]]]:
    """What the minutes say beside what the operator's sessions of two weeks showed, the level of that, and the hits of the latter.

    Other sessions are a reason to look, never to refuse: a rejection stands on the minutes as well.
    """
    own = _risk_level(live.probability, policy)
    if shown is None or live.probability is None:
        return live, own, []
    both = replace(live, probability=moved(live.probability, shown.log_odds))
    level = _risk_level(both.probability, policy)
    if level == "REJECT" and own != "REJECT":
        level = "REVIEW"
    if level == "PASS" or shown.log_odds <= 0.0:
        return both, level, []
    share = shown.inflated_share
    said = {
        "signal": "inflated_share",
        "value": round(share, 6),
        "unit": "share of sessions",
        "peers": None,
        "zh": f"近 14 天的 {shown.sessions} 场直播中约 {share:.0%} 被评估为数据虚增",
        "en": f"about {100 * share:.0f} % of its {shown.sessions} sessions of the last 14 days "
        "are assessed as inflated",
    }
    return both, level, _hits_of([said], "session_inflation", "REVIEW", "14 days")


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
    """Score of each dimension: its share of the reasons that are shown, of the larger of the two scores; null is unknown."""
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


def boost_answer(
    request_id: str,
    operator_id: str,
    night: PublishedNight,
    live: LiveAssessment,
    live_version: str | None,
    policy: Policy,
    now: datetime,
    degraded_by: list[str],
) -> dict[str, Any]:
    """The answer to a boost check: what stands of an operator and its running session, for one request and moment."""
    said = answer_body(
        operator_id,
        night,
        live,
        live_version,
        policy,
        degradations(night, policy, now, degraded_by),
    )
    return {"requestId": request_id, **said, "expiresAt": expires_at(policy, now)}


def degradations(
    night: PublishedNight, policy: Policy, now: datetime, more: list[str]
) -> tuple[str, ...]:
    """What makes an answer of this moment a degraded one, in order of name."""
    stale = now - night.as_of > timedelta(hours=policy.boost.stale_hours)
    return tuple(sorted({*more, "night_stale"} if stale else {*more}))


def expires_at(policy: Policy, now: datetime) -> str:
    """Until when an answer of this moment holds."""
    return (now + timedelta(minutes=policy.boost.valid_minutes)).isoformat(timespec="seconds") + "Z"


def answer_body(
    operator_id: str,
    night: PublishedNight,
    live: LiveAssessment,
    live_version: str | None,
    policy: Policy,
    degraded_by: tuple[str, ...],
) -> dict[str, Any]:
    """What is answered of an operator and its running session until another night or another minute comes, whoever asks and when.

    Stale or missing data answers REVIEW with `degraded`, never a silent PASS; REJECT needs a hit with evidence; a new
    operator is held for review, not accused.
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
        )  # one session is looked at; it condemns nobody
        hits += _hits_of(
            recent.reasons, "session_inflation", "REVIEW", f"session {recent.session_id}"
        )
    live, live_level, beside = _pool_with_history(
        live, operator.shown if operator else None, policy
    )
    if live_level == "REJECT" and not live.reasons:
        live_level = "REVIEW"
    if live_level != "PASS":
        hits += (
            _hits_of(live.reasons, "session_inflation_live", live_level, f"{live.minutes} minutes")
            + beside
        )
    level = max(nightly_level, live_level, key=LEVEL_RANK.__getitem__)
    if level == "PASS" and (cold or degraded_by):
        level = "REVIEW"
    if level == "REJECT" and (not hits or degraded_by):
        level = "REVIEW"
    known = [
        operator.risk if operator else None,
        recent.probability if recent else None,
        live.probability,
    ]
    score = 100 * max((p for p in known if p is not None), default=0.0)
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
