"""Orders whose buyer acts in lockstep with others or belongs to a dense block of buyers."""

from __future__ import annotations

from features.declaration import ORDER, relation, signal
from features.derived.co_visitation import buy_blocks, buy_pairs, partners
from features.units import Unit


@relation(
    ORDER,
    reads=("orders",),
    grouped=False,
    needs=(buy_pairs, buy_blocks),
    typology="order_fraud",
    direction=1,
    graph=True,
    evidence_group="tied",
)
def coordinated_orders(orders, pairs, blocks):
    """Orders with the lockstep partners and the dense block of their buyer."""
    p = partners(pairs).rename(buyer_id="account_id")
    b = blocks.select(buyer_id="account_id", density="density")
    t = orders.select("order_id", "buyer_id").left_join(p, "buyer_id", rname="{name}_partner")
    return t.left_join(b, "buyer_id", rname="{name}_block")


@signal(
    coordinated_orders,
    unit=Unit.BUYERS,
    alarm=3.0,
    zh="该买家反复与 {value}在同一时刻下单",
    en="the buyer repeatedly orders at the same moments as {value}",
    blind="Group buying by neighbours.",
)
def buyer_lockstep_partner_count(t):
    """Partners in the lockstep group of the order's buyer."""
    return t.partners.fill_null(0)


@signal(
    coordinated_orders,
    unit=Unit.EDGES_PER_NODE,
    alarm=1.0,
    zh="该买家所在的买家群在同一店铺同一时刻下单，比偶然情况每人多 {value}",
    en="the buyer belongs to a group that orders together: {value} more than chance",
    blind="Brushers that never buy at the same minutes.",
)
def buyer_block_density(t):
    """Excess density of the buyer's densest block by (operator, two minutes); 0 for none."""
    return t.density.fill_null(0)
