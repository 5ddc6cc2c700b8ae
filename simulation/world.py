"""A world, written in a stream: one day at a time, so that memory does not grow with its length."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from data_contracts.room_minutes import ROOM_MINUTES
from simulation import feedback, population, records, schemes
from simulation.behaviour import audience, lookalikes, purchases
from simulation.ground_truth import write_batches, write_population
from simulation.identifiers import DAY
from simulation.lake_writer import Outbox
from simulation.schemes import ORDER_SCHEMES, SCHEMES, TYPOLOGY, Plan, Stage
from simulation.schemes import engagement as engagement_schemes
from simulation.schemes import orders as order_schemes
from simulation.schemes import views as view_schemes
from simulation.sizes import SIZES

CHEATS = 0.7  # share of a cheating operator's sessions in which it cheats
SMALLEST_VIEWS, SMALLEST_ORDERS = 30, 8  # nobody sells fewer at a time


def _planted(rng: np.random.Generator, stage: Stage, plan: Plan, day: int):
    """Rows of every scheme that runs on the day, and one truth row a session and scheme."""
    views, acts, orders, truth = [], [], [], []
    active = np.flatnonzero(plan.since <= day)
    for turn in active:
        name = SCHEMES[plan.scheme[turn]]
        target = plan.victim[turn] if name == "hostile_brushing" else plan.operator[turn]
        for row in np.flatnonzero(stage.sessions.operator == target):
            if rng.random() > CHEATS:
                continue
            intensity, evasion = float(plan.intensity[turn]), int(plan.evasion[turn])
            n_views = max(SMALLEST_VIEWS, int(intensity * stage.honest_views[row]))
            n_orders = max(SMALLEST_ORDERS, int(intensity * stage.honest_orders[row]))
            if name in view_schemes.MAKE:
                views.append(view_schemes.MAKE[name](rng, stage, int(row), n_views, evasion))
            elif name in engagement_schemes.MAKE:
                seen, done = engagement_schemes.MAKE[name](rng, stage, int(row), n_views, evasion)
                views.append(seen)
                acts.append(done)
            elif name in order_schemes.MAKE:
                orders.append(order_schemes.MAKE[name](rng, stage, int(row), n_orders, evasion))
            else:
                rival = int(plan.operator[turn])
                orders.append(
                    order_schemes.hostile_brushing(rng, stage, int(row), n_orders, evasion, rival)
                )
            if TYPOLOGY[name] in ("order_fraud", "hostile_brushing"):
                seen, done = order_schemes.watched_first(rng, stage, int(row), orders[-1], evasion)
                views.append(seen)
                acts.append(done)
            truth.append((row, plan.scheme[turn], intensity, evasion, plan.operator[turn]))
    return views, acts, orders, np.array(truth, dtype=float).reshape(-1, 5)


def minutes_of(tables: dict[str, pa.Table]) -> pa.Table:
    """Counters by minute of a day's sessions, from its events and the accounts."""
    with connect(memory="2GB", threads=1) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(ROOM_MINUTES).to_arrow_table()


def _global(batch, s: records.Sessions):
    """Turn rows into the day's sessions into session indices (a negative row stays unknown)."""
    return dataclasses.replace(batch, session=s.index[batch.session.astype(np.int64)])


