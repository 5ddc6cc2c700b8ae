"""Contract rows of batches."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data_contracts.parquet import connect
from data_contracts.room_minutes import ROOM_MINUTES
from simulation.identifiers import make_ids, take_labels, to_timestamps
from simulation.population import ASN_KINDS, CATEGORIES, REGIONS
from simulation.records import Interactions, Orders, Sessions, Views

ENTRY_SOURCES = ["feed", "follow", "search", "share", "raid", "boost", "activity", "direct"]
INTERACTION_KINDS = ["like", "comment", "follow", "unfollow", "share", "product_click"]
APP_VERSIONS = ["7.2", "8.0", "8.9", "9.0", "9.1", "9.2"]
REFUND_STAGES = ["before_shipping", "in_transit", "after_receipt"]
RECEIPT_LAG_SECONDS = 20.0


def session_rows(s: Sessions, category: np.ndarray, virtual: np.ndarray) -> pa.Table:
    """Contract rows of sessions."""
    streamer = make_ids("streamer", s.operator)
    return pa.table(
        {
            "session_id": make_ids("session", s.index),
            "room_id": make_ids("room", s.operator),
            "operator_id": make_ids("operator", s.operator),
            "streamer_ids": pa.ListArray.from_arrays(
                np.arange(len(s) + 1, dtype=np.int32), streamer
            ),
            "category": take_labels(CATEGORIES, category),
            "started_at": to_timestamps(s.start),
            "ended_at": to_timestamps(s.end),
            "virtual_host": pa.array(virtual),
            "received_at": to_timestamps(s.end + 600),
        }
    )


def view_rows(v: Views) -> pa.Table:
    """Contract rows of views, by time of leaving."""
    order = np.lexsort((v.joined, v.left))
    v = v.select(order)
    return pa.table(
        {
            "session_id": make_ids("session", v.session),
            "account_id": make_ids("account", v.account),
            "device_id": make_ids("device", v.device),
            "joined_at": to_timestamps(v.joined),
            "left_at": to_timestamps(v.left),
            "entry_source": take_labels(ENTRY_SOURCES, v.source),
            "app_version": take_labels(APP_VERSIONS, v.version),
            "ip_prefix": make_ids("ip", v.ip),
            "asn_kind": take_labels(ASN_KINDS, v.asn),
            "region": take_labels(REGIONS, v.region),
            "received_at": to_timestamps(v.left + RECEIPT_LAG_SECONDS),
        }
    )


def interaction_rows(a: Interactions) -> pa.Table:
    """Contract rows of interactions, by time."""
    a = a.select(np.lexsort((a.account, a.at)))
    return pa.table(
        {
            "session_id": make_ids("session", a.session),
            "account_id": make_ids("account", a.account),
            "kind": take_labels(INTERACTION_KINDS, a.kind),
            "at": to_timestamps(a.at),
            "count": pa.array(a.count.astype(np.int64)),
            "text_hash": make_ids("text", a.text),
            "received_at": to_timestamps(a.at + RECEIPT_LAG_SECONDS),
        }
    )


def order_rows(o: Orders) -> pa.Table:
    """Contract rows of orders, by time of placing."""
    o = o.select(np.argsort(o.placed, kind="stable"))
    return pa.table(
        {
            "order_id": make_ids("order", o.index),
            "session_id": make_ids("session", o.session),
            "operator_id": make_ids("operator", o.operator),
            "merchant_id": make_ids("merchant", o.merchant),
            "buyer_id": make_ids("account", o.buyer),
            "product_id": make_ids("product", o.product),
            "placed_at": to_timestamps(o.placed),
            "paid_at": to_timestamps(o.paid),
            "list_amount": pa.array(o.list_amount.round(2)),
            "paid_amount": pa.array(o.amount.round(2)),
            "quantity": pa.array(o.quantity.astype(np.int64)),
            "payer_id": make_ids("payer", o.payer),
            "address_id": make_ids("address", o.address),
            "device_id": make_ids("device", o.device),
            "received_at": to_timestamps(np.fmax(o.placed, o.paid) + RECEIPT_LAG_SECONDS),
        }
    )


def parcel_rows(o: Orders) -> pa.Table:
    """Contract rows of parcels of signed orders, by time of signature."""
    o = o.select(~np.isnan(o.signed))
    o = o.select(np.argsort(o.signed, kind="stable"))
    return pa.table(
        {
            "order_id": make_ids("order", o.index),
            "waybill_id": make_ids("waybill", o.waybill),
            "sender_id": make_ids("sender", o.sender),
            "weight_g": pa.array(o.weight.round(0)),
            "goods_weight_g": pa.array(o.goods_weight.round(0)),
            "picked_up_at": to_timestamps(o.picked),
            "signed_at": to_timestamps(o.signed),
            "scans": pa.array(o.scans.astype(np.int64)),
            "from_region": take_labels(REGIONS, o.from_region),
            "to_region": take_labels(REGIONS, o.to_region),
            "received_at": to_timestamps(o.signed + 600),
        }
    )


def refund_rows(o: Orders) -> pa.Table:
    """Contract rows of refunds, by time of request."""
    o = o.select(~np.isnan(o.refund_asked))
    o = o.select(np.argsort(o.refund_asked, kind="stable"))
    return pa.table(
        {
            "order_id": make_ids("order", o.index),
            "requested_at": to_timestamps(o.refund_asked),
            "stage": take_labels(REFUND_STAGES, o.refund_stage),
            "refunded_at": to_timestamps(o.refund_paid),
            "amount": pa.array(o.amount.round(2)),
            "received_at": to_timestamps(
                np.fmax(o.refund_paid, o.refund_asked) + RECEIPT_LAG_SECONDS
            ),
        }
    )


def review_rows(o: Orders) -> pa.Table:
    """Contract rows of reviews, by time."""
    o = o.select(~np.isnan(o.review_at))
    o = o.select(np.argsort(o.review_at, kind="stable"))
    return pa.table(
        {
            "order_id": make_ids("order", o.index),
            "account_id": make_ids("account", o.buyer),
            "at": to_timestamps(o.review_at),
            "rating": pa.array(o.rating.astype(np.int64)),
            "text_hash": make_ids("text", o.review_text),
            "received_at": to_timestamps(o.review_at + RECEIPT_LAG_SECONDS),
        }
    )


def minute_rows(tables: dict[str, pa.Table]) -> pa.Table:
    """Counters by minute of a day's sessions, from its events and the accounts."""
    with connect(memory="2GB", threads=1) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(ROOM_MINUTES).to_arrow_table()
