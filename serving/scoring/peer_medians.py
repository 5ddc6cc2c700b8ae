"""Peer medians: the value of each signal that a reason is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MIN_ENTITIES_PER_STRATUM = 20


@dataclass(frozen=True)
class PeerMedians:
    """Medians of each signal by stratum, and over all entities for small strata.

    Attributes
    ----------
    by_stratum
        Stratum → signal → median.
    overall
        Signal → median over all entities.
    stratum
        Entity id → stratum.
    """

    by_stratum: dict[str, dict[str, float]]
    overall: dict[str, float]
    stratum: dict[str, str]

    def median(self, entity_id: str, signal: str) -> float | None:
        """Median of a signal over the peers of an entity; None where no peer has a value."""
        value = self.by_stratum.get(self.stratum.get(entity_id, ""), self.overall)[signal]
        value = self.overall[signal] if np.isnan(value) else value
        return None if np.isnan(value) else float(value)


def peer_medians(signals: pd.DataFrame, stratum: pd.Series | None) -> PeerMedians:
    """Medians of signals by stratum.

    Parameters
    ----------
    signals
        Values, index entity id, one column a signal.
    stratum
        Stratum of each entity, such as its category; None where it is not known.
    """
    stratum = pd.Series(dtype=object) if stratum is None else stratum
    labels = stratum.reindex(signals.index)
    sizes = labels.value_counts()
    large = labels.where(labels.isin(sizes[sizes >= MIN_ENTITIES_PER_STRATUM].index))
    medians = signals.groupby(large).median().to_dict("index")
    return PeerMedians(
        {str(k): v for k, v in medians.items()},
        signals.median().to_dict(),
        labels.dropna().astype(str).to_dict(),
    )