def world(
    out: Path,
    truth: Path,
    seed: int,
    size: str,
    days: int | None,
    start: date,
    chosen_schemes: list[str] | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, int]:
    """Write a world's lake to `out` and its planted truth to `truth`; the same seed gives the same bytes.

    Returns counts of what was delivered. Raises LakeProblem when either folder already holds something.
    """
    for folder in (out, truth):
        if folder.exists() and any(folder.iterdir()):
            raise LakeProblem(
                f"{folder} is not empty. Name a new folder, or remove it first; nothing was written."
            )
    if size not in SIZES:
        raise LakeProblem(f"no size is called {size!r}. Sizes: {', '.join(SIZES)}")
    names = chosen_schemes if chosen_schemes is not None else SCHEMES[1:]
    if unknown := set(names) - set(SCHEMES[1:]):
        raise LakeProblem(
            f"no scheme is called {sorted(unknown)}. Schemes: {', '.join(SCHEMES[1:])}"
        )
    settings = SIZES[size]
    days = settings.days if days is None else days
    if not 1 <= days <= 366:
        raise LakeProblem(f"days must be 1 to 366, not {days}")
    origin = pd.Timestamp(start).timestamp()
    root = np.random.SeedSequence(seed)
    maker = np.random.default_rng(root.spawn(1)[0])
    accounts, ops = (
        population.people(maker, settings, origin),
        population.sellers(maker, settings, origin),
    )
    plan = (
        schemes.plan(maker, ops, days, names)
        if names
        else schemes.plan(maker, ops, days, SCHEMES[1:2], share=0.0)
    )
    outbox, counts, next_session, next_order = (
        Outbox(Lake(out)),
        {"views": 0, "orders": 0, "sessions": 0},
        0,
        0,
    )
    account_table = population.account_rows(accounts, origin)
    outbox.add("accounts", account_table)
    outbox.add("operators", population.operator_rows(ops, origin))
    write_population(truth, accounts, ops, plan)
    for number, stream in enumerate(root.spawn(days + 1)[1:]):
        rng = np.random.default_rng(stream)
        day = origin + number * DAY
        s = audience.sessions_of_day(rng, ops, day, next_session)
        if len(s):
            made = _day(
                rng, accounts, ops, plan, s, number, next_order, outbox, account_table, truth
            )
            for key, value in made.items():
                counts[key] += value
            next_session, next_order = next_session + len(s), next_order + made["orders"]
        outbox.deliver(day)
        progress(number + 1, days)
    (truth / "world.json").write_text(
        json.dumps(
            {
                "seed": seed,
                "size": size,
                "days": days,
                "start": start.isoformat(),
                "schemes": names,
            },
            indent=1,
        )
    )
    return counts | {"operators": len(ops), "accounts": len(accounts)}


def _day(
    rng, accounts, ops, plan, s, number, next_order, outbox, account_table, truth
) -> dict[str, int]:
    """One day: honest rows, planted rows, what they lead to, and the verdicts about them."""
    profiles = audience.profile(rng, len(s))
    seen, causes, bag = audience.audience(rng, accounts, ops, s, profiles)
    bought = purchases.honest_orders(rng, accounts, ops, s, seen, bag)
    own = rng.spawn(1)[0]
    came, resold = lookalikes.bulk_purchases(own, accounts, ops, s)
    loyal = records.Views.stacked([lookalikes.group_views(own, accounts, ops, s), came])
    kept = (
        records.Orders.stacked(
            [purchases.orders_of_views(own, accounts, ops, s, loyal, bag), resold]
        )
        if len(loyal)
        else resold
    )
    stage = Stage(
        accounts,
        ops,
        s,
        profiles,
        np.bincount(np.concatenate([seen.session, loyal.session]).astype(int), minlength=len(s)),
        np.bincount(np.concatenate([bought.session, kept.session]).astype(int), minlength=len(s)),
        bag,
        number,
    )
    v, a, o, planted = _planted(rng, stage, plan, number)
    acts = audience.actions(rng, accounts, ops, s, seen, bag)
    more = audience.actions(own, accounts, ops, s, loyal, bag) if len(loyal) else None
    views, acts = records.Views.stacked([seen, loyal, *v]), records.Acts.stacked([acts, more, *a])
    orders = records.Orders.stacked([bought, kept, *o])
    shuffled = orders.where(rng.permutation(len(orders)))
    index = next_order + np.arange(len(shuffled))
    orders = dataclasses.replace(
        shuffled,
        index=index,
        waybill=np.where(shuffled.waybill >= 0, shuffled.waybill, index),
    )
    day_sessions = s
    views, acts, orders = (_global(b, day_sessions) for b in (views, acts, orders))
    session_table = records.session_rows(
        s, ops.category[s.operator], ops.lookalike["virtual_host"][s.operator]
    )
    view_table, act_table, order_table = (
        records.view_rows(views),
        records.act_rows(acts),
        records.order_rows(orders),
    )
    for name, table in (
        ("sessions", session_table),
        ("views", view_table),
        ("interactions", act_table),
        ("orders", order_table),
        ("parcels", records.parcel_rows(orders)),
        ("refunds", records.refund_rows(orders)),
        ("reviews", records.review_rows(orders)),
    ):
        outbox.add(name, table)
    outbox.add(
        "room_minutes",
        minutes_of(
            {
                "sessions": session_table,
                "views": view_table,
                "interactions": act_table,
                "orders": order_table,
                "accounts": account_table,
            }
        ),
    )
    feedback.causes(s, causes, outbox)
    feedback.complaints(rng, orders, outbox)
    feedback.verdicts(rng, ops, s, orders, planted, outbox)
    write_batches(truth, number, s.index, views, acts, orders, planted)
    return {"views": len(views), "orders": len(orders), "sessions": len(s)}


assert set(ORDER_SCHEMES) == set(order_schemes.MAKE), "a scheme is listed without a function"
