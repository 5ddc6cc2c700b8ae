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

from data_contracts.derive import ROOM_MINUTES
from data_contracts.faults import LakeProblem
from data_contracts.lake import connect, write_file
from simulation import honest, population, rows, schemes, trade
from simulation.ids import DAY, HOUR, chosen, moments, named
from simulation.outbox import Outbox
from simulation.outcomes import judged
from simulation.schemes import NUMBER, ORDER_SCHEMES, SCHEMES, TYPOLOGY, Plan, Stage
from simulation.schemes import engagement as engagement_schemes
from simulation.schemes import orders as order_schemes
from simulation.schemes import views as view_schemes
from simulation.sizes import SIZES

CHEATS = 0.7  # share of a cheating operator's sessions in which it cheats
SMALLEST_VIEWS, SMALLEST_ORDERS = 30, 8  # nobody sells fewer at a time
SUSPECT_LOOKALIKES = ("raid_target", "celebrity_visits", "coupon_bursts", "campus_audience", "group_buying", "light_gifts")


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
                orders.append(order_schemes.hostile_brushing(rng, stage, int(row), n_orders, evasion, rival))
            if TYPOLOGY[name] in ("order_fraud", "hostile_brushing"):
                seen, done = order_schemes.watched_first(rng, stage, int(row), orders[-1], evasion)
                views.append(seen)
                acts.append(done)
            truth.append((row, plan.scheme[turn], intensity, evasion, plan.operator[turn]))
    return views, acts, orders, np.array(truth, dtype=float).reshape(-1, 5)


def _minutes(tables: dict[str, pa.Table]) -> pa.Table:
    with connect(memory="2GB", threads=1) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(ROOM_MINUTES).to_arrow_table()


def _global(batch, s: rows.Sessions):
    """Turn rows into the day's sessions into session indices (a negative row stays unknown)."""
    return dataclasses.replace(batch, session=s.index[batch.session.astype(np.int64)])


def _outcome_rows(frame: pd.DataFrame, kind: str, id_kind: str) -> pa.Table:
    n = len(frame)
    return pa.table(
        {
            "entity_kind": pa.array([kind] * n, pa.string()),
            "entity_id": named(id_kind, frame["entity"].to_numpy()),
            "typology": pa.array(frame["typology"].astype(object), pa.string()),
            "verdict": pa.array(np.where(frame["confirmed"], "confirmed", "cleared").astype(object), pa.string()),
            "decided_at": moments(frame["decided"].to_numpy()),
            "source": pa.array(frame["source"].astype(object), pa.string()),
            "received_at": moments(frame["decided"].to_numpy() + HOUR),
        }
    )


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
            raise LakeProblem(f"{folder} is not empty. Name a new folder, or remove it first; nothing was written.")
    if size not in SIZES:
        raise LakeProblem(f"no size is called {size!r}. Sizes: {', '.join(SIZES)}")
    names = chosen_schemes if chosen_schemes is not None else SCHEMES[1:]
    if unknown := set(names) - set(SCHEMES[1:]):
        raise LakeProblem(f"no scheme is called {sorted(unknown)}. Schemes: {', '.join(SCHEMES[1:])}")
    settings = SIZES[size]
    days = settings.days if days is None else days
    if not 1 <= days <= 366:
        raise LakeProblem(f"days must be 1 to 366, not {days}")
    origin = pd.Timestamp(start).timestamp()
    root = np.random.SeedSequence(seed)
    maker = np.random.default_rng(root.spawn(1)[0])
    accounts, ops = population.people(maker, settings, origin), population.sellers(maker, settings, origin)
    plan = schemes.plan(maker, ops, days, names) if names else schemes.plan(maker, ops, days, SCHEMES[1:2], share=0.0)
    outbox, counts, next_session, next_order = Outbox(out), {"views": 0, "orders": 0, "sessions": 0}, 0, 0
    account_table = population.account_rows(accounts, origin)
    outbox.add("accounts", account_table)
    outbox.add("operators", population.operator_rows(ops, origin))
    _write_population_truth(truth, accounts, ops, plan)
    for number, stream in enumerate(root.spawn(days + 1)[1:]):
        rng = np.random.default_rng(stream)
        day = origin + number * DAY
        s = honest.sessions_of_day(rng, ops, day, next_session)
        if len(s):
            made = _day(rng, accounts, ops, plan, s, number, next_order, outbox, account_table, truth)
            for key, value in made.items():
                counts[key] += value
            next_session, next_order = next_session + len(s), next_order + made["orders"]
        outbox.deliver(day)
        progress(number + 1, days)
    (truth / "world.json").write_text(
        json.dumps({"seed": seed, "size": size, "days": days, "start": start.isoformat(), "schemes": names}, indent=1)
    )
    return counts | {"operators": len(ops), "accounts": len(accounts)}


