"""Scales and ticks: where values and clock times lie on an axis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, log10

NICE_STEPS = (1.0, 2.0, 5.0, 10.0)
CLOCK_STEPS_MINUTES = (5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440)
CHINA_OFFSET = timedelta(hours=8)  # clock times are those of China, as on all pages


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in the picture, and its value or clock time."""

    place: float
    label: str


@dataclass(frozen=True)
class Scale:
    """A line from values to places; values beyond its ends are drawn at the ends."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        """The place of a value, to a tenth of a unit.

        Examples
        --------
        >>> Scale(0, 10, 100, 200)(5), Scale(0, 10, 100, 200)(12)
        (150.0, 200.0)
        """
        span = self.high - self.low
        part = 0.0 if span <= 0 else (value - self.low) / span
        part = min(1.0, max(0.0, part))
        return round(self.start + part * (self.stop - self.start), 1)


def nice_top(value: float) -> float:
    """The least round number that is not below a value.

    Examples
    --------
    >>> nice_top(37), nice_top(0), nice_top(0.2)
    (50.0, 1.0, 0.2)
    """
    if value <= 0:
        return 1.0
    base = 10.0 ** floor(log10(value))
    return next(round(s * base, 12) for s in NICE_STEPS if s * base >= value * (1 - 1e-9))


def clock_ticks(start: datetime, minutes: float, scale: Scale, max_ticks: int = 9) -> list[Tick]:
    """Round clock times within a session, at most some of them.

    Parameters
    ----------
    start
        Start of the session, UTC.
    minutes
        Its length.
    scale
        Places of minutes since the start.
    """
    step = next(
        (s for s in CLOCK_STEPS_MINUTES if minutes / s < max_ticks), CLOCK_STEPS_MINUTES[-1]
    )
    local = start + CHINA_OFFSET
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    offset = (local - midnight) / timedelta(minutes=1)
    first = ceil(offset / step) * step
    ticks = []
    for i in range(int(minutes // step) + 2):
        at = first + i * step - offset
        if at > minutes:
            break
        ticks.append(Tick(scale(at), f"{midnight + timedelta(minutes=first + i * step):%H:%M}"))
    return ticks


def polyline(points: Iterable[tuple[float, float]]) -> str:
    """Points as SVG has them.

    Examples
    --------
    >>> polyline([(1, 2), (3.5, 4)])
    '1,2 3.5,4'
    """
    return " ".join(f"{x:g},{y:g}" for x, y in points)
