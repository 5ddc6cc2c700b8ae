"""Who gains from an operator's suspicious orders: brushing that is bought praises, brushing by a rival harms.

Suspicious here are orders in a burst (three or more by one buyer within an hour), at an operator's busiest minutes
(twenty or more within ten) or in a dense block of buyers: by how they came about, not by how they ended.

Who harms orders much within an hour, asks most of the money back before anything is sent, and runs down what is delivered. Who
brushes for himself may ask his money back as fast, and praises or says nothing. So the ratings of a rush of cancellations tell the
two apart; such rushes are small beside the busy hours of a large operator, in which ratings of suspicious orders drown.
"""

from __future__ import annotations

import ibis

from features.declaration import OPERATOR, Signal, relation, seconds_between, signal
from features.derived.co_visitation import buy_blocks, buy_pairs, partners

CROWDED = 20  # orders of one operator within ten minutes
LEAST = 5  # suspicious orders, or ratings in rushes of cancellations, below which nothing is said
# One hour or six, five orders instead of three, a tenth to a third of them: on two worlds and two markets that no page judges 7 to 10 and 4 to 8
# of 11 and 8 victims, at most 2 of 6, and one honest operator in all these settings.
SOON = (
    6 * 3600.0
)  # seconds after its order within which a refund is a cancellation: little is on its way by then
RUSH, PART = (
    3,
    1 / 3,
)  # cancelled orders of an hour, and their share of all orders of that hour, that make a rush of cancellations


@relation(OPERATOR, reads=("orders", "refunds", "reviews"), needs=(buy_pairs, buy_blocks))
def suspicious_ends(orders, refunds, reviews, pairs, blocks):
    """Suspicious orders of each operator with their refund and the rating of their buyer, the operator's number of them."""
    minutes = ibis.interval(minutes=5)
    hour = ibis.interval(minutes=60)
    t = orders.mutate(
        crowd=orders.count().over(
            ibis.window(
                group_by="operator_id", order_by="placed_at", preceding=minutes, following=minutes
            )
        ),
        own=orders.count().over(
            ibis.window(
                group_by=["operator_id", "buyer_id"],
                order_by="placed_at",
                preceding=hour,
                following=hour,
            )
        ),
    )
    tied = partners(pairs).select("account_id").union(blocks.select("account_id")).distinct()
    tied = tied.select(buyer_id="account_id", tied="account_id")
    t = t.left_join(tied, "buyer_id", rname="{name}_tied")
    t = t.filter((t.crowd >= CROWDED) | (t.own >= 3) | t.tied.notnull()).select(
        "operator_id", "order_id", "buyer_id"
    )
    asked = refunds.group_by("order_id").aggregate(asked=refunds.requested_at.min())
    said = reviews.group_by("order_id").aggregate(rating=reviews.rating.min())
    t = t.left_join(asked, "order_id", rname="{name}_asked").left_join(
        said, "order_id", rname="{name}_said"
    )
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
    return (t.rating <= 2).fill_null(False).mean() / (t.many.max() >= LEAST).cast("float64").nullif(
        0.0
    )


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
    return (t.rating >= 4).fill_null(False).mean() / (t.many.max() >= LEAST).cast("float64").nullif(
        0.0
    )


@relation(OPERATOR, reads=("orders", "refunds", "reviews"))
def cancelled_rushes(orders, refunds, reviews):
    """Rated orders of hours on the clock in which many of an operator's orders were cancelled at once."""
    asked = refunds.group_by("order_id").aggregate(asked=refunds.requested_at.min())
    t = orders.select("operator_id", "order_id", "placed_at").left_join(
        asked, "order_id", rname="{name}_asked"
    )
    t = t.mutate(
        cancelled=(seconds_between(t.asked, t.placed_at) <= SOON).fill_null(False).cast("int64")
    )
    in_rush = []
    for late in (
        0,
        30,
    ):  # hours from the full and from the half hour, so that few rushes are cut in two
        o = t.mutate(hour=(t.placed_at + ibis.interval(minutes=late)).truncate("h"))
        hours = o.group_by("operator_id", "hour").aggregate(
            soon=o.cancelled.sum(), near=o.order_id.count()
        )
        rushes = hours.filter((hours.soon >= RUSH) & (hours.soon >= PART * hours.near))
        in_rush.append(
            o.semi_join(rushes, ["operator_id", "hour"]).select("operator_id", "order_id")
        )
    t = in_rush[0].union(in_rush[1], distinct=True)
    said = reviews.group_by("order_id").aggregate(rating=reviews.rating.min())
    return t.join(said, "order_id", rname="{name}_said").filter(ibis._.rating.notnull())


@signal(
    cancelled_rushes,
    unit="share of rated orders",
    typology="order_fraud",
    zh="集中退单时段的订单评价中 {value:.0%} 为差评",
    en="{value:.0%} of ratings from hours of mass cancellations are two stars or less",
    blind="A shop that fails a whole hour of real buyers; who cheats may pay to be run down now and then.",
)
def cancelled_rush_low_rating_share(t):
    """Share of ratings of two stars or less among rated orders of hours in which three or more, and a third or more, were
    cancelled within six hours; unknown below five ratings."""
    return (t.rating <= 2).mean() / (t.order_id.count() >= LEAST).cast("float64").nullif(0.0)


SIGNALS: tuple[Signal, ...] = (
    suspicious_refund_share,
    suspicious_low_rating_share,
    suspicious_high_rating_share,
    cancelled_rush_low_rating_share,
)
