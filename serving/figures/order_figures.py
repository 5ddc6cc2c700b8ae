"""Corrected figures of orders, and the views that false orders bring."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import ORDER
from features.engine.snapshot import Snapshot
from serving.figures.session_figures import COLUMNS
from training.estimator.share_bands import total_score
from training.estimator.share_prior import OrderShares


def night_orders(tables: Snapshot, orders: list[str]) -> pd.DataFrame:
    """Orders of the night: index order id; session_id, operator_id, buyer_id, net_amount.

    The net amount is what was paid less what went back. An order that was not paid has none. Where
    no order has a moment of payment, payments are not delivered and every order counts as paid.
    """
    found = (
        tables["orders"]
        .semi_join(tables.scope(orders, ORDER), "order_id")
        .select("order_id", "session_id", "operator_id", "buyer_id", "paid_amount", "paid_at")
    )
    frame = found.to_pandas().set_index("order_id")
    paid = frame["paid_at"].notna() | frame["paid_at"].isna().all()
    amount = frame["paid_amount"].astype(float).where(paid, 0.0)
    refunded = _refunded_amounts(tables, orders, amount)
    net = (amount - refunded.reindex(frame.index).fillna(0.0)).clip(lower=0.0)
    return frame.drop(columns=["paid_amount", "paid_at"]).assign(net_amount=net)


def _refunded_amounts(tables: Snapshot, orders: list[str], paid: pd.Series) -> pd.Series:
    """Amount that went back, by order. One that is unknown is taken for the whole."""
    if "refunds" not in tables:
        return pd.Series(dtype=float)
    rows = tables["refunds"].semi_join(tables.scope(orders, ORDER), "order_id")
    r = rows.select("order_id", "refunded_at", "amount").to_pandas()
    r = r[r["refunded_at"].notna()]
    whole = r["order_id"].map(paid)
    amount = r["amount"].astype(float).where(r["amount"].notna(), whole)
    return amount.groupby(r["order_id"]).sum()


def order_figures(
    orders: pd.DataFrame,
    probability: pd.Series,
    kind: str,
    key: pd.Series,
    shares: OrderShares | None,
) -> pd.DataFrame:
    """Corrected orders and net sales by session, by operator or of the platform.

    Orders from the released probability on are taken. Those of one session or operator share their
    fate, so a sum of small probabilities takes nothing (ADR-0063).

    Parameters
    ----------
    orders
        Index order id; net_amount.
    probability
        Probability of each order being false, by order id.
    kind
        `session`, `operator` or `platform`.
    key
        Entity of each order, index as `orders`; orders without one are left out.
    shares
        What is taken from orders; None where it was not released: figures stand as counted.

    Returns
    -------
    pd.DataFrame
        Rows of the `corrected_figures` contract less the run's stamp.
    """
    p = probability.reindex(orders.index).where(key.notna())
    parts = []
    for measure, unit, value in (
        ("orders", "count", pd.Series(1.0, index=orders.index)),
        ("net_sales", "CNY", orders["net_amount"].astype(float)),
    ):
        rows = (key.notna() & np.isfinite(value)).to_numpy()
        if not rows.any():
            continue
        false = _false_amounts(value[rows], p[rows], key[rows], kind, shares)
        counted = value[rows].groupby(key[rows].to_numpy()).sum()
        parts.append(
            pd.DataFrame(
                {
                    "entity_kind": kind,
                    "entity_id": counted.index,
                    "measure": measure,
                    "unit": unit,
                    "counted": counted.to_numpy(),
                    "estimate": (counted - false["share"]).to_numpy(),
                    "low": (counted - false["high"]).to_numpy(),
                    "high": (counted - false["low"]).to_numpy(),
                    "certainty": false["certainty"].to_numpy(),
                    "basis": "events",
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def _false_amounts(
    value: pd.Series,
    probability: pd.Series,
    key: pd.Series,
    kind: str,
    shares: OrderShares | None,
) -> pd.DataFrame:
    """False amounts by key: estimated, least and most, with their certainty.

    The bands say how many orders are false. They are the most probable ones of each key.
    """
    of, p = key.to_numpy(), probability.fillna(0.0).to_numpy(dtype=float)
    frame = pd.DataFrame({"key": of, "p": p, "value": value.to_numpy(dtype=float)})
    grouped = frame.groupby("key")
    known = probability.notna().groupby(of).any()
    count = grouped.size().astype(float)
    if shares is None:
        none = pd.Series(0.0, index=count.index)
        return pd.DataFrame({"share": none, "low": none, "high": none, "certainty": np.nan})
    taken = (frame["p"] >= shares.from_probability).groupby(frame["key"]).mean()
    score = total_score(taken.to_numpy(), grouped["p"].mean().to_numpy())
    found = shares.bands[kind].of(np.where(known, score, np.nan), taken.to_numpy())
    found.index = count.index
    order = frame.sort_values(["key", "p"], ascending=[True, False], kind="stable")
    place = order.groupby("key").cumcount().to_numpy()
    out = {}
    for end, shape in (("share", np.round), ("low", np.floor), ("high", np.ceil)):
        many = shape((found[end] * count).round(9)).reindex(order["key"]).to_numpy()
        out[end] = order["value"].where(place < many, 0.0).groupby(order["key"]).sum()
    return pd.DataFrame(out).assign(certainty=found["certainty"])


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


def brushed_views(
    buyer_views: pd.DataFrame, probability: pd.Series, from_probability: float
) -> pd.DataFrame:
    """Views and viewers that false orders bring, by session.

    Brushers watch before they order, and their views are as false as the order. A buyer of several
    orders counts once, by the most suspicious.

    Parameters
    ----------
    buyer_views
        order_id, session_id, buyer_id, and `views` (of that session by the buyer).
    probability
        Probability of each order being false, by order id.
    from_probability
        Probability from which an order is taken.

    Returns
    -------
    pd.DataFrame
        Index session_id; expected false `views` and `unique_viewers`.
    """
    watched = buyer_views.drop_duplicates(["session_id", "buyer_id"]).set_index(
        ["session_id", "buyer_id"]
    )["views"]
    one = suspicious_orders(buyer_views, probability).join(watched).reset_index()
    one = one[one["p"] >= from_probability]
    value = one.assign(views=one["views"] * one["p"], unique_viewers=one["p"])
    return value.groupby("session_id")[["views", "unique_viewers"]].sum().astype(float)
