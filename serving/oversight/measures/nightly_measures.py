"""Measures of a night as records that stand on their own: grounds, rule, notice, appeal.

A night puts the mildest measures in force (popup, warn, limit_traffic). It only proposes those
that the policy reserves for people.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from features.catalogue import BY_NAME
from serving.oversight.measures.state import EXPIRED, IN_FORCE, LIFTED, MeasureState
from serving.oversight.measures.subjects import SUBJECT_WORDS
from serving.policy.ladder import Step
from serving.policy.schema import Policy


@dataclass(frozen=True)
class MeasureGrounds:
    """Grounds of a measure.

    Attributes
    ----------
    texts
        The reason in words, by language (zh, en).
    evidence
        Ids of sessions, orders and rings, by kind.
    signals
        Signals with value, unit, threshold, peers' median and texts.
    """

    texts: dict[str, str]
    evidence: dict[str, list[str]]
    signals: list[dict[str, Any]]


def grounds_of(
    why: dict[str, Any], reasons: list[dict[str, Any]], evidence: dict[str, list[str]]
) -> MeasureGrounds:
    """Grounds from the reason of a decision and the reasons of a score."""
    signals = [
        {
            "signal": r["signal"],
            "value": r["value"],
            "unit": r["unit"],
            "threshold": BY_NAME[r["signal"]].alarm,
            "peers": r["peers"],
            "zh": r["zh"],
            "en": r["en"],
        }
        for r in reasons
    ]
    return MeasureGrounds({"zh": why["zh"], "en": why["en"]}, evidence, signals)


def with_named_session(evidence: dict[str, list[str]], why: dict[str, Any]) -> dict[str, list[str]]:
    """Evidence that begins with the session which the reason of a decision names.

    The night lists its own suspicious sessions; the one that decides may be of a night before.
    """
    named = (why.get("session") or {}).get("id")
    if not named or named not in why["en"]:
        return evidence
    return evidence | {"sessions": list(dict.fromkeys([named, *evidence.get("sessions", [])]))}


@dataclass(frozen=True)
class NoticeTerms:
    """Whom a notice is for, its measure and when it holds."""

    step: Step
    subject: str
    start: datetime
    end: datetime
    subject_kind: str = "operator"


def notice_texts(terms: NoticeTerms, grounds: MeasureGrounds, policy: Policy) -> tuple[str, str]:
    """Text of the notice, zh and en: facts, reasons, rule in force, duration, appeal."""
    step, start, end = terms.step, terms.start, terms.end
    article = policy.cite("measure", step.code, start.date())
    to_zh, to_en = SUBJECT_WORDS[terms.subject_kind]
    zh = "。".join([grounds.texts["zh"], *(s["zh"] for s in grounds.signals)])
    en = ". ".join([grounds.texts["en"], *(s["en"] for s in grounds.signals)])
    return (
        f"致{to_zh} {terms.subject}：现对你采取“{step.zh}”，"
        f"期限 {start:%Y-%m-%d} 至 {end:%Y-%m-%d}。"
        f"事实与理由：{zh}。依据：{article}；政策版本 {policy.version}。"
        f"如有异议，可在 {policy.appeal_open_days} 日内申诉：{policy.appeal_route_zh}。",
        f"To {to_en} {terms.subject}: {step.en}, from {start:%Y-%m-%d} to {end:%Y-%m-%d}. "
        f"Facts and reasons: {en}. Basis: {article}; policy {policy.version}. "
        f"You may appeal within {policy.appeal_open_days} days: {policy.appeal_route}.",
    )


def nightly_measures(
    decisions: pd.DataFrame,
    reasons: dict[str, list[dict]],
    evidence: dict[str, dict],
    verdicts: dict[str, str],
    as_of: datetime,
    policy: Policy,
) -> pd.DataFrame:
    """Measures of a night, one for each operator whose tier suggests one.

    Parameters
    ----------
    decisions
        Rows of `tier_decisions`.
    reasons, evidence
        Reasons of the score and ids of the evidence, by operator.
    verdicts
        Verdict of each operator's latest decided appeal.
    as_of, policy
        Moment and policy of the night.

    Returns
    -------
    DataFrame
        Rows of the contract `measures` without the columns that stamp the run.
    """
    rows = []
    for d in decisions[decisions["measure"] != "none"].itertuples(index=False):
        step = policy.ladder_step(d.measure)
        grounds = grounds_of(
            json.loads(d.why), reasons.get(d.operator_id, []), evidence.get(d.operator_id, {})
        )
        end = as_of + timedelta(days=policy.measures.days)
        terms = NoticeTerms(step, d.operator_id, as_of, end)
        zh, en = notice_texts(terms, grounds, policy)
        free = d.measure not in policy.measures.human_only
        free = free and policy.validity.is_in_force(as_of.date())
        rows.append(
            {
                "measure_id": "m"
                + hashlib.sha256(f"{d.operator_id}|{d.measure}|{as_of}".encode()).hexdigest()[:12],
                "operator_id": d.operator_id,
                "code": d.measure,
                "step": policy.step(d.measure),
                "status": "in_force" if free else "proposed",
                "automatic": free,
                "facts": json.dumps(grounds.texts, ensure_ascii=False),
                "evidence": json.dumps(grounds.evidence, ensure_ascii=False),
                "signals": json.dumps(grounds.signals, ensure_ascii=False),
                "article": policy.cite("measure", d.measure, as_of.date()),
                "policy_version": policy.version,
                "notice_zh": zh,
                "notice_en": en,
                "effective_from": as_of,
                "effective_to": end,
                "appeal_route": policy.appeal_route,
                "appeal_due": as_of + timedelta(days=policy.appeal_open_days),
                "outcome": verdicts.get(d.operator_id),
            }
        )
    return pd.DataFrame(rows)


def with_present_status(rows: pd.DataFrame, state: MeasureState, at: datetime) -> pd.DataFrame:
    """Published measures of a night with their status at a moment, instead of that night.

    One in force is expired after its term, and lifted where its operator won an appeal since.
    """

    def status(operator: str, published: str, start: pd.Timestamp, end: pd.Timestamp) -> str:
        if published != IN_FORCE:
            return published
        if state.clears(operator, start.to_pydatetime(), at):
            return LIFTED
        return EXPIRED if at >= end else IN_FORCE

    columns = ("operator_id", "status", "effective_from", "effective_to")
    present = [status(*row) for row in zip(*(rows[c] for c in columns), strict=True)]
    return rows.assign(status=pd.Series(present, index=rows.index, dtype=object))
