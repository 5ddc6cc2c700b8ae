"""What became of an order: its parcel, its refund, its review."""

from __future__ import annotations

from ibis import _

from features.declaration import ORDER, Signal, ratio, relation, seconds_between, signal


@relation(ORDER, reads=("orders", "parcels"), grouped=False)
def shipped(orders, parcels):
    """Delivered orders with their parcel and with what their sender and waybill carried besides."""
    o = orders.select("order_id", "operator_id", "paid_at")
    t = o.join(parcels.drop("received_at"), "order_id")
    senders = (
        t.filter(t.sender_id.notnull())
        .group_by("sender_id")
        .aggregate(sender_operators=_.operator_id.nunique())
    )
    usual = (
        t.filter(t.sender_id.notnull())
        .group_by("operator_id", "sender_id")
        .aggregate(sent=_.count())
    )
    sent = t.filter(t.sender_id.notnull()).group_by("operator_id").aggregate(sent_by_all=_.count())
    waybills = (
        t.filter(t.waybill_id.notnull()).group_by("waybill_id").aggregate(waybill_orders=_.count())
    )
    t = t.left_join(senders, "sender_id", rname="{name}_other").drop("sender_id_other")
    t = t.left_join(usual, ["operator_id", "sender_id"], rname="{name}_other").drop(
        "operator_id_other", "sender_id_other"
    )
    t = t.left_join(sent, "operator_id", rname="{name}_other").drop("operator_id_other")
    return t.left_join(waybills, "waybill_id", rname="{name}_other").drop("waybill_id_other")


@relation(ORDER, reads=("orders", "refunds"), grouped=False, local=True)
def refunded(orders, refunds):
    """Orders with their refund, if any was asked for so far."""
    r = refunds.select("order_id", "requested_at", "stage")
    return (
        orders.select("order_id", "paid_at", "placed_at")
        .left_join(r, "order_id", rname="{name}_asked")
        .drop("order_id_asked")
    )


@relation(ORDER, reads=("orders", "reviews"), grouped=False)
def reviewed(orders, reviews):
    """Reviewed orders with how many reviews use the same text."""
    same = (
        reviews.filter(reviews.text_hash.notnull())
        .group_by("text_hash")
        .aggregate(copies=_.count())
    )
    r = (
        reviews.select("order_id", "rating", "text_hash")
        .left_join(same, "text_hash", rname="{name}_same")
        .drop("text_hash_same")
    )
    return orders.select("order_id").join(r, "order_id")


@signal(
    shipped,
    unit="ratio",
    typology="order_fraud",
    direction=-1,
    alarm=0.6,
    zh="包裹重量仅为商品重量的 {value:.0%}",
    en="the parcel weighs {value:.0%} of its goods",
    blind="Catalogue weights are often wrong; real goods may be shipped.",
)
def parcel_to_goods_weight_ratio(t):
    """Weight on the carrier's scale over the weight of the goods."""
    return ratio(t.weight_g, t.goods_weight_g)


@signal(
    shipped,
    unit="g",
    typology="order_fraud",
    direction=-1,
    zh="包裹重 {value:.0f} 克",
    en="the parcel weighs {value:.0f} g",
    blind="Honest gifts under 50 g, so it raises no alarm alone.",
)
def parcel_weight_grams(t):
    """Weight on the carrier's scale."""
    return t.weight_g


@signal(
    shipped,
    unit="hours",
    typology="order_fraud",
    direction=-1,
    zh="揽收到签收 {value:.1f} 小时",
    en="signed for {value:.1f} hours after pick-up",
    blind="Couriers within a city are this fast.",
)
def pickup_to_signature_hours(t):
    """Hours from pick-up to signature."""
    return seconds_between(t.signed_at, t.picked_up_at) / 3600.0


@signal(
    shipped,
    unit="hours",
    typology="order_fraud",
    direction=-1,
    alarm=12.0,
    zh="跨地区包裹 {value:.1f} 小时即签收",
    en="signed for in another region {value:.1f} hours after pick-up",
    blind="Neighbouring regions; unknown within a region.",
)
def cross_region_signature_hours(t):
    """Hours from pick-up to signature for parcels between regions; unknown within one."""
    return (t.from_region != t.to_region).ifelse(
        seconds_between(t.signed_at, t.picked_up_at) / 3600.0, None
    )


