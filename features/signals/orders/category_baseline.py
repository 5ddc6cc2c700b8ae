"""Orders against their category: a festival lifts the whole category, fraud one operator."""

from __future__ import annotations

import ibis

from features.declaration import ORDER, relation, signal
from features.expressions import ratio
from features.units import Unit


@relation(ORDER, reads=("orders", "operators"), grouped=False, typology="order_fraud")
def category_baselines(orders, operators):
    """Orders with their day at the operator, and the same day at the others of its category."""
    t = orders.join(operators.select("operator_id", "category"), "operator_id")
    t = t.filter(t.category.notnull()).mutate(day=t.placed_at.date())
    median = (
        t.filter(t.paid_amount > 0)
        .group_by("category")
        .aggregate(category_median=ibis._.paid_amount.median())
    )
    days = t.group_by("operator_id", "category", "day").aggregate(n=ibis._.count())
    operator = days.group_by("operator_id").aggregate(operator_total=ibis._.n.sum())
    category = days.group_by("category").aggregate(category_total=ibis._.n.sum())
    that_day = days.group_by("category", "day").aggregate(category_that_day=ibis._.n.sum())
    for other, keys in (
        (operator, ["operator_id"]),
        (category, ["category"]),
        (that_day, ["category", "day"]),
    ):
        days = days.left_join(other, keys, rname="{name}_other").drop(*(f"{k}_other" for k in keys))
    # orders of the operator on other days, for each order of the others of its category then
    per_order_of_others = ratio(
        days.operator_total - days.n,
        days.category_total - days.operator_total - (days.category_that_day - days.n),
    )
    days = days.mutate(expected=per_order_of_others * (days.category_that_day - days.n)).drop(
        "category", "operator_total", "category_total", "category_that_day"
    )
    t = t.left_join(median, "category", rname="{name}_other").drop("category_other")
    return t.left_join(days, ["operator_id", "day"], rname="{name}_other").drop(
        "operator_id_other", "day_other"
    )


@signal(
    category_baselines,
    unit=Unit.LOG,
    zh="实付金额为同类目订单中位数的 {value}",
    en="the amount paid is {value} the median order of its category",
    blind="Depends on the assortment within a category.",
)
def amount_category_residual(t):
    """Log of the amount over the median order of the operator's category in the last 28 days."""
    return ratio(t.paid_amount, t.category_median).nullif(0.0).ln()


@signal(
    category_baselines,
    unit=Unit.STANDARD_DEVIATIONS,
    direction=1,
    evidence_group="burst",
    zh="该运营者当日订单超出同类目走势，幅度为{value}",
    en="the operator's orders of that day exceed the trend of its category by {value}",
    blind="A promotion of one operator alone, and the first days of a new one.",
)
def day_category_residual(t):
    """Pearson residual of the operator's orders of the day.

    Expected: its orders of all other days, times what the category's other operators sold on this
    day over what they sold on all others. Unknown where they sold nothing on other days.
    """
    return (t.n - t.expected) / (t.expected + 1.0).sqrt()
