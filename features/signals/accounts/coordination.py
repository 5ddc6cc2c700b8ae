"""Accounts that act in lockstep with others, again and again."""

from __future__ import annotations

from features.declaration import ACCOUNT, Unit, relation, signal
from features.derived.co_visitation import buy_pairs, partners, watch_pairs


@relation(
    ACCOUNT,
    reads=("views",),
    needs=(watch_pairs,),
    unit=Unit.ACCOUNTS,
    typology="view_fraud",
    direction=1,
    graph=True,
)
def viewing_partners(_views, pairs):
    """Members of lockstep groups of viewers, with their partners."""
    return partners(pairs)


@relation(
    ACCOUNT,
    reads=("orders",),
    needs=(buy_pairs,),
    unit=Unit.ACCOUNTS,
    typology="order_fraud",
    direction=1,
    graph=True,
)
def buying_partners(_orders, pairs):
    """Members of lockstep groups of buyers, with their partners."""
    return partners(pairs)


@signal(
    viewing_partners,
    alarm=3.0,
    zh="该账号反复与 {value}在同一时刻进入直播间",
    en="the account repeatedly joins at the same moments as {value}",
    blind="Pools that never meet the same partner three times.",
)
def lockstep_partner_count(t):
    """Partners in the account's lockstep group that it met more often than by chance."""
    return t.partners.max()


@signal(
    buying_partners,
    alarm=3.0,
    zh="该账号反复与 {value}在同一时刻下单",
    en="the account repeatedly orders at the same moments as {value}",
    blind="Group buying by neighbours.",
)
def lockstep_buyer_partner_count(t):
    """Buyers in the account's lockstep group with whom it ordered more often than by chance."""
    return t.partners.max()
