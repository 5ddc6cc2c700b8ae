"""Operators by whether their viewers ever buy."""

from __future__ import annotations

from features.declaration import OPERATOR, Signal, relation, signal
from features.derived.account_purchases import account_purchases, with_purchases


@relation(OPERATOR, reads=("sessions", "views", "orders"), needs=(account_purchases,))
def audience_purchases(sessions, views, _orders, bought):
    """The same over all sessions of an operator."""
    return with_purchases(
        views.join(sessions.select("session_id", "operator_id"), "session_id"), bought
    )


@signal(
    audience_purchases,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    zh="各场合计 {value:.0%} 的观看来自 28 天内未下单的账号",
    en="{value:.0%} of all its views came from accounts that bought nothing in 28 days",
    blind="New users have bought nothing yet; brushers buy.",
)
def operator_unbuying_view_share(t):
    """Share of known viewers' views in all rooms of the operator by accounts that paid no order in 28 days, in any room."""
    return t.none.mean()


@signal(
    audience_purchases,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    zh="各场合计,由分享链接或直达进入的观看中 {value:.0%} 来自 28 天内未下单的账号",
    en="{value:.0%} of all its views by shared links or directly were by accounts that bought nothing in 28 days",
    blind="Friends who were sent a link may be new.",
)
def operator_unbuying_direct_view_share(t):
    """The same of views by shared links or directly: those of a private group buy. Unknown where there are none."""
    return t.none.mean(where=t.direct)


SIGNALS: tuple[Signal, ...] = (
    operator_unbuying_view_share,
    operator_unbuying_direct_view_share,
)
