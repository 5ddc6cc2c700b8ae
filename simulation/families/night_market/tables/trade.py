"""Tables of orders, parcels, refunds, reviews and complaints."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from simulation.families.night_market.fulfilment import AFTER, NONE, UNDERWAY
from simulation.families.night_market.tables.columns import moments, numbers, received, unknown
from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import DAY, DISTRICTS, HOUR, PRODUCTS_PER_STALL
from simulation.identifiers import make_ids, take_labels


def order_table(town: Town, b: SimpleNamespace) -> pa.Table:
    """Orders as they were placed and paid."""
    rng, p = town.rng, town.parameters
    guild = town.operators.guild[b.operator]
    merchant = np.where(guild >= 0, 10_000 + guild, b.operator)
    unpaid = np.isnan(b.paid)
    return pa.table(
        {
            "order_id": make_ids("order", np.arange(len(b.buyer))),
            "session_id": make_ids("session", b.session),
            "operator_id": make_ids("operator", b.operator),
            "merchant_id": make_ids("merchant", merchant),
            "buyer_id": make_ids("account", b.buyer),
            "product_id": make_ids("product", b.operator * PRODUCTS_PER_STALL + b.product),
            "placed_at": moments(town, b.placed),
            "paid_at": moments(town, b.paid),
            "list_amount": numbers(b.list),
            "paid_amount": numbers(b.cash),
            "quantity": numbers(b.quantity),
            "payer_id": make_ids("payer", np.where(unpaid, -1, b.payer)),
            "address_id": make_ids("address", b.address),
            "device_id": make_ids("device", unknown(rng, b.device, p.no_device)),
            "received_at": received(town, np.fmax(b.placed, b.paid)),
        }
    )


def aftermath_tables(town: Town, b: SimpleNamespace) -> dict[str, pa.Table]:
    """Parcels, refunds, reviews and complaints."""
    rng, n = town.rng, len(b.buyer)
    order_id = make_ids("order", np.arange(n))
    ended = np.where(b.stage == UNDERWAY, b.asked, b.signed)
    parcels = {
        "order_id": order_id,
        "waybill_id": make_ids("waybill", np.arange(n)),
        "sender_id": make_ids("sender", b.sender),
        "weight_g": numbers(b.weight, rng.random(n) < 0.03),
        "goods_weight_g": numbers(b.goods, rng.random(n) < 0.1),
        "picked_up_at": moments(town, np.where(rng.random(n) < 0.01, np.nan, b.picked)),
        "signed_at": moments(town, b.signed),
        "scans": numbers(b.scans),
        "from_region": take_labels(DISTRICTS, b.from_district),
        "to_region": take_labels(DISTRICTS, unknown(rng, b.to_district, 0.02)),
        "received_at": received(town, ended, HOUR),
    }
    asked = b.stage < NONE
    refunds = {
        "order_id": order_id,
        "requested_at": moments(town, b.asked),
        "stage": take_labels(
            ["before_shipping", "in_transit", "after_receipt"], np.where(asked, b.stage, -1)
        ),
        "refunded_at": moments(town, b.back),
        "amount": numbers(np.where(np.isnan(b.back), 0, b.refund)),
        "received_at": received(town, np.fmax(b.asked, b.back), 600),
    }
    gone = np.where(b.removed < town.end - HOUR, b.removed, np.nan)
    reviews = {
        "order_id": order_id,
        "account_id": make_ids("account", b.buyer),
        "at": moments(town, b.said),
        "rating": numbers(b.stars),
        "text_hash": make_ids("text", b.text),
        "removed_at": moments(town, gone),
        "removed_by": take_labels(
            ["author", "operator", "platform"], np.where(np.isnan(gone), -1, b.remover)
        ),
        "received_at": received(town, np.fmax(b.said, gone), 600),
    }
    return {
        "parcels": pa.table(parcels).filter(b.sent & ~np.isnan(ended)),
        "refunds": pa.table(refunds).filter(asked),
        "reviews": pa.table(reviews).filter(~np.isnan(b.said)),
        "complaints": _complaints(town, b),
    }


def _complaints(town: Town, b: SimpleNamespace) -> pa.Table:
    """Buyers complain of orders; viewers report rooms, the busy and the odd alike."""
    rng, s = town.rng, town.sessions
    rate = np.where(b.stage == AFTER, 0.04, 0.003) * rng.uniform(0.5, 2)
    angry = np.flatnonzero(~np.isnan(b.paid) & (rng.random(len(rate)) < rate))
    v = town.views.joined()
    busy = np.sqrt(np.bincount(v.session, minlength=len(s.start)) + 1.0)
    false = np.bincount(v.session[v.scheme > 0], minlength=len(s.start)) > 0
    odds = busy * np.where(false, 1.5, 1.0)
    rooms = rng.choice(len(odds), int(rng.integers(3, 60)), p=odds / odds.sum())
    n = len(angry) + len(rooms)
    opened = np.concatenate(
        [
            np.fmax(b.asked, b.paid)[angry] + rng.exponential(2 * DAY, len(angry)),
            s.end[rooms] + rng.uniform(0.1, 4, len(rooms)) * DAY,
        ]
    )
    closed = opened + rng.gamma(2, 2 * DAY, n)
    closed[(rng.random(n) < 0.3) | (closed > town.end - HOUR)] = np.nan
    about = np.where(
        b.stage[angry] == AFTER,
        rng.choice([0, 2, 4], len(angry)),
        rng.choice([2, 3, 4], len(angry)),
    )
    operator = np.concatenate([b.operator[angry], s.operator[rooms]])
    return pa.table(
        {
            "complaint_id": make_ids("complaint", np.arange(n)),
            "operator_id": make_ids("operator", operator),
            "order_id": make_ids("order", np.concatenate([angry, np.full(len(rooms), -1)])),
            "kind": take_labels(
                ["fake_goods", "fake_traffic", "refund_refused", "late", "other"],
                np.concatenate([about, np.ones(len(rooms), int)]),
            ),
            "opened_at": moments(town, opened),
            "due_at": moments(town, opened + 7 * DAY),
            "closed_at": moments(town, closed),
            "upheld": numbers(rng.random(n) < 0.3, np.isnan(closed)),
            "received_at": received(town, np.fmax(opened, closed)),
        }
    )
