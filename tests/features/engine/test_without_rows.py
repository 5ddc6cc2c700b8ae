"""Signals that say what no row means: zero where the table is delivered, else unknown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME
from features.declaration import OPERATOR
from features.engine.compute import compute
from features.peers.baseline_fit import fit
from tests.spec.tables import ORDER, rows

COMPLAINTS = rows("complaint_id operator_id kind opened_at", "c1 o1 late t0", "c2 o1 late t0")
SIGNALS = [BY_NAME["complaint_count"], BY_NAME["instant_refund_order_share"]]


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        ({"complaints": COMPLAINTS}, {"o1": 2.0, "o2": 0.0}),
        ({"complaints": COMPLAINTS.iloc[:0]}, {"o1": 0.0, "o2": 0.0}),
        ({}, {"o1": np.nan, "o2": np.nan}),
    ],
    ids=["some", "none", "table missing"],
)
def test_no_complaint_is_zero_where_complaints_are_delivered(delivered, expected):
    """An operator that sold and was not complained about has 0, and unknown without the table."""
    orders = rows(ORDER + " paid_at", "r1 o1 a t0 t0", "r2 o2 a t0 t0")
    refunds = rows("order_id requested_at", "r1 t900")
    found = compute({"orders": orders, "refunds": refunds} | delivered, SIGNALS, OPERATOR)
    pd.testing.assert_series_equal(
        found["complaint_count"], pd.Series(expected, name="complaint_count"), check_index=False
    )
    assert found.index.tolist() == ["o1", "o2"]


def test_one_complaint_among_operators_without_is_one_spread():
    """Where almost nobody has a complaint one is no deviation, and ten are."""
    values = np.zeros((200, 1))
    values[:2, 0] = 1.0, 10.0
    found = fit(SIGNALS[:1], values, None).deviations(values)
    assert found[:3, 0].tolist() == [1.0, 10.0, 0.0]
