"""A market's day as rows of the contracts, and the verdicts of those who looked at it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation import records
from simulation.feedback import outcome_rows
from simulation.ground_truth import write_batches
from simulation.identifiers import DAY, chosen, moments, named
from simulation.lake_writer import Outbox
from simulation.records import Acts, Orders
from simulation.schemes import NUMBER, SCHEMES, TYPOLOGY
from simulation.second_platform.browsing import Shows, Stays
from simulation.second_platform.people import CATEGORIES, PROVINCES
from simulation.world import minutes_of

KINDS = ["broadband", "mobile", "office", "campus", "datacentre", "proxy"]
VERSIONS = [f"{30 + i // 2}.{i % 2 * 5}.0" for i in range(10)]
AUDIT, PATROL, WRONG = (
    0.03,
    0.3,
    0.03,
)  # share of sessions judged by lot, of planted ones judged besides, and of verdicts that err


def deliver(
    rng,
    outbox: Outbox,
    s,
    shows: Shows,
    v: Stays,
    a: Acts,
    o: Orders,
    causes,
    planted,
    account_table,
    truth: Path,
    number: int,
) -> None:
    """Put a day's rows, its granted causes and verdicts into the outbox, and what was planted into `truth`."""
    session = pa.table(
        {
            "session_id": named("session", shows.index),
            "room_id": named("room", shows.shop),
            "operator_id": named("operator", shows.shop),
            "streamer_ids": pa.ListArray.from_arrays(
                np.arange(len(shows) + 1, dtype=np.int32), named("streamer", shows.shop)
            ),
            "category": chosen(CATEGORIES, s.category[shows.shop]),
            "started_at": moments(shows.start),
            "ended_at": moments(shows.end),
            "virtual_host": pa.array(shows.shop % 23 == 0),
            "received_at": moments(shows.end + 90),
        }
    )
    v = v.where(np.lexsort((v.joined, v.left)))
    seen = records.Views(
        shows.index[v.show], v.account, v.device, v.joined, v.left, v.source, v.version, v.prefix, v.asn, v.province, v.scheme
    )  # fmt: skip
    view_table = pa.table(
        {
            "session_id": named("session", seen.session),
            "account_id": named("account", seen.account),
            "device_id": named("device", seen.device),
            "joined_at": moments(seen.joined),
            "left_at": moments(seen.left),
            "entry_source": chosen(records.SOURCES, seen.source),
            "app_version": chosen(VERSIONS, seen.version),
            "ip_prefix": named("ip", seen.ip),
            "asn_kind": chosen(KINDS, np.where(rng.random(len(seen)) < 0.05, -1, seen.asn)),
            "region": chosen(PROVINCES, seen.region),
            "received_at": moments(seen.left + 5),
        }
    )
    a = dataclasses.replace(a, session=shows.index[a.session.astype(int)])
    o = dataclasses.replace(o, session=shows.index[o.session.astype(int)])
    tables = {
        "sessions": session,
        "views": view_table,
        "interactions": records.act_rows(a),
        "orders": records.order_rows(o),
    }
    regions = ("from_region", "to_region")
    parcels = records.parcel_rows(o)
    kept = o.where(~np.isnan(o.signed))
    kept = kept.where(np.argsort(kept.signed, kind="stable"))
    for name in regions:
        parcels = parcels.set_column(
            parcels.schema.get_field_index(name), name, chosen(PROVINCES, getattr(kept, name))
        )
    for name, table in {
        **tables,
        "parcels": parcels,
        "refunds": records.refund_rows(o),
        "reviews": records.review_rows(o),
    }.items():
        outbox.add(name, table)
    outbox.add("room_minutes", minutes_of({**tables, "accounts": account_table}))
    _causes(outbox, shows, causes)
    _judge(rng, outbox, shows, o, planted)
    write_batches(truth, number, shows.index, seen, a, o, planted)


def _causes(outbox: Outbox, shows: Shows, causes) -> None:
    """Boosts and raids: arrays as `browsing.honest_day` gives them."""
    (boost, begin, until, count), raids = causes
    outbox.add(
        "boosts",
        pa.table(
            {
                "session_id": named("session", shows.index[boost]),
                "starts_at": moments(begin),
                "ends_at": moments(until),
                "views_bought": pa.array(count),
                "amount": pa.array((count * 0.3).round(2)),
                "received_at": moments(begin),
            }
        ),
    )
    if len(raids):
        outbox.add(
            "room_links",
            pa.table(
                {
                    "from_session_id": named("session", shows.index[raids[:, 0].astype(int)]),
                    "to_session_id": named("session", shows.index[raids[:, 1].astype(int)]),
                    "kind": chosen(["raid"], np.zeros(len(raids))),
                    "at": moments(raids[:, 2]),
                    "viewers_sent": pa.array(raids[:, 3].astype(np.int64)),
                    "received_at": moments(raids[:, 2] + 5),
                }
            ),
        )


def _judge(rng, outbox: Outbox, shows: Shows, o: Orders, planted: np.ndarray) -> None:
    """Verdicts: some by lot, some because somebody complained or looked; late, and now and then wrong."""
    n = len(shows)
    kind, bad = np.full(n, "view_fraud", dtype=object), np.zeros(n, dtype=bool)
    for show, scheme, *_ in planted:
        typology = TYPOLOGY[SCHEMES[int(scheme)]]
        if typology in ("view_fraud", "engagement_fraud"):
            bad[int(show)], kind[int(show)] = True, typology
    order_kind = np.where(
        o.scheme == NUMBER["hostile_brushing"], "hostile_brushing", "order_fraud"
    ).astype(object)
    for name, index, guilty, words, at, lot in (
        ("session", shows.index, bad, kind, shows.end, AUDIT),
        ("order", o.index, o.scheme > 0, order_kind, o.placed, AUDIT / 3),
    ):
        by_lot = rng.random(len(index)) < lot
        looked = by_lot | (
            rng.random(len(index)) < np.where(guilty, PATROL if name == "session" else 0.12, 0.02)
        )
        some = np.flatnonzero(looked)
        outbox.add(
            "outcomes",
            outcome_rows(
                pd.DataFrame(
                    {
                        "entity": index[some],
                        "typology": words[some],
                        "confirmed": guilty[some] ^ (rng.random(len(some)) < WRONG),
                        "decided": at[some] + rng.uniform(0.5, 7, len(some)) * DAY,
                        "source": np.where(by_lot[some], "random_audit", "patrol"),
                    }
                ),
                name,
                name,
            ),
        )
