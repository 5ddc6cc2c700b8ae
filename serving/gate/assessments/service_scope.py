"""Effects of an operator's credit and verified identity on the answer of a boost check.

Both are public rules: the level of credit says what an operator may use, and Order 117 Art. 8 asks
for an identity that was verified within six months (ADR-0302, ADR-0303).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from serving.gate.assessments.identity import (
    NO_CONSENT,
    NOT_LABELLED,
    NOT_VERIFIED,
    OVERDUE,
    UNDER_AGE,
    Identity,
)
from serving.oversight.measures.boost_effects import LEVEL_RANK
from serving.pages.text_catalogue import word
from serving.policy.schema import Policy

BOOST = "boost"


def is_entitled(row: dict[str, Any] | None, policy: Policy) -> bool:
    """Whether a level of credit allows a boost; an operator without a credit is not refused."""
    if row is None:
        return True
    allows = next((e.allows for e in policy.entitlements if e.level == row["level"]), None)
    return allows is None or BOOST in allows


def apply_scope(
    body: dict[str, Any],
    credit: dict[str, Any] | None,
    identity: Identity | None,
    policy: Policy,
    now: datetime,
) -> dict[str, Any]:
    """The body of an answer with the scope of service and the state of the identity.

    Parameters
    ----------
    body
        The body so far.
    credit
        Row of `credit` of the operator; None for none.
    identity
        Its identity; None where operators are not delivered.
    policy, now
        The policy in force, and the moment by which a verification is overdue.
    """
    hits, level = [], body["riskLevel"]
    if policy.boost.not_entitled != "PASS" and credit and not is_entitled(credit, policy):
        own = policy.boost.not_entitled
        # on an old night alone nobody is refused
        own = "REVIEW" if own == "REJECT" and body["degraded"] else own
        level = max(level, own, key=LEVEL_RANK.__getitem__)
        hits.append(_credit_hit(credit, own))
    code = "" if identity is None else identity.code(policy, now)
    if not hits and not code:
        return body
    if code and policy.identity.overdue != "PASS":
        level = max(level, policy.identity.overdue, key=LEVEL_RANK.__getitem__)
        hits.append(_identity_hit(identity, code, policy))
    found = body | {"riskLevel": level, "hits": hits + body["hits"]}
    if code and identity is not None:
        verified = identity.verified_at
        found["identity"] = {
            "code": code,
            "verifiedAt": None if verified is None else verified.isoformat() + "Z",
            "renewalDays": policy.identity.renewal_days,
        }
    return found


def apply_streamers(
    body: dict[str, Any], streamers: Mapping[str, Identity], policy: Policy, now: datetime
) -> dict[str, Any]:
    """The body of an answer with what is wrong with the streamers of the request.

    Parameters
    ----------
    body
        The body so far.
    streamers
        Those that the request names, as delivered.
    policy, now
        The policy in force, and the moment by which a verification is overdue.
    """
    wrong = {s: found for s, one in streamers.items() if (found := one.codes(policy, now))}
    if not wrong:
        return body
    hits = [
        _streamer_hit(streamer, code, policy)
        for streamer, codes in sorted(wrong.items())
        for code in codes
        if level_of_code(code, policy) != "PASS"
    ]
    levels = [body["riskLevel"], *(h["riskLevel"] for h in hits)]
    return body | {
        "riskLevel": max(levels, key=LEVEL_RANK.__getitem__),
        "hits": hits + body["hits"],
        "streamers": [{"streamerId": s, "codes": list(c)} for s, c in sorted(wrong.items())],
    }


def level_of_code(code: str, policy: Policy) -> str:
    """Level that the policy gives a boost where something is wrong with an identity."""
    if code in (UNDER_AGE, NO_CONSENT):
        return policy.identity.under_age
    return policy.identity.not_labelled if code == NOT_LABELLED else policy.identity.overdue


STREAMER_WORDS = {
    OVERDUE: ("的身份核验已逾期", "has a verified identity that is overdue for renewal"),
    NOT_VERIFIED: ("未见身份核验记录", "has no known verification of identity"),
    UNDER_AGE: ("未满十六周岁", "is under sixteen"),
    NO_CONSENT: (
        "未满十八周岁且未见监护人同意",
        "is under eighteen without a known guardian's consent",
    ),
    NOT_LABELLED: (
        "为人工智能形象而未作标识",
        "is a figure made by artificial intelligence and not labelled",
    ),
}


def _streamer_hit(streamer: str, code: str, policy: Policy) -> dict[str, Any]:
    zh, en = STREAMER_WORDS[code]
    return {
        "model": "identity",
        "reasonCode": code,
        "reason": {"zh": f"主播 {streamer} {zh}", "en": f"streamer {streamer} {en}"},
        "riskLevel": level_of_code(code, policy),
        "evidence": {
            "signal": code,
            "value": 1.0,
            "unit": "streamers",
            "peers": None,
            "window": "as delivered",
        },
    }


def _credit_hit(credit: dict[str, Any], level: str) -> dict[str, Any]:
    level_zh = word("zh", "public.level", credit["level"])
    return {
        "model": "credit",
        "reasonCode": "not_entitled",
        "reason": {
            "zh": f"信用等级为{level_zh}，不享有投流服务",
            "en": f"its level of credit is {credit['level']}, which does not include boosts",
        },
        "riskLevel": level,
        "evidence": {
            "signal": "credit",
            "value": round(float(credit["credit"]), 2),
            "unit": "points",
            "peers": None,
            "window": "28 days",
        },
    }


def _identity_hit(identity: Identity | None, code: str, policy: Policy) -> dict[str, Any]:
    verified = None if identity is None else identity.verified_at
    words = {
        OVERDUE: ("身份核验已逾期", "its verified identity is overdue for renewal"),
        NOT_VERIFIED: ("未见身份核验记录", "no verification of its identity is known"),
    }
    zh, en = words[code]
    return {
        "model": "identity",
        "reasonCode": code,
        "reason": {"zh": zh, "en": en},
        "riskLevel": policy.identity.overdue,
        "evidence": {
            "signal": "identity_renewal_days",
            "value": float(policy.identity.renewal_days),
            "unit": "days",
            "peers": None,
            "window": "unknown" if verified is None else verified.date().isoformat(),
        },
    }
