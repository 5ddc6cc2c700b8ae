"""Appeals against one answer of the gate. A won one voids what its session's minutes said.

The answer itself stands in the ledger. A boost of the session that is asked for again is answered
without the evidence that was found wrong (ADR-0352).
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from serving.ledger.answer_export import recorded_answer
from serving.oversight.appeals.appeal_record import (
    Appeal,
    BadAppeal,
    Opening,
    append_opened,
    list_appeals,
)
from serving.policy.schema import Policy


def open_answer_appeal(
    folder: LakeOrFolder, request_id: str, ground: str, by: str, now: datetime, policy: Policy
) -> Appeal:
    """Open an appeal against the answer that a boost check got.

    Raises
    ------
    BadAppeal
        There is no such answer, it passed or names no session, its appeal is open already, or the
        time to appeal is over. Nothing is written then.
    """
    lake = Lake.open(folder)
    if not ground.strip() or not by.strip():
        raise BadAppeal("an appeal needs its --ground and who opens it, --by")
    answered = answer_of(lake, request_id)
    if answered["risk_level"] == "PASS":
        raise BadAppeal(f"the answer to {request_id} is PASS: there is nothing to appeal")
    session = answered["session_id"]
    if session is None:
        raise BadAppeal(
            f"the answer to {request_id} rests on the night alone: it names no session. "
            "Appeal against the night's decision with --operator"
        )
    at = datetime.fromisoformat(answered["answered_at"])
    last = at + timedelta(days=policy.appeal_open_days)
    if not at <= now <= last:
        raise BadAppeal(f"the time to appeal against {request_id} is {at} to {last}")
    if any(a.request_id == request_id and a.verdict is None for a in list_appeals(lake, now)):
        raise BadAppeal(f"an appeal against the answer to {request_id} is open already")
    tier = json.loads(answered["answer"])["tier"] or ""
    opening = Opening(request_id, at.date().isoformat(), tier, ground, by)
    about = {
        "operator_id": answered["operator_id"],
        "request_id": request_id,
        "session_id": session,
        "answer_sha256": answered["answer_sha256"],
    }
    return append_opened(lake, opening, answered, about, now, policy)


def answer_of(lake: Lake, request_id: str) -> dict[str, Any]:
    """The line of the ledger that answers a request. Raises BadAppeal."""
    try:
        return recorded_answer(lake, request_id)
    except LakeProblem as error:
        raise BadAppeal(str(error)) from error


def reasons_about_session(answered: dict[str, Any]) -> tuple[str, ...]:
    """Signals that an answer gave as reasons about its session, not about its operator."""
    hits = json.loads(answered["answer"])["hits"]
    of_session = f"session {answered['session_id']}"
    return tuple(
        dict.fromkeys(
            str(h["reasonCode"])
            for h in hits
            if h["model"] == "session_inflation_live" or h["evidence"]["window"] == of_session
        )
    )
