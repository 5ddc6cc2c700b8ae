"""Tables of what follows from orders, and of honest causes of spikes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from simulation.families.bazaar.tables.columns import labels, names, numbers, times
from simulation.families.bazaar.tables.drafts import Drafts
from simulation.families.bazaar.tables.events import Tables
from simulation.families.bazaar.vocabulary import HOUR


def parcel_tables(d: Drafts, order_id: pa.Array) -> tuple[Tables, dict[str, np.ndarray]]:
    """Parcels, refunds and reviews of all orders, and which orders have one."""
    tables: Tables = {}
    n = len(d.orders.o)

    def hide(share: float) -> np.ndarray:
        return d.world.rng.random(n) < share

    ended = np.where(
        d.orders.signed >= 0, d.orders.signed, np.where(d.orders.stage == 1, d.orders.asked, -1)
    )
    tables["parcels"] = {
        "order_id": order_id,
        "waybill_id": names("y", np.arange(n)),
        "sender_id": names("q", d.orders.sender),
        "weight_g": numbers(d.orders.weight, hide(0.02)),
        "goods_weight_g": numbers(d.orders.goods, hide(0.08)),
        "picked_up_at": times(np.where(hide(0.01), -1, d.orders.picked), d.clock),
        "signed_at": times(d.orders.signed, d.clock),
        "scans": numbers(d.orders.scans),
        "from_region": labels(d.counties, d.orders.frm),
        "to_region": labels(d.counties, d.orders.to),
        "received_at": times(d.late(ended, 2 * HOUR)),
    }
    tables["refunds"] = {
        "order_id": order_id,
        "requested_at": times(np.where(d.orders.stage < 3, d.orders.asked, 0), d.clock),
        "stage": labels(
            ["before_shipping", "in_transit", "after_receipt"],
            np.where(d.orders.stage < 3, d.orders.stage, -1),
        ),
        "refunded_at": times(d.orders.back, d.clock),
        "amount": numbers(np.where(d.orders.back < 0, 0, d.orders.part)),
        "received_at": times(
            np.where(d.orders.stage < 3, d.late(np.maximum(d.orders.back, d.orders.asked), 1800), 0)
        ),
    }
    written = np.where(d.orders.said >= 0, d.orders.said, 0)
    seen_gone = (d.orders.gone >= 0) & (d.orders.gone < d.world.end - 2 * HOUR)
    tables["reviews"] = {
        "order_id": order_id,
        "account_id": names("a", d.orders.b),
        "at": times(written, d.clock),
        "rating": numbers(d.orders.stars),
        "text_hash": names("t", d.orders.words),
        "removed_at": times(np.where(seen_gone, d.orders.gone, -1), d.clock),
        "removed_by": labels(
            ["author", "operator", "platform"], np.where(seen_gone, d.orders.by, -1)
        ),
        "received_at": times(d.late(np.where(seen_gone, d.orders.gone, written), 1800)),
    }
    masks = {
        "parcels": d.orders.sent & (ended >= 0),
        "refunds": d.orders.stage < 3,
        "reviews": d.orders.said >= 0,
    }
    return tables, masks


def cause_tables(d: Drafts) -> Tables:
    """Granted boosts, raids and battles."""
    tables: Tables = {}
    boosts, links = d.world.boosts.joined(), d.world.links.joined()
    tables["boosts"] = {
        "session_id": names("s", boosts.s),
        "starts_at": times(boosts.at, d.clock),
        "ends_at": times(boosts.to, d.clock),
        "views_bought": numbers(boosts.n),
        "amount": numbers(np.round(boosts.n * d.world.rng.uniform(0.05, 0.4, len(boosts.n)), 2)),
        "received_at": times(boosts.at + 60),
    }
    tables["room_links"] = {
        "from_session_id": names("s", links.s),
        "to_session_id": names("s", links.to),
        "kind": labels(["raid", "co_stream"], links.kind),
        "at": times(links.at, d.clock),
        "viewers_sent": numbers(links.n),
        "received_at": times(links.at + 90),
    }
    return tables
