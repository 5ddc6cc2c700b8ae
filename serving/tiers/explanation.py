"""Words of a tier decision, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass

from serving.policy.schema import Policy
from serving.tiers import proposal as bases
from serving.tiers.evidence import (
    OperatorEvidence,
    has_false_orders,
    has_false_sessions,
    has_inflated_session,
    has_little_history,
    is_anomalous,
)
from serving.tiers.false_discovery import AccusationBound
from serving.tiers.proposal import Proposal

Texts = list[tuple[str, str]]

ALMOST_CERTAIN_PROBABILITY = 0.995  # rounds to 1.00; no text says that something is certain


@dataclass(frozen=True)
class Outcome:
    """The decision on an operator, as far as its words need it.

    Attributes
    ----------
    proposal
        The proposal by evidence alone.
    proposed, tier, selected_by
        The tier within capacity, the tier decided, and what that rests on (`Decision`).
    bound
        Whether the bound on false discoveries can be met; None where that is not known.
    """

    proposal: Proposal
    proposed: str
    tier: str
    selected_by: str
    bound: AccusationBound | None = None


def explain(e: OperatorEvidence, outcome: Outcome, policy: Policy) -> tuple[str, str]:
    """Explain a decision to the operator and its supervisor.

    Parameters
    ----------
    e
        Evidence on the operator.
    outcome
        What was decided.
    policy
        The policy in force.

    Returns
    -------
    tuple[str, str]
        The Chinese and the English text. "Reviewed only" stands in that of a B and of no other.
    """
    clauses = [
        _risk(e),
        _anomaly(e, policy),
        _sessions(e, outcome, policy),
        _orders(e, policy),
        _honest_share(e),
        _selection(outcome, policy),
        _little_history(e, outcome, policy),
        _restrictions(e, outcome, policy),
        _beneficiary(e),
        _capacity(outcome.proposed, outcome.proposal.tier),
        _history(e, outcome.tier, outcome.proposed),
    ]
    parts = [c for group in clauses for c in group]
    return "；".join(zh for zh, _ in parts), "; ".join(en for _, en in parts)


def _risk(e: OperatorEvidence) -> Texts:
    if e.is_cleared:
        return [
            ("申诉成立，此前证据不计", "an appeal was won, so evidence of before does not count")
        ]
    if e.risk is None:
        return [("无校准模型", "no calibrated model")]
    zh, en = f"风险 {e.risk:.2f}", f"risk {e.risk:.2f}"
    if e.own_risk is not None and f"{e.own_risk:.2f}" != f"{e.risk:.2f}":
        zh += f"（仅凭自身指标为 {e.own_risk:.2f}，其余来自其场次与订单）"
        en += f" ({e.own_risk:.2f} by its own signals, the rest from its sessions and orders)"
    return [(zh, en)]


def _anomaly(e: OperatorEvidence, policy: Policy) -> Texts:
    if e.is_cleared or (e.risk is not None and not is_anomalous(e, policy)):
        return []
    zh = f"{e.deviating_groups} 组证据明显偏离同类运营者，异常评分 {e.anomaly_score:.1f}"
    groups = "1 group of evidence deviates"
    if e.deviating_groups != 1:
        groups = f"{e.deviating_groups} groups of evidence deviate"
    en = f"{groups} from comparable operators, anomaly score {e.anomaly_score:.1f}"
    if e.risk is None:
        t = policy.tiers
        zh += f"（{t.review_facts} 组且 {t.review_deviance:g} 起可复核）"
        en += f" (reviewed from {t.review_facts} groups and {t.review_deviance:g} on)"
    return [(zh, en)]


def _sessions(e: OperatorEvidence, outcome: Outcome, policy: Policy) -> Texts:
    out = []
    probability = e.worst_session_probability
    is_named = has_inflated_session(e, policy) or outcome.selected_by == bases.AGREEMENT
    if probability is not None and is_named:
        zh, en = f"为 {probability:.2f}", f"{probability:.2f}"
        if probability >= ALMOST_CERTAIN_PROBABILITY:
            zh, en = "超过 0.99", "above 0.99"
        out.append(
            (
                f"场次 {e.worst_session} 虚增的可能性{zh}",
                f"its session {e.worst_session} is inflated with probability {en}",
            )
        )
    if e.false_session_share is not None and has_false_sessions(e, policy):
        share = f"{e.false_session_share:.0%}"
        out.append(
            (
                f"近期场次估计有 {share} 虚增",
                f"an estimated {share} of its recent sessions are inflated",
            )
        )
    return out


def _orders(e: OperatorEvidence, policy: Policy) -> Texts:
    if e.false_order_share is None or not has_false_orders(e, policy):
        return []
    share = f"{e.false_order_share:.0%}"
    return [
        (f"近期订单估计有 {share} 虚假", f"an estimated {share} of its recent orders are false")
    ]


def _honest_share(e: OperatorEvidence) -> Texts:
    if e.p_value is None:
        return []
    return [
        (
            f"诚实运营者中 {e.p_value:.2%} 同样可疑",
            f"{e.p_value:.2%} of honest operators look as suspicious",
        )
    ]


def _selection(outcome: Outcome, policy: Policy) -> Texts:
    """Words where the bound on false discoveries, or agreement, led to C or D."""
    if outcome.selected_by == bases.AGREEMENT:
        en = "its risk and that session both reach what an accusation asks"
        return [("其风险与该场次均达到指控要求", en)]
    if outcome.selected_by != bases.BOUND:
        return []
    share = f"{policy.tiers.false_discovery:.0%}"
    zh = f"按误判上界入选（入选者中预期诚实的至多 {share}）"
    of = f"at most {share} of the selected are expected to be honest"
    return [(zh, f"selected by the bound on false discoveries ({of})")]


def _little_history(e: OperatorEvidence, outcome: Outcome, policy: Policy) -> Texts:
    if not has_little_history(e, policy):
        return []
    if _is_review(outcome):
        return [("历史不足，只复核", "too little history, reviewed only")]
    return [("历史不足", "too little history")]


def _restrictions(e: OperatorEvidence, outcome: Outcome, policy: Policy) -> Texts:
    """Why a risk that reaches C makes a review only; nothing where the tier is another."""
    if not _is_review(outcome):
        return []
    least = policy.tiers.accuse_session
    texts = {
        bases.NO_INFLATED_SESSION: (
            f"没有场次虚增的可能性达到 {least:.2f}",
            f"none of its sessions is inflated with probability {least:.2f} or more",
        ),
        bases.NO_P_VALUE: _nothing_to_compare_with(outcome.bound),
        bases.NOT_SELECTED: _not_selected(outcome.bound),
    }
    if e.beneficiary != "third_party":  # `_beneficiary` says the rest
        texts[bases.UNKNOWN_BENEFICIARY] = (
            "可疑订单由谁受益不明",
            "who gains from its suspicious orders is not known",
        )
    found = [texts[name] for name in outcome.proposal.restrictions if name in texts]
    return [(f"{zh}，只复核", f"{en}, reviewed only") for zh, en in found]


def _nothing_to_compare_with(bound: AccusationBound | None) -> tuple[str, str]:
    zh, en = "没有已澄清的运营者可供比较", "no cleared operator is known to compare it with"
    if bound is None:
        return zh, en
    return f"{zh}（需 {bound.missing} 名）", f"{en} ({bound.missing} needed)"


def _not_selected(bound: AccusationBound | None) -> tuple[str, str]:
    if bound is None or not bound.missing:
        return "按误判上界未入选", "the bound on false discoveries does not select it"
    return (
        f"已澄清的运营者太少（{bound.cleared} 名，还需 {bound.missing} 名），无法满足误判上界",
        f"the bound on false discoveries cannot be met with {bound.cleared} cleared operators "
        f"({bound.missing} more needed)",
    )


def _is_review(outcome: Outcome) -> bool:
    """The tier is a B, and tonight's evidence asks for it."""
    return outcome.tier == "B" and outcome.proposal.tier == "B"


def _beneficiary(e: OperatorEvidence) -> Texts:
    if e.beneficiary != "third_party":
        return []
    return [
        (
            "可疑订单对其不利，也可能是他人恶意刷单",
            "its suspicious orders harm it, which may be a rival's doing",
        )
    ]


def _capacity(proposed: str, by_risk: str) -> Texts:
    if by_risk == proposed:
        return []
    return [
        (
            f"巡查容量所限，由 {by_risk} 调为 {proposed}",
            f"moved from {by_risk} to {proposed} by patrol capacity",
        )
    ]


def _history(e: OperatorEvidence, tier: str, proposed: str) -> Texts:
    if e.override is not None:
        return [(f"由人工定为 {tier}", f"set to {tier} by a person")]
    if tier == e.floor and tier > proposed:
        return [(f"因通报不低于 {tier}", f"not milder than {tier} because of a notice")]
    if tier != proposed:
        return [(f"仍在观察期，保持 {tier}", f"stays in {tier} until the clean period is over")]
    return []
