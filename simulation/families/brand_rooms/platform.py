"""Builds one platform: honest life first, then contracts, then delivery and truth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from simulation.families.brand_rooms.brands import Sessions, found_brands, open_rooms
from simulation.families.brand_rooms.chat import Chat, act_table
from simulation.families.brand_rooms.delivery import Platform, deliver_platform
from simulation.families.brand_rooms.fraud.orders import FalseOrders
from simulation.families.brand_rooms.fraud.plan import SCHEMES, FraudPlan
from simulation.families.brand_rooms.fraud.views import FalseViews
from simulation.families.brand_rooms.fulfilment import fulfil
from simulation.families.brand_rooms.people import People
from simulation.families.brand_rooms.regular_stays import write_regular_stays
from simulation.families.brand_rooms.settings import (
    BOOST,
    DAY,
    HOUR,
    RETURN_RATE,
    Settings,
    draw_settings,
)
from simulation.families.brand_rooms.trade import STACKED, Trade, order_table
from simulation.families.brand_rooms.traffic import Traffic, view_table
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

Columns = dict[str, np.ndarray]


def build_platform(lake: Path, truth: Path, seed: int) -> None:
    """Draw one platform and write its lake and truth."""
    rng = np.random.default_rng([seed, 7_301])
    settings = draw_settings(rng)
    people = People(rng, settings)
    brands = found_brands(rng, settings, people)
    sessions = open_rooms(rng, settings, brands)
    views, acts, orders = view_table(), act_table(), order_table()
    traffic = Traffic(rng, settings, people, brands, sessions)
    traffic.write(views)
    write_regular_stays(rng, settings, brands, sessions, views)
    seen = views.joined()
    chat = Chat(rng, people, brands, sessions)
    chat.write(acts, seen)
    trade = Trade(rng, settings, people, brands, sessions)
    trade.write(orders, seen)
    plan = FraudPlan(rng, settings, people, brands)
    honest_views = np.bincount(seen["session"], minlength=len(sessions))
    sold = orders.joined()["session"]
    honest_orders = np.bincount(sold[sold >= 0], minlength=len(sessions))
    FalseViews(plan, sessions, views, acts, honest_views).write()
    brushing = FalseOrders(plan, brands, trade, orders, views)
    brushing.write(honest_orders)

    batch = float(rng.choice([0, HOUR, DAY], p=[0.5, 0.3, 0.2]))
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
    done["received"] = delays(rng, done["at"], batch, settings.late_rows)
    bought = number_orders(orders.joined(), settings.end)
    happened = np.fmax(bought["placed"], bought["paid"])
    bought["received"] = delays(rng, happened, 0.0, settings.late_rows)
    platform = Platform(
        rng=rng,
        settings=settings,
        people=people,
        brands=brands,
        sessions=sessions,
        views=_delivered_views(rng, settings, people, sessions, views, batch),
        acts=in_time(done, settings.end),
        orders=in_time(bought, settings.end),
        boosts={},
        delivery=delivery,
    )
    platform.boosts = _granted(traffic, platform.views)
    after = fulfil(rng, settings, people, brands, trade.catalogue, platform.orders)
    deliver_platform(platform)
    deliver_after_orders(delivery, rng, platform.orders, after, brushing.complaints)
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
        lookalikes=[*trade.lookalikes, *_lookalikes(platform, chat, traffic)],
    )
    record_truth(delivery, planted)
    rows = deliver_outcomes(delivery, rng, settings.patrol, _entities(platform, planted, after))
    drawn = asdict(settings) | {"family": "brand_rooms", "seed": seed, "verdict_rows": rows}
    delivery.record_world(drawn)


def _delivered_views(
    rng: np.random.Generator,
    settings: Settings,
    people: People,
    sessions: Sessions,
    table: EventTable,
    batch: float,
) -> Columns:
    """Views that arrive in time, with networks and what is not recorded of them."""
    views = table.joined()
    n = len(views["session"])
    net, asn = people.networks(views["account"])
    views["net"] = np.where(views["net"] < 0, net, views["net"])
    views["asn"] = np.where(views["asn"] < 0, asn, views["asn"])
    own = people.device[views["account"]]
    views["device"] = np.where(views["device"] < 0, own, views["device"])
    views["guest"] = rng.random(n) < people.guest[views["account"]]
    nameless = views["guest"] & (rng.random(n) >= settings.guest_devices)
    views["no_device"] = nameless | (rng.random(n) < 0.02)
    unrecorded = settings.unrecorded_leaves * np.where(views["guest"], 1.15, 0.5)
    views["no_leave"] = rng.random(n) < np.minimum(unrecorded, 0.98)
    known = np.where(views["no_leave"], sessions.ended[views["session"]], views["left"])
    views["version"] = people.version[views["account"]]
    views["region"] = people.region[views["account"]]
    views["received"] = delays(rng, known, batch, settings.late_rows)
    return in_time(views, settings.end)


def _granted(traffic: Traffic, views: Columns) -> Columns:
    """Boosts with the views that they brought."""
    session = np.flatnonzero(traffic.boosted)
    came = np.bincount(views["session"][views["source"] == BOOST], minlength=len(traffic.sessions))
    return {
        "session": session,
        "starts": traffic.boost_from[session],
        "ends": np.minimum(traffic.boost_until, traffic.sessions.ended)[session],
        "bought": came[session],
    }


def _lookalikes(p: Platform, chat: Chat, traffic: Traffic) -> list[tuple[int, int, str]]:
    """Tags of honest operators and sessions that resemble fraud."""
    brands, sessions = p.brands, p.sessions
    found: list[tuple[int, int, str]] = []
    by_operator = {
        "assistant_comments": ~np.isnan(brands.assistant_gap),
        "shop_screens": np.array([len(s) > 0 for s in brands.screens]),
        "staff_watch": np.array([len(s) > 3 for s in brands.staff]),
        "member_coupon": chat.member_coupon,
        "presale": brands.presale_day >= 0,
        "high_returns": RETURN_RATE[brands.category] * brands.returns > 0.3,
        "shared_warehouse": (brands.group < 0) & ~brands.own_stock,
        "coupon_hours": brands.coupon_hours.any(1),
        "night_audience": brands.night > 0.4,
    }
    for tag, mask in by_operator.items():
        found += [(int(i), -1, tag) for i in np.flatnonzero(mask)]
    stacked = p.orders["session"][(p.orders["fate"] == STACKED) & (p.orders["session"] >= 0)]
    by_session = {
        "test_stream": np.flatnonzero(sessions.tag == 1),
        "stream_of_days": np.flatnonzero(sessions.tag == 2),
        "virtual_host": np.flatnonzero(sessions.virtual == 1),
        "boosted": np.flatnonzero(traffic.boosted),
        "coupon_stackers": np.unique(stacked),
    }
    for tag, which in by_session.items():
        found += [(int(sessions.operator[s]), int(s), tag) for s in which]
    return found


def _entities(p: Platform, planted: Planted, after: AfterOrders) -> Entities:
    """Entities that the patrol may judge, and what its screens show of them."""
    sums, sessions = session_sums(planted), p.sessions
    operators = len(p.brands)
    view = sums["false_views"] >= np.maximum(3, 0.1 * sums["views"])
    likes = sums["false_likes"] >= np.maximum(3, 0.2 * sums["likes"])
    engagement = likes | (sums["false_follows"] >= np.maximum(3, 0.2 * sums["follows"]))
    false = false_orders(planted) & (planted.role[p.orders["operator"]] == "cheat")
    hostile = false_orders(planted) & ~false
    if p.settings.judged_kind == "order":
        odd = np.log1p(p.orders["unit_price"] * p.orders["quantity"]) / 2
        odd += 1.5 * (after.weight < 60) + 1.2 * ~np.isnan(after.requested)
        return Entities(
            "order",
            p.delivery.ids("order", p.orders["id"]),
            p.orders["placed"],
            odd,
            {"order_fraud": false, "hostile_brushing": hostile},
        )
    count = np.maximum(np.bincount(sessions.operator, minlength=operators), 1)
    typical = np.exp(np.bincount(sessions.operator, np.log1p(sums["views"]), operators) / count)
    typical = typical[sessions.operator]
    odd = np.log((sums["views"] + 1) / typical) + np.log1p(sums["follows"]) / 3
    odd += np.log1p(sums["likes"] / (sums["views"] + 1))
    if p.settings.judged_kind == "session":
        guilty = {"view_fraud": view, "engagement_fraud": engagement}
        ids = p.delivery.ids("session", np.arange(len(sessions)))
        return Entities("session", ids, sessions.ended, odd, guilty)
    found = {
        "view_fraud": np.bincount(sessions.operator, view, operators) > 0,
        "engagement_fraud": np.bincount(sessions.operator, engagement, operators) > 0,
        "order_fraud": np.bincount(p.orders["operator"], false, operators) > 2,
    }
    peak = np.zeros(operators)
    np.maximum.at(peak, sessions.operator, odd)
    ready = p.settings.start + p.rng.uniform(3, p.settings.days, operators) * DAY
    return Entities(
        "operator", p.delivery.ids("operator", np.arange(operators)), ready, peak, found
    )
