"""Sizes of simulated worlds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Counts of a world; sessions and views follow from operators, days and `start_rate`.

    `start_rate` is sessions per operator and day. `log_viewers` is the mean log of average
    concurrent viewers. `largest` caps the average concurrent viewers.
    """

    operators: int
    accounts: int
    days: int
    start_rate: float
    log_viewers: float = 2.08
    largest: float = 4_000.0


SIZES = {
    "tiny": Size(
        operators=120, accounts=16_000, days=14, start_rate=0.45, log_viewers=1.6, largest=150.0
    ),
    "small": Size(operators=160, accounts=20_000, days=21, start_rate=0.45, largest=600.0),
    "medium": Size(operators=600, accounts=110_000, days=28, start_rate=0.42, largest=1_400.0),
    "wide": Size(operators=1_800, accounts=330_000, days=28, start_rate=0.42, largest=1_400.0),
    "large": Size(operators=6_000, accounts=1_100_000, days=28, start_rate=0.40, largest=1_300.0),
}
