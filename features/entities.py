"""Entities of signals: their kinds, keys and peers, and defaults that follow from them."""

from __future__ import annotations

from enum import StrEnum

from features.units import Unit

SESSION, ORDER, ACCOUNT, OPERATOR, VIEW = "session", "order", "account", "operator", "view"
KEY = {
    SESSION: "session_id",
    ORDER: "order_id",
    ACCOUNT: "account_id",
    OPERATOR: "operator_id",
    VIEW: "view_id",
}
NIGHTLY, LIVE = "NIGHTLY", "LIVE"
PEERS = {  # whom a value is compared with, in Chinese and English
    SESSION: ("同类场次", "comparable sessions"),
    ORDER: ("同类订单", "comparable orders"),
    ACCOUNT: ("同类账号", "comparable accounts"),
    OPERATOR: ("同类运营者", "comparable operators"),
    VIEW: ("同类观看", "comparable views"),
}
STATISTICS = ("_mean", "_median", "_min", "_max", "_sd", "_peak")  # of one figure over sessions


class Dimension(StrEnum):
    """What a scheme inflates, as the gate's answer lists it; comments count as likes."""

    VIEW = "view"
    LIKE = "like"
    FOLLOW = "follow"
    ORDER = "order"


DIMENSION_OF = {
    "view_fraud": Dimension.VIEW,
    "engagement_fraud": Dimension.LIKE,
    "order_fraud": Dimension.ORDER,
    "review_fraud": Dimension.ORDER,
}
# What the shares of an entity stand on. Parcels and reviews are no more than orders. Actions and
# accounts are taken for as many as views: where those are more, somewhat more is left to chance.
DENOMINATORS: dict[str, dict[Unit, str]] = {
    OPERATOR: {
        Unit.SHARE_OF_ORDERS: "operator_order_count",
        Unit.SHARE_OF_PARCELS: "operator_order_count",
        Unit.SHARE_OF_REVIEWS: "operator_order_count",
        Unit.FAULTS_PER_ORDER: "operator_order_count",
        Unit.SHARE_OF_VIEWS: "operator_view_count",
        Unit.SHARE_OF_ACTIONS: "operator_view_count",
        Unit.SHARE_OF_ACCOUNTS: "operator_view_count",
        Unit.FAULTS_PER_VIEW: "operator_view_count",
    },
    SESSION: {
        Unit.SHARE_OF_VIEWS: "view_count",
        Unit.SHARE_OF_JOINS: "view_count",
        Unit.SHARE_OF_VIEWERS: "view_count",
        Unit.SHARE_OF_ACCOUNTS: "view_count",
        Unit.SHARE_OF_FOLLOWS: "follow_count",
        Unit.SHARE_OF_MINUTES: "minutes_count",
    },
}
