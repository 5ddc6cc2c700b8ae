"""Who acts together: the detectors of `graphs/` run once a night over the lake's visits and purchases.

Nobody is left out before the null is reckoned: those who come once make the crowd that the others are measured against.
"""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from features.declaration import derived
from features.graphs.dense_blocks import DenseBlocks
from features.graphs.lockstep import Lockstep

WATCH_WINDOW, BUY_WINDOW = 60, 600  # seconds
TOGETHER = 3  # sessions or shops in which a pair must meet
BUCKET = 120  # seconds: a column of the time-aware graph is a thing in one such step
BLOCKS = 5

PAIRS = {
    "left": "string",
    "right": "string",
    "things": "double",
    "expected": "double",
    "evidence": "double",
}
BLOCK = {"account_id": "string", "density": "double", "evidence": "double", "block": "int64"}


def actions_of(t: Any, account: str, thing: str, moment: str) -> pd.DataFrame:
    """Actions (account, thing, seconds) by thing, time and account: an order that does not depend on how the engine read them.

    Accounts and things are categories in order of their names. The engine numbers them: numbers sort several times faster than
    text, and the text of all actions would be most of a night's memory.
    """
    at = t[moment].epoch_seconds().cast("float64").floor().cast("int64")
    t = t.filter(t[account].notnull() & t[thing].notnull()).select(
        account=t[account], thing=t[thing], at=at
    )
    # sorted here: for Spark, ibis 12 makes other rows distinct than those it was asked for when they are also ordered
    names = {c: t.select(c).distinct().to_pyarrow().sort_by(c)[c] for c in ("account", "thing")}
    numbers = {
        c: ibis.memtable(pa.table({c: x, "number": np.arange(len(x), dtype=np.int32)}))
        for c, x in names.items()
    }
    t = t.join(numbers["account"].rename(who="number"), "account").join(
        numbers["thing"].rename(what="number"), "thing"
    )
    read = t.select("what", "at", "who").to_pyarrow()
    what, when, who = sorted_rows(*(read[c].to_numpy() for c in ("what", "at", "who")))
    coded = {
        c: pd.Categorical.from_codes(x, categories=names[c].to_pandas())
        for c, x in (("account", who), ("thing", what))
    }
    return pd.DataFrame({**coded, "at": when})


def sorted_rows(*columns: np.ndarray) -> list[np.ndarray]:
    """Rows of whole numbers sorted by the first column, then the second and so on: int64 arrays of the same shape.

    Where they fit into 63 bits together they are sorted as one number and taken apart again, ten times faster than by `lexsort`.
    """
    if not len(columns[0]):
        return [c.astype(np.int64) for c in columns]
    low = [int(c.min()) for c in columns]
    bits = [(int(c.max()) - least).bit_length() for c, least in zip(columns, low, strict=True)]
    if sum(bits) > 63:
        order = np.lexsort(columns[::-1])
        return [c[order].astype(np.int64) for c in columns]
    key = np.zeros(len(columns[0]), np.int64)
    for c, least, wide in zip(columns, low, bits, strict=True):
        key <<= wide
        key |= c.astype(np.int64) - least
    key.sort()
    out = []
    for least, wide in zip(low[::-1], bits[::-1], strict=True):
        out.append((key & ((1 << wide) - 1)) + least)
        key >>= wide
    return out[::-1]


def _lockstep(t: Any, account: str, thing: str, at: str, window: int) -> pd.DataFrame:
    """Surprising pairs inside lockstep groups, with the group's evidence."""
    found = Lockstep(window=window, least=TOGETHER).fit(actions_of(t, account, thing, at))
    pairs = found.pairs_.dropna(subset=["group"])
    nats = pairs["group"].map({float(i): g.evidence for i, g in enumerate(found.groups_)})
    return pairs.assign(evidence=nats.astype(float))[list(PAIRS)].reset_index(drop=True)


def partners(pairs: Any) -> Any:
    """Accounts of pairs with the number of others they act together with, as an Ibis table."""
    both = pairs.select(account_id="left", other="right").union(
        pairs.select(account_id="right", other="left")
    )
    return both.group_by("account_id").aggregate(partners=both.count())


@derived(reads=("views",), columns=PAIRS)
def watch_pairs(views: Any) -> pd.DataFrame:
    """Pairs of viewers that join the same sessions within a minute of each other, three times or more and more than chance lets them."""
    return _lockstep(views, "account_id", "session_id", "joined_at", WATCH_WINDOW)


@derived(reads=("orders",), columns=PAIRS)
def buy_pairs(orders: Any) -> pd.DataFrame:
    """Pairs of buyers that order from the same operators within ten minutes of each other, at three or more."""
    return _lockstep(orders, "buyer_id", "operator_id", "placed_at", BUY_WINDOW)


@derived(reads=("orders",), columns=BLOCK)
def buy_blocks(orders: Any) -> pd.DataFrame:
    """Members of dense blocks of buyers by (operator, two minutes): the same hands at the same shops at the same moments."""
    frame = actions_of(orders, "buyer_id", "operator_id", "placed_at")
    step = frame["thing"].astype(str) + "|" + (frame["at"] // BUCKET).astype(str)
    edges = pd.DataFrame({"row": frame["account"].astype(str), "column": step}).drop_duplicates()
    for _ in range(2):  # a step with one buyer and a buyer with few steps are in no block
        edges = edges[edges.groupby("column")["row"].transform("size") >= 2]
        edges = edges[edges.groupby("row")["column"].transform("size") >= TOGETHER]
    found = DenseBlocks(n_blocks=BLOCKS).fit(edges).blocks_ if len(edges) else []
    rows = [(r, b.excess_density, b.evidence, i) for i, b in enumerate(found) for r in b.rows]
    frame = pd.DataFrame(rows, columns=list(BLOCK)).sort_values(
        ["density", "account_id"], ascending=[False, True]
    )
    return frame.drop_duplicates("account_id").sort_values("account_id", ignore_index=True)
