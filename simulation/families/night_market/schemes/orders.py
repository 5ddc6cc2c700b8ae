"""Schemes that falsify orders, and brushing against a rival."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulation.families.night_market.schemes.job import Job, Market
from simulation.families.night_market.vocabulary import DIRECT, FEED, FOLLOW, SHARE


def brush(
    market: Market, job: Job, session: int, buyer: np.ndarray, *, look: float = 0.7, **given: Any
) -> None:
    """False orders of buyers; some look in before, which is no false view."""
    town, rng, s, n = market.town, market.town.rng, market.town.sessions, len(buyer)
    start, length = s.start[session], s.length[session]
    run = start + length * rng.uniform(0.1, 0.8) + np.cumsum(rng.exponential(60, n))
    spread = start + length * rng.beta(1.5, 1.2, n)
    placed = np.where(rng.random(n) < job.evasion, spread, run)
    lots = s.lots_at[s.lots_session == session]
    if len(lots):
        at_lot = rng.choice(lots, n) + rng.gamma(2, 7, n)
        placed = np.where(rng.random(n) < 0.5 * job.evasion, at_lot, placed)
    placed = np.minimum(placed, s.end[session])
    i = np.flatnonzero(rng.random(n) < look)
    before = rng.gamma(2, 15 + 150 * job.evasion, len(i))
    after = rng.gamma(2, 10 + 80 * job.evasion, len(i))
    source = rng.choice([SHARE, DIRECT, FEED, FOLLOW], len(i))
    town.add_views(session, buyer[i], placed[i] - before, before + after, source)
    if rng.random() > job.evasion:
        given.setdefault("product", rng.integers(0, 2, n))
    beneficiary = job.rival if job.rival >= 0 else job.operator
    session_of = np.full(n, session)
    town.add_orders(session_of, buyer, placed, scheme=job.code, beneficiary=beneficiary, **given)


def _staff(market: Market, operator: int) -> np.ndarray:
    staff = np.unique(market.town.operators.staff[operator])
    for one in staff.tolist():
        market.town.account_kind.setdefault(one, "employee")
    return staff


def shill_bids(market: Market, job: Job) -> None:
    """Employees and friends win lots that are then not paid, or paid back within hours."""
    friends = market.people("shills", "brusher", 20, 120)
    rng = market.town.rng
    bidders = np.concatenate([_staff(market, job.operator), rng.choice(friends, 15)])
    for one in job.sessions:
        brush(market, job, one, rng.choice(bidders, market.order_count(job, one)), look=0.9)


def empty_boxes(market: Market, job: Job) -> None:
    """A shop of waybills scans boxes that are empty."""
    pool = market.people("boxes", "brusher", 80, 700)
    for one in job.sessions:
        n = market.order_count(job, one)
        brush(market, job, one, market.town.rng.choice(pool, n), look=0.4)


def round_trips(market: Market, job: Job) -> None:
    """Real goods go to a few warehouses and come back to the stall."""
    pool = market.people("trips", "brusher", 40, 300)
    town, rng = market.town, market.town.rng
    houses = town.people.address[rng.integers(0, town.honest_accounts, 4)]
    for one in job.sessions:
        buyer = rng.choice(pool, market.order_count(job, one))
        returns_home = rng.random(len(buyer)) < job.evasion
        address = np.where(returns_home, town.people.address[buyer], rng.choice(houses, len(buyer)))
        brush(market, job, one, buyer, address=address)


def staff_orders(market: Market, job: Job) -> None:
    """Employees order again and again, from the shop's phones and purse where careless."""
    town, rng = market.town, market.town.rng
    staff = _staff(market, job.operator)
    for one in job.sessions:
        buyer = rng.choice(staff, market.order_count(job, one))
        shared = rng.random(len(buyer)) > job.evasion
        payer = np.where(shared, town.people.payer[staff[0]], town.people.payer[buyer])
        device = np.where(shared, town.people.device[staff[0]], town.people.device[buyer])
        brush(market, job, one, buyer, payer=payer, device=device)


def brusher_rounds(market: Market, job: Job) -> None:
    """A platform of brushers sends its members round the stalls, each buying once."""
    pool = market.people("brushers", "brusher", 200, 1_500)
    rng = market.town.rng
    for one in job.sessions:
        n = min(market.order_count(job, one), len(pool))
        brush(market, job, one, rng.choice(pool, n, replace=False), look=0.95)


def drip_orders(market: Market, job: Job) -> None:
    """One to five false orders in every session."""
    pool = market.people("drip_orders", "brusher", 60, 500)
    rng = market.town.rng
    for one in job.sessions:
        brush(market, job, one, rng.choice(pool, int(rng.integers(1, 6)), replace=False))


def hostile_orders(market: Market, job: Job) -> None:
    """A rival orders in bulk, sends back and gives one star."""
    made = market.bots("hostile", 40, 120, job.evasion)
    hired = market.people("hostile_hired", "brusher", 40, 120)
    pool = np.concatenate([made, hired])
    for one in job.sessions:
        n = min(market.order_count(job, one) + 8, 90)
        brush(market, job, one, market.town.rng.choice(pool, n), look=0.3)
