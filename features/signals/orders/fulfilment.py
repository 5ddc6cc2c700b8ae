"""The outcome of an order: its parcel, its refund, its review."""

from __future__ import annotations

import ibis

from features.declaration import ORDER, relation, signal
from features.expressions import ratio, seconds_between
from features.units import Unit

SECONDS_PER_HOUR = 3600.0


@relation(ORDER, reads=("orders", "parcels"), grouped=False, typology="order_fraud", direction=-1)
def delivered_parcels(orders, parcels):
    """Delivered orders with their parcel, and the other parcels of its sender and waybill."""
    o = orders.select("order_id", "operator_id", "paid_at")
    t = o.join(parcels.drop("received_at"), "order_id")
    known_sender = t.filter(t.sender_id.notnull())
    senders = known_sender.group_by("sender_id").aggregate(
        sender_operators=ibis._.operator_id.nunique()
    )
    by_sender = known_sender.group_by("operator_id", "sender_id").aggregate(sent=ibis._.count())
    by_all = known_sender.group_by("operator_id").aggregate(sent_by_all=ibis._.count())
    waybills = (
        t.filter(t.waybill_id.notnull())
        .group_by("waybill_id")
        .aggregate(waybill_orders=ibis._.count())
    )
    t = t.left_join(senders, "sender_id", rname="{name}_other").drop("sender_id_other")
    t = t.left_join(by_sender, ["operator_id", "sender_id"], rname="{name}_other").drop(
        "operator_id_other", "sender_id_other"
    )
    t = t.left_join(by_all, "operator_id", rname="{name}_other").drop("operator_id_other")
    return t.left_join(waybills, "waybill_id", rname="{name}_other").drop("waybill_id_other")


@relation(ORDER, reads=("orders", "refunds"), grouped=False, local=True, typology="order_fraud")
def order_refunds(orders, refunds):
    """Orders with their refund, if any was requested so far."""
    r = refunds.select("order_id", "requested_at", "stage")
    return (
        orders.select("order_id", "paid_at", "placed_at")
        .left_join(r, "order_id", rname="{name}_asked")
        .drop("order_id_asked")
    )


@relation(ORDER, reads=("orders", "reviews"), grouped=False, typology="review_fraud")
def order_reviews(orders, reviews):
    """Reviewed orders with the number of reviews that have the same text."""
    same = (
        reviews.filter(reviews.text_hash.notnull())
        .group_by("text_hash")
        .aggregate(copies=ibis._.count())
    )
    r = (
        reviews.select("order_id", "rating", "text_hash")
        .left_join(same, "text_hash", rname="{name}_same")
        .drop("text_hash_same")
    )
    return orders.select("order_id").join(r, "order_id")


@signal(
    delivered_parcels,
    unit=Unit.RATIO,
    alarm=0.6,
    evidence_group="light",
    zh="包裹重量为商品重量的 {value}",
    en="the parcel weighs {value} the weight of its goods",
    blind="Catalogue weights are often wrong. Real goods may be shipped.",
)
def parcel_to_goods_weight_ratio(t):
    """Weight on the carrier's scale over the weight of the goods."""
    return ratio(t.weight_g, t.goods_weight_g)


@signal(
    delivered_parcels,
    unit=Unit.GRAMS,
    evidence_group="light",
    zh="包裹重 {value}",
    en="the parcel weighs {value}",
    blind="Honest gifts under 50 g, so it raises no alarm alone.",
)
def parcel_weight_grams(t):
    """Weight on the carrier's scale."""
    return t.weight_g


@signal(
    delivered_parcels,
    unit=Unit.HOURS,
    evidence_group="signature",
    zh="包裹揽收后 {value}签收",
    en="the parcel was signed for {value} after pick-up",
    blind="Couriers within a city are this fast.",
)
def pickup_to_signature_hours(t):
    """Hours from pick-up to signature."""
    return seconds_between(t.signed_at, t.picked_up_at) / SECONDS_PER_HOUR


