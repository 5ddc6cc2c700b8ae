"""Net sales: what was paid less what went back."""

from __future__ import annotations

import pandas as pd

from features.engine.snapshot import Snapshot
from serving.figures.order_figures import night_orders
from tests.spec.tables import rows

ORDERS = "order_id session_id operator_id buyer_id placed_at paid_at paid_amount"
REFUNDS = "order_id requested_at stage refunded_at amount"


def net(orders: list[str], refunds: list[str]) -> list[float]:
    frames = {"orders": rows(ORDERS, *orders)}
    if refunds:
        frames["refunds"] = rows(REFUNDS, *refunds)
    ids = [line.split()[0] for line in orders]
    found = night_orders(Snapshot.from_frames(frames), ids)
    return found["net_amount"].reindex(pd.Index(ids)).tolist()


PAID = ["a s o b t0 t1 100", "b s o c t0 t1 100", "c s o d t0 t1 100"]


def test_only_the_part_that_went_back_is_subtracted():
    """Parts add up, a request without a refund takes nothing, an unknown amount the whole."""
    parts = ["a t5 after_receipt t6 5", "a t7 after_receipt t8 10"]
    assert net(PAID, [*parts, "b t5 after_receipt - 60", "c t5 before_shipping t6 -"]) == [
        85.0,
        100.0,
        0.0,
    ]
    assert net(PAID, ["a t5 after_receipt t6 500"]) == [0.0, 100.0, 100.0]


def test_an_order_that_was_never_paid_is_no_sale():
    """An order that was never paid is no sale."""
    unpaid = ["a s o b t0 - 100", *PAID[1:]]
    assert net(unpaid, []) == [0.0, 100.0, 100.0]
    nothing_delivered = [line.replace(" t1 ", " - ") for line in PAID]
    assert net(nothing_delivered, []) == [100.0, 100.0, 100.0]
