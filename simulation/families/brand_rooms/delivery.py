"""Delivery of the platform's tables: clocks, delays, missing tables, columns and values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.families.brand_rooms.brands import DISTRIBUTOR, Brands, Sessions
from simulation.families.brand_rooms.people import People
from simulation.families.brand_rooms.settings import (
    CATEGORIES,
    COMMENT,
    DAY,
    KINDS,
    NETWORKS,
    SOURCES,
    Settings,
)
from simulation.families.event_delivery.session_tables import (
    deliver_links,
    deliver_notices,
    deliver_totals,
)
from simulation.families.event_delivery.tables import Delivery, hide, nullable, spans
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


def delays(
    rng: np.random.Generator, settings: Settings, happened: np.ndarray, batch_seconds: float
) -> np.ndarray:
    """Moments of receipt: streamed within a minute or in batches, with a share that is late."""
    received = happened + rng.gamma(1.5, 20, len(happened))
    if batch_seconds:
        received = np.ceil(received / batch_seconds) * batch_seconds
        received += rng.uniform(60, 900, len(happened))
    late = rng.random(len(happened)) < settings.late_rows
    return np.where(late, received + rng.uniform(0.1, 3, len(happened)) * DAY, received)


def deliver_platform(platform: Platform) -> None:
    """Write every table of the lake but the verdicts."""
    writers: tuple[Callable[[Platform], None], ...] = (
        _operators,
        _accounts,
        _sessions,
        _views,
        _acts,
        _orders,
        _boosts,
    )
    for write in writers:
        write(platform)
    delivery, rng, sessions = platform.delivery, platform.rng, platform.sessions
    group = platform.brands.group[sessions.operator]
    deliver_links(delivery, rng, sessions.started, sessions.ended, group)
    deliver_totals(delivery, sessions.started, sessions.ended, platform.views, platform.acts)
    deliver_notices(delivery, rng, len(platform.brands), platform.settings.start)


def _labels(prefix: str, values: np.ndarray) -> pa.Array:
    """Codes such as `R12`; a negative value becomes null."""
    codes = [f"{prefix}{i:02d}" for i in range(int(values.max(initial=0)) + 1)]
    return take_labels(codes, values)


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
            "region": _labels("R", brands.region),
            "category": take_labels(list(CATEGORIES), brands.category),
        },
        np.maximum(brands.registered, p.settings.start - DAY) + 600,
    )


def _accounts(p: Platform) -> None:
    """Accounts that are named anywhere."""
    used = np.unique(
        np.concatenate(
            [p.views["account"][~p.views["guest"]], p.acts["account"], p.orders["buyer"]]
        )
    )
    used = used[used >= 0]
    people, rng = p.people, p.rng
    p.delivery.deliver(
        "accounts",
        {
            "account_id": p.delivery.ids("account", used),
            "registered_at": p.delivery.times(people.registered[used]),
            "real_name_verified": nullable(people.verified[used], rng.random(len(used)) < 0.05),
            "level": nullable(people.level[used], rng.random(len(used)) < 0.03),
            "region": _labels("R", people.region[used]),
            "referrer_id": p.delivery.ids("account", people.referrer[used]),
        },
        np.maximum(people.registered[used] + 300, p.settings.start - DAY),
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


def _views(p: Platform) -> None:
    """Views, most of them without an account."""
    v = p.views
    p.delivery.deliver(
        "views",
        {
            "session_id": p.delivery.ids("session", v["session"]),
            "account_id": hide(p.delivery.ids("account", v["account"]), v["guest"]),
            "device_id": hide(p.delivery.ids("device", v["device"]), v["no_device"]),
            "joined_at": p.delivery.times(v["joined"]),
            "left_at": p.delivery.times(np.where(v["no_leave"], np.nan, v["left"])),
            "entry_source": take_labels(list(SOURCES), v["source"]),
            "app_version": _labels("8.", p.people.version[v["account"]]),
            "ip_prefix": p.delivery.ids("ip", v["net"]),
            "asn_kind": take_labels(list(NETWORKS), v["asn"]),
            "region": _labels("R", p.people.region[v["account"]]),
        },
        v["received"],
    )


def _acts(p: Platform) -> None:
    """Interactions; guests may like and click without an account."""
    a = p.acts
    nameless = np.isin(a["kind"], [0, 5]) & (p.rng.random(len(a["at"])) < 0.9)
    nameless &= p.rng.random(len(a["at"])) < p.people.guest[a["account"]]
    p.delivery.deliver(
        "interactions",
        {
            "session_id": p.delivery.ids("session", a["session"]),
            "account_id": hide(p.delivery.ids("account", a["account"]), nameless),
            "kind": take_labels(list(KINDS), a["kind"]),
            "at": p.delivery.times(a["at"]),
            "count": a["count"],
            "text_hash": p.delivery.ids("text", np.where(a["kind"] == COMMENT, a["text"], -1)),
        },
        a["received"],
    )


def _orders(p: Platform) -> None:
    """Orders; a row is delivered again with its payment, so it waits for it where it can."""
    o = p.orders
    amount = np.round(o["unit_price"] * o["quantity"], 2)
    p.delivery.deliver(
        "orders",
        {
            "order_id": p.delivery.ids("order", o["id"]),
            "session_id": p.delivery.ids("session", o["session"]),
            "operator_id": p.delivery.ids("operator", o["operator"]),
            "merchant_id": p.delivery.ids("merchant", o["operator"]),
            "buyer_id": p.delivery.ids("account", o["buyer"]),
            "product_id": p.delivery.ids("product", o["operator"] * 40 + o["product"]),
            "placed_at": p.delivery.times(o["placed"]),
            "paid_at": p.delivery.times(o["paid"]),
            "list_amount": amount,
            "paid_amount": np.round(amount * (1 - o["discount"]), 2),
            "quantity": o["quantity"],
            "payer_id": p.delivery.ids("payer", o["payer"]),
            "address_id": p.delivery.ids("address", o["address"]),
            "device_id": p.delivery.ids("device", o["device"]),
        },
        o["received"],
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
