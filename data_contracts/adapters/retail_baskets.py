"""Honest baskets of households in 2017: a control for false alarms.

A store is the operator, a household the buyer. Amounts are in USD and the contract's unit is CNY.
They are unknown here, because any rate would be invented. A basket is paid when it is recorded.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data_contracts.adapters.source import read


def tables(source: Path) -> dict[str, pd.DataFrame]:
    """Contract tables of `baskets.parquet`."""
    raw = read(source / "baskets.parquet").drop_duplicates("basket_id")
    at = raw["at"].astype("datetime64[us]")
    store = "store-" + raw["store_id"].astype(str)
    orders = pd.DataFrame(
        {
            "order_id": raw["basket_id"].astype(str),
            "operator_id": store,
            "merchant_id": store,
            "buyer_id": "household-" + raw["household_id"].astype(str),
            "placed_at": at,
            "paid_at": at,
            "quantity": raw["items"].where(raw["items"] >= 1).astype("Int64"),
            "received_at": at,
        }
    )
    return {"orders": orders}
