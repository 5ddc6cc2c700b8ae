"""How rare a departure is among entities that were looked at and cleared, by the tail of each signal alone.

Trees find what their verdicts show. A scheme that nobody has confirmed yet leaves its trace in one or two signals of sixty, which a
sum over all of them drowns; seen alone, a trace far out in its own tail is as rare as chance allows. The tail above the largest
tenth is fitted, since some thousand cleared entities cannot show what happens once in ten thousand.

Only signals with an alarm are looked at, and only values most of the way to it: where most peers have none of something, the
smallest amount lies far out, and that is no evidence.

Source: excesses over a threshold follow a generalised Pareto law (Pickands, Annals of Statistics 1975), fitted by moments (Hosking
and Wallis, Technometrics 1987); the smallest tail probability over all signals is Tippett's combination of tests (1931).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from features.catalogue import BY_NAME
from features.departures import Departures

TAIL = 0.1  # share of the cleared beyond which the law is fitted
NEAR = 0.7  # part of the way from the peers' median to the alarm that a value must have gone
FEWEST = 200  # cleared entities below which no tail is fitted: twenty lie beyond the threshold then
# Of one signal among the cleared, below which an exponential law of unit spread stands in; or nothing for a signal that looks at other
# rooms too, for how far it goes in an honest one depends on what is done elsewhere that night.
EXCESSES = 8
SHAPES = (0.05, 0.6)  # of the law: never lighter than nearly exponential, never without a variance to speak of
LEAST_START, LEAST_SCALE = 1.0, 0.3  # in spreads


@dataclass(frozen=True)
class Tails:
    """Where the tail of each signal starts, in spreads from the peers' median, and the law beyond it; arrays of shape (signals,).

    `start` is infinite for a signal that is not looked at.
    """

    columns: tuple[str, ...]
    start: np.ndarray
    scale: np.ndarray
    shape: np.ndarray

    def nats(self, values: np.ndarray, peers: Departures) -> np.ndarray:
        """-log of the probability that a cleared entity lies as far out, shape (n, signals); 0 within the tail's start, for a value
        far from its alarm, and for an unknown one.
        """
        beyond = np.clip(np.nan_to_num(peers.of(values) * self._side - self.start, nan=-1.0), 0.0, None) / self.scale
        usual = peers.usual(values)
        with np.errstate(invalid="ignore"):
            near = (values - usual - NEAR * (self._alarm - usual)) * self._side >= 0
        return np.where((beyond > 0) & near, np.log1p(self.shape * beyond) / self.shape - np.log(TAIL), 0.0)

    @cached_property
    def _side(self) -> np.ndarray:
        return np.array([BY_NAME[c].direction for c in self.columns], dtype=float)

    @cached_property
    def _alarm(self) -> np.ndarray:
        return np.array([np.nan if (alarm := BY_NAME[c].alarm) is None else alarm for c in self.columns])

    def as_json(self) -> dict[str, Any]:
        """Numbers and names that `from_json` reads again, bit for bit."""
        start = [float(x) if np.isfinite(x) else None for x in self.start]
        return {"columns": list(self.columns), "start": start, "scale": self.scale.tolist(), "shape": self.shape.tolist()}


def from_json(given: dict[str, Any]) -> Tails:
    """Tails as `as_json` wrote them."""
    start = np.array([np.inf if x is None else x for x in given["start"]], dtype=np.float64)
    return Tails(tuple(given["columns"]), start, *(np.array(given[k], dtype=np.float64) for k in ("scale", "shape")))


def tails_of(columns: list[str], departed: np.ndarray, typologies: tuple[str, ...]) -> Tails | None:
    """The tails of cleared entities' departures, of the signals with an alarm against some typologies.

    `departed`: in spreads from the peers of their night, float64 of shape (entities, signals). None where fewer than `FEWEST` were cleared.
    """
    if len(departed) < FEWEST:
        return None
    start, scale, shape = np.full(len(columns), np.inf), np.ones(len(columns)), np.full(len(columns), SHAPES[0])
    for j, name in enumerate(columns):
        s = BY_NAME[name]
        away = departed[np.isfinite(departed[:, j]), j] * s.direction
        if s.alarm is None or not s.direction or s.typology not in typologies or len(away) < FEWEST:
            continue
        from_here = max(np.quantile(away, 1.0 - TAIL), LEAST_START)
        excess = away[away > from_here] - from_here
        if len(excess) < EXCESSES and s.graph:
            continue
        start[j] = from_here
        if len(excess) < EXCESSES:
            continue
        mean = excess.mean()
        shape[j] = np.clip(0.5 * (1.0 - mean**2 / max(excess.var(), 1e-12)), *SHAPES)
        scale[j] = max(mean * (1.0 - shape[j]), LEAST_SCALE)
    return Tails(tuple(columns), start, scale, shape)
