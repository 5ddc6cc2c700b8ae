"""Whether those who watch ever buy: orders of a session's viewers in all rooms.

Accounts made or kept for fraud watch without end and buy nothing; a loyal audience, which comes by one link and stays too, buys.
How many do differs between platforms: sessions and operators are compared with the night's others.
Where it fails: accounts that brush orders buy, and so do people who are paid to watch; new users have bought nothing yet.
"""

from __future__ import annotations

from ibis import Table, _

from features.declaration import (
    SESSION,
    Signal,
    derived,
    relation,
    seconds_between,
    signal,
)

LONG = 600.0  # seconds


@derived(reads=("orders",), columns={"account_id": "string", "bought": "int64"})
def purchases(orders):
    """Accounts with the orders they placed and paid in 28 days, in all rooms."""
    t = orders.filter(orders.paid_at.notnull() & orders.buyer_id.notnull())
    return t.group_by(account_id=t.buyer_id).aggregate(bought=_.count())


def with_purchases(views: Table, bought: Table) -> Table:
    """Views by known accounts, whether the account bought anything, and how the view came and stayed."""
    t = views.filter(views.account_id.notnull())
    t = t.mutate(
        long=seconds_between(t.left_at, t.joined_at) >= LONG,
        direct=t.entry_source.isin(["share", "direct"]),
    )
    t = t.left_join(bought, "account_id", rname="{name}_of")
    return t.mutate(none=t.bought.isnull())


@relation(SESSION, reads=("views", "orders"), local=True, needs=(purchases,))
def viewers_purchases(views, _orders, bought):
    """Views by known accounts, whether the account bought anything, and how the view came and stayed."""
    return with_purchases(views, bought)


@signal(
    viewers_purchases,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    zh="{value:.0%} 的观看来自 28 天内未下单的账号",
    en="{value:.0%} of views came from accounts that bought nothing in 28 days",
    blind="New users have bought nothing yet; brushers buy.",
)
def unbuying_view_share(t):
    """Share of known viewers' views by accounts that paid no order in 28 days, in any room."""
    return t.none.mean()


@signal(
    viewers_purchases,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    zh="停留十分钟以上的观看中 {value:.0%} 来自 28 天内未下单的账号",
    en="{value:.0%} of stays of ten minutes or more were by accounts that bought nothing in 28 days",
    blind="Some people only watch.",
)
def unbuying_long_view_share(t):
    """Share by accounts that paid no order in 28 days of known viewers' views of ten minutes or more; unknown where there are none."""
    return t.none.mean(where=t.long)


@signal(
    viewers_purchases,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    zh="由分享链接或直达进入的观看中 {value:.0%} 来自 28 天内未下单的账号",
    en="{value:.0%} of views by shared links or directly were by accounts that bought nothing in 28 days",
    blind="Friends who were sent a link may be new.",
)
def unbuying_direct_view_share(t):
    """Share by accounts that paid no order in 28 days of known viewers' views by shared links or directly; unknown where there are none."""
    return t.none.mean(where=t.direct)


SIGNALS: tuple[Signal, ...] = (
    unbuying_view_share,
    unbuying_long_view_share,
    unbuying_direct_view_share,
)
