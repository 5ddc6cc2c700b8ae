"""Whom patrols of this platform look at, and what they find."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulation.families.orders_only.fulfilment import Fulfilled
from simulation.families.orders_only.market import Market
from simulation.families.orders_only.parameters import CODE, DAY
from simulation.families.verdict_draws import draw_verdicts


def judge(market: Market, done: Fulfilled) -> pd.DataFrame:
    """Draw verdicts about orders, accounts or operators, as the platform works."""
    o = done.orders
    share = len(market.p.verdict_kinds)
    candidates = []
    for kind in market.p.verdict_kinds:
        table = {"order": _orders, "account": _accounts, "operator": _operators}[kind]
        candidates.append(table(market, o.assign(oddity=_order_oddity(market, done))))
    pool = pd.concat(candidates, ignore_index=True)
    plan = market.p.verdicts
    if share == 1 or plan.count == 0:
        return draw_verdicts(market.r, plan, pool, market.p.until)
    # fewer entities of one kind than of another: each kind gets its turn
    weight = pool.groupby("entity_kind")["entity"].transform("size").to_numpy()
    keep = market.r.random(len(pool)) < 2_000 / np.maximum(weight, 2_000)
    return draw_verdicts(market.r, plan, pool[keep].reset_index(drop=True), market.p.until)


def _order_oddity(market: Market, done: Fulfilled) -> np.ndarray:
    """What a person sees of an order: refund, light parcel, haste, many by one buyer."""
    o, r = done.orders, market.r
    odd = r.normal(0, 0.5, len(o))
    odd[done.refunds["row"]] += 0.7
    light = done.parcels["weight"].to_numpy() < 0.5 * done.parcels["goods"].to_numpy()
    odd[done.parcels["row"]] += 1.2 * light
    pair = o.groupby(["shop", "buyer"])["placed"].transform("size").to_numpy()
    odd += 0.4 * np.log(pair)
    minute = (o["placed"] // 600).rename("minute")
    crowd = o.groupby([o["shop"], minute])["placed"].transform("size").to_numpy()
    return odd + 0.3 * np.log(crowd)


def _typology(scheme: np.ndarray) -> np.ndarray:
    hostile = scheme == CODE["hostile_brushing"]
    return np.where(hostile, "hostile_brushing", "order_fraud")


def _orders(_: Market, o: pd.DataFrame) -> pd.DataFrame:
    scheme = np.where(o["false"], o["scheme"], 0)
    return pd.DataFrame(
        {
            "entity_kind": "order",
            "entity": np.arange(len(o)),
            "typology": _typology(scheme),
            "false": o["false"].to_numpy(),
            "oddity": o["oddity"].to_numpy(),
            "ended": o["placed"].to_numpy() + 1.0 * DAY,
        }
    )


def _accounts(_: Market, o: pd.DataFrame) -> pd.DataFrame:
    by = o.groupby("buyer", sort=True)
    frame = by.agg(false=("false", "any"), oddity=("oddity", "max"), ended=("placed", "max"))
    return frame.reset_index(names="entity").assign(entity_kind="account", typology="order_fraud")


def _operators(market: Market, o: pd.DataFrame) -> pd.DataFrame:
    r, p = market.r, market.p
    by = o.groupby("shop", sort=True)
    frame = by.agg(oddity=("oddity", "mean")).reset_index(names="entity")
    cheats = np.array([len(s) > 0 for s in market.shops.schemes])[frame["entity"]]
    looked_at = p.start + r.uniform(0.3, 1.0, len(frame)) * p.days * DAY
    begun = market.shops.first_at[frame["entity"]] < looked_at
    return frame.assign(
        entity_kind="operator", typology="order_fraud", false=cheats & begun, ended=looked_at
    )
