"""Corrected figures: what was counted, and how much of it is held to be real.

Views, likes and follows: the suspicious share of a session is the largest excess over peers of those of its signals
that measure a share of that figure and lie beyond their alarm; the estimate takes it away with the probability that
the session was inflated. Orders and net sales: each order counts with the probability that it was meant.
Where single views were attributed, views and unique viewers follow from the attributed share and its interval instead.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.catalogue import BY_NAME
from serving.scorer import Peers

MOST = 0.95  # no figure is held to be false entirely


def suspicious_share(signals: pd.DataFrame, peers: Peers, unit: str) -> pd.Series:
    """Largest excess over peers among a session's alarming signals of a unit, 0 where none alarms."""
    best = pd.Series(0.0, index=signals.index)
    for name in signals.columns:
        s = BY_NAME[name]
        if s.unit not in (unit, unit.replace("views", "joins")) or s.alarm is None or s.direction <= 0:
            continue
        x = signals[name]
        usual = pd.Series([peers.of(e, name) or 0.0 for e in signals.index], index=signals.index)
        best = np.maximum(best, (x - usual).where(x >= s.alarm, 0.0).fillna(0.0))
    return best.clip(0.0, MOST)


def session_figures(
    signals: pd.DataFrame, counted: pd.DataFrame, probability: pd.Series, peers: Peers, shares: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Views, unique viewers, likes and follows of sessions.

    `counted`: index session, columns of measures and `basis`. `shares`: attributed false shares of views by session
    (share, low, high), where views were attributed. Without them the interval runs between the session being honest and
    being inflated, as far as either is held possible at 5 %; from counters alone it runs from what was counted down to
    as much as the probability of inflation leaves.
    """
    p = probability.reindex(counted.index).fillna(0.0)
    parts = []
    for measure, unit in (
        ("views", "share of views"),
        ("unique_viewers", "share of views"),
        ("likes", "share of likes"),
        ("follows", "share of follows"),
    ):
        if measure not in counted:
            continue
        share = suspicious_share(signals.reindex(counted.index), peers, unit)
        value = counted[measure]
        estimate = value * (1.0 - p * share)
        low = np.minimum(value * (1.0 - np.where(p > 0.05, share, 0.0)), estimate)
        high = np.maximum(value * (1.0 - np.where(p > 0.95, share, 0.0)), estimate)
        alone = (counted["basis"] == "counters").to_numpy()
        low = low.where(~alone, np.minimum(low, value * (1.0 - p * MOST)))  # counters alone attribute nothing: as much as may be
        high = high.where(~alone, value)
        if shares is not None and unit == "share of views":
            found = shares.reindex(counted.index).astype(float)
            known = found["share"].notna()
            estimate = estimate.where(~known, value * (1.0 - found["share"]))
            low = low.where(~known, value * (1.0 - found["high"]))
            high = high.where(~known, value * (1.0 - found["low"]))
        parts.append(
            pd.DataFrame(
                {
                    "entity_kind": "session",
                    "entity_id": counted.index,
                    "measure": measure,
                    "unit": "count",
                    "counted": value.to_numpy(),
                    "estimate": estimate.to_numpy(),
                    "low": low.to_numpy(),
                    "high": high.to_numpy(),
                    "basis": counted["basis"].to_numpy(),
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return frame[frame["counted"].notna()] if len(frame) else frame


def order_figures(orders: pd.DataFrame, probability: pd.Series, kind: str, key: str) -> pd.DataFrame:
    """Orders and net sales by session or operator.

    `orders`: index order id; session_id, operator_id, paid_amount, refunded (bool). Orders of one session share their fate
    (one brusher, one lucky bag), so the interval does not take them for independent: it runs from all orders being false that
    are so with more than 5 % to only those that are with more than 95 % (comonotone fates, the widest there are).
    """
    p = probability.reindex(orders.index).fillna(0.0).to_numpy()
    amount = orders["paid_amount"].where(~orders["refunded"], 0.0).to_numpy(dtype=float)
    known = orders[key].notna().to_numpy()
    parts = []
    for measure, unit, value in (("orders", "count", np.ones(len(orders))), ("net_sales", "CNY", amount)):
        rows = known & np.isfinite(value)
        if not rows.any():
            continue
        grouped = (
            pd.DataFrame(
                {
                    "k": orders[key].to_numpy()[rows],
                    "counted": value[rows],
                    "estimate": (value * (1 - p))[rows],
                    "low": (value * (p <= 0.05))[rows],
                    "high": (value * (p <= 0.95))[rows],
                }
            )
            .groupby("k")
            .sum()
        )
        parts.append(
            pd.DataFrame(
                {
                    "entity_kind": kind,
                    "entity_id": grouped.index,
                    "measure": measure,
                    "unit": unit,
                    "counted": grouped["counted"].to_numpy(),
                    "estimate": grouped["estimate"].to_numpy(),
                    "low": np.minimum(grouped["low"], grouped["estimate"]).to_numpy(),
                    "high": np.maximum(grouped["high"], grouped["estimate"]).to_numpy(),
                    "basis": "events",
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
