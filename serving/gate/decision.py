"""The decision of the boost gate, a pure function of a night, the minutes so far and a moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from features.catalogue import BY_NAME
from features.entities import DIMENSION_OF
from features.posteriors.owner_pooling import shift_probability
from serving.gate.assessments.gaps import MAX_CLOCK_SKEW, degrading, holds, not_looked_at
from serving.gate.assessments.live_assessment import LiveAssessment
from serving.gate.night_cache import OperatorHistory, OperatorRecord, PublishedNight
from serving.policy.schema import Policy
from training.release.artefact import PRIOR

LEVEL_RANK = {"PASS": 0, "REVIEW": 1, "REJECT": 2}


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


def _operator_gap(operator: OperatorRecord | None, gaps: tuple[str, ...]) -> list[str]:
    if operator is None:
        return [] if "night_missing" in gaps else ["operator_unknown"]
    unknown = operator.risk is None and not operator.is_cleared
    return ["operator_not_scored"] if unknown else []


def _parts_by_prior(
    operator: OperatorRecord | None, live: LiveAssessment, live_version: str | None
) -> list[str]:
    """Parts of an answer that the released prior assessed."""
    by_prior = []
    if operator is not None and operator.model_version.startswith(PRIOR):
        by_prior.append("operator")
    if live.probability is not None and f"@{PRIOR}" in (live_version or ""):
        by_prior.append("session")
    return by_prior


def gaps_of(
    night: PublishedNight, policy: Policy, now: datetime, more: Iterable[str]
) -> tuple[str, ...]:
    """Codes of everything that an answer of this moment does not look at, in order of name.

    Parameters
    ----------
    night, policy, now
        The night in force, and the moment by which it may be stale or in the future.
    more
        Gaps of the session.
    """
    found = {*more, *night.gaps, *night.delivery_gaps}
    if "night_missing" not in found:
        if now - night.as_of > timedelta(hours=policy.boost.stale_hours):
            found.add("night_stale")
        if not night.is_verified:
            found.add("night_unverified")
        if night.as_of - now > MAX_CLOCK_SKEW:
            found.add("night_in_future")
    return tuple(sorted(found))


def expires_at(policy: Policy, now: datetime) -> str:
    """The moment until which an answer holds, ISO 8601 in UTC."""
    return (now + timedelta(minutes=policy.boost.valid_minutes)).isoformat(timespec="seconds") + "Z"


def answer_body(
    operator_id: str,
    night: PublishedNight,
    live: LiveAssessment,
    live_version: str | None,
    policy: Policy,
    gaps: tuple[str, ...],
) -> dict[str, Any]:
    """The part of an answer that does not depend on request or time.

    It changes with the night, with the minutes and with what was not looked at. A gap gives REVIEW
    and its name, never a silent PASS (ADR-0210). REJECT needs a hit with evidence. A new operator
    is reviewed, not rejected.

    Parameters
    ----------
    operator_id, night
        The operator and the published night.
    live, live_version
        Assessment of the running session and the version of the model behind it.
    policy
        Thresholds, measures and the route of appeals.
    gaps
        See `gaps_of`.
    """
    operator = night.operators.get(operator_id)
    gaps = tuple(sorted({*gaps, *_operator_gap(operator, gaps)}))
    degraded_by = degrading(gaps)
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
    if level == "PASS" and (cold or holds(gaps)):
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
        "dataAsOf": None if "night_missing" in gaps else night.as_of.isoformat() + "Z",
        "modelVersion": "+".join(
            filter(None, [operator.model_version if operator else None, live_version])
        )
        or "none",
        "policyVersion": policy.version,
        "degraded": bool(degraded_by),
        "degradedBy": degraded_by,
        "notLookedAt": not_looked_at(gaps),
        "answeredByPrior": _parts_by_prior(operator, live, live_version),
        "appeal": {"route": policy.appeal_route, "days": policy.appeal_days},
    }
