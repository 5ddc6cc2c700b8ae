"""The lake of a town, cut some days after the last evening, and its truth."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_contracts.contract import contract
from data_contracts.parquet import to_arrow, write_file
from simulation.families.night_market.fulfilment import follow_orders
from simulation.families.night_market.tables.rooms import people_tables, room_tables
from simulation.families.night_market.tables.trade import aftermath_tables, order_table
from simulation.families.night_market.tables.truth import FalseRows, write_truth
from simulation.families.night_market.tables.verdicts import outcome_table
from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import SCHEMES
from simulation.identifiers import take_labels

MISSING_TABLE_SHARE, MISSING_COLUMN_SHARE = 0.12, 0.1
OPTIONAL_TABLES = ("accounts", "boosts", "complaints", "parcels", "reviews", "room_links")
OPTIONAL_COLUMNS = {
    "accounts": ("level", "referrer_id", "real_name_verified"),
    "orders": ("merchant_id", "payer_id", "address_id", "device_id", "list_amount"),
    "parcels": ("goods_weight_g", "scans", "sender_id"),
    "reviews": ("text_hash",),
    "interactions": ("text_hash",),
    "views": ("app_version", "region", "entry_source"),
}


def write_lake(town: Town, lake: Path, truth: Path) -> None:
    """Write what was received before the lake was cut, and the truth of it."""
    v, i = town.views.joined(), town.interactions.joined()
    b = follow_orders(town)
    tables = people_tables(town, _first_seen(town, v, i, b)) | room_tables(town, v, i)
    tables["orders"] = order_table(town, b)
    tables |= aftermath_tables(town, b)
    tables["outcomes"] = outcome_table(town, v, i, b)
    for name, rows in (("views", v), ("interactions", i), ("orders", b)):
        scheme = take_labels(SCHEMES, np.where(rows.scheme > 0, rows.scheme, -1))
        tables[name] = tables[name].append_column("scheme", scheme)
    missing = _leave_out(town, tables)
    false = {}
    for name, table in sorted(tables.items()):
        kept = _cut(town, table)
        if name in ("views", "interactions", "orders"):
            false[name] = kept.filter(pc.is_valid(kept["scheme"]))
            kept = kept.drop_columns("scheme")
        if kept.num_rows or name in ("orders", "sessions"):
            write_file(lake / f"{name}.parquet", to_arrow(contract(name), kept))
    write_truth(town, lake, truth, FalseRows(**false))
    world = {"parameters": vars(town.parameters), "missing": missing, "plans": town.plans}
    (truth / "world.json").write_text(json.dumps(world, indent=1))


def _first_seen(
    town: Town, v: SimpleNamespace, i: SimpleNamespace, b: SimpleNamespace
) -> np.ndarray:
    """First act of each account, infinite where it never acted."""
    first = np.full(len(town.people.district), np.inf)
    for account, at in ((v.account, v.joined), (i.account, i.at), (b.buyer, b.placed)):
        np.minimum.at(first, account, at)
    return first


def _leave_out(town: Town, tables: dict[str, pa.Table]) -> list[str]:
    """Drop tables and blank columns that this platform does not deliver; returns their names."""
    rng, missing = town.rng, []
    for name in OPTIONAL_TABLES:
        if rng.random() < MISSING_TABLE_SHARE:
            del tables[name]
            missing.append(name)
    for name, columns in OPTIONAL_COLUMNS.items():
        for column in columns:
            if rng.random() < MISSING_COLUMN_SHARE and name in tables:
                tables[name] = tables[name].drop_columns(column)
                missing.append(f"{name}.{column}")
    return missing


def _cut(town: Town, table: pa.Table) -> pa.Table:
    """Rows received before the end, in order of receipt."""
    end = int((town.origin + town.end) * 1_000_000)
    received = np.asarray(table["received_at"].cast(pa.int64()))
    rows = np.flatnonzero(received < end)
    return table.take(pa.array(rows[np.argsort(received[rows], kind="stable")]))
