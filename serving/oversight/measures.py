"""Measures as records that stand on their own: what was found, by which rule, said how, and how to appeal.

A night puts the mildest in force by itself (popup, warn, limit_traffic); whatever the policy reserves is taken by a person
or proposed on two independent detectors, and written to `LAKE/journal/measures.jsonl`, chained like the decisions.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import read_outbound
from features.catalogue import BY_NAME
from serving.ledger.hash_chain import append_record, read_records
from serving.policy.schema import Policy, Step


class BadMeasure(SteelyardError):
    """A measure cannot be taken as asked."""

    exit_code = 10


@dataclass(frozen=True)
class MeasureGrounds:
    """What a measure rests on: why in words, evidence ids by kind, signals with value, threshold and peers' baseline."""

    facts: dict[str, str]
    evidence: dict[str, list[str]]
    signals: list[dict[str, Any]]


def grounds_of(
    why: dict[str, Any], reasons: list[dict[str, Any]], evidence: dict[str, list[str]]
) -> MeasureGrounds:
    """Ground from a decision's words and a score's reasons."""
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


def notice_texts(
    step: Step,
    operator: str,
    ground: MeasureGrounds,
    start: datetime,
    end: datetime,
    policy: Policy,
) -> tuple[str, str]:
    """Text of the notice, zh and en: facts, reasons, rule, duration, appeal."""
    zh = "；".join([ground.facts["zh"], *(s["zh"] for s in ground.signals)])
    en = "; ".join([ground.facts["en"], *(s["en"] for s in ground.signals)])
    return (
        f"致运营者 {operator}：现对你采取“{step.zh}”，期限 {start:%Y-%m-%d} 至 {end:%Y-%m-%d}。事实与理由：{zh}。"
        f"依据：{step.article}；政策版本 {policy.version}。如有异议，可在 {policy.appeal_days} 日内申诉：{policy.appeal_route_zh}。",
        f"To operator {operator}: {step.en}, from {start:%Y-%m-%d} to {end:%Y-%m-%d}. Facts and reasons: {en}. "
        f"Basis: {step.article}; policy {policy.version}. You may appeal within {policy.appeal_days} days: {policy.appeal_route}.",
    )


def nightly_measures(
    decisions: pd.DataFrame,
    reasons: dict[str, list[dict]],
    evidence: dict[str, dict],
    verdicts: dict[str, str],
    as_of: datetime,
    policy: Policy,
) -> pd.DataFrame:
    """Measures of a night, one for each operator whose tier suggests one: rows of the contract less the run's stamp.

    `verdicts`: of each operator's latest decided appeal.
    """
    rows = []
    for d in decisions[decisions["measure"] != "none"].itertuples(index=False):
        step = policy.ladder[policy.step(d.measure) - 1]
        ground = grounds_of(
            json.loads(d.why), reasons.get(d.operator_id, []), evidence.get(d.operator_id, {})
        )
        end = as_of + timedelta(days=policy.measures.days)
        zh, en = notice_texts(step, d.operator_id, ground, as_of, end, policy)
        free = d.measure not in policy.measures.human_only
        rows.append(
            {
                "measure_id": "m"
                + hashlib.sha256(f"{d.operator_id}|{d.measure}|{as_of}".encode()).hexdigest()[:12],
                "operator_id": d.operator_id,
                "code": d.measure,
                "step": policy.step(d.measure),
                "status": "in_force" if free else "proposed",
                "automatic": free,
                "facts": json.dumps(ground.facts, ensure_ascii=False),
                "evidence": json.dumps(ground.evidence, ensure_ascii=False),
                "signals": json.dumps(ground.signals, ensure_ascii=False),
                "article": step.article,
                "policy_version": policy.version,
                "notice_zh": zh,
                "notice_en": en,
                "effective_from": as_of,
                "effective_to": end,
                "appeal_route": policy.appeal_route,
                "appeal_due": as_of + timedelta(days=policy.appeal_days),
                "outcome": verdicts.get(d.operator_id),
            }
        )
    return pd.DataFrame(rows)


def agreeing_detectors(scores: pd.DataFrame, operator: str, policy: Policy) -> list[str]:
    """Independent detectors that find an operator: its model by probability, deviance by its rank among everybody."""
    mine = scores[(scores["entity_kind"] == "operator") & (scores["entity_id"] == operator)]
    many = scores[(scores["entity_kind"] == "operator")].groupby("model").size()
    found = []
    for r in mine.itertuples(index=False):
        rare = r.rank <= max(1, int(policy.measures.detector_tail * many[r.model]))
        likely = (
            r.probability is not None
            and r.probability == r.probability
            and r.probability >= policy.measures.detector_risk
        )
        if likely or (r.model == "deviance" and rare and r.score > 0):
            found.append(str(r.model))
    return sorted(set(found))