@signal(
    shipped,
    unit="scans",
    typology="order_fraud",
    direction=-1,
    zh="全程仅 {value:.0f} 次扫描",
    en="the carrier scanned it {value:.0f} times",
    blind="Couriers within a city scan twice.",
)
def parcel_scan_count(t):
    """Carrier scans between pick-up and signature."""
    return t.scans


@signal(
    shipped,
    unit="orders",
    typology="order_fraud",
    direction=1,
    alarm=2.0,
    zh="同一运单号用于 {value:.0f} 个订单",
    en="its waybill number was used for {value:.0f} orders",
    blind="Joint shipment of one buyer's basket.",
)
def waybill_order_count(t):
    """Orders that carry the same waybill number in the last 28 days."""
    return t.waybill_orders


@signal(
    shipped,
    unit="operators",
    typology="order_fraud",
    direction=1,
    zh="同一寄件人服务 {value:.0f} 个运营者",
    en="its sender serves {value:.0f} operators",
    blind="Drop-shippers and shared warehouses, so it raises no alarm alone.",
)
def sender_operator_count(t):
    """Operators for which the parcel's sender shipped in the last 28 days."""
    return t.sender_operators


@signal(
    shipped,
    unit="share of parcels",
    typology="order_fraud",
    direction=-1,
    alarm=0.3,
    zh="该寄件人仅占该运营者包裹的 {value:.0%}",
    en="its sender ships only {value:.0%} of the operator's parcels",
    blind="A second warehouse.",
)
def sender_usual_share(t):
    """Share of the operator's parcels in the last 28 days that the same sender shipped."""
    return ratio(t.sent, t.sent_by_all)


@signal(
    refunded,
    unit="minutes",
    typology="order_fraud",
    direction=-1,
    alarm=15.0,
    zh="支付后 {value:.0f} 分钟即申请退款",
    en="a refund was asked for {value:.0f} minutes after payment",
    blind="A wrong click is refunded at once too; unknown where no refund was asked for.",
)
def pay_to_refund_minutes(t):
    """Minutes from payment to the refund request; unknown where none was made so far."""
    return seconds_between(t.requested_at, t.paid_at) / 60.0


@signal(
    refunded,
    unit="share",
    typology="order_fraud",
    zh="已申请退款",
    en="a refund was asked for",
    blind="Differs by category: up to 80 % for women's wear live, so it raises no alarm alone.",
)
def refund_asked_share(t):
    """1 where a refund was asked for so far, else 0."""
    return t.requested_at.notnull().cast("float64")


@signal(
    refunded,
    unit="share",
    typology="order_fraud",
    direction=1,
    zh="未发货即申请退款",
    en="a refund was asked for before shipping",
    blind="Impulse buying.",
)
def refund_before_shipping_share(t):
    """1 where a refund was asked for before shipping, else 0."""
    return (t.stage == "before_shipping").fill_null(False).cast("float64")


@signal(
    reviewed,
    unit="reviews",
    typology="review_fraud",
    direction=1,
    alarm=8.0,
    zh="同样文字的评价共 {value:.0f} 条",
    en="{value:.0f} reviews have the same text",
    blind="Default texts of the platform.",
)
def review_text_copy_count(t):
    """Reviews of the last 28 days with the same text."""
    return t.copies


@signal(
    reviewed,
    unit="stars",
    typology="review_fraud",
    zh="评价 {value:.0f} 星",
    en="reviewed with {value:.0f} stars",
    blind="Honest reviews are mostly five stars.",
)
def review_rating(t):
    """Stars that the buyer gave the order."""
    return t.rating


SIGNALS: tuple[Signal, ...] = (
    parcel_to_goods_weight_ratio,
    parcel_weight_grams,
    pickup_to_signature_hours,
    cross_region_signature_hours,
    parcel_scan_count,
    waybill_order_count,
    sender_operator_count,
    sender_usual_share,
    pay_to_refund_minutes,
    refund_asked_share,
    refund_before_shipping_share,
    review_text_copy_count,
    review_rating,
)
