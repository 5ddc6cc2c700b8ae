"""Undo: measures are taken back in one act, as if they had never been taken.

The record keeps both, the measure and its undoing, in one line for any number of measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from serving.ledger.hash_chain import append_record
from serving.oversight.measures.state import PROPOSED, UNDONE, Measure, read_measures
from serving.policy.schema import Policy


class BadUndo(SteelyardError):
    """Measures cannot be undone as asked."""

    exit_code = 10


@dataclass(frozen=True)
class UndoRequest:
    """Measures that are taken back, by whom, why, and who approves it."""

    measure_ids: Sequence[str]
    by: str
    reason: str
    approver: str


def undo_measures(
    folder: LakeOrFolder, request: UndoRequest, now: datetime, policy: Policy
) -> dict[str, Any]:
    """Take measures back in one act; returns its record.

    From then on their tier floor, credit, known risk and refusals of boosts are what they would
    be without them. The record holds a notice of withdrawal for each subject.

    Raises
    ------
    BadUndo
        A measure is not known or undone already, or by, reason or another approver is missing.
        Nothing is written then.
    """
    lake = Lake.open(folder)
    if not request.by.strip() or not request.reason.strip() or not request.measure_ids:
        raise BadUndo("an undo names its measures, and needs --by and --reason")
    if not request.approver.strip() or request.approver == request.by:
        raise BadUndo(f"an undo needs an --approver other than {request.by}")
    known = read_measures(lake).measures
    ids = list(dict.fromkeys(request.measure_ids))
    wrong = [i for i in ids if i not in known or known[i].status(now) in (UNDONE, PROPOSED)]
    if wrong:
        raise BadUndo(
            f"{len(wrong)} of {len(ids)} cannot be undone, such as {wrong[0]}: not known, or "
            f"undone already; list them with: steelyard measure list {lake}"
        )
    line = {
        "undo_of": ids,
        "by": request.by,
        "approver": request.approver,
        "reason": request.reason,
        "at": now.isoformat(timespec="seconds"),
        "notices": {i: _withdrawal(known[i], request.reason, now, policy) for i in ids},
    }
    return append_record(lake.measures, line)


def _withdrawal(m: Measure, reason: str, now: datetime, policy: Policy) -> dict[str, str]:
    """Notice that a measure is withdrawn, zh and en."""
    step = policy.ladder_step(m.code)
    return {
        "zh": f"致 {m.subject_id}：自 {now:%Y-%m-%d %H:%M} 起撤销 {m.taken_at:%Y-%m-%d} 对你采取的"
        f"“{step.zh}”（{m.measure_id}），其一切后果视为未曾发生。理由：{reason}。",
        "en": f"To {m.subject_id}: {step.en} of {m.taken_at:%Y-%m-%d} ({m.measure_id}) is "
        f"withdrawn from {now:%Y-%m-%d %H:%M}, with all its consequences. Reason: {reason}.",
    }
