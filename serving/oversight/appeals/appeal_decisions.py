"""Decisions on appeals: by another person, with labels and the reasons that failed.

A won appeal lifts the measure and voids the accusation at once (`measures/state.py`). Its labels
count after a delay, because a verdict may itself be contested, and with a weight (ADR-0291).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from data_contracts.contract import contract
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import read_outbound
from serving.oversight.appeals.answer_appeals import answer_of, reasons_about_session
from serving.oversight.appeals.appeal_record import Appeal, BadAppeal, list_appeals
from serving.oversight.labels.appeal_labels import label_part
from serving.oversight.measures.state import WON
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.roster import REVIEWER
from serving.oversight.people.signers import Author, act_author, record_act
from serving.policy.schema import Policy

VERDICTS = {"error": "cleared", "upheld": "confirmed", "miss": "confirmed"}
OUTCOME_KINDS = ("session", "order")
TYPOLOGIES = {"session": "view_fraud", "order": "order_fraud"}


@dataclass(frozen=True)
class AppealDecision:
    """A verdict with its author and reason.

    `entities`: kind and id of the sessions and orders that it is about. A won appeal that names
    none is about those in the evidence of what was appealed.
    """

    verdict: str
    by: Author
    reason: str
    entities: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Accusation:
    """Evidence of an appealed decision: sessions and orders, and signals."""

    entities: tuple[tuple[str, str], ...] = ()
    reasons: tuple[str, ...] = ()


def decide_appeal(
    folder: LakeOrFolder, appeal_id: str, decision: AppealDecision, now: datetime, policy: Policy
) -> Appeal:
    """Decide an open appeal, as another person than opened it and than took the measure.

    Each session and order becomes a row of `outcomes` with source `appeal`, received after the
    delay of the policy, from which the next training learns.

    Raises
    ------
    BadAppeal
        The appeal cannot be decided as asked. Nothing is written then.
    NotAuthenticated
        The author is no reviewer.
    """
    lake = Lake.open(folder)
    found = _open_appeal(lake, appeal_id, now)
    _require_complete(decision)
    author = act_author(lake, decision.by, lake.appeals, (REVIEWER,))
    _require_another_person(lake, found, author.name)
    is_won = decision.verdict == WON
    accusation = accusation_of(lake, found) if is_won else Accusation()
    entities = list(decision.entities) or list(accusation.entities)
    counts_from = now + timedelta(days=policy.appeal.label_delay_days)
    if entities:
        _write_outcomes(lake, appeal_id, entities, VERDICTS[decision.verdict], (now, counts_from))
    event = {
        "event": "decided",
        "appeal_id": appeal_id,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "decided_by": author.name,
        "decided_at": now.isoformat(timespec="seconds"),
        "entities": [list(e) for e in entities],
        "failed_reasons": list(accusation.reasons),
        "labels_from": counts_from.isoformat(timespec="seconds"),
        "label_weight": policy.appeal.label_weight,
    }
    record_act(lake, lake.appeals, event, author)
    return next(a for a in list_appeals(lake, now) if a.appeal_id == appeal_id)


def accusation_of(lake: Lake, appeal: Appeal) -> Accusation:
    """Evidence and signals of the measure, the answer or the night's measure that is appealed."""
    if appeal.request_id is not None and appeal.session_id is not None:
        reasons = reasons_about_session(answer_of(lake, appeal.request_id))
        return Accusation((("session", appeal.session_id),), reasons)
    if appeal.measure_id is not None:
        record = read_measures(lake).measures[appeal.measure_id].record
        return _accusation(record["evidence"], record["signals"])
    try:
        rows = read_outbound(lake, "measures", appeal.date)
    except LakeProblem:  # a night that retention removed
        return Accusation()
    mine = rows[rows["operator_id"] == appeal.operator_id]
    if mine.empty:
        return Accusation()
    return _accusation(json.loads(mine["evidence"].iloc[0]), json.loads(mine["signals"].iloc[0]))


def _accusation(evidence: dict[str, list[str]], signals: list[dict[str, Any]]) -> Accusation:
    named = [(kind, i) for kind in OUTCOME_KINDS for i in evidence.get(f"{kind}s", [])]
    return Accusation(tuple(named), tuple(dict.fromkeys(str(s["signal"]) for s in signals)))


def _open_appeal(lake: Lake, appeal_id: str, now: datetime) -> Appeal:
    """An appeal that is not decided yet. Raises BadAppeal."""
    found = next((a for a in list_appeals(lake, now) if a.appeal_id == appeal_id), None)
    if found is None:
        raise BadAppeal(
            f"there is no appeal {appeal_id}; list them with: steelyard appeal list {lake}"
        )
    if found.verdict is not None:
        raise BadAppeal(
            f"appeal {appeal_id} was decided on {found.decided_at} ({found.verdict}); "
            "open another against a later decision"
        )
    return found


def _require_complete(decision: AppealDecision) -> None:
    if decision.verdict not in VERDICTS:
        raise BadAppeal(f"--verdict is one of {', '.join(VERDICTS)}, not {decision.verdict!r}")
    if not decision.reason.strip():
        raise BadAppeal("a decision needs its --reason")
    wrong = [kind for kind, _ in decision.entities if kind not in OUTCOME_KINDS]
    if wrong:
        raise BadAppeal(
            f"outcomes are about {' and '.join(OUTCOME_KINDS)}s, not {', '.join(wrong)}"
        )


def _require_another_person(lake: Lake, appeal: Appeal, name: str) -> None:
    """Require a reviewer who neither opened the appeal nor took the measure. Raises BadAppeal."""
    if name == appeal.opened_by:
        raise BadAppeal(f"{name} opened this appeal; another reviewer has to decide it")
    if appeal.measure_id is not None:
        record = read_measures(lake).measures[appeal.measure_id].record
        if name in (record["by"], record["approver"]):
            raise BadAppeal(
                f"{name} took or approved {appeal.measure_id}; another has to decide it"
            )


def _write_outcomes(
    lake: Lake,
    appeal_id: str,
    entities: list[tuple[str, str]],
    verdict: str,
    moments: tuple[datetime, datetime],
) -> None:
    """Write a row of `outcomes` for each entity; moments of the verdict and of its receipt."""
    decided, received = moments
    rows = [
        {
            "entity_kind": kind,
            "entity_id": entity,
            "typology": TYPOLOGIES[kind],
            "verdict": verdict,
            "decided_at": decided,
            "source": "appeal",
            "received_at": received,
        }
        for kind, entity in entities
    ]
    columns = [c.name for c in contract("outcomes").columns]
    frame = pd.DataFrame(rows).reindex(columns=columns)
    lake.append_day("outcomes", received.date(), frame, part=label_part(appeal_id))
