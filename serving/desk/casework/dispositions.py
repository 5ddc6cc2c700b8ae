"""Structured dispositions: what a person found, by which evidence, and the label that follows.

The label counts after the days of the policy, because until then the disposition may be taken back.
A golden case makes no label: its verdict is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from serving.desk.cases.case_record import Act, perform, position_of
from serving.desk.cases.case_state import AUDIT, DECIDED, GOLDEN, OPERATOR, CaseState, Line
from serving.desk.cases.refusals import CaseRefused
from serving.desk.casework.claims import Chosen, require_held
from serving.desk.desk import Desk
from serving.desk.store.tables.case_lists import NightOperatorRow
from serving.desk.store.tables.cases import CaseRow
from serving.oversight.labels.outcome_rows import (
    PATROL,
    RANDOM_AUDIT,
    Finding,
    withdraw_outcomes,
    write_outcomes,
)

FOUND, CLEARED, UNDECIDABLE = VERDICTS = ("found", "cleared", "undecidable")
OUTCOME_OF = {FOUND: "confirmed", CLEARED: "cleared"}
TYPOLOGIES = ("view_fraud", "engagement_fraud", "order_fraud", "review_fraud", "hostile_brushing")
EVIDENCE = (
    "reasons",
    "figures",
    "timeline",
    "views",
    "orders",
    "rings",
    "history",
    "exculpatory",
    "statement",
)
MIN_BASIS_CHARACTERS, MAX_BASIS_CHARACTERS = 10, 4000
FALSE_ALARM, MISS = "false_alarm", "miss"  # how a disposition overturns what the night decided


@dataclass(frozen=True)
class Disposition:
    """A disposition by a person: verdict, typology, basis, reasons that failed, evidence read."""

    verdict: str
    typology: str
    basis: str
    failed_reasons: Sequence[str] = ()
    evidence_read: Sequence[str] = ()


def decide(desk: Desk, chosen: Chosen, disposition: Disposition) -> Line:
    """Decide claimed cases; the labels of the verdict are written with them. Raises CaseRefused."""
    _require_complete(disposition)
    with desk.database.transaction() as session:
        owners = select(CaseRow.operator_id).where(CaseRow.case_id.in_(list(chosen.cases)))
        rows = select(NightOperatorRow).where(NightOperatorRow.operator_id.in_(owners))
        night_rows = {r.operator_id: r for r in session.scalars(rows)}
        night = position_of(session).night
        now = desk.naive_now()
        counts_from = now + timedelta(days=desk.policy.cases.label_delay_days)
        entries: dict[str, dict[str, Any]] = {}

        def guard(states: Mapping[str, CaseState]) -> None:
            require_held(states, desk, chosen.person)
            for state in states.values():
                entries[state.case_id] |= _entry(
                    state, disposition, night_rows.get(state.operator_id), counts_from
                )

        entries.update({c: {"night": night} for c in chosen.cases})
        act = Act(
            DECIDED,
            chosen.author,
            chosen.cases,
            {
                "verdict": disposition.verdict,
                "typology": disposition.typology,
                "basis": disposition.basis.strip(),
                "failed_reasons": list(disposition.failed_reasons),
                "evidence_read": list(disposition.evidence_read),
            },
            entries,
            chosen.versions,
            chosen.once,
        )
        line = perform(desk, act, guard)
        for case_id, entry in line.get("entries", {}).items():
            if entry.get("label"):
                _write_label(desk, case_id, line, entry["label"])
        return line


def label_identity(case_id: str, act_id: str) -> str:
    """The key that names the label of a disposition."""
    return f"desk {case_id} {act_id}"


def withdraw_label(desk: Desk, state: CaseState) -> bool | None:
    """Withdraw the label of a decided case; whether it no longer counts, None without one."""
    label = (state.decision or {}).get("label")
    if not label or state.decision is None:
        return None
    counts_from = datetime.fromisoformat(label["counts_from"])
    identity = label_identity(state.case_id, state.decision["act_id"])
    return withdraw_outcomes(desk.lake, identity, counts_from, desk.naive_now())


def restore_label(desk: Desk, state: CaseState) -> None:
    """Write the label of a decided case again, after its taking back was taken back."""
    decision = state.decision or {}
    if decision.get("label"):
        _write_label(desk, state.case_id, decision, decision["label"])


def reasons_of(row: NightOperatorRow | None) -> list[dict[str, str]]:
    """Reasons of the night against an operator: signal, zh and en of each."""
    return [] if row is None else list(json.loads(row.reasons))


def _entry(
    state: CaseState, d: Disposition, night_row: NightOperatorRow | None, counts_from: datetime
) -> dict[str, Any]:
    """The entry of one case in the line: its grounds, whether it overturns them, and its label."""
    entry: dict[str, Any] = {}
    if night_row is not None:
        entry["grounds"] = {"tier": night_row.tier, "risk": night_row.risk, "harm": night_row.harm}
        if state.kind == OPERATOR and d.verdict == CLEARED and night_row.tier > "A":
            entry["overturns"] = FALSE_ALARM
        elif state.kind == OPERATOR and d.verdict == FOUND and night_row.tier == "A":
            entry["overturns"] = MISS
    if d.verdict in OUTCOME_OF and state.origin != GOLDEN:
        entry["label"] = {
            "kind": state.kind,
            "id": state.subject_id,
            "verdict": OUTCOME_OF[d.verdict],
            "source": RANDOM_AUDIT if state.origin == AUDIT else PATROL,
            "counts_from": counts_from.isoformat(timespec="seconds"),
        }
    return entry


def _write_label(desk: Desk, case_id: str, line: Line, label: Mapping[str, str]) -> None:
    finding = Finding(
        [(label["kind"], label["id"])],
        line["typology"],
        label["verdict"],
        label["source"],
        datetime.fromisoformat(line["at"]),
        datetime.fromisoformat(label["counts_from"]),
    )
    write_outcomes(desk.lake, label_identity(case_id, line["act_id"]), finding)


def _require_complete(d: Disposition) -> None:
    """Require a verdict with its basis and evidence. Raises CaseRefused."""
    if d.verdict not in VERDICTS:
        raise CaseRefused("cases.refused.no_verdict")
    if d.typology not in TYPOLOGIES:
        raise CaseRefused("cases.refused.no_typology")
    if not MIN_BASIS_CHARACTERS <= len(d.basis.strip()) <= MAX_BASIS_CHARACTERS:
        raise CaseRefused(
            "cases.refused.basis", least=MIN_BASIS_CHARACTERS, most=MAX_BASIS_CHARACTERS
        )
    if not set(d.evidence_read) <= set(EVIDENCE):
        raise CaseRefused("cases.refused.evidence")
    if d.verdict != UNDECIDABLE and not d.evidence_read:
        raise CaseRefused("cases.refused.evidence")
