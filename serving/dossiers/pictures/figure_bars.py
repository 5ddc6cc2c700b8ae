"""Counted against real: one bar a figure, with the estimate and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serving.dossiers.pictures.axes import Scale

WIDTH, ROW_HEIGHT, LABEL_WIDTH, VALUE_WIDTH = 760, 34, 150, 190


@dataclass(frozen=True)
class FigureBar:
    """One figure: places of what was counted, of the estimate and of its interval.

    `row` is the row of `corrected_figures`; each bar has a scale of its own, from zero.
    """

    row: dict[str, Any]
    top: float
    zero: float
    counted: float
    estimate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class FigureBars:
    """The picture: its size and bars."""

    width: int
    height: int
    bars: tuple[FigureBar, ...]


def figure_bars(figures: Sequence[dict[str, Any]]) -> FigureBars:
    """Geometry of corrected figures."""
    bars = []
    for i, row in enumerate(figures):
        counted, high = row["counted"] or 0.0, row["high"]
        largest = max(counted, row["estimate"] or 0.0, high or 0.0)
        scale = Scale(0.0, largest or 1.0, LABEL_WIDTH, WIDTH - VALUE_WIDTH)
        ends = (row["estimate"], row["low"], high)
        estimate, low, top = (None if v is None else scale(v) for v in ends)
        bars.append(FigureBar(row, i * ROW_HEIGHT, scale(0.0), scale(counted), estimate, low, top))
    return FigureBars(WIDTH, max(1, len(bars)) * ROW_HEIGHT, tuple(bars))
