"""Order bursts: orders per distinct buyer in each hour that starts or ends with an order.

A join would list all pairs of orders. A window that slides over the sorted orders needs one pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numba import njit

from features.declaration import derived

HOUR_MICROSECONDS = 3_600_000_000


@njit(cache=True, nogil=True)
def _ratios(
    shop: np.ndarray, buyer: np.ndarray, at: np.ndarray, span: int, buyers: int
) -> np.ndarray:  # pragma: no cover - compiled
    """Larger of both ratios for each order.

    Orders are sorted by shop and time. Buyers are numbered from 0, and -1 is unknown.
    """
    n = len(shop)
    after, before = np.ones(n), np.ones(n)
    here = np.zeros(buyers, np.int64)
    first = 0
    while first < n:
        end = first
        while end < n and shop[end] == shop[first]:
            end += 1
        for side in range(2):
            low, high, distinct = first, first, 0
            for i in range(first, end):
                start = at[i] if side == 0 else at[i] - span
                stop = at[i] + span if side == 0 else at[i]
                while high < end and at[high] <= stop:
                    b = buyer[high]
                    if b >= 0:
                        distinct += here[b] == 0
                        here[b] += 1
                    high += 1
                while at[low] < start:
                    b = buyer[low]
                    if b >= 0:
                        here[b] -= 1
                        distinct -= here[b] == 0
                    low += 1
                if distinct > 0:
                    if side == 0:
                        after[i] = (high - low) / distinct
                    else:
                        before[i] = (high - low) / distinct
            for i in range(low, high):
                if buyer[i] >= 0:
                    here[buyer[i]] = 0
        first = end
    return np.maximum(after, before)


@derived(reads=("orders",), columns={"order_id": "string", "hour_ratio": "double"})
def hour_ratios(orders: Any) -> pd.DataFrame:
    """Orders per distinct buyer of the operator in the hour that starts, or ends, with an order.

    Only orders with a ratio above one are listed.
    """
    t = orders.filter(orders.operator_id.notnull() & orders.placed_at.notnull())
    frame = t.select("order_id", "operator_id", "buyer_id", at=t.placed_at).to_pandas()
    shop = pd.factorize(frame["operator_id"])[0]
    buyer, known = pd.factorize(frame["buyer_id"])
    at = frame["at"].to_numpy(dtype="datetime64[us]").astype(np.int64)
    order = np.lexsort((at, shop))
    found = np.ones(len(frame))
    found[order] = _ratios(
        shop[order], buyer[order], at[order], HOUR_MICROSECONDS, max(1, len(known))
    )
    kept = found > 1.0
    return pd.DataFrame(
        {"order_id": frame["order_id"][kept], "hour_ratio": found[kept]}
    ).sort_values("order_id", ignore_index=True)
