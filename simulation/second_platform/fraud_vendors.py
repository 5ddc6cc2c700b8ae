"""Vendors of fraud: each has accounts, devices, networks and habits of its own, and sells to several operators."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulation.identifiers import DAY, HOUR, MINUTE
from simulation.records import Acts, Orders
from simulation.schemes import NUMBER, ORDER_SCHEMES, SCHEMES, VIEW_SCHEMES
from simulation.second_platform.browsing import DIRECT, FEED, SHARE, Shows, Stays, networks
from simulation.second_platform.engagement import COMMENT, FOLLOWS, LIKE, UNFOLLOW, acts
from simulation.second_platform.people import People, Shops
from simulation.second_platform.purchases import orders

SOLD = SCHEMES[1:15]
PEOPLE = (
    "crowd",
    "brusher_platform",
)  # schemes that are carried out by people with a life of their own


@dataclass(frozen=True)
class Vendor:
    """What a vendor has and how it works; each is drawn once."""

    scheme: str
    pool: np.ndarray  # accounts
    rotates: bool  # sends each account once before it sends it again
    warmed: bool  # its accounts browse like people between jobs
    farmed: int  # accounts a device, 0 where each has its own
    network: str  # datacentre, proxies, towers or own
    old: bool  # an app that is not updated
    care: int  # 0 to 2: how far times follow those of the audience
    turn: int


def vendors(rng: np.random.Generator, p: People, each: int, room: int) -> list[Vendor]:
    """`each` vendors of every scheme; those without real people take up to `room` of the accounts made for fraud, one after another."""
    out, at = [], p.own
    for scheme in SOLD:
        for _ in range(each):
            size = int(np.exp(rng.uniform(np.log(80), np.log(room))))
            if scheme == "insider_orders":
                size = int(rng.integers(3, 20))
            if scheme in PEOPLE:
                pool = rng.choice(p.own, size, replace=False)
            else:
                pool = p.own + (at - p.own + np.arange(size)) % (
                    len(p) - p.own
                )  # where accounts are few, vendors share some
                at += size
            network = str(
                rng.choice(["datacentre", "proxies", "towers", "own"], p=[0.2, 0.3, 0.3, 0.2])
            )
            own = scheme in PEOPLE or scheme in ORDER_SCHEMES or scheme == "follow_ring"
            out.append(
                Vendor(
                    scheme, pool, bool(rng.random() < 0.5), bool(rng.random() < 0.4), int(rng.choice([0, 5, 30])) if not own else 0,
                    "own" if own else network, bool(rng.random() < 0.35) and not own, int(rng.integers(0, 3)), int(rng.integers(0, 1_000_000)),
                )
            )  # fmt: skip
    return out


def seeded(rng: np.random.Generator, p: People, sold: list[Vendor]) -> People:
    """People after the vendors' hand: bought accounts are young in half of the pools, and only warmed ones browse."""
    bouts, registered, level, verified = (
        p.bouts.copy(),
        p.registered.copy(),
        p.level.copy(),
        p.verified.copy(),
    )
    bouts[p.own :] = 0.0
    newest = registered.max()
    for one in sold:
        mine = one.pool[one.pool >= p.own]
        bouts[mine] = rng.gamma(0.7, 0.5, len(mine)) if one.warmed else 0.0
        if rng.random() < 0.5:
            registered[mine] = newest - rng.uniform(2, 45, len(mine)) * DAY
            level[mine] = np.minimum(level[mine], 3)
        verified[mine] &= rng.random(len(mine)) < 0.7
    return replace(p, bouts=bouts, registered=registered, level=level, verified=verified)


def _accounts(rng: np.random.Generator, one: Vendor, n: int, day: int, shop: int) -> np.ndarray:
    if one.rotates:
        return one.pool[(one.turn + day * 97 + shop * 31 + np.arange(n)) % len(one.pool)]
    return rng.choice(one.pool, n)


