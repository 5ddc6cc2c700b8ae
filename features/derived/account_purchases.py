"""Purchases of accounts, over all rooms."""

from __future__ import annotations

import ibis
from ibis import Table

from features.declaration import derived
from features.definitions import LONG_VIEW_SECONDS
from features.expressions import seconds_between


@derived(reads=("orders",), columns={"account_id": "string", "bought": "int64"})
def account_purchases(orders: Table) -> Table:
    """Accounts with the orders they placed and paid in 28 days, in all rooms."""
    t = orders.filter(orders.paid_at.notnull() & orders.buyer_id.notnull())
    return t.group_by(account_id=t.buyer_id).aggregate(bought=ibis._.count())


def with_purchases(views: Table, bought: Table) -> Table:
    """Views by known accounts, with the account's purchases and how the view came and stayed.

    `none` marks accounts that bought nothing.
    """
    t = views.filter(views.account_id.notnull())
    t = t.mutate(
        long=seconds_between(t.left_at, t.joined_at) >= LONG_VIEW_SECONDS,
        direct=t.entry_source.isin(["share", "direct"]),
    )
    t = t.left_join(bought, "account_id", rname="{name}_of")
    return t.mutate(none=t.bought.isnull())
