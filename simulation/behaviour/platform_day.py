"""One day of the platform: its people, its operators and the sessions that run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.identifiers import HOUR, MINUTE
from simulation.population import Accounts, Operators
from simulation.records import Sessions

SEGMENTS = 16
LENGTH_QUANTILES = np.array([0.0, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99, 1.0])
LENGTH_MINUTES = np.array([10, 15, 105, 185, 291, 527, 797, 900.0])


@dataclass(frozen=True)
class PlatformDay:
    """Accounts, operators and the day's sessions; batches name sessions by their row here."""

    accounts: Accounts
    operators: Operators
    sessions: Sessions


def draw_sessions(
    rng: np.random.Generator, operators: Operators, day: float, first_index: int
) -> Sessions:
    """Sessions that start on a day; an operator not yet registered does not stream."""
    live = (rng.random(len(operators)) < operators.rate) & (operators.registered < day)
    operator = np.flatnonzero(live)
    n = len(operator)
    start = day + np.clip(rng.normal(operators.hour[operator], 1.2), 0, 23.8) * HOUR
    length = np.exp(np.interp(rng.random(n), LENGTH_QUANTILES, np.log(LENGTH_MINUTES))) * MINUTE
    viewers = np.exp(operators.log_viewers[operator] + rng.normal(0, 0.32, n))
    celebrity = operators.lookalike["celebrity_visits"][operator] & (rng.random(n) < 0.25)
    viewers[celebrity] *= rng.uniform(2, 6, celebrity.sum())
    dwell = np.exp(operators.log_dwell[operator] + rng.normal(0, 0.25, n)) * MINUTE
    return Sessions(
        index=first_index + np.arange(n),
        operator=operator,
        start=np.floor(start),
        end=np.floor(start + length),
        viewers=viewers,
        dwell=np.minimum(dwell, 0.8 * length),
        segment=np.arange(n),
    )


def draw_arrival_profiles(rng: np.random.Generator, n: int) -> np.ndarray:
    """Cumulative arrival profile of each session over equal segments, shape (n, SEGMENTS + 1)."""
    walk = np.cumsum(rng.normal(0, 0.16, (n, SEGMENTS)), axis=1)
    weight = np.exp(walk)
    weight[:, 0] *= 1.7
    cumulative = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
    return np.concatenate([np.zeros((n, 1)), cumulative], axis=1)


def draw_arrivals(
    rng: np.random.Generator, sessions: Sessions, row: np.ndarray, profiles: np.ndarray
) -> np.ndarray:
    """Arrival time of one view for each entry of `row`, a row of the day's sessions."""
    flat = (profiles[:, 1:] + np.arange(len(profiles))[:, None]).ravel()
    place = np.minimum(
        np.searchsorted(flat, row + rng.random(len(row)), side="right"), len(flat) - 1
    )
    inside = (place - row * SEGMENTS).clip(0, SEGMENTS - 1) + rng.random(len(row))
    return sessions.start[row] + inside / SEGMENTS * (sessions.end - sessions.start)[row]


def draw_stays(rng: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    """Stays in seconds: 42 % leave within a minute or so, the rest have a heavy tail."""
    n = len(mean)
    short = rng.random(n) < 0.42
    long = rng.lognormal(0.0, 1.0, n) * mean * 1.15
    return np.where(short, rng.exponential(40.0, n) + 1.0, long + 5.0)
