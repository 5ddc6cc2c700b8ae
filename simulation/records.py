"""Batches of events as arrays, and the step from arrays to contract rows."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from simulation.identifiers import chosen, moments, named
from simulation.population import ASN, CATEGORIES, REGIONS

SOURCES = ["feed", "follow", "search", "share", "raid", "boost", "activity", "direct"]
KINDS = ["like", "comment", "follow", "unfollow", "share", "product_click"]
VERSIONS = ["7.2", "8.0", "8.9", "9.0", "9.1", "9.2"]
STAGES = ["before_shipping", "in_transit", "after_receipt"]
LAG = 20.0  # seconds from an event to its receipt


class Batch:
    """Columns of equal length that can be put one after another."""

    @classmethod
    def stacked(cls, batches: list):
        kept = [b for b in batches if b is not None and len(b)]
        if not kept:
            return cls(**{f.name: np.zeros(0) for f in fields(cls)})  # type: ignore[arg-type]
        return cls(
            **{f.name: np.concatenate([getattr(b, f.name) for b in kept]) for f in fields(cls)}  # type: ignore[arg-type]
        )

    def where(self, mask: np.ndarray):
        return type(self)(**{f.name: getattr(self, f.name)[mask] for f in fields(self)})  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Sessions(Batch):
    """Sessions of one day. `scheme_*` never leave the truth folder."""

    index: np.ndarray
    operator: np.ndarray
    start: np.ndarray
    end: np.ndarray
    viewers: np.ndarray  # expected average concurrent viewers
    dwell: np.ndarray  # expected mean stay, seconds
    segment: np.ndarray  # row into the day's arrival profiles


@dataclass(frozen=True)
class Views(Batch):
    session: np.ndarray
    account: np.ndarray
    device: np.ndarray
    joined: np.ndarray
    left: np.ndarray
    source: np.ndarray
    version: np.ndarray
    ip: np.ndarray
    asn: np.ndarray
    region: np.ndarray
    scheme: np.ndarray  # 0 is honest


@dataclass(frozen=True)
class Acts(Batch):
    session: np.ndarray
    account: np.ndarray
    kind: np.ndarray
    at: np.ndarray
    count: np.ndarray
    text: np.ndarray
    scheme: np.ndarray


@dataclass(frozen=True)
class Orders(Batch):
    index: np.ndarray
    session: np.ndarray
    operator: np.ndarray
    merchant: np.ndarray
    buyer: np.ndarray
    product: np.ndarray
    placed: np.ndarray
    paid: np.ndarray
    list_amount: np.ndarray
    amount: np.ndarray
    quantity: np.ndarray
    payer: np.ndarray
    address: np.ndarray
    device: np.ndarray
    scheme: np.ndarray
    beneficiary: np.ndarray
    # what will happen to it
    goods_weight: np.ndarray
    weight: np.ndarray
    picked: np.ndarray
    signed: np.ndarray
    scans: np.ndarray
    waybill: np.ndarray
    sender: np.ndarray
    from_region: np.ndarray
    to_region: np.ndarray
    refund_asked: np.ndarray
    refund_paid: np.ndarray
    refund_stage: np.ndarray
    review_at: np.ndarray
    rating: np.ndarray
    review_text: np.ndarray


def session_rows(s: Sessions, category: np.ndarray, virtual: np.ndarray) -> pa.Table:
    streamer = named("streamer", s.operator)
    return pa.table(
        {
            "session_id": named("session", s.index),
            "room_id": named("room", s.operator),
            "operator_id": named("operator", s.operator),
            "streamer_ids": pa.ListArray.from_arrays(
                np.arange(len(s) + 1, dtype=np.int32), streamer
            ),
            "category": chosen(CATEGORIES, category),
            "started_at": moments(s.start),
            "ended_at": moments(s.end),
            "virtual_host": pa.array(virtual),
            "received_at": moments(s.end + 600),
        }
    )


def view_rows(v: Views) -> pa.Table:
    order = np.lexsort((v.joined, v.left))
    v = v.where(order)
    return pa.table(
        {
            "session_id": named("session", v.session),
            "account_id": named("account", v.account),
            "device_id": named("device", v.device),
            "joined_at": moments(v.joined),
            "left_at": moments(v.left),
            "entry_source": chosen(SOURCES, v.source),
            "app_version": chosen(VERSIONS, v.version),
            "ip_prefix": named("ip", v.ip),
            "asn_kind": chosen(ASN, v.asn),
            "region": chosen(REGIONS, v.region),
            "received_at": moments(v.left + LAG),
        }
    )


def act_rows(a: Acts) -> pa.Table:
    a = a.where(np.lexsort((a.account, a.at)))
    return pa.table(
        {
            "session_id": named("session", a.session),
            "account_id": named("account", a.account),
            "kind": chosen(KINDS, a.kind),
            "at": moments(a.at),
            "count": pa.array(a.count.astype(np.int64)),
            "text_hash": named("text", a.text),
            "received_at": moments(a.at + LAG),
        }
    )


def order_rows(o: Orders) -> pa.Table:
    o = o.where(np.argsort(o.placed, kind="stable"))
    return pa.table(
        {
            "order_id": named("order", o.index),
            "session_id": named("session", o.session),
            "operator_id": named("operator", o.operator),
            "merchant_id": named("merchant", o.merchant),
            "buyer_id": named("account", o.buyer),
            "product_id": named("product", o.product),
            "placed_at": moments(o.placed),
            "paid_at": moments(o.paid),
            "list_amount": pa.array(o.list_amount.round(2)),
            "paid_amount": pa.array(o.amount.round(2)),
            "quantity": pa.array(o.quantity.astype(np.int64)),
            "payer_id": named("payer", o.payer),
            "address_id": named("address", o.address),
            "device_id": named("device", o.device),
            "received_at": moments(np.fmax(o.placed, o.paid) + LAG),
        }
    )


def parcel_rows(o: Orders) -> pa.Table:
    o = o.where(~np.isnan(o.signed))
    o = o.where(np.argsort(o.signed, kind="stable"))
    return pa.table(
        {
            "order_id": named("order", o.index),
            "waybill_id": named("waybill", o.waybill),
            "sender_id": named("sender", o.sender),
            "weight_g": pa.array(o.weight.round(0)),
            "goods_weight_g": pa.array(o.goods_weight.round(0)),
            "picked_up_at": moments(o.picked),
            "signed_at": moments(o.signed),
            "scans": pa.array(o.scans.astype(np.int64)),
            "from_region": chosen(REGIONS, o.from_region),
            "to_region": chosen(REGIONS, o.to_region),
            "received_at": moments(o.signed + 600),
        }
    )


def refund_rows(o: Orders) -> pa.Table:
    o = o.where(~np.isnan(o.refund_asked))
    o = o.where(np.argsort(o.refund_asked, kind="stable"))
    return pa.table(
        {
            "order_id": named("order", o.index),
            "requested_at": moments(o.refund_asked),
            "stage": chosen(STAGES, o.refund_stage),
            "refunded_at": moments(o.refund_paid),
            "amount": pa.array(o.amount.round(2)),
            "received_at": moments(np.fmax(o.refund_paid, o.refund_asked) + LAG),
        }
    )


def review_rows(o: Orders) -> pa.Table:
    o = o.where(~np.isnan(o.review_at))
    o = o.where(np.argsort(o.review_at, kind="stable"))
    return pa.table(
        {
            "order_id": named("order", o.index),
            "account_id": named("account", o.buyer),
            "at": moments(o.review_at),
            "rating": pa.array(o.rating.astype(np.int64)),
            "text_hash": named("text", o.review_text),
            "received_at": moments(o.review_at + LAG),
        }
    )
