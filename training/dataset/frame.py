"""The training frame of a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from features.catalogue import signals_named
from features.peers.baseline import PeerBaseline
from features.peers.baseline_fit import MIN_PEERS, fit_trimmed


@dataclass(frozen=True)
class Dataset:
    """Rows that a model learns from.

    Attributes
    ----------
    signals
        float64, shape (n, signals).
    labels
        Columns confirmed (0 or 1), audited (bool), typology; of operators accused (bool) too.
    received
        Moment of receipt of each row's entity.
    group
        Operator, or group of operators, of each row; a group lies on one side of a split.
    night
        Moment as of which each row was computed.
    entity
        Name of each row's entity; of views, that of their session.
    peer_signals
        Signals of a night's entities, labelled or not, by its moment; for models that compare.
    """

    signals: pd.DataFrame
    labels: pd.DataFrame
    received: pd.Series
    group: pd.Series
    night: pd.Series
    entity: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    peer_signals: dict[pd.Timestamp, pd.DataFrame] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.signals)

    def peer_baselines(
        self, columns: list[str], size_signal: str | None, tails: bool = False
    ) -> dict[pd.Timestamp, PeerBaseline]:
        """Peer baseline of each night; that of all nights together where a night has too few.

        Parameters
        ----------
        columns
            Signals to compare.
        size_signal
            Signal by which peers are of a like size, or None.
        tails
            Whether tail probabilities are needed too.
        """
        key = (tuple(columns), size_signal, tails)
        if key not in self._baselines:
            by_night = self.peer_signals
            pooled = pd.concat(list(by_night.values())) if by_night else self.signals
            named = signals_named(columns)
            overall = fit_trimmed(named, pooled[columns].to_numpy(), size_signal, tails)
            large = {n: p for n, p in by_night.items() if len(p) >= MIN_PEERS}
            self._baselines[key] = {
                n: fit_trimmed(named, large[n][columns].to_numpy(), size_signal, tails)
                if n in large
                else overall
                for n in pd.to_datetime(self.night).unique()
            }
        return self._baselines[key]

    @cached_property
    def _baselines(
        self,
    ) -> dict[tuple[tuple[str, ...], str | None, bool], dict[pd.Timestamp, PeerBaseline]]:
        return {}
