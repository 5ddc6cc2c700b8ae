"""Corrected figures at worked values: shared fates of orders, counters alone, viewers of an operator counted once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.engine import frame_tables
from serving.corrected import order_figures, session_figures
from serving.figures import operator_figures
from serving.scorer import Peers
from tests.spec.cases import rows, views

NOBODY = Peers({}, {}, {})


def test_orders_of_a_session_share_their_fate():
    """Ten orders: two surely false, three perhaps, five surely real: real between 5 and 8, not 6.5 give or take a little."""
    orders = pd.DataFrame(
        {"session_id": "s", "operator_id": "o", "paid_amount": 10.0, "refunded": False}, index=[f"r{i}" for i in range(10)]
    )
    p = pd.Series([0.96, 0.96, 0.5, 0.5, 0.5, 0.05, 0.01, 0.01, 0.0, 0.0], index=orders.index)
    got = order_figures(orders, p, "session", "session_id").set_index("measure")
    assert got.loc["orders", ["counted", "low", "high"]].tolist() == [10.0, 5.0, 8.0]
    assert got.at["orders", "estimate"] == pytest.approx(10 - p.sum()) and got.at["net_sales", "low"] == 50.0


def test_a_refunded_order_is_an_order_and_no_net_sale():
    orders = pd.DataFrame({"session_id": "s", "operator_id": "o", "paid_amount": [10.0, 20.0], "refunded": [True, False]}, index=["a", "b"])
    got = order_figures(orders, pd.Series(0.0, index=orders.index), "operator", "operator_id").set_index("measure")
    assert got.at["orders", "counted"] == 2 and got.at["net_sales", "counted"] == 20.0


def test_from_counters_alone_the_interval_is_wider():
    signals = pd.DataFrame(index=pd.Index(["e", "c"], name="session_id"))
    counted = pd.DataFrame({"views": 100.0, "basis": ["events", "counters"]}, index=signals.index)
    got = session_figures(signals, counted, pd.Series(0.4, index=signals.index), NOBODY).set_index("entity_id")
    assert got.loc["e", ["low", "high"]].tolist() == [100.0, 100.0]
    assert got.loc["c", ["low", "high"]].tolist() == [pytest.approx(62.0), 100.0]


def test_an_operators_viewers_are_counted_once_over_its_sessions():
    """Three viewers in two sessions, one in both: four unique viewers of sessions, of which three quarters are held real."""
    tables = frame_tables(
        {
            "sessions": rows("session_id operator_id started_at", "s1 o t0", "s2 o t0"),
            "views": views("s1 a t0 t9", "s1 b t0 t9", "s2 b t0 t9", "s2 c t0 t9"),
        }
    )
    figures = pd.DataFrame(
        [
            ["session", s, m, "count", 2.0, e, 1.0, 2.0, "events"]
            for s, e in (("s1", 1.0), ("s2", 2.0))
            for m in ("views", "unique_viewers")
        ],
        columns=["entity_kind", "entity_id", "measure", "unit", "counted", "estimate", "low", "high", "basis"],
    )
    got = operator_figures(figures, tables).set_index("measure")
    assert got.loc["views", ["counted", "estimate", "low", "high"]].tolist() == [4.0, 3.0, 2.0, 4.0]
    assert np.allclose(got.loc["unique_viewers", ["counted", "estimate", "low", "high"]].astype(float), [3.0, 2.25, 1.5, 3.0])
