"""Expressions that several signals use: ratios, durations, versions of an app as numbers."""

from __future__ import annotations

from typing import Any

BRIEF_SESSION_SECONDS = 300.0  # a session of less is a test: stays in it have no shape (ADR-0182)
# platforms write versions in many forms: 9.2, 30.5.1, v8, android-27.3.0
MAJOR, MINOR = r"([0-9]+)", r"[0-9]+\.([0-9]+)"


def major(text: Any) -> Any:
    """The first whole number in a version, null where there is none: float64."""
    return text.re_extract(MAJOR, 1).try_cast("float64")


def number(text: Any) -> Any:
    """Major version and a hundredth of the minor one: 9.2 is 9.02, and 9.10 is 9.1.

    So the tenth minor version comes after the second.
    """
    minor = text.re_extract(MINOR, 1).try_cast("float64").fill_null(0.0).clip(0.0, 99.0)
    return major(text) + minor / 100


def seconds_between(later: Any, earlier: Any) -> Any:
    """Seconds between two timestamp expressions, to the microsecond (both engines agree on it)."""
    # Without the cast Spark divides as decimals, to eight places.
    return later.delta(earlier, unit="microsecond").cast("float64") / 1e6


def ratio(top: Any, bottom: Any) -> Any:
    """A quotient that is unknown, not infinite, where the bottom is zero."""
    return top.cast("float64") / bottom.cast("float64").nullif(0.0)


def without_brief(rows: Any, sessions: Any) -> Any:
    """Rows of sessions that lasted long enough to have a shape, or of which no end is known."""
    length = seconds_between(sessions.ended_at, sessions.started_at)
    brief = sessions.filter(length < BRIEF_SESSION_SECONDS).select("session_id")
    return rows.anti_join(brief, "session_id")
