"""The lake and the truth of the screened shops."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation.families.delivery import (
    clocked,
    hidden,
    ids,
    received,
    write_inbound,
    write_truth,
)
from simulation.families.screened_shops.market import (
    CODE,
    FIRST_BRUSHER,
    OPTIONAL_COLUMNS,
    SCHEMES,
    Market,
)
from simulation.families.verdict_draws import draw_verdicts
from simulation.identifiers import DAY, take_labels, to_timestamps

PRODUCTS_PER_SHOP = 40


def write_tables(m: Market, lake: Path, truth: Path) -> None:
    """Write orders, verdicts and the truth of both."""
    o = m.orders.joined()
    o = o[(o["placed"] >= m.p.start) & (o["placed"] < m.p.until - 2 * DAY)]
    o = o.sort_values("placed", kind="stable").reset_index(drop=True)
    delivered = o[_write_orders(m, o, lake)]
    _write_outcomes(m, delivered, lake)
    _write_truths(m, delivered, truth)


def _id(m: Market, kind: str, index: np.ndarray | pd.Series) -> pa.Array:
    return ids(kind, np.asarray(index), m.p.seed)


def _write_orders(m: Market, o: pd.DataFrame, lake: Path) -> np.ndarray:
    r, n = m.r, len(o)
    buyer, shared = o["buyer"].to_numpy(), o["shared"].to_numpy()
    placed = clocked(o["placed"].to_numpy(), m.p.clock_seconds)
    paid = np.where(o["unpaid"], np.nan, placed + np.ceil(r.exponential(40.0, n)))
    product = o["shop"].to_numpy() * PRODUCTS_PER_SHOP + np.minimum(r.zipf(1.5, n), 39)
    price = np.exp(3.5 + 0.9 * np.sin(product * 12.9898)) * np.exp(r.normal(0, 0.05, n))
    own = np.where(shared >= 0, shared, buyer)
    other = o["other_address"].to_numpy()
    columns = {
        "order_id": _id(m, "order", np.arange(n)),
        "session_id": pa.nulls(n, pa.string()),
        "operator_id": _id(m, "operator", o["shop"]),
        "merchant_id": _id(m, "merchant", o["shop"]),
        "buyer_id": _id(m, "account", buyer),
        "product_id": _id(m, "product", product),
        "placed_at": to_timestamps(placed),
        "paid_at": to_timestamps(paid),
        "list_amount": pa.array(np.round(price, 2)),
        "paid_amount": pa.array(np.round(price * r.uniform(0.7, 1.0, n), 2)),
        "quantity": pa.array(np.minimum(r.geometric(0.8, n), 9).astype(np.int64)),
        "payer_id": _id(m, "payer", own),
        "address_id": _id(m, "address", np.where(other > 0, 50_000_000 + other, buyer)),
        "device_id": _id(m, "device", own),
    }
    for name in OPTIONAL_COLUMNS:
        columns[name] = hidden(columns[name], r.random(n) < m.p.null_shares[name])
    at = received(r, placed, median=90.0, sigma=1.0, late=0.01)
    return write_inbound(lake, "orders", columns, np.maximum(at, np.fmax(paid, at)), m.p.until)


def _false(o: pd.DataFrame) -> np.ndarray:
    return (o["scheme"] > 0).to_numpy()


def _write_outcomes(m: Market, o: pd.DataFrame, lake: Path) -> None:
    """Verdicts on shops; patrols see buyers with many orders and busy hours."""
    own = _false(o) & (o["scheme"] != CODE["hostile"]).to_numpy()
    pair = o.groupby(["shop", "buyer"])["placed"].transform("size")
    by = o.assign(own=own, pair=np.log(pair)).groupby("shop")
    table = by.agg(false=("own", "any"), oddity=("pair", "max"), ended=("placed", "max"))
    table = table.reset_index(names="entity").assign(entity_kind="operator")
    table["typology"] = "order_fraud"
    table["ended"] -= m.r.uniform(0.0, 0.5, len(table)) * m.p.days * DAY
    found = draw_verdicts(m.r, m.p.verdicts, table, m.p.until)
    if found.empty:
        return
    decided = found["decided"].to_numpy()
    columns = {
        "entity_kind": pa.array(found["entity_kind"]),
        "entity_id": _id(m, "operator", found["entity"]),
        "typology": pa.array(found["typology"]),
        "verdict": pa.array(found["verdict"]),
        "decided_at": to_timestamps(decided),
        "source": pa.array(found["source"]),
    }
    write_inbound(lake, "outcomes", columns, decided + 3_600.0, m.p.until)


def _write_truths(m: Market, o: pd.DataFrame, truth: Path) -> None:
    false, n = _false(o), m.p.shops
    hostile = (o["scheme"] == CODE["hostile"]).to_numpy()
    listed = o[false]
    beneficiary = np.where(hostile[false], -1, listed["shop"])
    orders = {
        "order_id": _id(m, "order", listed.index),
        "false": pa.array(np.ones(len(listed), dtype=bool)),
        "scheme": take_labels(list(SCHEMES), listed["scheme"].to_numpy()),
        "beneficiary_id": _id(m, "operator", beneficiary),
    }
    write_truth(truth, "orders", orders)
    own = o[false & ~hostile]
    shops = np.arange(n)
    used = own.groupby("shop")["scheme"].unique().reindex(shops)
    names = ["+".join(sorted(SCHEMES[k] for k in x)) if np.ndim(x) else "" for x in used]
    cheats = np.array([name != "" for name in names])
    victims = np.isin(shops, o.loc[hostile, "shop"]) & ~cheats
    first = own.groupby("shop")["placed"].min().reindex(shops).to_numpy(dtype=float)
    no = pa.array(np.zeros(n, dtype=bool))
    operators = {
        "operator_id": _id(m, "operator", shops),
        "scheme": pa.array(names, pa.string()),
        "role": pa.array(np.select([cheats, victims], ["cheat", "victim"], "honest").tolist()),
        "cheats_views": no,
        "cheats_engagement": no,
        "cheats_orders": pa.array(cheats),
        "first_at": to_timestamps(first),
    }
    write_truth(truth, "operators", operators)
    hired = np.unique(listed["buyer"])
    hired = hired[hired >= FIRST_BRUSHER]
    staff = np.isin(hired, o.loc[o["scheme"] == CODE["staff"], "buyer"])
    accounts = {
        "account_id": _id(m, "account", hired),
        "kind": pa.array(np.where(staff, "employee", "brusher").tolist(), pa.string()),
    }
    write_truth(truth, "accounts", accounts)
    tagged = np.array([shop for shop, _ in m.tags], dtype=np.int64)
    lookalikes = {
        "operator_id": _id(m, "operator", tagged),
        "session_id": pa.nulls(len(tagged), pa.string()),
        "tag": pa.array([tag for _, tag in m.tags], pa.string()),
    }
    write_truth(truth, "lookalikes", lookalikes)
    write_truth(truth, "sessions", _no_sessions())
    world = json.dumps(dataclasses.asdict(m.p), indent=1, sort_keys=True)
    (truth / "world.json").write_text(world + "\n", encoding="utf-8")


def _no_sessions() -> dict[str, pa.Array]:
    """The columns of the truth of sessions, without rows."""
    texts = ("session_id", "operator_id", "scheme")
    counts = (f"{p}{m}" for m in ("views", "likes", "follows", "orders") for p in ("", "false_"))
    nothing = {name: pa.array([], pa.string()) for name in texts}
    return nothing | {name: pa.array([], pa.int64()) for name in counts}