@signal(
    delivered_parcels,
    unit=Unit.HOURS,
    alarm=12.0,
    evidence_group="signature",
    zh="跨地区包裹揽收后 {value}签收",
    en="the parcel was signed for in another region {value} after pick-up",
    blind="Neighbouring regions. Unknown within a region.",
)
def cross_region_signature_hours(t):
    """Hours from pick-up to signature for parcels between regions; unknown within one."""
    return (t.from_region != t.to_region).ifelse(
        seconds_between(t.signed_at, t.picked_up_at) / SECONDS_PER_HOUR, None
    )


@signal(
    delivered_parcels,
    unit=Unit.SCANS,
    evidence_group="signature",
    zh="承运人全程记录 {value}",
    en="the carrier recorded {value} of the parcel",
    blind="Couriers within a city scan twice.",
)
def parcel_scan_count(t):
    """Carrier scans between pick-up and signature."""
    return t.scans


@signal(
    delivered_parcels,
    unit=Unit.ORDERS,
    direction=1,
    alarm=2.0,
    evidence_group="sender",
    zh="同一运单号用于 {value}",
    en="its waybill number was used for {value}",
    blind="Joint shipment of one buyer's basket.",
)
def waybill_order_count(t):
    """Orders that carry the same waybill number in the last 28 days."""
    return t.waybill_orders


@signal(
    delivered_parcels,
    unit=Unit.OPERATORS,
    direction=1,
    evidence_group="sender",
    zh="包裹的寄件人为 {value}发货",
    en="the sender of its parcel ships for {value}",
    blind="Drop-shippers and shared warehouses, so it raises no alarm alone.",
)
def sender_operator_count(t):
    """Operators for which the parcel's sender shipped in the last 28 days."""
    return t.sender_operators


@signal(
    delivered_parcels,
    unit=Unit.SHARE_OF_PARCELS,
    alarm=0.3,
    evidence_group="sender",
    zh="包裹的寄件人寄出该运营者 {value} 的包裹",
    en="the sender of its parcel ships {value} of the operator's parcels",
    blind="A second warehouse.",
    formerly=("sender_usual_share",),
)
def sender_parcel_share(t):
    """Share of the operator's parcels in the last 28 days that the same sender shipped."""
    return ratio(t.sent, t.sent_by_all)


@signal(
    order_refunds,
    unit=Unit.MINUTES,
    direction=-1,
    alarm=15.0,
    evidence_group="refund",
    zh="支付后 {value}申请退款",
    en="a refund was requested {value} after payment",
    blind="A wrong click is refunded at once too. Unknown where no refund was requested.",
)
def pay_to_refund_minutes(t):
    """Minutes from payment to the refund request; unknown where none was made so far."""
    return seconds_between(t.requested_at, t.paid_at) / 60.0


@signal(
    order_refunds,
    unit=Unit.FLAG,
    zh="已申请退款：{value}",
    en="refund requested: {value}",
    blind="Differs by category: up to 80 % for women's wear live, so it raises no alarm alone.",
)
def refund_asked_share(t):
    """1 where a refund was requested so far, else 0."""
    return t.requested_at.notnull().cast("float64")


@signal(
    order_refunds,
    unit=Unit.FLAG,
    direction=1,
    evidence_group="refund",
    zh="发货前申请退款：{value}",
    en="refund requested before shipping: {value}",
    blind="Impulse buying.",
)
def refund_before_shipping_share(t):
    """1 where a refund was requested before shipping, else 0."""
    return (t.stage == "before_shipping").fill_null(False).cast("float64")


@signal(
    order_reviews,
    unit=Unit.REVIEWS,
    direction=1,
    alarm=8.0,
    evidence_group="script",
    zh="同样文字出现在 {value}中",
    en="the text of its review appears in {value}",
    blind="Default texts of the platform.",
)
def review_text_copy_count(t):
    """Reviews of the last 28 days with the same text."""
    return t.copies


@signal(
    order_reviews,
    unit=Unit.STARS,
    zh="买家评价为 {value}",
    en="the buyer rated it with {value}",
    blind="Honest reviews are mostly five stars.",
)
def review_rating(t):
    """Stars that the buyer gave the order."""
    return t.rating
