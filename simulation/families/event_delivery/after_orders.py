"""Tables that follow orders: parcels, refunds, reviews and complaints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.families.event_delivery.tables import Delivery, nullable
from simulation.identifiers import DAY, take_labels

STAGES = ["before_shipping", "in_transit", "after_receipt"]
BEFORE_SHIPPING, IN_TRANSIT, AFTER_RECEIPT = range(3)
COMPLAINTS = ["fake_goods", "fake_traffic", "refund_refused", "late", "other"]


@dataclass
class AfterOrders:
    """What became of each order; one element an order.

    Parameters
    ----------
    picked, signed, requested, refunded, reviewed, removed, complained
        Seconds since the epoch; NaN where it did not happen.
    weight, goods
        Grams on the carrier's scale and by the catalogue.
    stage
        Place of the goods when a refund was asked for, -1 without refund.
    """

    picked: np.ndarray
    signed: np.ndarray
    weight: np.ndarray
    goods: np.ndarray
    scans: np.ndarray
    sender: np.ndarray
    from_region: np.ndarray
    to_region: np.ndarray
    requested: np.ndarray
    stage: np.ndarray
    refunded: np.ndarray
    reviewed: np.ndarray
    rating: np.ndarray
    text: np.ndarray
    removed: np.ndarray
    complained: np.ndarray


def region_codes(values: np.ndarray) -> pa.Array:
    """Codes such as `R12`; a negative value becomes null."""
    codes = [f"R{i:02d}" for i in range(int(values.max(initial=0)) + 1)]
    return take_labels(codes, values)


def deliver_after_orders(
    delivery: Delivery,
    rng: np.random.Generator,
    orders: Mapping[str, np.ndarray],
    after: AfterOrders,
    hostile: Sequence[tuple[int, float]] = (),
) -> None:
    """Deliver parcels, refunds, reviews and complaints of orders.

    Parameters
    ----------
    delivery
        The lake.
    rng
        Source of chance, for delays.
    orders
        Columns `id`, `operator`, `buyer`, `unit_price`, `quantity` and `discount`.
    after
        What became of each order.
    hostile
        Operator and moment of complaints that concern no order.
    """
    _deliver_parcels(delivery, rng, orders, after)
    _deliver_refunds(delivery, rng, orders, after)
    _deliver_reviews(delivery, rng, orders, after)
    _deliver_complaints(delivery, rng, orders, after, hostile)


def _deliver_parcels(
    delivery: Delivery,
    rng: np.random.Generator,
    orders: Mapping[str, np.ndarray],
    after: AfterOrders,
) -> None:
    """Parcels, delivered at signature."""
    rows = np.flatnonzero(~np.isnan(after.signed))
    delivery.deliver(
        "parcels",
        {
            "order_id": delivery.ids("order", orders["id"][rows]),
            "waybill_id": delivery.ids("waybill", orders["id"][rows]),
            "sender_id": delivery.ids("sender", after.sender[rows]),
            "weight_g": np.round(after.weight[rows]),
            "goods_weight_g": np.round(after.goods[rows]),
            "picked_up_at": delivery.times(after.picked[rows]),
            "signed_at": delivery.times(after.signed[rows]),
            "scans": after.scans[rows],
            "from_region": region_codes(after.from_region[rows]),
            "to_region": region_codes(after.to_region[rows]),
        },
        after.signed[rows] + rng.exponential(5_000, len(rows)),
    )


def _deliver_refunds(
    delivery: Delivery,
    rng: np.random.Generator,
    orders: Mapping[str, np.ndarray],
    after: AfterOrders,
) -> None:
    """Refund requests; a row comes with its refund, or alone at the end."""
    rows = np.flatnonzero(after.requested < delivery.end)
    refunded = np.where(after.refunded[rows] < delivery.end, after.refunded[rows], np.nan)
    paid = orders["unit_price"] * orders["quantity"] * (1 - orders["discount"])
    delivery.deliver(
        "refunds",
        {
            "order_id": delivery.ids("order", orders["id"][rows]),
            "requested_at": delivery.times(after.requested[rows]),
            "stage": take_labels(STAGES, after.stage[rows]),
            "refunded_at": delivery.times(refunded),
            "amount": np.round(paid[rows], 2),
        },
        np.fmax(after.requested[rows], refunded) + rng.exponential(900, len(rows)),
    )


def _deliver_reviews(
    delivery: Delivery,
    rng: np.random.Generator,
    orders: Mapping[str, np.ndarray],
    after: AfterOrders,
) -> None:
    """Reviews, with their removal where it has happened."""
    rows = np.flatnonzero(after.reviewed < delivery.end)
    removed = np.where(after.removed[rows] < delivery.end, after.removed[rows], np.nan)
    delivery.deliver(
        "reviews",
        {
            "order_id": delivery.ids("order", orders["id"][rows]),
            "account_id": delivery.ids("account", orders["buyer"][rows]),
            "at": delivery.times(after.reviewed[rows]),
            "rating": after.rating[rows],
            "text_hash": delivery.ids("text", after.text[rows]),
            "removed_at": delivery.times(removed),
            "removed_by": take_labels(["operator"], np.where(np.isnan(removed), -1, 0)),
        },
        np.fmax(after.reviewed[rows], removed) + rng.exponential(600, len(rows)),
    )


def _deliver_complaints(
    delivery: Delivery,
    rng: np.random.Generator,
    orders: Mapping[str, np.ndarray],
    after: AfterOrders,
    hostile: Sequence[tuple[int, float]],
) -> None:
    """Complaints of buyers, and those that concern no order."""
    rows = np.flatnonzero(after.complained < delivery.end)
    operator = np.concatenate([orders["operator"][rows], [c[0] for c in hostile]]).astype(int)
    opened = np.concatenate([after.complained[rows], [c[1] for c in hostile]]).astype(float)
    order = np.concatenate([orders["id"][rows], np.full(len(hostile), -1)])
    n = len(opened)
    closed = opened + rng.gamma(2, 1.6 * DAY, n)
    closed = np.where(closed < delivery.end, closed, np.nan)
    upheld = rng.random(n) < np.where(order >= 0, 0.45, 0.08)
    kind = np.where(order >= 0, rng.integers(0, 5, n), rng.integers(0, 2, n))
    delivery.deliver(
        "complaints",
        {
            "complaint_id": delivery.ids("complaint", np.arange(n)),
            "operator_id": delivery.ids("operator", operator),
            "order_id": delivery.ids("order", order),
            "kind": take_labels(COMPLAINTS, kind),
            "opened_at": delivery.times(opened),
            "due_at": delivery.times(opened + 7 * DAY),
            "closed_at": delivery.times(closed),
            "upheld": nullable(upheld, np.isnan(closed)),
        },
        np.fmax(opened, closed) + rng.exponential(600, n),
    )