def _views(rng, p: People, one: Vendor, show: int, who, joined, left, source) -> Stays:
    n = len(who)
    device = (
        p.device[who]
        if not one.farmed
        else 400_000_000 + one.turn * 100 + (who % max(1, len(one.pool) // one.farmed))
    )
    prefix, asn = networks(rng, p, who)
    if one.network == "datacentre":
        prefix, asn = 500_000_000 + one.turn * 10 + rng.integers(0, 6, n), np.full(n, 4)
    elif one.network == "proxies":
        prefix, asn = p.home[rng.integers(0, p.own, n)], np.where(rng.random(n) < 0.3, 5, 0)
    elif one.network == "towers":
        prefix, asn = 50_000_000 + one.turn % 30 * 1_000 + rng.integers(0, 120, n), np.full(n, 1)
    version = np.full(n, one.turn % 5) if one.old else p.version[who]
    return Stays(
        np.full(n, show), who, device, joined, np.maximum(left, joined + 0.5), np.broadcast_to(source, n), version, prefix, asn,
        p.province[who], np.full(n, NUMBER[one.scheme]),
    )  # fmt: skip


def _arrivals(rng, shows: Shows, show: int, honest: Stays, n: int, care: int) -> np.ndarray:
    """Moments of arrival: in a few pushes, dripping evenly, or as the audience came."""
    start, end = shows.start[show], shows.end[show]
    if care == 0:
        pushes = rng.uniform(start, end - 60, max(1, n // 150 + 1))
        return np.clip(rng.choice(pushes, n) + rng.exponential(30.0, n), start, end - 2)
    if care == 1 or not len(honest):
        return start + (end - start) * rng.beta(1.0, 1.3, n)
    return np.clip(rng.choice(honest.joined, n) + rng.normal(0, 120.0, n), start, end - 2)


def sold_views(
    rng, p: People, s: Shops, shows: Shows, show: int, honest: Stays, one: Vendor, n: int, day: int
) -> tuple[Stays, Acts | None]:
    """Views, or views with what is done in them, that a vendor delivers to a session; `n` is in honest views."""
    start, end = shows.start[show], shows.end[show]
    scheme = one.scheme
    if scheme in VIEW_SCHEMES:
        n = {"idle_bots": n // 3, "device_farm": n // 2}.get(scheme, n) + 5
        who = _accounts(rng, one, n, day, int(shows.shop[show]))
        joined = _arrivals(rng, shows, show, honest, n, one.care)
        if scheme == "pool_cooldown":  # an account rests for the same time before each job
            joined = (
                start
                + (who * 613 % 43_200 - start) % 43_200
                + rng.normal(0, 60.0 * (1 + 5 * one.care), n)
            )
            kept = (joined >= start) & (joined < end - 30)
            who, joined = who[kept], joined[kept]
            n = len(who)
        stay = {
            "protocol_views": rng.uniform(3, 40, n),
            "flash_views": rng.exponential(2.0, n) + 0.5,
            "idle_bots": (end - joined) * (1 - 0.15 * (1 + one.care) * rng.random(n)),
            "device_farm": rng.normal(8 * MINUTE, 20.0 + 90.0 * one.care, n),
            "crowd": rng.normal(3 * MINUTE, 40.0 * (1 + one.care), n),
            "pool_cooldown": rng.gamma(3.0, 150.0, n),
        }[scheme]
        if one.care == 2 and len(honest) and scheme in ("protocol_views", "device_farm"):
            stay = rng.choice(honest.left - honest.joined, n)
        source = (
            SHARE
            if scheme in ("crowd", "pool_cooldown")
            else rng.choice([FEED, DIRECT], n, p=[0.6, 0.4] if one.care else [0.1, 0.9])
        )
        return _views(
            rng, p, one, show, who, joined, np.minimum(joined + np.maximum(stay, 0.5), end), source
        ), None
    many = max(4, n // {"follow_ring": 8, "scripted_likes": 40, "scripted_comments": 15}[scheme])
    who = np.unique(_accounts(rng, one, many, day, int(shows.shop[show])))
    joined = _arrivals(rng, shows, show, honest, len(who), max(1, one.care))
    left = np.minimum(joined + rng.gamma(2.0, 4 * MINUTE, len(who)), end)
    views = _views(rng, p, one, show, who, joined, left, rng.choice([FEED, SHARE], len(who)))
    number = NUMBER[scheme]
    if scheme == "follow_ring":
        at = joined + rng.random(len(who)) * (views.left - joined)
        gone = rng.random(len(who)) < (0.7, 0.3, 0.05)[one.care]
        later = end + rng.uniform(1, 6, gone.sum()) * DAY
        return views, Acts.stacked(
            [
                acts(views.show, who, FOLLOWS, at, scheme=number),
                acts(views.show[gone], who[gone], UNFOLLOW, later, scheme=number),
            ]
        )
    each = rng.poisson((60, 25, 10)[one.care] if scheme == "scripted_likes" else 5, len(who)) + 2
    row = np.repeat(np.arange(len(who)), each)
    beat = (np.arange(len(row)) - np.repeat(np.cumsum(each) - each, each) + 0.5) / np.repeat(
        each, each
    )
    beat = beat if one.care < 2 else rng.random(len(row))
    at = views.joined[row] + beat * (views.left - views.joined)[row]
    if scheme == "scripted_likes":
        return views, acts(
            views.show[row], who[row], LIKE, at, rng.integers(5, 15, len(row)), scheme=number
        )
    text = 8_000_000 + one.turn * 500 + rng.integers(0, (15, 80, 400)[one.care], len(row))
    return views, acts(views.show[row], who[row], COMMENT, at, 1, text, number)


def sold_orders(
    rng, p: People, s: Shops, shows: Shows, show: int, one: Vendor, n: int, day: int, gains: int
) -> tuple[Orders, Stays, Acts]:
    """Orders that a vendor places in a session, and the views that lead to them."""
    start, end = shows.start[show], shows.end[show]
    who = _accounts(rng, one, n, day, int(shows.shop[show]))
    calls = rng.uniform(start + 30, end - 30, max(1, n // (30, 10, 3)[one.care]))
    at = np.clip(
        rng.choice(calls, n) + rng.exponential((2, 6, 25)[one.care] * MINUTE, n),
        start + 20,
        end - 5,
    )
    rank = np.minimum(rng.integers(0, (2, 5, 30)[one.care], n), s.products[shows.shop[show]] - 1)
    hostile = gains != int(shows.shop[show])
    o = orders(
        rng,
        p,
        s,
        shows,
        np.full(n, show),
        who,
        at,
        NUMBER["hostile_brushing" if hostile else one.scheme],
        np.full(n, gains),
        rank,
    )
    nan, kind = np.full(n, np.nan), one.scheme
    good = {
        "review_at": np.where(rng.random(n) < 0.5, o.signed + rng.exponential(0.7, n) * DAY, nan),
        "rating": np.full(n, 5),
    }
    script = {"review_text": 2_000_000 + one.turn + rng.integers(0, 15, n)}
    fast = o.paid + rng.uniform(1, 9, n) * HOUR
    if hostile:
        asked = np.where(rng.random(n) < 0.6, o.paid + rng.exponential(2.0, n) * HOUR, nan)
        o = replace(
            o,
            refund_asked=asked,
            refund_paid=asked + 2 * HOUR,
            rating=np.ones(n, dtype=int),
            **script,
        )
    elif kind == "empty_parcels":
        o = replace(
            o, refund_asked=nan, refund_paid=nan, picked=fast, signed=fast + rng.uniform(4, (10, 20, 40)[one.care], n) * HOUR,
            weight=rng.uniform(10, 120, n), scans=rng.integers(2, 4 + one.care, n), sender=np.full(n, 6_000_000 + one.turn % 97), **good, **script,
        )  # fmt: skip
    elif kind == "brusher_platform":
        o = replace(
            o,
            refund_asked=nan,
            refund_paid=nan,
            weight=rng.uniform(30, 70, n) + (one.care == 2) * o.goods_weight * 0.5,
            **good,
            **script,
        )
    elif kind == "insider_orders":
        purse = rng.random(n) < (0.9, 0.6, 0.3)[one.care]
        o = replace(
            o, payer=np.where(purse, 700_000_000 + gains, o.payer), address=np.where(purse, 700_000_000 + gains, o.address),
            device=np.where(purse, 700_000_000 + gains, o.device),
        )  # fmt: skip
    elif kind == "instant_refund":
        asked = o.paid + rng.exponential((4, 20, 120)[one.care] * MINUTE, n) + 15
        o = replace(
            o,
            refund_asked=asked,
            refund_paid=asked + 900,
            refund_stage=np.zeros(n),
            picked=nan,
            signed=nan,
            review_at=nan,
        )
    else:
        asked = np.where(rng.random(n) < 0.9, o.paid + rng.uniform(3, 8, n) * DAY, nan)
        o = replace(
            o,
            refund_asked=asked,
            refund_paid=asked + HOUR,
            refund_stage=np.zeros(n),
            picked=nan,
            signed=nan,
            review_at=nan,
        )
    shown = np.flatnonzero(rng.random(n) < (0.3, 0.7, 0.95)[one.care])
    joined = np.maximum(at[shown] - rng.gamma(2.0, 70.0, len(shown)), start)
    views = _views(
        rng,
        p,
        one,
        show,
        who[shown],
        joined,
        np.minimum(at[shown] + rng.exponential(60.0, len(shown)), end),
        DIRECT,
    )
    views = replace(views, scheme=o.scheme[shown])
    click = shown[rng.random(len(shown)) < 0.5]
    return (
        o,
        views,
        acts(
            np.full(len(click), show),
            who[click],
            5,
            np.maximum(at[click] - 10, start),
            scheme=NUMBER[one.scheme],
        ),
    )
