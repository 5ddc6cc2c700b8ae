"""Due dates by working days of the policy's calendar."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from serving.policy.notice_policy import ReminderPolicy


def end_of_working_day(moment: datetime, days: int, calendar: ReminderPolicy) -> datetime:
    """End of the day that lies some working days after the day of a moment, both in UTC.

    Examples
    --------
    >>> friday = datetime(2026, 3, 6, 9)
    >>> end_of_working_day(friday, 5, ReminderPolicy(utc_offset_hours=0))
    datetime.datetime(2026, 3, 14, 0, 0)
    """
    day = (moment + calendar.utc_offset).date()
    while days > 0:
        day += timedelta(days=1)
        days -= calendar.is_working(day)
    return datetime.combine(day + timedelta(days=1), time()) - calendar.utc_offset
