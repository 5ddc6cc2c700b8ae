"""Measures that people take, kept in `LAKE/journal/measures.jsonl` as a hash chain.

The policy reserves grave measures. They need another person who approves, or, where the policy
allows it, two independent detectors that agree.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

import pandas as pd

from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import read_outbound, run_folder
from features.former_names import read_night
from serving.oversight.measures.approval import measure_terms
from serving.oversight.measures.independent_detectors import detectors_from_reason
from serving.oversight.measures.measure_requests import (
    BadMeasure,
    MeasureRequest,
    SubjectDecision,
    needs_approval,
    require_approval,
    require_complete,
    require_proportion,
)
from serving.oversight.measures.nightly_measures import (
    MeasureGrounds,
    grounds_of,
    with_named_session,
)
from serving.oversight.measures.state import IN_FORCE, LIFTED, OPERATOR, PROPOSED, UNDONE
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.measures.subjects import is_known
from serving.oversight.people.roster import APPROVER, OFFICER
from serving.oversight.people.signed_acts import acts_of
from serving.oversight.people.signers import Author, act_author, author_name, record_act
from serving.policy.schema import Policy

SEALS = ("sha256", "previous_sha256", "signed")


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

    In a lake that knows persons the record is signed. One that needs another person is a proposal,
    and takes effect when that person approves it (`approval.approve_act`).

    Raises
    ------
    BadMeasure
        The code is not on the ladder, the reason is missing, the subject is unknown, or the measure
        is not proportionate. A reserved measure also needs another person's approval or two
        detectors that agree. Nothing is written then.
    NotAuthenticated
        The lake knows persons, and the author is none who may take it.
    """
    lake = Lake.open(folder)
    require_complete(request, now, policy)
    author = act_author(lake, request.by, lake.measures, (OFFICER, APPROVER))
    decision = decision_about(lake, request, policy)
    detectors = list(decision.detectors)
    require_approval(request, detectors, policy)
    fit = require_proportion(lake, request, decision, now, policy)
    is_proposal = author.sign is not None and needs_approval(request, policy)
    if is_proposal and (same := _same_proposal(lake, request, author.name)) is not None:
        return same | {"status": PROPOSED, "outcome": None}
    grounds = grounds_about(lake, request)
    identity = f"{request.subject}|{request.code}|{now.isoformat()}"
    body = {
        "measure_id": "m" + hashlib.sha256(identity.encode()).hexdigest()[:12],
        "operator_id": request.subject if request.subject_kind == OPERATOR else None,
        "subject_kind": request.subject_kind,
        "subject_id": request.subject,
        "code": request.code,
        "counts_as": policy.ladder_step(request.code).counts_as,
        "step": policy.step(request.code),
        "automatic": False,
        "by": author.name,
        "approver": request.approver,
        "reason": request.reason,
        "detectors": detectors,
        "proportionality": fit.record(request.code) | {"beyond_range": request.beyond_range},
        "facts": grounds.texts,
        "evidence": grounds.evidence,
        "signals": grounds.signals,
        "model_version": decision.model_version,
        "run_id": decision.run_id,
        "tier": decision.tier,
        "appeal_route": policy.appeal_route,
    }
    if is_proposal:
        proposed = {"proposed_at": now.isoformat(timespec="seconds"), "days": request.days}
        record_act(lake, lake.measures, body | proposed, author)
        return body | proposed | {"status": PROPOSED, "outcome": None}
    record: dict[str, Any] = body | measure_terms(body, request.days, now, policy)
    record_act(lake, lake.measures, record, author)
    return record | {"status": IN_FORCE, "outcome": None}


def _same_proposal(lake: Lake, request: MeasureRequest, by: str) -> dict[str, Any] | None:
    """A proposal of the same person, subject, code and reason that waits for approval."""
    wanted = (request.subject_kind, request.subject, request.code, by, request.reason)
    for r in read_measures(lake).pending.values():
        keys = ("subject_kind", "subject_id", "code", "by", "reason")
        if tuple(r.get(k) for k in keys) == wanted:
            return {k: v for k, v in r.items() if k not in SEALS}
    return None


def decision_about(lake: Lake, request: MeasureRequest, policy: Policy) -> SubjectDecision:
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


def grounds_about(lake: Lake, request: MeasureRequest) -> MeasureGrounds:
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
        with_named_session(json.loads(known["evidence"].iloc[0]) if len(known) else {}, why),
    )


def list_measures(
    folder: LakeOrFolder, now: datetime, operator: str | None = None
) -> list[dict[str, Any]]:
    """Measures that people took, oldest first, as they stand at a moment.

    Each has its `status`, its `outcome` (lifted, upheld or None) and `ended_at`.
    """
    lake = Lake.open(folder)
    upheld = {
        r["outcome_of"]: r["outcome"] for r in acts_of(lake, lake.measures) if "outcome_of" in r
    }
    out = []
    state = read_measures(lake)
    for m in state.measures.values():
        if operator is not None and (m.subject_kind, m.subject_id) != (OPERATOR, operator):
            continue
        status = m.status(now)
        kept = {k: v for k, v in m.record.items() if k not in SEALS}
        named = {"subject_kind": m.subject_kind, "subject_id": m.subject_id}
        outcome = LIFTED if status == LIFTED else upheld.get(m.measure_id)
        ended = None if status == IN_FORCE else m.ended_at().isoformat(timespec="seconds")
        signed = {"authenticated": "signed" in m.record}
        out.append(
            kept | named | signed | {"status": status, "outcome": outcome, "ended_at": ended}
        )
    for r in state.pending.values():
        if "code" in r and operator in (None, r["operator_id"]):
            kept = {k: v for k, v in r.items() if k not in SEALS}
            waits = {"effective_to": None, "status": PROPOSED, "outcome": None, "ended_at": None}
            out.append(kept | {"authenticated": True} | waits)
    return out


def close_measure(
    folder: LakeOrFolder, measure_id: str, outcome: str, by: Author, reason: str, now: datetime
) -> dict[str, Any]:
    """Record the outcome of a measure, lifted or upheld; returns the measure.

    A proposal that is lifted was refused. Raises BadMeasure, NotAuthenticated.
    """
    lake = Lake.open(folder)
    found = next((m for m in list_measures(folder, now) if m["measure_id"] == measure_id), None)
    if found is None or found["outcome"] is not None or found["status"] == UNDONE:
        raise BadMeasure(
            f"there is no open measure {measure_id}; "
            f"list them with: steelyard measure list {folder}"
        )
    name = author_name(by)
    if outcome not in ("lifted", "upheld") or not name.strip() or not reason.strip():
        raise BadMeasure("an outcome is lifted or upheld, and needs --by and --reason")
    author = act_author(lake, by, lake.measures, (APPROVER,))
    line = {
        "outcome_of": measure_id,
        "outcome": outcome,
        "by": author.name,
        "reason": reason,
        "at": now.isoformat(timespec="seconds"),
    }
    record_act(lake, lake.measures, line, author)
    closed = (m for m in list_measures(folder, now) if m["measure_id"] == measure_id)
    return next(closed, found | {"status": LIFTED, "outcome": outcome})
