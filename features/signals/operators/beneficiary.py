"""The beneficiary of suspicious orders: bought brushing praises, a rival's brushing harms.

An order is suspicious by how it came about, not by how it ended. It lies in a burst of one buyer or
in an operator's busiest minutes, or a member of a dense block of buyers placed it.

A rival who harms places many orders within an hour and cancels most before they are sent. Those
that are delivered get bad ratings. An operator that brushes for itself may cancel as fast,
and leaves good ratings or none. So the ratings of hours with many cancellations tell the two apart.
Ratings of all suspicious orders do not, because a large operator's busy hours outweigh such hours.
"""

from __future__ import annotations

import ibis

from features.declaration import OPERATOR, Unit, relation, signal
from features.derived.co_visitation import buy_blocks, buy_pairs, partners
from features.expressions import seconds_between

CROWD_WINDOW_MINUTES = 5  # before and after an order
MIN_ORDERS_IN_CROWD = 20  # of one operator
BURST_WINDOW_MINUTES = 60  # before and after an order
MIN_ORDERS_IN_BURST = 3  # by one buyer
MIN_OBSERVATIONS = 5  # suspicious orders, or ratings, below which a share is unknown
CANCELLATION_SECONDS = 6 * 3600.0  # from order to refund request; little is on its way by then
# ADR-0040
MIN_CANCELLATIONS_IN_RUSH = 3  # orders of one hour
MIN_CANCELLED_SHARE_OF_RUSH = 1 / 3  # of all orders of that hour
# Hours from the full and from the half hour, so that few rushes are cut in two.
RUSH_OFFSETS_MINUTES = (0, 30)
MAX_LOW_RATING_STARS = 2
MIN_HIGH_RATING_STARS = 4


@relation(
    OPERATOR,
    reads=("orders", "refunds", "reviews"),
    needs=(buy_pairs, buy_blocks),
    unit=Unit.SHARE_OF_ORDERS,
    typology="order_fraud",
)
def suspicious_orders(orders, refunds, reviews, pairs, blocks):
    """Suspicious orders of each operator with their refund, their rating and their number."""
    crowd = ibis.interval(minutes=CROWD_WINDOW_MINUTES)
    burst = ibis.interval(minutes=BURST_WINDOW_MINUTES)
    t = orders.mutate(
        at_operator=orders.count().over(
            ibis.window(
                group_by="operator_id", order_by="placed_at", preceding=crowd, following=crowd
            )
        ),
        by_buyer=orders.count().over(
            ibis.window(
                group_by=["operator_id", "buyer_id"],
                order_by="placed_at",
                preceding=burst,
                following=burst,
            )
        ),
    )
    tied = partners(pairs).select("account_id").union(blocks.select("account_id")).distinct()
    tied = tied.select(buyer_id="account_id", tied="account_id")
    t = t.left_join(tied, "buyer_id", rname="{name}_tied")
    t = t.filter(
        (t.at_operator >= MIN_ORDERS_IN_CROWD)
        | (t.by_buyer >= MIN_ORDERS_IN_BURST)
        | t.tied.notnull()
    ).select("operator_id", "order_id", "buyer_id")
    refunded = refunds.group_by("order_id").aggregate(requested_at=refunds.requested_at.min())
    rated = reviews.group_by("order_id").aggregate(rating=reviews.rating.min())
    t = t.left_join(refunded, "order_id", rname="{name}_refunded").left_join(
        rated, "order_id", rname="{name}_rated"
    )
    return t.mutate(observations=t.order_id.count().over(group_by="operator_id"))


def _known_from(observations):
    """1 where there are enough observations, null where there are fewer."""
    return (observations >= MIN_OBSERVATIONS).cast("float64").nullif(0.0)


@signal(
    suspicious_orders,
    zh="其可疑订单中有 {value} 申请退款",
    en="refunds were requested for {value} of its suspicious orders",
    blind="Brushing with instant refunds is refunded too, although the operator bought it.",
)
def suspicious_refund_share(t):
    """Share of the operator's suspicious orders with a refund request; unknown below five."""
    return t.requested_at.notnull().mean() / _known_from(t.observations.max())


@signal(
    suspicious_orders,
    zh="其可疑订单中有 {value} 得到一星或两星评价",
    en="{value} of its suspicious orders were rated one or two stars",
    blind="Real buyers of a bad product in a rush.",
)
def suspicious_low_rating_share(t):
    """Share of the operator's suspicious orders rated two stars or less; unknown below five."""
    low = (t.rating <= MAX_LOW_RATING_STARS).fill_null(False)
    return low.mean() / _known_from(t.observations.max())


@signal(
    suspicious_orders,
    zh="其可疑订单中有 {value} 得到四星或五星评价",
    en="{value} of its suspicious orders were rated four or five stars",
    blind="Happy buyers in a rush.",
)
def suspicious_high_rating_share(t):
    """Share of the operator's suspicious orders rated four stars or more; unknown below five."""
    high = (t.rating >= MIN_HIGH_RATING_STARS).fill_null(False)
    return high.mean() / _known_from(t.observations.max())


@relation(
    OPERATOR,
    reads=("orders", "refunds", "reviews"),
    unit=Unit.SHARE_OF_RATED_ORDERS,
    typology="order_fraud",
)
def cancellation_rushes(orders, refunds, reviews):
    """Rated orders of hours in which many of an operator's orders were cancelled."""
    refunded = refunds.group_by("order_id").aggregate(requested_at=refunds.requested_at.min())
    t = orders.select("operator_id", "order_id", "placed_at").left_join(
        refunded, "order_id", rname="{name}_refunded"
    )
    t = t.mutate(
        cancelled=(seconds_between(t.requested_at, t.placed_at) <= CANCELLATION_SECONDS)
        .fill_null(False)
        .cast("int64")
    )
    in_rush = []
    for offset in RUSH_OFFSETS_MINUTES:
        o = t.mutate(hour=(t.placed_at + ibis.interval(minutes=offset)).truncate("h"))
        hours = o.group_by("operator_id", "hour").aggregate(
            cancellations=o.cancelled.sum(), orders=o.order_id.count()
        )
        rushes = hours.filter(
            (hours.cancellations >= MIN_CANCELLATIONS_IN_RUSH)
            & (hours.cancellations >= MIN_CANCELLED_SHARE_OF_RUSH * hours.orders)
        )
        in_rush.append(
            o.semi_join(rushes, ["operator_id", "hour"]).select("operator_id", "order_id")
        )
    t = in_rush[0].union(in_rush[1], distinct=True)
    rated = reviews.group_by("order_id").aggregate(rating=reviews.rating.min())
    return t.join(rated, "order_id", rname="{name}_rated").filter(ibis._.rating.notnull())


@signal(
    cancellation_rushes,
    zh="大量退单的时段中，订单评价有 {value} 为一星或两星",
    en="{value} of the ratings from its hours of mass cancellations are one or two stars",
    blind=(
        "A shop that fails a whole hour of real buyers. "
        "An operator that cheats may pay for bad ratings now and then."
    ),
)
def cancelled_rush_low_rating_share(t):
    """Share of ratings of two stars or less among rated orders of rushes of cancellations.

    A rush is an hour in which three or more orders, and a third or more of all, were cancelled
    within six hours. Unknown below five ratings.
    """
    return (t.rating <= MAX_LOW_RATING_STARS).mean() / _known_from(t.order_id.count())
