"""What inflation costs who buys it, and what one case costs that stays unseen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import ORDER, SESSION, seconds_between
from features.engine.snapshot import Snapshot

# Prices in CNY that the press and court papers of Chinese live commerce name: 100 viewers for an hour 49, 100,000 likes 18,
# 100 orders with their refund 200. Devices, accounts and proxies are not in them.
VIEWER_HOUR, LIKE, BOUGHT_ORDER = 49.0 / 100.0, 18.0 / 100_000.0, 200.0 / 100.0


def prices(tables: Snapshot, entity: str) -> pd.Series:
    """Price in CNY of what was counted of each session or order, had all of it been bought, by id; empty for other entities.

    Which part was bought nobody knows; the price of all of it is in proportion where cases of one typology are compared.
    """
    if entity == ORDER and "orders" in tables:
        ids = tables["orders"].select("order_id").to_pandas()["order_id"]
        return pd.Series(BOUGHT_ORDER, index=ids)
    if entity != SESSION or "views" not in tables:
        return pd.Series(dtype=float)
    v = tables["views"]
    hours = (seconds_between(v.left_at, v.joined_at) / 3600.0).fill_null(0.0)
    total = (
        v.mutate(hours=hours)
        .group_by("session_id")
        .aggregate(hours=lambda t: t.hours.sum())
        .to_pandas()
    )
    out = total.set_index("session_id")["hours"] * VIEWER_HOUR
    if "interactions" in tables:
        a = tables["interactions"].filter(tables["interactions"].kind == "like")
        likes = (
            a.group_by("session_id")
            .aggregate(likes=a["count"].sum())
            .to_pandas()
            .set_index("session_id")["likes"]
        )
        out = out.add(likes.reindex(out.index).fillna(0.0) * LIKE)
    return out


def typologies(tables: Snapshot, kind: str) -> pd.Series:
    """Typology of the last confirmed verdict on each entity of a kind."""
    o = tables["outcomes"]
    o = o.filter((o.entity_kind == kind) & (o.verdict == "confirmed")).to_pandas()
    return (
        o.sort_values(["entity_id", "decided_at", "source"]).groupby("entity_id")["typology"].last()
    )


def price_unseen(price: np.ndarray, found: np.ndarray) -> float:
    """Expected price of one case that stays unseen: of all that were tried, over those that were missed; infinite when none was."""
    missed = int((~found).sum())
    return float(price.sum() / missed) if missed else float("inf")
