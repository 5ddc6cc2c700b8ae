"""Tiers: from risk, influence and history to a supervision tier, as a pure function of its arguments."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from serving.policy.schema import Policy
from serving.tiers.false_discovery import selected

TIERS = "ABCD"
REST = "~"  # the patrol of the strata that are too small for a place of their own


@dataclass(frozen=True)
class Standing:
    """What is known of an operator tonight. None is unknown; unknown never moves a tier.

    `risk`: calibrated probability. `influence`: share of operators with less, from corrected figures.
    `facts`: how many lie far from peers on the suspicious side; `deviance`: what all of them add up to, in points.
    `attribution`: who gains from its suspicious orders.
    `p_value`: share of honest operators that look at least as suspicious;
    `rarest`: of those that are known hardly one does. `clean`: nights in a row, before tonight, with a milder proposal.
    `previous_*`: last night's tier, risk, model and policy. `stratum`: its region and category, which have patrol of their own.
    `floor`: the mildest tier that a notice allows; `override`: the tier that a person set until it expires.
    `split`: how much of the change of risk is owed to behaviour, data and model. `contested`: it is suspected mostly for orders
    that a rival may have placed, since nothing shows that it gains from them. `by_orders`: it is suspected mostly for orders. `own_risk`: risk by its own signals, before it was weighed
    with what its sessions and orders showed. `worst`, `worst_session`: its session of two weeks that is most probably inflated by its own
    signals and single views, and how probably.
    """

    operator_id: str
    risk: float | None
    influence: float | None
    facts: int
    sessions: float | None
    orders: float | None
    attribution: str = "unknown"
    p_value: float | None = None
    rarest: bool = False
    previous_tier: str | None = None
    previous_risk: float | None = None
    previous_model: str | None = None
    previous_policy: str | None = None
    clean: int = 0
    stratum: str = ""
    floor: str | None = None
    override: str | None = None
    split: tuple[float, float, float] | None = None
    contested: bool = False
    by_orders: bool = False
    views: float | None = None
    deviance: float = 0.0
    own_risk: float | None = None
    worst: float | None = None
    worst_session: str = ""


@dataclass(frozen=True)
class Decision:
    """A tier with what led to it. `proposed` is the tier before hysteresis; it feeds the next night's count."""

    operator_id: str
    tier: str
    proposed: str
    is_key_operator: bool
    expected_harm: float | None
    measure: str
    needs_human: bool
    cold_start: bool
    cause: str
    why_zh: str
    why_en: str


def is_cold(s: Standing, policy: Policy) -> bool:
    """Whether an operator has too little history to be judged: few sessions or views, and few orders, as far as known."""
    few = (s.sessions or 0) < policy.tiers.cold_sessions or (
        s.views is not None and s.views < policy.tiers.cold_views
    )
    return few and (s.orders or 0) < policy.tiers.cold_orders


def lies_out(s: Standing, policy: Policy) -> bool:
    """Whether an operator is reviewed whatever a model says of its risk, or where none does: several facts lie far out, together very far."""
    return s.facts >= policy.tiers.review_facts and s.deviance >= policy.tiers.review_deviance


def ran_inflated(s: Standing, policy: Policy) -> bool:
    """Whether one of its sessions is held inflated beyond doubt, by which an operator is reviewed whatever is said of itself."""
    return s.worst is not None and s.worst >= policy.tiers.review_session


def nothing_found(s: Standing, policy: Policy) -> bool:
    """Whether who is suspected of its views ran no session that is itself held inflated; where none was looked at nobody knows."""
    return not s.by_orders and s.worst is not None and s.worst < policy.tiers.accuse_session


def proposed_by_risk(s: Standing, policy: Policy, chosen: frozenset[str]) -> str:
    """The tier that tonight's evidence proposes, before capacity and hysteresis.

    `chosen`: operators selected under the bound on false discoveries; the bound is not applied where no honest operator is known, nor
    to who lies far out besides and is among the rarest: a small yardstick cannot say how rare that is.
    """
    t = policy.tiers
    reviewed = lies_out(s, policy) or ran_inflated(s, policy)
    if s.risk is None:
        return "B" if reviewed else "A"
    tier = "D" if s.risk >= t.D else "C" if s.risk >= t.C else "B" if s.risk >= t.B else "A"
    if s.p_value is not None and s.p_value > t.review_honest and not s.rarest:
        tier = "A"
    elif (
        s.p_value is not None
        and s.operator_id not in chosen
        and not (s.rarest and lies_out(s, policy))
    ):
        tier = min(tier, "B")
    if reviewed:
        tier = max(tier, "B")
    return min(tier, "B") if is_cold(s, policy) or s.contested or nothing_found(s, policy) else tier


