"""Tables of operators, accounts, sessions, views and interactions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from simulation.families.night_market.tables.columns import moments, numbers, received, unknown
from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import (
    ASN_KINDS,
    DAY,
    DISTRICTS,
    GOODS,
    KINDS,
    SOURCES,
)
from simulation.identifiers import make_ids, take_labels


def people_tables(town: Town, first_seen: np.ndarray) -> dict[str, pa.Table]:
    """Operators and accounts; `first_seen` is each account's first act, infinite for none."""
    rng, o, people = town.rng, town.operators, town.people
    n = len(o.fame)
    operators = {
        "operator_id": make_ids("operator", np.arange(n)),
        "kind": take_labels(["individual", "company", "mcn_member"], o.kind),
        "registered_at": moments(town, o.registered),
        "identity_verified_at": moments(town, o.registered + rng.uniform(0.1, 2, n) * DAY),
        "mcn_id": make_ids("mcn", o.guild),
        "region": take_labels(DISTRICTS, o.district),
        "category": take_labels(GOODS, o.goods),
        "received_at": moments(town, np.full(n, -DAY), 0.001),
    }
    before = first_seen - 60 - rng.exponential(2 * DAY, len(first_seen))
    registered = np.minimum(people.registered, before)
    m = len(registered)
    accounts = {
        "account_id": make_ids("account", np.arange(m)),
        "registered_at": moments(town, registered),
        "real_name_verified": numbers(people.verified, rng.random(m) < 0.04),
        "level": numbers(people.level),
        "region": take_labels(DISTRICTS, unknown(rng, people.district, 0.05)),
        "referrer_id": make_ids("account", people.referrer),
        "received_at": moments(town, np.maximum(registered + 20, -DAY), 0.001),
    }
    seen = np.isfinite(first_seen)
    return {"operators": pa.table(operators), "accounts": pa.table(accounts).filter(seen)}


def room_tables(town: Town, v: SimpleNamespace, i: SimpleNamespace) -> dict[str, pa.Table]:
    """Sessions, views, interactions, granted boosts and raids."""
    rng, s, p = town.rng, town.sessions, town.parameters
    n, m = len(s.start), len(v.session)
    sessions = {
        "session_id": make_ids("session", np.arange(n)),
        "room_id": make_ids("room", s.operator),
        "operator_id": make_ids("operator", s.operator),
        "streamer_ids": pa.array(
            [[one] for one in make_ids("streamer", s.operator).to_pylist()], pa.list_(pa.string())
        ),
        "category": take_labels(GOODS, town.operators.goods[s.operator]),
        "started_at": moments(town, s.start),
        "ended_at": moments(town, s.end),
        "virtual_host": numbers(town.operators.virtual[s.operator]),
        "received_at": received(town, s.end + 120),
    }
    left = np.where(rng.random(m) < p.no_leave, np.nan, v.left)
    views = {
        "session_id": make_ids("session", v.session),
        "account_id": make_ids("account", unknown(rng, v.account, p.anonymous)),
        "device_id": make_ids("device", unknown(rng, v.device, p.no_device)),
        "joined_at": moments(town, v.joined),
        "left_at": moments(town, left),
        "entry_source": take_labels(SOURCES, unknown(rng, v.source, 0.01)),
        "app_version": take_labels(
            [f"4.{k // 3}.{k % 3}" for k in range(14)],
            unknown(rng, town.people.version[v.account], 0.03),
        ),
        "ip_prefix": make_ids("ip", unknown(rng, v.network, p.no_network)),
        "asn_kind": take_labels(ASN_KINDS, unknown(rng, v.asn, p.no_network)),
        "region": take_labels(DISTRICTS, unknown(rng, v.region, 0.03)),
        "received_at": received(town, v.left, 20),
    }
    interactions = {
        "session_id": make_ids("session", i.session),
        "account_id": make_ids("account", i.account),
        "kind": take_labels(KINDS, i.kind),
        "at": moments(town, i.at),
        "count": numbers(i.count),
        "text_hash": make_ids("text", i.text),
        "received_at": received(town, i.at, 15),
    }
    boosts, links = town.boosts.joined(), town.links.joined()
    granted = {
        "session_id": make_ids("session", boosts.session),
        "starts_at": moments(town, boosts.start),
        "ends_at": moments(town, boosts.end),
        "views_bought": numbers(boosts.views),
        "amount": numbers(np.round(boosts.views * rng.uniform(0.1, 0.5, len(boosts.views)), 2)),
        "received_at": received(town, boosts.start),
    }
    raids = {
        "from_session_id": make_ids("session", links.session),
        "to_session_id": make_ids("session", links.to),
        "kind": take_labels(["raid"], links.kind),
        "at": moments(town, links.at),
        "viewers_sent": numbers(links.viewers),
        "received_at": received(town, links.at),
    }
    tables = {
        "sessions": sessions,
        "views": views,
        "interactions": interactions,
        "boosts": granted,
        "room_links": raids,
    }
    return {name: pa.table(columns) for name, columns in tables.items()}
