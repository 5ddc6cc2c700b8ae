"""The second platform as a lake, and its ground truth outside it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from data_contracts.lake import Lake
from data_contracts.parquet import write_file
from simulation.ground_truth import write_day
from simulation.identifiers import DAY, make_ids
from simulation.lake_writer import LakeWriter
from simulation.records import Events, Interactions, Orders, PlantedSessions, Views
from simulation.schemes import ORDER_SCHEMES, SCHEME_NUMBER
from simulation.second_platform.browsing import draw_honest_views
from simulation.second_platform.causes import draw_crowds
from simulation.second_platform.delivery import DayResult, deliver_day
from simulation.second_platform.engagement import FOLLOW, draw_honest_interactions
from simulation.second_platform.false_orders import deliver_orders
from simulation.second_platform.false_views import deliver_views
from simulation.second_platform.fraud_vendors import (
    Sale,
    Vendor,
    draw_vendors,
    with_vendor_accounts,
)
from simulation.second_platform.people import (
    Shops,
    account_rows,
    draw_people,
    draw_shops,
    operator_rows,
)
from simulation.second_platform.platform_day import PlatformDay, draw_sessions
from simulation.second_platform.purchases import draw_honest_orders
from simulation.world import refuse_full_folders

CHEATING_OPERATOR_SHARE, CHEATING_DAY_SHARE = 0.16, 0.6
VENDORS_PER_SCHEME = 2
FESTIVAL_ACTIVITY, WEEKEND_ACTIVITY = 1.9, 1.2
MIN_FALSE_VIEWS, MIN_FALSE_ORDERS = 25, 6


@dataclass(frozen=True)
class PlatformSpec:
    """Which second platform to simulate: the same specification gives the same bytes."""

    seed: int
    operators: int
    accounts: int
    days: int
    start: date
    cheating_share: float = CHEATING_OPERATOR_SHARE
    intensity_factor: float = 1.0  # on the amount of every sale


def write_platform(
    out: Path,
    truth: Path,
    spec: PlatformSpec,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Write a lake of the second platform and its ground truth.

    Parameters
    ----------
    out, truth : Path
        Folders of the lake and of the ground truth; both must be empty or absent.
    spec : PlatformSpec
        Which platform.
    progress : callable, optional
        Called after each day with days done and days in all.

    Returns
    -------
    dict of str to int
        Counts of sessions, views, orders, operators and accounts.

    Raises
    ------
    LakeProblem
        When a folder is not empty.
    """
    refuse_full_folders(out, truth)
    origin = pd.Timestamp(spec.start).timestamp()
    root = np.random.SeedSequence(spec.seed)
    rng = np.random.default_rng(root.spawn(1)[0])
    people = draw_people(rng, spec.accounts, spec.accounts // 4, origin)
    shops = draw_shops(rng, spec.operators, origin)
    vendors = draw_vendors(rng, people, VENDORS_PER_SCHEME, max(100, spec.accounts // 80))
    people = with_vendor_accounts(rng, people, vendors)
    plan = _draw_plan(rng, spec, vendors)
    writer = LakeWriter(Lake(out))
    account_table = account_rows(people, origin)
    writer.add("accounts", account_table)
    writer.add("operators", operator_rows(shops, origin))
    _write_plan(truth, plan, vendors, shops)
    made = np.arange(spec.accounts, len(people))
    write_file(truth / "accounts.parquet", pa.table({"account_id": make_ids("account", made)}))
    followers: list[np.ndarray] = [np.zeros(0, dtype=np.int64)] * spec.operators
    counts = {"sessions": 0, "views": 0, "orders": 0}
    for number, stream in enumerate(root.spawn(spec.days + 1)[1:]):
        rng, moment = np.random.default_rng(stream), origin + number * DAY
        sessions = draw_sessions(rng, shops, moment, counts["sessions"])
        festival = FESTIVAL_ACTIVITY if number % 11 == 7 else 1.0
        activity = festival * (WEEKEND_ACTIVITY if number % 7 in (5, 6) else 1.0)
        if len(sessions):
            day = PlatformDay(people, shops, sessions, number, moment, activity)
            result = _simulate_day(rng, day, vendors, plan, followers, counts["orders"])
            _add_followers(day, result.events.interactions, followers)
            events = deliver_day(rng, day, result, account_table, writer)
            write_day(truth, number, sessions.index, events, result.planted)
            counts["sessions"] += len(sessions)
            counts["views"] += len(events.views)
            counts["orders"] += len(events.orders)
        writer.deliver(moment)
        if progress:
            progress(number + 1, spec.days)
    (truth / "world.json").write_text(
        json.dumps(
            {"seed": spec.seed, "days": spec.days, "start": spec.start.isoformat()}, indent=1
        )
    )
    return counts | {"operators": spec.operators, "accounts": len(people)}


def _add_followers(
    day: PlatformDay, interactions: Interactions, followers: list[np.ndarray]
) -> None:
    """Add the day's new followers in place; they are notified from the next day on."""
    for row, shop in enumerate(day.sessions.shop):
        new = interactions.account[(interactions.session == row) & (interactions.kind == FOLLOW)]
        followers[shop] = np.union1d(followers[shop], new)


def _draw_plan(rng: np.random.Generator, spec: PlatformSpec, vendors: list[Vendor]) -> pd.DataFrame:
    """One row per operator and vendor: amount, first day, and the victim (-1 for none)."""
    lines = []
    cheats = np.flatnonzero(rng.random(spec.operators) < spec.cheating_share)
    for turn, shop in enumerate(cheats):
        for k in range(1 + int(rng.random() < 0.3)):
            vendor = (turn + k * 7) % len(vendors)
            hostile = vendors[vendor].scheme == "brusher_platform" and rng.random() < 0.3
            victim = int(rng.integers(0, spec.operators)) if hostile else -1
            lines.append(
                (
                    shop,
                    vendor,
                    rng.lognormal(np.log(0.5), 0.8) * spec.intensity_factor,
                    int(rng.integers(0, spec.days // 2)) if rng.random() < 0.4 else 0,
                    victim,
                )
            )
    return pd.DataFrame(lines, columns=["shop", "vendor", "amount", "since", "victim"])


def _write_plan(truth: Path, plan: pd.DataFrame, vendors: list[Vendor], shops: Shops) -> None:
    """Write the ground truth of operators and look-alikes."""
    scheme = [
        "hostile_brushing" if v >= 0 else vendors[k].scheme
        for k, v in zip(plan["vendor"], plan["victim"], strict=True)
    ]
    write_file(
        truth / "operators.parquet",
        pa.table(
            {
                "operator_id": make_ids("operator", plan["shop"].to_numpy()),
                "scheme": pa.array(scheme, pa.string()),
                "intensity": pa.array(plan["amount"]),
                "evasion": pa.array([vendors[k].evasion for k in plan["vendor"]]),
                "since_day": pa.array(plan["since"]),
                "victim_id": make_ids("operator", plan["victim"].to_numpy()),
            }
        ),
    )
    lookalikes = {
        "lottery": np.flatnonzero(shops.lottery),
        "unrecorded_guests": np.flatnonzero(shops.guests),
        "shared_warehouse": np.flatnonzero(shops.warehouse >= 90_000),
    }
    counts = [len(index) for index in lookalikes.values()]
    write_file(
        truth / "lookalikes.parquet",
        pa.table(
            {
                "operator_id": make_ids("operator", np.concatenate(list(lookalikes.values()))),
                "lookalike": pa.array(
                    np.repeat(list(lookalikes), counts).astype(object), pa.string()
                ),
            }
        ),
    )


def _simulate_day(
    rng: np.random.Generator,
    day: PlatformDay,
    vendors: list[Vendor],
    plan: pd.DataFrame,
    followers: list[np.ndarray],
    first_order: int,
) -> DayResult:
    """Honest and planted events of a day; orders are numbered by time from `first_order` on."""
    honest, causes = draw_crowds(rng, day, draw_honest_views(rng, day, followers))
    bought = draw_honest_orders(rng, day, honest)
    parts = [Events(honest, draw_honest_interactions(rng, day, honest), bought)]
    planted = []
    for line in plan[plan["since"] <= day.number].itertuples(index=False):
        vendor, hostile = vendors[line.vendor], line.victim >= 0
        target = line.victim if hostile else line.shop
        for row in np.flatnonzero(day.sessions.shop == target):
            if rng.random() > CHEATING_DAY_SHARE:
                continue
            scheme = vendor.scheme
            if scheme in ORDER_SCHEMES:
                size = max(MIN_FALSE_ORDERS, int(line.amount * (bought.session == row).sum()))
                sale = Sale(vendor, int(row), size, int(line.shop))
                parts.append(deliver_orders(rng, day, sale))
                if hostile and line.victim != line.shop:
                    scheme = "hostile_brushing"
            else:
                audience = honest.select(honest.session == row)
                size = max(MIN_FALSE_VIEWS, int(line.amount * len(audience)))
                sale = Sale(vendor, int(row), size, int(line.shop))
                parts.append(deliver_views(rng, day, sale, audience))
            planted.append((row, SCHEME_NUMBER[scheme], line.amount, vendor.evasion, line.shop))
    orders = Orders.concat([e.orders for e in parts])
    orders = orders.select(np.argsort(orders.placed, kind="stable"))
    index = first_order + np.arange(len(orders))
    events = Events(
        views=Views.concat([e.views for e in parts]),
        interactions=Interactions.concat([e.interactions for e in parts]),
        orders=dataclasses.replace(orders, index=index, waybill=index.copy()),
    )
    return DayResult(events, causes, PlantedSessions.of(planted))
