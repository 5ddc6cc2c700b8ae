"""Truth of figures that decisions are compared with."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from benchmarks.decisions.twenty_worlds import _net_amount


def test_true_net_sales_are_what_was_paid_less_what_went_back():
    """An unpaid order has none; a refund without an amount takes all, an open one nothing."""
    day = pd.Timestamp("2026-01-20")
    orders = pd.DataFrame(
        {"order_id": list("abcde"), "paid_amount": 100.0, "paid_at": [day, None, day, day, day]}
    )
    refunds = pd.DataFrame(
        {
            "order_id": list("cde"),
            "refunded_at": [day, day, None],
            "amount": [30.0, None, 100.0],
        }
    )
    table = SimpleNamespace(select=lambda *_: SimpleNamespace(to_pandas=lambda: refunds))
    assert _net_amount(orders, {"refunds": table}).tolist() == [100.0, 0.0, 70.0, 0.0, 100.0]
