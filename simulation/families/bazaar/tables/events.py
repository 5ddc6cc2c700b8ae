"""Tables of people, sessions and events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from simulation.families.bazaar.tables.columns import labels, names, numbers, times
from simulation.families.bazaar.tables.drafts import Drafts
from simulation.families.bazaar.vocabulary import DAY, GOODS, HOUR, KINDS, NETWORKS, SOURCES

Tables = dict[str, dict[str, Any]]


def people_tables(d: Drafts) -> tuple[Tables, np.ndarray]:
    """Operators, accounts and sessions, and which accounts were ever seen."""
    goods = np.array(list(GOODS))
    tables: Tables = {}
    tables["operators"] = {
        "operator_id": names("o", np.arange(d.world.operator_count)),
        "kind": labels(
            ["mcn_member", "company", "individual"],
            np.where(
                d.world.operators.mcn >= 0,
                0,
                d.world.rng.choice([1, 2], d.world.operator_count, p=[0.3, 0.7]),
            ),
        ),
        "registered_at": times(d.world.operators.born),
        "identity_verified_at": times(
            d.world.operators.born + d.world.rng.integers(HOUR, 20 * HOUR, d.world.operator_count)
        ),
        "mcn_id": names("m", d.world.operators.mcn),
        "region": labels(d.counties, d.world.operators.county),
        "category": labels(goods, d.world.operators.goods),
        "received_at": times(np.maximum(d.world.operators.born + DAY, d.world.first_moment - DAY)),
    }
    first = np.full(len(d.world.accounts["born"]), d.world.end)
    for a, at in (
        (d.views.a, d.views.join),
        (d.interactions.a, d.interactions.at),
        (d.orders.b, d.orders.placed),
    ):
        np.minimum.at(first, a, at)
    seen = first < d.world.end
    d.world.accounts["born"] = np.minimum(
        d.world.accounts["born"],
        first - 60 - d.world.rng.exponential(3 * HOUR, len(first)).astype(int),
    )
    tables["accounts"] = {
        "account_id": names("a", np.arange(len(first))),
        "registered_at": times(d.world.accounts["born"]),
        "real_name_verified": numbers(
            d.world.accounts["verified"], d.world.rng.random(len(first)) < 0.03
        ),
        "level": numbers(d.world.accounts["level"]),
        "region": labels(
            d.counties,
            np.where(d.world.rng.random(len(first)) < 0.04, -1, d.world.accounts["county"]),
        ),
        "referrer_id": names("a", d.world.accounts["ref"]),
        "received_at": times(np.maximum(d.world.accounts["born"] + 30, d.world.first_moment - DAY)),
    }
    tables["sessions"] = {
        "session_id": names("s", np.arange(d.world.sessions.n)),
        "room_id": names("r", d.world.sessions.op),
        "operator_id": names("o", d.world.sessions.op),
        "streamer_ids": pa.array(
            [[x] for x in names("h", d.world.sessions.op).to_pylist()], pa.list_(pa.string())
        ),
        "category": labels(goods, d.world.operators.goods[d.world.sessions.op]),
        "started_at": times(d.world.sessions.start, d.clock),
        "ended_at": times(d.world.sessions.end, d.clock),
        "virtual_host": numbers(d.world.operators.virtual[d.world.sessions.op]),
        "received_at": times(d.world.sessions.end + 300),
    }
    return tables, seen


def event_tables(d: Drafts) -> Tables:
    """Views, interactions and orders."""
    tables: Tables = {}
    operators = d.world.operators
    shops = np.where(
        operators.mcn[d.orders.o] >= 0,
        d.world.operator_count + operators.mcn[d.orders.o],
        d.orders.o,
    )
    gone = np.where(
        d.world.rng.random(len(d.views.leave)) < d.world.parameters["no_leave"], -1, d.views.leave
    )
    tables["views"] = {
        "session_id": names("s", d.views.s),
        "account_id": names(
            "a", np.where(d.world.rng.random(len(d.views.a)) < 0.02, -1, d.views.a)
        ),
        "device_id": names("d", d.views.dev),
        "joined_at": times(d.views.join, d.clock),
        "left_at": times(gone, d.clock),
        "entry_source": labels(SOURCES, d.views.src),
        "app_version": labels(
            [f"8.{k}.{k % 3}" for k in range(9)],
            np.where(
                d.world.rng.random(len(d.views.a)) < 0.03,
                -1,
                d.world.accounts["version"][d.views.a],
            ),
        ),
        "ip_prefix": names("n", d.views.net),
        "asn_kind": labels(NETWORKS, d.views.asn),
        "region": labels(
            d.counties,
            np.where(d.views.reg < 0, d.world.accounts["county"][d.views.a], d.views.reg),
        ),
        "received_at": times(d.late(d.views.leave)),
    }
    tables["interactions"] = {
        "session_id": names("s", d.interactions.s),
        "account_id": names("a", d.interactions.a),
        "kind": labels(KINDS, d.interactions.kind),
        "at": times(d.interactions.at, d.clock),
        "count": numbers(d.interactions.count),
        "text_hash": names("t", d.interactions.text),
        "received_at": times(d.late(d.interactions.at, 40)),
    }
    unpaid = d.orders.paid < 0
    tables["orders"] = {
        "order_id": names("x", np.arange(len(d.orders.o))),
        "session_id": names("s", d.orders.s),
        "operator_id": names("o", d.orders.o),
        "merchant_id": names("k", shops),
        "buyer_id": names("a", d.orders.b),
        "product_id": names("g", d.orders.prod),
        "placed_at": times(d.orders.placed, d.clock),
        "paid_at": times(d.orders.paid, d.clock),
        "list_amount": numbers(d.orders.list),
        "paid_amount": numbers(d.orders.cash),
        "quantity": numbers(d.orders.qty),
        "payer_id": names("p", np.where(unpaid, -1, d.orders.payer)),
        "address_id": names("z", d.orders.addr),
        "device_id": names("d", d.orders.dev),
        "received_at": times(d.late(np.maximum(d.orders.paid, d.orders.placed))),
    }
    return tables