def who_gains(low: float | None, high: float | None, run_down: float | None, policy: Policy) -> str:
    """Who gains from suspicious orders: a rival where rushes of cancellations run the operator down, itself where they praise it.

    `low`, `high`: shares of them rated two stars or less, four or more; too few ratings say nothing. `run_down`: share of ratings of two
    stars or less in rushes of cancellations, None where there are too few.
    """
    if run_down is not None and run_down >= policy.attribution.third_party:
        return "third_party"
    if low is None or high is None or low + high < policy.attribution.least_rated:
        return "unknown"
    return "beneficiary" if low / (low + high) <= policy.attribution.beneficiary else "unknown"


def expected_harm(s: Standing) -> float | None:
    """Risk times influence; an unknown influence counts as the middle."""
    if s.risk is None:
        return None
    return s.risk * (0.5 if s.influence is None else s.influence)


def _rooms(standings: list[Standing], share: float) -> tuple[dict[str, str], dict[str, int]]:
    """The patrol that each stratum has (its own where it is large enough for a place, else that of all the others), and its room."""
    sizes = Counter(s.stratum for s in standings)
    patrol = {name: name if math.floor(share * n) >= 1 else REST for name, n in sizes.items()}
    room = {name: math.floor(share * n) for name, n in sizes.items() if patrol[name] == name}
    room[REST] = max(
        1, math.floor(share * sum(n for name, n in sizes.items() if patrol[name] == REST))
    )
    return patrol, room


def within_capacity(
    standings: list[Standing], proposed: dict[str, str], policy: Policy
) -> dict[str, str]:
    """Move the least harmful proposals beyond patrol capacity one tier milder, from D down to B.

    Capacity is a share of each region and category, of the small ones together, and of everybody.
    """
    order = sorted(
        standings, key=lambda s: (-(expected_harm(s) or 0.0), -s.deviance, s.operator_id)
    )
    out = dict(proposed)
    for tier, milder, share in (
        ("D", "C", policy.tiers.capacity_D),
        ("C", "B", policy.tiers.capacity_C),
        ("B", "A", policy.tiers.capacity_B),
    ):
        patrol, room = _rooms(standings, share)
        whole = max(1, math.floor(share * len(standings)))
        for s in order:
            if out[s.operator_id] < tier:
                continue
            if room[patrol[s.stratum]] > 0 and whole > 0:
                room[patrol[s.stratum]] -= 1
                whole -= 1
            else:
                out[s.operator_id] = milder
    return out


def settled(s: Standing, proposed: str, policy: Policy) -> str:
    """Hysteresis: a worse tier at once, a milder one only after the clean period, one step at a time."""
    if s.previous_tier is None or proposed >= s.previous_tier:
        return proposed
    if (
        s.risk is None
        and not lies_out(s, policy)
        and not ran_inflated(s, policy)
        and s.previous_risk is not None
    ):
        return s.previous_tier  # what has become unknown moves nothing
    if s.clean + 1 < policy.tiers.clean_nights:
        return s.previous_tier
    return max(proposed, TIERS[TIERS.index(s.previous_tier) - 1])


def held(s: Standing, tier: str) -> str:
    """The tier after floors and overrides: a floor only raises supervision, a person's word counts until it expires."""
    return s.override or max(tier, s.floor or "A")


def _cause(s: Standing, tier: str, policy: Policy, model: str) -> str:
    """What an operator moved by: a person, a notice, the policy, or the largest part of the change of its risk."""
    if s.previous_tier is None or tier == s.previous_tier:
        return "none"
    if s.override is not None:
        return "override"
    if s.floor == tier:
        return "notice"
    if s.previous_policy != policy.version:
        return "policy"
    if s.split is not None and any(s.split):
        return max(zip(map(abs, s.split), ("behaviour", "data", "model"), strict=True))[1]
    if s.previous_model != model:
        return "model"
    return "data" if s.risk is None or s.previous_risk is None else "behaviour"


