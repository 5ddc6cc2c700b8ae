"""Orders beside their category: what a festival lifts for everybody is no sign, what rises alone is."""

from __future__ import annotations

from ibis import _

from features.declaration import ORDER, Signal, ratio, relation, signal


@relation(ORDER, reads=("orders", "operators"), grouped=False)
def beside_category(orders, operators):
    """Orders with their day at the operator, and the same day at the others of its category."""
    t = orders.join(operators.select("operator_id", "category"), "operator_id")
    t = t.filter(t.category.notnull()).mutate(day=t.placed_at.date())
    middle = (
        t.filter(t.paid_amount > 0)
        .group_by("category")
        .aggregate(category_middle=_.paid_amount.median())
    )
    days = t.group_by("operator_id", "category", "day").aggregate(n=_.count())
    own = days.group_by("operator_id").aggregate(own=_.n.sum())
    category = days.group_by("category").aggregate(whole=_.n.sum())
    at_day = days.group_by("category", "day").aggregate(at_day=_.n.sum())
    for other, keys in (
        (own, ["operator_id"]),
        (category, ["category"]),
        (at_day, ["category", "day"]),
    ):
        days = days.left_join(other, keys, rname="{name}_other").drop(*(f"{k}_other" for k in keys))
    usual = ratio(days.own - days.n, days.whole - days.own - (days.at_day - days.n))
    days = days.mutate(expected=usual * (days.at_day - days.n)).drop(
        "category", "own", "whole", "at_day"
    )
    t = t.left_join(middle, "category", rname="{name}_other").drop("category_other")
    return t.left_join(days, ["operator_id", "day"], rname="{name}_other").drop(
        "operator_id_other", "day_other"
    )


@signal(
    beside_category,
    unit="log",
    typology="order_fraud",
    zh="金额为同类目中位数的 e^{value:.2f} 倍",
    en="the amount is e^{value:.2f} times the median of the category",
    blind="Depends on the assortment within a category.",
)
def amount_category_residual(t):
    """Log of the amount paid over the median of all orders of the operator's category in the last 28 days."""
    return ratio(t.paid_amount, t.category_middle).nullif(0.0).ln()


@signal(
    beside_category,
    unit="standard deviations",
    typology="order_fraud",
    direction=1,
    zh="当日订单比同类目走势高 {value:.1f} 个标准差",
    en="the operator's orders of the day stand {value:.1f} standard deviations above what its category did",
    blind="A promotion of one operator alone; the first days of a new one.",
)
def day_category_residual(t):
    """Pearson residual of the operator's orders of the day.

    Expected: its orders of all other days, times what the category's other operators sold on this day over what they
    sold on all others. Unknown where they sold nothing on other days.
    """
    return (t.n - t.expected) / (t.expected + 1.0).sqrt()


SIGNALS: tuple[Signal, ...] = (amount_category_residual, day_category_residual)
