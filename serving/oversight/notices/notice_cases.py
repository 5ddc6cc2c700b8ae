"""Notices of authorities as cases: each is acted upon by its due date (Order 117 Art. 12 ¶2).

A notice is answered by a measure against the operator that it names, or by an approver with a
reason why none is taken. An answer whose measure was undone, or failed in an appeal, is open again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from data_contracts.contract import contract
from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import connect
from serving.oversight.measures.state import OPERATOR, MeasureState
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.roster import APPROVER, OFFICER
from serving.oversight.people.signed_acts import acts_of
from serving.oversight.people.signers import Author, act_author, author_name, record_act
from serving.policy.schema import Policy

OPEN, LATE, ACTED, NO_MEASURE = "open", "late", "acted", "no_measure"
AUTHORITY = "regulator"  # a notice of the platform itself waits for nobody


class BadNotice(SteelyardError):
    """A notice cannot be answered as asked."""

    exit_code = 20


@dataclass(frozen=True)
class NoticeAnswer:
    """The answer to a notice: the measure that was taken, or None, its author and reason."""

    measure_id: str | None
    by: Author
    reason: str


def list_notices(folder: LakeOrFolder, now: datetime, policy: Policy) -> list[dict[str, Any]]:
    """Notices of authorities as cases at a moment, the earliest due first.

    `breached`: it was not answered when it was due.
    """
    lake = Lake.open(folder)
    if not lake.files("notices"):
        return []
    answers = {r["notice_id"]: r for r in acts_of(lake, lake.notice_answers)}
    standing = {m.measure_id for m in read_measures(lake).standing(now)}
    with connect() as connection:
        scan = lake.scan_sql(contract("notices"), now)
        sql = f'SELECT notice_id, operator_id, "at" FROM ({scan}) WHERE issuer = $1 ORDER BY 1'
        notices = connection.execute(sql, [AUTHORITY]).df()
    rows = []
    for n in notices.itertuples(index=False):
        due = n.at.to_pydatetime() + timedelta(days=policy.notices.days)
        answer = answers.get(n.notice_id)
        if answer is not None and answer["measure_id"] not in (None, *standing):
            answer = None
        until = now if answer is None else datetime.fromisoformat(answer["decided_at"])
        rows.append(
            {
                "notice_id": n.notice_id,
                "operator_id": n.operator_id,
                "status": _status(answer, now > due),
                "due_at": due.isoformat(),
                "given_at": n.at.isoformat(),
                "breached": until > due,
                **{
                    k: answer[k] if answer else None
                    for k in ("measure_id", "decided_by", "decided_at", "reason")
                },
            }
        )
    return sorted(rows, key=lambda r: (r["due_at"], r["notice_id"]))


def answer_notice(
    folder: LakeOrFolder, notice_id: str, answer: NoticeAnswer, now: datetime, policy: Policy
) -> dict[str, Any]:
    """Answer a notice of an authority; returns the case.

    The same answer again changes nothing; another one counts instead from then on.

    Raises
    ------
    BadNotice
        There is no such notice, no reason, or no such measure against its operator that counts.
        Nothing is written then.
    NotAuthenticated
        The author is no officer or approver; without a measure, no approver.
    """
    lake = Lake.open(folder)
    case = _case(lake, notice_id, now, policy)
    if not answer.reason.strip() or not author_name(answer.by).strip():
        raise BadNotice("an answer to a notice needs its --reason and who signs it")
    if answer.measure_id is not None:
        _require_measure(read_measures(lake), answer.measure_id, case, now)
    roles = (APPROVER,) if answer.measure_id is None else (OFFICER, APPROVER)
    author = act_author(lake, answer.by, lake.notice_answers, roles)
    if case["decided_at"] is not None and case["measure_id"] == answer.measure_id:
        return case
    record = {
        "event": "answered",
        "notice_id": notice_id,
        "operator_id": case["operator_id"],
        "measure_id": answer.measure_id,
        "reason": answer.reason,
        "article": policy.cite("duty", "notices", now.date()),
        "decided_by": author.name,
        "decided_at": now.isoformat(timespec="seconds"),
    }
    record_act(lake, lake.notice_answers, record, author)
    return _case(lake, notice_id, now, policy)


def _status(answer: dict[str, Any] | None, is_late: bool) -> str:
    if answer is None:
        return LATE if is_late else OPEN
    return NO_MEASURE if answer["measure_id"] is None else ACTED


def _case(lake: Lake, notice_id: str, now: datetime, policy: Policy) -> dict[str, Any]:
    found = next((c for c in list_notices(lake, now, policy) if c["notice_id"] == notice_id), None)
    if found is None:
        raise BadNotice(
            f"no authority's notice {notice_id} was delivered; list them with: "
            f"steelyard notice list {lake}"
        )
    return found


def _require_measure(
    state: MeasureState, measure_id: str, case: dict[str, Any], now: datetime
) -> None:
    """Require a measure against the operator, in force or taken since the notice."""
    operator = case["operator_id"]
    measure = next((m for m in state.standing(now) if m.measure_id == measure_id), None)
    if measure is None or (measure.subject_kind, measure.subject_id) != (OPERATOR, operator):
        raise BadNotice(f"there is no measure {measure_id} against {operator} that counts")
    if measure.ended_at() <= datetime.fromisoformat(case["given_at"]):
        raise BadNotice(f"measure {measure_id} had ended when {case['notice_id']} was given")
