"""Schemes that falsify views."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulation.families.night_market.schemes.job import Job, Market
from simulation.families.night_market.vocabulary import (
    BOOST,
    BROADBAND,
    DATACENTRE,
    DIRECT,
    FEED,
    FOLLOW,
    LIKE,
    MINUTE,
    MOBILE,
    PROXY,
    SEARCH,
    SHARE,
)


def server_networks(market: Market, job: Job, n: int) -> dict[str, Any]:
    """Networks of bots: few racks, or many households where evasive."""
    town, rng = market.town, market.town.rng
    rack = town.new_networks(3)[rng.integers(0, 3, n)]
    home = rng.random(n) < job.evasion
    network = np.where(home, town.new_networks(n), rack)
    kind = np.where(home, rng.choice([MOBILE, BROADBAND], n), rng.choice([DATACENTRE, PROXY], n))
    return {"network": network, "asn": kind}


def idle_bots(market: Market, job: Job) -> None:
    """Bots sit through most of the evening; careful ones leave as honest viewers do."""
    bots = market.bots("idle", 150, 1_200, job.evasion)
    rng, s = market.town.rng, market.town.sessions
    for one in job.sessions:
        n = market.view_count(job, one)
        who = rng.choice(bots, n)
        whole = s.length[one] * rng.beta(8, 2, n)
        copied = market.honest_stays(one, n)
        stay = np.where(rng.random(n) < job.evasion, copied, whole)
        joined = market.arrivals(job, one, n)
        source = rng.choice([FEED, DIRECT, SEARCH], n, p=[0.5, 0.3, 0.2])
        given = server_networks(market, job, n)
        market.town.add_views(one, who, joined, stay, source, scheme=job.code, **given)


def glance_bots(market: Market, job: Job) -> None:
    """Bots open the stream for seconds; devices are reset between visits where evasive."""
    bots = market.bots("glance", 200, 2_000, job.evasion)
    town, rng = market.town, market.town.rng
    for one in job.sessions:
        n = market.view_count(job, one)
        who = rng.choice(bots, n)
        reset = rng.random(n) < job.evasion
        device = np.where(reset, town.new_devices(n), town.people.device[bots[0]] + who % 30)
        stay = rng.gamma(1 + 2 * job.evasion, 2 + 6 * job.evasion, n)
        joined = market.arrivals(job, one, n)
        source = rng.choice([FEED, SHARE, DIRECT], n)
        town.add_views(one, who, joined, stay, source, scheme=job.code, device=device)


def paid_strollers(market: Market, job: Job) -> None:
    """Real people are paid by the minute and tour the stalls of all who pay."""
    crowd = market.people("strollers", "crowd", 80, 700)
    rng = market.town.rng
    for one in job.sessions:
        n = min(market.view_count(job, one), len(crowd))
        who = rng.choice(crowd, n, replace=False)
        paid = rng.choice([3, 5, 10]) * MINUTE
        stay = paid * rng.lognormal(0.05, 0.1 + 0.7 * job.evasion, n)
        joined = market.arrivals(job, one, n)
        source = rng.choice([SHARE, DIRECT, SEARCH], n)
        stays = market.town.add_views(one, who, joined, stay, source, scheme=job.code)
        acts = np.flatnonzero(rng.random(n) < 0.3 * job.evasion)
        at = stays[0, acts] + rng.random(len(acts)) * (stays[1] - stays[0])[acts]
        market.town.interactions.add(
            len(acts),
            session=one,
            account=who[acts],
            kind=LIKE,
            at=at,
            scheme=job.code,
        )


def hijacked_viewers(market: Market, job: Job) -> None:
    """Accounts taken from their owners watch from other phones, mostly late at night."""
    taken = market.people("hijacked", "hijacked", 100, 900)
    town, rng = market.town, market.town.rng
    phones = town.new_devices(40)
    for one in job.sessions:
        n = market.view_count(job, one)
        who = rng.choice(taken, n)
        fresh = rng.random(n) < 0.3 + 0.7 * job.evasion
        device = np.where(fresh, town.new_devices(n), rng.choice(phones, n))
        region = np.where(
            rng.random(n) < job.evasion, town.people.district[who], rng.integers(0, 12, n)
        )
        town.add_views(
            one,
            who,
            market.arrivals(job, one, n),
            market.honest_stays(one, n) * rng.lognormal(0, 0.3, n),
            rng.choice([FEED, FOLLOW, SEARCH], n, p=[0.6, 0.2, 0.2]),
            scheme=job.code,
            device=device,
            region=region,
            **server_networks(market, job, n),
        )


def rejoining_bots(market: Market, job: Job) -> None:
    """A handful of bots leaves and joins again all evening."""
    bots = market.bots("rejoining", 30, 250, job.evasion)
    rng, s = market.town.rng, market.town.sessions
    for one in job.sessions:
        n = market.view_count(job, one)
        few = rng.choice(bots, max(3, min(n // int(rng.integers(3, 12)), len(bots))), replace=False)
        who = np.sort(rng.choice(few, n))
        joined = s.start[one] + rng.random(n) * s.length[one]
        stay = rng.gamma(2, 20 + 60 * job.evasion, n)
        source = rng.choice([FEED, DIRECT, FOLLOW], n)
        market.town.add_views(one, who, joined, stay, source, scheme=job.code)


def boost_riders(market: Market, job: Job) -> None:
    """Bots hide under a boost that the platform granted, or under an honest wave of people."""
    bots = market.bots("riders", 150, 1_200, job.evasion)
    rng, s, boosts = market.town.rng, market.town.sessions, market.town.boosts.joined()
    for one in job.sessions:
        n = market.view_count(job, one)
        under = np.flatnonzero(boosts.session == one)
        start, end = s.start[one], s.end[one]
        if len(under):
            start, end = boosts.start[under[0]], boosts.end[under[0]]
        joined = start + rng.beta(1, 1.5, n) * (end - start)
        stay = rng.lognormal(2.8, 0.4 + 0.8 * job.evasion, n)
        said = BOOST if len(under) else FEED
        source = np.where(rng.random(n) < 0.3 + 0.6 * job.evasion, said, DIRECT)
        market.town.add_views(one, rng.choice(bots, n), joined, stay, source, scheme=job.code)


def drip_views(market: Market, job: Job) -> None:
    """A slow drip through every session, never more than a fifth of the honest views."""
    bots = market.bots("drip", 100, 800, 0.5 + 0.5 * job.evasion)
    rng, s = market.town.rng, market.town.sessions
    for one in job.sessions:
        n = max(4, int(min(job.intensity, 0.2) * market.views[one]))
        joined = s.start[one] + (np.arange(n) + rng.random(n)) / n * s.length[one]
        source = rng.choice([FEED, FOLLOW], n)
        stay = market.honest_stays(one, n)
        market.town.add_views(one, rng.choice(bots, n), joined, stay, source, scheme=job.code)


def hostile_flood(market: Market, job: Job) -> None:
    """A rival floods the stall with cheap bots, so that its figures look bought."""
    bots = market.bots("flood", 200, 700, 0.1)
    rng = market.town.rng
    for one in job.sessions:
        n = market.view_count(job, one, 40)
        given = server_networks(market, job, n)
        stay = rng.lognormal(3.2, 1.1, n)
        joined = market.arrivals(job, one, n)
        who = rng.choice(bots, n)
        market.town.add_views(one, who, joined, stay, DIRECT, scheme=job.code, **given)
