"""Places, people, operators, sessions and rows of a county-market platform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from simulation.families.bazaar.event_rows import EventRows
from simulation.families.bazaar.parameters import draw_parameters
from simulation.families.bazaar.vocabulary import DAY, HOUR, NORMAL


@dataclass(frozen=True)
class Case:
    """One operator's scheme: its sessions, intensity, evasion (0 to 1) and scheme number."""

    operator: int
    sessions: np.ndarray
    intensity: float
    evasion: float
    code: int


class World:
    """Places, people, operators and sessions; honest life and schemes add rows to it.

    Columns of rows: s session, a account, b buyer, o operator, src entry source, dev device,
    net network, asn kind of network, reg region, addr address, lot group order, fate what becomes
    of the order, fake number of the scheme (0 is honest).
    """

    village_count: int
    village_county: np.ndarray
    villagers: list[np.ndarray]
    household_count: int
    real_people: int
    accounts: dict[str, np.ndarray]
    lively: np.ndarray
    cumulative_appetite: np.ndarray
    county_edges: np.ndarray
    next_device: int
    next_network: int
    operators: SimpleNamespace
    sessions: SimpleNamespace
    fan_account: np.ndarray
    fan_offsets: np.ndarray
    product_counts: np.ndarray
    product_offsets: np.ndarray
    price: np.ndarray
    kilograms: np.ndarray
    honest_joins: np.ndarray
    honest_stays: np.ndarray
    honest_offsets: np.ndarray
    honest_views: np.ndarray
    honest_orders: np.ndarray
    roles: np.ndarray
    plans: list[tuple[int, str, float, float, int]]

    def __init__(self, seed: int) -> None:
        self.rng = rng = np.random.default_rng([seed, 20_251])
        self.operator_count, self.days = 120, 14
        self.view_target = 225_000 * rng.uniform(0.9, 1.15)
        self.parameters = draw_parameters(rng)
        self.first_moment = (
            int(np.datetime64("2025-03-03").astype(int)) + 7 * int(rng.integers(0, 26))
        ) * DAY - 8 * HOUR
        self.end = self.first_moment + (self.days + self.parameters["tail_days"]) * DAY
        self.views = EventRows(
            s=0, a=-1, join=0, leave=0, src=0, dev=-1, net=-1, asn=0, reg=-1, fake=0
        )
        self.interactions = EventRows(s=-1, a=0, kind=0, at=0, count=1, text=-1, fake=0)
        self.orders = EventRows(
            s=-1,
            o=0,
            b=0,
            prod=0,
            placed=0,
            qty=1,
            payer=-1,
            addr=-1,
            dev=-1,
            fake=0,
            fate=NORMAL,
            lot=-1,
        )
        self.links = EventRows(s=0, to=0, kind=0, at=0, n=0)
        self.boosts = EventRows(s=0, at=0, to=0, n=0)
        self.vendors: dict[tuple[str, int], Any] = {}
        self.lots = 0

    def draw_people(self, county: np.ndarray) -> np.ndarray:
        """One real account for each county asked; -1 is anywhere."""
        far = county < 0
        lo, hi = (
            self.county_edges[np.where(far, 0, county)],
            np.where(
                far, self.cumulative_appetite[-1], self.county_edges[np.where(far, 0, county) + 1]
            ),
        )
        return np.minimum(
            np.searchsorted(
                self.cumulative_appetite, lo + self.rng.random(len(county)) * (hi - lo), "right"
            )
            - 1,
            self.real_people - 1,
        )

    def draw_fans(self, op: np.ndarray, power: float = 1.3) -> np.ndarray:
        """Followers of the operators asked, the loyal more often."""
        n = self.fan_offsets[op + 1] - self.fan_offsets[op]
        return self.fan_account[
            self.fan_offsets[op] + (n * self.rng.random(len(op)) ** power).astype(int)
        ]

    def draw_products(self, op: np.ndarray) -> np.ndarray:
        """Products of the operators asked, the popular more often."""
        return self.product_offsets[op] + (
            self.product_counts[op] * self.rng.random(len(op)) ** 2.2
        ).astype(int)

    def add_views(
        self, s: Any, a: Any, join: Any, stay: Any, src: Any, fake: int = 0, **given: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """Add views within their session; returns joins and leaves.

        Network and region come from the account where none is given.
        """
        rng, accounts, n = self.rng, self.accounts, len(s)
        join = np.clip(join, self.sessions.start[s], self.sessions.end[s] - 2).astype(int)
        leave = np.minimum(join + np.maximum(stay, 1).astype(int), self.sessions.end[s])
        county, u = accounts["county"][a], rng.random(n)
        away = rng.random(n) < 0.03
        county = np.where(away, rng.integers(0, self.parameters["counties"], n), county)
        nat = county * 40 + (self.parameters["nat"] * rng.random(n) ** 2).astype(int)
        home = self.parameters["counties"] * 40 + accounts["house"][a]
        odd = self.parameters["counties"] * 40 + self.household_count + (a * 7919) % 300
        asn = np.select(
            [away | (u < self.parameters["mobile"]), u < 0.93, u < 0.96, u < 0.994, u < 0.999],
            [0, 1, 2, 3, 5],
            4,
        )
        net = np.select([asn == 0, asn == 1], [nat, home], odd + 300 * asn)
        cols = {
            "s": s,
            "a": a,
            "join": join,
            "leave": leave,
            "src": src,
            "dev": accounts["dev"][a],
            "net": net,
            "asn": asn,
            "reg": county,
            "fake": fake,
        }
        self.views.add(n, **{**cols, **given})
        return join, leave

    def add_interactions(
        self, s: Any, a: Any, kind: int, at: Any, count: Any = 1, text: Any = -1, fake: int = 0
    ) -> None:
        """Add interactions; a session of -1 is none."""
        self.interactions.add(
            len(at), s=s, a=a, kind=kind, at=at, count=count, text=text, fake=fake
        )

    def add_orders(
        self,
        s: Any,
        b: Any,
        prod: Any,
        placed: Any,
        fake: int = 0,
        fate: int = NORMAL,
        **given: Any,
    ) -> None:
        """Add orders; payer, address and device come from the account where none is given."""
        accounts, n = self.accounts, len(b)
        qty = 1 + (self.rng.random(n) < 0.13) * self.rng.geometric(0.5, n)
        cols = {
            "s": s,
            "o": self.sessions.op[s],
            "b": b,
            "prod": prod,
            "placed": placed,
            "qty": qty,
            "payer": accounts["payer"][b],
            "addr": accounts["addr"][b],
            "dev": accounts["dev"][b],
            "fake": fake,
            "fate": fate,
        }
        self.orders.add(n, **{**cols, **given})

    def add_fraud_accounts(self, n: int, aged: float) -> np.ndarray:
        """Accounts made for fraud: young, or bought old where the seller takes care."""
        rng = self.rng
        first = len(self.accounts["county"])
        vill = rng.integers(0, self.village_count, n)
        old = rng.random(n) < aged
        born = (
            self.first_moment - np.where(old, rng.gamma(1.3, 380, n), rng.uniform(0, 40, n)) * DAY
        )
        like = rng.integers(0, self.real_people, n)
        fresh = {
            "county": self.village_county[vill],
            "vill": vill,
            "house": self.accounts["house"][like],
            "addr": self.accounts["addr"][like],
            "payer": first + np.arange(n),
            "dev": self.new_devices(n),
            "born": born.astype(int),
            "verified": rng.random(n) < 0.3 + 0.4 * aged,
            "level": np.where(old, self.accounts["level"][like], rng.integers(0, 4, n)),
            "version": self.accounts["version"][like],
            "ref": np.where(rng.random(n) < 0.5 * (1 - aged), first, -1),
        }
        self.accounts = {
            k: np.concatenate([x, fresh[k].astype(x.dtype)]) for k, x in self.accounts.items()
        }
        self.lively = np.concatenate([self.lively, np.ones(n)])
        return np.arange(first, first + n)

    def new_devices(self, n: int) -> np.ndarray:
        """Devices not used before."""
        self.next_device += n
        return np.arange(self.next_device - n, self.next_device)

    def new_networks(self, n: int) -> np.ndarray:
        """Networks not used before."""
        self.next_network += n
        return np.arange(self.next_network - n, self.next_network)

    def vendor_of(self, kind: str, make: Callable[[], Any]) -> Any:
        """One of a few sellers of a service; sellers serve many operators."""
        key = (kind, int(self.rng.integers(0, 3)))
        if key not in self.vendors:
            self.vendors[key] = make()
        return self.vendors[key]
