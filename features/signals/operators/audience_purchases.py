"""Operators by the purchases of their audience, over the views of all their sessions."""

from __future__ import annotations

from features.declaration import OPERATOR, per_operator, relation
from features.derived.account_purchases import account_purchases, with_purchases
from features.signals.sessions import purchase_propensity


@relation(OPERATOR, reads=("sessions", "views", "orders"), needs=(account_purchases,))
def audience_purchases(sessions, views, _orders, bought):
    """Views of an operator's sessions by known accounts, with the account's purchases."""
    return with_purchases(
        views.join(sessions.select("session_id", "operator_id"), "session_id"), bought
    )


operator_non_buyer_view_share = per_operator(
    purchase_propensity.non_buyer_view_share, audience_purchases
)
operator_non_buyer_direct_view_share = per_operator(
    purchase_propensity.non_buyer_direct_view_share, audience_purchases
)
