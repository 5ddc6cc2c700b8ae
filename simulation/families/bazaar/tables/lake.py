"""The lake of a world of county markets, cut at its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from data_contracts.contract import contract
from data_contracts.parquet import to_arrow, write_file
from simulation.families.bazaar.aftermath import follow_orders
from simulation.families.bazaar.tables.aftermath import cause_tables, parcel_tables
from simulation.families.bazaar.tables.drafts import Drafts
from simulation.families.bazaar.tables.events import event_tables, people_tables
from simulation.families.bazaar.tables.supervision import complaint_table, outcome_table
from simulation.families.bazaar.tables.truth import label_sessions, write_truth
from simulation.families.bazaar.tables.verdicts import draw_verdicts
from simulation.families.bazaar.world import World


def write_lake(world: World, lake: Path, truth: Path) -> None:
    """Write all tables and the truth of what was delivered."""
    d = _draft(world)
    tables, seen = people_tables(d)
    tables |= event_tables(d)
    parcels, masks = parcel_tables(d, tables["orders"]["order_id"])
    tables |= parcels | cause_tables(d)
    tables["complaints"] = complaint_table(d)
    tables["outcomes"] = outcome_table(draw_verdicts(d))
    masks["accounts"] = seen
    d.views.anonymous = tables["views"]["account_id"].is_null().to_numpy(zero_copy_only=False)
    d.orders.number = np.arange(len(d.orders.o))
    kept = {
        name: _write_table(lake, name, columns, masks.get(name), world.end)
        for name, columns in tables.items()
    }
    write_truth(truth, d, kept)
    drawn = {k: float(v) for k, v in world.parameters.items()}
    (truth / "world.json").write_text(
        json.dumps({"parameters": drawn, "plans": world.plans}, indent=1)
    )


def _draft(world: World) -> Drafts:
    """Events with missing devices, and the plans that found a chance."""
    views, acts = world.views.joined(), world.interactions.joined()
    orders = follow_orders(world)
    labels = label_sessions(world, views, acts, orders)
    touched = labels.inflated | labels.brushed
    idle = np.bincount(world.sessions.op, touched, world.operator_count) == 0
    world.roles[idle] = "honest"
    world.plans = [plan for plan in world.plans if not idle[plan[0]]]
    for rows in (views, orders):
        rows.dev[world.rng.random(len(rows.dev)) < world.parameters["no_device"]] = -1
    return Drafts(world, views, acts, orders, labels)


def _write_table(
    lake: Path, name: str, columns: dict[str, Any], mask: np.ndarray | None, horizon: int
) -> np.ndarray:
    """Write what was received up to the horizon; returns its rows in order of receipt."""
    table = pa.table(columns)
    rows = np.arange(table.num_rows) if mask is None else np.flatnonzero(mask)
    got = np.asarray(table["received_at"].cast(pa.int64()))[rows] // 1_000_000
    rows, got = rows[got <= horizon], got[got <= horizon]
    rows = rows[np.argsort(got, kind="stable")]
    write_file(lake / f"{name}.parquet", to_arrow(contract(name), table.take(pa.array(rows))))
    return rows
