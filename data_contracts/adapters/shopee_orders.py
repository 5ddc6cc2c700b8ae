"""Shopee Code League 2020, order brushing: orders of candidate shops, to the second.

A shop is the operator and the merchant. Amounts, payments, devices, parcels and refunds are
unknown. The contest's own marks are not read. There are no sessions.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data_contracts.adapters.source import read


def tables(source: Path) -> dict[str, pd.DataFrame]:
    """Contract tables of `orders.parquet` (order_id, shop_id, user_id, event_time)."""
    raw = read(source / "orders.parquet")
    shop = "shop-" + raw["shop_id"].astype(str)
    orders = pd.DataFrame(
        {
            "order_id": raw["order_id"].astype(str),
            "operator_id": shop,
            "merchant_id": shop,
            "buyer_id": "user-" + raw["user_id"].astype(str),
            "placed_at": raw["event_time"],
            "received_at": raw["event_time"],
        }
    )
    return {"orders": orders}
