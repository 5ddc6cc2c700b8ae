"""Words of a tier decision, in Chinese and English."""

from __future__ import annotations

from serving.policy.schema import Policy
from serving.tiers.evidence import (
    OperatorEvidence,
    has_inflated_session,
    has_little_history,
    is_anomalous,
    lacks_inflated_session,
)

ALMOST_CERTAIN = 0.995  # rounds to 1.00; no text says that something is certain


def explain(
    e: OperatorEvidence, tier: str, proposed: str, by_risk: str, policy: Policy
) -> tuple[str, str]:
    """Explain a decision to the operator and its supervisor.

    Parameters
    ----------
    e
        Evidence on the operator.
    tier, proposed, by_risk
        The tier decided, the one proposed within capacity, and the one proposed by evidence alone.
    policy
        The policy in force.

    Returns
    -------
    tuple[str, str]
        The Chinese and the English text.
    """
    clauses = [
        _risk(e),
        _anomaly(e, policy),
        _session(e, policy),
        _honest_share(e),
        _reviewed_only(e, proposed, policy),
        _beneficiary(e),
        _capacity(proposed, by_risk),
        _history(e, tier, proposed),
    ]
    parts = [c for group in clauses for c in group]
    return "；".join(zh for zh, _ in parts), "; ".join(en for _, en in parts)


def _risk(e: OperatorEvidence) -> list[tuple[str, str]]:
    if e.risk is None:
        return [("无校准模型", "no calibrated model")]
    zh, en = f"风险 {e.risk:.2f}", f"risk {e.risk:.2f}"
    if e.own_risk is not None and f"{e.own_risk:.2f}" != f"{e.risk:.2f}":
        zh += f"（仅凭自身指标为 {e.own_risk:.2f}，其余来自其场次与订单）"
        en += f" ({e.own_risk:.2f} by its own signals, the rest from its sessions and orders)"
    return [(zh, en)]


def _anomaly(e: OperatorEvidence, policy: Policy) -> list[tuple[str, str]]:
    if e.risk is not None and not is_anomalous(e, policy):
        return []
    bound = policy.tiers.review_deviance
    groups = "1 group of evidence deviates"
    if e.deviating_groups != 1:
        groups = f"{e.deviating_groups} groups of evidence deviate"
    return [
        (
            f"{e.deviating_groups} 组证据明显偏离同类运营者，异常分 {e.anomaly_score:.1f}"
            f"（{bound:g} 起可复核）",
            f"{groups} from comparable operators, anomaly score {e.anomaly_score:.1f} "
            f"(reviewed from {bound:g})",
        )
    ]


def _session(e: OperatorEvidence, policy: Policy) -> list[tuple[str, str]]:
    probability = e.worst_session_probability
    if probability is None or not has_inflated_session(e, policy):
        return []
    certain = probability >= ALMOST_CERTAIN
    zh, en = f"为 {probability:.2f}", f"{probability:.2f}"
    if certain:
        zh, en = "超过 0.99", "above 0.99"
    return [
        (
            f"场次 {e.worst_session} 虚增的可能性{zh}",
            f"its session {e.worst_session} is inflated with probability {en}",
        )
    ]


def _honest_share(e: OperatorEvidence) -> list[tuple[str, str]]:
    if e.p_value is None:
        return []
    return [
        (
            f"诚实运营者中 {e.p_value:.2%} 同样可疑",
            f"{e.p_value:.2%} of honest operators look as suspicious",
        )
    ]


def _reviewed_only(e: OperatorEvidence, proposed: str, policy: Policy) -> list[tuple[str, str]]:
    out = []
    if has_little_history(e, policy):
        out.append(("历史不足，只复核", "too little history, reviewed only"))
    accused = e.risk is not None and e.risk >= policy.tiers.C
    if accused and proposed == "B" and lacks_inflated_session(e, policy):
        bound = policy.tiers.accuse_session
        out.append(
            (
                f"没有场次虚增的可能性达到 {bound:.2f}，只复核",
                f"none of its sessions is inflated with probability {bound:.2f} or more, "
                "reviewed only",
            )
        )
    if e.contested and e.beneficiary == "unknown":
        out.append(
            (
                "可疑订单由谁受益不明，只复核",
                "who gains from its suspicious orders is not known, reviewed only",
            )
        )
    return out


def _beneficiary(e: OperatorEvidence) -> list[tuple[str, str]]:
    if e.beneficiary != "third_party":
        return []
    return [
        (
            "可疑订单对其不利，也可能是他人恶意刷单",
            "its suspicious orders harm it, which may be a rival's doing",
        )
    ]


def _capacity(proposed: str, by_risk: str) -> list[tuple[str, str]]:
    if by_risk == proposed:
        return []
    return [
        (
            f"巡查容量所限，由 {by_risk} 调为 {proposed}",
            f"moved from {by_risk} to {proposed} by patrol capacity",
        )
    ]


def _history(e: OperatorEvidence, tier: str, proposed: str) -> list[tuple[str, str]]:
    if e.override is not None:
        return [(f"由人工定为 {tier}", f"set to {tier} by a person")]
    if tier == e.floor and tier > proposed:
        return [(f"因通报不低于 {tier}", f"not milder than {tier} because of a notice")]
    if tier != proposed:
        return [(f"仍在观察期，保持 {tier}", f"stays in {tier} until the clean period is over")]
    return []
