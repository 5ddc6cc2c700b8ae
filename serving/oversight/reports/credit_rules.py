"""The public rules of credit (E-Commerce Law 39): no threshold of a detector is in them."""

from __future__ import annotations

from datetime import date
from typing import Any

from serving.oversight.credit import SUB_SCORES
from serving.policy.schema import Policy

SUB_SCORE_WORDS = {
    "ratings": ("用户评价（含被删除的）", "ratings of users, removed ones included"),
    "complaints": ("投诉：成立、未结与逾期", "complaints: upheld, open and late"),
    "handling": ("平台处置，随时间衰减", "measures of the platform, fading with time"),
    "notices": ("监管部门通报，随时间衰减", "notices of regulators, fading with time"),
}


def credit_rules(policy: Policy, on: date) -> dict[str, Any]:
    """The rules of credit: its parts, the entitlements of each level, and how points come back."""
    c = policy.credit
    return {
        "policyVersion": policy.version,
        "basis": policy.cite("duty", "credit_rules", on),
        "subScores": [
            {
                "name": name,
                "weight": getattr(c, name),
                "zh": SUB_SCORE_WORDS[name][0],
                "en": SUB_SCORE_WORDS[name][1],
            }
            for name in SUB_SCORES
        ],
        "unknown": {
            "zh": "未知的分项不计入，其权重由其余分项分担",
            "en": "sub-scores that are not known are left out; the others share their weight",
        },
        "measures": [
            {
                "code": s.code,
                "zh": s.zh,
                "en": s.en,
                "points": round(c.disposition_points * policy.severity(s.code), 3),
            }
            for s in policy.ladder
        ],
        "noticePoints": c.notice_points,
        "complaintsPerHundredOrdersAtHalf": c.complaint_half,
        "halfLifeDays": c.half_life_days,
        "leastOrders": c.least_orders,
        "levels": [
            {"level": e.level, "from": None if e.least < 0 else e.least, "allows": list(e.allows)}
            for e in policy.entitlements
        ],
        "appeal": {"route": policy.appeal_route, "days": policy.appeal_days},
    }
