"""Corrected figures of orders, and the views that false orders bring."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import ORDER
from features.engine.snapshot import Snapshot
from serving.figures.session_figures import COLUMNS, TAIL


def comonotone_amounts(
    value: pd.DataFrame, probability: np.ndarray, key: pd.Series
) -> pd.DataFrame:
    """False amounts of orders by key, with the widest interval.

    Orders of one session are not independent (one brusher, one lucky bag). They are taken for
    comonotone: one draw decides, and orders with a probability above it are false. The interval
    takes the draws from 5 % to 95 %. Other draws that give amounts within it add to its certainty.

    Parameters
    ----------
    value
        Amounts of each order, one column a measure.
    probability
        Probability of each order being false, shape (orders,).
    key
        Session or operator of each order.

    Returns
    -------
    pd.DataFrame
        Index key; `NAME share`, `NAME low` and `NAME high` (expected, least and most false amount)
        for each column NAME, and `certainty`.
    """
    possible, certain = probability > TAIL, probability > 1.0 - TAIL
    columns: dict[str, np.ndarray] = {}
    for name in value.columns:
        v = value[name].to_numpy(dtype=float)
        columns |= {
            f"{name} share": v * probability,
            f"{name} low": v * certain,
            f"{name} high": v * possible,
        }
    amounts = list(columns)
    columns |= {
        "above": np.where(possible, 0.0, probability),
        "below": np.where(certain, probability, 1.0),
    }
    grouped = pd.DataFrame(columns).groupby(key.to_numpy())
    out = grouped[amounts].sum()
    return out.assign(certainty=grouped["below"].min() - grouped["above"].max())


def night_orders(tables: Snapshot, orders: list[str]) -> pd.DataFrame:
    """Orders of the night: index order id; session_id, operator_id, buyer_id, amount, refunded."""
    found = (
        tables["orders"]
        .semi_join(tables.scope(orders, ORDER), "order_id")
        .select("order_id", "session_id", "operator_id", "buyer_id", "paid_amount")
    )
    frame = found.to_pandas().set_index("order_id")
    refunded = set(tables["refunds"].order_id.to_pandas()) if "refunds" in tables else set()
    return frame.assign(refunded=frame.index.isin(refunded))


def order_figures(
    orders: pd.DataFrame, probability: pd.Series, kind: str, key: str
) -> pd.DataFrame:
    """Corrected orders and net sales by session or operator.

    Parameters
    ----------
    orders
        Index order id; session_id, operator_id, paid_amount, refunded (bool).
    probability
        Probability of each order being false, by order id.
    kind
        `session` or `operator`.
    key
        Column of `orders` with their ids.

    Returns
    -------
    pd.DataFrame
        Rows of the `corrected_figures` contract less the run's stamp.
    """
    p = probability.reindex(orders.index)
    amount = orders["paid_amount"].where(~orders["refunded"], 0.0).astype(float)
    parts = []
    for measure, unit, value in (
        ("orders", "count", pd.Series(1.0, index=orders.index)),
        ("net_sales", "CNY", amount),
    ):
        rows = (orders[key].notna() & np.isfinite(value)).to_numpy()
        if not rows.any():
            continue
        names, scores = orders.loc[rows, key], p[rows]
        false = comonotone_amounts(value[rows].to_frame("x"), scores.fillna(0.0).to_numpy(), names)
        counted = value[rows].groupby(names.to_numpy()).sum()
        scored = scores.notna().groupby(names.to_numpy()).any()
        share, low, high = (false[f"x {end}"] for end in ("share", "low", "high"))
        parts.append(
            pd.DataFrame(
                {
                    "entity_kind": kind,
                    "entity_id": counted.index,
                    "measure": measure,
                    "unit": unit,
                    "counted": counted.to_numpy(),
                    "estimate": (counted - share).to_numpy(),
                    "low": (counted - np.maximum(high, share)).to_numpy(),
                    "high": (counted - np.minimum(low, share)).to_numpy(),
                    "certainty": false["certainty"].where(scored).to_numpy(),
                    "basis": "events",
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def suspicious_orders(orders: pd.DataFrame, probability: pd.Series) -> pd.DataFrame:
    """The most suspicious order of each buyer in each session.

    Parameters
    ----------
    orders
        order_id, session_id, buyer_id.
    probability
        Probability of each order being false, by order id.

    Returns
    -------
    pd.DataFrame
        Index (session_id, buyer_id); order_id and its probability `p`.
    """
    known = orders.assign(p=orders["order_id"].map(probability)).dropna(subset=["p", "buyer_id"])
    ordered = known.sort_values(["p", "order_id"], ascending=[False, True])
    first = ordered.drop_duplicates(["session_id", "buyer_id"])
    return first.set_index(["session_id", "buyer_id"])[["order_id", "p"]].sort_index()


def brushed_views(buyer_views: pd.DataFrame, probability: pd.Series) -> pd.DataFrame:
    """Views and viewers that false orders bring.

    Brushers watch before they order, and their views are as false as the order. A buyer of several
    orders counts once, by the most suspicious.

    Parameters
    ----------
    buyer_views
        order_id, session_id, buyer_id, and `views` (of that session by the buyer).
    probability
        Probability of each order being false, by order id.

    Returns
    -------
    pd.DataFrame
        session_id, measure, share, low, high (in views or viewers), certainty.
    """
    watched = buyer_views.drop_duplicates(["session_id", "buyer_id"]).set_index(
        ["session_id", "buyer_id"]
    )["views"]
    one = suspicious_orders(buyer_views, probability).join(watched).reset_index()
    columns = ["session_id", "share", "low", "high", "certainty"]
    if one.empty:
        return pd.DataFrame(columns=["session_id", "measure", *columns[1:]])
    value = pd.DataFrame({"views": one["views"].astype(float), "unique_viewers": 1.0})
    false = comonotone_amounts(value, one["p"].to_numpy(dtype=float), one["session_id"])
    false = false.rename_axis("session_id").reset_index()
    parts = []
    for m in value.columns:
        part = false[["session_id", f"{m} share", f"{m} low", f"{m} high", "certainty"]]
        parts.append(part.set_axis(columns, axis=1).assign(measure=m))
    return pd.concat(parts, ignore_index=True)
