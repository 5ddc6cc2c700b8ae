"""Anomaly scores without labels: what each signal of an entity adds.

Operators are compared by their deviations from peers of a like size. Orders are compared by tail
probabilities, because most of their values tie. Sessions are compared by both: a deviation counts
as far as it is large and rare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from features.declaration import OPERATOR, ORDER, SESSION, Signal, Unit
from features.peers.baseline import PeerBaseline, deviation_weights
from features.peers.baseline_fit import fit_trimmed
from features.peers.evidence_groups import alarm_weight, scaled_by_group
from features.peers.tail_probability import tail_scores

ALARM_CONTRIBUTION = 0.3  # of a value beyond its alarm, whatever the peers do
# Where few operators cheat, they differ so little that a few views look extreme (ADR-0058).
MAX_SPREADS_TO_ALARM = 500.0
MIN_SHARE_SPREAD = 0.0005  # of a share without an alarm
SIZE_SIGNALS = {  # the first that is known
    SESSION: ("view_count", "viewers_mean"),
    OPERATOR: ("operator_view_count", "operator_order_count"),
}
Fit = Callable[[Sequence[Signal], np.ndarray, str | None], PeerBaseline]
Declared = Mapping[str, Signal]


def anomaly_contributions(
    values: pd.DataFrame,
    signals: Declared,
    entity: str,
    reference: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What each signal adds to the anomaly score of each entity, at least 0.

    Parameters
    ----------
    values
        Values of signals, one row an entity, one column a signal; NaN is unknown.
    signals
        The declarations of the columns, by name.
    entity
        The kind of entity.
    reference
        Values of the entities that are the peers; the entities themselves when None.
    """
    if entity == OPERATOR:
        deviations = operator_deviations(values, signals, reference)
        weighted = deviation_contributions(values, deviations, signals)
        return scaled_by_group(weighted, values.notna().any(), signals)
    if entity == ORDER:
        scores = tail_scores(_of(values, signals), values.to_numpy(dtype=np.float64))
        return pd.DataFrame(scores, values.index, values.columns)
    deviations = peer_deviations(values, signals, entity, reference=reference)
    weighted = deviation_contributions(values, deviations, signals)
    if weighted.empty:
        return weighted
    reference_deviations = (
        None
        if reference is None
        else peer_deviations(reference[values.columns], signals, entity)[
            weighted.columns
        ].to_numpy()
    )
    rarity = tail_scores(
        _of(weighted, signals),
        deviations[weighted.columns].to_numpy(),
        reference=reference_deviations,
    )
    return np.sqrt(weighted * rarity)


def peer_deviations(
    values: pd.DataFrame,
    signals: Declared,
    entity: str,
    fit: Fit = fit_trimmed,
    reference: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Deviations from peers of a like size, in robust spreads; parameters as above."""
    if not len(values):
        return values
    size = next(
        (
            c
            for c in SIZE_SIGNALS.get(entity, ())
            if c in values.columns and values[c].notna().any()
        ),
        None,
    )
    own = values.to_numpy(dtype=np.float64)
    peers = own if reference is None else reference[values.columns].to_numpy(dtype=np.float64)
    baseline = fit(_of(values, signals), peers, size)
    return pd.DataFrame(baseline.deviations(own), index=values.index, columns=values.columns)


def deviation_contributions(
    values: pd.DataFrame, deviations: pd.DataFrame, signals: Declared
) -> pd.DataFrame:
    """Weights of deviations on the suspicious side, with a little for a value beyond its alarm.

    Where most peers cheat no entity deviates, so an alarm counts by itself. A signal that is an
    anomaly score itself counts as far as it exceeds the median. That of a session is left out,
    because it is made from these contributions.
    """
    out = {}
    for name in values.columns:
        s = signals[name]
        if s.unit == Unit.ANOMALY_SCORE:
            if s.entity != SESSION:
                out[name] = np.nan_to_num((values[name] - values[name].median()).clip(lower=0.0))
            continue
        if not s.direction and s.alarm is None:
            continue
        weights = deviation_weights(np.nan_to_num(deviations[name] * s.direction))
        if s.alarm is None:
            out[name] = alarm_weight(s) * weights
        else:
            beyond = (values[name] - s.alarm) * s.direction >= 0
            out[name] = weights + ALARM_CONTRIBUTION * beyond
    return pd.DataFrame(out, index=values.index)


def operator_deviations(
    values: pd.DataFrame, signals: Declared, reference: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Deviations of operators, with no spread smaller than what matters."""
    found = peer_deviations(values, signals, OPERATOR, reference=reference)
    medians = (values if reference is None else reference[values.columns]).median()
    smallest = pd.Series(
        {name: min_spread(signals[name], medians[name]) for name in values.columns}
    )
    bound = (values - medians).abs() / smallest.where(smallest > 0.0)
    return found.clip(-bound, bound).where(bound.notna(), found)


def min_spread(signal: Signal, median: float) -> float:
    """The smallest spread of a signal that counts, in its unit; 0 where any does."""
    if signal.direction and signal.alarm is not None:
        return abs(signal.alarm - median) / MAX_SPREADS_TO_ALARM
    return MIN_SHARE_SPREAD if signal.unit.startswith("share of") else 0.0


def deviating_group_counts(
    values: pd.DataFrame, signals: Declared, min_spreads: float
) -> pd.Series:
    """Number of evidence groups with a signal beyond `min_spreads`, by operator."""
    deviations = operator_deviations(values, signals)
    found: dict[str, pd.Series] = {}
    for name in values.columns:
        s = signals[name]
        if s.direction:
            beyond, group = deviations[name] * s.direction >= min_spreads, s.evidence_group
            found[group] = found[group] | beyond if group in found else beyond
    return sum((f.astype(int) for f in found.values()), start=pd.Series(0, index=values.index))


def _of(values: pd.DataFrame, signals: Declared) -> list[Signal]:
    return [signals[name] for name in values.columns]