def _words(s: Standing, tier: str, proposed: str, by_risk: str, policy: Policy) -> tuple[str, str]:
    if s.risk is None:
        zh, en = "无校准模型", "no calibrated model"
    else:
        zh, en = f"风险 {s.risk:.2f}", f"risk {s.risk:.2f}"
        if s.own_risk is not None and f"{s.own_risk:.2f}" != f"{s.risk:.2f}":
            zh += f"（仅凭自身指标为 {s.own_risk:.2f}，其余来自其场次与订单）"
            en += f" ({s.own_risk:.2f} by its own signals, the rest by what its sessions and orders showed)"
    if s.risk is None or lies_out(s, policy):
        zh += f"；{s.facts} 项事实明显偏离同类，合计偏离 {s.deviance:.1f} 分"
        en += (
            f"; {s.facts} facts lie far from its peers, {s.deviance:.1f} points of deviance in all"
        )
    if ran_inflated(s, policy):
        sure = s.worst is not None and s.worst >= 0.995  # nobody is told that something is certain
        zh += f"；场次 {s.worst_session} 虚增的可能性" + (
            "超过 0.99" if sure else f"为 {s.worst:.2f}"
        )
        en += f"; its session {s.worst_session} is inflated with probability " + (
            "above 0.99" if sure else f"{s.worst:.2f}"
        )
    if s.p_value is not None:
        zh, en = (
            zh + f"；诚实运营者中 {s.p_value:.2%} 同样可疑",
            en + f"; {s.p_value:.2%} of honest operators look as suspicious",
        )
    if is_cold(s, policy):
        zh, en = zh + "；历史不足，只复核", en + "; too little history, reviewed only"
    if (
        s.risk is not None
        and s.risk >= policy.tiers.C
        and proposed == "B"
        and nothing_found(s, policy)
    ):
        least = policy.tiers.accuse_session
        zh += f"；没有场次虚增的可能性达到 {least:.2f}，只复核"
        en += f"; none of its sessions is inflated with probability {least:.2f} or more, reviewed only"
    if s.contested and s.attribution == "unknown":
        zh, en = (
            zh + "；可疑订单由谁受益不明，只复核",
            en + "; who gains from its suspicious orders is not known, reviewed only",
        )
    if s.attribution == "third_party":
        zh, en = (
            zh + "；可疑订单对其不利，也可能是他人恶意刷单",
            en + "; its suspicious orders harm it, which may be a rival's doing",
        )
    if by_risk != proposed:
        zh, en = (
            zh + f"；巡查容量所限，由 {by_risk} 调为 {proposed}",
            en + f"; moved from {by_risk} to {proposed} by patrol capacity",
        )
    if s.override is not None:
        return zh + f"；由人工定为 {tier}", en + f"; set to {tier} by a person"
    if tier == s.floor and tier > proposed:
        return zh + f"；因通报不低于 {tier}", en + f"; not milder than {tier} because of a notice"
    if tier != proposed:
        zh, en = (
            zh + f"；仍在观察期，保持 {tier}",
            en + f"; stays in {tier} until the clean period is over",
        )
    return zh, en


def decide(standings: list[Standing], policy: Policy, model: str) -> list[Decision]:
    """Decide all operators of a night, in the order given. Nothing but the arguments enters."""
    chosen = selected(
        {s.operator_id: s.p_value for s in standings if s.p_value is not None},
        policy.tiers.false_discovery,
    )
    by_risk = {s.operator_id: proposed_by_risk(s, policy, chosen) for s in standings}
    proposed = within_capacity(standings, by_risk, policy)
    floor = 1.0 - policy.influence.key_share
    decisions = []
    for s in standings:
        tier = held(s, settled(s, proposed[s.operator_id], policy))
        measure = policy.measures.of(tier)
        zh, en = _words(s, tier, proposed[s.operator_id], by_risk[s.operator_id], policy)
        decisions.append(
            Decision(
                s.operator_id,
                tier,
                proposed[s.operator_id],
                tier == "D" or (s.influence is not None and s.influence >= floor),
                expected_harm(s),
                measure,
                measure in policy.measures.human_only,
                is_cold(s, policy),
                _cause(s, tier, policy, model),
                zh,
                en,
            )
        )
    return decisions
