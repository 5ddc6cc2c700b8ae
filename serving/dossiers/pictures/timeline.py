"""A session by minute: one lane a series on one axis of clock time, causes and windows marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from serving.dossiers.pictures.axes import Scale, Tick, clock_ticks, nice_top, polyline
from serving.dossiers.session_dossier import Cause

SERIES = (
    *("viewers", "joins", "leaves", "likes", "likers", "comments", "commenters", "follows"),
    *("product_clicks", "orders", "buyers", "gmv", "new_account_joins", "repeated_device_joins"),
)
FALSE_VIEWS = "false_views"
WIDTH, LABEL_WIDTH, RIGHT = 1000, 130, 14
CAUSE_HEIGHT, AXIS_HEIGHT = 26, 24
TALL_LANE_HEIGHT, LANE_HEIGHT = 96, 46
MAX_POINTS = 600  # of a lane; of a longer session each point is the largest of its minutes
MIN_MARK_WIDTH = 2.0


@dataclass(frozen=True)
class Span:
    """A stretch of the axis: its place and width, and what it stands for."""

    x: float
    width: float
    start: int
    stop: int
    name: str


@dataclass(frozen=True)
class Lane:
    """One series.

    Attributes
    ----------
    name
        Column of `room_minutes`, or `false_views`.
    lines
        Parts of the line; unknown minutes break it.
    band
        Outline of the expected band; empty where there is none.
    windows
        Windows that this series found.
    highest
        Its largest value.
    """

    name: str
    top: float
    height: float
    lines: tuple[str, ...]
    band: str
    windows: tuple[Span, ...]
    highest: float


@dataclass(frozen=True)
class Timeline:
    """The picture of a session."""

    width: int
    height: int
    left: int
    lanes: tuple[Lane, ...]
    windows: tuple[Span, ...]
    causes: tuple[tuple[Span, Cause], ...]
    ticks: tuple[Tick, ...]
    causes_height: int
    bottom: float


def timeline(
    minutes: pd.DataFrame,
    start: datetime,
    *,
    band: pd.DataFrame | None = None,
    windows: Iterable[Mapping[str, object]] = (),
    causes: Iterable[Cause] = (),
    false_by_minute: Mapping[int, int] | None = None,
) -> Timeline:
    """Geometry of a session.

    Parameters
    ----------
    minutes
        Rows of `room_minutes` of one session, in order.
    start
        Its start, UTC.
    band
        Expected viewers: minute, low, high.
    windows
        Suspicious windows: start, stop, series.
    causes
        Boosts, raids, co-streams and links.
    false_by_minute
        Views named false, by the minute in which they joined.
    """
    last = max(int(minutes["minute"].max()) + 1 if len(minutes) else 1, 1)
    across = Scale(0.0, last, LABEL_WIDTH, WIDTH - RIGHT)
    found = tuple(
        _span(across, int(w["start"]), int(w["stop"]), str(w["series"]))  # type: ignore[call-overload]
        for w in windows
    )
    lanes, top = [], float(CAUSE_HEIGHT)
    for name, values in _series(minutes, false_by_minute or {}, last):
        height = TALL_LANE_HEIGHT if name == "viewers" else LANE_HEIGHT
        of_lane = tuple(w for w in found if w.name == name)
        expected = band if name == "viewers" else None
        lanes.append(_lane(name, values, expected, across, (top, height), of_lane))
        top += height + 6
    marked = tuple(
        (_span(across, int(max(0, c.start)), int(max(c.stop, c.start)), c.kind), c) for c in causes
    )
    return Timeline(
        WIDTH,
        int(top + AXIS_HEIGHT),
        LABEL_WIDTH,
        tuple(lanes),
        found,
        marked,
        tuple(clock_ticks(start, last, across)),
        CAUSE_HEIGHT,
        top,
    )


def granted_minutes(minutes: pd.DataFrame, start: datetime) -> list[Cause]:
    """Stretches of minutes with a granted cause, whose kind is not at hand."""
    granted = (minutes["granted"].to_numpy() > 0).astype(int)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], granted, [0]])))
    at = minutes["minute"].to_numpy()
    return [
        Cause(
            "granted",
            float(at[a]),
            float(at[b - 1] + 1),
            start + timedelta(minutes=int(at[a])),
            None,
        )
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]


def _span(across: Scale, start: int, stop: int, name: str) -> Span:
    width = max(MIN_MARK_WIDTH, across(stop) - across(start))
    return Span(across(start), round(width, 1), start, stop, name)


def _series(
    minutes: pd.DataFrame, false_by_minute: Mapping[int, int], last: int
) -> Iterable[tuple[str, pd.Series]]:
    """Series that have a value, by minute; views named false come after joins."""
    by_minute = minutes.set_index("minute")
    for name in SERIES:
        if name in by_minute and by_minute[name].notna().any():
            yield name, by_minute[name].astype(float)
        if name == "joins" and false_by_minute:
            counts = pd.Series(false_by_minute, dtype=float).reindex(range(last), fill_value=0.0)
            yield FALSE_VIEWS, counts


def _lane(
    name: str,
    values: pd.Series,
    band: pd.DataFrame | None,
    across: Scale,
    place: tuple[float, float],
    windows: tuple[Span, ...],
) -> Lane:
    top, height = place
    thin = _thinned(values)
    highest = float(values.max())
    largest = max(highest, float(band["high"].max()) if band is not None else 0.0)
    lowest = min(0.0, float(values.min()))
    up = Scale(lowest, nice_top(largest), top + height, top)
    lines: list[list[tuple[float, float]]] = [[]]
    for minute, value in thin.items():
        if np.isfinite(value):
            lines[-1].append((across(float(minute) + 0.5), up(float(value))))
        elif lines[-1]:
            lines.append([])
    outline = ""
    if band is not None:
        known = band.dropna()
        x = [across(float(m) + 0.5) for m in known["minute"]]
        over = list(zip(x, (up(v) for v in known["high"]), strict=True))
        under = list(zip(x, (up(v) for v in known["low"]), strict=True))
        outline = polyline([*over, *reversed(under)])
    drawn = tuple(polyline(part) for part in lines if part)
    return Lane(name, top, height, drawn, outline, windows, highest)


def _thinned(values: pd.Series) -> pd.Series:
    """A series of at most `MAX_POINTS`; each is the largest of its minutes, so no burst is lost."""
    if len(values) <= MAX_POINTS:
        return values
    size = -(-len(values) // MAX_POINTS)
    groups = np.arange(len(values)) // size
    return pd.Series(
        values.groupby(groups).max().to_numpy(), index=values.index[::size], dtype=float
    )
