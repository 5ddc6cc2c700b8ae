"""Evidence on an operator, and the conditions of the policy that it meets."""

from __future__ import annotations

from dataclasses import dataclass, replace

from serving.policy.schema import Policy

TIERS = "ABCD"


@dataclass(frozen=True)
class OperatorEvidence:
    """Evidence that the tier of one operator rests on.

    None is unknown. An unknown value never moves a tier.

    Attributes
    ----------
    operator_id
        The operator.
    risk
        Calibrated probability of fraud, pooled with its sessions and orders.
    influence
        Share of operators with less influence, from corrected figures.
    deviating_groups
        Evidence groups that deviate from peers on the suspicious side.
    sessions, orders, views
        Counts of the last 28 days.
    beneficiary
        Who gains from its suspicious orders by their ratings: `beneficiary` (the operator),
        `third_party` or `unknown`. `attribution` says what is published.
    p_value
        Share of honest operators that look at least as suspicious.
    is_extreme
        Hardly any known honest operator looks as suspicious. It is published; no rule reads it.
    previous_tier, previous_risk, previous_model, previous_policy
        What the night before decided, with its model and policy versions.
    clean_nights
        Nights in a row, before tonight, with a milder proposal.
    stratum
        Region and category. Strata have patrol capacity of their own.
    floor
        Mildest tier that a notice allows.
    override
        Tier that a person set until it expires.
    risk_change
        Parts of the change of risk owed to behaviour, data and model.
    contested
        Suspected mostly for orders that a rival may have placed.
    mostly_orders
        Suspected mostly for orders.
    anomaly_score
        Sum of weighted deviations over all evidence groups.
    own_risk
        Risk by the operator's own signals, before pooling.
    worst_session_probability, worst_session
        Its session of two weeks with the highest view-adjusted probability.
    is_cleared
        An appeal was won within the evidence window: only sessions that began since count
        (`after_won_appeal`).
    false_session_share, false_order_share
        Expected share of false ones among its recent sessions and orders; None for few of them.
    """

    operator_id: str
    risk: float | None
    influence: float | None
    deviating_groups: int
    sessions: float | None
    orders: float | None
    beneficiary: str = "unknown"
    p_value: float | None = None
    is_extreme: bool = False
    previous_tier: str | None = None
    previous_risk: float | None = None
    previous_model: str | None = None
    previous_policy: str | None = None
    clean_nights: int = 0
    stratum: str = ""
    floor: str | None = None
    override: str | None = None
    risk_change: tuple[float, float, float] | None = None
    contested: bool = False
    mostly_orders: bool = False
    views: float | None = None
    anomaly_score: float = 0.0
    own_risk: float | None = None
    worst_session_probability: float | None = None
    worst_session: str = ""
    false_session_share: float | None = None
    false_order_share: float | None = None
    is_cleared: bool = False


def after_won_appeal(e: OperatorEvidence) -> OperatorEvidence:
    """Evidence without all that cannot be told apart from what an appeal found wrong (ADR-0291).

    Its worst session is one that began since; so a review is possible, and no accusation.
    """
    return replace(
        e,
        is_cleared=True,
        risk=None,
        own_risk=None,
        p_value=None,
        is_extreme=False,
        deviating_groups=0,
        anomaly_score=0.0,
        false_session_share=None,
        false_order_share=None,
        risk_change=None,
        contested=False,
    )


def has_little_history(e: OperatorEvidence, policy: Policy) -> bool:
    """Few sessions or few views, and few orders, as far as they are known (ADR-0144)."""
    few = (e.sessions or 0) < policy.tiers.cold_sessions or (
        e.views is not None and e.views < policy.tiers.cold_views
    )
    return few and (e.orders or 0) < policy.tiers.cold_orders


def is_anomalous(e: OperatorEvidence, policy: Policy) -> bool:
    """Enough evidence groups deviate, and the anomaly score is high (ADR-0045).

    It makes a review only where no risk is known.
    """
    return (
        e.deviating_groups >= policy.tiers.review_facts
        and e.anomaly_score >= policy.tiers.review_deviance
    )


def has_inflated_session(e: OperatorEvidence, policy: Policy) -> bool:
    """One of its sessions is almost certainly inflated (ADR-0035)."""
    probability = e.worst_session_probability
    return probability is not None and probability >= policy.tiers.review_session


def has_accusing_session(e: OperatorEvidence, policy: Policy) -> bool:
    """One of its sessions is as probably inflated as an accusation for false views asks."""
    probability = e.worst_session_probability
    return probability is not None and probability >= policy.tiers.accuse_session


def has_false_sessions(e: OperatorEvidence, policy: Policy) -> bool:
    """As large a share of its sessions is expected to be inflated as a review asks (ADR-0190)."""
    share = e.false_session_share
    return share is not None and share >= policy.tiers.review_precision


def has_false_orders(e: OperatorEvidence, policy: Policy) -> bool:
    """As large a share of its orders is expected to be false as a review asks (ADR-0190)."""
    share = e.false_order_share
    return share is not None and share >= policy.tiers.review_precision


def lacks_inflated_session(e: OperatorEvidence, policy: Policy) -> bool:
    """Suspected of false views, without a session that is itself inflated (ADR-0021).

    False where no session's views were assessed.
    """
    is_assessed = e.worst_session_probability is not None
    return not e.mostly_orders and is_assessed and not has_accusing_session(e, policy)


def beneficiary_of(
    low: float | None, high: float | None, low_in_cancellations: float | None, policy: Policy
) -> str:
    """The beneficiary of an operator's suspicious orders, by their ratings.

    Parameters
    ----------
    low, high
        Shares of suspicious orders rated two stars or less, and four or more.
    low_in_cancellations
        Share of ratings of two stars or less in rushes of cancellations; None for too few ratings.
    policy
        Bounds of the three shares.

    Returns
    -------
    str
        `third_party`, `beneficiary` (the operator itself) or `unknown`.
    """
    if low_in_cancellations is not None and low_in_cancellations >= policy.attribution.third_party:
        return "third_party"
    if low is None or high is None or low + high < policy.attribution.least_rated:
        return "unknown"
    return "beneficiary" if low / (low + high) <= policy.attribution.beneficiary else "unknown"


def attribution(e: OperatorEvidence, policy: Policy) -> str:
    """The published beneficiary of an operator's suspicious orders (ADR-0301).

    Good ratings alone do not name an operator: honest ones have busy hours and happy buyers. It is
    named where its risk, mostly for orders, is at least the precision that the policy states.
    """
    if e.beneficiary != "beneficiary":
        return e.beneficiary
    is_sure = e.mostly_orders and e.risk is not None and e.risk >= policy.attribution.precision
    return "beneficiary" if is_sure else "unknown"


def expected_harm(e: OperatorEvidence) -> float | None:
    """Risk times influence. An unknown influence counts as 0.5."""
    return None if e.risk is None else e.risk * _influence(e)


def patrol_priority(e: OperatorEvidence, policy: Policy) -> float:
    """Expected harm by the surest evidence: its risk, its sessions or its orders."""
    probabilities = [
        e.risk or 0.0,
        (e.worst_session_probability or 0.0) if has_inflated_session(e, policy) else 0.0,
        (e.false_session_share or 0.0) if has_false_sessions(e, policy) else 0.0,
        (e.false_order_share or 0.0) if has_false_orders(e, policy) else 0.0,
    ]
    return max(probabilities) * _influence(e)


def _influence(e: OperatorEvidence) -> float:
    return 0.5 if e.influence is None else e.influence
