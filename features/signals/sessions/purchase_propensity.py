"""Whether those who watch ever buy: orders of a session's viewers in all rooms.

Accounts made or kept for fraud watch without end and buy nothing; a loyal audience, which comes by one link and stays too, buys.
How many do differs between platforms: sessions and operators are compared with the night's others.
Where it fails: accounts that brush orders buy, and so do people who are paid to watch; new users have bought nothing yet.
"""

from __future__ import annotations

from features.declaration import (
    SESSION,
    Signal,
    relation,
    signal,
)
from features.derived.account_purchases import account_purchases, with_purchases


@relation(SESSION, reads=("views", "orders"), local=True, needs=(account_purchases,))
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
