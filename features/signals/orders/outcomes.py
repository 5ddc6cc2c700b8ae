"""Outcomes of orders so far: refunded early, overdue, delivered, light, reviewed."""

from __future__ import annotations

import ibis

from features.expressions import ratio, seconds_between

MAX_LIGHT_WEIGHT_RATIO = 0.6  # of a parcel to its goods, below which it is light
MIN_FAMILIAR_SENDER_SHARE = 0.3  # of the operator's parcels, below which a sender is unfamiliar
MIN_SCRIPT_REVIEWS = 8  # reviews with one text from which it is a script
DELIVERY_DUE_DAYS = 6.0
OUTCOMES = ("refunded", "due", "overdue", "parcel", "light", "stranger", "review", "script")


def order_outcomes(orders, parcels, refunds, reviews, moment):
    """Orders with their outcomes so far, 1 or 0 each.

    An order is due when it is older than six days at the moment of the snapshot (ADR-0101).
    """
    t = orders.select(
        "order_id",
        "operator_id",
        "buyer_id",
        "placed_at",
        shop=ibis.coalesce(orders.merchant_id, orders.operator_id),
    )
    early_refunds = (
        refunds.filter(refunds.stage == "before_shipping")
        .select("order_id")
        .distinct()
        .mutate(early_refund=ibis.literal(1))
    )
    delivered = parcels.select(
        "order_id",
        "sender_id",
        weight=ratio(parcels.weight_g, parcels.goods_weight_g),
        delivered=ibis.literal(1),
    )
    reviewed = reviews.select("order_id", "text_hash", reviewed=ibis.literal(1))
    for other in (early_refunds, delivered, reviewed):
        t = t.left_join(other, "order_id", rname="{name}_other").drop("order_id_other")
    texts = (
        reviews.filter(reviews.text_hash.notnull())
        .group_by("text_hash")
        .aggregate(copies=ibis._.count())
    )
    by_sender = (
        t.filter(t.sender_id.notnull())
        .group_by("operator_id", "sender_id")
        .aggregate(sent=ibis._.count())
    )
    by_all = by_sender.group_by("operator_id").aggregate(sent_by_all=ibis._.sent.sum())
    t = t.left_join(texts, "text_hash", rname="{name}_same")
    t = t.left_join(by_sender, ["operator_id", "sender_id"], rname="{name}_sender").left_join(
        by_all, "operator_id", rname="{name}_all"
    )
    due = seconds_between(moment, t.placed_at) > DELIVERY_DUE_DAYS * 86400.0
    outcomes = {
        "refunded": t.early_refund.notnull(),
        "due": due,
        "overdue": due & t.delivered.isnull(),
        "parcel": t.delivered.notnull(),
        "light": (t.weight < MAX_LIGHT_WEIGHT_RATIO).fill_null(False),
        "stranger": (ratio(t.sent, t.sent_by_all) < MIN_FAMILIAR_SENDER_SHARE).fill_null(False),
        "review": t.reviewed.notnull(),
        "script": (t.copies >= MIN_SCRIPT_REVIEWS).fill_null(False),
    }
    return t.select(
        "order_id",
        "buyer_id",
        "shop",
        "placed_at",
        **{name: outcomes[name].cast("int64") for name in OUTCOMES},
    )
