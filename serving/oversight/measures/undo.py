"""Undo: measures are taken back in one act, as if they had never been taken.

The record keeps both, the measure and its undoing, in one line for any number of measures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from serving.oversight.labels.appeal_labels import withdraw_labels
from serving.oversight.measures.state import PROPOSED, UNDONE, Measure, MeasureState
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.roster import APPROVER, OFFICER
from serving.oversight.people.signers import Author, Signer, act_author, author_name, record_act
from serving.policy.schema import Policy


class BadUndo(SteelyardError):
    """Measures cannot be undone as asked."""

    exit_code = 10


@dataclass(frozen=True)
class UndoRequest:
    """Measures that are taken back, by whom, why, and who approves it.

    Where `by` signs, the approver approves it apart, with another key.
    """

    measure_ids: Sequence[str]
    by: Author
    reason: str
    approver: str = ""


def undo_measures(
    folder: LakeOrFolder, request: UndoRequest, now: datetime, policy: Policy
) -> dict[str, Any]:
    """Take measures back in one act; returns its record.

    A signed one is proposed, and takes effect when another person approves it.

    From then on their tier floor, credit, known risk and refusals of boosts are what they would
    be without them. The record holds a notice of withdrawal for each subject.

    Raises
    ------
    BadUndo
        A measure is not known or undone already, or by, reason or another approver is missing.
        Nothing is written then.
    """
    lake = Lake.open(folder)
    if not author_name(request.by).strip() or not request.reason.strip() or not request.measure_ids:
        raise BadUndo("an undo names its measures, and needs --by and --reason")
    is_signed = isinstance(request.by, Signer)
    if not is_signed and (not request.approver.strip() or request.approver == request.by):
        raise BadUndo(f"an undo needs an --approver other than {request.by}")
    author = act_author(lake, request.by, lake.measures, (OFFICER, APPROVER))
    state = read_measures(lake)
    known = state.measures
    ids = list(dict.fromkeys(request.measure_ids))
    wrong = [i for i in ids if i not in known or known[i].status(now) in (UNDONE, PROPOSED)]
    if wrong:
        raise BadUndo(
            f"{len(wrong)} of {len(ids)} cannot be undone, such as {wrong[0]}: "
            f"{_why_not(state, wrong[0])}; list them with: steelyard measure list {lake}"
        )
    moment = now.isoformat(timespec="seconds")
    line = {
        "undo_of": ids,
        "by": author.name,
        "approver": request.approver,
        "reason": request.reason,
    }
    if is_signed:
        same = [r for r in state.pending.values() if line.items() <= r.items()]
        if same:
            return same[0]
        named = f"{ids}|{author.name}|{request.reason}|{now.isoformat()}"
        identity = hashlib.sha256(named.encode()).hexdigest()[:12]
        proposal = line | {"undo_id": f"u{identity}", "proposed_at": moment}
        return record_act(lake, lake.measures, proposal, author)
    notices = {i: withdrawal_notice(known[i], request.reason, now, policy) for i in ids}
    made = record_act(lake, lake.measures, line | {"at": moment, "notices": notices}, author)
    withdraw_labels(lake, ids, now)
    return made


def _why_not(state: MeasureState, measure_id: str) -> str:
    if measure_id in state.pending:
        return "only proposed, so it is refused by closing it as lifted"
    return "undone already" if measure_id in state.measures else "not known"


def withdraw_proposal(
    folder: LakeOrFolder, act: str, by: Author, reason: str, now: datetime
) -> dict[str, Any]:
    """Withdraw a measure or an undo that one proposed oneself; returns the line.

    Raises
    ------
    BadUndo
        No such act waits for approval, another person proposed it, or there is no reason.
    """
    lake = Lake.open(folder)
    author = act_author(lake, by, lake.measures, (OFFICER, APPROVER))
    proposal = read_measures(lake).pending.get(act)
    if proposal is None or proposal["by"] != author.name or not reason.strip():
        raise BadUndo(f"{author.name} has no proposal {act} that waits for approval")
    line = {"withdraw_of": act, "by": author.name, "reason": reason}
    line |= {"at": now.isoformat(timespec="seconds")}
    return record_act(lake, lake.measures, line, author)


def withdrawal_notice(m: Measure, reason: str, now: datetime, policy: Policy) -> dict[str, str]:
    """Notice that a measure is withdrawn, zh and en."""
    step = policy.ladder_step(m.code)
    return {
        "zh": f"致 {m.subject_id}：自 {now:%Y-%m-%d %H:%M} 起撤销 {m.taken_at:%Y-%m-%d} 对你采取的"
        f"“{step.zh}”（{m.measure_id}），其一切后果视为未曾发生。理由：{reason}。",
        "en": f"To {m.subject_id}: {step.en} of {m.taken_at:%Y-%m-%d} ({m.measure_id}) is "
        f"withdrawn from {now:%Y-%m-%d %H:%M}, with all its consequences. Reason: {reason}.",
    }