def _day(rng, accounts, ops, plan, s, number, next_order, outbox, account_table, truth) -> dict[str, int]:
    """One day: honest rows, planted rows, what they lead to, and the verdicts about them."""
    profiles = honest.profile(rng, len(s))
    seen, causes, bag = honest.audience(rng, accounts, ops, s, profiles)
    bought = trade.honest_orders(rng, accounts, ops, s, seen, bag)
    stage = Stage(
        accounts,
        ops,
        s,
        profiles,
        np.bincount(seen.session, minlength=len(s)),
        np.bincount(bought.session.astype(int), minlength=len(s)),
        bag,
        number,
    )
    v, a, o, planted = _planted(rng, stage, plan, number)
    acts = honest.actions(rng, accounts, ops, s, seen, bag)
    views, acts = rows.Views.stacked([seen, *v]), rows.Acts.stacked([acts, *a])
    orders = rows.Orders.stacked([bought, *o])
    shuffled = orders.where(rng.permutation(len(orders)))
    index = next_order + np.arange(len(shuffled))
    orders = dataclasses.replace(
        shuffled,
        index=index,
        waybill=np.where(shuffled.waybill >= 0, shuffled.waybill, index),
    )
    day_sessions = s
    views, acts, orders = (_global(b, day_sessions) for b in (views, acts, orders))
    session_table = rows.session_rows(s, ops.category[s.operator], ops.lookalike["virtual_host"][s.operator])
    view_table, act_table, order_table = rows.view_rows(views), rows.act_rows(acts), rows.order_rows(orders)
    for name, table in (
        ("sessions", session_table),
        ("views", view_table),
        ("interactions", act_table),
        ("orders", order_table),
        ("parcels", rows.parcel_rows(orders)),
        ("refunds", rows.refund_rows(orders)),
        ("reviews", rows.review_rows(orders)),
    ):
        outbox.add(name, table)
    outbox.add(
        "room_minutes",
        _minutes(
            {"sessions": session_table, "views": view_table, "interactions": act_table, "orders": order_table, "accounts": account_table}
        ),
    )
    _causes(s, causes, outbox)
    _complaints(rng, orders, outbox)
    _verdicts(rng, ops, s, stage, views, acts, orders, planted, outbox)
    _write_day_truth(truth, number, s, views, acts, orders, planted)
    return {"views": len(views), "orders": len(orders), "sessions": len(s)}


def _causes(s: rows.Sessions, c: honest.Causes, outbox: Outbox) -> None:
    outbox.add(
        "boosts",
        pa.table(
            {
                "session_id": named("session", s.index[c.boost_session]),
                "starts_at": moments(c.boost_start),
                "ends_at": moments(c.boost_end),
                "views_bought": pa.array(c.boost_views),
                "amount": pa.array((c.boost_views * 0.4).round(2)),
                "received_at": moments(c.boost_start),
            }
        ),
    )
    if len(c.raid_to):
        kept = c.raid_from != c.raid_to
        outbox.add(
            "room_links",
            pa.table(
                {
                    "from_session_id": named("session", s.index[c.raid_from[kept]]),
                    "to_session_id": named("session", s.index[c.raid_to[kept]]),
                    "kind": chosen(["raid"], np.zeros(kept.sum())),
                    "at": moments(c.raid_at[kept]),
                    "viewers_sent": pa.array(c.raid_views[kept]),
                    "received_at": moments(c.raid_at[kept] + 5),
                }
            ),
        )


def _complaints(rng: np.random.Generator, o: rows.Orders, outbox: Outbox) -> None:
    picked = np.flatnonzero(rng.random(len(o)) < np.where(o.scheme == 0, 0.006, 0.002))
    at = o.placed[picked] + rng.uniform(1, 8, len(picked)) * DAY
    outbox.add(
        "complaints",
        pa.table(
            {
                "complaint_id": named("complaint", o.index[picked]),
                "operator_id": named("operator", o.operator[picked]),
                "order_id": named("order", o.index[picked]),
                "kind": chosen(["late", "refund_refused", "other"], rng.integers(0, 3, len(picked))),
                "opened_at": moments(at),
                "due_at": moments(at + 7 * DAY),
                "closed_at": moments(np.full(len(picked), np.nan)),
                "upheld": pa.nulls(len(picked), pa.bool_()),
                "received_at": moments(at),
            }
        ),
    )


