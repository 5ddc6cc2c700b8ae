"""Attack cost: the price of inflation, and of one case that is missed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.declaration import ORDER, SESSION
from features.engine.snapshot import Snapshot
from features.expressions import seconds_between

PRICED_ENTITIES = (SESSION, ORDER)


@dataclass(frozen=True)
class AttackPrices:
    """Prices of bought activity, in one currency. The policy names them.

    Attributes
    ----------
    viewer_hour, like, order
        One viewer for an hour, one like, and one order with its refund.
    """

    viewer_hour: float
    like: float
    order: float


def attack_costs(snapshot: Snapshot, entity: str, prices: AttackPrices) -> pd.Series:
    """Price of each session or order by its id, had all that was counted been bought.

    The bought part is unknown. Within one typology the price of all of it is proportional to it.
    Empty for other entities.
    """
    if entity == ORDER and "orders" in snapshot:
        ids = snapshot["orders"].select("order_id").to_pandas()["order_id"]
        return pd.Series(prices.order, index=ids)
    if entity != SESSION or "views" not in snapshot:
        return pd.Series(dtype=float)
    v = snapshot["views"]
    hours = (seconds_between(v.left_at, v.joined_at) / 3600.0).fill_null(0.0)
    total = (
        v.mutate(hours=hours)
        .group_by("session_id")
        .aggregate(hours=lambda t: t.hours.sum())
        .to_pandas()
    )
    out = total.set_index("session_id")["hours"] * prices.viewer_hour
    if "interactions" in snapshot:
        a = snapshot["interactions"].filter(snapshot["interactions"].kind == "like")
        likes = (
            a.group_by("session_id")
            .aggregate(likes=a["count"].sum())
            .to_pandas()
            .set_index("session_id")["likes"]
        )
        out = out.add(likes.reindex(out.index).fillna(0.0) * prices.like)
    return out


def confirmed_typologies(snapshot: Snapshot, kind: str) -> pd.Series:
    """Typology of the last confirmed verdict on each entity of a kind."""
    o = snapshot["outcomes"]
    o = o.filter((o.entity_kind == kind) & (o.verdict == "confirmed")).to_pandas()
    return (
        o.sort_values(["entity_id", "decided_at", "source"]).groupby("entity_id")["typology"].last()
    )


def cost_per_missed_case(cost: np.ndarray, found: np.ndarray) -> float:
    """Expected price of one missed case: the price of all cases over the number missed.

    Examples
    --------
    >>> cost_per_missed_case(np.array([10.0, 30.0]), np.array([True, False]))
    40.0
    """
    missed = int((~found).sum())
    return float(cost.sum() / missed) if missed else float("inf")
