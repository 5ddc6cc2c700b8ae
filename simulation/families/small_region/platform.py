"""Builds one platform: honest life, contracts, delivery, truth and verdicts."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from simulation.families.event_delivery.after_orders import AfterOrders, deliver_after_orders
from simulation.families.event_delivery.core_tables import delays, in_time, number_orders
from simulation.families.event_delivery.patrol import Entities, deliver_outcomes
from simulation.families.event_delivery.planted_truth import (
    Planted,
    false_orders,
    record_truth,
    session_sums,
)
from simulation.families.event_delivery.tables import Delivery, EventTable
from simulation.families.small_region.county import County
from simulation.families.small_region.delivery import Platform, deliver_platform
from simulation.families.small_region.diaries import Diaries, view_table
from simulation.families.small_region.fraud.orders import FalseOrders
from simulation.families.small_region.fraud.plan import FraudPlan
from simulation.families.small_region.fraud.views import FalseViews
from simulation.families.small_region.purchases import Purchases, order_table
from simulation.families.small_region.rooms import OPERA, found_operators, open_rooms
from simulation.families.small_region.settings import (
    CODE,
    DAY,
    DAYS,
    OPERATORS,
    SCHEMES,
    Settings,
    draw_settings,
)
from simulation.families.small_region.station import fulfil
from simulation.families.small_region.talk import act_table, write_talk

Columns = dict[str, np.ndarray]
SESSION_TAGS = {1: "test_stream", 2: "wedding", 3: "festival", 4: "market_morning"}


def build_platform(lake: Path, truth: Path, seed: int) -> None:
    """Draw one platform and write its lake and truth."""
    rng = np.random.default_rng([seed, 40_021])
    settings = draw_settings(rng)
    county = County(rng, settings)
    operators = found_operators(rng, settings, county)
    sessions = open_rooms(rng, settings, operators)
    views, acts, orders = view_table(), act_table(), order_table()
    diaries = Diaries(rng, settings, county, operators, sessions)
    diaries.write(views)
    seen = views.joined()
    write_talk(rng, county, operators, sessions, seen, acts)
    purchases = Purchases(rng, settings, county, operators, sessions, orders)
    purchases.write(seen)
    sold = np.bincount(orders.joined()["session"], minlength=len(sessions))
    plan = FraudPlan(rng, settings, county, operators)
    FalseViews(plan, sessions, views, acts).write()
    attack = FalseOrders(plan, purchases, views)
    attack.write(sold)

    delivery = Delivery(
        lake,
        truth,
        seed,
        settings.clock_seconds,
        settings.end,
        settings.missing_tables,
        settings.missing_columns,
    )
    done = acts.joined()
    done["received"] = delays(rng, done["at"], settings.batch_seconds, settings.late_rows)
    bought = number_orders(orders.joined(), settings.end)
    after = fulfil(rng, settings, county, operators, purchases, bought)
    happened = np.fmax(bought["placed"], bought["paid"])
    bought["received"] = delays(rng, happened, 0.0, settings.late_rows)
    if "orders.session_id" in settings.missing_columns:
        bought["session"][:] = -1  # the truth counts what is delivered
    after = _rows(after, bought["received"] < settings.end)
    platform = Platform(
        rng=rng,
        settings=settings,
        county=county,
        operators=operators,
        sessions=sessions,
        diaries=diaries,
        views=_delivered_views(rng, settings, county, views),
        acts=in_time(done, settings.end),
        orders=in_time(bought, settings.end),
        delivery=delivery,
    )
    deliver_platform(platform)
    deliver_after_orders(delivery, rng, platform.orders, after, attack.complaints)
    planted = Planted(
        schemes=SCHEMES,
        operator=sessions.operator,
        views=platform.views,
        acts=platform.acts,
        orders=platform.orders,
        guest=platform.views["guest"],
        no_device=platform.views["no_device"],
        role=plan.role,
        account_kinds=plan.kinds,
        lookalikes=[*purchases.lookalikes, *_lookalikes(platform)],
        buyer_abuse=(CODE["coupon_abuse"],),
    )
    record_truth(delivery, planted)
    rows = deliver_outcomes(delivery, rng, settings.patrol, _entities(platform, planted))
    drawn = asdict(settings) | {"family": "small_region", "seed": seed, "verdict_rows": rows}
    delivery.record_world(drawn)


def _rows(after: AfterOrders, chosen: np.ndarray) -> AfterOrders:
    """What became of the chosen orders."""
    return AfterOrders(**{f.name: getattr(after, f.name)[chosen] for f in fields(after)})


def _delivered_views(
    rng: np.random.Generator, settings: Settings, county: County, table: EventTable
) -> Columns:
    """Views that arrive in time, with networks and what is not recorded of them."""
    views = table.joined()
    who, n = views["account"], len(views["account"])
    views["net"], views["asn"] = county.networks(who, views["joined"])
    views["device"] = county.device[who]
    views["guest"] = rng.random(n) < 0.02
    views["no_device"] = rng.random(n) < settings.no_device
    views["no_leave"] = rng.random(n) < settings.no_leave
    views["version"] = county.version[who]
    views["region"] = county.regions(who)
    views["received"] = delays(rng, views["left"], settings.batch_seconds, settings.late_rows)
    return in_time(views, settings.end)


def _lookalikes(p: Platform) -> list[tuple[int, int, str]]:
    """Tags of honest operators and sessions that resemble fraud."""
    o, s = p.operators, p.sessions
    found = [
        (int(s.operator[i]), int(i), SESSION_TAGS[int(s.tag[i])]) for i in np.flatnonzero(s.tag)
    ]
    found += [(int(s.operator[i]), int(i), "boosted") for i in sorted(p.diaries.boosted)]
    found += [(int(s.operator[t]), int(t), "raided") for _, t, _, _ in p.diaries.raids]
    by_operator = {
        "copied_greeting": o.greeting > 0.5,
        "tapping_elders": o.tapping > 1.6,
        "cash_refusals": o.refusal > 0.2,
        "village_groups": o.leader_groups > 0,
        "opera_fans": o.trade == OPERA,
        "same_mcn": o.mcn >= 0,
        "new_operator": o.registered > p.settings.start - 15 * DAY,
    }
    for tag, mask in by_operator.items():
        found += [(int(i), -1, tag) for i in np.flatnonzero(mask)]
    return found


def _entities(p: Platform, planted: Planted) -> Entities:
    """Entities that the patrol may judge, and what its screens show of them."""
    sums, s, rng = session_sums(planted), p.sessions, p.rng
    view = sums["false_views"] >= np.maximum(3, 0.1 * sums["views"])
    engagement = sums["false_likes"] >= np.maximum(3, 0.2 * sums["likes"])
    engagement |= sums["false_follows"] >= np.maximum(3, 0.2 * sums["follows"])
    false = false_orders(planted)
    own = false & (planted.role[p.orders["operator"]] == "cheat")
    if p.settings.judged_kind == "order":
        odd = np.log1p(p.orders["unit_price"] * p.orders["quantity"]) / 2
        odd += rng.normal(0, 1, len(odd)) + 0.8 * (p.orders["device"] < 0)
        ids = p.delivery.ids("order", p.orders["id"])
        guilty = {"order_fraud": own, "hostile_brushing": false & ~own}
        return Entities("order", ids, p.orders["placed"], odd, guilty)
    odd = np.log1p(sums["views"]) + np.log1p(sums["likes"]) / 4 + np.log1p(sums["follows"]) / 3
    count = np.maximum(np.bincount(s.operator, minlength=OPERATORS), 1)
    level = np.bincount(s.operator, odd, OPERATORS) / count
    if p.settings.judged_kind == "session":
        ids = p.delivery.ids("session", np.arange(len(s)))
        guilty = {"view_fraud": view, "engagement_fraud": engagement}
        return Entities("session", ids, s.ended, odd - level[s.operator], guilty)
    found = {
        "view_fraud": np.bincount(s.operator, view, OPERATORS) > 0,
        "engagement_fraud": np.bincount(s.operator, engagement, OPERATORS) > 0,
        "order_fraud": np.bincount(p.orders["operator"], own, OPERATORS) > 2,
    }
    ids = p.delivery.ids("operator", np.arange(OPERATORS))
    ready = p.settings.start + rng.uniform(3, DAYS, OPERATORS) * DAY
    return Entities("operator", ids, ready, level + rng.normal(0, 0.5, OPERATORS), found)