def _verdicts(rng, ops, s, stage, views, acts, orders, planted, outbox) -> None:
    """Sessions and orders that people looked at. A patrol notices size, evasion and suspicious look-alikes."""
    n = len(s)
    kind = np.full(n, "view_fraud", dtype=object)
    noticed, fraud = np.zeros(n), np.zeros(n, dtype=bool)
    for row, scheme, intensity, evasion, _ in planted:
        if TYPOLOGY[SCHEMES[int(scheme)]] in ("view_fraud", "engagement_fraud"):
            fraud[int(row)] = True
            kind[int(row)] = TYPOLOGY[SCHEMES[int(scheme)]]
            noticed[int(row)] = max(noticed[int(row)], np.clip(0.25 + 0.4 * intensity, 0, 1) * (1.0, 0.75, 0.45)[int(evasion)])
    odd = np.zeros(n)
    for name in SUSPECT_LOOKALIKES:
        odd = np.maximum(odd, 0.12 * ops.lookalike[name][s.operator])
    suspicion = np.maximum.reduce([noticed, odd, np.full(n, 0.02)])
    outbox.add("outcomes", _outcome_rows(judged(rng, s.index, fraud, suspicion, kind, s.end, audit=0.05), "session", "session"))
    bad = orders.scheme > 0
    typology = np.where(orders.scheme == NUMBER["hostile_brushing"], "hostile_brushing", "order_fraud").astype(object)
    strange = 0.01 + 0.03 * ops.lookalike["group_buying"][orders.operator.astype(int)]
    verdicts = judged(rng, orders.index, bad, np.where(bad, 0.22, strange), typology, orders.placed, audit=0.02)
    outbox.add("outcomes", _outcome_rows(verdicts, "order", "order"))


def _write_population_truth(truth: Path, accounts, ops, plan: Plan) -> None:
    write_file(
        truth / "operators.parquet",
        pa.table(
            {
                "operator_id": named("operator", plan.operator),
                "scheme": chosen(SCHEMES, plan.scheme),
                "intensity": pa.array(plan.intensity),
                "evasion": pa.array(plan.evasion),
                "since_day": pa.array(plan.since),
                "victim_id": named("operator", plan.victim),
            }
        ),
    )
    names = sorted(ops.lookalike)
    index = [np.flatnonzero(ops.lookalike[k]) for k in names]
    write_file(
        truth / "lookalikes.parquet",
        pa.table(
            {
                "operator_id": named("operator", np.concatenate(index)),
                "lookalike": pa.array(np.repeat(np.array(names, dtype=object), [len(i) for i in index]), pa.string()),
            }
        ),
    )
    write_file(truth / "accounts.parquet", pa.table({"account_id": named("account", np.arange(accounts.honest, len(accounts)))}))


def _write_day_truth(truth: Path, number: int, s, views, acts, orders, planted) -> None:
    rowed = planted[:, 0].astype(int)
    write_file(
        truth / "sessions" / f"day-{number:03d}.parquet",
        pa.table(
            {
                "session_id": named("session", s.index[rowed]),
                "scheme": chosen(SCHEMES, planted[:, 1]),
                "intensity": pa.array(planted[:, 2]),
                "evasion": pa.array(planted[:, 3].astype(int)),
                "beneficiary_id": named("operator", planted[:, 4]),
            }
        ),
    )
    fake = views.where(views.scheme > 0)
    write_file(
        truth / "views" / f"day-{number:03d}.parquet",
        pa.table(
            {
                "session_id": named("session", fake.session),
                "account_id": named("account", fake.account),
                "device_id": named("device", fake.device),
                "joined_at": moments(fake.joined),
                "scheme": chosen(SCHEMES, fake.scheme),
            }
        ),
    )
    done = acts.where(acts.scheme > 0)
    write_file(
        truth / "interactions" / f"day-{number:03d}.parquet",
        pa.table(
            {
                "session_id": named("session", done.session),
                "account_id": named("account", done.account),
                "at": moments(done.at),
                "kind": chosen(rows.KINDS, done.kind),
                "count": pa.array(done.count.astype(np.int64)),
                "scheme": chosen(SCHEMES, done.scheme),
            }
        ),
    )
    bad = orders.where(orders.scheme > 0)
    write_file(
        truth / "orders" / f"day-{number:03d}.parquet",
        pa.table(
            {
                "order_id": named("order", bad.index),
                "scheme": chosen(SCHEMES, bad.scheme),
                "beneficiary_id": named("operator", bad.beneficiary),
            }
        ),
    )


assert set(ORDER_SCHEMES) == set(order_schemes.MAKE), "a scheme is listed without a function"
