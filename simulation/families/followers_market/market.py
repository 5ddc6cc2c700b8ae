"""The state of one market: people, hosts, sessions, and rows of views, acts and orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulation.families.column_buffer import ColumnBuffer
from simulation.families.followers_market.parameters import DAY, HOUR, Parameters, draw_parameters
from simulation.families.followers_market.population import (
    Community,
    Hosts,
    People,
    draw_communities,
    draw_hosts,
    draw_people,
)

FEED, FOLLOW, SEARCH, SHARE, RAID, BOOST, ACTIVITY, DIRECT = range(8)
MOBILE, BROADBAND, CAMPUS, OFFICE, DATACENTRE, PROXY = range(6)
LIKE, COMMENT, NEW_FOLLOW, UNFOLLOW, LINK_SHARED, CLICK = range(6)
NORMAL, EMPTY, NO_PARCEL, TRINKET = range(4)
OFFICE_NETWORKS, PROXY_NETWORKS, CENTRE_NETWORKS = 3_000_000, 4_000_000, 5_000_000
CARRIER_NETWORKS = 2_000_000
PRODUCTS_PER_HOST = 40


@dataclass
class Sessions:
    """Arrays with one entry a session; `test` streams last seconds."""

    host: np.ndarray
    start: np.ndarray
    end: np.ndarray
    test: np.ndarray

    def __len__(self) -> int:
        return len(self.host)


@dataclass
class Visits:
    """Stays of viewers in one session; an anonymous viewer has account -1."""

    account: np.ndarray
    join: np.ndarray
    leave: np.ndarray
    source: np.ndarray

    def with_others(self, other: Visits) -> Visits:
        """Both sets of stays, one behind the other."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Visits(*(np.concatenate(pair) for pair in pairs))


@dataclass
class Market:
    """One market; buffers collect rows, `tags` the honest look-alikes (host, session, tag)."""

    r: np.random.Generator
    p: Parameters
    people: People
    hosts: Hosts
    communities: list[Community]
    sessions: Sessions
    price: np.ndarray
    weight_g: np.ndarray
    views: ColumnBuffer
    acts: ColumnBuffer
    orders: ColumnBuffer
    boosts: ColumnBuffer
    links: ColumnBuffer
    tags: list[tuple[int, int, str]] = field(default_factory=list)
    resource_kind: dict[int, str] = field(default_factory=dict)
    next_number: int = 6_000_000

    def numbers(self, n: int) -> np.ndarray:
        """Fresh numbers for devices, payers, waybills or texts."""
        self.next_number += n
        return np.arange(self.next_number - n, self.next_number)

    def watch(self, session: int, visits: Visits, **columns: Any) -> None:
        """Add views; a viewer comes from home, a carrier's shared address or an office."""
        r, people, n = self.r, self.people, len(visits.account)
        known = visits.account >= 0
        who = np.where(known, visits.account, r.integers(0, people.real, n))
        place = r.random(n)
        asn = np.where(place < 0.5, BROADBAND, MOBILE)
        region = people.region[who]
        carrier = CARRIER_NETWORKS + region * 50 + r.integers(0, 3, n)
        network = np.where(asn == BROADBAND, people.home_network[who], carrier)
        hour = (visits.join + 8 * HOUR) % DAY / HOUR
        at_work = people.works_in_office[who] & (hour > 9) & (hour < 18) & (place > 0.3)
        network = np.where(at_work, OFFICE_NETWORKS + who % 400, network)
        asn = np.where(at_work, np.where(who % 400 < 80, CAMPUS, OFFICE), asn)
        # some people watch through a private network or a phone in the cloud
        vpn = people.uses_vpn[who] & (r.random(n) < 0.7)
        network = np.where(
            vpn, np.where(who % 3, PROXY_NETWORKS, CENTRE_NETWORKS) + who % 60, network
        )
        asn = np.where(vpn, np.where(who % 3, PROXY, DATACENTRE), asn)
        default = {
            "device": people.device[who],
            "network": network,
            "asn": asn,
            "region": np.where(r.random(n) < 0.04, r.integers(0, self.p.regions, n), region),
            "version": people.version[who],
        }
        self.views.add(
            n,
            session=session,
            account=visits.account,
            join=visits.join,
            leave=visits.leave,
            source=visits.source,
            **(default | columns),
        )

    def bot_networks(self, host: int, n: int, evasion: float) -> dict[str, np.ndarray]:
        """Networks of bots: a data centre, proxies, or homes that change by the hour."""
        r, vendor = self.r, int(self.hosts.vendor[host])
        behind_proxy = r.random(n) < evasion
        homes = r.integers(0, self.people.real, n)
        centre = CENTRE_NETWORKS + vendor * 10 + r.integers(0, 4, n)
        blended = behind_proxy & (r.random(n) < 0.6)
        proxy = np.where(behind_proxy, PROXY_NETWORKS + homes % 900, centre)
        return {
            "network": np.where(blended, self.people.home_network[homes], proxy),
            "asn": np.where(blended, BROADBAND, np.where(behind_proxy, PROXY, DATACENTRE)),
            "region": r.integers(0, self.p.regions, n),
        }

    def goods(self, host: int, n: int) -> np.ndarray:
        """Products of a host; a few flagships are sold in most sessions."""
        place = np.floor(PRODUCTS_PER_HOST * self.r.random(n) ** self.hosts.flagship[host])
        return host * PRODUCTS_PER_HOST + place.astype(int)

    def sell(self, host: int, buyer: np.ndarray, placed: np.ndarray, **columns: Any) -> None:
        """Add orders of a host; prices follow from product, quantity and discount."""
        r, n = self.r, len(buyer)
        product = columns.pop("product", None)
        product = self.goods(host, n) if product is None else product
        quantity = columns.pop("quantity", 1 + r.poisson(0.3, n))
        cut = np.broadcast_to(columns.pop("discount", np.clip(r.normal(0.2, 0.12, n), 0, 0.8)), n)
        listed = self.price[product] * quantity
        gap = np.where(r.random(n) < 0.04, np.nan, np.exp(r.normal(2.8, 1.0, n)))
        means = {
            "payer": self.people.payer[buyer],
            "address": self.people.address[buyer],
            "device": self.people.device[buyer],
            "paid_gap": gap,
        }
        self.orders.add(
            n,
            host=host,
            buyer=buyer,
            placed=placed,
            product=product,
            quantity=quantity,
            list_amount=np.round(listed, 2),
            paid_amount=np.round(listed * (1 - cut), 2),
            **(means | columns),
        )


