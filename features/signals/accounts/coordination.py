"""Accounts that act in lockstep with others, again and again."""

from __future__ import annotations

from features.declaration import ACCOUNT, Signal, relation, signal
from features.derived.co_visitation import buy_pairs, partners, watch_pairs


@relation(ACCOUNT, reads=("views",), needs=(watch_pairs,))
def watch_partners(views, pairs):
    """Members of lockstep groups of viewers, with their partners."""
    return partners(pairs)


@relation(ACCOUNT, reads=("orders",), needs=(buy_pairs,))
def buy_partners(orders, pairs):
    """Members of lockstep groups of buyers, with their partners."""
    return partners(pairs)


@signal(
    watch_partners,
    unit="accounts",
    typology="view_fraud",
    direction=1,
    alarm=3.0,
    graph=True,
    zh="与 {value:.0f} 个账号反复同步进场",
    en="it keeps joining in lockstep with {value:.0f} accounts",
    blind="Pools that never meet the same partner three times.",
)
def lockstep_partner_count(t):
    """Partners in the account's lockstep group with whom it met more often than chance lets them."""
    return t.partners.max()


@signal(
    buy_partners,
    unit="accounts",
    typology="order_fraud",
    direction=1,
    alarm=3.0,
    graph=True,
    zh="与 {value:.0f} 个买家反复同步下单",
    en="it keeps ordering in lockstep with {value:.0f} buyers",
    blind="Group buying by neighbours.",
)
def lockstep_buyer_partner_count(t):
    """Buyers in the account's lockstep group with whom it ordered more often than chance lets them."""
    return t.partners.max()


SIGNALS: tuple[Signal, ...] = (
    lockstep_partner_count,
    lockstep_buyer_partner_count,
)
