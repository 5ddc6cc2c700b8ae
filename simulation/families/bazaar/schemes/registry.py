"""Schemes by the side that they falsify."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulation.families.bazaar.schemes.engagement import (
    bought_followers,
    template_comments,
    trickled_likes,
)
from simulation.families.bazaar.schemes.orders import (
    drip,
    hostile_bots,
    hostile_brushing,
    kin_orders,
    late_deposits,
    station_scans,
    village_paid,
)
from simulation.families.bazaar.schemes.views import (
    boost_bots,
    exchange_pods,
    hangup,
    phone_farm,
    pk_bots,
)
from simulation.families.bazaar.world import Case, World

Scheme = Callable[[World, Case], None]

ROOM_SCHEMES: list[Scheme] = [
    exchange_pods,
    hangup,
    phone_farm,
    pk_bots,
    boost_bots,
    bought_followers,
    trickled_likes,
    template_comments,
]
TRADE_SCHEMES: list[Scheme] = [village_paid, late_deposits, station_scans, kin_orders, drip]
ATTACKS: list[Scheme] = [hostile_brushing, hostile_bots]
SCHEMES = ROOM_SCHEMES + TRADE_SCHEMES + ATTACKS
ACTS_ONLY = (exchange_pods, trickled_likes, template_comments, bought_followers)
SCHEME_NAMES = np.array(["honest", *(f.__name__ for f in SCHEMES)])
