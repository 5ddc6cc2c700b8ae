"""What becomes of orders: payment, parcels, refunds and reviews, by their fate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulation.families.mass_feed.delivery import Delivery, ids, stamps
from simulation.families.mass_feed.people import People
from simulation.families.mass_feed.rows import (
    BEFORE,
    EMPTY,
    GIFT,
    INSTANT,
    PRESALE,
    SHIPPED,
    UNPAID,
)
from simulation.families.mass_feed.trade import PRODUCTS_PER_OPERATOR
from simulation.families.mass_feed.world import (
    DAY,
    GRAMS,
    REGIONS,
    Operators,
    Sessions,
)
from simulation.identifiers import take_labels

HOUR = 3_600.0


def complete_orders(
    delivery: Delivery,
    orders: pd.DataFrame,
    *,
    operators: Operators,
    people: People,
) -> pd.DataFrame:
    """Prices, payment, parcel, refund and review of each order, in order of time."""
    rng = delivery.rng
    whole = ["s", "o", "a", "product", "quantity", "payer", "address", "device", "fate", "fake"]
    orders = orders.astype(dict.fromkeys([*whole, "gains", "sender"], np.int64))
    orders = orders.sort_values(["at", "a"], kind="stable").reset_index(drop=True)
    n, a, o = len(orders), orders["a"].to_numpy(), orders["o"].to_numpy()
    fate = orders["fate"].to_numpy()
    for name, values in {
        "payer": people.payer,
        "address": people.home,
        "device": people.device,
    }.items():
        orders[name] = np.where(orders[name] == -9, values[a], orders[name])
    price = operators.price.repeat(PRODUCTS_PER_OPERATOR)
    price = np.maximum(np.round(price * np.exp(rng.normal(0, 0.55, len(price)))) - 0.1, 1.9)
    grams = GRAMS[operators.topic].repeat(PRODUCTS_PER_OPERATOR)
    grams = np.maximum(grams * np.exp(rng.normal(0, 0.5, len(grams))), 8.0)
    product = orders["product"].to_numpy()
    orders["list"] = np.round(price[product] * orders["quantity"], 2)
    off = np.where(rng.random(n) < 0.4, rng.uniform(0.6, 1.0, n), 1.0)
    orders["paid"] = np.round(orders["list"] * off, 2)
    orders["at"] = delivery.clock(orders["at"])
    wait = np.where(rng.random(n) < 0.9, rng.exponential(25, n), rng.exponential(1_200, n))
    wait = np.where(fate == PRESALE, rng.uniform(1.5, 4, n) * DAY, wait)
    orders["paid_at"] = np.where(fate == UNPAID, np.nan, delivery.clock(orders["at"] + wait))
    orders.loc[fate == UNPAID, "paid"] = np.nan
    orders["received"] = orders["at"] + delivery.late(n, 30.0)

    regret = rng.random(n) < operators.returns[o] * 0.35
    after = rng.random(n) < operators.returns[o]
    asked = np.where(regret, orders["paid_at"] + rng.exponential(6 * HOUR, n), np.nan)
    soon = orders["paid_at"] + rng.gamma(2, 100, n)
    asked = np.where(fate == INSTANT, soon, asked)
    asked = np.where(fate == BEFORE, orders["paid_at"] + rng.gamma(2, 9 * HOUR, n), asked)
    sham = np.isin(fate, [EMPTY, GIFT, SHIPPED])
    asked = np.where(sham, np.nan, asked)
    pick = orders["paid_at"] + rng.gamma(2, 9 * HOUR, n)
    pick = np.where(asked < pick, np.nan, pick)
    travel = np.where(fate == EMPTY, rng.gamma(2, 8 * HOUR, n), rng.gamma(4, 14 * HOUR, n))
    sign = pick + travel + 2 * HOUR
    asked = np.where(after & np.isnan(asked) & ~sham, sign + rng.exponential(2 * DAY, n), asked)
    orders["pick"], orders["sign"] = delivery.clock(pick), delivery.clock(sign)
    orders["asked"] = delivery.clock(asked)
    orders["stage"] = np.where(asked > sign, 2, np.where(asked > pick, 1, 0))
    goods = grams[product] * orders["quantity"]
    weight = goods * np.exp(rng.normal(0.04, 0.08, n)) + rng.uniform(15, 120, n)
    weight = np.where(fate == EMPTY, rng.uniform(15, 90, n), weight)
    weight = np.where(fate == GIFT, rng.normal(62, 12, n).clip(20), weight)
    orders["weight"], orders["goods"] = np.round(weight), np.round(goods)
    scans = rng.poisson(5, n) + 2
    orders["scans"] = np.where(fate == EMPTY, rng.integers(2, 4, n), scans)
    home = 1_000 + o * 2 + (rng.random(n) < 0.1)
    orders["sender"] = np.where(orders["sender"] >= 0, orders["sender"], home)
    orders["from"], orders["to"] = operators.region[o], people.region[a]
    orders["number"] = np.arange(n)
    return orders


def write_orders(delivery: Delivery, orders: pd.DataFrame, sessions: Sessions) -> None:
    """Write `orders`, `parcels`, `refunds` and `reviews`, each cut at the end of the data."""
    rng, horizon = delivery.rng, sessions.end.max() + 6 * DAY
    paid_at = orders["paid_at"].where(orders["paid_at"] < horizon)
    delivery.write(
        "orders",
        {
            "order_id": ids("order", orders["number"]),
            "session_id": ids("session", orders["s"]),
            "operator_id": ids("operator", orders["o"]),
            "merchant_id": ids("merchant", orders["o"]),
            "buyer_id": ids("account", orders["a"]),
            "product_id": ids("product", orders["product"]),
            "placed_at": stamps(orders["at"]),
            "paid_at": stamps(paid_at),
            "list_amount": orders["list"],
            "paid_amount": orders["paid"],
            "quantity": orders["quantity"],
            "payer_id": ids("payer", orders["payer"]),
            "address_id": ids("address", orders["address"]),
            "device_id": ids("device", delivery.some(orders["device"].to_numpy(), 0.03)),
            "received_at": stamps(orders["received"]),
        },
    )
    sent = orders[orders["sign"].notna() & (orders["sign"] < horizon)]
    reused = (sent["fate"] == EMPTY).to_numpy() & (rng.random(len(sent)) < 0.2)
    waybill = np.where(reused, sent["number"] // 7, sent["number"])
    delivery.write(
        "parcels",
        {
            "order_id": ids("order", sent["number"]),
            "waybill_id": ids("waybill", waybill),
            "sender_id": ids("sender", sent["sender"]),
            "weight_g": sent["weight"].to_numpy(),
            "goods_weight_g": sent["goods"].to_numpy(),
            "picked_up_at": stamps(sent["pick"]),
            "signed_at": stamps(sent["sign"]),
            "scans": sent["scans"].to_numpy(),
            "from_region": take_labels(list(REGIONS), sent["from"].to_numpy()),
            "to_region": take_labels(list(REGIONS), sent["to"].to_numpy()),
            "received_at": stamps(sent["sign"] + delivery.late(len(sent), 1_800.0)),
        },
    )
    back = orders[orders["asked"].notna() & (orders["asked"] < horizon)]
    refunded = back["asked"] + rng.gamma(2, 10 * HOUR, len(back))
    refunded = refunded.where(rng.random(len(back)) < 0.93)
    delivery.write(
        "refunds",
        {
            "order_id": ids("order", back["number"]),
            "requested_at": stamps(back["asked"]),
            "stage": take_labels(
                ["before_shipping", "in_transit", "after_receipt"], back["stage"].to_numpy()
            ),
            "refunded_at": stamps(delivery.clock(refunded)),
            "amount": back["paid"].to_numpy(),
            "received_at": stamps(back["asked"] + delivery.late(len(back), 120.0)),
        },
    )
    sham = sent["fate"].isin([EMPTY, GIFT, SHIPPED]) & (sent["fake"] > 0)
    wrote = sent[rng.random(len(sent)) < np.where(sham, 0.6, 0.12)]
    at = delivery.clock(wrote["sign"] + rng.exponential(DAY, len(wrote)))
    sham = (wrote["fake"] > 0).to_numpy()
    stars = np.where(
        sham, 5, rng.choice([1, 2, 3, 4, 5], len(wrote), p=[0.06, 0.04, 0.08, 0.2, 0.62])
    )
    said = np.where(
        sham & (rng.random(len(wrote)) < 0.5), wrote["o"] % 40, 90_000 + wrote["number"]
    )
    said = np.where(
        ~sham & (rng.random(len(wrote)) < 0.3), rng.integers(100, 300, len(wrote)), said
    )
    delivery.write(
        "reviews",
        {
            "order_id": ids("order", wrote["number"]),
            "account_id": ids("account", wrote["a"]),
            "at": stamps(at),
            "rating": stars,
            "text_hash": ids("text", said),
            "received_at": stamps(at + delivery.late(len(wrote), 60.0)),
        },
    )
