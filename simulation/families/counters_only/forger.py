"""Who comes, how long and what is clicked: the tools that all schemes share."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulation.families.counters_only.minutes import ACTS, Flow
from simulation.families.counters_only.world import Parameters, Sessions


@dataclass(frozen=True)
class Falsehood:
    """False counts of every flat minute and the schemes of every session."""

    joins: np.ndarray
    leaves: np.ndarray
    acts: dict[str, np.ndarray]
    schemes: dict[int, set[str]] = field(default_factory=dict)

    def viewers(self, sessions: Sessions) -> np.ndarray:
        """False viewers at the end of each minute."""
        stock = np.cumsum(self.joins - self.leaves)
        before = np.concatenate([[0], stock])[sessions.first]
        return stock - before[sessions.of]


@dataclass(frozen=True)
class Job:
    """One fraud in one session.

    `amount` is relative to the honest figure; `care` is the evasion from 0 to 1.
    """

    session: int
    amount: float
    care: float


class Forger:
    """Tools that the schemes share: who comes, how long, and what is clicked."""

    def __init__(
        self,
        world: Parameters,
        sessions: Sessions,
        *,
        honest: Flow,
        acts: dict[str, np.ndarray],
        rng: np.random.Generator,
    ) -> None:
        n = len(sessions.of)
        self.world, self.sessions, self.honest, self.rng = world, sessions, honest, rng
        self.honest_acts = acts
        zeros = {name: np.zeros(n) for name in ACTS}
        self.false = Falsehood(np.zeros(n, np.int64), np.zeros(n, np.int64), zeros)

    def length(self, job: Job) -> int:
        """Minutes of the session."""
        return int(self.sessions.minutes[job.session])

    def views(self, job: Job) -> int:
        """Number of false joins that the job pays for."""
        honest = int(self.honest.joins[self.sessions.span(job.session)].sum())
        return int(np.clip(job.amount * max(honest, 12), 3, 60_000))

    def audience(self, job: Job) -> int:
        """Number of false viewers at once that the job pays for."""
        honest = float(self.honest.viewers[self.sessions.span(job.session)].mean())
        return int(np.clip(job.amount * max(honest, 4.0), 2, 30_000))

    def admit(self, job: Job, at: np.ndarray, stay: np.ndarray, *, phones: float = 0.0) -> None:
        """Add viewers by join minute and stay; `phones` is the share on shared devices."""
        last = self.length(job) - 1
        joined = np.clip(at.astype(int), 0, last)
        left = joined + np.maximum(stay.astype(int), 0)
        span = self.sessions.span(job.session)
        joins = np.bincount(joined, minlength=last + 1)
        self.false.joins[span] += joins
        self.false.leaves[span] += np.bincount(left[left <= last], minlength=last + 1)
        young = 0.6 * (1 - job.care) + 0.035
        self.false.acts["new_account_joins"][span] += self.rng.binomial(joins, young)
        self.false.acts["repeated_device_joins"][span] += self.rng.binomial(joins, phones)

    def keep(self, job: Job, at: np.ndarray, stay: np.ndarray, *, phones: float = 0.0) -> None:
        """Add viewers whose connections break every few minutes, so that each joins again."""
        life = float(np.exp(self.rng.normal(np.log(9), 0.7)))
        stay = np.minimum(np.maximum(stay, 1.0), self.length(job) - at)
        pieces = 1 + self.rng.poisson(np.maximum(stay, 0.0) / life)
        viewer = np.repeat(np.arange(len(at)), pieces)
        cut = np.where(np.diff(viewer, prepend=-1) != 0, 0.0, self.rng.random(len(viewer)))
        order = np.lexsort((cut, viewer))
        begin = (cut * stay[viewer])[order]
        last = np.diff(viewer, append=-1) != 0
        end = np.where(last, stay[viewer], np.concatenate([begin[1:], [0.0]]))
        self.admit(job, at[viewer] + begin, end - begin, phones=phones)

    def like_natural(self, job: Job, count: int) -> np.ndarray:
        """Join minutes that follow the honest joins of the session."""
        joins = self.honest.joins[self.sessions.span(job.session)] + 0.02
        return self.rng.choice(len(joins), count, p=joins / joins.sum())

    def do(self, job: Job, name: str, by_minute: np.ndarray) -> None:
        """Add false acts by minute, from minute 0."""
        self.false.acts[name][self.sessions.span(job.session)] += by_minute

    def steady(self, job: Job, per_minute: float, minutes: slice) -> np.ndarray:
        """Acts by a script: constant where careless, ragged where careful."""
        out = np.zeros(self.length(job))
        size = len(out[minutes])
        ragged = self.rng.poisson(per_minute * self.rng.gamma(1.5, 1 / 1.5, size))
        constant = np.full(size, round(per_minute))
        out[minutes] = np.where(self.rng.random(size) < job.care, ragged, constant)
        return out
