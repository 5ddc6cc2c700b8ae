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

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.parquet import write_file
from simulation.identifiers import DAY, named
from simulation.lake_writer import Outbox
from simulation.records import Acts, Orders
from simulation.schemes import NUMBER, ORDER_SCHEMES
from simulation.second_platform import fraud_vendors as sellers
from simulation.second_platform.browsing import Shows, Stays, honest_day, shows_of_day
from simulation.second_platform.delivery import deliver
from simulation.second_platform.engagement import FOLLOWS, honest_acts
from simulation.second_platform.people import account_rows, operator_rows, people, shops
from simulation.second_platform.purchases import honest_orders

CHEATING, WORKING = 0.16, 0.6  # share of operators that buy fraud, and of their days


def market(
    out: Path,
    truth: Path,
    seed: int,
    operators: int,
    accounts: int,
    days: int,
    start: date,
    progress: Callable[[int, int], None] = lambda a, b: None,
    cheating: float = CHEATING,
) -> dict[str, int]:
    """Write a market's lake to `out` and its truth to `truth`; the same seed gives the same bytes. `cheating`: the share of operators that do.

    Raises LakeProblem when either folder already holds something.
    """
    for folder in (out, truth):
        if folder.exists() and any(folder.iterdir()):
            raise LakeProblem(
                f"{folder} is not empty. Name a new folder, or remove it first; nothing was written."
            )
    origin = pd.Timestamp(start).timestamp()
    root = np.random.SeedSequence(seed)
    rng = np.random.default_rng(root.spawn(1)[0])
    p, s = people(rng, accounts, accounts // 4, origin), shops(rng, operators, origin)
    sold = sellers.vendors(rng, p, 2, max(100, accounts // 80))
    p = sellers.seeded(rng, p, sold)
    plan = _plan(rng, operators, sold, days, cheating)
    outbox = Outbox(Lake(out))
    outbox.add("accounts", account_rows(p, origin))
    outbox.add("operators", operator_rows(s, origin))
    _write_plan(truth, plan, sold, s, accounts, len(p))
    fans: list[np.ndarray] = [np.zeros(0, dtype=np.int64)] * operators
    first_show, first_order, counts = 0, 0, {"sessions": 0, "views": 0, "orders": 0}
    account_table = account_rows(p, origin)
    for number, stream in enumerate(root.spawn(days + 1)[1:]):
        rng, day = np.random.default_rng(stream), origin + number * DAY
        shows = shows_of_day(rng, s, day, first_show)
        busy = (1.9 if number % 11 == 7 else 1.0) * (
            1.2 if number % 7 in (5, 6) else 1.0
        )  # a festival, and weekends
        if len(shows):
            v, a, o, planted, causes = _day(rng, p, s, shows, sold, plan, number, day, busy, fans)
            o = o.where(np.argsort(o.placed, kind="stable"))
            o = dataclasses.replace(
                o, index=first_order + np.arange(len(o)), waybill=first_order + np.arange(len(o))
            )
            for row in range(len(shows)):  # who follows today is told tomorrow
                new = a.account[(a.session == row) & (a.kind == FOLLOWS)]
                fans[shows.shop[row]] = np.union1d(fans[shows.shop[row]], new)
            deliver(rng, outbox, s, shows, v, a, o, causes, planted, account_table, truth, number)
            first_show, first_order = first_show + len(shows), first_order + len(o)
            counts = {
                "sessions": first_show,
                "views": counts["views"] + len(v),
                "orders": first_order,
            }
        outbox.deliver(day)
        progress(number + 1, days)
    (truth / "world.json").write_text(
        json.dumps({"seed": seed, "days": days, "start": start.isoformat()}, indent=1)
    )
    return counts | {"operators": operators, "accounts": len(p)}


def _plan(
    rng: np.random.Generator, operators: int, sold: list[sellers.Vendor], days: int, cheating: float
) -> pd.DataFrame:
    """One row an operator and vendor: how much it buys, from which day on, and whom it harms (-1: nobody)."""
    lines = []
    for turn, shop in enumerate(np.flatnonzero(rng.random(operators) < cheating)):
        for k in range(1 + int(rng.random() < 0.3)):
            vendor = (turn + k * 7) % len(sold)
            hostile = sold[vendor].scheme == "brusher_platform" and rng.random() < 0.3
            victim = int(rng.integers(0, operators)) if hostile else -1
            lines.append(
                (
                    shop,
                    vendor,
                    rng.lognormal(np.log(0.5), 0.8),
                    int(rng.integers(0, days // 2)) if rng.random() < 0.4 else 0,
                    victim,
                )
            )
    return pd.DataFrame(lines, columns=["shop", "vendor", "amount", "since", "victim"])


def _write_plan(
    truth: Path, plan: pd.DataFrame, sold: list[sellers.Vendor], s, first: int, end: int
) -> None:
    scheme = [
        "hostile_brushing" if v >= 0 else sold[k].scheme
        for k, v in zip(plan["vendor"], plan["victim"], strict=True)
    ]
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
                "lookalike": pa.array(
                    np.repeat([n for n, _ in like], [len(i) for _, i in like]).astype(object),
                    pa.string(),
                ),
            }
        ),
    )
    write_file(
        truth / "accounts.parquet",
        pa.table({"account_id": named("account", np.arange(first, end))}),
    )


def _day(
    rng, p, s, shows: Shows, sold, plan: pd.DataFrame, number: int, day: float, busy: float, fans
):
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
                o, v, a = sellers.sold_orders(
                    rng, p, s, shows, int(show), vendor, many, number, int(line.shop)
                )
                placed.append(o)
                views.append(v)
                done.append(a)
                scheme = (
                    "hostile_brushing"
                    if line.victim >= 0 and line.victim != line.shop
                    else vendor.scheme
                )
            else:
                v, extra = sellers.sold_views(
                    rng,
                    p,
                    s,
                    shows,
                    int(show),
                    mine,
                    vendor,
                    max(25, int(line.amount * len(mine))),
                    number,
                )
                views.append(v)
                scheme = vendor.scheme
                if extra is not None:
                    done.append(extra)
            planted.append((show, NUMBER[scheme], line.amount, vendor.care, line.shop))
    table = np.array(planted, dtype=float).reshape(-1, 5)
    return Stays.stacked(views), Acts.stacked(done), Orders.stacked(placed), table, (boosts, raids)
