"""Orders whose buyer acts in lockstep with others or belongs to a dense block of buyers."""

from __future__ import annotations

from features.declaration import ORDER, Signal, relation, signal
from features.derived.co_visitation import buy_blocks, buy_pairs, partners


@relation(ORDER, reads=("orders",), grouped=False, needs=(buy_pairs, buy_blocks))
def tied_orders(orders, pairs, blocks):
    """Orders with the lockstep partners and the dense block of their buyer."""
    p = partners(pairs).rename(buyer_id="account_id")
    b = blocks.select(buyer_id="account_id", density="density")
    t = orders.select("order_id", "buyer_id").left_join(p, "buyer_id", rname="{name}_partner")
    return t.left_join(b, "buyer_id", rname="{name}_block")


@signal(
    tied_orders,
    unit="buyers",
    typology="order_fraud",
    direction=1,
    alarm=3.0,
    graph=True,
    zh="买家与 {value:.0f} 个买家同步下单",
    en="the buyer orders in lockstep with {value:.0f} others",
    blind="Group buying by neighbours.",
)
def buyer_lockstep_partner_count(t):
    """Partners in the lockstep group of the order's buyer."""
    return t.partners.fill_null(0)


@signal(
    tied_orders,
    unit="edges per node",
    typology="order_fraud",
    direction=1,
    alarm=1.0,
    graph=True,
    zh="买家属于密集买家团块（超额密度 {value:.1f}）",
    en="the buyer belongs to a dense block of buyers (excess density {value:.1f})",
    blind="Brushers that never buy at the same minutes.",
)
def buyer_block_density(t):
    """Excess density of the densest block of buyers by (operator, two minutes) that the buyer belongs to, 0 for none."""
    return t.density.fill_null(0)


SIGNALS: tuple[Signal, ...] = (
    buyer_lockstep_partner_count,
    buyer_block_density,
)
