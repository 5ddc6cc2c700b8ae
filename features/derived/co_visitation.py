"""Co-visitation: accounts that meet in the same sessions or shops more often than by chance.

The detectors of `graphs/` run once a night over all visits and purchases. Accounts that come once
stay in, because they make the crowd to which the others are compared.
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
from features.graphs.meetings.occasions import distinct_occasions

WATCH_WINDOW_SECONDS, BUY_WINDOW_SECONDS = 60, 600
MIN_MEETINGS = 3  # sessions or shops of a pair
BLOCK_STEP_SECONDS = 120  # a column of the time-aware graph is a shop in one such step
MAX_BLOCKS = 5

PAIR_COLUMNS = {
    "left": "string",
    "right": "string",
    "things": "double",
    "expected": "double",
    "evidence": "double",
}
BLOCK_COLUMNS = {
    "account_id": "string",
    "density": "double",
    "evidence": "double",
    "block": "int64",
}


def actions_of(t: Any, account: str, thing: str, moment: str) -> pd.DataFrame:
    """Actions of accounts on things, sorted by thing, time and account.

    The order does not depend on how the engine read them. Accounts and things are categories in
    order of their names. The engine numbers them: numbers sort several times faster than text, and
    the text of all actions would be most of a night's memory. Actions without a moment are left
    out.

    Returns
    -------
    DataFrame with the columns account, thing and at (seconds).
    """
    at = t[moment].epoch_seconds().cast("float64").floor().cast("int64")
    t = t.filter(t[account].notnull() & t[thing].notnull() & t[moment].notnull()).select(
        account=t[account], thing=t[thing], at=at
    )
    # Sorted here: on Spark, ibis 12 returns wrong distinct rows when they are also ordered.
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
    """Rows of whole numbers sorted by the first column, then the second and so on.

    Rows that fit into 63 bits are sorted as one number and split again, ten times faster than by
    `lexsort`. The columns returned are int64, of the same shape.
    """
    if not len(columns[0]):
        return [c.astype(np.int64) for c in columns]
    low = [int(c.min()) for c in columns]
    bits = [
        (int(c.max()) - smallest).bit_length() for c, smallest in zip(columns, low, strict=True)
    ]
    if sum(bits) > 63:
        order = np.lexsort(columns[::-1])
        return [c[order].astype(np.int64) for c in columns]
    key = np.zeros(len(columns[0]), np.int64)
    for c, smallest, wide in zip(columns, low, bits, strict=True):
        key <<= wide
        key |= c.astype(np.int64) - smallest
    key.sort()
    out = []
    for smallest, wide in zip(low[::-1], bits[::-1], strict=True):
        out.append((key & ((1 << wide) - 1)) + smallest)
        key >>= wide
    return out[::-1]


def _lockstep(t: Any, account: str, thing: str, at: str, window: int) -> pd.DataFrame:
    """Surprising pairs inside lockstep groups, with the group's evidence."""
    found = Lockstep(window=window, least=MIN_MEETINGS).fit(actions_of(t, account, thing, at))
    pairs = found.pairs_.dropna(subset=["group"])
    nats = pairs["group"].map({float(i): g.evidence for i, g in enumerate(found.groups_)})
    return pairs.assign(evidence=nats.astype(float))[list(PAIR_COLUMNS)].reset_index(drop=True)


def partners(pairs: Any) -> Any:
    """Accounts of pairs with the number of others they act together with, as an Ibis table."""
    both = pairs.select(account_id="left", other="right").union(
        pairs.select(account_id="right", other="left")
    )
    return both.group_by("account_id").aggregate(partners=both.count())


@derived(reads=("views",), columns=PAIR_COLUMNS)
def watch_pairs(views: Any) -> pd.DataFrame:
    """Pairs of viewers that join three or more sessions within a minute of each other.

    Only pairs that meet more often than by chance are kept.
    """
    return _lockstep(views, "account_id", "session_id", "joined_at", WATCH_WINDOW_SECONDS)


@derived(reads=("orders",), columns=PAIR_COLUMNS)
def buy_pairs(orders: Any) -> pd.DataFrame:
    """Pairs of buyers that order at three or more operators within ten minutes of each other."""
    return _lockstep(orders, "buyer_id", "operator_id", "placed_at", BUY_WINDOW_SECONDS)


@derived(reads=("orders",), columns=BLOCK_COLUMNS)
def buy_blocks(orders: Any) -> pd.DataFrame:
    """Members of dense blocks of buyers by operator and step of two minutes.

    They order at the same shops at the same moments. Orders that a buyer repeats at a shop within
    ten minutes are one occasion.
    """
    frame = actions_of(orders, "buyer_id", "operator_id", "placed_at")
    buyer, shop = (frame[c].cat.codes.to_numpy() for c in ("account", "thing"))
    moment = frame["at"].to_numpy()
    buyer, shop, at, _first = distinct_occasions(buyer, shop, moment, BUY_WINDOW_SECONDS)
    names = {c: frame[c].cat.categories.to_numpy() for c in ("account", "thing")}
    step = pd.Series(names["thing"][shop]).astype(str) + "|"
    step += pd.Series(at // BLOCK_STEP_SECONDS).astype(str)
    row = pd.Series(names["account"][buyer]).astype(str)
    edges = pd.DataFrame({"row": row, "column": step}).drop_duplicates()
    for _ in range(2):  # a step with one buyer and a buyer with few steps are in no block
        edges = edges[edges.groupby("column")["row"].transform("size") >= 2]
        edges = edges[edges.groupby("row")["column"].transform("size") >= MIN_MEETINGS]
    found = DenseBlocks(n_blocks=MAX_BLOCKS).fit(edges).blocks_ if len(edges) else []
    rows = [(r, b.excess_density, b.evidence, i) for i, b in enumerate(found) for r in b.rows]
    frame = pd.DataFrame(rows, columns=list(BLOCK_COLUMNS)).sort_values(
        ["density", "account_id"], ascending=[False, True]
    )
    return frame.drop_duplicates("account_id").sort_values("account_id", ignore_index=True)