def _draw_sessions(r: np.random.Generator, p: Parameters, hosts: Hosts) -> Sessions:
    """Streams of every host: evenings by habit, tests of seconds, streams of days."""
    rows: list[tuple[int, float, float, bool]] = []
    for host in range(len(hosts)):
        weekday, free_from = np.exp(r.normal(0, 0.15, 7)), 0.0
        for day in range(p.days):
            count = r.binomial(3, min(hosts.sessions_per_day[host] * weekday[day % 7] / 3, 1))
            for number in range(count):
                hour = hosts.start_hour[host] - 5.5 * number + r.normal(0, 0.3)
                start = p.start + day * DAY + max(hour, 0.1) * HOUR
                length = hosts.length_hours[host] * np.exp(r.normal(0, 0.35)) * HOUR
                if hosts.marathon[host] and r.random() < 0.25:
                    length = r.uniform(22, 46) * HOUR
                if r.random() < hosts.tests[host]:
                    rows.append((host, start - r.uniform(300, 3000), r.uniform(4, 90), True))
                if start > free_from and start + length < p.end + DAY:
                    rows.append((host, start, float(np.clip(length, 900, 46 * HOUR)), False))
                    free_from = start + length
    host_of, start_of, length_of, test = (np.array(c) for c in zip(*rows, strict=True))
    return Sessions(host_of.astype(int), start_of, start_of + length_of, test.astype(bool))


def open_market(seed: int) -> Market:
    """Draw parameters, people, hosts, communities and the times of sessions of a seed."""
    r = np.random.default_rng([seed, 35_072])
    p = draw_parameters(r, seed)
    people, hosts = draw_people(r, p), draw_hosts(r, p)
    goods = len(hosts) * PRODUCTS_PER_HOST
    host_of = np.arange(goods) // PRODUCTS_PER_HOST
    price = hosts.price[host_of] * np.exp(r.normal(0, 0.5, goods))
    return Market(
        r=r,
        p=p,
        people=people,
        hosts=hosts,
        communities=draw_communities(r, p, people, hosts),
        sessions=_draw_sessions(r, p, hosts),
        price=np.where(price > 12, np.floor(price) - 0.1, np.round(price, 1) + 0.1),
        weight_g=np.clip(hosts.weight_g[host_of] * np.exp(r.normal(0, 0.5, goods)), 5, 60_000),
        views=ColumnBuffer(
            session=0, account=-1, join=0.0, leave=0.0, source=0, device=-1, network=-1, asn=0,
            region=-1, version=-1, scheme=0,
        ),
        acts=ColumnBuffer(session=-1, account=-1, kind=0, at=0.0, count=1, text=-1, scheme=0),
        orders=ColumnBuffer(
            host=0, session=-1, buyer=0, placed=0.0, paid_gap=np.nan, product=0, quantity=1,
            list_amount=0.0, paid_amount=0.0, payer=-1, address=-1, device=-1, fate=NORMAL,
            refund_after=np.nan, rating=0, lot=-1, scheme=0, beneficiary=-1,
        ),
        boosts=ColumnBuffer(session=0, start=0.0, end=0.0, bought=0, amount=0.0),
        links=ColumnBuffer(source=0, target=0, at=0.0, sent=0),
    )  # fmt: skip
