"""Risk over nights, and risk among peers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serving.dossiers.pictures.axes import Scale, Tick, nice_top, polyline

WIDTH, HEIGHT = 720, 170
LEFT, RIGHT, TOP, BOTTOM = 44, 26, 12, 28
MAX_DAY_LABELS = 8


@dataclass(frozen=True)
class NightPoint:
    """One night: its place, and the row of the history that it stands for."""

    x: float
    y: float
    row: dict[str, Any]
    has_new_model: bool


@dataclass(frozen=True)
class RiskHistory:
    """Risk from night to night; a night without a risk has no point and breaks the line."""

    width: int
    height: int
    points: tuple[NightPoint, ...]
    lines: tuple[str, ...]
    risk_ticks: tuple[Tick, ...]
    nights: tuple[tuple[float, Any], ...]  # places and dates that are labelled
    bottom: float


@dataclass(frozen=True)
class RiskHistogram:
    """Operators by risk: bars (x, y, width, height, number), and the place of one of them."""

    width: int
    height: int
    bars: tuple[tuple[float, float, float, float, int], ...]
    mark: float | None
    low: float | None
    high: float | None
    risk_ticks: tuple[Tick, ...]
    bottom: float
    largest: int


def risk_history(rows: Sequence[dict[str, Any]]) -> RiskHistory:
    """Geometry of an operator's nights, oldest first."""
    dates = [r["date"] for r in rows]
    span = (dates[-1] - dates[0]).days if dates else 0
    across = Scale(0.0, max(span, 1), LEFT, WIDTH - RIGHT)
    up = Scale(0.0, 1.0, HEIGHT - BOTTOM, TOP)
    points: list[NightPoint] = []
    lines: list[list[tuple[float, float]]] = []
    line: list[tuple[float, float]] = []
    model = None
    for row in rows:
        if row["risk"] is None:
            lines, line = ([*lines, line] if line else lines), []
            continue
        at = (across((row["date"] - dates[0]).days), up(row["risk"]))
        has_new_model = model is not None and row["model_version"] != model
        points.append(NightPoint(*at, row, has_new_model))
        line = [*line, at]
        model = row["model_version"]
    lines = [*lines, line] if line else lines
    every = max(1, -(-len(rows) // MAX_DAY_LABELS))
    labelled = tuple((across((d - dates[0]).days), d) for d in dates[::every])
    ticks = tuple(Tick(up(v), f"{v:.1f}") for v in (0.0, 0.5, 1.0))
    drawn = tuple(polyline(part) for part in lines if len(part) > 1)
    return RiskHistory(WIDTH, HEIGHT, tuple(points), drawn, ticks, labelled, HEIGHT - BOTTOM)


def risk_histogram(
    counts: Sequence[int], risk: float | None, interval: tuple[float, float] | None
) -> RiskHistogram:
    """Geometry of the risks of peers, with one operator's risk and its interval."""
    largest = max(counts, default=0)
    across = Scale(0.0, 1.0, LEFT, WIDTH - RIGHT)
    up = Scale(0.0, nice_top(largest), HEIGHT - BOTTOM, TOP)
    wide = (WIDTH - RIGHT - LEFT) / max(1, len(counts))
    base = HEIGHT - BOTTOM
    bars = tuple(
        (round(LEFT + i * wide + 1, 1), up(n), round(wide - 2, 1), round(base - up(n), 1), int(n))
        for i, n in enumerate(counts)
    )
    ticks = tuple(Tick(across(v), f"{v:.1f}") for v in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    low, high = (None, None) if interval is None else (across(interval[0]), across(interval[1]))
    mark = None if risk is None else across(risk)
    return RiskHistogram(WIDTH, HEIGHT, bars, mark, low, high, ticks, base, largest)
