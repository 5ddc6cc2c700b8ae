"""Burst episodes: windows in which few hands place many of a shop's orders, and whose hands they are.

Definition: the concentrate rate of the Shopee Code League 2020 contest: orders over distinct buyers within any hour of
a shop, brushing from 3 on; a brusher is a buyer with the largest part of the orders of such hours. The threshold is the
contest's, not fitted. One sweep a shop: an hour that holds such a rate can be moved until an order lies on its edge, so
only hours that begin or end at (or just beside) an order are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

WINDOW, RATE = 3600, 3.0


@dataclass(frozen=True)
class Episodes:
    """`windows`: shop, start, end (seconds), orders, buyers, rate, one row for each run of overlapping hours. `brushers`:
    shop, buyer, orders (in episodes), share of the shop's episode orders, most (bool: the shop's largest share).
    """

    windows: pd.DataFrame
    brushers: pd.DataFrame


@njit(cache=True, nogil=True)
def _sweep(at, buyer, window, rate):  # pragma: no cover - compiled
    """Orders of one shop (sorted by time) that lie in an hour of at least the rate, and the best rate of such an hour."""
    n = len(at)
    inside = np.zeros(n, np.bool_)
    best = np.zeros(n)
    count = np.zeros(buyer.max() + 1, np.int64)
    for closed_low in range(2):
        for closed_high in range(2):
            lo, hi, different = 0, 0, 0
            count[:] = 0
            # windows that end at each order
            for e in range(n):
                end = at[e]
                while hi < n and (at[hi] < end or (closed_high and at[hi] == end)):
                    if count[buyer[hi]] == 0:
                        different += 1
                    count[buyer[hi]] += 1
                    hi += 1
                while lo < hi and (at[lo] < end - window or (not closed_low and at[lo] == end - window)):
                    count[buyer[lo]] -= 1
                    if count[buyer[lo]] == 0:
                        different -= 1
                    lo += 1
                if different and (hi - lo) / different >= rate:
                    r = (hi - lo) / different
                    for k in range(lo, hi):
                        inside[k] = True
                        best[k] = max(best[k], r)
            # windows that begin at each order
            lo, hi, different = 0, 0, 0
            count[:] = 0
            for b in range(n):
                begin = at[b]
                while hi < n and (at[hi] < begin + window or (closed_high and at[hi] == begin + window)):
                    if count[buyer[hi]] == 0:
                        different += 1
                    count[buyer[hi]] += 1
                    hi += 1
                while lo < hi and (at[lo] < begin or (not closed_low and at[lo] == begin)):
                    count[buyer[lo]] -= 1
                    if count[buyer[lo]] == 0:
                        different -= 1
                    lo += 1
                if different and (hi - lo) / different >= rate:
                    r = (hi - lo) / different
                    for k in range(lo, hi):
                        inside[k] = True
                        best[k] = max(best[k], r)
    return inside, best


def find_episodes(orders: pd.DataFrame, window: int = WINDOW, rate: float = RATE) -> Episodes:
    """Episodes of all shops. `orders`: columns shop, buyer, at (integer seconds)."""
    frame = orders[["shop", "buyer", "at"]].dropna().sort_values(["shop", "at", "buyer"], ignore_index=True)
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
            windows.append((shop, int(t[mine][0]), int(t[mine][-1]), int(mine.sum()), len(np.unique(who[mine])), float(r[mine].max())))
        counts = np.bincount(who, minlength=len(names))
        for b in np.flatnonzero(counts):
            brushers.append((shop, names[b], int(counts[b]), counts[b] / counts.sum(), bool(counts[b] == counts.max())))
    return Episodes(
        pd.DataFrame(windows, columns=["shop", "start", "end", "orders", "buyers", "rate"]),
        pd.DataFrame(brushers, columns=["shop", "buyer", "orders", "share", "most"]),
    )
