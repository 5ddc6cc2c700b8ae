"""Delivery of the platform's tables: clocks, delays, missing tables, columns and values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.families.brand_rooms.brands import DISTRIBUTOR, Brands, Sessions
from simulation.families.brand_rooms.people import APP_VERSIONS, People
from simulation.families.brand_rooms.settings import (
    CATEGORIES,
    CLICK,
    DAY,
    LIKE,
    Settings,
)
from simulation.families.event_delivery.after_orders import region_codes
from simulation.families.event_delivery.core_tables import (
    deliver_accounts,
    deliver_acts,
    deliver_orders,
    deliver_views,
)
from simulation.families.event_delivery.session_tables import (
    deliver_links,
    deliver_notices,
    deliver_totals,
)
from simulation.families.event_delivery.tables import Delivery, nullable, spans
from simulation.identifiers import take_labels


@dataclass
class Platform:
    """All that is delivered; rows of views, acts and orders are those received in time."""

    rng: np.random.Generator
    settings: Settings
    people: People
    brands: Brands
    sessions: Sessions
    views: dict[str, np.ndarray]
    acts: dict[str, np.ndarray]
    orders: dict[str, np.ndarray]
    boosts: dict[str, np.ndarray]
    delivery: Delivery


def deliver_platform(platform: Platform) -> None:
    """Write every table of the lake but the verdicts."""
    writers: tuple[Callable[[Platform], None], ...] = (
        _operators,
        _sessions,
        _boosts,
    )
    for write in writers:
        write(platform)
    delivery, rng, sessions = platform.delivery, platform.rng, platform.sessions
    _events(platform)
    group = platform.brands.group[sessions.operator]
    deliver_links(delivery, rng, sessions.started, sessions.ended, group)
    deliver_totals(delivery, sessions.started, sessions.ended, platform.views, platform.acts)
    deliver_notices(delivery, rng, len(platform.brands), platform.settings.start)


def _events(p: Platform) -> None:
    """Accounts, views, interactions and orders; guests may like and click without an account."""
    people, rng, delivery = p.people, p.rng, p.delivery
    columns = {n: getattr(people, n) for n in ("registered", "verified", "level", "region")}
    columns["referrer"] = people.referrer
    named = p.views["account"][~p.views["guest"]]
    deliver_accounts(delivery, rng, columns, [named, p.acts["account"], p.orders["buyer"]])
    deliver_views(delivery, p.views, [f"8.{i:02d}" for i in range(APP_VERSIONS)])
    casual = np.isin(p.acts["kind"], [LIKE, CLICK])
    nameless = casual & (rng.random(len(casual)) < 0.9 * people.guest[p.acts["account"]])
    deliver_acts(delivery, p.acts, nameless)
    deliver_orders(delivery, p.orders)


def _operators(p: Platform) -> None:
    """Registry of operators."""
    rng, n, brands = p.rng, len(p.brands), p.brands
    small = brands.size_class == DISTRIBUTOR
    agency = np.where(small & (rng.random(n) < 0.2), rng.integers(0, 4, n), -1)
    kind = np.where(agency >= 0, 2, np.where(small & (rng.random(n) < 0.3), 0, 1))
    p.delivery.deliver(
        "operators",
        {
            "operator_id": p.delivery.ids("operator", np.arange(n)),
            "kind": take_labels(["individual", "company", "mcn_member"], kind),
            "registered_at": p.delivery.times(brands.registered),
            "identity_verified_at": p.delivery.times(
                brands.registered + DAY * rng.uniform(0, 2, n)
            ),
            "mcn_id": p.delivery.ids("mcn", agency),
            "region": region_codes(brands.region),
            "category": take_labels(list(CATEGORIES), brands.category),
        },
        np.maximum(brands.registered, p.settings.start - DAY) + 600,
    )


def _sessions(p: Platform) -> None:
    """Sessions with the hosts of their shifts."""
    rng, s = p.rng, p.sessions
    hours = (s.ended - s.started) / 3_600
    shifts = np.clip(np.ceil(hours / 5), 1, 6).astype(int)
    owner, place = spans(shifts)
    first = (s.started // DAY).astype(int) % 3
    hosts = p.delivery.ids("streamer", s.operator[owner] * 12 + (place + first[owner]) % 9)
    offsets = pa.array(np.concatenate([[0], np.cumsum(shifts)]).astype(np.int32))
    p.delivery.deliver(
        "sessions",
        {
            "session_id": p.delivery.ids("session", np.arange(len(s))),
            "room_id": p.delivery.ids("room", s.room),
            "operator_id": p.delivery.ids("operator", s.operator),
            "streamer_ids": pa.ListArray.from_arrays(offsets, hosts),
            "category": take_labels(list(CATEGORIES), p.brands.category[s.operator]),
            "started_at": p.delivery.times(s.started),
            "ended_at": p.delivery.times(s.ended),
            "virtual_host": nullable(s.virtual == 1, s.virtual < 0),
        },
        s.ended + rng.uniform(5, 300, len(s)),
    )


def _boosts(p: Platform) -> None:
    """Traffic that the platform granted."""
    b = p.boosts
    p.delivery.deliver(
        "boosts",
        {
            "session_id": p.delivery.ids("session", b["session"]),
            "starts_at": p.delivery.times(b["starts"]),
            "ends_at": p.delivery.times(b["ends"]),
            "views_bought": b["bought"],
            "amount": np.round(b["bought"] * 0.31, 2),
        },
        b["ends"] + 60,
    )
