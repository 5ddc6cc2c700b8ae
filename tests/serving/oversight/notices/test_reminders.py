"""Reminders: due by working days, sent as a signed act, needless once the measure is mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from data_contracts.lake import Lake
from serving.ledger.hash_chain import read_records
from serving.oversight.measures.approval import approve_act
from serving.oversight.measures.manual_measures import close_measure
from serving.oversight.notices.reminders import BadReminder, list_reminders, send_reminder
from serving.oversight.notices.working_days import end_of_working_day
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.people.signed_acts import verify_acts
from serving.policy.load import BadPolicy, load_policy, policy_of_text
from serving.policy.notice_policy import ReminderPolicy
from tests.serving.oversight.people.persons import admit_office, record_measure

POLICY = load_policy()
FRIDAY = datetime(2026, 3, 6, 9)


@pytest.fixture
def office(tmp_path):
    """A lake with persons, and a measure `correct` that two of them took on a Friday."""
    lake = Lake(tmp_path / "lake")
    people = admit_office(lake)
    taken = record_measure(lake, people["desk"], "o1", "correct", FRIDAY)
    assert list_reminders(lake, FRIDAY, POLICY) == []  # a proposal asks for none
    approve_act(lake, taken, people["lead"], FRIDAY, POLICY)
    record_measure(lake, people["desk"], "o2", "warn", FRIDAY)
    return lake, people, taken


def test_five_working_days_leave_out_weekends_and_holidays():
    """A working weekend counts and a holiday does not; days are those of the calendar's zone."""
    plain = ReminderPolicy()
    assert end_of_working_day(FRIDAY, 5, plain) == datetime(2026, 3, 13, 16)
    free = replace(plain, holidays=("2026-03-09",), working_weekends=("2026-03-14",))
    assert end_of_working_day(FRIDAY, 5, free) == datetime(2026, 3, 14, 16)
    late_evening = datetime(2026, 3, 6, 17)  # Saturday there
    assert end_of_working_day(late_evening, 1, plain) == datetime(2026, 3, 9, 16)


def test_a_due_date_says_whether_holidays_are_known(office):
    """The shipped calendar is empty; one of the measure's year makes the due date known."""
    lake, _, _ = office
    assert [c["holidays_known"] for c in list_reminders(lake, FRIDAY, POLICY)] == [False]
    for holidays, is_known in ((("2026-04-06",), True), (("2025-10-01",), False)):
        policy = replace(POLICY, reminders=replace(POLICY.reminders, holidays=holidays))
        (case,) = list_reminders(lake, FRIDAY, policy)
        assert case["holidays_known"] is is_known


def test_a_calendar_that_is_none_is_refused():
    """A malformed calendar is refused."""
    for wrong in ('holidays = ["soon"]', "working_days = -1", 'codes = ["scold"]'):
        key = wrong.partition(" ")[0]
        section = POLICY.text.index("[reminders]")
        text = "\n".join(
            wrong if line.startswith(key) else line for line in POLICY.text[section:].split("\n")
        )
        with pytest.raises(BadPolicy):
            policy_of_text(POLICY.text[:section] + text, "draft")


def test_a_reminder_is_due_and_sent_once(office):
    """Of the measures that ask for one; the text cites the article and is signed."""
    lake, people, taken = office
    due = datetime(2026, 3, 13, 16)
    (case,) = list_reminders(lake, due, POLICY)
    assert (case["measure_id"], case["status"], case["due_at"]) == (taken, "open", due.isoformat())
    assert list_reminders(lake, due + timedelta(seconds=1), POLICY)[0]["status"] == "late"
    with pytest.raises(NotAuthenticated):
        send_reminder(lake, taken, people["judge"], due, POLICY)
    with pytest.raises(BadReminder):
        send_reminder(lake, "m-unknown", people["desk"], due, POLICY)
    for _ in range(2):
        sent = send_reminder(lake, taken, people["desk"], due, POLICY)
        assert (sent["status"], sent["sent_by"], sent["breached"]) == ("sent", "desk", False)
    (record,) = read_records(lake.reminders)
    assert "Order 117 22" in record["notice_zh"] and "o1" in record["notice_en"]
    assert verify_acts(lake) == []


def test_a_mended_measure_needs_no_reminder(office):
    """Lifted before its reminder was due, it is mended; afterwards it stays late."""
    lake, people, taken = office
    early, late = FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=10)
    close_measure(lake, taken, "lifted", people["lead"], "licence shown", early)
    (case,) = list_reminders(lake, late, POLICY)
    assert (case["status"], case["breached"]) == ("mended", False)
    with pytest.raises(BadReminder):
        send_reminder(lake, taken, people["desk"], late, POLICY)
