"""A day of the second platform as contract rows, and the verdicts on it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation import contract_rows
from simulation.behaviour.audience import HonestCauses
from simulation.feedback import add_causes, outcome_rows
from simulation.identifiers import DAY, make_ids, take_labels, to_timestamps
from simulation.lake_writer import LakeWriter
from simulation.records import Events, Orders, PlantedSessions, Views
from simulation.schemes import SCHEME_NUMBER, SCHEMES, TYPOLOGY
from simulation.second_platform.people import CATEGORIES, PROVINCES
from simulation.second_platform.platform_day import PlatformDay

ASN_KINDS = ["broadband", "mobile", "office", "campus", "datacentre", "proxy"]
APP_VERSIONS = [f"{30 + i // 2}.{i % 2 * 5}.0" for i in range(10)]
AUDIT_RATE = 0.03  # share of sessions judged by lot; of orders a third of it
SESSION_PATROL_RATE, ORDER_PATROL_RATE = 0.3, 0.12  # share of fraud judged besides
HONEST_PATROL_RATE = 0.02
VERDICT_ERROR_RATE = 0.03
PRICE_PER_BOOSTED_VIEW = 0.3


@dataclasses.dataclass(frozen=True)
class DayResult:
    """Events of a day, its granted causes and its ground truth; sessions are rows of the day."""

    events: Events
    causes: HonestCauses
    planted: PlantedSessions


def deliver_day(
    rng: np.random.Generator,
    day: PlatformDay,
    result: DayResult,
    account_table: pa.Table,
    writer: LakeWriter,
) -> Events:
    """Queue a day's rows, granted causes and verdicts; events come back with session numbers."""
    index, events = day.sessions.index, result.events
    views = events.views.select(np.lexsort((events.views.joined, events.views.left)))
    views = dataclasses.replace(views, session=index[views.session])
    interactions = dataclasses.replace(
        events.interactions, session=index[events.interactions.session.astype(int)]
    )
    orders = dataclasses.replace(events.orders, session=index[events.orders.session.astype(int)])
    tables = {
        "sessions": _session_rows(day),
        "views": _view_rows(rng, views),
        "interactions": contract_rows.interaction_rows(interactions),
        "orders": contract_rows.order_rows(orders),
    }
    more = {
        "parcels": _parcel_rows(orders),
        "refunds": contract_rows.refund_rows(orders),
        "reviews": contract_rows.review_rows(orders),
    }
    for name, table in (tables | more).items():
        writer.add(name, table)
    minutes = contract_rows.minute_rows(tables | {"accounts": account_table})
    writer.add("room_minutes", minutes)
    add_causes(index, result.causes, writer, price_per_view=PRICE_PER_BOOSTED_VIEW)
    _add_verdicts(rng, day, orders, result.planted, writer)
    return Events(views, interactions, orders)


def _session_rows(day: PlatformDay) -> pa.Table:
    sessions = day.sessions
    return pa.table(
        {
            "session_id": make_ids("session", sessions.index),
            "room_id": make_ids("room", sessions.shop),
            "operator_id": make_ids("operator", sessions.shop),
            "streamer_ids": pa.ListArray.from_arrays(
                np.arange(len(sessions) + 1, dtype=np.int32), make_ids("streamer", sessions.shop)
            ),
            "category": take_labels(CATEGORIES, day.shops.category[sessions.shop]),
            "started_at": to_timestamps(sessions.start),
            "ended_at": to_timestamps(sessions.end),
            "virtual_host": pa.array(sessions.shop % 23 == 0),
            "received_at": to_timestamps(sessions.end + 90),
        }
    )


def _view_rows(rng: np.random.Generator, v: Views) -> pa.Table:
    """Rows of views; the kind of network is unknown for one in twenty."""
    asn = np.where(rng.random(len(v)) < 0.05, -1, v.asn)
    return pa.table(
        {
            "session_id": make_ids("session", v.session),
            "account_id": make_ids("account", v.account),
            "device_id": make_ids("device", v.device),
            "joined_at": to_timestamps(v.joined),
            "left_at": to_timestamps(v.left),
            "entry_source": take_labels(contract_rows.ENTRY_SOURCES, v.source),
            "app_version": take_labels(APP_VERSIONS, v.version),
            "ip_prefix": make_ids("ip", v.ip),
            "asn_kind": take_labels(ASN_KINDS, asn),
            "region": take_labels(PROVINCES, v.region),
            "received_at": to_timestamps(v.left + 5),
        }
    )


def _parcel_rows(o: Orders) -> pa.Table:
    """Rows of parcels, with this platform's names of regions."""
    parcels = contract_rows.parcel_rows(o)
    signed = o.select(~np.isnan(o.signed))
    signed = signed.select(np.argsort(signed.signed, kind="stable"))
    for name in ("from_region", "to_region"):
        place = parcels.schema.get_field_index(name)
        parcels = parcels.set_column(place, name, take_labels(PROVINCES, getattr(signed, name)))
    return parcels


def _add_verdicts(
    rng: np.random.Generator,
    day: PlatformDay,
    o: Orders,
    planted: PlantedSessions,
    writer: LakeWriter,
) -> None:
    """Queue verdicts: some by lot, some after a complaint; late, and now and then wrong."""
    sessions = day.sessions
    n = len(sessions)
    session_typology, inflated = np.full(n, "view_fraud", dtype=object), np.zeros(n, dtype=bool)
    for row, scheme in zip(planted.session, planted.scheme, strict=True):
        typology = TYPOLOGY[SCHEMES[scheme]]
        if typology in ("view_fraud", "engagement_fraud"):
            inflated[row], session_typology[row] = True, typology
    hostile = o.scheme == SCHEME_NUMBER["hostile_brushing"]
    order_typology = np.where(hostile, "hostile_brushing", "order_fraud").astype(object)
    for kind, index, fraud, typologies, at, audit, patrol in (
        (
            "session",
            sessions.index,
            inflated,
            session_typology,
            sessions.end,
            AUDIT_RATE,
            SESSION_PATROL_RATE,
        ),
        (
            "order",
            o.index,
            o.scheme > 0,
            order_typology,
            o.placed,
            AUDIT_RATE / 3,
            ORDER_PATROL_RATE,
        ),
    ):
        audited = rng.random(len(index)) < audit
        patrol_rate = np.where(fraud, patrol, HONEST_PATROL_RATE)
        some = np.flatnonzero(audited | (rng.random(len(index)) < patrol_rate))
        verdicts = pd.DataFrame(
            {
                "entity": index[some],
                "typology": typologies[some],
                "confirmed": fraud[some] ^ (rng.random(len(some)) < VERDICT_ERROR_RATE),
                "decided": at[some] + rng.uniform(0.5, 7, len(some)) * DAY,
                "source": np.where(audited[some], "random_audit", "patrol"),
            }
        )
        writer.add("outcomes", outcome_rows(verdicts, kind, kind))
