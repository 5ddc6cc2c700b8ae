"""Honest trade: lots under the hammer, the shelf, group buyers, resellers and late orders."""

from __future__ import annotations

import numpy as np

from simulation.families.night_market.event_log import moments_within
from simulation.families.night_market.stalls import EVENING
from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import HOUR, MINUTE


def add_trade(town: Town) -> None:
    """Orders of viewers at lots and from the shelf, and some hours later without a session."""
    rng, s, o, people = town.rng, town.sessions, town.operators, town.people
    v = town.views.joined()
    operator = s.operator[v.session]
    i, lot = moments_within(v.session, v.joined, v.left, s.lots_session, s.lots_at)
    taste = rng.lognormal(-0.5, 1.0, len(s.lots_at))[lot]  # few lots are wanted by many
    chance = np.minimum(o.buy[operator[i]] * people.purse[v.account[i]] * taste * 0.5, 0.5)
    keep = rng.random(len(i)) < chance
    i, lot = i[keep], lot[keep]
    placed = s.lots_at[lot] + rng.gamma(2, 7, len(i))
    product = (lot * 7_919) % np.maximum(o.shelf[operator[i]], 1)
    town.add_orders(v.session[i], v.account[i], placed, product=product)
    stay = v.left - v.joined
    chance = o.buy[operator] * people.purse[v.account] * (1 - np.exp(-stay / 300)) * 1.2
    i = np.flatnonzero(rng.random(len(stay)) < np.minimum(chance, 0.6))
    i = np.repeat(i, np.minimum(rng.geometric(0.85, len(i)), 5))
    placed = v.joined[i] + rng.beta(2, 1.3, len(i)) * stay[i]
    presale = rng.random(len(i)) < o.presale[operator[i]]
    town.add_orders(v.session[i], v.account[i], placed, presale=presale)
    later = rng.choice(len(i), len(i) // 20, replace=False)
    j = i[later]
    placed = v.left[j] + rng.exponential(10 * HOUR, len(j))
    town.add_orders(np.full(len(j), -1), v.account[j], placed, operator=operator[j])


def add_group_buyers(town: Town) -> None:
    """A leader orders for a house or an office: one payer, one address, many buyers."""
    rng, s, o, people = town.rng, town.sessions, town.operators, town.people
    for one in np.flatnonzero(rng.random(len(s.start)) < o.groups[s.operator]):
        if s.kind[one] != EVENING:
            continue
        leader = int(rng.integers(0, town.honest_accounts))
        size = int(np.clip(rng.lognormal(2.3, 0.6), 4, 60))
        buyers = (leader + rng.permutation(2 * size)[:size]) % town.honest_accounts
        spread = rng.uniform(2, 40) * MINUTE
        placed = s.start[one] + rng.uniform(0.1, 0.9) * s.length[one]
        placed = placed + np.sort(rng.uniform(0, spread, size))
        town.next_group += 1
        own_phone = rng.random(size) < rng.uniform(0.2, 1)
        town.add_orders(
            np.full(size, one),
            buyers,
            np.minimum(placed, s.end[one]),
            product=np.full(size, int(rng.integers(0, 3))),
            payer=people.payer[leader],
            address=people.address[leader],
            device=np.where(own_phone, people.device[buyers], people.device[leader]),
            discount=rng.uniform(0.7, 0.95),
            group=town.next_group,
        )
        town.mark("group_buying", s.operator[one], int(one))


def add_resellers(town: Town) -> None:
    """A few buyers fill a van: many orders in minutes, large quantities, night after night."""
    rng, s, o = town.rng, town.sessions, town.operators
    vans = {int(k): rng.integers(0, town.honest_accounts, 3) for k in np.flatnonzero(o.resellers)}
    for one in np.flatnonzero(rng.random(len(s.start)) < o.resellers[s.operator]):
        if s.kind[one] != EVENING:
            continue
        buyer = rng.choice(vans[int(s.operator[one])])
        n = int(rng.integers(2, 16))
        placed = s.start[one] + rng.uniform(0.05, 0.9) * s.length[one]
        placed = np.minimum(placed + np.cumsum(rng.exponential(50, n)), s.end[one])
        town.add_orders(
            np.full(n, one),
            np.full(n, buyer),
            placed,
            quantity=rng.integers(1, 30, n),
            discount=rng.uniform(0.6, 0.95),
        )
        watched = rng.random() < 0.7
        if watched:
            stay = placed[-1] - placed[0] + rng.exponential(300)
            town.add_views(one, np.array([buyer]), placed[0] - 60, stay, 1)
        town.mark("reseller", s.operator[one], int(one))
