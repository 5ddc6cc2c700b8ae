"""Measures that people take, kept in `LAKE/journal/measures.jsonl` as a hash chain.

The policy reserves grave measures. They need another person who approves, or, where the policy
allows it, two independent detectors that agree.
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
from features.former_names import read_night
from serving.ledger.hash_chain import append_record, read_records
from serving.oversight.measures import MeasureGrounds, grounds_of, notice_texts
from serving.policy.schema import Policy


class BadMeasure(SteelyardError):
    """A measure cannot be taken as asked."""

    exit_code = 10


@dataclass(frozen=True)
class MeasureRequest:
    """A measure that a person asks for: against whom, which, by whom, why, for how many days."""

    operator: str
    code: str
    by: str
    reason: str
    days: int = 7
    approver: str | None = None


def agreeing_detectors(scores: pd.DataFrame, operator: str, policy: Policy) -> list[str]:
    """Independent detectors that find an operator.

    A model finds it by its probability, the anomaly score by its rank among all operators.
    """
    own_scores = scores[(scores["entity_kind"] == "operator") & (scores["entity_id"] == operator)]
    ranked_entities = scores[(scores["entity_kind"] == "operator")].groupby("model").size()
    agreeing = []
    for r in own_scores.itertuples(index=False):
        rare = r.rank <= max(1, int(policy.measures.detector_tail * ranked_entities[r.model]))
        likely = (
            r.probability is not None
            and r.probability == r.probability
            and r.probability >= policy.measures.detector_risk
        )
        if likely or (r.model == "deviance" and rare and r.score > 0):
            agreeing.append(str(r.model))
    return sorted(set(agreeing))


def take_measure(
    folder: LakeOrFolder, request: MeasureRequest, now: datetime, policy: Policy
) -> dict[str, Any]:
    """Take a measure against an operator of the latest published night; returns its record.

    Raises
    ------
    BadMeasure
        The code is not on the ladder, the reason is missing, or a reserved measure has neither
        another person's approval nor two detectors that agree. Nothing is written then.
    """
    lake = Lake.open(folder)
    _require_complete(request, policy)
    decisions = read_outbound(lake, "tier_decisions").set_index("operator_id")
    if request.operator not in decisions.index:
        raise BadMeasure(
            f"no decision about operator {request.operator} was published; "
            f"look with: steelyard show tier_decisions {folder}"
        )
    scores = read_night(lake, "scores")
    detectors = agreeing_detectors(scores, request.operator, policy)
    _require_approval(request, detectors, policy)
    decision = decisions.loc[request.operator]
    grounds = _grounds(lake, request, decision, scores)
    step = policy.ladder[policy.step(request.code) - 1]
    end = now + timedelta(days=request.days)
    zh, en = notice_texts(step, request.operator, grounds, now, end, policy)
    identity = f"{request.operator}|{request.code}|{now.isoformat()}"
    record = {
        "measure_id": "m" + hashlib.sha256(identity.encode()).hexdigest()[:12],
        "operator_id": request.operator,
        "code": request.code,
        "step": policy.step(request.code),
        "status": "in_force",
        "automatic": False,
        "by": request.by,
        "approver": request.approver,
        "detectors": detectors,
        "facts": grounds.texts,
        "evidence": grounds.evidence,
        "signals": grounds.signals,
        "article": step.article,
        "policy_version": str(policy.version),
        "model_version": str(decision["model_version"]),
        "run_id": str(decision["run_id"]),
        "tier": str(decision["tier"]),
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


def _require_complete(request: MeasureRequest, policy: Policy) -> None:
    codes = [s.code for s in policy.ladder]
    if request.code not in codes:
        raise BadMeasure(
            f"{request.code!r} is not on the ladder; codes, mildest first: {', '.join(codes)}"
        )
    if not request.by.strip() or not request.reason.strip() or request.days < 1:
        raise BadMeasure("a measure needs --by, --reason and --days of at least 1")


def _require_approval(request: MeasureRequest, detectors: list[str], policy: Policy) -> None:
    if request.code not in policy.measures.human_only:
        return
    approver = request.approver
    approved = approver is not None and approver.strip() and approver != request.by
    two_suffice = request.code in policy.measures.two_detectors
    if approved or (two_suffice and len(detectors) >= 2):
        return
    found = ", ".join(detectors) or "none"
    more = f", or two independent detectors (found by: {found})" if two_suffice else ""
    raise BadMeasure(
        f"{request.code} needs an --approver other than {request.by}{more}; "
        "a score alone never takes it"
    )


def _grounds(
    lake: Lake, request: MeasureRequest, decision: pd.Series, scores: pd.DataFrame
) -> MeasureGrounds:
    """Grounds of a manual measure: the person's reason, then those of the night."""
    published = read_night(lake, "measures")
    known = published[published["operator_id"] == request.operator]
    reasons = scores[
        (scores["entity_id"] == request.operator)
        & (scores["model"] != "deviance")
        & scores["reasons"].notna()
    ]["reasons"]
    why = json.loads(decision["why"])
    return grounds_of(
        {"zh": f"{request.reason}（{why['zh']}）", "en": f"{request.reason} ({why['en']})"},
        json.loads(reasons.iloc[0]) if len(reasons) else [],
        json.loads(known["evidence"].iloc[0]) if len(known) else {},
    )


def list_measures(folder: LakeOrFolder, operator: str | None = None) -> list[dict[str, Any]]:
    """Measures that people took, oldest first, each with its outcome (lifted, upheld) or None."""
    out: dict[str, dict[str, Any]] = {}
    for r in read_records(Lake.open(folder).measures):
        if "outcome_of" in r:
            if r["outcome_of"] not in out:
                continue
            status = "lifted" if r["outcome"] == "lifted" else "in_force"
            out[r["outcome_of"]] |= {"outcome": r["outcome"], "status": status}
        elif operator is None or r["operator_id"] == operator:
            kept = {k: v for k, v in r.items() if k not in ("sha256", "previous_sha256")}
            out[r["measure_id"]] = kept
    return list(out.values())


def close_measure(
    folder: LakeOrFolder, measure_id: str, outcome: str, by: str, reason: str, now: datetime
) -> dict[str, Any]:
    """Record the outcome of a measure, lifted or upheld; returns the measure. Raises BadMeasure."""
    found = next((m for m in list_measures(folder) if m["measure_id"] == measure_id), None)
    if found is None or found["outcome"] is not None:
        raise BadMeasure(
            f"there is no open measure {measure_id}; "
            f"list them with: steelyard measure list {folder}"
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
    return next(m for m in list_measures(folder) if m["measure_id"] == measure_id)
