"""A market as a lake, and its planted truth beside it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from data_contracts.faults import LakeProblem
from data_contracts.lake import write_file
from simulation import rows
from simulation.aftermath import outcome_rows
from simulation.ids import DAY, chosen, moments, named
from simulation.market import vendors as sellers
from simulation.market.browsing import Shows, Stays, honest_day, shows_of_day, together
from simulation.market.buying import honest_orders
from simulation.market.doing import FOLLOWS, honest_acts
from simulation.market.people import CATEGORIES, PROVINCES, account_rows, operator_rows, people, shops
from simulation.outbox import Outbox
from simulation.rows import Acts, Orders
from simulation.schemes import NUMBER, ORDER_SCHEMES, SCHEMES, TYPOLOGY
from simulation.truth import write_batches
from simulation.world import minutes_of

KINDS = ["broadband", "mobile", "office", "campus", "datacentre", "proxy"]
VERSIONS = [f"{30 + i // 2}.{i % 2 * 5}.0" for i in range(10)]
CHEATING, WORKING = 0.16, 0.6  # share of operators that buy fraud, and of their days
AUDIT, PATROL, WRONG = 0.03, 0.3, 0.03  # share of sessions judged by lot, of planted ones judged besides, and of verdicts that err


def market(
    out: Path,
    truth: Path,
    seed: int,
    operators: int,
    accounts: int,
    days: int,
    start: date,
    progress: Callable[[int, int], None] = lambda a, b: None,
) -> dict[str, int]:
    """Write a market's lake to `out` and its truth to `truth`; the same seed gives the same bytes.

    Raises LakeProblem when either folder already holds something.
    """
    for folder in (out, truth):
        if folder.exists() and any(folder.iterdir()):
            raise LakeProblem(f"{folder} is not empty. Name a new folder, or remove it first; nothing was written.")
    origin = pd.Timestamp(start).timestamp()
    root = np.random.SeedSequence(seed)
    rng = np.random.default_rng(root.spawn(1)[0])
    p, s = people(rng, accounts, accounts // 4, origin), shops(rng, operators, origin)
    sold = sellers.vendors(rng, p, 2, max(100, accounts // 80))
    p = sellers.seeded(rng, p, sold)
    plan = _plan(rng, operators, sold, days)
    outbox = Outbox(out)
    outbox.add("accounts", account_rows(p, origin))
    outbox.add("operators", operator_rows(s, origin))
    _write_plan(truth, plan, sold, s, accounts, len(p))
    fans: list[np.ndarray] = [np.zeros(0, dtype=np.int64)] * operators
    first_show, first_order, counts = 0, 0, {"sessions": 0, "views": 0, "orders": 0}
    account_table = account_rows(p, origin)
    for number, stream in enumerate(root.spawn(days + 1)[1:]):
        rng, day = np.random.default_rng(stream), origin + number * DAY
        shows = shows_of_day(rng, s, day, first_show)
        busy = (1.9 if number % 11 == 7 else 1.0) * (1.2 if number % 7 in (5, 6) else 1.0)  # a festival, and weekends
        if len(shows):
            v, a, o, planted, causes = _day(rng, p, s, shows, sold, plan, number, day, busy, fans)
            o = o.where(np.argsort(o.placed, kind="stable"))
            o = dataclasses.replace(o, index=first_order + np.arange(len(o)), waybill=first_order + np.arange(len(o)))
            for row in range(len(shows)):  # who follows today is told tomorrow
                new = a.account[(a.session == row) & (a.kind == FOLLOWS)]
                fans[shows.shop[row]] = np.union1d(fans[shows.shop[row]], new)
            _deliver(rng, outbox, s, shows, v, a, o, causes, planted, account_table, truth, number)
            first_show, first_order = first_show + len(shows), first_order + len(o)
            counts = {"sessions": first_show, "views": counts["views"] + len(v), "orders": first_order}
        outbox.deliver(day)
        progress(number + 1, days)
    (truth / "world.json").write_text(json.dumps({"seed": seed, "days": days, "start": start.isoformat()}, indent=1))
    return counts | {"operators": operators, "accounts": len(p)}


def _plan(rng: np.random.Generator, operators: int, sold: list[sellers.Vendor], days: int) -> pd.DataFrame:
    """One row an operator and vendor: how much it buys, from which day on, and whom it harms (-1: nobody)."""
    lines = []
    for turn, shop in enumerate(np.flatnonzero(rng.random(operators) < CHEATING)):
        for k in range(1 + int(rng.random() < 0.3)):
            vendor = (turn + k * 7) % len(sold)
            hostile = sold[vendor].scheme == "brusher_platform" and rng.random() < 0.3
            victim = int(rng.integers(0, operators)) if hostile else -1
            lines.append(
                (shop, vendor, rng.lognormal(np.log(0.5), 0.8), int(rng.integers(0, days // 2)) if rng.random() < 0.4 else 0, victim)
            )
    return pd.DataFrame(lines, columns=["shop", "vendor", "amount", "since", "victim"])


def _write_plan(truth: Path, plan: pd.DataFrame, sold: list[sellers.Vendor], s, first: int, end: int) -> None:
    scheme = ["hostile_brushing" if v >= 0 else sold[k].scheme for k, v in zip(plan["vendor"], plan["victim"], strict=True)]
    write_file(
        truth / "operators.parquet",
        pa.table(
            {
                "operator_id": named("operator", plan["shop"].to_numpy()),
                "scheme": pa.array(scheme, pa.string()),
                "intensity": pa.array(plan["amount"]),
                "evasion": pa.array([sold[k].care for k in plan["vendor"]]),
                "since_day": pa.array(plan["since"]),
                "victim_id": named("operator", plan["victim"].to_numpy()),
            }
        ),
    )
    like = [
        ("lottery", np.flatnonzero(s.lottery)),
        ("unrecorded_guests", np.flatnonzero(s.guests)),
        ("shared_warehouse", np.flatnonzero(s.warehouse >= 90_000)),
    ]
    write_file(
        truth / "lookalikes.parquet",
        pa.table(
            {
                "operator_id": named("operator", np.concatenate([i for _, i in like])),
                "lookalike": pa.array(np.repeat([n for n, _ in like], [len(i) for _, i in like]).astype(object), pa.string()),
            }
        ),
    )
    write_file(truth / "accounts.parquet", pa.table({"account_id": named("account", np.arange(first, end))}))


def _day(rng, p, s, shows: Shows, sold, plan: pd.DataFrame, number: int, day: float, busy: float, fans):
    """Views, actions, orders, planted sessions and granted causes of a day; sessions are places in the day."""
    honest, boosts, raids = honest_day(rng, p, s, shows, day, busy, fans)
    bought = honest_orders(rng, p, s, shows, honest)
    views, done, placed, planted = [honest], [honest_acts(rng, p, shows, honest)], [bought], []
    for line in plan[plan["since"] <= number].itertuples(index=False):
        vendor = sold[line.vendor]
        for show in np.flatnonzero(shows.shop == (line.victim if line.victim >= 0 else line.shop)):
            if rng.random() > WORKING:
                continue
            mine = honest.where(honest.show == show)
            if vendor.scheme in ORDER_SCHEMES:
                many = max(6, int(line.amount * (bought.session == show).sum()))
                o, v, a = sellers.sold_orders(rng, p, s, shows, int(show), vendor, many, number, int(line.shop))
                placed.append(o)
                views.append(v)
                done.append(a)
                scheme = "hostile_brushing" if line.victim >= 0 and line.victim != line.shop else vendor.scheme
            else:
                v, extra = sellers.sold_views(rng, p, s, shows, int(show), mine, vendor, max(25, int(line.amount * len(mine))), number)
                views.append(v)
                scheme = vendor.scheme
                if extra is not None:
                    done.append(extra)
            planted.append((show, NUMBER[scheme], line.amount, vendor.care, line.shop))
    table = np.array(planted, dtype=float).reshape(-1, 5)
    return together(views), Acts.stacked(done), Orders.stacked(placed), table, (boosts, raids)


def _deliver(
    rng, outbox: Outbox, s, shows: Shows, v: Stays, a: Acts, o: Orders, causes, planted, account_table, truth: Path, number: int
) -> None:
    session = pa.table(
        {
            "session_id": named("session", shows.index),
            "room_id": named("room", shows.shop),
            "operator_id": named("operator", shows.shop),
            "streamer_ids": pa.ListArray.from_arrays(np.arange(len(shows) + 1, dtype=np.int32), named("streamer", shows.shop)),
            "category": chosen(CATEGORIES, s.category[shows.shop]),
            "started_at": moments(shows.start),
            "ended_at": moments(shows.end),
            "virtual_host": pa.array(shows.shop % 23 == 0),
            "received_at": moments(shows.end + 90),
        }
    )
    v = v.where(np.lexsort((v.joined, v.left)))
    seen = rows.Views(
        shows.index[v.show], v.account, v.device, v.joined, v.left, v.source, v.version, v.prefix, v.asn, v.province, v.scheme
    )  # fmt: skip
    view_table = pa.table(
        {
            "session_id": named("session", seen.session),
            "account_id": named("account", seen.account),
            "device_id": named("device", seen.device),
            "joined_at": moments(seen.joined),
            "left_at": moments(seen.left),
            "entry_source": chosen(rows.SOURCES, seen.source),
            "app_version": chosen(VERSIONS, seen.version),
            "ip_prefix": named("ip", seen.ip),
            "asn_kind": chosen(KINDS, np.where(rng.random(len(seen)) < 0.05, -1, seen.asn)),
            "region": chosen(PROVINCES, seen.region),
            "received_at": moments(seen.left + 5),
        }
    )
    a = dataclasses.replace(a, session=shows.index[a.session.astype(int)])
    o = dataclasses.replace(o, session=shows.index[o.session.astype(int)])
    tables = {"sessions": session, "views": view_table, "interactions": rows.act_rows(a), "orders": rows.order_rows(o)}
    regions = ("from_region", "to_region")
    parcels = rows.parcel_rows(o)
    kept = o.where(~np.isnan(o.signed))
    kept = kept.where(np.argsort(kept.signed, kind="stable"))
    for name in regions:
        parcels = parcels.set_column(parcels.schema.get_field_index(name), name, chosen(PROVINCES, getattr(kept, name)))
    for name, table in {**tables, "parcels": parcels, "refunds": rows.refund_rows(o), "reviews": rows.review_rows(o)}.items():
        outbox.add(name, table)
    outbox.add("room_minutes", minutes_of({**tables, "accounts": account_table}))
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
    _judge(rng, outbox, shows, o, planted)
    write_batches(truth, number, shows.index, seen, a, o, planted)


def _judge(rng, outbox: Outbox, shows: Shows, o: Orders, planted: np.ndarray) -> None:
    """Verdicts: some by lot, some because somebody complained or looked; late, and now and then wrong."""
    n = len(shows)
    kind, bad = np.full(n, "view_fraud", dtype=object), np.zeros(n, dtype=bool)
    for show, scheme, *_ in planted:
        typology = TYPOLOGY[SCHEMES[int(scheme)]]
        if typology in ("view_fraud", "engagement_fraud"):
            bad[int(show)], kind[int(show)] = True, typology
    order_kind = np.where(o.scheme == NUMBER["hostile_brushing"], "hostile_brushing", "order_fraud").astype(object)
    for name, index, guilty, words, at, lot in (
        ("session", shows.index, bad, kind, shows.end, AUDIT),
        ("order", o.index, o.scheme > 0, order_kind, o.placed, AUDIT / 3),
    ):
        by_lot = rng.random(len(index)) < lot
        looked = by_lot | (rng.random(len(index)) < np.where(guilty, PATROL if name == "session" else 0.12, 0.02))
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
