"""The training frame of a model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import signals_named
from features.peers.baseline_fit import MIN_PEERS
from features.peers.comparison import Comparison, compare


@dataclass(frozen=True)
class Dataset:
    """Rows that a model learns from.

    Attributes
    ----------
    signals
        float64, shape (n, signals).
    labels
        Columns confirmed (0 or 1), audited (bool), typology; of operators accused (bool) too.
        Where a container's verdict labels rows, bag, direct and weight (`bag_labels.with_bags`).
    received
        Moment of receipt of each row's entity.
    group
        Operator, or group of operators, of each row; a group lies on one side of a split.
    night
        Moment as of which each row was computed.
    entity
        Name of each row's entity; of views, that of their session.
    owner
        Operator of each row; None where unknown.
    peer_signals
        Signals of a night's entities, labelled or not, by its moment.
    peer_owner
        Operator of each of them, by the moment; empty for entities without one.
    """

    signals: pd.DataFrame
    labels: pd.DataFrame
    received: pd.Series
    group: pd.Series
    night: pd.Series
    entity: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    owner: np.ndarray | None = None
    peer_signals: dict[pd.Timestamp, pd.DataFrame] = field(default_factory=dict)
    peer_owner: dict[pd.Timestamp, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.signals)

    def take(self, rows: np.ndarray) -> Dataset:
        """The rows of some positions, shape (m,), in that order; a row may be taken twice."""
        parts = (self.signals, self.labels, self.received, self.group, self.night, self.entity)
        taken = [p.iloc[rows].reset_index(drop=True) if len(p) else p for p in parts]
        owner = None if self.owner is None else self.owner[rows]
        names = ("signals", "labels", "received", "group", "night", "entity")
        changed: dict[str, Any] = dict(zip(names, taken, strict=True)) | {"owner": owner}
        return replace(self, **changed)

    def without(self, hidden: tuple[str, ...]) -> Dataset:
        """The same rows with some signals unknown, of peers too."""
        if not hidden:
            return self
        if hidden not in self._without:
            self._without[hidden] = replace(
                self,
                signals=_hide(self.signals, hidden),
                peer_signals={n: _hide(p, hidden) for n, p in self.peer_signals.items()},
            )
        return self._without[hidden]

    def inputs(self, columns: list[str], size_signals: tuple[str, ...]) -> np.ndarray:
        """Inputs of a combination, each row compared with the entities of its own night.

        Where a night has fewer than `MIN_PEERS` entities, those of all nights are its peers.

        Parameters
        ----------
        columns
            Signals to compare.
        size_signals
            Signals by which peers are of a like size.

        Returns
        -------
        numpy.ndarray
            Shape (n, inputs); no columns where there are no rows.
        """
        key = (tuple(columns), size_signals)
        if key not in self._inputs:
            self._inputs[key] = self._compared(columns, size_signals)
        return self._inputs[key]

    def _compared(self, columns: list[str], size_signals: tuple[str, ...]) -> np.ndarray:
        values, night = self.signals[columns].to_numpy(), pd.to_datetime(self.night).to_numpy()
        out: np.ndarray | None = None
        for n in np.unique(night):
            mine = night == n
            found = self.peers(columns, size_signals, pd.Timestamp(n))
            part = found.inputs(values[mine], None if self.owner is None else self.owner[mine])
            out = np.full((len(values), part.shape[1]), np.nan) if out is None else out
            out[mine] = part
        return np.zeros((0, 0)) if out is None else out

    def peers(
        self, columns: list[str], size_signals: tuple[str, ...], night: pd.Timestamp | None = None
    ) -> Comparison:
        """Peers of a night, the newest when none is given; parameters as of `inputs`."""
        at = max(pd.to_datetime(self.night)) if night is None else night
        peers, owner = self.peer_signals.get(at), self.peer_owner.get(at)
        if peers is None or len(peers) < MIN_PEERS:
            every = list(self.peer_signals.values()) or [self.signals]
            peers, owners = pd.concat(every), list(self.peer_owner.values())
            owner = np.concatenate(owners) if owners else None
        return compare(signals_named(columns), peers[columns].to_numpy(), size_signals, owner)

    @cached_property
    def _without(self) -> dict[tuple[str, ...], Dataset]:
        return {}

    @cached_property
    def _inputs(self) -> dict[tuple[tuple[str, ...], tuple[str, ...]], np.ndarray]:
        return {}


def _hide(signals: pd.DataFrame, hidden: tuple[str, ...]) -> pd.DataFrame:
    return signals.assign(**{c: np.nan for c in signals.columns if c in hidden})
