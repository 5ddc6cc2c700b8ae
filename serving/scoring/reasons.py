"""Reasons of a score: the signals that raised it, with their values beside peers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import BY_NAME
from features.declaration import Signal

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


@dataclass(frozen=True)
class Driver:
    """A signal that raises a score: its value, its peers' median and its share of all that do."""

    signal: Signal
    value: float
    median: float | None
    share: float


def reason(signal: str, value: float, peers_median: float | None, share: float) -> dict[str, Any]:
    """A reason in words with its evidence.

    Parameters
    ----------
    signal
        Name of a signal.
    value
        The entity's value, in the signal's unit.
    peers_median
        Median of its peers, in the same unit; None where it is not known.
    share
        Share of all that speaks against the entity, 0 to 1.
    """
    s = BY_NAME[signal]
    return {
        "signal": signal,
        "typology": s.typology,
        "value": round(float(value), 6),
        "unit": s.unit,
        "peers": None if peers_median is None else round(peers_median, 6),
        "share": round(float(share), 4),
        **s.reason(float(value), peers_median),
    }


def drivers_of(values: pd.Series, contributions: np.ndarray, peers: PeerMedians) -> list[Driver]:
    """Signals that raise a score, the largest contribution first.

    Unknown values are left out, and values on the innocent side of their peers.

    Parameters
    ----------
    values
        Signals of one entity: index signal name, name entity id.
    contributions
        SHAP values in the same order (Lundberg et al. 2020).
    peers
        Medians of the entity's peers.
    """
    x, entity_id = values.to_numpy(dtype=float), str(values.name)
    push = np.where(np.isfinite(x), np.clip(contributions, 0, None), 0.0)
    total = np.clip(contributions, 0, None).sum()
    found = []
    for j in np.argsort(-push, kind="stable"):
        if push[j] <= 0:
            break
        signal = BY_NAME[values.index[j]]
        median = peers.median(entity_id, signal.name)
        if not signal.speaks_for(x[j], median):
            found.append(Driver(signal, float(x[j]), median, push[j] / total))
    return found


def reasons_of(drivers: list[Driver], max_reasons: int) -> list[dict[str, Any]]:
    """Reasons of the first drivers that speak against the entity (ADR-0120)."""
    against = [d for d in drivers if d.signal.speaks_against(d.value, d.median)]
    return [reason(d.signal.name, d.value, d.median, d.share) for d in against[:max_reasons]]


def mostly_about_orders(drivers: list[Driver]) -> bool:
    """Whether most of what raises a score concerns orders, which a rival may have placed."""
    shares = [round(float(d.share), 4) for d in drivers]
    by_orders = [
        x for x, d in zip(shares, drivers, strict=True) if d.signal.typology == "order_fraud"
    ]
    return sum(by_orders) > 0.5 * sum(shares)


def with_reasons(
    rows: pd.DataFrame, drivers: dict[str, list[Driver]], max_reasons: int
) -> pd.DataFrame:
    """Rows of scores with `reasons` as JSON, and `mostly_orders`, which is not published."""
    texts = {
        k: json.dumps(reasons_of(d, max_reasons), ensure_ascii=False) for k, d in drivers.items()
    }
    by_orders = {k: mostly_about_orders(d[:max_reasons]) for k, d in drivers.items()}
    return rows.assign(
        reasons=pd.Series(texts, dtype=object).reindex(rows.index),
        mostly_orders=pd.Series(by_orders, dtype=object).reindex(rows.index).eq(True),
    )
