"""Views and engagement that vendors sell."""

from __future__ import annotations

import numpy as np

from simulation.behaviour.interactions import COMMENT, FOLLOW, LIKE, UNFOLLOW
from simulation.identifiers import DAY, MINUTE
from simulation.records import Events, Interactions, Orders, Views
from simulation.schemes import SCHEME_NUMBER, VIEW_SCHEMES
from simulation.second_platform.engagement import make_interactions
from simulation.second_platform.fraud_vendors import Sale, VendorVisits, views_of_sale
from simulation.second_platform.platform_day import DIRECT, FEED, SHARE, PlatformDay

VIEWS_PER_ACTOR = {"follow_ring": 8, "scripted_likes": 40, "scripted_comments": 15}
VIEWS_PER_FALSE_VIEW = {"idle_bots": 3, "device_farm": 2}
COOLDOWN_SECONDS = 43_200


def deliver_views(rng: np.random.Generator, day: PlatformDay, sale: Sale, honest: Views) -> Events:
    """Views of a sale, with their interactions when the scheme inflates engagement.

    `honest` holds the session's honest views; `sale.size` is counted in views.
    """
    if sale.vendor.scheme in VIEW_SCHEMES:
        views, interactions = _false_views(rng, day, sale, honest), Interactions.concat([])
    else:
        views, interactions = _false_engagement(rng, day, sale, honest)
    return Events(views, interactions, Orders.concat([]))


def _draw_arrivals(
    rng: np.random.Generator, day: PlatformDay, sale: Sale, honest: Views, n: int
) -> np.ndarray:
    """Moments of arrival by evasion: in a few pushes, evenly, or as the audience came.

    Engagement is never pushed.
    """
    start, end = day.sessions.start[sale.session], day.sessions.end[sale.session]
    evasion = sale.vendor.evasion
    if sale.vendor.scheme not in VIEW_SCHEMES:
        evasion = max(1, evasion)
    if evasion == 0:
        pushes = rng.uniform(start, end - 60, max(1, n // 150 + 1))
        return np.clip(rng.choice(pushes, n) + rng.exponential(30.0, n), start, end - 2)
    if evasion == 1 or not len(honest):
        return start + (end - start) * rng.beta(1.0, 1.3, n)
    return np.clip(rng.choice(honest.joined, n) + rng.normal(0, 120.0, n), start, end - 2)


def _false_views(rng: np.random.Generator, day: PlatformDay, sale: Sale, honest: Views) -> Views:
    """Views of a scheme that inflates views."""
    start, end = day.sessions.start[sale.session], day.sessions.end[sale.session]
    vendor, scheme, evasion = sale.vendor, sale.vendor.scheme, sale.vendor.evasion
    n = sale.size // VIEWS_PER_FALSE_VIEW.get(scheme, 1) + 5
    account = vendor.pick_accounts(rng, n, day.number, int(day.sessions.shop[sale.session]))
    joined = _draw_arrivals(rng, day, sale, honest, n)
    if scheme == "pool_cooldown":  # an account rests for the same time before each job
        joined = (
            start
            + (account * 613 % COOLDOWN_SECONDS - start) % COOLDOWN_SECONDS
            + rng.normal(0, 60.0 * (1 + 5 * evasion), n)
        )
        inside = (joined >= start) & (joined < end - 30)
        account, joined = account[inside], joined[inside]
        n = len(account)
    # All stays are drawn, whatever the scheme: worlds of a seed depend on it.
    stay = {
        "protocol_views": rng.uniform(3, 40, n),
        "flash_views": rng.exponential(2.0, n) + 0.5,
        "idle_bots": (end - joined) * (1 - 0.15 * (1 + evasion) * rng.random(n)),
        "device_farm": rng.normal(8 * MINUTE, 20.0 + 90.0 * evasion, n),
        "crowd": rng.normal(3 * MINUTE, 40.0 * (1 + evasion), n),
        "pool_cooldown": rng.gamma(3.0, 150.0, n),
    }[scheme]
    if evasion == 2 and len(honest) and scheme in ("protocol_views", "device_farm"):
        stay = rng.choice(honest.left - honest.joined, n)
    source: int | np.ndarray = SHARE
    if scheme not in ("crowd", "pool_cooldown"):
        source = rng.choice([FEED, DIRECT], n, p=[0.6, 0.4] if evasion else [0.1, 0.9])
    left = np.minimum(joined + np.maximum(stay, 0.5), end)
    return views_of_sale(rng, day, sale, VendorVisits(account, joined, left, source))


def _false_engagement(
    rng: np.random.Generator, day: PlatformDay, sale: Sale, honest: Views
) -> tuple[Views, Interactions]:
    """Views and interactions of a scheme that inflates engagement."""
    end = day.sessions.end[sale.session]
    vendor, scheme, evasion = sale.vendor, sale.vendor.scheme, sale.vendor.evasion
    size = max(4, sale.size // VIEWS_PER_ACTOR[scheme])
    shop = int(day.sessions.shop[sale.session])
    account = np.unique(vendor.pick_accounts(rng, size, day.number, shop))
    n = len(account)
    joined = _draw_arrivals(rng, day, sale, honest, n)
    left = np.minimum(joined + rng.gamma(2.0, 4 * MINUTE, n), end)
    visits = VendorVisits(account, joined, left, rng.choice([FEED, SHARE], n))
    views = views_of_sale(rng, day, sale, visits)
    number = SCHEME_NUMBER[scheme]
    if scheme == "follow_ring":
        at = joined + rng.random(n) * (views.left - joined)
        leaves = rng.random(n) < (0.7, 0.3, 0.05)[evasion]
        later = end + rng.uniform(1, 6, leaves.sum()) * DAY
        follows = make_interactions(views.session, account, FOLLOW, at, scheme=number)
        unfollows = make_interactions(
            views.session[leaves], account[leaves], UNFOLLOW, later, scheme=number
        )
        return views, Interactions.concat([follows, unfollows])
    rate = (60, 25, 10)[evasion] if scheme == "scripted_likes" else 5
    each = rng.poisson(rate, n) + 2
    row = np.repeat(np.arange(n), each)
    beat = np.arange(len(row)) - np.repeat(np.cumsum(each) - each, each)
    part = (beat + 0.5) / np.repeat(each, each)
    part = part if evasion < 2 else rng.random(len(row))
    at = views.joined[row] + part * (views.left - views.joined)[row]
    session, actor = views.session[row], account[row]
    if scheme == "scripted_likes":
        count = rng.integers(5, 15, len(row))
        return views, make_interactions(session, actor, LIKE, at, count, scheme=number)
    script = 8_000_000 + vendor.turn * 500
    text = script + rng.integers(0, (15, 80, 400)[evasion], len(row))
    return views, make_interactions(session, actor, COMMENT, at, 1, text, number)
