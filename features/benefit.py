"""Who gains from an operator's suspicious orders: brushing that is bought praises, brushing by a rival harms.

Suspicious here are orders in a burst (three or more by one buyer within an hour), at an operator's busiest minutes
(twenty or more within ten) or in a dense block of buyers: by how they came about, not by how they ended.
"""

from __future__ import annotations

import ibis

from features.declare import OPERATOR, Signal, relation, signal
from features.meetings import buy_blocks, buy_pairs, partners

CROWDED = 20  # orders of one operator within ten minutes
LEAST = 5  # suspicious orders below which nothing is said


@relation(OPERATOR, reads=("orders", "refunds", "reviews"), needs=(buy_pairs, buy_blocks))
def suspicious_ends(orders, refunds, reviews, pairs, blocks):
    """Suspicious orders of each operator with their refund and the rating of their buyer, the operator's number of them."""
    minutes = ibis.interval(minutes=5)
    hour = ibis.interval(minutes=60)
    t = orders.mutate(
        crowd=orders.count().over(ibis.window(group_by="operator_id", order_by="placed_at", preceding=minutes, following=minutes)),
        own=orders.count().over(ibis.window(group_by=["operator_id", "buyer_id"], order_by="placed_at", preceding=hour, following=hour)),
    )
    tied = partners(pairs).select("account_id").union(blocks.select("account_id")).distinct()
    tied = tied.select(buyer_id="account_id", tied="account_id")
    t = t.left_join(tied, "buyer_id", rname="{name}_tied")
    t = t.filter((t.crowd >= CROWDED) | (t.own >= 3) | t.tied.notnull()).select("operator_id", "order_id", "buyer_id")
    asked = refunds.group_by("order_id").aggregate(asked=refunds.requested_at.min())
    said = reviews.group_by("order_id").aggregate(rating=reviews.rating.min())
    t = t.left_join(asked, "order_id", rname="{name}_asked").left_join(said, "order_id", rname="{name}_said")
    return t.mutate(many=t.order_id.count().over(group_by="operator_id"))


@signal(
    suspicious_ends,
    unit="share of orders",
    typology="order_fraud",
    zh="可疑订单有 {value:.0%} 退款",
    en="{value:.0%} of its suspicious orders were refunded",
    blind="Brushing with instant refunds is refunded too, and bought.",
)
def suspicious_refund_share(t):
    """Share of the operator's suspicious orders whose refund was asked for; unknown below five."""
    return t.asked.notnull().mean() / (t.many.max() >= LEAST).cast("float64").nullif(0.0)


@signal(
    suspicious_ends,
    unit="share of orders",
    typology="order_fraud",
    zh="可疑订单有 {value:.0%} 得到差评",
    en="{value:.0%} of its suspicious orders were rated two stars or less",
    blind="Real buyers of a bad product in a rush.",
)
def suspicious_low_rating_share(t):
    """Share of the operator's suspicious orders rated two stars or less; unknown below five."""
    return (t.rating <= 2).fill_null(False).mean() / (t.many.max() >= LEAST).cast("float64").nullif(0.0)


@signal(
    suspicious_ends,
    unit="share of orders",
    typology="order_fraud",
    zh="可疑订单有 {value:.0%} 得到好评",
    en="{value:.0%} of its suspicious orders were rated four stars or more",
    blind="Happy buyers in a rush.",
)
def suspicious_high_rating_share(t):
    """Share of the operator's suspicious orders rated four stars or more; unknown below five."""
    return (t.rating >= 4).fill_null(False).mean() / (t.many.max() >= LEAST).cast("float64").nullif(0.0)


SIGNALS: tuple[Signal, ...] = (suspicious_refund_share, suspicious_low_rating_share, suspicious_high_rating_share)
