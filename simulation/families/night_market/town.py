"""The town: parameters drawn per seed, its people, and the rows that are written of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from simulation.families.night_market.event_log import EventLog
from simulation.families.night_market.people import draw_networks, draw_people
from simulation.families.night_market.vocabulary import DAY

FIRST_DAY = 20_451  # days from the epoch to 2025-12-29, a Monday


def draw_parameters(rng: np.random.Generator, cheating_share: float) -> SimpleNamespace:
    """Size, clock, habits, missing values and supervision of a town."""

    def sometimes(probability: float, high: float) -> float:
        return float(rng.uniform(0, high) * (rng.random() < probability))

    return SimpleNamespace(
        cheating_share=cheating_share,
        rival_share=float(rng.uniform(0.01, 0.05)) if cheating_share else 0.0,
        intensity=float(np.exp(rng.uniform(np.log(0.15), np.log(1.6)))),
        evasion=float(rng.uniform(0.1, 0.9)),
        operators=int(rng.integers(70, 190)),
        people=int(rng.integers(7_000, 13_000)),
        days=int(rng.integers(12, 19)),
        tail_days=int(rng.integers(4, 10)),
        first_day=FIRST_DAY + int(rng.integers(0, 150)),
        herding=float(rng.uniform(0.25, 0.65)),
        weather=float(rng.uniform(0.1, 0.4)),
        outings=float(rng.uniform(0.04, 0.075)),
        ferry_share=float(rng.uniform(0.1, 0.5)),
        clock=float(rng.choice([0.001, 1.0, 60.0], p=[0.35, 0.4, 0.25])),
        claps=float(np.exp(rng.normal(0, 0.4))),
        buys=float(np.exp(rng.normal(0, 0.35))),
        returns=float(rng.uniform(0.6, 1.5)),
        no_device=sometimes(0.6, 0.5),
        no_network=sometimes(0.3, 0.6),
        no_leave=sometimes(0.7, 0.04),
        anonymous=sometimes(0.6, 0.1),
        late_rows=float(rng.uniform(0.002, 0.02)),
        verdicts=int(rng.integers(0, 400)),
        wrong=float(rng.uniform(0, 0.08)),
        audited=float(rng.uniform(0.1, 0.5)),
        verdict_days=float(rng.uniform(1, 5)),
    )


class Town:
    """People, stalls and sessions; honest life and schemes add rows to its logs.

    All moments are seconds since `origin`, the first midnight of the town. Sessions, operators
    and accounts are numbers; -1 is none.
    """

    operators: SimpleNamespace
    sessions: SimpleNamespace
    roles: np.ndarray
    plans: list[dict[str, Any]]

    def __init__(self, seed: int, cheating_share: float) -> None:
        self.rng = np.random.default_rng([seed, 71_003])
        self.parameters = draw_parameters(self.rng, cheating_share)
        self.origin = self.parameters.first_day * DAY - 8 * 3_600
        self.end = (self.parameters.days + self.parameters.tail_days) * DAY
        self.people = draw_people(self.rng, self.parameters)
        self.honest_accounts = len(self.people.district)
        self.next_device = 4 * self.honest_accounts
        self.next_network = 10_000_000
        self.next_group = 0
        self.views = EventLog(
            session=0,
            account=-1,
            device=-1,
            joined=0.0,
            left=0.0,
            source=0,
            network=-1,
            asn=0,
            region=0,
            scheme=0,
        )
        self.interactions = EventLog(
            session=-1, account=-1, kind=0, at=0.0, count=1, text=-1, scheme=0
        )
        self.orders = EventLog(
            session=-1,
            operator=0,
            buyer=0,
            product=0,
            placed=0.0,
            quantity=1,
            discount=1.0,
            payer=-1,
            address=-1,
            device=-1,
            presale=0,
            group=-1,
            scheme=0,
            beneficiary=-1,
        )
        self.boosts = EventLog(session=0, start=0.0, end=0.0, views=0)
        self.links = EventLog(session=0, to=0, kind=0, at=0.0, viewers=0)
        self.marks: set[tuple[int, int, str]] = set()
        self.account_kind: dict[int, str] = {}

    def add_views(
        self, session: Any, account: np.ndarray, joined: Any, stay: Any, source: Any, **given: Any
    ) -> np.ndarray:
        """Add views within their sessions; returns joins and leaves, shape (2, views).

        Device, network and region come from the account where none is given.
        """
        n = len(account)
        session = np.broadcast_to(session, n)
        start, end = self.sessions.start[session], self.sessions.end[session]
        joined = np.clip(joined, start, end - 0.5)
        left = np.minimum(joined + np.maximum(stay, 0.4), end)
        columns = {
            "device": self.people.device[account],
            "region": self.people.district[account],
            **draw_networks(self.rng, self.people, account),
        }
        self.views.add(
            n,
            session=session,
            account=account,
            joined=joined,
            left=left,
            source=source,
            **(columns | given),
        )
        return np.stack([joined, left])

    def add_orders(self, session: Any, buyer: np.ndarray, placed: Any, **given: Any) -> None:
        """Add orders; operator, payer, address and device follow where none is given."""
        n = len(buyer)
        columns = {
            "payer": self.people.payer[buyer],
            "address": self.people.address[buyer],
            "device": np.where(self.rng.random(n) < 0.93, self.people.device[buyer], -1),
            "quantity": 1 + (self.rng.random(n) < 0.1) * self.rng.geometric(0.6, n),
        }
        operator = given.get("operator", self.sessions.operator[session])
        columns["operator"] = operator = np.broadcast_to(operator, n)
        if "product" not in given:
            columns["product"] = self.draw_products(operator)
        self.orders.add(n, session=session, buyer=buyer, placed=placed, **(columns | given))

    def draw_products(self, operator: np.ndarray) -> np.ndarray:
        """Positions of products on the shelves of the operators asked, few sell most."""
        width = self.operators.shelf[operator]
        return (width * self.rng.random(len(operator)) ** 1.8).astype(np.int64)

    def add_accounts(self, n: int, aged: float) -> np.ndarray:
        """Make accounts for fraud; the share `aged` was bought old."""
        rng, p = self.rng, self.people
        first = len(p.district)
        model = rng.integers(0, self.honest_accounts, n)
        old = rng.random(n) < aged
        device = self.new_devices(n)
        for name, values in vars(p).items():
            fresh = values[model]
            if name == "registered":
                fresh = np.where(old, fresh, rng.uniform(-35, 1, n) * DAY)
            elif name == "level":
                fresh = np.where(old, fresh, rng.integers(0, 5, n))
            elif name in ("payer", "person"):
                fresh = first + np.arange(n)
            elif name == "device":
                fresh = device
            elif name == "referrer":
                fresh = np.where(rng.random(n) < 0.4 * (1 - aged), first, -1)
            setattr(p, name, np.concatenate([values, fresh.astype(values.dtype)]))
        made = np.arange(first, first + n)
        self.account_kind |= dict.fromkeys(made.tolist(), "bot")
        return made

    def new_devices(self, n: int) -> np.ndarray:
        """Devices not used before."""
        self.next_device += n
        return np.arange(self.next_device - n, self.next_device)

    def new_networks(self, n: int) -> np.ndarray:
        """Networks not used before."""
        self.next_network += n
        return np.arange(self.next_network - n, self.next_network)

    def mark(self, tag: str, operator: Any, session: int = -1) -> None:
        """Note an honest look-alike of operators, or of one session."""
        for one in np.atleast_1d(operator).tolist():
            self.marks.add((int(one), int(session), tag))

    def in_sessions(self, moments: np.ndarray, session: np.ndarray) -> np.ndarray:
        """Whether moments lie within their sessions."""
        start, end = self.sessions.start[session], self.sessions.end[session]
        return (moments >= start) & (moments < end)
