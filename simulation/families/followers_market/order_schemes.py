"""False orders of cheating hosts, and orders and ratings by which rivals harm a victim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulation.families.followers_market.market import (
    CLICK,
    DIRECT,
    EMPTY,
    NO_PARCEL,
    NORMAL,
    SHARE,
    Market,
    Visits,
)
from simulation.families.followers_market.parameters import CODE, DAY, ORDER_SCHEMES


@dataclass
class Crew:
    """Accounts that place false orders, and the devices and payers they use."""

    account: np.ndarray
    device: np.ndarray
    payer: np.ndarray


def _people_for_hire(market: Market, group: int, size: int) -> Crew:
    """Brushers of one chat group: housewives and students with phones and cards of their own."""
    r, people = market.r, market.people
    members = np.flatnonzero((np.arange(people.real) * 104_729 + group * 13) % 97 < 4)
    account = r.choice(members, min(size, len(members)), replace=False)
    return Crew(account, people.device[account], people.payer[account])


def _staff(market: Market, host: int, evasion: float) -> Crew:
    r, people = market.r, market.people
    account = market.communities[host].staff
    shared = r.random(len(account)) > evasion
    desk = market.numbers(2)
    return Crew(
        account,
        np.where(shared, r.choice(desk, len(account)), people.device[account]),
        np.where(shared & (r.random(len(account)) < 0.6), desk[0], people.payer[account]),
    )


def _rented(market: Market, host: int, size: int) -> Crew:
    r, people = market.r, market.people
    bots = people.vendor_bots(int(market.hosts.vendor[host]))
    account = r.choice(bots, min(size, len(bots)), replace=False)
    cards = market.numbers(max(2, size // 3))
    return Crew(account, people.device[account], r.choice(cards, len(account)))


def brush(market: Market) -> None:
    """Place the false orders of all cheating hosts."""
    r, p, s = market.r, market.p, market.sessions
    counts = market.orders.joined().groupby("host").size()
    for host, schemes in enumerate(market.hosts.schemes):
        rows = np.flatnonzero((s.host == host) & ~s.test & (s.start >= market.hosts.first_at[host]))
        if not len(rows):
            continue
        for scheme in schemes:
            if scheme not in ORDER_SCHEMES:
                continue
            wanted = counts.get(host, 5) * p.intensity[scheme] * np.exp(r.normal(0, 0.5))
            evasion = float(np.clip(p.evasion[scheme] + r.normal(0, 0.2), 0, 1))
            share = 1.0 if scheme == "slow_drip" else market.hosts.cheating_share[host]
            used = rows[r.random(len(rows)) < share]
            used = used if len(used) else rows[:1]
            _brush(market, scheme, used, int(np.clip(wanted, 4, 500)), evasion)


def _brush(market: Market, scheme: str, used: np.ndarray, n: int, evasion: float) -> None:
    r, host = market.r, int(market.sessions.host[used[0]])
    columns: dict[str, Any] = {}
    if scheme == "slow_drip":
        n = min(n, 3 * len(used))
        crew = _people_for_hire(market, host, max(4, n))
        # the host pays the fee outside the platform; goods are real and are kept or sent back
        columns["rating"] = np.where(r.random(n) < 0.3, 5, 0)
    elif scheme == "insider":
        crew = _staff(market, host, evasion)
        columns["fate"] = r.choice([NORMAL, NO_PARCEL])
    elif scheme == "ring":
        group = int(market.hosts.vendor[host])
        crew = _people_for_hire(market, group, max(5, n // 3))
        columns["rating"] = np.where(r.random(n) < 0.7, 5, 0)
    elif scheme == "empty_parcel":
        crew = _rented(market, host, max(4, n // 3))
        lots = market.numbers(max(1, int(n * (0.4 + 0.6 * evasion))))
        columns |= {
            "fate": EMPTY,
            "lot": r.choice(lots, n),
            "rating": np.where(r.random(n) < 0.5, 5, 0),
        }
    else:
        mixed = (_rented, _people_for_hire)[int(r.integers(2))]
        crew = mixed(market, host, max(4, n // 3))
        wait = np.exp(r.normal(np.log(400) + 4.5 * evasion, 0.5 + evasion, n))
        columns |= {"refund_after": wait, "fate": NO_PARCEL}
    _place(market, scheme, used, crew, n, evasion=evasion, **columns)


def _place(
    market: Market,
    scheme: str,
    used: np.ndarray,
    crew: Crew,
    n: int,
    *,
    evasion: float,
    **columns: Any,
) -> None:
    """Place orders within sessions; members of a crew look at the stream before they order."""
    r, s = market.r, market.sessions
    host, size = int(s.host[used[0]]), len(crew.account)
    kind = {"insider": "employee", "empty_parcel": "bot"}.get(scheme, "brusher")
    for account in crew.account:
        default = "bot" if account >= market.people.real else kind
        market.resource_kind.setdefault(int(account), default)
    parts = np.sort(r.choice(len(used), n, p=r.dirichlet(np.full(len(used), 0.8 + 4 * evasion))))
    session = used[parts]
    length = s.end[session] - s.start[session]
    window = s.start[session] + length * r.uniform(0.1, 0.7, len(s))[session]
    tight = window + np.minimum(r.gamma(1.0, 500, n), 0.3 * length)
    placed = np.where(r.random(n) < evasion, s.start[session] + r.random(n) * length, tight)
    turns = np.concatenate([r.permutation(size) for _ in range(-(-n // size))])[:n]
    narrow = market.goods(host, 1 + int(12 * evasion))
    product = r.choice(narrow, n)
    market.sell(
        host,
        crew.account[turns],
        placed,
        **{
            "session": session,
            "product": product,
            "quantity": 1 + r.poisson(0.25 * evasion, n),
            "device": crew.device[turns],
            "payer": crew.payer[turns],
            "scheme": CODE[scheme],
            "beneficiary": host,
            **columns,
        },
    )
    looks = r.random(n) < 0.85
    dwell = r.gamma(3.0, 60 + 150 * evasion, n)
    for one in np.unique(session):
        rows = np.flatnonzero((session == one) & looks)
        join = np.maximum(placed[rows] - dwell[rows], s.start[one])
        leave = np.minimum(
            np.maximum(placed[rows] + r.gamma(1.5, 40, len(rows)), join), s.end[one] + 5
        )
        source = np.where(r.random(len(rows)) < 0.6, SHARE, DIRECT)
        stays = Visits(crew.account[turns[rows]], join, np.maximum(leave, join), source)
        # a hired buyer's look is a look of a person, so it is not counted as false
        market.watch(int(one), stays, device=crew.device[turns[rows]])
        market.acts.add(
            len(rows), session=one, account=stays.account, kind=CLICK, at=(join + placed[rows]) / 2
        )


def attack(market: Market) -> None:
    """Rivals order at victims: refunds in numbers, or real orders with one star."""
    r, p, s = market.r, market.p, market.sessions
    counts = market.orders.joined().groupby("host").size()
    for rival, victim in enumerate(market.hosts.rival_of):
        if victim < 0:
            continue
        rows = np.flatnonzero((s.host == victim) & ~s.test)
        if not len(rows):
            continue
        by_rating = r.random() < 0.5
        scheme = "hostile_rating" if by_rating else "hostile_brushing"
        wanted = counts.get(victim, 5) * p.intensity[scheme] * (0.5 if by_rating else 1.0)
        n = int(np.clip(wanted, 4, 150))
        crew = _people_for_hire(market, rival, max(4, int(n * r.uniform(0.3, 1))))
        used = rows if r.random() < 0.4 else r.choice(rows, 1 + len(rows) // 5, replace=False)
        columns: dict[str, Any] = {"rating": 1, "fate": NORMAL}
        if not by_rating:
            refund = np.exp(r.normal(9.5, 1.3, n))
            late = np.where(r.random(n) < 0.9, refund, r.uniform(1, 5, n) * DAY)
            columns = {"refund_after": late, "fate": NO_PARCEL}
        evasion = p.evasion[scheme]
        _place(
            market, scheme, np.sort(used), crew, n, evasion=evasion, beneficiary=rival, **columns
        )
