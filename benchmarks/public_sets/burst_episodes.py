"""Burst episodes: windows in which few buyers place many of a shop's orders.

The definition is the concentrate rate of the Shopee Code League 2020 contest: orders over distinct
buyers within any hour of a shop. It is brushing from 3 on. A brusher is a buyer with the largest
part of the orders of such hours. The threshold is the contest's, not fitted.

One sweep a shop suffices: an hour of such a rate can be moved until an order lies on its edge. So
only hours that begin or end at, or just beside, an order are examined.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

WINDOW_SECONDS, MIN_ORDERS_PER_BUYER = 3600, 3.0


@dataclass(frozen=True)
class Episodes:
    """Windows of brushing and the buyers in them.

    `windows` has one row per run of overlapping hours: shop, start, end (seconds), orders, buyers,
    rate. `brushers`: shop, buyer, orders (in episodes), share of the shop's episode orders, most
    (bool: the shop's largest share).
    """

    windows: pd.DataFrame
    brushers: pd.DataFrame


@njit(cache=True, nogil=True)
def _mark(  # noqa: PLR0913 - a compiled kernel takes arrays only
    at, buyer, before, after, closed_low, closed_high, rate, inside, best
):  # pragma: no cover - compiled
    """Mark orders of windows around an order (`before`, `after` seconds) that reach the rate."""
    n, lo, hi, different = len(at), 0, 0, 0
    count = np.zeros(buyer.max() + 1, np.int64)
    for i in range(n):
        low, high = at[i] - before, at[i] + after
        while hi < n and (at[hi] < high or (closed_high and at[hi] == high)):
            if count[buyer[hi]] == 0:
                different += 1
            count[buyer[hi]] += 1
            hi += 1
        while lo < hi and (at[lo] < low or (not closed_low and at[lo] == low)):
            count[buyer[lo]] -= 1
            if count[buyer[lo]] == 0:
                different -= 1
            lo += 1
        if different and (hi - lo) / different >= rate:
            for k in range(lo, hi):
                inside[k] = True
                best[k] = max(best[k], (hi - lo) / different)


@njit(cache=True, nogil=True)
def _sweep(at, buyer, window, rate):  # pragma: no cover - compiled
    """Orders of a shop (by time) in an hour of at least the rate, and the best rate."""
    inside, best = np.zeros(len(at), np.bool_), np.zeros(len(at))
    for closed_low in (False, True):
        for closed_high in (False, True):
            _mark(at, buyer, window, 0, closed_low, closed_high, rate, inside, best)
            _mark(at, buyer, 0, window, closed_low, closed_high, rate, inside, best)
    return inside, best


def find_episodes(
    orders: pd.DataFrame, window: int = WINDOW_SECONDS, rate: float = MIN_ORDERS_PER_BUYER
) -> Episodes:
    """Episodes of all shops. `orders`: columns shop, buyer, at (integer seconds)."""
    frame = (
        orders[["shop", "buyer", "at"]]
        .dropna()
        .sort_values(["shop", "at", "buyer"], ignore_index=True)
    )
    windows, brushers = [], []
    for shop, group in frame.groupby("shop", sort=True):
        buyer, names = pd.factorize(group["buyer"])
        at = group["at"].to_numpy(dtype=np.int64)
        inside, best = _sweep(at, buyer.astype(np.int64), window, rate)
        if not inside.any():
            continue
        t, who, r = at[inside], buyer[inside], best[inside]
        run = np.concatenate([[0], np.cumsum(np.diff(t) > window)])
        for k in np.unique(run):
            mine = run == k
            windows.append(
                (
                    shop,
                    int(t[mine][0]),
                    int(t[mine][-1]),
                    int(mine.sum()),
                    len(np.unique(who[mine])),
                    float(r[mine].max()),
                )
            )
        counts = np.bincount(who, minlength=len(names))
        for b in np.flatnonzero(counts):
            brushers.append(
                (
                    shop,
                    names[b],
                    int(counts[b]),
                    counts[b] / counts.sum(),
                    bool(counts[b] == counts.max()),
                )
            )
    return Episodes(
        pd.DataFrame(windows, columns=["shop", "start", "end", "orders", "buyers", "rate"]),
        pd.DataFrame(brushers, columns=["shop", "buyer", "orders", "share", "most"]),
    )
