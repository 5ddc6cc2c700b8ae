"""Purchase propensity of a session's viewers: whether they buy anywhere.

Accounts made or kept for fraud watch without end and buy nothing. A loyal audience, which also
comes by one link and stays, buys. The level differs between platforms, so sessions are compared
with the night's others (ADR-0051). Blind spots: accounts that brush orders buy, paid people buy,
new users have not yet.
"""

from __future__ import annotations

from features.declaration import SESSION, Unit, relation, signal
from features.derived.account_purchases import account_purchases, with_purchases


@relation(
    SESSION,
    reads=("views", "orders"),
    local=True,
    needs=(account_purchases,),
    unit=Unit.SHARE_OF_VIEWS,
    typology="view_fraud",
    direction=1,
)
def viewer_purchases(views, _orders, purchases):
    """Views by known accounts, whether the account bought anything, and how the view came."""
    return with_purchases(views, purchases)


@signal(
    viewer_purchases,
    zh="{value} 的观看来自 28 天内未下单的账号",
    en="{value} of its views came from accounts that bought nothing in 28 days",
    blind="New users have bought nothing yet; brushers buy.",
    formerly=("unbuying_view_share",),
)
def non_buyer_view_share(t):
    """Share of known viewers' views by accounts that paid no order in 28 days, in any room.

    Accounts made for views do not buy.
    """
    return t.none.mean()


@signal(
    viewer_purchases,
    zh="停留十分钟以上的观看中 {value} 来自 28 天内未下单的账号",
    en="{value} of its views of ten minutes came from accounts that bought nothing in 28 days",
    blind="Some people only watch.",
    formerly=("unbuying_long_view_share",),
)
def non_buyer_long_view_share(t):
    """Share by accounts that paid no order in 28 days of known viewers' long views.

    A long view lasts ten minutes or more; unknown where there is none. Idle bots stay and never
    buy.
    """
    return t.none.mean(where=t.long)


@signal(
    viewer_purchases,
    zh="经分享链接或直达进入的观看中 {value} 来自 28 天内未下单的账号",
    en="{value} of its direct or shared views came from accounts that bought nothing in 28 days",
    blind="Friends who were sent a link may be new.",
    formerly=("unbuying_direct_view_share",),
)
def non_buyer_direct_view_share(t):
    """Share by accounts that paid no order in 28 days of known viewers' direct views.

    A direct view enters by a share link or directly; unknown where there is none. Pools are sent a
    link and never buy.
    """
    return t.none.mean(where=t.direct)
