"""Accounts that false orders need: brushers, staff, bought aged accounts and fresh ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.orders_only.market import BY_BUYER, Market
from simulation.families.orders_only.parameters import DAY, RECRUITER_BASE


@dataclass
class Crew:
    """Accounts with the devices, payers and doors that they use for false orders."""

    account: np.ndarray
    device: np.ndarray
    payer: np.ndarray
    address: np.ndarray

    def orders_of(self, chosen: np.ndarray) -> dict[str, np.ndarray]:
        """Columns device, payer and address of chosen members."""
        return {
            "device": self.device[chosen],
            "payer": self.payer[chosen],
            "address": self.address[chosen],
        }


def _crew(market: Market, account: np.ndarray, kind: str) -> Crew:
    for one in account:
        market.resource_kind.setdefault(int(one), kind)
    by_buyer = np.full(len(account), BY_BUYER)
    return Crew(account, by_buyer.copy(), by_buyer.copy(), by_buyer.copy())


def brushers(market: Market, n: int, evasion: float) -> Crew:
    """People who order for a fee; careless ones share doors and were recruited by one code."""
    r, people = market.r, market.people
    n = min(n, len(people) // 4)
    crew = _crew(market, np.unique(market.pools.draw(r, n)), "brusher")
    size = len(crew.account)
    recruited = r.random(size) > 0.4 + 0.6 * evasion
    people.referrer[crew.account[recruited]] = RECRUITER_BASE + int(r.integers(1_000_000))
    side = r.random(size) < 0.3 * (1 - evasion)
    # several accounts of one person: pairs share a door and a phone
    owner = np.arange(size) // 2 * 2
    crew.address[side] = people.address[crew.account[owner[side]]]
    crew.device[side] = people.device[crew.account[owner[side]]]
    return crew


def staff(market: Market, shop: int, n: int, evasion: float) -> Crew:
    """Staff of a shop; careless ones use its desks and one card."""
    r = market.r
    near = np.unique(market.pools.draw(r, n, int(market.shops.region[shop])))
    crew = _crew(market, near, "employee")
    size = len(near)
    desk, card = market.numbers(1 + size // 3), market.numbers(1)
    at_desk = r.random(size) > evasion
    crew.device[at_desk] = r.choice(desk, int(at_desk.sum()))
    crew.payer[r.random(size) > 0.3 + 0.7 * evasion] = card[0]
    return crew


def aged_accounts(market: Market, n: int, evasion: float) -> Crew:
    """Old accounts that were bought or taken over; they run on a farm of phones."""
    r, people = market.r, market.people
    asleep = np.flatnonzero(people.registered < market.p.start - 200 * DAY)
    quiet = asleep[np.argsort(people.activity[asleep])[: len(asleep) // 2]]
    crew = _crew(market, r.choice(quiet, min(n, len(quiet)), replace=False), "hijacked")
    size = len(crew.account)
    phones = market.numbers(max(1, int(size * (0.1 + 0.9 * evasion))))
    cards = market.numbers(max(1, int(size * (0.05 + 0.7 * evasion))))
    doors = people.address[market.pools.draw(r, max(2, size // 4))]
    crew.device[:] = r.choice(phones, size)
    crew.payer[:] = r.choice(cards, size)
    crew.address[:] = r.choice(doors, size)
    return crew


def fresh_accounts(market: Market, n: int, evasion: float) -> Crew:
    """Accounts registered in bulk some weeks before they are used."""
    r, people = market.r, market.people
    quiet = np.argsort(people.activity)[: len(people) // 3]
    crew = _crew(market, r.choice(quiet, min(n, len(quiet)), replace=False), "bot")
    size = len(crew.account)
    spread = 3 * DAY if evasion < 0.5 else 150 * DAY
    born = market.p.start - r.uniform(1, 40) * DAY - r.uniform(0, spread, size)
    people.registered[crew.account] = born
    people.level[crew.account] = r.integers(0, 2 + int(6 * evasion), size)
    people.verified[crew.account] = r.random(size) < 0.2 + 0.7 * evasion
    phones = market.numbers(max(1, int(size * (0.2 + 0.8 * evasion))))
    crew.device[:] = r.choice(phones, size)
    return crew