def take_measure(
    folder: LakeOrFolder,
    operator: str,
    code: str,
    by: str,
    reason: str,
    days: int,
    now: datetime,
    policy: Policy,
    approver: str | None = None,
) -> dict[str, Any]:
    """Take a measure by hand against an operator of the latest published night. Returns its record.

    Raises BadMeasure when the code is not on the ladder, the reason is missing, or the policy asks for an approver (another
    person than the one who proposes) or for two independent detectors that do not agree. Nothing is written then.
    """
    lake = Lake.open(folder)
    codes = [s.code for s in policy.ladder]
    if code not in codes:
        raise BadMeasure(f"{code!r} is not on the ladder; codes, mildest first: {', '.join(codes)}")
    if not by.strip() or not reason.strip() or days < 1:
        raise BadMeasure("a measure needs --by, --reason and --days of at least 1")
    decisions = read_outbound(lake, "tier_decisions").set_index("operator_id")
    if operator not in decisions.index:
        raise BadMeasure(
            f"no decision about operator {operator} was published; look with: steelyard show tier_decisions {folder}"
        )
    scores = read_outbound(lake, "scores")
    agree = agreeing_detectors(scores, operator, policy)
    if code in policy.measures.human_only:
        approved = approver is not None and approver.strip() and approver != by
        if not approved and not (code in policy.measures.two_detectors and len(agree) >= 2):
            more = (
                f", or two independent detectors (found by: {', '.join(agree) or 'none'})"
                if code in policy.measures.two_detectors
                else ""
            )
            raise BadMeasure(
                f"{code} needs an --approver other than {by}{more}; a score alone never takes it"
            )
    published = read_outbound(lake, "measures")
    known = published[published["operator_id"] == operator]
    d = decisions.loc[operator]
    why = json.loads(d["why"])
    said = scores[
        (scores["entity_id"] == operator)
        & (scores["model"] != "deviance")
        & scores["reasons"].notna()
    ]["reasons"]
    evidence = json.loads(known["evidence"].iloc[0]) if len(known) else {}
    ground = grounds_of(
        {"zh": f"{reason}（{why['zh']}）", "en": f"{reason} ({why['en']})"},
        json.loads(said.iloc[0]) if len(said) else [],
        evidence,
    )
    step, end = policy.ladder[codes.index(code)], now + timedelta(days=days)
    zh, en = notice_texts(step, operator, ground, now, end, policy)
    record = {
        "measure_id": "m"
        + hashlib.sha256(f"{operator}|{code}|{now.isoformat()}".encode()).hexdigest()[:12],
        "operator_id": operator,
        "code": code,
        "step": policy.step(code),
        "status": "in_force",
        "automatic": False,
        "by": by,
        "approver": approver,
        "detectors": agree,
        "facts": ground.facts,
        "evidence": ground.evidence,
        "signals": ground.signals,
        "article": step.article,
        "policy_version": str(policy.version),
        "model_version": str(d["model_version"]),
        "run_id": str(d["run_id"]),
        "tier": str(d["tier"]),
        "notice_zh": zh,
        "notice_en": en,
        "effective_from": now.isoformat(timespec="seconds"),
        "effective_to": end.isoformat(timespec="seconds"),
        "appeal_route": policy.appeal_route,
        "appeal_due": (now + timedelta(days=policy.appeal_days)).isoformat(timespec="seconds"),
        "outcome": None,
    }
    append_record(lake.measures, record)
    return record


def manual_measures(folder: LakeOrFolder, operator: str | None = None) -> list[dict[str, Any]]:
    """Measures taken by hand, oldest first, each with its outcome (lifted, upheld) once there is one."""
    out: dict[str, dict[str, Any]] = {}
    for r in read_records(Lake.open(folder).measures):
        if "outcome_of" in r:
            if r["outcome_of"] not in out:
                continue
            out[r["outcome_of"]] |= {
                "outcome": r["outcome"],
                "status": "lifted" if r["outcome"] == "lifted" else "in_force",
            }
        elif operator is None or r["operator_id"] == operator:
            out[r["measure_id"]] = {
                k: v for k, v in r.items() if k not in ("sha256", "previous_sha256")
            }
    return list(out.values())


def close_measure(
    folder: LakeOrFolder, measure_id: str, outcome: str, by: str, reason: str, now: datetime
) -> dict[str, Any]:
    """Record what became of a measure: lifted or upheld. Raises BadMeasure."""
    found = next((m for m in manual_measures(folder) if m["measure_id"] == measure_id), None)
    if found is None or found["outcome"] is not None:
        raise BadMeasure(
            f"there is no open measure {measure_id}; list them with: steelyard measure list {folder}"
        )
    if outcome not in ("lifted", "upheld") or not by.strip() or not reason.strip():
        raise BadMeasure("an outcome is lifted or upheld, and needs --by and --reason")
    line = {
        "outcome_of": measure_id,
        "outcome": outcome,
        "by": by,
        "reason": reason,
        "at": now.isoformat(timespec="seconds"),
    }
    append_record(Lake.open(folder).measures, line)
    return next(m for m in manual_measures(folder) if m["measure_id"] == measure_id)
