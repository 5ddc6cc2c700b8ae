"""False orders: conversion for the test batch, slow drips, employees, slots, and a rival's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.mass_feed.crowd import Crowd
from simulation.families.mass_feed.fraud.plan import NUMBER, Job, Plan
from simulation.families.mass_feed.fraud.sellers import EMPLOYEE, Sellers
from simulation.families.mass_feed.rows import BEFORE, EMPTY, GIFT, INSTANT, SEARCH, SHIPPED
from simulation.families.mass_feed.trade import products

SENDER = 400_000  # first sender of parcels that are not the operator's


@dataclass(frozen=True)
class Pool:
    """Brushers who serve a job, and the rival who pays where the room is attacked."""

    seller: int
    accounts: np.ndarray
    rival: int


def brush(plan: Plan, crowd: Crowd, sellers: Sellers) -> None:
    """Write the false orders of all jobs."""
    makers = {
        "conversion_seeding": _seeding,
        "slow_drip": _drip,
        "employee_orders": _employees,
        "slot_refunds": _slot,
        "hostile_orders": _hostile,
    }
    honest = crowd.events.orders.frame()
    counted = np.bincount(honest["s"][honest["s"] >= 0].astype(int), minlength=crowd.sessions.count)
    for job in plan.jobs:
        if job.scheme in makers:
            size = job.amount * max(float(counted[job.session]), 4.0)
            seller, accounts = sellers.pool("brushers", job.care)
            rival = plan.rival_of.get(int(crowd.sessions.operator[job.session]), -1)
            pool = Pool(seller, accounts, rival)
            count = max(int(crowd.rng.poisson(size)), 1)
            makers[job.scheme](job, crowd, pool, count)


def _order(crowd: Crowd, job: Job, a: np.ndarray, at: np.ndarray, **more: object) -> None:
    """Add false orders, and for most a short look into the room before."""
    rng, x = crowd.rng, crowd.sessions
    o, n = int(x.operator[job.session]), len(a)
    at = np.clip(at, x.start[job.session] + 1, x.end[job.session])
    viewed = rng.random(n) < 0.75
    ahead = rng.exponential(30 + 120 * job.care, n)
    join = np.maximum(at - ahead, x.start[job.session])
    crowd.events.views.add(
        int(viewed.sum()),
        s=job.session,
        a=a[viewed],
        join=np.minimum(join, x.end[job.session] - 0.5)[viewed],
        stay=(at - join + rng.exponential(8, n))[viewed],
        src=SEARCH,
        fake=NUMBER[job.scheme],
    )
    more.setdefault("gains", o)
    product = more.pop("product", products(crowd, np.full(n, o)))
    crowd.events.orders.add(
        n, s=job.session, o=o, a=a, product=product, at=at, fake=NUMBER[job.scheme], **more
    )


def _seeding(job: Job, crowd: Crowd, pool: Pool, count: int) -> None:
    """Brushers order in the first rounds, so that the room converts; parcels are empty or gifts."""
    rng, x = crowd.rng, crowd.sessions
    span = (x.end[job.session] - x.start[job.session]) * (0.3 + 0.5 * job.care)
    at = x.start[job.session] + rng.beta(1.2, 2, count) * span
    fate = np.where(rng.random(count) < job.care, GIFT, EMPTY)
    fate = np.where(rng.random(count) < 0.3 * job.care, SHIPPED, fate)
    _order(crowd, job, rng.choice(pool.accounts, count), at, fate=fate, sender=SENDER + pool.seller)


def _drip(job: Job, crowd: Crowd, pool: Pool, count: int) -> None:
    """A few orders a session by aged accounts; real goods are shipped and sent back privately."""
    rng, x = crowd.rng, crowd.sessions
    few = min(count, 1 + int(rng.poisson(2)))
    at = rng.uniform(x.start[job.session], x.end[job.session], few)
    _order(crowd, job, rng.choice(pool.accounts, few), at, fate=SHIPPED)


def _employees(job: Job, crowd: Crowd, _: Pool, count: int) -> None:
    """Employees and relatives order from the shop's own network and cancel before shipping."""
    rng, x = crowd.rng, crowd.sessions
    staff = crowd.family[int(x.operator[job.session])]
    crowd.people.kind[staff] = EMPLOYEE
    at = rng.uniform(x.start[job.session], x.end[job.session], count)
    fate = np.where(rng.random(count) < 0.7, BEFORE, SHIPPED)
    shop_phone = crowd.people.device[staff[0]]
    device = np.where(rng.random(count) < 0.5 * (1 - job.care), shop_phone, -9)
    _order(crowd, job, rng.choice(staff, count), at, fate=fate, device=device)


def _slot(job: Job, crowd: Crowd, pool: Pool, count: int) -> None:
    """Orders of one product in a slot, refunded after settlement or within minutes."""
    rng, x = crowd.rng, crowd.sessions
    begin = rng.uniform(x.start[job.session], x.end[job.session])
    at = begin + rng.gamma(2, 100 + 500 * job.care, count)
    one = np.repeat(products(crowd, x.operator[[job.session]]), count)
    fate = np.where(rng.random(count) < 0.5 - 0.4 * job.care, INSTANT, BEFORE)
    _order(crowd, job, rng.choice(pool.accounts, count), at, fate=fate, product=one)


def _hostile(job: Job, crowd: Crowd, pool: Pool, count: int) -> None:
    """A rival orders in bulk and asks money back, so that the room's figures are punished."""
    rng, x = crowd.rng, crowd.sessions
    begin = rng.uniform(x.start[job.session], x.end[job.session])
    at = begin + rng.gamma(2, 300, count)
    rival = pool.rival
    fate = np.where(rng.random(count) < 0.5, INSTANT, BEFORE)
    _order(crowd, job, rng.choice(pool.accounts, count), at, fate=fate, gains=rival)
