"""Blocks of rows of the event tables, joined once at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

SOURCES = ("feed", "follow", "search", "share", "raid", "boost", "activity", "direct")
FEED, FOLLOW, SEARCH, SHARE, RAID, BOOST, ACTIVITY, DIRECT = range(8)
KINDS = ("like", "comment", "follow", "unfollow", "share", "product_click")
LIKE, COMMENT, FOLLOWED, UNFOLLOWED, SHARE_ACT, CLICK = range(6)
NORMAL, PRESALE, EMPTY, GIFT, SHIPPED, BEFORE, INSTANT, UNPAID = range(8)  # fate of an order


@dataclass
class Rows:
    """Columns with defaults; `add` broadcasts, `frame` joins."""

    defaults: dict[str, float]
    blocks: list[dict[str, np.ndarray]] = field(default_factory=list)

    def add(self, rows: int, /, **columns: Any) -> None:
        """Append rows; a column that is not given takes its default."""
        unknown = set(columns) - set(self.defaults)
        if unknown:
            raise KeyError(f"no columns {sorted(unknown)}")
        self.blocks.append(
            {n: np.broadcast_to(columns.get(n, d), rows) for n, d in self.defaults.items()}
        )

    def frame(self) -> pd.DataFrame:
        """All rows so far."""
        if not self.blocks:
            return pd.DataFrame({n: np.zeros(0) for n in self.defaults})
        return pd.DataFrame({n: np.concatenate([b[n] for b in self.blocks]) for n in self.defaults})


@dataclass
class Events:
    """Views, acts, orders, links and boosts of the platform.

    `fake` is 0 for honest rows and the number of a scheme otherwise. In views -9 means that the
    column follows from the account.
    """

    views: Rows = field(
        default_factory=lambda: Rows(
            {
                "s": 0,
                "a": 0,
                "join": 0.0,
                "stay": 0.0,
                "src": FEED,
                "device": -9,
                "net": -9,
                "asn": -9,
                "region": -9,
                "version": -9,
                "fake": 0,
            }
        )
    )
    acts: Rows = field(
        default_factory=lambda: Rows(
            {"s": -1, "a": 0, "kind": 0, "at": 0.0, "count": 1, "text": -1, "fake": 0}
        )
    )
    orders: Rows = field(
        default_factory=lambda: Rows(
            {
                "s": -1,
                "o": 0,
                "a": 0,
                "product": 0,
                "at": 0.0,
                "quantity": 1,
                "payer": -9,
                "address": -9,
                "device": -9,
                "fate": NORMAL,
                "fake": 0,
                "gains": -1,
                "sender": -1,
            }
        )
    )
    links: Rows = field(
        default_factory=lambda: Rows({"s": 0, "to": 0, "kind": 0, "at": 0.0, "sent": 0})
    )
    boosts: Rows = field(
        default_factory=lambda: Rows({"s": 0, "at": 0.0, "until": 0.0, "views": 0})
    )
    tags: list[tuple[int, int, str]] = field(default_factory=list)  # operator, session, tag
