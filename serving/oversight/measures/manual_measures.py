"""Measures that people take, kept in `LAKE/journal/measures.jsonl` as a hash chain.

The policy reserves grave measures. They need another person who approves, or, where the policy
allows it, two independent detectors that agree.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import read_outbound, run_folder
from features.former_names import read_night
from serving.ledger.hash_chain import append_record, read_records
from serving.oversight.measures.independent_detectors import detectors_from_reason
from serving.oversight.measures.measure_requests import (
    BadMeasure,
    MeasureRequest,
    SubjectDecision,
    require_approval,
    require_complete,
    require_proportion,
)
from serving.oversight.measures.nightly_measures import (
    MeasureGrounds,
    NoticeTerms,
    grounds_of,
    notice_texts,
)
from serving.oversight.measures.state import (
    IN_FORCE,
    LIFTED,
    OPERATOR,
    UNDONE,
    read_measures,
)
from serving.oversight.measures.subjects import is_known
from serving.policy.schema import Policy


def agreeing_detectors(scores: pd.DataFrame, operator: str, policy: Policy) -> list[str]:
    """Detectors that find an operator by its own signals. They share inputs: see ADR-0305.

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
    """Take a measure against an operator, a streamer or a network; returns its record.

    Raises
    ------
    BadMeasure
        The code is not on the ladder, the reason is missing, the subject is unknown, a reserved
        measure has neither another person's approval nor two detectors that agree, or the measure
        is not proportionate. Nothing is written then.
    """
    lake = Lake.open(folder)
    require_complete(request, now, policy)
    decision = _decision_about(lake, request, policy)
    require_approval(request, list(decision.detectors), policy)
    fit = require_proportion(lake, request, decision, now, policy)
    grounds = _grounds(lake, request)
    end = now + timedelta(days=request.days)
    terms = NoticeTerms(
        policy.ladder_step(request.code), request.subject, now, end, request.subject_kind
    )
    zh, en = notice_texts(terms, grounds, policy)
    identity = f"{request.subject}|{request.code}|{now.isoformat()}"
    record = {
        "measure_id": "m" + hashlib.sha256(identity.encode()).hexdigest()[:12],
        "operator_id": request.subject if request.subject_kind == OPERATOR else None,
        "subject_kind": request.subject_kind,
        "subject_id": request.subject,
        "code": request.code,
        "counts_as": policy.ladder_step(request.code).counts_as,
        "step": policy.step(request.code),
        "automatic": False,
        "by": request.by,
        "approver": request.approver,
        "reason": request.reason,
        "detectors": list(decision.detectors),
        "proportionality": fit.record(request.code) | {"beyond_range": request.beyond_range},
        "facts": grounds.texts,
        "evidence": grounds.evidence,
        "signals": grounds.signals,
        "article": policy.cite("measure", request.code, now.date()),
        "policy_version": str(policy.version),
        "model_version": decision.model_version,
        "run_id": decision.run_id,
        "tier": decision.tier,
        "notice_zh": zh,
        "notice_en": en,
        "effective_from": now.isoformat(timespec="seconds"),
        "effective_to": end.isoformat(timespec="seconds"),
        "appeal_route": policy.appeal_route,
        "appeal_due": (now + timedelta(days=policy.appeal_open_days)).isoformat(timespec="seconds"),
    }
    append_record(lake.measures, record)
    return record | {"status": IN_FORCE, "outcome": None}


def _decision_about(lake: Lake, request: MeasureRequest, policy: Policy) -> SubjectDecision:
    """The latest decision about a subject. Raises BadMeasure for one that is not known."""
    decisions = read_outbound(lake, "tier_decisions").set_index("operator_id")
    if request.subject_kind != OPERATOR:
        if not is_known(lake, request.subject_kind, request.subject):
            raise BadMeasure(f"no {request.subject_kind} {request.subject} was delivered")
        return SubjectDecision(run_folder(lake).name)
    if request.subject not in decisions.index:
        raise BadMeasure(
            f"no decision about operator {request.subject} was published; "
            f"look with: steelyard show tier_decisions {lake}"
        )
    row = decisions.loc[request.subject]
    harm = row["expected_harm"]
    return SubjectDecision(
        str(row["run_id"]),
        str(row["model_version"]),
        str(row["tier"]),
        None if pd.isna(harm) else float(harm),
        detectors_from_reason(
            row["why"],
            agreeing_detectors(read_night(lake, "scores"), request.subject, policy),
            policy,
        ),
    )


def _grounds(lake: Lake, request: MeasureRequest) -> MeasureGrounds:
    """Grounds of a manual measure: the person's reason, then those of the night."""
    if request.subject_kind != OPERATOR:
        return MeasureGrounds({"zh": request.reason, "en": request.reason}, {}, [])
    scores, published = read_night(lake, "scores"), read_night(lake, "measures")
    decision = read_outbound(lake, "tier_decisions").set_index("operator_id").loc[request.subject]
    known = published[published["operator_id"] == request.subject]
    reasons = scores[
        (scores["entity_kind"] == OPERATOR)
        & (scores["entity_id"] == request.subject)
        & (scores["model"] != "deviance")
        & scores["reasons"].notna()
    ]["reasons"]
    why = json.loads(decision["why"])
    return grounds_of(
        {"zh": f"{request.reason}（{why['zh']}）", "en": f"{request.reason} ({why['en']})"},
        json.loads(reasons.iloc[0]) if len(reasons) else [],
        json.loads(known["evidence"].iloc[0]) if len(known) else {},
    )


def list_measures(
    folder: LakeOrFolder, now: datetime, operator: str | None = None
) -> list[dict[str, Any]]:
    """Measures that people took, oldest first, as they stand at a moment.

    Each has its `status`, its `outcome` (lifted, upheld or None) and `ended_at`.
    """
    lake = Lake.open(folder)
    upheld = {
        r["outcome_of"]: r["outcome"] for r in read_records(lake.measures) if "outcome_of" in r
    }
    out = []
    for m in read_measures(lake).measures.values():
        if operator is not None and (m.subject_kind, m.subject_id) != (OPERATOR, operator):
            continue
        status, kept = m.status(now), dict(m.record)
        for name in ("sha256", "previous_sha256"):
            kept.pop(name, None)
        named = {"subject_kind": m.subject_kind, "subject_id": m.subject_id}
        outcome = LIFTED if status == LIFTED else upheld.get(m.measure_id)
        ended = None if status == IN_FORCE else m.ended_at().isoformat(timespec="seconds")
        out.append(kept | named | {"status": status, "outcome": outcome, "ended_at": ended})
    return out


def close_measure(
    folder: LakeOrFolder, measure_id: str, outcome: str, by: str, reason: str, now: datetime
) -> dict[str, Any]:
    """Record the outcome of a measure, lifted or upheld; returns the measure. Raises BadMeasure."""
    found = next((m for m in list_measures(folder, now) if m["measure_id"] == measure_id), None)
    if found is None or found["outcome"] is not None or found["status"] == UNDONE:
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
    return next(m for m in list_measures(folder, now) if m["measure_id"] == measure_id)
