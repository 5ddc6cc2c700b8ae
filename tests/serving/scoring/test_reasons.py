"""Claims about the reasons of a score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME
from serving.policy.load import load_policy
from serving.scoring.reasons import (
    Driver,
    drivers_of,
    mostly_about_orders,
    peer_medians,
    reasons_of,
)

NIGHT = load_policy().night


def test_a_reason_lies_on_the_suspicious_side_of_its_peers_and_is_known():
    """A reason has a known value on the suspicious side of its peers."""
    columns = ["flash_view_share", "stay_spread_ratio", "view_count", "proxy_view_share"]
    signals = pd.DataFrame([[0.1, 2.0, 50.0, 0.0]] * 30, columns=columns)
    peers = peer_medians(signals, None)
    values = np.array(
        [0.05, 0.2, 10.0, np.nan]
    )  # flash below its peers, spread suspiciously low, proxies unknown
    drivers = drivers_of(
        pd.Series(values, columns, name="x"), np.array([2.0, 1.0, 0.5, 3.0]), peers
    )
    assert [d.signal.name for d in drivers] == ["stay_spread_ratio", "view_count"]
    said = reasons_of(drivers, 4)
    assert [r["signal"] for r in said] == ["stay_spread_ratio"]  # a count speaks against nobody
    assert said[0]["share"] == pytest.approx(1.0 / 6.5, abs=1e-4) and said[0]["peers"] == 2.0


@pytest.mark.parametrize(
    ("orders", "views", "contested"), [(0.51, 0.49, True), (0.5, 0.5, False), (0.0, 0.0, False)]
)
def test_operator_suspected_of_its_orders_is_contested(orders, views, contested):
    """An operator is contested when most of the suspicion is of its orders."""
    drivers = [
        Driver(BY_NAME["burst_order_share"], 1.0, 0.0, orders),
        Driver(BY_NAME["operator_flash_view_share"], 1.0, 0.0, views),
    ]
    assert mostly_about_orders(drivers) is contested and not mostly_about_orders([])
