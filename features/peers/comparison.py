"""Comparison of entities with their peers and with their operator's own level.

One object has all that a combination of signals reads of a night: robust deviations, ranks and own
levels. It is fitted on the entities of the night, and published for the gate.

A reference is a comparison with honest entities of other platforms. It still tells what is rare
where most entities of a night cheat, or where there are too few of them (ADR-0192).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from features.declaration import VIEW, Signal
from features.peers import baseline as baselines
from features.peers import own_level
from features.peers import ranks as peer_ranks
from features.peers.baseline import PeerBaseline
from features.peers.baseline_fit import MIN_PEERS, fit_trimmed
from features.peers.own_level import OwnLevels, fit_own_levels
from features.peers.ranks import STEPS_PER_LOGIT, PeerRanks, fit_ranks
from features.peers.sparse_evidence import SparseEvidence

MAX_LOG_DEVIATION = 4.0  # log(1 + spreads); some fifty spreads


@dataclass(frozen=True)
class Comparison:
    """Peers of a night: their baseline, their ranks and the levels of their operators."""

    baseline: PeerBaseline
    ranks: PeerRanks
    own: OwnLevels

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the signals."""
        return self.baseline.columns

    @cached_property
    def evidence(self) -> SparseEvidence:
        """Which signals count as sparse evidence."""
        return SparseEvidence.of(self.baseline.signals)

    def inputs(self, values: np.ndarray, owner: np.ndarray | None = None) -> np.ndarray:
        """What a combination reads, shape (n, width).

        Parameters
        ----------
        values
            Signals, float64 of shape (n, signals); NaN is unknown.
        owner
            Operator of each entity, shape (n,); None where it is not known.

        Returns
        -------
        numpy.ndarray
            Ranks, signed log deviations and changes from the own level of each signal, and the
            summaries of sparse evidence.
        """
        ranks, spreads = self.relative(values)
        logs = log_deviations(spreads)
        return np.hstack(
            [ranks, logs, self.own.changes(logs, owner), self.evidence.summaries(ranks, spreads)]
        )

    def reference_inputs(self, values: np.ndarray) -> np.ndarray:
        """What a combination reads of a comparison with a reference.

        Ranks, signed log deviations and summaries, shape (n, width). Operators of other platforms
        say nothing of an own level.
        """
        ranks, spreads = self.relative(values)
        summaries = self.evidence.summaries(ranks, spreads)
        return np.hstack([ranks, log_deviations(spreads), summaries])

    def relative(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ranks and deviations in robust spreads, shape (n, signals) each."""
        stratum = self.baseline.strata(values)
        compared = self.baseline.shrinkage.apply(values)
        return self.ranks.of(compared, stratum), self.baseline.deviations(values)

    def medians(self, values: np.ndarray) -> np.ndarray:
        """Medians of each entity's peers, shape (n, signals)."""
        return self.baseline.medians(values)

    def without_owners(self) -> Comparison:
        """The same peers without levels of operators."""
        return replace(self, own=own_level.no_levels(len(self.columns)))

    def as_json(self) -> dict[str, Any]:
        """Numbers and names that `from_json` reads again, bit for bit."""
        return {
            "baseline": self.baseline.as_json(),
            "ranks": self.ranks.as_json(),
            "own": self.own.as_json(),
        }


def from_json(signals: Mapping[str, Signal], given: dict[str, Any]) -> Comparison:
    """A comparison as `as_json` wrote it; `signals` by name."""
    baseline = baselines.from_json(signals, given["baseline"])
    return Comparison(
        baseline,
        peer_ranks.from_json(given["ranks"]),
        own_level.from_json(given["own"], len(baseline.columns)),
    )


def compare(
    signals: Sequence[Signal],
    values: np.ndarray,
    size_signals: Sequence[str] = (),
    owner: np.ndarray | None = None,
    steps_per_logit: int = STEPS_PER_LOGIT,
) -> Comparison:
    """Fit the comparison of entities with one another.

    Parameters
    ----------
    signals
        The signals, in the order of the columns.
    values
        float64, shape (n, signals); NaN is unknown.
    size_signals
        Signals by which peers are of a like size; the first that is known of any entity is used.
        Fewer than `MIN_PEERS` entities are all peers.
    owner
        Operator of each entity, shape (n,); None where it is not known.
    steps_per_logit
        Ranks that are kept within a step of log-odds.
    """
    at = {s.name: j for j, s in enumerate(signals)}
    known = (n for n in size_signals if n in at and np.isfinite(values[:, at[n]]).any())
    size = next(known, None) if len(values) >= MIN_PEERS else None
    baseline = fit_trimmed(signals, values, size)
    compared, stratum = baseline.shrinkage.apply(values), baseline.strata(values)
    ranks = fit_ranks(compared, stratum, len(baseline.stratum_edges) + 1, steps_per_logit)
    return Comparison(
        baseline, ranks, fit_own_levels(log_deviations(baseline.deviations(values)), owner)
    )


def peer_width(signals: Sequence[Signal]) -> int:
    """Number of inputs that `Comparison.inputs` gives."""
    return 3 * len(signals) + len(SparseEvidence.of(signals).names)


def input_constraints(signals: Sequence[Signal], referenced: bool = False) -> list[int]:
    """Monotone constraint of each input: 1, -1, or 0 for none.

    Inputs of a reference follow those of the peers where it is `referenced`.

    Rank and deviation of a signal with an alarm are constrained, and so are summaries. Elsewhere
    the suspicious side differs too much between platforms (ADR-0062). Views have few signals, all
    of which are constrained (ADR-0161).
    """
    sides = [s.direction if s.alarm is not None or s.entity == VIEW else 0 for s in signals]
    summaries = SparseEvidence.of(signals).constraints
    peers = sides * 2 + [0] * len(signals) + summaries
    return peers + (sides * 2 + summaries if referenced else [])


def log_deviations(spreads: np.ndarray) -> np.ndarray:
    """Signed logarithms of deviations, clipped at `MAX_LOG_DEVIATION`.

    A share that nearly all peers have at zero deviates by a number that says more of the peers.
    """
    logs = np.sign(spreads) * np.log1p(np.abs(spreads))
    return np.clip(logs, -MAX_LOG_DEVIATION, MAX_LOG_DEVIATION)
