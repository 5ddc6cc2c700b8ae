"""Honest life that looks like fraud; each function adds orders and tags its shops."""

from __future__ import annotations

import numpy as np

from simulation.families.orders_only.demand import customers
from simulation.families.orders_only.market import COURIER, Market
from simulation.families.orders_only.parameters import CODE, DAY
from simulation.families.orders_only.population import TRADES

MINUTE = 60.0


def sell_to_lookalikes(market: Market) -> None:
    """Add every honest look-alike to some shops, cheating shops included."""
    trades = np.array([t.name for t in TRADES])[market.shops.trade]
    for shop, trade in enumerate(trades):
        rare = 0.5 if trade in ("group_buying", "groceries", "snacks") else 0.08
        for act, share in (
            (_group_leader, rare),
            (_reseller, 0.6 if trade == "wholesale" else 0.08),
            (_coupon_flash, 0.2 if trade in ("snacks", "accessories", "beauty") else 0.06),
            (_welfare_purchase, 0.07),
            (_staff_day, 0.08),
            (_opening, 0.07),
            (_mention, 0.06),
            (_bad_batch, 0.05),
            (_dormitory_wave, 0.07),
            (_abusive_buyer, 0.05),
        ):
            if market.r.random() < share:
                act(market, shop)
                market.tags.append((shop, act.__name__.lstrip("_")))
    for shop, trade in enumerate(trades):
        custom = {
            "apparel": "high_returns",
            "jewellery": "high_returns",
            "accessories": "light_goods",
            "pre_sale": "pre_sale",
            "groceries": "same_city_courier",
        }.get(trade)
        if custom:
            market.tags.append((shop, custom))


def _moment(market: Market, low: float = 0.0) -> float:
    """A random moment by day or evening."""
    day = market.r.integers(0, market.p.days)
    return market.p.start + (day + low) * DAY + market.r.uniform(9, 22.5) * 3600


def _size(market: Market, shop: int, share: float, least: int) -> int:
    """Orders of an event as a heavy-tailed share of a shop's week."""
    week = 7 * market.shops.orders_per_day[shop]
    return int(np.clip(share * week * np.exp(market.r.normal(0, 0.8)), least, 600))


def _group_leader(market: Market, shop: int) -> None:
    """A leader collects orders of neighbours; one door, sometimes one card and phone."""
    r = market.r
    leader = int(market.pools.draw(r, 1, int(market.shops.region[shop]))[0])
    pays = r.random() < 0.4
    for _ in range(1 + r.poisson(3)):
        n = int(r.integers(6, 45))
        start = _moment(market)
        product = market.catalogue.pick(r, shop, int(1 + r.integers(2)))
        who = market.pools.draw(r, n, int(market.people.region[leader]))
        extra = {"payer": market.people.payer[leader], "device": market.people.device[leader]}
        market.sell(
            shop,
            np.where(r.random(n) < (0.7 if pays else 0.05), leader, who),
            start + r.gamma(1.0, 25 * MINUTE, n),
            product=r.choice(product, n),
            address=market.people.address[leader],
            fate=COURIER,
            **(extra if pays else {}),
        )


def _reseller(market: Market, shop: int) -> None:
    """Small dealers buy one thing again and again."""
    r = market.r
    for dealer in market.pools.draw(r, 1 + r.poisson(1.5)):
        n = int(r.integers(5, 40))
        product = market.catalogue.pick(r, shop, 1)[0]
        several = np.floor(np.exp(r.normal(1.5, 1.0, n))).astype(int) + 1
        times = market.p.start + np.sort(r.uniform(0, market.p.days, n)) * DAY
        if r.random() < 0.4:
            times = _moment(market) + np.cumsum(r.gamma(1.5, 70, n))
        market.sell(shop, np.full(n, dealer), times, product=np.full(n, product), quantity=several)


def _coupon_flash(market: Market, shop: int) -> None:
    """A coupon is gone in minutes; hunters cancel at once and order again."""
    r, n = market.r, _size(market, shop, 0.5, 15)
    start = np.floor(_moment(market) / 3600) * 3600
    who = market.pools.draw(r, n)
    product = np.full(n, market.catalogue.pick(r, shop, 1)[0])
    cancels = r.random(n) < r.uniform(0.02, 0.2)
    market.sell(
        shop,
        who,
        start + r.gamma(0.6, r.uniform(60, 900), n),
        product=product,
        quantity=np.ones(n, int),
        discount=np.full(n, r.uniform(0.5, 0.9)),
        refund_after=np.where(cancels, r.gamma(1.2, 200, n), np.nan),
    )


