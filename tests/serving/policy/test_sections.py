"""Claims about sections of the policy: what is refused at which value, and what is read."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date, timedelta

import pytest

from serving.policy.ladder import ValidityPolicy
from serving.policy.load import BadPolicy, load_policy, parse_policy
from serving.policy.notice_policy import ReminderPolicy
from serving.policy.service_policy import ServicePolicy

POLICY = load_policy()
BOOST = "policy [[ladder]] popup: boost is none, review or refuse, and counts_as one of "
NAMES = "policy [proportionality] strictest and [reminders] codes name codes of the ladder"
LEVELS = (
    "policy [boost] not_entitled and [identity] overdue, under_age and not_labelled are one of "
    "('PASS', 'REVIEW', 'REJECT')"
)
POSITIVE = "policy [service]: every limit is above 0"
PAIRS = "policy [service]: need unfinished <= connections and work_per_key <= work"
YEARS = "policy [retention]: trade_years is 3 or more"


def with_value(section: str, key: str, value: str) -> str:
    """The text of the policy with another value of a key of a section."""
    head, tail = POLICY.text.split(f"\n[{section}]\n", 1)
    changed, n = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", tail, count=1)
    assert n == 1
    return f"{head}\n[{section}]\n{changed}"


@pytest.mark.parametrize(
    ("section", "key", "value", "words"),
    [
        ("reminders", "codes", '["flog"]', NAMES),
        ("retention", "trade_years", "2", YEARS),
        ("boost", "not_entitled", '"NO"', LEVELS),
        ("identity", "overdue", '"NO"', LEVELS),
        ("identity", "under_age", '"NO"', LEVELS),
        ("identity", "not_labelled", '"NO"', LEVELS),
        ("mcn", "a", "74.9", "policy [mcn]: need a >= b >= c"),
        ("mcn", "c", "75.1", "policy [mcn]: need a >= b >= c"),
        ("service", "connections", "0", POSITIVE),
        ("service", "header_seconds", "0.0", POSITIVE),
        ("service", "connections", "1023", PAIRS),
        ("service", "work", "1", PAIRS),
    ],
)
def test_a_section_out_of_range_is_refused(section, key, value, words):
    """A section that contradicts itself is refused, and the words name it."""
    with pytest.raises(BadPolicy) as refused:
        parse_policy(with_value(section, key, value))
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("retention", "trade_years", "3"),
        ("mcn", "a", "75.0"),
        ("mcn", "c", "75.0"),
        ("service", "connections", "1024"),
        ("identity", "overdue", '"PASS"'),
    ],
)
def test_the_end_of_a_section_is_allowed(section, key, value):
    """The last allowed value of a section is read."""
    assert parse_policy(with_value(section, key, value)).version == POLICY.version


@pytest.mark.parametrize("more", ['boost = "maybe"', 'counts_as = "flog"'])
def test_a_step_with_an_unknown_effect_is_refused(more):
    """A step of the ladder with an unknown effect on boosts or an unknown code is refused."""
    step = f'\n[[ladder]]\ncode = "odd"\nzh = "b"\nen = "c"\n{more}\n'
    with pytest.raises(BadPolicy) as refused:
        parse_policy(POLICY.text + step)
    assert str(refused.value).startswith(BOOST.replace("popup", "odd") + "warn, limit_functions,")


@pytest.mark.parametrize(("days", "hours"), [(-1, 8), (5, -13), (5, 15)])
def test_reminders_without_a_calendar_are_refused(days, hours):
    """Working days below 0, or an offset that no zone has, are refused."""
    with pytest.raises(ValueError) as refused:
        ReminderPolicy(working_days=days, utc_offset_hours=hours)
    words = "[reminders]: working_days is 0 or more, utc_offset_hours -12 to 14"
    assert str(refused.value) == words


@pytest.mark.parametrize("limit", [limit.name for limit in fields(ServicePolicy)])
def test_every_limit_of_the_service_is_above_zero(limit):
    """No limit of the online service may be 0, whichever it is."""
    assert POLICY.service.problem() is None
    assert replace(POLICY.service, **{limit: 0}).problem() == POSITIVE


def test_free_and_worked_days_of_the_calendar():
    """Weekdays are worked unless free, days of a weekend are free unless worked."""
    r = ReminderPolicy(holidays=("2026-01-01",), working_weekends=("2026-01-04",))
    days = [date(2026, 1, d) for d in (1, 2, 3, 4, 5)]  # Thursday to Monday
    assert [r.is_working(d) for d in days] == [False, True, False, True, True]
    assert r.knows_holidays(2026) and not r.knows_holidays(2025)
    ends = [ReminderPolicy(working_days=0, utc_offset_hours=h).utc_offset for h in (-12, 14)]
    assert ends == [timedelta(hours=-12), timedelta(hours=14)]


def test_days_of_retention_complaints_cases_and_listings():
    """Each table, complaint, case and listing has the days or points of its kind."""
    r = POLICY.retention
    assert (r.days("views"), r.years("views")) == (60, 0)
    assert (r.days("orders"), r.years("orders")) == (1095, 3)
    assert (r.days("accounts"), r.years("accounts")) == (1095, 3)
    assert [POLICY.cases.due_days(t) for t in "ABCD"] == [7, 7, 3, 1]
    assert POLICY.complaints.due_days("of no kind") == POLICY.complaints.days
    assert POLICY.complaints.due_days("refund_refused") == 3
    kinds = ("abnormal_operations", "serious_dishonesty", "penalty")
    assert [POLICY.listings.points(kind) for kind in kinds] == [20.0, 60.0, 30.0]


def test_a_policy_binds_from_its_date_on():
    """A policy without a date always binds, another from its date on."""
    dated = ValidityPolicy(effective_from=date(2026, 3, 8))
    assert [dated.is_in_force(date(2026, 3, d)) for d in (7, 8)] == [False, True]
    assert ValidityPolicy().is_in_force(date(1970, 1, 1))
