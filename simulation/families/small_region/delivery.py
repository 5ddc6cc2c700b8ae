"""Delivery of the platform's tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.families.event_delivery.after_orders import region_codes
from simulation.families.event_delivery.core_tables import (
    deliver_accounts,
    deliver_acts,
    deliver_orders,
    deliver_views,
)
from simulation.families.event_delivery.session_tables import deliver_notices, deliver_totals
from simulation.families.event_delivery.tables import Delivery
from simulation.families.small_region.county import County
from simulation.families.small_region.diaries import Diaries
from simulation.families.small_region.rooms import Operators, Sessions
from simulation.families.small_region.settings import BOOST, DAY, OPERATORS, TRADES, Settings
from simulation.identifiers import take_labels

VERSIONS = ("1.2", "1.3", "1.4", "2.0", "2.1", "2.1.3", "2.2")


@dataclass
class Platform:
    """All that is delivered; rows of views, acts and orders are those received in time."""

    rng: np.random.Generator
    settings: Settings
    county: County
    operators: Operators
    sessions: Sessions
    diaries: Diaries
    views: dict[str, np.ndarray]
    acts: dict[str, np.ndarray]
    orders: dict[str, np.ndarray]
    delivery: Delivery


def deliver_platform(p: Platform) -> None:
    """Write the tables of operators, sessions, accounts and events."""
    county, rng, delivery = p.county, p.rng, p.delivery
    _deliver_operators(p)
    _deliver_sessions(p)
    _deliver_boosts(p)
    _deliver_raids(p)
    everyone = np.arange(len(county))
    columns = {
        name: getattr(county, name) for name in ("registered", "verified", "level", "referrer")
    }
    columns["region"] = county.regions(everyone)
    named = p.views["account"][~p.views["guest"]]
    deliver_accounts(delivery, rng, columns, [named, p.acts["account"], p.orders["buyer"]])
    deliver_views(delivery, p.views, VERSIONS)
    deliver_acts(delivery, p.acts, np.zeros(len(p.acts["at"]), bool))
    deliver_orders(delivery, p.orders)
    deliver_totals(delivery, p.sessions.started, p.sessions.ended, p.views, p.acts)
    deliver_notices(delivery, rng, OPERATORS, p.settings.start)


def _deliver_operators(p: Platform) -> None:
    """Registry of operators."""
    o, rng = p.operators, p.rng
    kind = np.where(o.mcn >= 0, 2, (rng.random(OPERATORS) < 0.25).astype(int))
    verified = o.registered + rng.uniform(0.1, 9, OPERATORS) * DAY
    p.delivery.deliver(
        "operators",
        {
            "operator_id": p.delivery.ids("operator", np.arange(OPERATORS)),
            "kind": take_labels(["individual", "company", "mcn_member"], kind),
            "registered_at": p.delivery.times(o.registered),
            "identity_verified_at": p.delivery.times(verified),
            "mcn_id": p.delivery.ids("mcn", o.mcn),
            "region": region_codes(1 + o.township),
            "category": take_labels(list(TRADES), o.trade),
        },
        np.maximum(o.registered, p.settings.start - DAY) + 600,
    )


def _deliver_sessions(p: Platform) -> None:
    """Sessions, each with its host."""
    s, n = p.sessions, len(p.sessions)
    hosts = p.delivery.ids("streamer", s.operator)
    offsets = pa.array(np.arange(n + 1, dtype=np.int32))
    p.delivery.deliver(
        "sessions",
        {
            "session_id": p.delivery.ids("session", np.arange(n)),
            "room_id": p.delivery.ids("room", s.operator),
            "operator_id": p.delivery.ids("operator", s.operator),
            "streamer_ids": pa.ListArray.from_arrays(offsets, hosts),
            "category": take_labels(list(TRADES), p.operators.trade[s.operator]),
            "started_at": p.delivery.times(s.started),
            "ended_at": p.delivery.times(s.ended),
            "virtual_host": pa.array(np.zeros(n, bool)),
        },
        s.ended + p.rng.uniform(5, 900, n),
    )


def _deliver_boosts(p: Platform) -> None:
    """Boosts that the platform granted, with the views that they brought."""
    boosted = p.diaries.boosted
    session = np.array(sorted(boosted), np.int64)
    times = np.array([boosted[s] for s in session.tolist()]).reshape(-1, 2)
    from_boost = p.views["session"][p.views["source"] == BOOST]
    bought = np.bincount(from_boost, minlength=len(p.sessions))[session]
    p.delivery.deliver(
        "boosts",
        {
            "session_id": p.delivery.ids("session", session),
            "starts_at": p.delivery.times(times[:, 0]),
            "ends_at": p.delivery.times(times[:, 1]),
            "views_bought": bought,
            "amount": np.round(bought * 0.12, 2),
        },
        times[:, 1] + 60,
    )


def _deliver_raids(p: Platform) -> None:
    """Raids from one room to another."""
    raids = np.array(p.diaries.raids, float).reshape(-1, 4)
    whole = raids.astype(np.int64)
    p.delivery.deliver(
        "room_links",
        {
            "from_session_id": p.delivery.ids("session", whole[:, 0]),
            "to_session_id": p.delivery.ids("session", whole[:, 1]),
            "kind": take_labels(["raid"], np.zeros(len(raids))),
            "at": p.delivery.times(raids[:, 2]),
            "viewers_sent": whole[:, 3],
        },
        raids[:, 2] + 30,
    )
