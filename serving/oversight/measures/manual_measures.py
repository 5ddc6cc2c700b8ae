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
from serving.oversight.measures.independent_detectors import (
    agreeing_detectors,
    detectors_from_reason,
)
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
from serving.oversight.measures.state import (
    EXPIRED,
    IN_FORCE,
    LIFTED,
    OPERATOR,
    PROPOSED,
    UNDONE,
)
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.measures.subjects import is_known
from serving.oversight.people.roster import APPROVER, OFFICER
from serving.oversight.people.signed_acts import acts_of
from serving.oversight.people.signers import Author, act_author, author_name, record_act
from serving.policy.schema import Policy

UPHELD = "upheld"
SEALS = ("sha256", "previous_sha256", "signed")


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
    named = (request.subject_kind, request.subject, request.code, author.name, request.reason)
    identity = "|".join((*named, now.isoformat()))
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

    Each has its `status`, its `outcome` (lifted, upheld or None), `ended_at`, and `undo_proposed`:
    the id of an undo of it that waits for another person.
    """
    lake = Lake.open(folder)
    upheld = {
        r["outcome_of"]: r["outcome"] for r in acts_of(lake, lake.measures) if "outcome_of" in r
    }
    out = []
    state = read_measures(lake)
    undoing = {i: r["undo_id"] for r in state.pending.values() for i in r.get("undo_of", ())}
    for m in state.measures.values():
        if operator is not None and (m.subject_kind, m.subject_id) != (OPERATOR, operator):
            continue
        status = m.status(now)
        kept = {k: v for k, v in m.record.items() if k not in SEALS}
        named = {"subject_kind": m.subject_kind, "subject_id": m.subject_id}
        outcome = LIFTED if status == LIFTED else upheld.get(m.measure_id)
        ended = None if status == IN_FORCE else m.ended_at().isoformat(timespec="seconds")
        state_now = {"status": status, "outcome": outcome, "ended_at": ended}
        state_now |= {"undo_proposed": undoing.get(m.measure_id)}
        out.append(kept | named | {"authenticated": "signed" in m.record} | state_now)
    for r in state.pending.values():
        if "code" in r and operator in (None, r["operator_id"]):
            kept = {k: v for k, v in r.items() if k not in SEALS}
            waits = dict.fromkeys(("effective_to", "outcome", "ended_at", "undo_proposed"))
            out.append(kept | {"authenticated": True, "status": PROPOSED} | waits)
    return out


def close_measure(
    folder: LakeOrFolder, measure_id: str, outcome: str, by: Author, reason: str, now: datetime
) -> dict[str, Any]:
    """Record the outcome of a measure, lifted or upheld; returns the measure.

    A proposal that is lifted was refused, that of an undo too. One that was upheld can be lifted
    later, once it is mended. Raises BadMeasure, NotAuthenticated.
    """
    lake = Lake.open(folder)
    found = _closable(lake, measure_id, outcome, now)
    if outcome not in (LIFTED, UPHELD) or not author_name(by).strip() or not reason.strip():
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


def _closable(lake: Lake, act: str, outcome: str, now: datetime) -> dict[str, Any]:
    """The measure or proposal that an outcome closes. Raises BadMeasure."""
    undoing = read_measures(lake).pending.get(act)
    found = next((m for m in list_measures(lake, now) if m["measure_id"] == act), None)
    if found is None and undoing is not None:
        found = {k: v for k, v in undoing.items() if k not in SEALS} | {"status": PROPOSED}
    if found is None or found["status"] in (LIFTED, UNDONE) or found.get("outcome") == outcome:
        raise BadMeasure(
            f"there is no open measure {act}; list them with: steelyard measure list {lake}"
        )
    if found["status"] == PROPOSED and outcome != LIFTED:
        raise BadMeasure(f"{act} waits for approval: it is approved, or refused as {LIFTED}")
    if found["status"] == EXPIRED and outcome == LIFTED:
        raise BadMeasure(f"{act} ended on {found['ended_at']}: there is nothing to lift")
    return found
