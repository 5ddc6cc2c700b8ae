"""Orders of honest viewers: product slots, group leaders, resellers, families and staff."""

from __future__ import annotations

import numpy as np

from simulation.families.followers_market.market import (
    CLICK,
    NORMAL,
    TRINKET,
    Market,
    Visits,
)
from simulation.families.followers_market.parameters import DAY, HOUR

RESELLER_SHARE = 0.004


def trade(market: Market, session: int, v: Visits) -> None:
    """Add product clicks and orders of the viewers of one session."""
    r, s = market.r, market.sessions
    if s.test[session]:
        return
    host, start, end = int(s.host[session]), s.start[session], s.end[session]
    slots = np.sort(
        r.uniform(start + 60, end - 30, 3 + r.poisson(4 * min((end - start) / HOUR, 8)))
    )
    goods = market.goods(host, len(slots))
    appeal = np.exp(r.normal(-0.4, 0.9, len(slots)))
    who = np.flatnonzero(v.account >= 0)
    account = v.account[who]
    here = (v.join[who, None] < slots + 60) & (v.leave[who, None] > slots)
    chance = market.hosts.conversion[host] * np.outer(market.people.spend[account], appeal)
    viewer, slot = np.nonzero(here & (r.random(here.shape) < np.minimum(6 * chance, 0.9)))
    n = len(viewer)
    wait = np.exp(r.normal(3.4, 0.9, n))
    market.acts.add(n, session=session, account=account[viewer], kind=CLICK, at=slots[slot] + wait)
    buys = r.random(n) < 0.17
    viewer, slot, wait = viewer[buys], slot[buys], wait[buys] + r.gamma(1.5, 20, int(buys.sum()))
    buyer = account[viewer]
    dealer = buyer % 251 < 251 * RESELLER_SHARE
    quantity = 1 + r.poisson(np.where(dealer, 14, 0.3))
    market.sell(
        host, buyer, slots[slot] + wait, session=session, product=goods[slot], quantity=quantity
    )
    _orders_of_customs(market, session, slots, goods)


def _orders_of_customs(market: Market, session: int, slots: np.ndarray, goods: np.ndarray) -> None:
    """What only some sessions have: group buying, dealers, gifts for a cent, staff purchases."""
    r, host = market.r, int(market.sessions.host[session])
    c = market.communities[host]
    slot = int(r.integers(len(slots)))
    product, at = goods[slot], slots[slot]
    if r.random() < 0.12 and (c.group >= 0).any():
        group = r.choice(c.group[c.group >= 0])
        mates = c.member[c.group == group]
        leader, n = mates[0], int(r.integers(5, 30))
        pays = r.random() < 0.4
        means = {"payer": market.people.payer[leader], "device": market.people.device[leader]}
        market.sell(
            host,
            np.full(n, leader) if pays else r.choice(mates, n),
            at + r.gamma(1.2, 300, n),
            session=session,
            product=np.full(n, product),
            address=market.people.address[leader],
            **(means if pays else {}),
        )
        market.tags.append((host, session, "group_buying"))
    if r.random() < 0.06:
        n = int(r.integers(4, 25))
        buyer = np.full(n, r.choice(c.member))
        at_once = at + np.cumsum(r.gamma(1.5, 25, n))
        market.sell(host, buyer, at_once, session=session, product=np.full(n, product))
        market.tags.append((host, session, "reseller"))
    if r.random() < 0.05:
        fans = c.member[(r.random(len(c.member)) < 0.12) | (c.fan & (r.random(len(c.fan)) < 0.4))]
        n = len(fans)
        regrets = np.where(r.random(n) < 0.08, r.gamma(1.3, 300, n), np.nan)
        market.sell(
            host, fans, at + r.gamma(0.7, 60, n), session=session, product=np.full(n, product),
            quantity=np.ones(n, int), discount=0.98, fate=TRINKET, refund_after=regrets,
        )  # fmt: skip
        market.tags.append((host, session, "fan_gift"))
    if r.random() < 0.06:
        n = int(r.integers(1, 6))
        buyer = r.choice(c.staff, n)
        desk = np.where(r.random(n) < 0.4, market.numbers(1)[0], market.people.device[buyer])
        placed = at + r.gamma(1.2, 200, n)
        market.sell(host, buyer, placed, session=session, discount=0.35, device=desk)
        market.tags.append((host, session, "staff_purchase"))


def sell_outside_sessions(market: Market) -> None:
    """Orders from the shop window, and families whose children pay."""
    r, p = market.r, market.p
    for host, c in enumerate(market.communities):
        n = r.poisson(0.004 * len(c.member) * p.days * np.exp(r.normal(0, 0.6)))
        hour = r.normal(market.people.hour[c.member[r.integers(0, len(c.member), n)]], 2) % 24
        placed = p.start + r.integers(0, p.days, n) * DAY + hour * HOUR
        market.sell(host, r.choice(c.member, n), placed, fate=NORMAL)
