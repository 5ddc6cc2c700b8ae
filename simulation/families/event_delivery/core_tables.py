"""The tables of events: accounts, views, interactions and orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from simulation.families.event_delivery.after_orders import region_codes
from simulation.families.event_delivery.planted_truth import ACT_KINDS
from simulation.families.event_delivery.tables import Delivery, hide
from simulation.identifiers import DAY, take_labels

SOURCES = ("feed", "follow", "search", "share", "raid", "boost", "activity", "direct")
NETWORKS = ("mobile", "broadband", "campus", "office", "datacentre", "proxy")
COMMENT = 1  # place in ACT_KINDS
PRODUCTS_PER_OPERATOR = 1_000  # room for product numbers of one operator
Columns = Mapping[str, np.ndarray]


def delays(
    rng: np.random.Generator, happened: np.ndarray, batch_seconds: float, late_share: float
) -> np.ndarray:
    """Moments of receipt: streamed within a minute or in batches, with a share that is late."""
    received = happened + rng.gamma(1.5, 20, len(happened))
    if batch_seconds:
        received = np.ceil(received / batch_seconds) * batch_seconds
        received += rng.uniform(60, 900, len(happened))
    late = rng.random(len(happened)) < late_share
    return np.where(late, received + rng.uniform(0.1, 3, len(happened)) * DAY, received)


def in_time(columns: Columns, end: float) -> dict[str, np.ndarray]:
    """Rows received before the lake was copied."""
    rows = np.flatnonzero(columns["received"] < end)
    return {name: values[rows] for name, values in columns.items()}


def number_orders(columns: Columns, end: float) -> dict[str, np.ndarray]:
    """Orders in order of time with their number; payments close to the end are not known yet."""
    order = np.argsort(columns["placed"], kind="stable")
    orders = {name: values[order] for name, values in columns.items()}
    orders["id"] = np.arange(len(order))
    known = orders["paid"] < end - DAY
    paid = np.maximum(orders["paid"], orders["placed"])
    orders["paid"] = np.where(known, paid, np.nan)
    return orders


def deliver_views(delivery: Delivery, views: Columns, versions: Sequence[str]) -> None:
    """Views; `guest`, `no_device` and `no_leave` say what is null."""
    delivery.deliver(
        "views",
        {
            "session_id": delivery.ids("session", views["session"]),
            "account_id": hide(delivery.ids("account", views["account"]), views["guest"]),
            "device_id": hide(delivery.ids("device", views["device"]), views["no_device"]),
            "joined_at": delivery.times(views["joined"]),
            "left_at": delivery.times(np.where(views["no_leave"], np.nan, views["left"])),
            "entry_source": take_labels(list(SOURCES), views["source"]),
            "app_version": take_labels(list(versions), views["version"]),
            "ip_prefix": delivery.ids("ip", views["net"]),
            "asn_kind": take_labels(list(NETWORKS), views["asn"]),
            "region": region_codes(views["region"]),
        },
        views["received"],
    )


def deliver_acts(delivery: Delivery, acts: Columns, nameless: np.ndarray) -> None:
    """Interactions; those that are `nameless` carry no account."""
    delivery.deliver(
        "interactions",
        {
            "session_id": delivery.ids("session", acts["session"]),
            "account_id": hide(delivery.ids("account", acts["account"]), nameless),
            "kind": take_labels(list(ACT_KINDS), acts["kind"]),
            "at": delivery.times(acts["at"]),
            "count": acts["count"],
            "text_hash": delivery.ids("text", np.where(acts["kind"] == COMMENT, acts["text"], -1)),
        },
        acts["received"],
    )


def deliver_orders(delivery: Delivery, orders: Columns) -> None:
    """Orders; the amount is the price less the discount."""
    amount = np.round(orders["unit_price"] * orders["quantity"], 2)
    product = orders["operator"] * PRODUCTS_PER_OPERATOR + orders["product"]
    delivery.deliver(
        "orders",
        {
            "order_id": delivery.ids("order", orders["id"]),
            "session_id": delivery.ids("session", orders["session"]),
            "operator_id": delivery.ids("operator", orders["operator"]),
            "merchant_id": delivery.ids("merchant", orders["operator"]),
            "buyer_id": delivery.ids("account", orders["buyer"]),
            "product_id": delivery.ids("product", product),
            "placed_at": delivery.times(orders["placed"]),
            "paid_at": delivery.times(orders["paid"]),
            "list_amount": amount,
            "paid_amount": np.round(amount * (1 - orders["discount"]), 2),
            "quantity": orders["quantity"],
            "payer_id": delivery.ids("payer", orders["payer"]),
            "address_id": delivery.ids("address", orders["address"]),
            "device_id": delivery.ids("device", orders["device"]),
        },
        orders["received"],
    )


def deliver_accounts(
    delivery: Delivery, rng: np.random.Generator, accounts: Columns, used: Sequence[np.ndarray]
) -> None:
    """Accounts that are named anywhere.

    Parameters
    ----------
    delivery
        The lake.
    rng
        Source of chance, for values that are not known.
    accounts
        Columns `registered`, `verified`, `level`, `region` and `referrer`, one element an account.
    used
        Accounts that some table names; negative ones are none.
    """
    named = np.unique(np.concatenate(list(used)))
    named = named[named >= 0]
    registered = accounts["registered"][named]
    known = rng.random((2, len(named))) > 0.04
    delivery.deliver(
        "accounts",
        {
            "account_id": delivery.ids("account", named),
            "registered_at": delivery.times(registered),
            "real_name_verified": pa.array(accounts["verified"][named], mask=~known[0]),
            "level": pa.array(accounts["level"][named], mask=~known[1]),
            "region": region_codes(accounts["region"][named]),
            "referrer_id": delivery.ids("account", accounts["referrer"][named]),
        },
        np.maximum(registered + 300, delivery.end - 40 * DAY),
    )