def _welfare_purchase(market: Market, shop: int) -> None:
    """A firm buys for its staff: one card, one device, many doors, one minute."""
    r, n = market.r, int(market.r.integers(15, 120))
    card, device = market.numbers(2)
    buyers = market.pools.draw(r, n, int(r.integers(market.p.regions)))
    buyers = np.where(r.random() < 0.5, buyers, buyers[0])
    doors = market.people.address[market.pools.draw(r, n)]
    market.sell(
        shop,
        buyers,
        _moment(market) + np.sort(r.uniform(0, 900, n)),
        product=np.full(n, market.catalogue.pick(r, shop, 1)[0]),
        payer=card,
        device=device,
        address=doors,
    )


def _staff_day(market: Market, shop: int) -> None:
    """Staff buy with a discount through the shop's own network of devices."""
    r = market.r
    staff = market.pools.draw(r, int(r.integers(3, 15)), int(market.shops.region[shop]))
    n = int(r.integers(len(staff), 4 * len(staff)))
    desk = market.numbers(int(r.integers(1, 4)))
    market.sell(
        shop,
        r.choice(staff, n),
        _moment(market) + r.gamma(1.0, 3 * 3600, n),
        device=r.choice(desk, n),
        discount=np.full(n, r.uniform(0.3, 0.6)),
    )


def _opening(market: Market, shop: int) -> None:
    """Friends and relatives buy when a shop opens; they praise it."""
    r, n = market.r, _size(market, shop, 0.3, 8)
    friends = market.pools.draw(r, max(n // 2, 3), int(market.shops.region[shop]))
    market.shops.registered[shop] = market.p.start - r.uniform(0, 5) * DAY
    times = market.p.start + np.clip(r.exponential(1.5, n), 0, market.p.days - 0.1) * DAY
    market.sell(shop, r.choice(friends, n), times, rating=np.where(r.random(n) < 0.5, 5, 0))


def _mention(market: Market, shop: int) -> None:
    """A celebrity mentions a product; strangers rush in and many regret it."""
    r, n = market.r, _size(market, shop, 0.8, 20)
    regret = r.random(n) < r.uniform(0.1, 0.4)
    market.sell(
        shop,
        market.pools.draw(r, n),
        _moment(market) + r.gamma(0.8, 2400, n),
        product=np.full(n, market.catalogue.pick(r, shop, 1)[0]),
        refund_after=np.where(regret, np.exp(r.normal(8.5, 2.0, n)), np.nan),
    )


def _bad_batch(market: Market, shop: int) -> None:
    """A bad lot: refunds and one star, as after a hostile attack."""
    r, n = market.r, _size(market, shop, 0.4, 10)
    angry = r.random(n) < 0.6
    market.sell(
        shop,
        customers(market, shop, n),
        _moment(market, -0.1) + r.uniform(0, 2.0, n) * DAY,
        product=np.full(n, market.catalogue.pick(r, shop, 1)[0]),
        refund_after=np.where(angry, r.uniform(2, 7, n) * DAY, np.nan),
        rating=np.where(angry & (r.random(n) < 0.7), 1, 0),
    )


def _dormitory_wave(market: Market, shop: int) -> None:
    """Students of one dormitory order the same thing on one evening."""
    r = market.r
    students = np.flatnonzero(market.people.in_dormitory)
    if len(students) == 0:
        return
    home = market.people.address[r.choice(students)]
    mates = np.flatnonzero(market.people.address == home)
    n = min(int(r.integers(8, 60)), len(mates))
    market.sell(
        shop,
        r.choice(mates, n, replace=False),
        _moment(market) + r.gamma(1.0, 40 * MINUTE, n),
        product=r.choice(market.catalogue.pick(r, shop, 2), n),
    )


def _abusive_buyer(market: Market, shop: int) -> None:
    """A buyer who orders and refunds for a living: abuse, yet no false sale."""
    r, n = market.r, int(market.r.integers(4, 25))
    times = market.p.start + np.sort(r.uniform(0, market.p.days, n)) * DAY
    market.sell(
        shop,
        np.full(n, market.pools.draw(r, 1)[0]),
        times,
        refund_after=r.uniform(1, 9, n) * DAY,
        rating=np.where(r.random(n) < 0.3, 1, 0),
        scheme=CODE["buyer_abuse"],
    )
