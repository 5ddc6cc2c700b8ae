"""Who acts together: the detectors of `graphs/` run once a night over the lake's visits and purchases.

Nobody is left out before the null is reckoned: those who come once make the crowd that the others are measured against.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.declare import derived
from features.graphs.blocks import DenseBlocks
from features.graphs.lockstep import Lockstep

WATCH_WINDOW, BUY_WINDOW = 60, 600  # seconds
TOGETHER = 3  # sessions or shops in which a pair must meet
BUCKET = 120  # seconds: a column of the time-aware graph is a thing in one such step
BLOCKS = 5

PAIRS = {"left": "string", "right": "string", "things": "double", "expected": "double", "evidence": "double"}
BLOCK = {"account_id": "string", "density": "double", "evidence": "double", "block": "int64"}


def actions_of(t: Any, account: str, thing: str, at: str) -> pd.DataFrame:
    """Actions (account, thing, seconds), in an order that does not depend on how the engine read them.

    Accounts and things are categories in order of their names: numbers sort several times faster than text.
    """
    t = t.filter(t[account].notnull() & t[thing].notnull())
    read = t.select(account=t[account], thing=t[thing], at=t[at].epoch_seconds().cast("float64")).to_pyarrow()
    frame = pd.DataFrame(
        {"account": _ordered(read["account"]), "thing": _ordered(read["thing"]), "at": np.floor(read["at"].to_numpy()).astype(np.int64)}
    )
    order = np.lexsort((frame["account"].cat.codes, frame["thing"].cat.codes, frame["at"]))
    return frame.iloc[order].reset_index(drop=True)


def _ordered(column: pa.ChunkedArray) -> pd.Categorical:
    """A column of text as categories in order of their names."""
    coded = pa.concat_arrays(column.dictionary_encode().unify_dictionaries().chunks)
    names = coded.dictionary.to_pandas().to_numpy(dtype=object)
    order = np.argsort(names)
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    return pd.Categorical.from_codes(rank[coded.indices.to_numpy()], categories=names[order])


def _lockstep(t: Any, account: str, thing: str, at: str, window: int) -> pd.DataFrame:
    """Surprising pairs inside lockstep groups, with the group's evidence."""
    found = Lockstep(window=window, least=TOGETHER).fit(actions_of(t, account, thing, at))
    pairs = found.pairs_.dropna(subset=["group"])
    nats = pairs["group"].map({float(i): g.evidence for i, g in enumerate(found.groups_)})
    return pairs.assign(evidence=nats.astype(float))[list(PAIRS)].reset_index(drop=True)


def partners(pairs: Any) -> Any:
    """Accounts of pairs with the number of others they act together with, as an Ibis table."""
    both = pairs.select(account_id="left", other="right").union(pairs.select(account_id="right", other="left"))
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
    frame = pd.DataFrame(rows, columns=list(BLOCK)).sort_values(["density", "account_id"], ascending=[False, True])
    return frame.drop_duplicates("account_id").sort_values("account_id", ignore_index=True)
