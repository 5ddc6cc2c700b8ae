"""Reminders as cases: after some measures the subject is reminded in time (Order 117 Art. 22).

A reminder is due by working days of the policy. It is sent by the platform, and its text is kept
here as a signed act. A measure that was lifted because it was mended needs none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from serving.oversight.measures.state import (
    IN_FORCE,
    LIFTED,
    PROPOSED,
    UNDONE,
    Measure,
)
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.notices.working_days import end_of_working_day
from serving.oversight.people.roster import APPROVER, OFFICER
from serving.oversight.people.signed_acts import acts_of
from serving.oversight.people.signers import Author, act_author, author_name, record_act
from serving.policy.schema import Policy

NO_HOLIDAYS_WORDS = (
    "the policy names no holidays of a year in which working days were counted, so that weekends "
    "alone were free and a due date may be early; [reminders] holidays and working_weekends are "
    "the platform's to fill in from the calendar decreed for each year"
)
OPEN, LATE, SENT, MENDED = "open", "late", "sent", "mended"


class BadReminder(SteelyardError):
    """A reminder cannot be sent as asked."""

    exit_code = 20


def list_reminders(folder: LakeOrFolder, now: datetime, policy: Policy) -> list[dict[str, Any]]:
    """Reminders that measures ask for, as cases at a moment, the earliest due first.

    `breached`: it was neither sent nor needless when it was due.
    """
    lake = Lake.open(folder)
    reminded: dict[str, dict[str, Any]] = {}
    for r in acts_of(lake, lake.reminders):
        reminded.setdefault(r["measure_id"], r)
    rows = [
        _row(m, reminded.get(m.measure_id), now, policy)
        for m in read_measures(lake).measures.values()
        if m.code in policy.reminders.codes and m.status(now) not in (PROPOSED, UNDONE)
    ]
    return sorted(rows, key=lambda r: (r["due_at"], r["measure_id"]))


def send_reminder(
    folder: LakeOrFolder, measure_id: str, by: Author, now: datetime, policy: Policy
) -> dict[str, Any]:
    """Record that the subject of a measure was reminded, with the text; returns the case.

    Sent again, it changes nothing.

    Raises
    ------
    BadReminder
        The measure asks for no reminder, or is no longer in force. Nothing is written then.
    NotAuthenticated
        The author is no officer or approver.
    """
    lake = Lake.open(folder)
    case = _case(lake, measure_id, now, policy)
    if not author_name(by).strip():
        raise BadReminder("a reminder needs who sends it, --by")
    author = act_author(lake, by, lake.reminders, (OFFICER, APPROVER))
    if case["status"] == SENT:
        return case
    measure = read_measures(lake).measures[measure_id]
    if measure.status(now) != IN_FORCE:
        raise BadReminder(f"{measure_id} is {measure.status(now)}: there is nothing to remind of")
    zh, en = reminder_texts(measure, now, policy)
    record = {
        "event": "reminded",
        "measure_id": measure_id,
        "article": policy.cite("duty", "reminder", now.date()),
        "notice_zh": zh,
        "notice_en": en,
        "decided_by": author.name,
        "decided_at": now.isoformat(timespec="seconds"),
    }
    record_act(lake, lake.reminders, record, author)
    return _case(lake, measure_id, now, policy)


def reminder_texts(m: Measure, now: datetime, policy: Policy) -> tuple[str, str]:
    """Text of a reminder, zh and en."""
    step, article = policy.ladder_step(m.code), policy.cite("duty", "reminder", now.date())
    return (
        f"致 {m.subject_id}：{m.taken_at:%Y-%m-%d} 对你作出的“{step.zh}”（{m.measure_id}）"
        f"尚未改正，有效期至 {m.effective_to:%Y-%m-%d %H:%M}。"
        f"请尽快改正；改正后即予解除。依据：{article}。",
        f"To {m.subject_id}: {step.en} of {m.taken_at:%Y-%m-%d} ({m.measure_id}) is not mended yet "
        f"and holds until {m.effective_to:%Y-%m-%d %H:%M}. It is lifted once it is mended. "
        f"Basis: {article}.",
    )


def _row(m: Measure, sent: dict[str, Any] | None, now: datetime, policy: Policy) -> dict[str, Any]:
    """A case: sent, mended before it was due, open, or late.

    `holidays_known`: the policy names holidays of the years in which its working days lie.
    """
    due = end_of_working_day(m.taken_at, policy.reminders.working_days, policy.reminders)
    is_mended = m.status(now) == LIFTED and m.ended_at() <= due
    until = now if sent is None else datetime.fromisoformat(sent["decided_at"])
    late = until > due and not is_mended
    open_status = MENDED if is_mended else LATE if late else OPEN
    return {
        "measure_id": m.measure_id,
        "subject_kind": m.subject_kind,
        "subject_id": m.subject_id,
        "code": m.code,
        "status": open_status if sent is None else SENT,
        "due_at": due.isoformat(),
        "breached": late,
        "holidays_known": all(map(policy.reminders.knows_holidays, {m.taken_at.year, due.year})),
        "sent_at": sent["decided_at"] if sent else None,
        "sent_by": sent["decided_by"] if sent else None,
        "notice_zh": sent["notice_zh"] if sent else None,
        "notice_en": sent["notice_en"] if sent else None,
    }


def _case(lake: Lake, measure_id: str, now: datetime, policy: Policy) -> dict[str, Any]:
    cases = list_reminders(lake, now, policy)
    found = next((c for c in cases if c["measure_id"] == measure_id), None)
    if found is None:
        raise BadReminder(
            f"no measure {measure_id} asks for a reminder; list them with: "
            f"steelyard reminder list {lake}"
        )
    return found
