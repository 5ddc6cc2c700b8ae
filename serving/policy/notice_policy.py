"""Schema of the policy's sections on what authorities say: notices, reminders and listings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class NoticePolicy:
    """Days within which a notice of an authority is acted upon (Order 117 Art. 12)."""

    days: int = 7


@dataclass(frozen=True)
class ReminderPolicy:
    """The due date of a reminder, and the calendar of working days (Order 117 Art. 22).

    Attributes
    ----------
    working_days
        Working days after the day of the measure; it is due at the end of the last one.
    codes
        Measures that are followed by a reminder.
    holidays, working_weekends
        Days as ISO dates: weekdays that are free, and days of a weekend that are worked.
    utc_offset_hours
        Hours by which the calendar is ahead of UTC.
    """

    working_days: int = 5
    codes: tuple[str, ...] = ("correct",)
    holidays: tuple[str, ...] = ()
    working_weekends: tuple[str, ...] = ()
    utc_offset_hours: int = 8

    def __post_init__(self) -> None:
        """Refuse what is no calendar. Raises ValueError."""
        for day in (*self.holidays, *self.working_weekends):
            date.fromisoformat(day)
        if self.working_days < 0 or not -12 <= self.utc_offset_hours <= 14:
            raise ValueError("[reminders]: working_days is 0 or more, utc_offset_hours -12 to 14")

    @property
    def utc_offset(self) -> timedelta:
        """Time by which the calendar is ahead of UTC."""
        return timedelta(hours=self.utc_offset_hours)

    def knows_holidays(self, year: int) -> bool:
        """Whether free weekdays of a year are named; else weekends alone count as free."""
        return any(date.fromisoformat(day).year == year for day in self.holidays)

    def is_working(self, day: date) -> bool:
        """Whether a day is worked."""
        if day.weekday() >= 5:
            return day.isoformat() in self.working_weekends
        return day.isoformat() not in self.holidays


@dataclass(frozen=True)
class ListingPolicy:
    """Points that an entry in a public list takes from credit and compliance (Art. 11 ¶2).

    They do not fade while the entry stands; those of a penalty fade from its date. Once it is
    removed, the repaired share of them fades.
    """

    abnormal_operations: float = 20.0
    serious_dishonesty: float = 60.0
    penalty: float = 30.0

    def points(self, kind: str) -> float:
        """Points of an entry in a list of a kind."""
        return float(getattr(self, kind))
