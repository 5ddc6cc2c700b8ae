"""Statistics of orders: of an honest lake, and of one with a brusher platform."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.realism.statistic import Statistic, quantiles, read_table

BURST_SECONDS = 3600


def order_statistics(lake: Path, days: int) -> list[Statistic]:
    """Values of orders and how buyers spread over shops, in an honest lake of so many days."""
    columns = ["order_id", "operator_id", "buyer_id", "paid_amount"]
    orders = read_table(lake, "orders", columns)
    value = np.log(orders["paid_amount"] / orders["paid_amount"].median())
    per_buyer = orders.groupby("buyer_id").size()
    pair = orders.groupby(["operator_id", "buyer_id"]).size()
    return [
        Statistic(
            "log-sd of the value of an order",
            "1.23",
            f"{value.std():.2f}",
            "the measured figure is of retail baskets in another currency, so only the spread "
            "compares",
        ),
        Statistic(
            "orders of a buyer in a year",
            "43",
            f"{per_buyer.median() * 365 / days:.0f}",
            "baskets of households; buyers in one app order less elsewhere",
        ),
        Statistic(
            "buyer-shop pairs with one order / three or more",
            "0.855/0.058",
            f"{(pair == 1).mean():.3f}/{(pair >= 3).mean():.3f}",
        ),
    ]


def brushing_statistics(lake: Path, truth: Path) -> list[Statistic]:
    """Orders of brushers and of others, told apart by the ground truth."""
    columns = ["order_id", "operator_id", "buyer_id", "placed_at", "paid_at"]
    orders = read_table(lake, "orders", columns)
    refunds = read_table(lake, "refunds", ["order_id"])
    reviews = read_table(lake, "reviews", ["order_id", "text_hash"])
    category = read_table(lake, "operators", ["operator_id", "category"])
    fake = set(read_table(truth, "orders", ["order_id"])["order_id"])
    orders = orders.assign(
        fake=orders["order_id"].isin(fake),
        category=orders["operator_id"].map(category.set_index("operator_id")["category"]),
        refunded=orders["order_id"].isin(set(refunds["order_id"])),
    )
    brushed = orders[orders["fake"]].sort_values("placed_at").groupby(["operator_id", "buyer_id"])
    gaps = brushed["placed_at"].diff().dt.total_seconds().dropna()
    mature = orders[
        orders["paid_at"].notna()
        & ~orders["fake"]
        & (orders["placed_at"] < orders["placed_at"].max() - pd.Timedelta(days=7))
    ]
    rate = mature.groupby("category")["refunded"].mean()
    repeated = reviews["text_hash"].duplicated(keep=False)
    duplicate = repeated.groupby(reviews["order_id"].isin(fake)).mean()
    buyers = orders.groupby(["fake", "buyer_id"]).agg(
        n=("order_id", "size"), shops=("operator_id", "nunique")
    )
    loyal = (1 - buyers["shops"] / buyers["n"])[buyers["n"] >= 3].groupby("fake").mean()
    return [
        Statistic(
            "brushing buyers: orders at a shop, p50/75/95/99",
            "3/4/6.3/20",
            quantiles(brushed.size(), 0.5, 0.75, 0.95, 0.99),
            "the contest's rule marks only bursts, so few orders never appear there",
        ),
        Statistic(
            "brushing buyers: seconds between their orders, median",
            "357",
            f"{gaps[gaps < BURST_SECONDS].median():.0f}",
            "gaps within the hour, as in the rule",
        ),
        Statistic(
            "refund rate, women's wear / others (weak evidence)",
            "0.5-0.8/0.10-0.15",
            f"{rate['apparel']:.2f}/{rate.drop('apparel').mean():.2f}",
        ),
        Statistic(
            "duplicate reviews, brushers / others (weak evidence)",
            "0.65/0.11",
            f"{duplicate.get(True, np.nan):.2f}/{duplicate.get(False, np.nan):.2f}",
            "brushers always use their script here: easier than it should be",
        ),
        Statistic(
            "repeat-merchant share, brushers / others (weak evidence)",
            "0.44/0.12",
            f"{loyal.get(True, np.nan):.2f}/{loyal.get(False, np.nan):.2f}",
            "buyers with three orders or more",
        ),
    ]
